"""``import_index FILE``: import values of price indices from a CSV file."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder

from accounts import tenancy
from accounts.errors import InvalidInput
from accounts.operations import clock
from contracts.operations import indices
from contracts.portfolio import index_values

WRONG_INPUT = 2


class Command(BaseCommand):
    """Exit code 0: done. 2: wrong input, and nothing was written."""

    help = (
        "Import index values (columns: series, period, value, published_on): all of them, or none where any row has "
        "a fault. The same file again writes nothing; a value that differs is a correction, and is shown."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and write nothing")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        as_json, dry = options["format"] == "json", options["dry_run"]
        try:
            plan = _import(options["file"], dry=dry)
        except InvalidInput as error:
            self._say_errors(error, as_json=as_json)
            sys.exit(WRONG_INPUT)
        except OSError as error:
            raise CommandError(
                f"{error.filename or options['file']}: {error.strerror or error}", returncode=WRONG_INPUT
            ) from error
        counts = {name: count for name, count in plan.counts().items() if name != "refused"}
        corrected = [indices.told(value) for value in plan.values if value.outcome is indices.Outcome.CORRECTED]
        if as_json:
            found = {"imported": not dry, **counts, "corrections": corrected, "errors": []}
            self.stdout.write(json.dumps(found, cls=DjangoJSONEncoder))
            return
        if dry:
            self.stdout.write("Dry run: nothing is written.")
        self.stdout.write(f"values: {', '.join(f'{count} {name}' for name, count in counts.items())}")
        for one in corrected:
            self.stdout.write(
                f"row {one['row']}: {one['series']} {one['period']}: {one['replaces']} becomes {one['value']}"
            )

    def _say_errors(self, found: InvalidInput, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"imported": False, "errors": [asdict(error) for error in found.errors]}))
            return
        for error in found.errors:
            self.stderr.write(str(InvalidInput([error])))


def _import(path: Path, *, dry: bool) -> indices.Plan:
    """:raises InvalidInput: as the reader and the import do; :raises OSError: the file cannot be read."""
    with path.open("rb") as file:
        content = file.read(index_values.MAX_BYTES + 1)
    with tenancy.vendor():
        now = clock.instant()
        if not dry:
            return indices.run(content, now=now, by="system")
        plan = indices.preview(index_values.read(content), now=now)
    if plan.errors:
        raise InvalidInput(plan.errors)
    return plan
