"""``breached_passwords FILE…``: build the list of passwords that are refused because a breach made them known."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.signin import breached

WRONG_INPUT = 2


class Command(BaseCommand):
    """Exit code 0: done. 1: a file cannot be read or written. 2: wrong input."""

    help = "Build the list from the files of Pwned Passwords (SHA1:count) or plain words; it is asked without network."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path)
        parser.add_argument("--output", type=Path, help="default: BREACHED_PASSWORDS")
        parser.add_argument("--at-least", type=int, default=1, help="leave out what was seen fewer times")

    def handle(self, *args: Any, **options: Any) -> None:
        target = options["output"] or settings.BREACHED_PASSWORDS
        if target is None:
            raise CommandError("--output: name a file, or set BREACHED_PASSWORDS.", returncode=WRONG_INPUT)
        if options["at_least"] < 1:
            raise CommandError("--at-least: 1 or more.", returncode=WRONG_INPUT)
        try:
            count = breached.build(options["files"], target, at_least=options["at_least"])
        except OSError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{target}: passwords {count}")
