"""``kept_file``: what of a client's file has been kept long enough, and would go now. Nothing is changed."""

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from accounts import tenancy
from accounts.models import Organization
from accounts.operations import clock
from retention.operations import endings

WRONG_INPUT = 2


class Command(BaseCommand):
    """Exit code 0: it is told. 1: a hold or an open request keeps the file. 2: wrong arguments."""

    help = "Say how many rows of which table of a client's file have been kept long enough. Nothing is changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organization", type=UUID, help="public id")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        with tenancy.vendor():
            found = Organization.objects.filter(public_id=options["organization"]).first()
        if found is None:
            raise CommandError(f"no organization {options['organization']}.", returncode=WRONG_INPUT)
        try:
            counts = endings.preview(found, now=clock.instant())
        except endings.FileKept as error:
            raise CommandError(error.message, returncode=1) from None
        if options["format"] == "json":
            self.stdout.write(json.dumps({"organization": str(found.public_id), "tables": counts}))
        else:
            said = [f"{table}: {count}" for table, count in counts.items()]
            self.stdout.write("\n".join(said or ["Nothing: every period runs."]))
