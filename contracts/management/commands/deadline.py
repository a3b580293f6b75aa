"""``deadline RULE key=value …``: ask any rule of dates and amounts, without stored data."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from contracts.management import deadlines


class Command(BaseCommand):
    """Exit code 0: answered. 2: wrong input, said in JSON on standard error (docs/deadlines.md).

    ``manage.py`` answers before Django loads; this is the same command for whoever calls it through Django.
    """

    help = "Ask a rule of dates and amounts (docs/deadlines.md). Needs no database."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("rule", nargs="?", default="", metavar="RULE")
        parser.add_argument("inputs", nargs="*", metavar="key=value")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        arguments = [options["rule"], *options["inputs"], "--format", options["format"]]
        code = deadlines.main([one for one in arguments if one], out=self.stdout, err=self.stderr)
        if code:
            sys.exit(code)
