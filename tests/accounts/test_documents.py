"""The document store: what is stored comes back, what was touched does not open, and no row lacks its file."""

import hashlib
import io
import shutil
from pathlib import Path

import pytest
from django.db import IntegrityError

from accounts import crypto, tenancy
from accounts.enums import DocumentKind
from accounts.errors import InvalidInput
from accounts.models import AuditEvent, Document
from accounts.operations import audit, documents
from tests.accounts.parties import NOW
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
LETTER = "Wir kündigen zum Jahresende. Hochachtungsvoll".encode()


def store(organization, data=LETTER, *, filename="notice.pdf", content_type="application/pdf"):
    with tenancy.tenant(organization.pk):
        return documents.store(
            organization,
            io.BytesIO(data),
            kind=DocumentKind.NOTICE_PROOF,
            filename=filename,
            content_type=content_type,
            now=NOW,
            by="user:manager",
        )


def read(document):
    with tenancy.tenant(document.organization_id):
        return b"".join(documents.read(document))


def files(settings):
    folder = Path(settings.DOCUMENTS_DIR)
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.exists() else []


def the_file_of(settings, document):
    (found,) = [path for path in files(settings) if str(document.public_id) in path.name]
    return found


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(LETTER, id="short"),
        pytest.param(b"\x00", id="one-byte"),
        pytest.param(b"p" * crypto.PIECE, id="exactly-one-piece"),
        pytest.param(bytes(range(256)) * 1025, id="several-pieces"),
        pytest.param(b"L" * documents.LARGEST, id="as-large-as-allowed"),
    ],
)
def test_what_is_stored_comes_back(settings, data):
    document = store(an_organization(), data)
    assert read(document) == data
    assert (document.size, document.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    with tenancy.vendor():
        event = AuditEvent.objects.get(name="document.stored", subject_id=document.public_id)
    assert event.data == {"kind": "notice_proof", "sha256": document.sha256}


def test_the_file_on_the_disk_says_nothing(settings):
    document = store(an_organization(), filename="Łucja.pdf")
    (path,) = files(settings)
    assert LETTER[:12] not in path.read_bytes()
    assert "ucja" not in str(path)
    assert bytes(document.wrapped_key) not in path.read_bytes()


@pytest.mark.parametrize(
    ("data", "filename", "fault"),
    [
        pytest.param(b"", "notice.pdf", ("file", "empty"), id="empty"),
        pytest.param(b"L" * (documents.LARGEST + 1), "notice.pdf", ("file", "too_large"), id="one-byte-too-large"),
        pytest.param(LETTER, "", ("filename", "blank"), id="without-a-name"),
        pytest.param(LETTER, "n\x00.pdf", ("filename", "control_character"), id="nul-in-the-name"),
        pytest.param(LETTER, "a\r\nX-Header: 1.pdf", ("filename", "control_character"), id="newline-in-the-name"),
        pytest.param(LETTER, "<img src=x>.pdf", ("filename", "html"), id="html-in-the-name"),
        pytest.param(LETTER, "n" * 201, ("filename", "too_long"), id="a-long-name"),
    ],
)
def test_what_is_no_document_is_refused_and_leaves_nothing(settings, data, filename, fault):
    organization = an_organization()
    with pytest.raises(InvalidInput) as refused:
        store(organization, data, filename=filename)
    assert [(error.field, error.code) for error in refused.value.errors] == [fault]
    assert files(settings) == []
    with tenancy.vendor():
        assert not Document.objects.exists()


def test_all_faults_are_named_at_once():
    with pytest.raises(InvalidInput) as refused:
        store(an_organization(), b"", filename="")
    assert {error.field for error in refused.value.errors} == {"file", "filename"}


@pytest.mark.parametrize("filename", ["../../etc/passwd", "/etc/passwd", "..\\x", "a/b.pdf"])
def test_a_filename_is_a_label_and_never_a_path(settings, filename):
    document = store(an_organization(), filename=filename)
    (path,) = files(settings)
    assert path.name == f"{document.public_id}.bin"
    assert path.is_relative_to(settings.DOCUMENTS_DIR)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: data[:-1], id="cut-by-a-byte"),
        pytest.param(lambda data: data[: len(data) // 2], id="cut-in-half"),
        pytest.param(lambda data: data + b"\x00", id="continued"),
        pytest.param(lambda data: data[:-1] + bytes([data[-1] ^ 1]), id="a-bit-turned-at-the-end"),
        pytest.param(lambda data: data[:30] + bytes([data[30] ^ 1]) + data[31:], id="a-bit-turned-inside"),
        pytest.param(lambda data: bytes([data[0] ^ 1]) + data[1:], id="another-head"),
        pytest.param(lambda data: b"", id="emptied"),
    ],
)
def test_a_file_that_was_touched_does_not_open(settings, damage):
    document = store(an_organization(), bytes(range(256)) * 600)
    path = the_file_of(settings, document)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(crypto.DecryptionFailed):
        read(document)


@pytest.mark.parametrize("same_tenant", [True, False])
def test_two_documents_do_not_open_with_their_files_swapped(settings, same_tenant):
    one = an_organization()
    first, second = store(one), store(one if same_tenant else an_organization())
    here, there = the_file_of(settings, first), the_file_of(settings, second)
    aside = here.with_suffix(".aside")
    shutil.move(here, aside)
    shutil.move(there, here)
    shutil.move(aside, there)
    for document in (first, second):
        with pytest.raises(crypto.DecryptionFailed):
            read(document)


def test_a_key_moved_with_its_file_to_another_row_does_not_open_there(settings):
    organization = an_organization()
    first, second = store(organization), store(organization)
    shutil.copy(the_file_of(settings, first), the_file_of(settings, second))
    second.wrapped_key = first.wrapped_key
    with pytest.raises(crypto.DecryptionFailed):
        read(second)


def test_a_file_that_is_gone_is_said_to_be_gone(settings):
    document = store(an_organization())
    the_file_of(settings, document).unlink()
    with pytest.raises(FileNotFoundError):
        read(document)


def test_every_document_has_a_key_of_its_own():
    organization = an_organization()
    first, second = store(organization), store(organization)
    assert bytes(first.wrapped_key) != bytes(second.wrapped_key)


# Crashes: a row without its file would be a proof that is not there.


def test_a_crash_while_writing_leaves_no_row(settings, monkeypatch):
    def breaks(source, target, key, *, context):
        target.write(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(crypto, "encrypt_stream", breaks)
    with pytest.raises(OSError, match="No space"):
        store(an_organization())
    with tenancy.vendor():
        assert not Document.objects.exists()
    assert files(settings) == [], "an unfinished file is taken away"


def test_a_crash_between_file_and_row_leaves_neither(settings, monkeypatch):
    def breaks(*args, **kwargs):
        raise IntegrityError("no row")

    monkeypatch.setattr(Document.objects, "create", breaks)
    with pytest.raises(IntegrityError):
        store(an_organization())
    assert files(settings) == []
    with tenancy.vendor():
        assert Document.objects.count() == 0


def test_row_and_trail_are_written_together_or_not_at_all(settings, monkeypatch):
    organization = an_organization()

    def breaks(*args, **kwargs):
        raise RuntimeError("no trail")

    monkeypatch.setattr(audit, "record", breaks)
    with tenancy.tenant(organization.pk):
        with pytest.raises(RuntimeError):
            documents.store(
                organization,
                io.BytesIO(LETTER),
                kind=DocumentKind.OTHER,
                filename="x.pdf",
                content_type="application/pdf",
                now=NOW,
                by="user:manager",
            )
        assert not Document.objects.exists()
    assert files(settings) == []


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        pytest.param("application/pdf", "application/pdf", id="a-media-type"),
        pytest.param("image/svg+xml", "image/svg+xml", id="with-a-suffix"),
        pytest.param("", documents.UNKNOWN_TYPE, id="nothing"),
        pytest.param("x/" + "y" * 500, documents.UNKNOWN_TYPE, id="too-long"),
        pytest.param("text/html\r\nX-Evil: 1", documents.UNKNOWN_TYPE, id="a-header-in-it"),
        pytest.param("text/html\n", documents.UNKNOWN_TYPE, id="a-newline-after-it"),
        pytest.param("text/\x00", documents.UNKNOWN_TYPE, id="nul"),
    ],
)
def test_a_content_type_is_a_media_type_or_unknown(said, kept):
    assert store(an_organization(), content_type=said).content_type == kept


def test_a_neighbour_sees_no_row_of_it():
    document, neighbour = store(an_organization()), an_organization()
    with tenancy.tenant(neighbour.pk):
        assert not Document.objects.filter(pk=document.pk).exists()
