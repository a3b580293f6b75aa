"""A ledger that was restored from an older backup: until when its keys were there, and a replay that is killed."""

from datetime import timedelta
from importlib import import_module

import psycopg
import pytest

from accounts import tenancy
from accounts.operations import audit
from accounts.operations.sweeping import SYSTEM
from retention import ledger, sweeps
from retention.enums import RunPhase
from retention.models import CertificateAddendum, ErasureEntry, ErasureRun
from retention.operations import certificates, proof
from retention.rules import levels
from tests.engines import owner_dsn
from tests.retention.restoring import Backup, codes, replayed
from tests.retention.test_life import live_until
from tests.retention.test_restores import keys_of, of_one_person
from tests.retention.under_contract import AFTER_GRACE

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def test_backups_of_the_ledger_hold_keys_that_came_back_until_a_horizon_after_they_went_again(settings):
    _organization, erase = of_one_person()
    other = Backup("ledger")
    erase()
    for days in (8, 20):
        live_until(AFTER_GRACE + timedelta(days=days))
    other.restore()
    replayed("--ledger-older")
    with tenancy.vendor():
        run = ErasureRun.objects.get()
        again = run.keys_destroyed_again_at
        assert again > run.keys_destroyed_at + timedelta(days=50)
        almost = again + settings.LEDGER_BACKUP_HORIZON - timedelta(seconds=1)
        found = {one.code: one for one in levels.levels(proof.facts(run), now=almost)}
        assert found["unreadable"].at == again + settings.DATA_KEY_CACHE
        assert (found["unreadable_in_backups"].at, found["backups"].at is None) == (None, False)
        assert sweeps.completion_following(after=almost) == almost + timedelta(seconds=1)
        assert not sweeps.completions_due(at=almost).exists()
        with pytest.raises(certificates.NotComplete):
            certificates.complete(run, now=almost, by=SYSTEM)
        assert sweeps.completions_due(at=almost + timedelta(seconds=1)).get() == run
        certificates.complete(run, now=almost + timedelta(seconds=1), by=SYSTEM)
        said = {one["level"]: one["at"] for one in CertificateAddendum.objects.last().document["levels"]}
    assert said["unreadable_in_backups"] == (again + settings.LEDGER_BACKUP_HORIZON).isoformat()


def test_killed_after_the_entry_was_appended_again_the_next_replay_writes_it_down(monkeypatch):
    first, erase_first = of_one_person()
    other = Backup("ledger")
    _second, erase_second = of_one_person()
    erase_second()  # its entry was the first, and will be the second
    erase_first()
    other.restore()
    with tenancy.vendor():
        earlier, later = ErasureRun.objects.order_by("pk")
        ErasureRun.objects.filter(pk=earlier.pk).update(keys_destroyed_at=later.keys_destroyed_at + timedelta(days=1))

    def killed(*_args, **_said):
        raise KeyboardInterrupt

    record = audit.record
    monkeypatch.setattr(audit, "record", lambda name, *a, **k: (killed if "again" in name else record)(name, *a, **k))
    with pytest.raises(KeyboardInterrupt):
        replayed("--ledger-older")
    monkeypatch.setattr(audit, "record", record)
    replayed("--ledger-older")
    with tenancy.vendor():
        known = dict(ErasureRun.objects.values_list("public_id", "ledger_digest"))
    with ledger.vendor():
        assert dict(ErasureEntry.objects.values_list("run", "digest")) == known
    assert (codes(), keys_of(first)) == ([], 2)


def test_the_migration_takes_from_the_trail_when_keys_went_again_before_it():
    """Of each run that is not complete, the last time; of one that is, and of one that did not, nothing."""
    (_first, erase_first), (_second, erase_second), (_third, erase_third) = (of_one_person() for _client in range(3))
    for erase in (erase_first, erase_second, erase_third):
        erase()
    with tenancy.vendor():
        twice, complete, once = ErasureRun.objects.order_by("pk")
        last = twice.keys_destroyed_at + timedelta(days=9)
        for run, at in ((twice, last), (twice, last - timedelta(days=2)), (complete, last)):
            audit.record("erasure.keys_destroyed_again", run, by=SYSTEM, at=at)
        audit.record("erasure.keys_destroyed", twice, by=SYSTEM, at=last + timedelta(days=1))
        ErasureRun.objects.filter(pk=complete.pk).update(phase=RunPhase.COMPLETE, completed_at=last)
    with psycopg.connect(owner_dsn("default")) as owner:
        for statement in import_module("retention.migrations.0029_keys_destroyed_again").THERE_ALREADY:
            owner.execute(statement)
        tables = ["retention_erasurerun", "accounts_auditevent"]
        forced = owner.execute("SELECT relforcerowsecurity FROM pg_class WHERE relname = ANY(%s)", [tables])
        assert forced.fetchall() == [(True,), (True,)]
    with tenancy.vendor():
        runs = ErasureRun.objects.order_by("pk")
        assert list(runs.values_list("pk", "keys_destroyed_again_at")) == [
            (twice.pk, last),
            (complete.pk, None),
            (once.pk, None),
        ]
