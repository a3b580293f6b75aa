"""A small erasure is one transaction: all of it happens, or nothing, and then each store goes by itself."""

from contextlib import contextmanager

import pytest

from accounts import tenancy
from accounts.models import LicensedUser
from accounts.operations.sweeping import SYSTEM
from config.embedded import engines
from retention.enums import RequestStatus, StepStatus
from retention.models import Certificate, ErasureStep, Message
from retention.operations import erasure, runs
from retention.operations.stores import BY_NAME
from tests.retention.test_life import live_until
from tests.retention.under_contract import AFTER_GRACE, a_client, approved, asked, state_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture(autouse=True)
def _patient(settings):
    settings.ERASURE_CHUNK_MILLISECONDS = 60_000


def planned(organization):
    request = approved(asked(organization, "ann-1"))
    with tenancy.vendor():
        return request, runs.plan(request, now=AFTER_GRACE, by=SYSTEM)


def emptied(run):
    with tenancy.vendor():
        steps = ErasureStep.objects.filter(run=run)
        return {step.store: (step.found, step.erased, step.failures) for step in steps if step.erased or step.failures}


@contextmanager
def chunks(monkeypatch):
    """Note which stores are taken from in each transaction."""
    found = []
    chunk, take = erasure._Work._chunk, erasure._Work._take

    @contextmanager
    def noting_chunk(work):
        found.append([])
        with chunk(work) as locked:
            yield locked

    def noting_take(work, step, pace, began):
        found[-1].append(step.store)
        return take(work, step, pace, began)

    with monkeypatch.context() as patch:
        patch.setattr(erasure._Work, "_chunk", noting_chunk)
        patch.setattr(erasure._Work, "_take", noting_take)
        yield found


def test_one_person_goes_in_one_transaction(monkeypatch):
    _request, run = planned(a_client())
    with chunks(monkeypatch) as found:
        assert erasure.advance(run, now=AFTER_GRACE, by=SYSTEM)
    (stores,) = found
    assert stores[-1] == "licensed_users" and len(stores) == len(set(stores)) > 10
    assert emptied(run)["licensed_users"] == (1, 1, 0)


def test_what_does_not_go_in_the_time_of_a_transaction_goes_after_it(monkeypatch, settings):
    settings.ERASURE_CHUNK_MILLISECONDS = 0
    _request, run = planned(a_client())
    with chunks(monkeypatch) as found:
        assert erasure.advance(run, now=AFTER_GRACE, by=SYSTEM)
    assert {len(stores) for stores in found} == {1}


def test_a_run_that_has_begun_goes_on_store_by_store(monkeypatch, settings):
    settings.ERASURE_CHUNK_ROWS = 2
    _request, run = planned(a_client())
    with chunks(monkeypatch) as found, monkeypatch.context() as patch:
        patch.setattr(erasure._Work, "_walk", lambda work, step: False)
        assert not erasure.advance(run, now=AFTER_GRACE, by=SYSTEM)
    (stores,) = found
    assert "messages" in stores and not {"conversations", "licensed_users"} & set(stores), "messages are left"
    assert emptied(run)["messages"][1] == 2
    with chunks(monkeypatch) as found:
        assert erasure.advance(run, now=AFTER_GRACE, by=SYSTEM)
    assert {len(stores) for stores in found} == {1}


@pytest.mark.parametrize("store", ["messages", "licensed_users"])
def test_a_store_that_fails_takes_nothing_back_from_the_others(monkeypatch, store):
    organization = a_client()
    request, run = planned(organization)
    real, calls = type(BY_NAME[store]).erase, []

    def fails(one, target, **more):
        if one.name == store and len(calls) < 2:
            calls.append(one.name)
            raise RuntimeError("no")
        return real(one, target, **more)

    monkeypatch.setattr(type(BY_NAME[store]), "erase", fails)
    assert not erasure.advance(run, now=AFTER_GRACE, by=SYSTEM)
    found = emptied(run)
    assert len(calls) == 2 and found[store] == (found[store][0], 0, 1)
    assert any(erased for _found, erased, _failures in found.values()), "the others went on"
    live_until(AFTER_GRACE.replace(hour=23))
    assert state_of(request) == RequestStatus.CERTIFIED
    with tenancy.vendor():
        assert Certificate.objects.count() == 1
        assert not LicensedUser.objects.filter(external_id="ann-1").exists()


def test_killed_in_the_middle_of_it_nothing_happened(monkeypatch):
    organization = a_client()
    request, run = planned(organization)
    with tenancy.vendor():
        before = Message.objects.filter(organization=organization).count()

    def killed(*_values, **_more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(BY_NAME["licensed_users"]), "erase", killed)
        with pytest.raises(KeyboardInterrupt):
            erasure.advance(run, now=AFTER_GRACE, by=SYSTEM)
    with tenancy.vendor():
        assert Message.objects.filter(organization=organization).count() == before
        assert not ErasureStep.objects.filter(run=run).exclude(status=StepStatus.WAITING).exists()
    live_until(AFTER_GRACE.replace(hour=23))
    assert state_of(request) == RequestStatus.CERTIFIED


@pytest.mark.parametrize(("gigabytes", "megabytes"), [(0.25, 128), (1, 128), (2, 256), (4, 512), (8, 1024), (64, 1024)])
def test_the_embedded_database_takes_a_part_of_the_memory(gigabytes, megabytes):
    assert engines.shared_buffers(int(gigabytes * 2**30)) == megabytes


def test_a_containers_limit_is_its_memory(tmp_path):
    machine = engines.memory([])
    (tmp_path / "limited").write_text("536870912\n")
    (tmp_path / "unlimited").write_text("max\n")
    assert engines.memory([tmp_path / "missing", tmp_path / "unlimited"]) == machine
    assert engines.memory([tmp_path / "unlimited", tmp_path / "limited"]) == 536870912
