"""``check_keys``: are the configured keys the ones that stored values are under?"""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from retention.operations import key_checks


class Command(BaseCommand):
    """Exit code 0: they are. 1: they are not; each fault is a sentence with what to do."""

    help = "Check that the configured keys open what is stored. A key's check value is kept when it is first seen."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        found = key_checks.faults(now=timezone.now(), note=True)
        if options["format"] == "json":
            self.stdout.write(json.dumps({"faults": found}))
        if found:
            raise CommandError("\n".join(found), returncode=1)
        if options["format"] == "text":
            self.stdout.write("The configured keys are the ones that stored values are under.")
