"""``verify_trail``: check the sealed trail from its first link to its last, and say where it was tampered with."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management.base import BaseCommand, CommandError

from accounts import tenancy
from accounts.models import Organization
from accounts.operations import checking, heads
from accounts.operations.signatures import public_keys
from accounts.rules import signing
from accounts.rules.trail_check import Report

WRONG_INPUT = 2


class Command(BaseCommand):
    """Exit code 0: the trail is whole. 1: it is not; what and where is said. 2: wrong input."""

    help = (
        "Check every event of the trail against its seal, and every seal against the one before it. The heads under "
        "trail/ in the data directory are checked too: the chain must still go through them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", type=UUID, help="public id; only the chains of this organization")
        parser.add_argument("--head", type=Path, action="append", default=[], metavar="FILE", help="a head kept apart")
        parser.add_argument(
            "--public-key", type=Path, metavar="FILE.pem", help="the key that signed it, if an older one"
        )
        parser.add_argument("--details", action="store_true", help="check the details that were not erased too")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        keys = _keys(options["public_key"])
        given = [(str(path), _read(path)) for path in options["head"]]
        kept = [(path.name, _bytes(path)) for path in heads.files()]
        with tenancy.vendor():
            organization = _organization(options["organization"])
            pk = None if organization is None else organization.pk
            report = checking.check(pk)
            for name, text in given:
                heads.compare(report, name, text, keys=keys, organization=organization)
            for name, text in kept:
                heads.compare(report, name, text, keys=keys, organization=organization, of_any_key=True)
            if options["details"]:
                checking.check_details(report, pk)
        self.tell(report, as_json=options["format"] == "json")

    def tell(self, report: Report, *, as_json: bool) -> None:
        """Say what was seen. :raises CommandError: the trail is not whole."""
        facts = {
            "whole": report.whole,
            "entries": report.entries,
            "position": report.position,
            "digest": report.digest,
            "waiting": report.waiting,
            "heads": report.heads,
            "details": report.details,
        }
        if as_json:
            found = [one.to_json() for one in report.findings]
            self.stdout.write(json.dumps({**facts, "faults": report.faults, "findings": found}))
        else:
            for finding in report.findings:
                self.stdout.write(finding.sentence)
            if report.faults > len(report.findings):
                self.stdout.write(f"and {report.faults - len(report.findings)} more")
        seen = (
            f"entries: {report.entries}, waiting for their seal: {report.waiting}, heads: {report.heads}, "
            f"details checked: {report.details}"
        )
        if not report.whole:
            raise CommandError(f"NOT WHOLE: faults: {report.faults}, {seen}.", returncode=1)
        if not as_json:
            self.stdout.write(f"WHOLE: {seen}. Head: position {report.position}, {report.digest}.")


def _organization(public_id: UUID | None) -> Organization | None:
    if public_id is None:
        return None
    found = Organization.objects.filter(public_id=public_id).first()
    if found is None:
        raise CommandError(f"--organization: no organization {public_id}.", returncode=WRONG_INPUT)
    return found


def _keys(path: Path | None) -> list[Ed25519PublicKey]:
    """Return the key that was given alone; else the one with which is signed now, and those of before."""
    try:
        if path is None:
            return public_keys()
        return [signing.read_public_key(_bytes(path).decode("ascii", errors="replace"))]
    except signing.BadDocument as error:
        raise CommandError(f"{path or 'TERME_FORMER_PUBLIC_KEYS'}: {error}", returncode=WRONG_INPUT) from None


def _read(path: Path) -> bytes:
    """Return a head's file. It must be JSON: whether it is a head, and signed, is part of the check."""
    found = _bytes(path)
    try:
        signing.read(found)
    except signing.BadDocument as error:
        raise CommandError(f"{path}: {error}", returncode=WRONG_INPUT) from None
    return found


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}", returncode=WRONG_INPUT) from None
