"""After a restore: the gate is closed, what was erased is erased again, and nothing of it is left."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts import tenancy
from accounts.models import LicensedUser
from accounts.operations.sweeping import SYSTEM
from retention import ledger, replaying, sweeps
from retention.enums import HoldGround, RequestOrigin, RequestStatus, RunPhase, VaultState
from retention.models import (
    Certificate,
    DataKey,
    DeletionRequest,
    ErasureEntry,
    ErasureRun,
    LegalHold,
    Message,
    Restore,
    Vault,
)
from retention.operations import erasure, gate, holds, ledger_entries, replay, runs, saga, vault
from tests.contracts.agreements import at
from tests.retention.restoring import Backup, codes, replayed
from tests.retention.test_life import a_leaving_client, decide_everything, live_until
from tests.retention.under_contract import AFTER_GRACE, a_client, approved, asked, rows
from tests.retention.vaults import a_talk, parsed

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
GONE_BY = at("2026-03-20")


def a_departure():
    """Return an organization whose contract has ended, and a way to let its erasure happen."""
    organization = a_leaving_client()
    live_until(at("2026-01-02"))

    def erase():
        decide_everything(organization)
        live_until(GONE_BY)

    return organization, erase


def of_one_person():
    """Return an organization of which one person's erasure was asked for, and a way to let it happen."""
    organization = a_client()
    request = asked(organization, "ann-1")

    def erase():
        approved(request)
        live_until(AFTER_GRACE)

    return organization, erase


def phases():
    with tenancy.vendor():
        return list(ErasureRun.objects.order_by("pk").values_list("phase", flat=True))


def entries():
    with ledger.vendor():
        return list(ErasureEntry.objects.order_by("pk").values_list("run", "digest"))


def keys_of(organization):
    with ledger.vendor():
        return DataKey.objects.filter(organization_ref=organization.public_id).count()


@pytest.mark.parametrize(
    "backup_when",
    [
        "before the request",
        *(pytest.param(when, marks=pytest.mark.proof) for when in ("before its approval", "planned")),
    ],
)
def test_a_person_who_was_erased_is_erased_again(backup_when):
    organization = a_client()
    backups = {"before the request": Backup()}
    request = asked(organization, "ann-1")
    backups["before its approval"] = Backup()
    approved(request)
    sweeps.plan_all(at=AFTER_GRACE, by=SYSTEM)
    backups["planned"] = Backup()
    live_until(AFTER_GRACE)
    erased, before = rows(organization), entries()
    assert codes() == []
    backups[backup_when].restore()
    assert rows(organization) == {"ann-1": 7, "ben-1": 6, "cyd-1": 3}, "she is back"
    assert codes() == ["erasures_to_replay"]
    told = replayed()
    assert (told["state"], told["erasures"]["erased"]) == ("replayed", 1)
    assert codes() == []
    assert rows(organization) == erased == {"ben-1": 6, "cyd-1": 3}
    assert entries() == before, "under the same run: the ledger gets no second entry"
    with tenancy.vendor():
        assert not LicensedUser.objects.filter(organization=organization, external_id="ann-1").exists()
        run, again = ErasureRun.objects.get(), DeletionRequest.objects.get()
        assert (run.phase, run.public_id) == (RunPhase.CERTIFIED, before[0][0])
        assert again.public_id == request.public_id, "its reference is the one that the client knows"
        assert again.origin == (RequestOrigin.RESTORE if backup_when == "before the request" else RequestOrigin.CLIENT)
        assert Certificate.objects.count() == 1
    assert replayed()["state"] == "nothing_to_do"


@pytest.mark.parametrize(
    "backup_when",
    ["before the end", *(pytest.param(when, marks=pytest.mark.proof) for when in ("received", "approved"))],
)
def test_an_organization_that_was_erased_is_erased_again(backup_when):
    organization = a_leaving_client()
    backups = {"before the end": Backup()}
    live_until(at("2026-01-02"))
    backups["received"] = Backup()
    decide_everything(organization)
    backups["approved"] = Backup()
    live_until(GONE_BY)
    assert (phases(), keys_of(organization)) == ([RunPhase.CERTIFIED], 0)
    backups[backup_when].restore()
    with tenancy.vendor():
        assert Message.objects.filter(organization=organization).exists()
    assert codes() == ["erasures_to_replay"]
    assert replayed()["erasures"]["erased"] == 1
    assert (codes(), phases(), len(entries())) == ([], [RunPhase.CERTIFIED], 1)
    with tenancy.vendor():
        assert not Message.objects.filter(organization=organization).exists()
        assert not LicensedUser.objects.filter(organization=organization).exists()
        assert Vault.objects.get(organization=organization).state == VaultState.DESTROYED
        # A contract that came back with the restore is no reason to let content in again.
        assert not sweeps.reopenings_due(at=timezone.now()).exists()


@pytest.mark.parametrize(
    ("default_older", "ledger_older", "expected"),
    [
        pytest.param(False, False, [], id="neither"),
        pytest.param(True, False, ["erasures_to_replay"], id="default"),
        pytest.param(False, True, ["ledger_older"], id="ledger"),
        pytest.param(True, True, [], id="both, to one instant"),
    ],
)
def test_which_of_the_two_is_older(default_older, ledger_older, expected):
    organization, erase = of_one_person()
    default, other = Backup(), Backup("ledger")
    erase()
    if default_older:
        default.restore()
    if ledger_older:
        other.restore()
    assert codes() == expected
    if ledger_older and not default_older:
        refused = replayed(expect=1)
        assert (refused["code"], codes()) == ("ledger_older", ["ledger_older"])
    replayed(*(["--ledger-older"] if ledger_older else []))
    assert codes() == []
    back = default_older and ledger_older
    assert keys_of(organization) == (3 if back else 2), "of both nothing says any more that she was erased"
    assert ("ann-1" in rows(organization)) is back


def test_both_older_but_not_alike():
    """The ledger knows the first of two erasures, the main database neither: one is replayed, one nobody remembers."""
    first, erase_first = of_one_person()
    second, erase_second = of_one_person()
    default = Backup()
    erase_first()
    other = Backup("ledger")
    erase_second()
    default.restore()
    other.restore()
    assert codes() == ["erasures_to_replay"]
    assert replayed()["erasures"]["erased"] == 1
    assert "ann-1" not in rows(first)
    assert "ann-1" in rows(second)
    assert codes() == []


def test_both_older_and_the_main_database_knows_an_erasure_that_the_ledger_does_not():
    first, erase_first = of_one_person()
    other = Backup("ledger")
    erase_first()
    default = Backup()
    _second, erase_second = of_one_person()
    erase_second()
    default.restore()
    other.restore()
    assert codes() == ["ledger_older"]
    told = replayed("--ledger-older")
    assert told["erasures"]["keys"] == 1
    assert (codes(), keys_of(first), len(entries())) == ([], 2, 1)
    with tenancy.vendor():
        assert ErasureRun.objects.get().ledger_digest == entries()[0][1]
    assert ledger_entries.broken_links() == []


def test_keys_of_a_person_that_come_back_with_the_ledger_go_again():
    organization, erase = of_one_person()
    other = Backup("ledger")
    erase()
    before = entries()
    other.restore()
    assert keys_of(organization) == 3
    assert replayed("--ledger-older")["kind"] == "ledger"
    assert (keys_of(organization), entries()) == (2, before), "the entry says what it said"
    assert ledger_entries.broken_links() == []
    with tenancy.vendor():
        kept = list(Message.objects.filter(organization=organization))
        assert vault.read(organization, kept), "what stays can be read"


def test_keys_of_a_whole_organization_go_again():
    organization, erase = a_departure()
    other = Backup("ledger")
    erase()
    before = entries()
    other.restore()
    assert keys_of(organization)
    replayed("--ledger-older")
    assert (keys_of(organization), entries()) == (0, before)


def test_a_crash_in_mid_saga_is_no_restore():
    organization, _erase = a_departure()
    decide_everything(organization)
    sweeps.plan_all(at=GONE_BY, by=SYSTEM)
    with tenancy.vendor():
        run = ErasureRun.objects.get()
    lease = runs.claim(run, now=GONE_BY)
    saga.fence(run, lease, by=SYSTEM)
    saga.destroy(run, lease, organization.public_id, None, now=GONE_BY)
    runs.give_back(run, lease)
    assert (codes(), phases()) == ([], [RunPhase.DESTROYING])
    live_until(GONE_BY + timedelta(minutes=1))
    assert (codes(), phases()) == ([], [RunPhase.CERTIFIED])


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it."""


def kill(*args, **kwargs):
    raise Killed


@pytest.mark.parametrize(
    ("place", "name"),
    [
        pytest.param(replay, "_fence", id="before the fence"),
        pytest.param(replaying, "_to_their_end", id="all fenced"),
        pytest.param(erasure._Work, "_finish", id="stores emptied"),
        pytest.param(replaying.restores, "finish", id="before the gate opens"),
    ],
)
def test_a_replay_that_was_killed_goes_on(place, name, monkeypatch):
    organization, erase = of_one_person()
    other, erase_other = of_one_person()
    backup = Backup()
    erase()
    erase_other()
    backup.restore()
    with monkeypatch.context() as patch:
        patch.setattr(place, name, kill)
        with pytest.raises(Killed):
            replayed()
    assert "replay_unfinished" in codes(), "whatever stands where, nobody is let in"
    with tenancy.vendor():
        ErasureRun.objects.update(leased_until=timezone.now() + timedelta(minutes=5))
    assert replayed()["erasures"]["erased"] == 2
    assert (codes(), phases()) == ([], [RunPhase.CERTIFIED] * 2)
    assert "ann-1" not in rows(organization) | rows(other)
    with tenancy.vendor():
        assert Restore.objects.filter(finished_at__isnull=False).count() == 1


def test_of_two_replays_at_once_one_does_it():
    organization, erase = of_one_person()
    backup = Backup()
    erase()
    backup.restore()
    outcomes, together = [], threading.Barrier(2)

    def go():
        together.wait()
        try:
            replaying.replay_all(
                now=timezone.now(), by="x", tell=lambda *_: None, ledger_older_too=False, with_residue=False
            )
            outcomes.append("done")
        except replaying.ReplayRunning:
            outcomes.append("refused")
        finally:
            connection.close()

    both = [threading.Thread(target=go) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert "done" in outcomes
    assert len(outcomes) == 2
    assert (codes(), len(entries()), phases()) == ([], 1, [RunPhase.CERTIFIED])
    assert "ann-1" not in rows(organization)


def test_who_wrote_into_the_restored_database_made_a_key_that_goes_too():
    organization, erase = of_one_person()
    backup = Backup()
    erase()
    backup.restore()
    with tenancy.tenant(organization.pk):
        vault.write(organization, parsed(a_talk("ann-1", "new", 2)), now=timezone.now(), by="user:product")
    assert keys_of(organization) == 3
    replayed()
    assert (keys_of(organization), "ann-1" in rows(organization)) == (2, False)


@pytest.mark.parametrize("department", ["", "Sales"], ids=["on-everything", "on-a-department"])
def test_a_hold_that_the_restore_brought_back_does_not_stop_it(department):
    organization, erase = a_departure()
    placed = {
        "ground": HoldGround.LAW,
        "citation": "L1",
        "review_on": at("2027-01-01").date(),
        "department": department,
    }
    with tenancy.vendor():
        LicensedUser.objects.filter(organization=organization).update(department="Sales")
    with tenancy.vendor():
        hold = holds.place(organization, **placed, now=at("2026-01-03"), by="user:officer")
    backup = Backup()
    with tenancy.vendor():
        holds.release(hold, now=at("2026-01-04"), by="user:officer")
    erase()
    backup.restore()
    assert replayed()["erasures"]["erased"] == 1
    with tenancy.vendor():
        assert not LegalHold.objects.filter(released_at__isnull=True).exists()
        assert DeletionRequest.objects.get().status == RequestStatus.CERTIFIED


def test_an_organization_that_the_backup_does_not_have_needs_nothing():
    backup = Backup()
    _organization, erase = of_one_person()
    erase()
    backup.restore()
    assert codes() == ["erasures_to_replay"]
    assert replayed()["erasures"] == {"erased": 0, "residue": 0, "unfinished": 0, "beyond": 0, "nobody": 1, "keys": 0}
    assert codes() == []
    with ledger.vendor():
        assert ErasureEntry.objects.get().expires_at is not None, "it is purged though its run is not here"


def test_a_backup_older_than_the_horizon_is_refused():
    organization, erase = of_one_person()
    backup = Backup()
    erase()
    ledger_entries.tend(now=AFTER_GRACE, by=SYSTEM)
    ledger_entries.tend(now=AFTER_GRACE + timedelta(days=36), by=SYSTEM)
    assert codes() == []
    backup.restore()
    assert codes() == ["backup_too_old"]
    assert replayed(expect=1)["code"] == "backup_too_old"
    assert "ann-1" in rows(organization)
    assert gate.look().closed
