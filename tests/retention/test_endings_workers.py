"""What was kept on a basis goes under trouble: two workers at once, one that is killed, one client that fails."""

import json
import os
import time
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from accounts import tenancy
from accounts.models import AuditEvent, Document, Membership
from accounts.operations import documents
from contracts.models import Notice
from retention.models import Certificate, LedgerHead, Restore
from retention.operations import endings, orphan_files
from tests.accounts.parties import wait_for_somebody
from tests.engines import admin_dsn
from tests.retention.test_endings import COMPLETE, FIVE_YEARS, a_hold, count, due, ended, left, rows_of
from tests.retention.vaults import an_organization
from tests.workflows.forked import Process, wait_until

__all__ = ["left"]
pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def work():
    endings.end_all(at=FIVE_YEARS, by="system")


def over():
    with tenancy.vendor():
        return AuditEvent.objects.filter(name="retention.period_over").count()


def proof_of(organization):
    with tenancy.vendor():
        return documents._path(Document.objects.get(organization=organization).public_id)


def waiting():
    """Say how many wait for a lock of this server."""
    with psycopg.connect(admin_dsn("default"), autocommit=True) as asking:
        return asking.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()[0]


# Where the first comes to a stop, and the second behind it: at the fence, or in the midst of the rows.
PLACES = ["SELECT FROM retention_vault FOR UPDATE", "SELECT FROM contracts_notice FOR UPDATE"]


@pytest.mark.parametrize("place", PLACES, ids=["at-the-fence", "in-the-midst"])
def test_two_workers_at_once_let_go_of_each_row_once(left, place):
    path = proof_of(left)
    with psycopg.connect(admin_dsn("default")) as somebody:
        somebody.execute(place)
        workers = [Process(work), Process(work)]
        wait_until(lambda: waiting() >= 2)
        somebody.rollback()
    assert [one.wait() for one in workers] == [True, True]
    assert over() == 1 and due(FIVE_YEARS) == [] and not path.exists()
    assert {count(model, left) for model in (Notice, Certificate, Membership, Document)} == {0}


def test_without_a_vault_two_workers_take_turns_too(left):
    with psycopg.connect(admin_dsn("default")) as somebody:
        somebody.execute("SET session_replication_role = replica")
        somebody.execute("DELETE FROM retention_vault")
        somebody.commit()
        somebody.execute("SELECT FROM contracts_notice FOR UPDATE")
        workers = [Process(work), Process(work)]
        wait_until(lambda: waiting() >= 2)
        somebody.rollback()
    assert [one.wait() for one in workers] == [True, True]
    assert over() == 1 and due(FIVE_YEARS) == []


def test_killed_in_the_midst_every_row_and_file_is_there_and_goes_with_the_next(left):
    path, before = proof_of(left), rows_of(left)
    with psycopg.connect(admin_dsn("default")) as somebody:
        somebody.execute("SELECT FROM accounts_membership FOR UPDATE")
        worker = Process(work)
        wait_for_somebody()
        assert worker.kill()
        somebody.rollback()
    assert rows_of(left) == before and path.exists() and over() == 0
    assert ended(FIVE_YEARS) == 1 and over() == 1 and not path.exists()


def test_a_hold_that_waits_for_a_killed_worker_keeps_everything(left):
    before = rows_of(left)
    with psycopg.connect(admin_dsn("default")) as somebody:
        somebody.execute("SELECT FROM accounts_membership FOR UPDATE")
        worker = Process(work)
        wait_for_somebody()
        assert worker.kill()
        somebody.rollback()
    a_hold(left)
    assert due(FIVE_YEARS) == [] and ended(FIVE_YEARS) == 0
    assert {table: row for table, row in rows_of(left).items() if row != before[table]}.keys() == {
        "retention_legalhold"
    }


def test_killed_between_its_commit_and_its_files_what_is_left_goes_with_a_later_look(left, monkeypatch):
    path = proof_of(left)

    def killed():
        monkeypatch.setattr(type(path), "unlink", lambda self, **how: time.sleep(60))
        work()

    worker = Process(killed)
    wait_until(lambda: not count(Document, left))
    assert worker.kill() and path.exists()
    assert looked(path, COMPLETE) == 0 and path.exists(), "a better backup may bring its row"
    assert looked(path, COMPLETE, after=LATER - timedelta(seconds=1)) == 0
    assert looked(path, COMPLETE, after=LATER) == 1 and not path.exists()
    with tenancy.vendor():
        events = AuditEvent.objects.filter(name__startswith="files.of_nobody").order_by("pk")
        told = [(event.name, event.data, event.vendor_only) for event in events]
    one = {"documents": 1, "exports": 0}
    assert told == [("files.of_nobody_found", one, True), ("files.of_nobody_removed", one, True)]


# A day after it was written a file is seen to have no row, and it goes a backup's horizon after that.
SEEN = timedelta(days=1, seconds=1)
LATER = SEEN + timedelta(days=35)


def looked(path, written_at, *, after=SEEN, beaten=timedelta(0)):
    """Look for files of nobody so long after one was written; ``beaten``: so long after the last common pulse."""
    os.utime(path, (written_at.timestamp(), written_at.timestamp()))
    with tenancy.vendor():
        LedgerHead.objects.update(beaten_at=written_at + after - beaten)
    return orphan_files.sweep(now=written_at + after, by="system")


def a_file(folder, name=""):
    path = Path(folder) / "ab" / (name or f"{uuid4()}.bin")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"sealed")
    os.utime(path, (COMPLETE.timestamp(), COMPLETE.timestamp()))
    return path


def test_a_file_that_somebody_may_be_writing_stays_and_so_does_one_with_a_row_and_one_of_another_name(left, settings):
    path = proof_of(left)
    assert looked(path, COMPLETE) == looked(path, COMPLETE, after=LATER) == 0
    export, note = a_file(settings.EXPORTS_DIR), a_file(settings.EXPORTS_DIR, "read-me.txt")
    assert looked(note, COMPLETE, after=timedelta(hours=23)) == 0
    assert looked(export, COMPLETE) == looked(export, COMPLETE, after=LATER - timedelta(seconds=1)) == 0
    assert looked(export, COMPLETE, after=LATER) == 1
    assert path.exists() and note.exists() and not export.exists()


def test_after_a_restore_no_file_is_noted_for_a_backups_horizon(left, settings):
    path = a_file(settings.DOCUMENTS_DIR, f"{uuid4()}.part")
    with tenancy.vendor():
        Restore.objects.create(kind="default", known_until=COMPLETE, noticed_at=COMPLETE, noticed_by="system")
    horizon = settings.BACKUP_HORIZON
    assert looked(path, COMPLETE, after=horizon - timedelta(seconds=1)) == looked(path, COMPLETE, after=horizon) == 0
    assert looked(path, COMPLETE, after=2 * horizon - timedelta(seconds=1)) == 0
    assert looked(path, COMPLETE, after=2 * horizon) == 1


def test_a_restore_that_nobody_has_noticed_yet_loses_no_file_that_its_report_is_to_name(left, settings):
    path = a_file(settings.DOCUMENTS_DIR)
    assert looked(path, COMPLETE) == looked(path, COMPLETE, after=LATER, beaten=timedelta(days=1)) == 0
    assert looked(path, COMPLETE, after=LATER, beaten=timedelta(hours=23)) == 1


def test_a_file_whose_row_a_better_backup_brings_back_begins_anew(left):
    path = proof_of(left)
    with tenancy.vendor():
        document = Document.objects.get(organization=left)
    with psycopg.connect(admin_dsn("default"), autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        away = "UPDATE accounts_document SET public_id = %s WHERE id = %s"
        admin.execute(away, [uuid4(), document.pk])
        assert looked(path, COMPLETE) == 0
        admin.execute(away, [document.public_id, document.pk])
        assert looked(path, COMPLETE, after=LATER) == 0
        admin.execute(away, [uuid4(), document.pk])
    assert looked(path, COMPLETE, after=LATER + timedelta(days=1)) == 0 and path.exists()


def test_of_many_files_without_a_row_none_goes_before_people_have_looked(left, settings):
    files = [a_file(settings.DOCUMENTS_DIR) for _ in range(orphan_files.HANDFUL)]
    more = a_file(settings.EXPORTS_DIR)
    assert looked(more, COMPLETE) == looked(more, COMPLETE, after=LATER) == 0
    notes = json.loads((Path(settings.DOCUMENTS_DIR) / orphan_files.NOTES).read_text())
    assert set(notes) == {f"ab/{path.name}" for path in files} and all(path.exists() for path in files)
    more.unlink()
    assert looked(files[0], COMPLETE, after=LATER) == orphan_files.HANDFUL


@pytest.mark.parametrize("notes", ["", "[]", '{"ab": 1}', '{"ab": "yesterday"}'])
def test_notes_that_nobody_can_read_begin_anew(left, settings, notes):
    path = a_file(settings.DOCUMENTS_DIR)
    looked(path, COMPLETE)
    (Path(settings.DOCUMENTS_DIR) / orphan_files.NOTES).write_text(notes)
    assert looked(path, COMPLETE, after=LATER) == 0
    assert looked(path, COMPLETE, after=LATER + settings.BACKUP_HORIZON) == 1


def test_one_client_that_fails_holds_up_no_other(left, monkeypatch):
    other = an_organization()
    real = endings.end

    def broken(organization, **how):
        if organization == other:
            raise RuntimeError("the disk is full")
        return real(organization, **how)

    monkeypatch.setattr(endings, "due", lambda *, at: [other, left])
    monkeypatch.setattr(endings, "end", broken)
    swept = endings.end_all(at=FIVE_YEARS, by="system")
    assert (swept.done, swept.refused) == (1, {"error": 1})
