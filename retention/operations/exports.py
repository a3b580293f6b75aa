"""Exports: an organization's content given back as an encrypted ZIP, its download, and the decision to do without."""

import hashlib
import json
import os
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BufferedReader, RawIOBase
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from accounts import crypto, tenancy
from accounts.errors import Refused
from accounts.models import Document, LicensedUser, Organization
from accounts.operations import audit, outbox
from retention.content.lines import Kind
from retention.enums import Decision
from retention.models import DeletionRequest, Export
from retention.operations import exported_people, instructions, keys, vault
from retention.operations.export_decisions import decide

SCHEMA_VERSION = 1
BATCH = 500
PIECE = 64 * 1024
# A temporary file that nobody has written to for this long belongs to a process that is gone.
ABANDONED_SECONDS = 60 * 60
RESTRICTION = (
    "Content of people under restriction of processing (Art. 18 GDPR) is included: this export returns the "
    "controller's data on the controller's instruction (Art. 28(3)(g)). The restriction goes with the data."
)
# What an export of some people does not hold, as its manifest says (Art. 15(4) and 20(4) GDPR).
LEFT_OUT = (
    "What others wrote, in conversations of these people too: it may be about them, and it is not theirs.",
    "Conversations of others in which these people wrote: their messages name them by id, without the title.",
    "Content that belongs to nobody, such as diagnostics of the product itself.",
    "Bulk jobs and their notes: what came of them stands among the changes of a person.",
    "What the vendor keeps as controller: contracts, requests, proofs, the trail.",
    "What stores beyond the vault hold.",
)


class FileMissing(Refused):
    """The export's row is there, its file is not: it was removed, or the data directory is another one."""

    code = "export_file_missing"


@transaction.atomic
def make(organization: Organization, *, request: DeletionRequest | None, now: datetime, by: str) -> Export:
    """Give back the whole content of an organization, and its licensed users, as one encrypted ZIP.

    It holds one JSONL file per kind, in the form that ``load_content`` reads, and ``manifest.json``. Content of people
    under restriction of processing (Art. 18 GDPR) is in it: this returns the controller's data on the controller's
    instruction (Art. 28(3)(g)); the manifest says how many they are, and their line says since when. The vault's
    fence is held throughout, so no key is destroyed in between. With a ``request``, its export counts as done.

    :raises vault.VaultClosed: the content is being destroyed, or is destroyed.
    :raises keys.ContentDestroyed: a key is gone from the ledger.
    :raises ExportNotDecidable: the request is over, or keys are being destroyed.
    """
    if request is not None:
        decide(organization, request, Decision.DONE)
    export = written(organization, request=request, people=None, now=now, by=by)
    if request is not None:
        request.export_decision = Decision.DONE
    return export


@transaction.atomic
def written(
    organization: Organization,
    *,
    request: DeletionRequest | None,
    people: frozenset[int] | None,
    now: datetime,
    by: str,
) -> Export:
    """Write an export's file and its row: of everything, or of what belongs to these people (internal keys).

    Whether it may be made, the caller has decided. It raises what :func:`make` says of the vault and the keys.
    """
    vault.enter(organization, now=now)
    public_id = uuid.uuid4()
    key = crypto.new_data_key()
    context = key_context(organization.public_id, public_id)
    wrapped = keys.key_encryption_keys().wrap(key, context=context)
    contents = _Contents(organization, now, fenced=vault.fenced(organization), people=people)
    path = _path(public_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    try:
        with part.open("xb") as target:
            _remove_abandoned(beside=part)
            source = _Reader(contents.zipped())
            crypto.encrypt_stream(BufferedReader(source, PIECE), target, key, context=context)
            target.flush()
            os.fsync(target.fileno())
        part.rename(path)
        _sync(path.parent)
        export = Export.objects.create(
            organization=organization,
            public_id=public_id,
            request=request,
            made_by=by,
            made_at=now,
            rows=contents.counts,
            size=source.size,
            sha256=source.digest.hexdigest(),
            wrapped_key=wrapped.ciphertext,
            key_version=wrapped.version,
        )
        facts = {"rows": contents.counts, "request": None if request is None else str(request.public_id)}
        audit.record("export.made", export, by=by, at=now, data=facts)
        ends = {"ends_at": (now + settings.EXPORT_KEPT).isoformat()}
        outbox.publish("export.made", export, at=now, payload=facts | ends)
    except BaseException:
        remove_file(public_id)
        raise
    return export


@transaction.atomic
def waive(
    request: DeletionRequest, *, now: datetime, by: str, for_client: bool = False, proof: Document | None = None
) -> DeletionRequest:
    """Record that the client wants no export before erasure (it chose *delete*, Art. 28(3)(g) GDPR).

    :raises instructions.ProofNeeded: the vendor's staff records it ``for_client``, and there is no proof.
    :raises ExportNotDecidable: an export was made already, it was waived before, or the request is over or runs.
    """
    if for_client:
        instructions.demand(proof)
    decide(request.organization, request, Decision.DECLINED, export_proof=proof, export_waived_at=now)
    request.export_decision, request.export_proof, request.export_waived_at = Decision.DECLINED, proof, now
    audit.record("export.waived", request, by=by, at=now, data={"proof": proof is not None})
    outbox.publish("export.waived", request, at=now)
    return request


@transaction.atomic
def stream(export: Export, *, now: datetime, by: str) -> Iterator[bytes]:
    """Record that the export is fetched and return its ZIP in pieces, each checked before it is handed out.

    The database is done with when this returns: the pieces may be read after the transaction and its scope have ended.

    :raises vault.VaultClosed: the content is being destroyed, or is destroyed.
    :raises FileMissing: the file is not there.
    :raises crypto.DecryptionFailed: from the iterator: the file was changed, cut or swapped.
    """
    with tenancy.tenant(export.organization_id):
        vault.enter(export.organization, now=now)
    context = key_context(export.organization.public_id, export.public_id)
    wrapped = crypto.WrappedKey(export.key_version, bytes(export.wrapped_key))
    key = keys.key_encryption_keys().unwrap(wrapped, context=context)
    try:
        source = _path(export.public_id).open("rb")
    except FileNotFoundError:
        raise FileMissing("The file of this export is not there any more.") from None
    Export.objects.filter(pk=export.pk, first_fetched_at__isnull=True).update(first_fetched_at=now)
    audit.record("export.fetched", export, by=by, at=now)
    return _pieces(source, key, context)


def remove_file(public_id: uuid.UUID) -> bool:
    """Remove the file of an export, finished or not; say whether there was one. For the erasure engine."""
    path = _path(public_id)
    found = False
    for name in (path, path.with_suffix(".part")):
        try:
            name.unlink()
            found = True
        except FileNotFoundError:
            continue
    if found:
        _sync(path.parent)
    return found


@dataclass
class _Contents:
    """What goes into the ZIP, batch by batch; counts and digests are known once it was read to its end."""

    organization: Organization
    now: datetime
    counts: dict[str, int] = field(default_factory=dict)
    files: list[dict[str, Any]] = field(default_factory=list)
    restricted: int = 0
    fenced: frozenset[int] = frozenset()
    people: frozenset[int] | None = None

    def zipped(self) -> Iterator[bytes]:
        """Yield the ZIP. Messages come before conversations and people last: a row committed meanwhile may be left
        out, but nothing in the export refers to what it does not hold."""
        sink = _Sink()
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
            for category, lines in (
                ("messages", self._content(Kind.MESSAGE)),
                ("context_items", self._content(Kind.CONTEXT_ITEM)),
                ("diagnostics", self._content(Kind.DIAGNOSTIC)),
                ("conversations", self._content(Kind.CONVERSATION)),
                ("licensed_users", self._people()),
            ):
                count, digest, name = 0, hashlib.sha256(), f"{category}.jsonl"
                with archive.open(self._entry(name), "w", force_zip64=True) as entry:
                    for line in lines:
                        text = json.dumps(line, ensure_ascii=False).encode() + b"\n"
                        entry.write(text)
                        digest.update(text)
                        count += 1
                        if sink.size >= PIECE:
                            yield sink.take()
                self.counts[category] = count
                self.files.append({"name": name, "category": category, "rows": count, "sha256": digest.hexdigest()})
            archive.writestr(self._entry("manifest.json"), json.dumps(self._manifest(), indent=2) + "\n")
        yield sink.take()

    def _content(self, kind: Kind) -> Iterator[dict[str, Any]]:
        """Yield the rows of one kind as content lines, opened batch by batch; the database hands them out likewise."""
        rows: QuerySet[Any] = vault.MODELS[kind].objects.filter(organization=self.organization).order_by("pk")
        rows = rows.annotate(author=F("subject__external_id"))
        if kind is Kind.MESSAGE:
            rows = rows.annotate(place=F("conversation__external_id"))
        if self.people is not None:
            rows = rows.filter(subject__in=self.people - self.fenced)
        # Of people who are being erased nothing can be read any more; what others wrote in their conversations keeps
        # its place.
        if kind is not Kind.CONVERSATION:
            rows = rows.exclude(subject__in=self.fenced)
        found = rows.iterator(chunk_size=BATCH)
        while batch := list(islice(found, BATCH)):
            for row in batch:
                if row.subject_id in self.fenced:
                    row.sealed, row.author = b"", None
            for row, sealed in zip(batch, vault.read(self.organization, batch, restricted_too=True), strict=True):
                yield self._line(kind, row, sealed)

    @staticmethod
    def _line(kind: Kind, row: Any, sealed: dict[str, Any]) -> dict[str, Any]:
        line = {"kind": kind.value, "id": row.external_id, "at": row.occurred_at.isoformat()}
        if row.author is not None:
            line["author"] = row.author
        if kind is Kind.MESSAGE:
            line |= {"conversation": row.place, "role": row.role}
        if kind is Kind.DIAGNOSTIC:
            line["type"] = row.type
        return line | sealed

    def _people(self) -> Iterator[dict[str, Any]]:
        people = LicensedUser.objects.filter(organization=self.organization).exclude(pk__in=self.fenced)
        if self.people is not None:
            people = people.filter(pk__in=self.people)
        for line in exported_people.lines(people):
            self.restricted += line["processing_restricted_at"] is not None
            yield line

    def _manifest(self) -> dict[str, Any]:
        some = {} if self.people is None else {"scope": "people", "left_out": list(LEFT_OUT)}
        return {
            "schema": "terme-export",
            "schema_version": SCHEMA_VERSION,
            "organization": str(self.organization.public_id),
            "made_at": self.now.isoformat(),
            "categories": sorted(self.counts),
            "files": self.files,
            "people_under_restriction": self.restricted,
            "restriction": RESTRICTION,
            **some,
        }

    def _entry(self, name: str) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(name, self.now.astimezone(UTC).timetuple()[:6])
        entry.compress_type = zipfile.ZIP_DEFLATED
        return entry


class _Sink(RawIOBase):
    """Takes what ``zipfile`` writes until it is taken away. It cannot seek, so the ZIP is written in one go."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        self.size += len(data)
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts, self.size = [], 0
        return taken


class _Reader(RawIOBase):
    """A file read from a generator of pieces, which also measures what went through it."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = memoryview(b"")
        self.size = 0
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self.size += len(piece)
            self.digest.update(piece)
            self._left = memoryview(piece)
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


def _pieces(source: BinaryIO, key: bytes, context: bytes) -> Iterator[bytes]:
    with source:
        yield from crypto.decrypt_stream(source, key, context=context)


def _remove_abandoned(*, beside: Path) -> None:
    """Remove temporary files of exports whose process is gone, going by the file system's own clock."""
    newest = beside.stat().st_mtime
    for other in beside.parent.glob("*.part"):
        with suppress(FileNotFoundError):
            if newest - other.stat().st_mtime > ABANDONED_SECONDS:
                other.unlink()


def _sync(folder: Path) -> None:
    """Make a renamed or removed name durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _path(public_id: uuid.UUID) -> Path:
    return Path(settings.EXPORTS_DIR) / f"{public_id}.bin"


def key_context(organization_ref: uuid.UUID, public_id: uuid.UUID) -> bytes:
    """Return what the data key of an export is bound to."""
    return crypto.context("export", str(organization_ref), str(public_id))
