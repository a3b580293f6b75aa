"""The stored events of calendars: revised, cancelled, brought back; the second sweep writes nothing."""

import uuid
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import tenancy
from accounts.operations.sweeping import SYSTEM
from contracts import sweeps
from contracts.models import CalendarEvent, Contract, Deadline
from contracts.operations import amendments, calendar, ends, reminders, stored
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import IN_ORDER, MANAGER, an_agreement, at_once, give, live_until, withdraw
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
ORDER = (*IN_ORDER, sweeps.refresh_all_deadlines, sweeps.refresh_all_calendars)


def an_active_contract(**values):
    contract = a_signed_contract(an_organization(), **values)
    live_until("2025-01-02", ORDER)
    return contract


def refresh(instant):
    sweeps.refresh_all_deadlines(at=at(instant), by=SYSTEM)
    return sweeps.refresh_all_calendars(at=at(instant), by=SYSTEM)


def events(contract):
    """Return the events as {(kind, occurrence): (day, revision, cancelled)}."""
    with tenancy.vendor():
        return {
            (one.kind, one.occurrence): (str(one.on), one.sequence, one.cancelled_at is not None)
            for one in CalendarEvent.objects.filter(contract=contract).order_by("on", "pk")
        }


def ids(contract):
    with tenancy.vendor():
        rows = CalendarEvent.objects.filter(contract=contract)
        return {(one.kind, one.occurrence): one.public_id for one in rows}


def test_two_years_ahead_are_foreseen():
    found = events(an_active_contract())
    assert list(found)[:3] == [("last_notice", 1), ("term_end", 1), ("renewal", 2)]
    assert found["renewal", 3] == ("2027-01-01", 0, False)
    assert not any(cancelled for _on, _sequence, cancelled in found.values())


def test_an_event_that_is_made_anew_after_a_restore_has_the_id_that_it_had():
    contract = an_active_contract()
    for (kind, occurrence), found in ids(contract).items():
        assert found == uuid.uuid5(contract.public_id, f"{kind}/{contract.public_id}/{occurrence}")


def test_a_notice_given_and_withdrawn_cancels_and_brings_back_the_same_events():
    contract = an_active_contract()
    before, known = events(contract), ids(contract)
    give(contract, "2025-06-01")
    refresh("2025-06-02")
    found = events(contract)
    assert found["last_notice", 1] == ("2025-09-30", 1, True) and found["renewal", 2] == ("2026-01-01", 1, True)
    assert found["contract_end", 0] == ("2025-12-31", 0, False)
    assert found["retrieval_end", 0] == ("2026-01-30", 0, False)
    withdraw(contract, "2025-06-10")
    refresh("2025-06-11")
    found = events(contract)
    assert found["contract_end", 0] == ("2025-12-31", 1, True)
    assert {key: found[key] for key in before} == {key: (on, 2, False) for key, (on, _s, _c) in before.items()}
    assert {key: ids(contract)[key] for key in known} == known
    give(contract, "2025-07-01")
    refresh("2025-07-02")
    assert events(contract)["contract_end", 0] == ("2025-12-31", 2, False)


def test_a_changed_clause_moves_the_event_under_its_id():
    contract = an_active_contract()
    known = ids(contract)["last_notice", 1]
    with tenancy.vendor():
        changed = Contract.objects.select_related("organization").get(pk=contract.pk)
        changed.notice_length = 2
        changed.save(update_fields=["notice_length"])
        ends.apply(changed, now=at("2025-02-01"), by="user:manager")
    refresh("2025-02-01")
    assert events(contract)["last_notice", 1] == ("2025-10-31", 1, False)
    assert ids(contract)["last_notice", 1] == known


def test_the_alarms_follow_the_leads_of_the_contract():
    contract = an_active_contract()
    with tenancy.vendor():
        reminders.set_leads(contract, reminder_leads=[45, 10], reminds_client=False, now=at("2025-02-01"), by=MANAGER)
    refresh("2025-02-01")
    with tenancy.vendor():
        found = CalendarEvent.objects.get(contract=contract, kind="last_notice", occurrence=1)
    assert (found.alarms, found.sequence) == ([45, 10], 1)


def test_an_amendment_to_come_moves_the_events_after_its_day_and_voided_moves_them_back():
    contract = an_active_contract()
    before = events(contract)
    with tenancy.vendor():
        found = amendments.record(
            contract,
            agreed_on=date(2025, 2, 1),
            valid_from=date(2026, 2, 1),
            values={"notice_length": 1},
            source=uuid.uuid4(),
            now=at("2025-02-01"),
            by=MANAGER,
        )
    refresh("2025-02-01")
    assert events(contract)["last_notice", 2] == ("2026-11-30", 1, False)
    assert events(contract)["last_notice", 1] == before["last_notice", 1]
    with tenancy.vendor():
        proof = an_agreement(contract, at("2025-02-02"))
        amendments.void(found, proof=proof, now=at("2025-02-02"), by=MANAGER)
    refresh("2025-02-02")
    assert events(contract)["last_notice", 2] == ("2026-09-30", 2, False)


def test_the_day_itself_is_not_over():
    contract = an_active_contract()
    with tenancy.vendor():
        stored.deadlines_changed(contract)
    refresh("2025-09-30")
    assert events(contract)["last_notice", 1] == ("2025-09-30", 0, False)


def test_what_has_passed_stays_as_it_was_and_the_view_moves_on():
    contract = an_active_contract()
    live_until("2026-02-02", ORDER)
    found = events(contract)
    assert found["last_notice", 1] == ("2025-09-30", 0, False)
    assert found["renewal", 2] == ("2026-01-01", 0, False)
    assert found["renewal", 4] == ("2028-01-01", 0, False)


def test_a_month_later_a_further_month_comes_into_view_though_nothing_changed():
    contract = an_active_contract()
    with tenancy.vendor():
        due = Contract.objects.get(pk=contract.pk).calendar_due_at
    assert at("2025-01-02") + timedelta(days=20) < due < at("2025-01-02") + timedelta(days=31)
    with tenancy.vendor():
        assert not sweeps.calendars_due(at=due - timedelta(seconds=1)).exists()
        assert sweeps.calendars_due(at=due).exists()


def test_a_start_that_a_notice_recorded_late_has_voided_is_cancelled():
    contract = an_active_contract()
    live_until("2026-01-02", ORDER)
    give(contract, "2025-09-01", recorded="2026-01-03")
    refresh("2026-01-03")
    found = events(contract)
    assert found["renewal", 2] == ("2026-01-01", 1, True)
    assert found["last_notice", 1] == ("2025-09-30", 0, False)


def test_the_open_deadlines_of_other_areas_are_told_too():
    contract = an_active_contract()
    with tenancy.vendor():
        row = Deadline.objects.get(contract=contract, kind="last_notice")
        Deadline.objects.filter(pk=row.pk).update(kind="send_by", vendor_only=True)
        Contract.objects.filter(pk=contract.pk).update(calendar_due_at=at("2025-02-01"))
    sweeps.refresh_all_calendars(at=at("2025-02-01"), by=SYSTEM)
    assert events(contract)["send_by", 1] == ("2025-09-30", 0, False)
    with tenancy.tenant(contract.organization_id):
        assert not CalendarEvent.objects.filter(kind="send_by").exists()
        assert CalendarEvent.objects.filter(kind="last_notice").exists()


def test_a_second_run_writes_nothing():
    contract = an_active_contract()
    with tenancy.vendor():
        before = list(CalendarEvent.objects.order_by("pk").values())
        stored.deadlines_changed(contract)
    assert refresh("2025-01-03").done == 1
    assert refresh("2025-01-03").done == 0
    with tenancy.vendor():
        assert list(CalendarEvent.objects.order_by("pk").values()) == before


def test_two_workers_make_each_once():
    contract = a_signed_contract(an_organization())
    sweeps.refresh_all_deadlines(at=at("2024-12-03"), by=SYSTEM)
    at_once(lambda: calendar.refresh([contract.pk], now=at("2024-12-03"), by=SYSTEM))
    refresh("2024-12-03")
    assert {sequence for _on, sequence, _cancelled in events(contract).values()} == {0}


def test_the_cost_is_constant_in_queries():
    def cost(count):
        for _one in range(count):
            a_signed_contract(an_organization())
        sweeps.refresh_all_deadlines(at=at("2024-12-03"), by=SYSTEM)
        with CaptureQueriesContext(connection) as queries:
            assert sweeps.refresh_all_calendars(at=at("2024-12-03"), by=SYSTEM).done == count
        return len(queries)

    assert cost(1) == cost(12)
