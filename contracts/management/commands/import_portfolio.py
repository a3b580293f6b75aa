"""``import_portfolio FILE``: import organizations, contracts and licensed users from a CSV or XLSX file."""

import hashlib
import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import tenancy
from accounts.errors import FieldError, InvalidInput, Refused
from accounts.operations import clock
from contracts import portfolio
from contracts.operations import importing

SOME_REFUSED = 1
WRONG_INPUT = 2


class Command(BaseCommand):
    """Exit code 0: done. 1: done, but some entries were refused, or another writer was faster. 2: wrong input."""

    help = (
        "Import a portfolio (columns: docs/interfaces.md): all of it, or nothing where any row has a fault. "
        "What is stored already and is the same stays as it is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and write nothing")
        parser.add_argument("--partial", action="store_true", help="import what has no fault, refuse the rest")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        as_json = options["format"] == "json"
        dry, partial = options["dry_run"], options["partial"]
        try:
            plan = _import(options["file"], dry=dry, partial=partial)
        except InvalidInput as error:
            self._say_errors(error.errors, as_json=as_json)
            sys.exit(WRONG_INPUT)
        except Refused as error:
            raise CommandError(error.message, returncode=SOME_REFUSED) from error
        except OSError as error:
            raise CommandError(
                f"{error.filename or options['file']}: {error.strerror or error}", returncode=WRONG_INPUT
            ) from error
        self._say(plan, dry=dry, as_json=as_json)
        if plan.errors:
            sys.exit(SOME_REFUSED)

    def _say(self, plan: importing.Plan, *, dry: bool, as_json: bool) -> None:
        if as_json:
            found = {"imported": not dry, **plan.counts()}
            found |= {"errors": _plain(plan.errors), "warnings": _plain(plan.warnings)}
            self.stdout.write(json.dumps(found))
            return
        if dry:
            self.stdout.write("Dry run: nothing is written.")
        for name, counts in plan.counts().items():
            self.stdout.write(f"{name}: {', '.join(f'{count} {outcome}' for outcome, count in counts.items())}")
        for warning in plan.warnings:
            self.stdout.write(f"unusual: {_sentence(warning)}")
        for error in plan.errors:
            self.stderr.write(_sentence(error))

    def _say_errors(self, errors: Iterable[FieldError], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"imported": False, "errors": _plain(errors)}))
            return
        for error in errors:
            self.stderr.write(_sentence(error))


def _import(path: Path, *, dry: bool, partial: bool) -> importing.Plan:
    """:raises InvalidInput: as the reader and the import do; :raises OSError: the file cannot be read."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        found = portfolio.read(file, filename=path.name)
    with tenancy.vendor():
        now = clock.instant()
        if not dry:
            return importing.run(found, now=now, by="system", partial=partial, sha256=sha256)
        plan = importing.preview(found, now=now)
    if plan.errors and (not partial or plan.cut_short):
        raise InvalidInput(plan.errors)
    return plan


def _plain(errors: Iterable[FieldError]) -> list[dict[str, object]]:
    return [asdict(error) for error in errors]


def _sentence(error: FieldError) -> str:
    return str(InvalidInput([error]))
