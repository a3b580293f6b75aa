"""``load_content FILE.jsonl``: load content in bulk, with a progress bar, resumable."""

import json
import sys
import time
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from accounts import tenancy
from accounts.models import Organization
from accounts.operations import clock
from retention.operations import gate, key_checks, loading
from retention.rules.restores import sentence

WIDTH = 30
QUIET_SECONDS = 5.0
BAR_SECONDS = 0.1
REJECTED = 1
WRONG_INPUT = 2


class Command(BaseCommand):
    """Exit code 0: every line is stored. 1: done, some lines were rejected. 2: wrong file, arguments or keys."""

    help = (
        "Load content (conversations, messages, context items, diagnostics) from a JSONL file. What is stored already "
        "is left as it is. An interrupted load goes on where it stopped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.jsonl")
        parser.add_argument("--organization", type=UUID, help="public id, for lines that do not name their own")
        parser.add_argument(
            "--rejected", type=Path, help="where to report rejected lines; default: FILE.rejected.jsonl"
        )
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--resume", action="store_true", help="go on where it stopped (the default)")
        where.add_argument("--restart", action="store_true", help="begin at the first line again")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        report: Path = options["rejected"] or path.with_name(f"{path.stem}.rejected.jsonl")
        organization = _organization(options["organization"])
        if report.resolve() == path.resolve():
            raise CommandError("The report would overwrite the file.", returncode=WRONG_INPUT)
        if faults := gate.look().faults:
            raise CommandError("\n".join(sentence(one) for one in faults), returncode=WRONG_INPUT)
        if wrong := key_checks.faults(now=clock.instant()):
            raise CommandError("\n".join(wrong), returncode=WRONG_INPUT)
        bar = Bar(sys.stderr)
        try:
            size = path.stat().st_size
            checkpoint = loading.Checkpoint(path, organization)
            start = loading.Progress() if options["restart"] else checkpoint.read()
            done = loading.load(
                path,
                report,
                organization=organization,
                start=start,
                checkpoint=checkpoint,
                now=clock.instant(),
                by="system",
                tell=lambda progress: bar.show(progress, size),
            )
        except OSError as error:
            raise CommandError(f"{error.filename or path}: {error.strerror}", returncode=WRONG_INPUT) from error
        finally:
            bar.close()
        self._say(done, start, report, options["format"])
        if done.rejected:
            sys.exit(REJECTED)

    def _say(self, done: loading.Progress, start: loading.Progress, report: Path, form: str) -> None:
        if form == "json":
            found = {name: value for name, value in asdict(done).items() if name not in ("offset", "report")}
            found |= {"resumed_at_line": start.line, "report": str(report) if done.rejected else None}
            self.stdout.write(json.dumps(found))
            return
        where = f"; see {report}" if done.rejected else ""
        self.stdout.write(
            f"{done.line} lines: {done.created} stored, {done.existing} were there, {done.rejected} rejected{where}."
        )


class Bar:
    """A bar that is drawn over itself on a terminal; elsewhere a line every few seconds."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._terminal = out.isatty()
        self._started = self._shown = time.monotonic()

    def show(self, progress: loading.Progress, size: int) -> None:
        """Show how far it is, at most ten times a second."""
        at = time.monotonic()
        if at - self._shown < (BAR_SECONDS if self._terminal else QUIET_SECONDS) and progress.offset < size:
            return
        self._shown = at
        share = progress.offset / size if size else 1.0
        filled = "#" * round(WIDTH * share)
        text = f"{share:4.0%} line {progress.line}, {progress.rejected} rejected, {at - self._started:.0f} s"
        self._out.write(f"\r[{filled:<{WIDTH}}] {text}" if self._terminal else f"{text}\n")
        self._out.flush()

    def close(self) -> None:
        """Leave the terminal's cursor on a line of its own."""
        if self._terminal:
            self._out.write("\n")


def _organization(public_id: UUID | None) -> Organization | None:
    if public_id is None:
        return None
    with tenancy.vendor():
        found = Organization.objects.filter(public_id=public_id).first()
    if found is None:
        raise CommandError(f"--organization: no organization {public_id}.", returncode=WRONG_INPUT)
    return found
