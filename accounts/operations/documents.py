"""The document store: proofs kept as encrypted files, each with a key of its own."""

import hashlib
import os
import re
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Protocol, overload

from django.conf import settings
from django.db import transaction

from accounts import crypto
from accounts.enums import DocumentKind
from accounts.errors import FieldError, InvalidInput
from accounts.models import Document, Organization
from accounts.operations import audit
from accounts.rules import checks

LARGEST = 25 * 1024 * 1024
UNKNOWN_TYPE = "application/octet-stream"
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][\w.+-]*/[A-Za-z0-9][\w.+-]*", re.ASCII)


@transaction.atomic
def store(
    organization: Organization,
    content: BinaryIO,
    *,
    kind: DocumentKind,
    filename: str,
    content_type: str,
    now: datetime,
    by: str,
    given_by: str = "",
) -> Document:
    """Keep a file. It is written under a name of its own before its row, so a crash leaves no row without a file.

    What is left of a crash, or of a caller's rollback, is a file that nobody can open: its key was in the row.
    ``content_type`` is what the sender says it is; what is no media type counts as unknown.

    :raises InvalidInput: the file is empty, larger than 25 MiB, or its name is not a name.
    """
    data = content.read(LARGEST + 1)
    faults = checks.text("filename", filename)
    if not data:
        faults.append(FieldError("file", "empty", "The file is empty."))
    if len(data) > LARGEST:
        faults.append(FieldError("file", "too_large", "At most 25 MiB."))
    if faults:
        raise InvalidInput(faults)
    public_id = uuid.uuid4()
    context = key_context(organization.public_id, public_id)
    key = crypto.new_data_key()
    wrapped = _keys().wrap(key, context=context)
    path = _path(public_id)
    try:
        _write(path, data, key, context=context)
        document = Document.objects.create(
            organization=organization,
            public_id=public_id,
            kind=kind,
            filename=filename,
            content_type=_media_type(content_type),
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            wrapped_key=wrapped.ciphertext,
            key_version=wrapped.version,
            given_by=given_by,
            created_at=now,
        )
        facts = {"kind": kind.value, "sha256": document.sha256} | ({"given_by": given_by} if given_by else {})
        audit.record("document.stored", document, by=by, at=now, data=facts)
    except BaseException:
        for name in (path, _unfinished(path)):
            name.unlink(missing_ok=True)
        raise
    return document


class Upload(Protocol):
    """A file as a browser or a program sends it. ``content_type`` is what the sender says it is."""

    name: Any
    file: Any
    content_type: Any


@overload
def keep_upload(
    organization: Organization, upload: Upload, *, now: datetime, by: str, kind: DocumentKind = ...
) -> Document: ...
@overload
def keep_upload(
    organization: Organization, upload: None, *, now: datetime, by: str, kind: DocumentKind = ...
) -> None: ...
@overload
def keep_upload(
    organization: Organization, upload: Upload | None, *, now: datetime, by: str, kind: DocumentKind = ...
) -> Document | None: ...
def keep_upload(
    organization: Organization,
    upload: Upload | None,
    *,
    now: datetime,
    by: str,
    kind: DocumentKind = DocumentKind.NOTICE_PROOF,
) -> Document | None:
    """Keep a file that was uploaded, if one was. :raises InvalidInput: as :func:`store` does."""
    if upload is None:
        return None
    return store(
        organization,
        upload.file,
        kind=kind,
        filename=upload.name,
        content_type=upload.content_type or "",
        now=now,
        by=by,
    )


def read(document: Document) -> Iterator[bytes]:
    """Give back a document in pieces, each checked before it is handed out.

    :raises DecryptionFailed: the file was changed, cut or swapped.
    :raises FileNotFoundError: the file is not there.
    """
    context = key_context(document.organization.public_id, document.public_id)
    wrapped = crypto.WrappedKey(document.key_version, bytes(document.wrapped_key))
    key = _keys().unwrap(wrapped, context=context)
    with _path(document.public_id).open("rb") as source:
        yield from crypto.decrypt_stream(source, key, context=context)


def _write(path: Path, data: bytes, key: bytes, *, context: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = _unfinished(path)
    with unfinished.open("xb") as target:
        crypto.encrypt_stream(BytesIO(data), target, key, context=context)
        target.flush()
        os.fsync(target.fileno())
    unfinished.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # else the name itself may be lost with the power, and the row stay
    finally:
        os.close(folder)


def _unfinished(path: Path) -> Path:
    return path.with_suffix(".part")


def _media_type(text: str) -> str:
    return text if len(text) <= 100 and _MEDIA_TYPE.fullmatch(text) else UNKNOWN_TYPE


def remove_files(public_ids: Iterable[uuid.UUID]) -> None:
    """Remove the files of documents whose rows go in this transaction, once it has committed.

    What a crash in between leaves is a file that nobody can open: its key was in the row.
    """
    for public_id in public_ids:
        transaction.on_commit(partial(_path(public_id).unlink, missing_ok=True))


def _path(public_id: uuid.UUID) -> Path:
    name = str(public_id)
    return Path(settings.DOCUMENTS_DIR) / name[:2] / f"{name}.bin"


def key_context(organization: uuid.UUID, document: uuid.UUID) -> bytes:
    """Return what the data key of a document is bound to."""
    return crypto.context("document", str(organization), str(document))


def _keys() -> crypto.KeyEncryptionKeys:
    return crypto.KeyEncryptionKeys.from_text(settings.KEY_ENCRYPTION_KEYS)
