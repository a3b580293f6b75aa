"""Files that are not where, or not how, one expects them: behind links, packed, unreadable. None is passed over."""

import gzip
import os

import pytest

from accounts import tenancy
from retention.enums import RequestStatus, RunPhase
from retention.models import ErasureRun, Verification
from retention.operations import elsewhere
from tests.retention.test_attacks import a_mail
from tests.retention.test_life import live_until
from tests.retention.under_contract import AFTER_GRACE, a_client, approved, asked, state_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
ADDRESS = "ann-1@client.example"


@pytest.fixture
def folder(settings):
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    return settings.DATA_DIR


def erased():
    """Erase somebody; return where the request stands, and what the verification found in files."""
    request = approved(asked(a_client(), "ann-1"))
    live_until(AFTER_GRACE)
    with tenancy.vendor():
        check = Verification.objects.order_by("pk").last()
    return state_of(request), [] if check is None else [(hit["place"], hit["kind"], hit["count"]) for hit in check.hits]


def test_a_folder_behind_a_link_is_searched(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "1.log").write_text(f"To: {ADDRESS}")
    (folder / "mail").symlink_to(tmp_path / "elsewhere")
    assert erased() == (RequestStatus.FAILED, [("files.mail", "file_content", 1)])


def test_links_that_lead_back_end_and_no_file_counts_twice(folder):
    (folder / "logs" / "old").mkdir(parents=True)
    (folder / "logs" / "web.log").write_text(ADDRESS)
    (folder / "logs" / "again").symlink_to(folder)
    (folder / "logs" / "old" / "up").symlink_to(folder / "logs")
    (folder / "logs-of-yesterday").symlink_to(folder / "logs")
    assert erased() == (RequestStatus.FAILED, [("files.logs", "file_content", 1)])


def test_what_a_link_leads_to_is_read_as_what_it_is_called(folder):
    """A link of the mails into a folder of sealed files: of those names alone are read, of mails everything."""
    (folder / "exports" / "letters").mkdir(parents=True)
    (folder / "exports" / "letters" / "1.log").write_bytes(a_mail())
    (folder / "mail").mkdir()
    (folder / "mail" / "letters").symlink_to(folder / "exports" / "letters")
    assert erased() == (RequestStatus.FAILED, [("files.mail", "file_content", 1)])


def test_links_that_lead_nowhere_hold_nothing(folder):
    (folder / "gone").symlink_to(folder / "nowhere")
    (folder / "itself").symlink_to(folder / "itself")
    os.mkfifo(folder / "pipe")
    assert erased() == (RequestStatus.CERTIFIED, [])


def test_a_folder_that_cannot_be_listed_is_no_empty_one(folder, monkeypatch):
    (folder / "closed").mkdir()
    listed = os.scandir

    def refusing(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert erased() == (RequestStatus.ERASED, [])
    with tenancy.vendor():
        run = ErasureRun.objects.get()
    assert (run.phase, run.last_error) == (RunPhase.ERASED, "PermissionError")


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "packed"])
@pytest.mark.parametrize("before", range(4070, 4100, 5))
def test_a_text_across_two_pieces_is_found(folder, monkeypatch, pack, before):
    monkeypatch.setattr(elsewhere, "PIECE", 4096)
    path = folder / f"web.log{'.gz' if pack is gzip.compress else ''}"
    path.write_bytes(pack(b"x" * before + f" {ADDRESS} ".encode() + b"y" * 5000))
    assert any(ADDRESS in text for text in elsewhere._texts(path))
