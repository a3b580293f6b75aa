"""What was kept on a basis goes under trouble: two workers at once, one that is killed, one client that fails."""

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
    assert looked(path, COMPLETE) == 1 and not path.exists()
    with tenancy.vendor():
        event = AuditEvent.objects.get(name="files.of_nobody_removed")
    assert (event.data, event.vendor_only) == ({"documents": 1, "exports": 0}, True)


def looked(path, written_at, *, after=timedelta(days=1, seconds=1), beaten=timedelta(0)):
    """Look for files of nobody so long after one was written; ``beaten``: so long after the last common pulse."""
    os.utime(path, (written_at.timestamp(), written_at.timestamp()))
    with tenancy.vendor():
        LedgerHead.objects.update(beaten_at=written_at + after - beaten)
    return orphan_files.sweep(now=written_at + after, by="system")


def test_a_file_that_somebody_may_be_writing_stays_and_so_does_one_with_a_row_and_one_of_another_name(left, settings):
    path = proof_of(left)
    assert looked(path, COMPLETE) == 0
    export = Path(settings.EXPORTS_DIR) / f"{uuid4()}.bin"
    note = export.with_name("read-me.txt")
    for one in (export, note):
        one.parent.mkdir(parents=True, exist_ok=True)
        one.write_bytes(b"sealed")
    assert looked(note, COMPLETE) == 0
    assert looked(export, COMPLETE, after=timedelta(hours=23)) == 0
    assert looked(export, COMPLETE) == 1
    assert path.exists() and note.exists() and not export.exists()


def test_after_a_restore_no_file_goes_for_a_backups_horizon(left, settings):
    path = Path(settings.DOCUMENTS_DIR) / "ab" / f"{uuid4()}.part"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"sealed")
    with tenancy.vendor():
        Restore.objects.create(kind="default", known_until=COMPLETE, noticed_at=COMPLETE, noticed_by="system")
    assert looked(path, COMPLETE, after=settings.BACKUP_HORIZON - timedelta(seconds=1)) == 0
    assert looked(path, COMPLETE, after=settings.BACKUP_HORIZON) == 1


def test_a_restore_that_nobody_has_noticed_yet_loses_no_file_that_its_report_is_to_name(left, settings):
    path = Path(settings.DOCUMENTS_DIR) / "ab" / f"{uuid4()}.bin"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"sealed")
    assert looked(path, COMPLETE, beaten=timedelta(days=1)) == 0
    assert looked(path, COMPLETE, beaten=timedelta(hours=23)) == 1


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
