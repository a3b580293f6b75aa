"""``verify_certificate FILE [ADDENDUM …]``: check a certificate and its addenda offline, with the public key alone."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from retention.rules import certificate as rules

WRONG_INPUT = 2


class Command(BaseCommand):
    """Exit code 0: all hold. 1: something does not; why is said. 2: a file cannot be read, or is too large."""

    help = "Check the signatures of a certificate of erasure and its addenda. Needs no database and no network."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.json")
        parser.add_argument("addenda", type=Path, nargs="*", metavar="ADDENDUM.json", help="in their order")
        parser.add_argument(
            "--public-key",
            type=Path,
            required=True,
            action="append",
            metavar="FILE.pem",
            help="as published; again for each key, where addenda were signed by a later one",
        )
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        asked = options["public_key"]
        pems = [_read(path) for path in (asked if isinstance(asked, list) else [asked])]
        raw = [_read(path) for path in (options["file"], *options["addenda"])]
        try:
            keys = [rules.read_public_key(pem.decode("ascii", errors="replace")) for pem in pems]
            signed = [rules.read(one) for one in raw]
            documents = [rules.verify(one, *keys) for one in signed]
            if not rules.follows(signed[1:], signed[0]):
                raise rules.BadCertificate("The addenda do not follow the certificate: one is missing, or another's.")
        except rules.BadCertificate as error:
            if options["format"] == "json":
                self.stdout.write(json.dumps({"valid": False, "reason": str(error), "code": error.code}))
            raise CommandError(f"NOT VALID: {error}", returncode=1) from None
        document, last = documents[0], documents[-1]
        key_id = rules.signer(signed[0])
        stands, provisional = last.get("stands", True), last.get("provisional", True)
        if options["format"] == "json":
            answer = {"valid": True, "key_id": key_id, "document": document, "addenda": documents[1:]}
            self.stdout.write(json.dumps({**answer, "stands": stands, "provisional": provisional}))
            return
        self.stdout.write(f"VALID: {_said(document)}, signed by key {key_id}. {_state(last)}")


def _said(document: dict[str, Any]) -> str:
    if document["schema"] == rules.ADDENDUM.schema:
        return f"addendum {document['number']} to certificate {document['certificate']}, issued {document['issued_at']}"
    erased = sum(step["erased"] or 0 for step in document["stores"])
    return (
        f"certificate {document['certificate']}, issued {document['issued_at']}, of organization "
        f"{document['organization']}: keys destroyed: {document['keys']['destroyed']}, rows erased: {erased}"
    )


def _state(last: dict[str, Any]) -> str:
    if not last.get("stands", True):
        return "It does NOT stand any more: residue was found."
    if last.get("provisional", True):
        return "Provisional: not every window has closed, and addenda may have been issued since."
    return "Complete: every window has closed."


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(rules.LARGEST + 1)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}", returncode=WRONG_INPUT) from None
    if len(raw) > rules.LARGEST:
        raise CommandError(f"{path}: The file is larger than any certificate.", returncode=WRONG_INPUT)
    return raw
