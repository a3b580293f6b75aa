"""``audit_package``: the package for auditors of a period, as a ZIP file."""

import json
import os
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from accounts import tenancy
from accounts.errors import InvalidInput
from accounts.models import Organization
from accounts.operations import clock
from accounts.operations.sweeping import SYSTEM
from retention.operations.audit_package import package
from retention.rules.audit_package import Span

WRONG_INPUT = 2


class Command(BaseCommand):
    """Exit code 0: the file is written. 1: it could not be. 2: wrong arguments."""

    help = (
        "Write the package for auditors of a period: requests, instructions, records of processing, notifications, "
        "certificates, the trail's head; CSV and JSON, signed. That it was made is in the trail."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="begins_on", required=True, metavar="DAY", help="the first day (UTC)")
        parser.add_argument("--until", required=True, metavar="DAY", help="the first day no longer in it (UTC)")
        parser.add_argument("--organization", type=UUID, help="public id; only what is about this client")
        parser.add_argument("--output", type=Path, metavar="FILE.zip", help="default: named by the period, here")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        span = Span(_day("--from", options["begins_on"]), _day("--until", options["until"]))
        with tenancy.vendor():
            organization = _organization(options["organization"])
            try:
                made = package.make(span, organization=organization, now=clock.instant(), by=SYSTEM)
            except InvalidInput as error:
                raise CommandError(f"--until: {error}", returncode=WRONG_INPUT) from None
            path = options["output"] or Path(made.filename)
            try:
                _write(path, made)
            except OSError as error:  # the making is undone with it: no event of a package that nobody has
                raise CommandError(f"{path}: {error.strerror}", returncode=1) from None
        facts = {
            "package": str(made.public_id),
            "file": str(path),
            "size": made.size,
            "files": made.files,
            "sha256": made.sha256,
        }
        if options["format"] == "json":
            self.stdout.write(json.dumps(facts))
        else:
            self.stdout.write(f"{path}: files {made.files}, bytes {made.size}, SHA-256 {made.sha256}.")


def _write(path: Path, made: package.Package) -> None:
    """Write the file, readable by its owner only; never over another one."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in made.pieces():
                file.write(piece)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{option}: {text!r} is not a day; write 2026-01-31.", returncode=WRONG_INPUT) from None


def _organization(public_id: UUID | None) -> Organization | None:
    if public_id is None:
        return None
    found = Organization.objects.filter(public_id=public_id).first()
    if found is None:
        raise CommandError(f"--organization: no organization {public_id}.", returncode=WRONG_INPUT)
    return found
