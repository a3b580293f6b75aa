"""``public_key [--former]``: print the key with which anybody checks a certificate, and those of before."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from retention.operations.certificates import former_pems, public_pem


class Command(BaseCommand):
    """Exit code 0."""

    help = "Print the public key (PEM) of this service's certificates."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--former", action="store_true", help="those of before too, each after its id")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(public_pem(), ending="")
        for key_id, pem in former_pems().items() if options["former"] else ():
            self.stdout.write(f"key_id {key_id}\n{pem}", ending="")
