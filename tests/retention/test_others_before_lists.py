"""What was erased, or was being erased, before others' content was listed: of it nothing is known."""

import io
from datetime import timedelta

import psycopg
import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts import tenancy
from accounts.operations.sweeping import SYSTEM
from retention import ledger
from retention.enums import RunPhase
from retention.models import ErasureEntry, ErasureRun, ErasureStep, LegalHold, Message
from retention.operations import erasure, holds, ledger_entries, proof, runs, saga
from tests.engines import admin_dsn
from tests.retention.restoring import Backup, codes, replayed
from tests.retention.test_life import live_until
from tests.retention.test_mentions import a_client_that_talks, texts
from tests.retention.test_others_after_restores import (
    THEIRS,
    a_hold_on,
    entry,
    erased_with_what_others_wrote,
    said,
)
from tests.retention.under_contract import AFTER_GRACE, NOW, OFFICER

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
NOTHING = "UPDATE retention_erasurestep SET listed = NULL, kept = '{}'"


def as_migrated(alias="default", statement=NOTHING, *values):
    """Leave rows as the migration leaves those that are older than it."""
    with psycopg.connect(admin_dsn(alias), autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(statement, values)


def an_older_entry():
    one = entry()
    facts = (one.run, one.organization_ref, one.subject_refs, one.keys_destroyed, one.destroyed_at)
    digest = saga.digest(*facts, previous=one.previous_digest, request=one.request_ref)
    as_migrated("ledger", "UPDATE retention_erasureentry SET others_refs = NULL, digest = %s", digest)
    assert ledger_entries.broken_links() == []


def past_the_keys(organization):
    """Return a run whose keys are gone, with nothing walked yet, as it stood before there were lists."""
    request = erased_with_what_others_wrote(organization, live=False)
    with tenancy.vendor():
        run = runs.plan(request, now=AFTER_GRACE, by=SYSTEM)
    assert not erasure.advance(run, now=AFTER_GRACE, by=SYSTEM, budget=timedelta())
    as_migrated()
    return run


@pytest.mark.parametrize(("table", "column"), [("erasurestep", "listed"), ("erasureentry", "others_refs")])
def test_the_migration_gives_older_rows_no_list(table, column):
    out = io.StringIO()
    call_command(
        "sqlmigrate", "retention", "0017", database="ledger" if table == "erasureentry" else "default", stdout=out
    )
    (added,) = [line for line in out.getvalue().splitlines() if f'ADD COLUMN "{column}"' in line]
    assert added == f'ALTER TABLE "retention_{table}" ADD COLUMN "{column}" uuid[] NULL;'


def test_a_run_whose_keys_are_gone_takes_what_the_client_decided_on():
    organization = a_client_that_talks()
    past_the_keys(organization)
    live_until(AFTER_GRACE + timedelta(hours=1))
    assert not THEIRS & texts(organization)
    assert (said()["named_in"], said()["erased"], said()["kept"], said()["not_there"]) == (4, 4, 0, 0)


def test_a_run_in_the_middle_of_its_walk_counts_on_from_there():
    organization = a_client_that_talks()
    past_the_keys(organization)
    with tenancy.vendor():
        one = Message.objects.get(external_id="guest").pk
    as_migrated("default", "DELETE FROM retention_message WHERE id = %s", one)
    as_migrated(
        "default",
        "UPDATE retention_erasurestep SET erased = 1, checkpoint = 1, status = 'running', started_at = %s "
        "WHERE store = 'mentions'",
        AFTER_GRACE,
    )
    live_until(AFTER_GRACE + timedelta(hours=1))
    assert not THEIRS & texts(organization)
    assert (said()["named_in"], said()["erased"], said()["kept"], said()["not_there"]) == (4, 4, 0, 0)


def test_a_hold_keeps_its_rows_from_such_a_run_and_is_met():
    organization = a_client_that_talks()
    run = past_the_keys(organization)
    hold = a_hold_on(organization, "ben-1", AFTER_GRACE)
    live_until(AFTER_GRACE + timedelta(hours=1))
    assert (said()["erased"], said()["kept_because"], said()["not_there"]) == (1, {"legal_hold": 3}, 0)
    with tenancy.vendor():
        run.refresh_from_db()
    assert (run.phase, run.holds_met) == (RunPhase.CERTIFIED, [str(hold.public_id)])


def test_a_run_that_is_about_to_destroy_its_keys_still_lists_what_goes_in_the_ledger(monkeypatch):
    organization = a_client_that_talks()
    request = erased_with_what_others_wrote(organization, live=False)

    def killed(*_values, **_more):
        raise KeyboardInterrupt

    with tenancy.vendor():
        run = runs.plan(request, now=AFTER_GRACE, by=SYSTEM)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(saga, "destroy", killed)
        erasure.advance(run, now=AFTER_GRACE, by=SYSTEM, budget=timedelta(minutes=1))
    with tenancy.vendor():
        assert ErasureRun.objects.get().phase == RunPhase.DESTROYING
    as_migrated()
    live_until(AFTER_GRACE + timedelta(hours=1))
    assert len(entry().others_refs) == 4 and ledger_entries.broken_links() == []
    assert not THEIRS & texts(organization) and said()["erased"] == 4


def test_what_a_hold_kept_before_there_were_lists_is_not_said_to_be_gone():
    organization = a_client_that_talks()
    a_hold_on(organization, "ben-1")
    erased_with_what_others_wrote(organization)
    assert (said()["kept"], said()["not_there"]) == (3, 0)
    as_migrated()
    with tenancy.vendor():
        told = proof.standing(ErasureRun.objects.get(), now=NOW)["others_content"]
    assert (told["erased"], told["kept"], told["kept_because"], told["not_there"]) == (1, 3, {}, 0)


def test_an_older_entry_takes_the_decision_that_was_restored():
    organization = a_client_that_talks()
    erased_with_what_others_wrote(organization, live=False)
    backup = Backup()
    live_until(AFTER_GRACE)
    an_older_entry()
    backup.restore()
    replayed()
    assert codes() == [] and not THEIRS & texts(organization)
    assert (said()["state"], said()["named_in"], said()["erased"]) == ("replayed", 4, 4)


def test_what_a_restored_hold_keeps_from_an_older_entry_is_residue():
    organization = a_client_that_talks()
    a_hold_on(organization, "ben-1")
    erased_with_what_others_wrote(organization, live=False)
    backup = Backup()
    with tenancy.vendor():
        holds.release(LegalHold.objects.get(), now=NOW, by=OFFICER)
    live_until(AFTER_GRACE)
    assert not THEIRS & texts(organization)
    an_older_entry()
    backup.restore()
    replayed(expect=1)
    assert codes() == ["replay_unfinished"]
    (one,) = replayed("--with-residue")["report"]["others_content"]
    assert (one["erased"], one["kept_because"]) == (1, {"legal_hold": 3})


def test_an_older_entry_without_a_decision_that_was_restored_names_nothing():
    organization = a_client_that_talks()
    backup = Backup()
    erased_with_what_others_wrote(organization)
    an_older_entry()
    backup.restore()
    replayed()
    assert codes() == [] and texts(organization) >= THEIRS, "nothing tells any more what the client decided"


def test_an_older_entry_is_purged_too():
    organization = a_client_that_talks()
    erased_with_what_others_wrote(organization)
    an_older_entry()
    as_migrated()
    as_migrated("default", "UPDATE retention_erasurerun SET ledger_digest = %s", entry().digest)
    ledger_entries.tend(now=AFTER_GRACE + timedelta(days=1), by=SYSTEM)
    ledger_entries.tend(now=AFTER_GRACE + timedelta(days=100), by=SYSTEM)
    assert entry().run is None
    with tenancy.vendor():
        assert ErasureStep.objects.get(store="mentions").listed is None
        assert ErasureRun.objects.get().ledger_purged_at is not None


def test_an_entry_that_was_purged_before_there_were_lists_stands():
    organization = a_client_that_talks()
    erased_with_what_others_wrote(organization)
    ledger_entries.tend(now=AFTER_GRACE + timedelta(days=1), by=SYSTEM)
    ledger_entries.tend(now=timezone.now() + timedelta(days=1000), by=SYSTEM)
    as_migrated("ledger", "UPDATE retention_erasureentry SET others_refs = NULL")
    with ledger.vendor():
        assert ErasureEntry.objects.get().others_refs is None
