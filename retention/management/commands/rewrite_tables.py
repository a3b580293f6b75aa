"""``rewrite_tables``: write the tables that erasures emptied anew, so that no old bytes stay in the data files."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import tenancy
from accounts.operations import clock
from retention.operations import rewriting


class Command(BaseCommand):
    """Exit code 0: written anew, or nothing to do. 1: the role may not."""

    help = (
        "Write every table that an erasure emptied anew (VACUUM FULL): each is locked meanwhile, and needs its own "
        "size again on disk. The runs' certificates get an addendum. Old bytes may stay in the write-ahead log."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        with tenancy.vendor():
            now = clock.instant()
        try:
            tables, addenda = rewriting.rewrite(now=now, by="command:rewrite_tables")
        except PermissionError as error:
            raise CommandError(
                f"{error}. GRANT MAINTAIN ON them TO terme_eraser (PostgreSQL 17 or newer).",
                returncode=1,
            ) from None
        if options["format"] == "json":
            self.stdout.write(json.dumps({"tables": tables, "addenda": addenda}))
        else:
            self.stdout.write(f"Tables written anew: {len(tables)}; certificates that say so: {addenda}.")
