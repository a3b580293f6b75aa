"""Nights of retention rules beyond the vault and the clock: rehearsals, longer lengths, nights opened again."""

from datetime import UTC, datetime, timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from accounts import tenancy
from accounts.models import AuditEvent
from accounts.operations.sweeping import SYSTEM
from config.time_travel import travel
from retention.connectors.postgresql import PostgresStore
from retention.enums import BeyondState
from retention.models import LegalHold, NightBeyond
from retention.operations import holds, nights_beyond
from tests.retention.connectors.configured import a_store
from tests.retention.connectors.test_service import answers
from tests.retention.lasting import OFFICER
from tests.retention.test_nights_beyond import Nights, in_database, left
from tests.retention.test_nights_beyond import on_this_machine as on_this_machine
from tests.retention.test_nights_beyond import product as product
from tests.retention.test_nights_beyond import service as service

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def test_a_rehearsal_takes_nothing_and_does_not_wait_for_it(product):
    every = Nights()
    in_database(product, every.organization)
    before = left(product)
    every.begin(after=timedelta(days=400))
    told = []
    travel(at=every.now, until=None, tell=lambda at, name, swept: told.append(name))
    assert (every.row().state, every.row().erased, left(product)) == (BeyondState.RUNNING, 0, before)
    assert "nights_beyond" not in told
    with pytest.raises(nights_beyond.NotDue):
        nights_beyond.work(every.row(), now=every.now, by=SYSTEM)
    assert left(product) == before


def test_a_minimum_that_is_lengthened_counts_in_a_night_that_has_begun(product, settings):
    every = Nights()
    in_database(product, every.organization)
    every.begin()
    settings.CONTENT_MINIMUMS = "legal all 60 months"
    every.go_on()
    assert (every.row().state, every.row().erased, len(left(product)[0])) == (BeyondState.DONE, 0, 4)
    with tenancy.vendor():
        data = AuditEvent.objects.get(name="retention_night.beyond_done").data
    assert datetime.fromisoformat(data["cutoff"]) < every.now - timedelta(days=59 * 30)


def test_a_service_that_repeats_its_answer_counts_once_a_night_that_is_opened_again(service):
    every = Nights()
    a_store(settings={"url": service.url, "by_age": ["conversations"]})
    answered = {}

    def hook(handler, asked, number):
        return answers(handler, 200, {"erased": {"talks": answered.setdefault(asked["run"], 0 if answered else 4)}})

    service.hook = hook
    every.begin()
    every.go_on()
    hold = every.hold()
    with tenancy.vendor():
        holds.release(LegalHold.objects.get(pk=hold.pk), now=every.now, by=OFFICER)
    every.begin(after=timedelta(seconds=1))
    every.go_on()
    assert (every.row().state, every.row().erased, len(service.calls)) == (BeyondState.DONE, 4, 2)


def test_a_client_that_a_store_does_not_know_is_passed_over_there(product):
    every = Nights()
    in_database(product, every.organization, names="mapped")
    every.begin()
    assert every.go_on().done == 1
    assert (every.row().state, every.row().why) == (BeyondState.SKIPPED, "unnamed_tenant")


def test_a_workers_end_is_noted_and_waited_after_and_the_next_night_goes_on_where_it_stood(product, monkeypatch):
    monkeypatch.setattr(nights_beyond, "AT_ONCE", 1)
    every = Nights()
    in_database(product, every.organization)
    every.begin()
    with tenancy.vendor():
        (row,) = nights_beyond.due(at=every.now)
    assert not nights_beyond.work(row, now=every.now, by=SYSTEM, budget=timedelta())
    stood = every.row().cursor
    real = PostgresStore.erase_older

    def until_time_is_up(*args, **asked):
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(PostgresStore, "erase_older", until_time_is_up)
    with pytest.raises(SoftTimeLimitExceeded):
        nights_beyond.work(every.row(), now=every.now, by=SYSTEM)
    row = every.row()
    assert (row.state, row.why, row.failures, row.lease) == (BeyondState.RUNNING, "timeout", 1, None)
    assert row.again_at > every.now
    asked = []

    def looked_at(*args, **values):
        asked.append(values["checkpoint"])
        return real(*args, **values)

    monkeypatch.setattr(PostgresStore, "erase_older", looked_at)
    every.begin(after=timedelta(days=1))
    with tenancy.vendor():
        NightBeyond.objects.filter(pk=every.row().pk).update(started_at=row.started_at)
    nights_beyond.work(every.row(), now=datetime.now(UTC), by=SYSTEM)
    assert (stood != "", asked[0], every.row().erased, left(product)[0]) == (True, stood, 3, set())
