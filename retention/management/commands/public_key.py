"""``public_key``: print the key with which anybody checks a certificate."""

from typing import Any

from django.core.management.base import BaseCommand

from retention.operations.certificates import public_pem


class Command(BaseCommand):
    """Exit code 0."""

    help = "Print the public key (PEM) of this service's certificates."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(public_pem(), ending="")
