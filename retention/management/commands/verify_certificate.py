"""``verify_certificate FILE``: check a certificate offline, with the public key alone."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from retention.rules import certificate as rules

WRONG_INPUT = 2


class Command(BaseCommand):
    """Exit code 0: the certificate holds. 1: it does not; why is said. 2: a file cannot be read."""

    help = "Check the signature of a certificate of erasure. Needs no database and no network."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.json")
        parser.add_argument("--public-key", type=Path, required=True, metavar="FILE.pem", help="as published")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        certificate, pem = _read(options["file"]), _read(options["public_key"])
        try:
            key = rules.read_public_key(pem.decode("ascii", errors="replace"))
            document = rules.verify(rules.read(certificate), key)
        except rules.BadCertificate as error:
            if options["format"] == "json":
                self.stdout.write(json.dumps({"valid": False, "reason": str(error)}))
            raise CommandError(f"NOT VALID: {error}", returncode=1) from None
        if options["format"] == "json":
            self.stdout.write(json.dumps({"valid": True, "key_id": rules.key_id(key), "document": document}))
            return
        erased = sum(step["erased"] for step in document["stores"])
        self.stdout.write(
            f"VALID: certificate {document['certificate']}, issued {document['issued_at']}, signed by key "
            f"{rules.key_id(key)}. Organization {document['organization']}: {document['keys']['destroyed']} keys "
            f"destroyed, {erased} rows erased, verified {document['verification']['performed_at']}."
        )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}", returncode=WRONG_INPUT) from None
