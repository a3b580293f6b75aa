"""``replay_erasures``: after a restore, erase again what the ledger says was erased, and open the service."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.errors import Refused
from retention import replaying
from retention.operations import gate
from retention.rules.restores import sentence

BY = "system:replay"


class Command(BaseCommand):
    """Exit code 0: nothing to do, or all is replayed and the gate is open. 1: refused, or something is left."""

    help = (
        "After a restore of the main database, or of the ledger: erase again what the ledger says was erased, under "
        "the same run, verify and certify it, write a report of what was lost, and let the service serve again. May be "
        "killed and started again at any time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--ledger-older",
            action="store_true",
            help="the ledger was restored from an older backup: destroy again what the main database knows of",
        )
        parser.add_argument(
            "--with-residue", action="store_true", help="open the service though residue was found, for people to see"
        )
        parser.add_argument(
            "--with-beyond",
            action="store_true",
            help="open the service though external stores are not emptied again, for people to act",
        )
        parser.add_argument("--check", action="store_true", help="only say how the databases stand to each other")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        as_json = options["format"] == "json"
        if options["check"]:
            self.check_only(as_json=as_json)
            return

        def tell(run: str, outcome: str) -> None:
            if not as_json:
                self.stdout.write(f"{run}  {outcome}")

        try:
            found = replaying.replay_all(
                now=timezone.now(),
                by=BY,
                tell=tell,
                ledger_older_too=options["ledger_older"],
                with_residue=options["with_residue"],
                with_beyond=options["with_beyond"],
            )
        except Refused as error:
            if as_json:
                self.stdout.write(json.dumps({"state": "refused", "code": error.code, "detail": str(error.message)}))
            raise CommandError(str(error.message), returncode=1) from None
        told = found.to_json()
        self.stdout.write(json.dumps(told) if as_json else _in_words(told))

    def check_only(self, *, as_json: bool) -> None:
        """Say how the databases stand. :raises CommandError: the gate is closed."""
        found = gate.look()
        faults = [{"code": one.code.value, "count": one.count, "detail": sentence(one)} for one in found.faults]
        facts = {
            "closed": found.closed,
            "in_step": found.in_step,
            "default_behind": found.default_behind,
            "ledger_behind": found.ledger_behind,
            "faults": faults,
        }
        if as_json:
            self.stdout.write(json.dumps(facts))
        if found.closed:
            raise CommandError("\n".join(sentence(one) for one in found.faults), returncode=1)
        if not as_json:
            self.stdout.write("Neither database is older than the other one remembers.")


def _in_words(told: dict[str, Any]) -> str:
    if told["restore"] is None:
        return "Nothing to do: neither database is older than the other one remembers."
    report, counted = told["report"], told["erasures"]
    trail = report["trail"]
    lines = [
        f"Erased again: {counted['erased']}. Nothing of it restored: {counted['nobody']}. "
        f"Keys destroyed again: {counted['keys']}. With residue: {counted['residue']}. "
        f"External stores wait for people: {counted['beyond']}.",
        f"Known here until {report['known_until'] or 'nobody knows when'}; what happened later is to be entered again.",
        f"Trail: it ends at {trail['ends_at']}, missing before the last exported head: {trail['missing']}.",
        f"Mails in files since: {report['mail_files']['count']}. Files without their row: "
        f"documents {report['files_without_row']['documents']['count']}, "
        f"exports {report['files_without_row']['exports']['count']}.",
        f"Rows of content whose key is gone: {report['unreadable']['rows']}.",
        *_others(report["others_content"]),
        f"The report is kept as {told['restore']} (admin: Restores). The service serves again.",
    ]
    return "\n".join(lines)


def _others(runs: list[dict[str, Any]]) -> list[str]:
    if not runs:
        return []
    erased, gone, kept = (sum(one[name] for one in runs) for name in ("erased", "not_there", "kept"))
    line = f"Rows of others: {erased} erased again, {gone} had not come back."
    return [line, f"Rows of others that stay, by holds or requests: {kept}. Look at them."] if kept else [line]
