"""``verify_audit_package FILE.zip``: check a package for auditors offline, with the public key alone."""

import json
import struct
import zipfile
import zlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, BinaryIO, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management.base import BaseCommand, CommandError

from accounts.rules import signing
from retention.rules import audit_package as rules
from retention.rules import certificate as certificates

WRONG_INPUT = 2
LARGEST = 256 * 1024 * 1024
# What is said of a file that does not hold, and by the library of one that is no archive, lacks the manifest, has names
# that are no text, is packed in another way, damaged, cut, or locked.
UNREADABLE = (
    signing.BadDocument,
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    ValueError,
    EOFError,
    struct.error,
    NotImplementedError,
    RuntimeError,
)


class Command(BaseCommand):
    """Exit code 0: the package holds. 1: it does not; why is said. 2: a file cannot be read."""

    help = "Check a package for auditors: its manifest's signature, each file, each certificate. Needs no network."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.zip")
        parser.add_argument("--public-key", type=Path, required=True, metavar="FILE.pem", help="as published")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        key = _key(options["public_key"])
        as_json = options["format"] == "json"
        try:
            with options["file"].open("rb") as file, zipfile.ZipFile(file) as package:
                rules.verify_layout(file, package.infolist())
                facts = check(package, key)
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}", returncode=WRONG_INPUT) from None
        except UNREADABLE as error:
            why = str(error) if isinstance(error, signing.BadDocument) else "This is not a package for auditors."
            if as_json:
                self.stdout.write(json.dumps({"valid": False, "reason": why}))
            raise CommandError(f"NOT VALID: {why}", returncode=1) from None
        if as_json:
            self.stdout.write(json.dumps({"valid": True, **facts}))
            return
        self.stdout.write(
            f"VALID: package {facts['package']}, from {facts['from']} until {facts['until']} (excluded), made "
            f"{facts['made_at']}, signed by key {facts['key_id']}. Files: {facts['files']}; certificates "
            f"that hold: {facts['certificates']}, their addenda: {facts['addenda']}; certificates signed by other "
            f"keys: {facts['certificates_of_other_keys']}."
        )


def check(package: zipfile.ZipFile, key: Ed25519PublicKey) -> dict[str, Any]:
    """Return what the package says of itself. :raises BadDocument: something in it does not hold."""
    if package.getinfo(rules.MANIFEST).file_size > LARGEST:
        raise signing.BadDocument("The manifest is too large.")
    manifest = rules.PACKAGE.verify(signing.read(package.read(rules.MANIFEST)), key)
    files, size = rules.verify_files(manifest, package.namelist(), lambda name: cast(BinaryIO, package.open(name)))
    held = others = addenda = 0
    for name in package.namelist():
        if name.startswith("certificates/"):
            document = signing.read(package.read(name))
            if signing.signer(document) == signing.key_id(key):
                certificates.verify(document, key)
                addendum = document["schema"] == certificates.ADDENDUM.schema
                held, addenda = held + (not addendum), addenda + addendum
            else:
                others += 1
    return {
        **{name: manifest[name] for name in ("package", "from", "until", "organization", "made_at", "made_by")},
        "key_id": signing.key_id(key),
        "files": files,
        "bytes": size,
        "certificates": held,
        "addenda": addenda,
        "certificates_of_other_keys": others,
    }


def _key(path: Path) -> Ed25519PublicKey:
    try:
        return signing.read_public_key(path.read_bytes().decode("ascii", errors="replace"))
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}", returncode=WRONG_INPUT) from None
    except signing.BadDocument as error:
        raise CommandError(f"{path}: {error}", returncode=WRONG_INPUT) from None
