"""The document store: proofs kept as encrypted files, each with a key of its own."""

import hashlib
import os
import uuid
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from accounts import crypto
from accounts.enums import DocumentKind
from accounts.errors import FieldError, InvalidInput
from accounts.models import Document, Organization
from accounts.operations import audit
from accounts.rules import checks

LARGEST = 25 * 1024 * 1024


def store(
    organization: Organization,
    content: BinaryIO,
    *,
    kind: DocumentKind,
    filename: str,
    content_type: str,
    now: datetime,
    by: str,
) -> Document:
    """Keep a file. It is written under a name of its own before its row, so a crash leaves no row without a file.

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
    context = _context(organization.public_id, public_id)
    key = crypto.new_data_key()
    wrapped = _keys().wrap(key, context=context)
    path = _path(public_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with unfinished.open("xb") as target:
        crypto.encrypt_stream(BytesIO(data), target, key, context=context)
        target.flush()
        os.fsync(target.fileno())
    unfinished.rename(path)
    document = Document.objects.create(
        organization=organization,
        public_id=public_id,
        kind=kind,
        filename=filename,
        content_type=content_type[:100],
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        wrapped_key=wrapped.ciphertext,
        key_version=wrapped.version,
        created_at=now,
    )
    audit.record("document.stored", document, by=by, at=now, data={"kind": kind.value, "sha256": document.sha256})
    return document


def read(document: Document) -> Iterator[bytes]:
    """Give back a document in pieces, each checked before it is handed out.

    :raises DecryptionFailed: the file was changed, cut or swapped.
    :raises FileNotFoundError: the file is not there.
    """
    context = _context(document.organization.public_id, document.public_id)
    wrapped = crypto.WrappedKey(document.key_version, bytes(document.wrapped_key))
    key = _keys().unwrap(wrapped, context=context)
    with _path(document.public_id).open("rb") as source:
        yield from crypto.decrypt_stream(source, key, context=context)


def _path(public_id: uuid.UUID) -> Path:
    name = str(public_id)
    return Path(settings.DOCUMENTS_DIR) / name[:2] / f"{name}.bin"


def _context(organization: uuid.UUID, document: uuid.UUID) -> bytes:
    return crypto.context("document", str(organization), str(document))


def _keys() -> crypto.KeyEncryptionKeys:
    return crypto.KeyEncryptionKeys.from_text(settings.KEY_ENCRYPTION_KEYS)
