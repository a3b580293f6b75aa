"""``verify_audit_package FILE.zip``: check a package for auditors offline, with the public keys alone."""

import json
import struct
import zipfile
import zlib
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, Self, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management.base import BaseCommand, CommandError

from accounts.rules import signing
from retention.rules import audit_package as rules
from retention.rules import certificate as certificates

WRONG_INPUT = 2
LARGEST = 256 * 1024 * 1024
# What the library says of a file that is no archive, lacks the manifest, has names that are no text, is packed in
# another way, damaged, cut, or locked.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    ValueError,
    EOFError,
    struct.error,
    RuntimeError,  # a file that is encrypted, or packed by a method that it does not know
)


class Command(BaseCommand):
    """Exit code 0: the package holds. 1: it does not; why is said. 2: a file cannot be read."""

    help = "Check a package for auditors: its manifest's signature, each file, each certificate. Needs no network."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.zip")
        parser.add_argument(
            "--public-key",
            type=Path,
            required=True,
            action="append",
            metavar="FILE.pem",
            help="as published; again for each key, where certificates were signed by an earlier one",
        )
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        keys = [_key(path) for path in options["public_key"]]
        as_json = options["format"] == "json"
        try:
            with options["file"].open("rb") as file:
                with _reading():
                    package = zipfile.ZipFile(file)
                rules.verify_layout(file, package.infolist())
                facts = check(package, keys)
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}", returncode=WRONG_INPUT) from None
        except signing.BadDocument as error:
            if as_json:
                self.stdout.write(json.dumps({"valid": False, "reason": str(error)}))
            raise CommandError(f"NOT VALID: {error}", returncode=1) from None
        if as_json:
            self.stdout.write(json.dumps({"valid": True, **facts}))
            return
        self.stdout.write(
            f"VALID: package {facts['package']}, from {facts['from']} until {facts['until']} (excluded), made "
            f"{facts['made_at']}, signed by key {facts['key_id']}. Files: {facts['files']}; certificates "
            f"that hold: {facts['certificates']}, their addenda: {facts['addenda']}; certificates signed by other "
            f"keys: {facts['certificates_of_other_keys']}."
        )


class _Member:
    """A file of a package. Only what is read of it can say that it is none."""

    def __init__(self, package: zipfile.ZipFile, name: str) -> None:
        with _reading():
            self._file: IO[bytes] = package.open(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._file.close()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, or all. :raises BadDocument: they cannot be unpacked."""
        with _reading():
            return self._file.read(size)


@contextmanager
def _reading() -> Iterator[None]:
    """Around what the library opens and reads, and nothing of ours: a fault of ours is none of the package."""
    try:
        yield
    except UNREADABLE:
        raise signing.BadDocument("This is not a package for auditors.") from None


def check(package: zipfile.ZipFile, keys: list[Ed25519PublicKey]) -> dict[str, Any]:
    """Return what the package says of itself. :raises BadDocument: something in it does not hold."""

    def document(name: str) -> Any:
        with _Member(package, name) as file:
            return signing.read(file.read())

    with _reading():
        size = package.getinfo(rules.MANIFEST).file_size
    if size > LARGEST:
        raise signing.BadDocument("The manifest is too large.")
    signed = document(rules.MANIFEST)
    key = _signer(signed, keys) or keys[0]
    manifest = rules.PACKAGE.verify(signed, key)
    files, size = rules.verify_files(manifest, package.namelist(), lambda name: cast(BinaryIO, _Member(package, name)))
    held = others = addenda = 0
    for name in package.namelist():
        if name.startswith("certificates/"):
            certificate = document(name)
            if known := _signer(certificate, keys):
                certificates.verify(certificate, known)
                addendum = certificate["schema"] == certificates.ADDENDUM.schema
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


def _signer(signed: Any, keys: list[Ed25519PublicKey]) -> Ed25519PublicKey | None:
    return next((key for key in keys if signing.key_id(key) == signing.signer(signed)), None)


def _key(path: Path) -> Ed25519PublicKey:
    try:
        return signing.read_public_key(path.read_bytes().decode("ascii", errors="replace"))
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}", returncode=WRONG_INPUT) from None
    except signing.BadDocument as error:
        raise CommandError(f"{path}: {error}", returncode=WRONG_INPUT) from None
