"""Putting the package together: its files written as they are read, in a nameless temporary file, signed at the end."""

import csv
import hashlib
import json
import tempfile
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts import tenancy
from accounts.errors import InvalidInput
from accounts.models import AuditSeal, Organization, TrailHead
from accounts.operations import audit, signatures, standing
from retention.models import Certificate, CertificateAddendum
from retention.operations.audit_package import instructions, notifications, processing, register, subjects
from retention.operations.audit_package.parts import Part, Row, in_batches, instant, public_ids
from retention.rules import audit_package as rules
from retention.rules.audit_package import Span

CERTIFICATE = ("certificate", "organization", "request", "issued_at", "signing_key", "file")
README = """Package for auditors, made by Terme.

manifest.json names every file with its SHA-256, and is signed (Ed25519). Check all of it offline:

    manage.py verify_audit_package PACKAGE.zip --public-key KEY.pem

Take the public key from where the vendor publishes it, not from here; give the option again for each earlier key, which
certificates may be signed by. CSV and JSON files of one name say the same.
Instants are UTC; a period's end is the first day no longer in it. Who acted is told by opaque ids (user:, token:,
system); licensed users are not named, nor told by their ids. A cell that a spreadsheet would take for a formula begins
with an apostrophe.

request-register, request-events, legal-holds   deletion requests that touch the period, with states and instants
subject-requests, subject-request-events        what people asked about their data, and when it was answered
instruction-log                                 who instructed, approved and decided what, from the trail
record-of-processing, processing.json           Art. 30(2) GDPR: a row for each client, and what is the same for all
notifications                                   Art. 19 GDPR: who was told when, and what was answered
certificates                                    those issued or added to in the period, each signed by itself
trail.json                                      where the sealed trail stood when this was made
"""


@dataclass(slots=True)
class Package:
    """A finished package: ``file`` stands at its beginning, has no name, and is gone when it is closed."""

    public_id: uuid.UUID
    span: Span
    file: IO[bytes]
    size: int
    files: int
    sha256: str
    manifest: dict[str, Any] = field(repr=False)

    @property
    def filename(self) -> str:
        """What to call the file."""
        return f"audit-package-{self.span.begins_on}-{self.span.ends_on}.zip"

    def pieces(self) -> Iterator[bytes]:
        """Yield the file, piece by piece, and close it."""
        with self.file:
            while piece := self.file.read(rules.PIECE):
                yield piece


@dataclass(slots=True)
class AuditPackage:
    """What the trail says a package is: nothing of it is kept but its making."""

    public_id: uuid.UUID


@transaction.atomic
def make(span: Span, *, organization: Organization | None, now: datetime, by: str) -> Package:
    """Make the package of a period, of one client or of all; that it was made is in the trail. In the vendor's scope.

    :raises InvalidInput: the period ends before it begins.
    """
    scope = tenancy.current()
    if scope is None or scope.role != tenancy.VENDOR_ROLE:
        raise tenancy.NoScope("A package for auditors is made in the vendor's scope.")
    if faults := span.faults():
        raise InvalidInput(faults)
    public_id = uuid.uuid4()
    with ExitStack() as stack:  # the file outlives a success only
        target: IO[bytes] = stack.enter_context(tempfile.TemporaryFile())
        writer = _Writer(target, now)
        _write_all(writer, span, organization)
        manifest = _manifest(public_id, span, organization, writer.listed, now=now, by=by)
        writer.close(manifest)
        size = target.tell()
        digest = _digest(target)
        stack.pop_all()
    facts = {
        "from": str(span.begins_on),
        "until": str(span.ends_on),
        "organization": None if organization is None else str(organization.public_id),
        "files": len(writer.listed),
        "sha256": digest,
    }
    audit.record("audit_package.made", AuditPackage(public_id), by=by, at=now, data=facts, vendor_only=True)
    return Package(public_id, span, target, size, len(writer.listed), digest, manifest)


def _write_all(writer: "_Writer", span: Span, organization: Organization | None) -> None:
    writer.text("README.txt", README)
    for part in (*register.parts(span, organization), *subjects.parts(span, organization)):
        writer.table(part)
    writer.table(instructions.part(span, organization))
    writer.table(processing.part(span, organization))
    writer.json("processing.json", processing.service())
    writer.table(notifications.part(span, organization))
    _write_certificates(writer, span, organization)
    writer.json("trail.json", _trail(organization))
    writer.text("public-key.pem", signatures.public_pem())


def _write_certificates(writer: "_Writer", span: Span, organization: Organization | None) -> None:
    issued = {"issued_at__gte": span.begins_at, "issued_at__lt": span.ends_at}
    # Also where something was said of it in the period: that residue was found, or that every window has closed.
    said = CertificateAddendum.objects.filter(certificate=OuterRef("pk"), **issued)
    found = Certificate.objects.filter(Q(**issued) | Exists(said))
    if organization is not None:
        found = found.filter(organization=organization)
    found = found.select_related("run__request").order_by("pk")
    writer.table(Part("certificates", CERTIFICATE, _certificates(found)))
    for batch in in_batches(found):
        for one in batch:
            writer.json(f"certificates/{one.public_id}.json", one.document)
            for addendum in one.addenda.order_by("number"):
                writer.json(f"certificates/{one.public_id}-addendum-{addendum.number}.json", addendum.document)


def _certificates(found: QuerySet[Certificate]) -> Iterator[Row]:
    for batch in in_batches(found):
        organizations = public_ids(batch)
        for one in batch:
            yield {
                "certificate": str(one.public_id),
                "organization": organizations[one.organization_id],
                "request": str(one.run.request.public_id),
                "issued_at": instant(one.issued_at),
                "signing_key": one.signing_key,
                "file": f"certificates/{one.public_id}.json",
            }


def _trail(organization: Organization | None) -> dict[str, Any]:
    """Return where the chain stands: of all events, with its last signed head; or that of one client's own events."""
    now = standing.of_scope()
    found: dict[str, Any] = {
        "position": now.position,
        "digest": now.digest,
        "sealed_at": instant(now.sealed_at),
        "waiting_for_their_seal": now.waiting,
    }
    if organization is None:
        head = TrailHead.objects.order_by("-position").first()
        return {**found, "last_signed_head": None if head is None else head.document}
    own = AuditSeal.objects.filter(organization_id=organization.pk, vendor_only=False)
    last = own.order_by("-organization_position").first()
    chain = None if last is None else {"position": last.organization_position, "digest": last.organization_digest}
    return {**found, "organization": str(organization.public_id), "chain_of_the_organization": chain}


def _manifest(
    public_id: uuid.UUID,
    span: Span,
    organization: Organization | None,
    files: list[dict[str, Any]],
    *,
    now: datetime,
    by: str,
) -> dict[str, Any]:
    document: dict[str, Any] = {
        "schema": rules.PACKAGE.schema,
        "package": str(public_id),
        "from": str(span.begins_on),
        "until": str(span.ends_on),
        "organization": None if organization is None else str(organization.public_id),
        "made_at": now.isoformat(),
        "made_by": rules.actor(by),
        "files": files,
    }
    if by.endswith(":simulated"):
        document["simulated_time"] = True
    return rules.PACKAGE.signed(document, signatures.private_key())


def _digest(file: IO[bytes]) -> str:
    found = hashlib.sha256()
    file.seek(0)
    while piece := file.read(rules.PIECE):
        found.update(piece)
    file.seek(0)
    return found.hexdigest()


class _Writer:
    """The ZIP in the making. A table is read once: its JSON goes to the ZIP, its CSV to a file beside it, then in."""

    def __init__(self, target: IO[bytes], now: datetime) -> None:
        self._zip = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED)
        self._at = (now.year, now.month, now.day, now.hour, now.minute, now.second)
        self.listed: list[dict[str, Any]] = []
        self._rows = 0

    def text(self, name: str, text: str) -> None:
        self._add(name, iter([text]))

    def json(self, name: str, document: Any) -> None:
        self._add(name, iter([json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True), "\n"]))

    def table(self, part: Part) -> None:
        """Write a part twice, as JSON and as CSV, and count its rows."""
        with tempfile.TemporaryFile("w+", newline="", encoding="utf-8") as beside:
            table = csv.writer(beside, lineterminator="\r\n")
            table.writerow(part.columns)
            self._add(f"{part.name}.json", self._both(part, table))
            beside.seek(0)
            self._add(f"{part.name}.csv", iter(lambda: beside.read(rules.PIECE), ""))
        self.listed[-1]["rows"] = self.listed[-2]["rows"] = self._rows

    def close(self, manifest: dict[str, Any]) -> None:
        """Add the manifest and end the ZIP."""
        self.json(rules.MANIFEST, manifest)
        self.listed.pop()
        self._zip.close()

    def _both(self, part: Part, table: Any) -> Iterator[str]:
        self._rows = 0
        yield "["
        for row in part.rows:
            table.writerow([_flat(row[name]) for name in part.columns])
            said = json.dumps({name: row[name] for name in part.columns}, ensure_ascii=False)
            yield f"{',' if self._rows else ''}\n{said}"
            self._rows += 1
        yield "\n]\n"

    def _add(self, name: str, texts: Iterator[str]) -> None:
        info = zipfile.ZipInfo(name, self._at)
        info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
        digest, size = hashlib.sha256(), 0
        with self._zip.open(info, "w", force_zip64=True) as entry:
            for text in texts:
                data = text.encode()
                digest.update(data)
                size += len(data)
                entry.write(data)
        self.listed.append({"name": name, "sha256": digest.hexdigest(), "size": size})


def _flat(value: Any) -> str:
    return rules.cell(json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value)
