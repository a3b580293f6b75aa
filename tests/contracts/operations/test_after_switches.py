"""How long the client may fetch its data after a switch, and from when they may be erased: one answer everywhere."""

from datetime import date

import pytest

from accounts import tenancy
from accounts.operations.sweeping import SYSTEM
from contracts.enums import SwitchKind, TerminationGround
from contracts.models import CalendarEvent, Deadline
from contracts.operations import calendar, deadlines, foreseeing, quotes
from tests.contracts.agreements import at
from tests.contracts.operations.lives import MANAGER, fresh, live_until
from tests.contracts.operations.switches import act, an_active_contract, day, opened
from tests.contracts.operations.test_switching import ORDER

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
ABOUT_DATA = ("retrieval_end", "switching_retrieval_end", "retrieval_ends", "erasure_possible")


def told(contract, now):
    """Return what the deadlines, the calendar and the forecast say of the data, each as kind and day."""
    found = fresh(contract)
    with tenancy.vendor():
        deadlines.refresh([found.pk], now=at(now), by=SYSTEM)
        rows = Deadline.objects.standing().filter(contract=found)
        due = {(row.kind, str(row.legal_on)) for row in rows}
        calendar.refresh([found.pk], now=at(now), by=SYSTEM)
        live = CalendarEvent.objects.filter(contract=found, cancelled_at__isnull=True)
        shown = {(row.kind, str(row.on)) for row in live}
        ahead = foreseeing.events_of(found, now=at(now), until=date(2027, 12, 31))
        events = {(event.kind.value, str(event.on)) for event in ahead}
    return tuple(sorted(one for one in many if one[0] in ABOUT_DATA) for many in (due, shown, events))


def checklist(contract, now, exit_on, ground):
    """Return the days of the checklist that a quote ends with."""
    with tenancy.vendor():
        found = quotes.make(fresh(contract), exit_on=day(exit_on), ground=ground, now=at(now), by=MANAGER)
    return {item["code"]: item["on"] for item in found.checklist}


def test_a_switch_keeps_the_data_from_its_agreed_transition_on():
    contract = an_active_contract()
    case = opened(contract)
    switched = [("switching_retrieval_end", "2027-04-02")]
    ahead = [("erasure_possible", "2027-04-03"), ("retrieval_ends", "2027-04-02")]
    assert told(contract, "2026-12-01") == (switched, switched, ahead)
    act("complete", case, now="2026-12-10", completed_on=day("2026-12-10"))
    assert told(contract, "2026-12-10") == (switched, switched, ahead)
    live_until("2026-12-11", order=ORDER)
    assert told(contract, "2026-12-11") == (switched, switched, [])


def test_for_erasure_only_nothing_is_fetched_and_it_is_possible_at_once():
    contract = an_active_contract()
    opened(contract, kind=SwitchKind.ERASURE_ONLY)
    assert told(contract, "2026-12-01") == ([], [], [("erasure_possible", "2027-02-02")])


def test_a_switch_that_was_withdrawn_says_nothing():
    contract = an_active_contract(auto_renews=False)
    act("withdraw", opened(contract), now="2026-12-02", on=day("2026-12-02"))
    due, shown, events = told(contract, "2026-12-02")
    assert due == shown == [("retrieval_end", "2027-02-01")]
    assert events == [("erasure_possible", "2027-02-02"), ("retrieval_ends", "2027-02-01")]


@pytest.mark.parametrize(
    ("exit_on", "ground", "export_checked", "erasure"),
    [
        pytest.param("2026-12-10", "switching", "2027-04-02", "2027-04-03", id="completed-early"),
        pytest.param("2027-03-03", "switching", "2027-04-02", "2027-04-03", id="with-the-transition"),
        pytest.param("2027-03-15", "switching", "2027-04-14", "2027-04-15", id="extended"),
        pytest.param("2026-12-10", "vendor_breach", "2027-01-11", "2027-01-12", id="another-ground"),
    ],
)
def test_the_checklist_of_a_quote_counts_as_the_switch_does(exit_on, ground, export_checked, erasure):
    found = checklist(an_active_contract(), "2026-12-01", exit_on, TerminationGround(ground))
    assert (found["export_checked"], found["erasure"]) == (export_checked, erasure)


@pytest.mark.parametrize(
    ("kind", "days"),
    [
        pytest.param(
            SwitchKind.PROVIDER,
            {"export_asked": "2026-12-10", "export_checked": "2027-04-02", "erasure": "2027-04-03"},
            id="to-another-provider",
        ),
        pytest.param(SwitchKind.ERASURE_ONLY, {"data_lost": "2027-02-02", "erasure": "2027-02-02"}, id="erasure-only"),
    ],
)
def test_under_an_open_switch_every_quote_says_what_the_case_says(kind, days):
    contract = an_active_contract(first_term_months=36)
    opened(contract, kind=kind)
    found = checklist(contract, "2026-12-02", "2026-12-10", TerminationGround.VENDOR_BREACH)
    assert found.items() >= days.items()
    assert ("export_checked" in found) == (kind is SwitchKind.PROVIDER)
