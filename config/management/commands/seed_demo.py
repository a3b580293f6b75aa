"""``seed_demo``: fill an empty service with the demo's clients, and write its sign-ins to ``demo.json``."""

import secrets
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import tenancy
from accounts.models import Organization
from config.demo import seeding
from config.embedded.environment import write_private


class Command(BaseCommand):
    """Exit code 0: seeded, or there already (with ``--once``). 1: refused."""

    help = "Fill an empty service with invented clients in four countries, their contracts, people and conversations."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do nothing if there are organizations already")
        parser.add_argument("--url", default=settings.PUBLIC_URL, help="where the service is, for demo.json")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(settings.DATA_DIR)
        unfinished = folder / "demo.unfinished"
        with tenancy.vendor():
            occupied = Organization.objects.exists()
        if unfinished.exists():
            raise CommandError(f"The demo was seeded by half: remove {folder} to begin anew, or start with DEMO=0.")
        if occupied and options["once"]:
            return
        if occupied:
            raise CommandError("There are organizations already: the demo is seeded into an empty service only.")
        folder.mkdir(parents=True, exist_ok=True)
        unfinished.touch()
        found = seeding.seed(
            now=timezone.now(),
            password=lambda: secrets.token_urlsafe(12),
            tell=lambda what: self.stdout.write(what),
        )
        write_private(folder / "demo.json", {"url": options["url"], **found})
        unfinished.unlink()
