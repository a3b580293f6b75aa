"""The forecast: what lies ahead of a contract, in order, by the engine's own rules; the revenue by how sure it is."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from contracts.enums import GoverningLaw, NoticeEffect, NoticeUnit
from contracts.rules import chatel, forecast, revenue
from contracts.rules.explanation import Explanation
from contracts.rules.forecast import PendingAmendment, State
from contracts.rules.free_exit import Missed
from contracts.rules.notice import NoticeClause
from contracts.rules.switching import AfterSwitch

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
CLAUSE = NoticeClause(
    anchor=date(2025, 1, 1),
    first=12,
    renewal=12,
    length=3,
    unit=NoticeUnit.MONTHS,
    effect=NoticeEffect.RECEIPT,
    law=GoverningLaw.FR,
    calendar_country="FR",
)
YEARLY = State(clause=CLAUSE, zone="Europe/Paris", number=2, fee=Decimal("12000.00"), currency="EUR", leads=(30, 7))
day = date.fromisoformat


def after(retrieval_end, erase_from):
    last_day = None if retrieval_end is None else day(retrieval_end)
    return AfterSwitch(last_day, day(erase_from), Explanation("switching", 1, {}, (), ""))


def ahead(state, until, now=NOW):
    return [(event.kind.value, event.on.isoformat()) for event in forecast.events(state, now=now, until=day(until))]


CASES = {
    "a-yearly-contract": (
        YEARLY,
        "2027-01-01",
        [
            ("reminder", "2026-08-31"),
            ("reminder", "2026-09-23"),
            ("last_notice", "2026-09-30"),
            ("renewal_certain", "2026-10-01"),
            ("renews", "2027-01-01"),
        ],
    ),
    "until-the-eve": (YEARLY, "2026-08-30", []),
    "certain-already": (replace(YEARLY, certain=True), "2027-01-02", [("renews", "2027-01-01")]),
    "under-notice": (
        replace(YEARLY, ends_on=day("2027-01-01")),
        "2027-12-31",
        [("ends", "2026-12-31"), ("retrieval_ends", "2027-02-01"), ("erasure_possible", "2027-02-02")],
    ),
    "completed-early-the-data-stay-as-the-switch-says": (
        replace(YEARLY, ends_on=day("2026-12-11"), prolongs=True, switch=after("2027-04-02", "2027-04-03")),
        "2027-12-31",
        [("ends", "2026-12-10"), ("retrieval_ends", "2027-04-02"), ("erasure_possible", "2027-04-03")],
    ),
    "erasure-only-there-is-nothing-to-fetch": (
        replace(YEARLY, ends_on=day("2026-12-11"), prolongs=True, switch=after(None, "2026-12-11")),
        "2027-12-31",
        [("ends", "2026-12-10"), ("erasure_possible", "2026-12-11")],
    ),
    "late-notice": (
        replace(YEARLY, ends_on=day("2028-01-01"), number=2, retrieval_days=0),
        "2028-01-01",
        [
            ("renewal_certain", "2026-10-01"),
            ("renews", "2027-01-01"),
            ("ends", "2027-12-31"),
            ("retrieval_ends", "2027-12-31"),
            ("erasure_possible", "2028-01-01"),
        ],
    ),
    "indefinite": (replace(YEARLY, clause=replace(CLAUSE, renewal=None)), "2035-01-01", []),
    "becomes-indefinite": (
        replace(YEARLY, clause=replace(CLAUSE, renewal=None), number=1, certain=True, leads=()),
        "2035-01-01",
        [("renews", "2026-01-01")],
    ),
    "ends-by-itself": (
        replace(YEARLY, clause=replace(CLAUSE, auto_renews=False), number=1, certain=False),
        "2026-01-01",
        [("ends", "2025-12-31")],
    ),
    "not-started": (
        replace(YEARLY, number=1, started=False, clause=replace(CLAUSE, anchor=day("2026-03-01")), leads=()),
        "2026-12-01",
        [("starts", "2026-03-01"), ("last_notice", "2026-11-30"), ("renewal_certain", "2026-12-01")],
    ),
    "an-amended-notice-moves-the-last-day": (
        replace(YEARLY, leads=(), amendments=(PendingAmendment(day("2026-06-01"), {"notice_length": 1}),)),
        "2026-12-31",
        [("amended", "2026-06-01"), ("last_notice", "2026-11-30"), ("renewal_certain", "2026-12-01")],
    ),
    "an-amended-price": (
        replace(
            YEARLY,
            leads=(),
            certain=True,
            amendments=(PendingAmendment(day("2026-06-01"), {"annual_fee": "13000.00"}, Decimal("13000.00")),),
        ),
        "2027-01-01",
        [("amended", "2026-06-01"), ("price_changes", "2026-06-01"), ("renews", "2027-01-01")],
    ),
    "an-amended-length": (
        replace(YEARLY, leads=(), amendments=(PendingAmendment(day("2026-06-01"), {"renewal_term_months": 6}),)),
        "2027-08-01",
        [
            ("amended", "2026-06-01"),
            ("last_notice", "2026-09-30"),
            ("renewal_certain", "2026-10-01"),
            ("renews", "2027-01-01"),
            ("last_notice", "2027-03-31"),
            ("renewal_certain", "2027-04-01"),
            ("renews", "2027-07-01"),
        ],
    ),
}


@pytest.mark.parametrize(("state", "until", "expected"), CASES.values(), ids=CASES)
def test_what_lies_ahead(state, until, expected):
    assert ahead(state, until) == expected


def test_a_renewal_says_the_new_terms_fee():
    amended = replace(
        YEARLY, amendments=(PendingAmendment(day("2026-06-01"), {"annual_fee": "13000.00"}, Decimal("13000.00")),)
    )
    for state, fee in ((YEARLY, "12000.00"), (amended, "13000.00")):
        (renewal,) = (e for e in forecast.events(state, now=NOW, until=day("2027-01-01")) if e.kind == "renews")
        assert (str(renewal.amount), renewal.currency, renewal.params["number"]) == (fee, "EUR", 3)
        assert renewal.at == datetime(2026, 12, 31, 23, tzinfo=UTC)


def test_a_reminder_before_the_term_begins_is_left_out():
    short = replace(YEARLY, clause=replace(CLAUSE, renewal=3, length=1), leads=(90, 30), number=3)
    assert [one for one in ahead(short, "2026-06-30") if one[0] == "reminder"] == [("reminder", "2026-05-01")]


def test_the_forecast_ends_with_the_calendar():
    late = replace(YEARLY, number=1, leads=(), clause=replace(CLAUSE, anchor=day("9995-01-01")))
    now = datetime(9995, 6, 1, tzinfo=UTC)
    assert ahead(late, "9998-12-30", now)[-1] == ("renews", "9998-01-01")


def sums(state, until, now=NOW):
    found = {}
    for (_month, currency, sureness), amount in revenue.exact(state, now=now, until=day(until)).items():
        found[currency, sureness.value] = found.get((currency, sureness.value), Fraction(0)) + amount
    return {key: round(float(amount), 2) for key, amount in found.items()}


def test_a_year_ahead_is_locked_in_and_then_can_be_left():
    rest = round(12000 * 334 / 365, 2)
    assert sums(YEARLY, "2027-12-31") == {("EUR", "locked_in"): rest, ("EUR", "can_leave"): 12000.0}


def test_the_next_term_is_in_the_window_while_its_last_day_for_notice_is_near():
    now = datetime(2026, 9, 15, 12, tzinfo=UTC)
    assert sums(YEARLY, "2028-12-31", now) == {
        ("EUR", "locked_in"): round(12000 * 108 / 365, 2),
        ("EUR", "notice_window"): 12000.0,
        ("EUR", "can_leave"): 12000.0,
    }


@pytest.mark.parametrize(
    ("on", "sureness"),
    [
        pytest.param("2026-08-30", "can_leave", id="before-the-first-reminder"),
        pytest.param("2026-08-31", "notice_window", id="from-the-first-reminder-on"),
        pytest.param("2026-09-30", "notice_window", id="the-last-day-itself"),
        pytest.param("2026-10-01", "locked_in", id="the-day-after"),
    ],
)
def test_the_window_of_the_next_term_opens_with_the_first_reminder_and_closes_with_the_last_day(on, sureness):
    now = datetime.fromisoformat(f"{on}T12:00:00+00:00")
    found = revenue.exact(YEARLY, now=now, until=day("2027-12-31"))
    assert {sure.value for month, _currency, sure in found if month == day("2027-06-01")} == {sureness}


def test_what_is_certain_is_locked_in():
    now = datetime(2026, 10, 15, 12, tzinfo=UTC)
    assert sums(replace(YEARLY, certain=True), "2027-12-31", now) == {
        ("EUR", "locked_in"): round(12000 * 78 / 365 + 12000, 2)
    }


def test_what_is_certain_can_still_be_left_by_a_client_that_was_not_reminded():
    now, term = datetime(2026, 10, 15, 12, tzinfo=UTC), CLAUSE.term(2)
    window = chatel.window(term.last_day, length=3, unit=NoticeUnit.MONTHS)
    reminded = chatel.judge(window, sent_on=None, term=term, protected=True)
    state = replace(YEARLY, certain=True, missed=(Missed(2, window.closes, reminded),))
    assert sums(state, "2027-12-31", now) == {
        ("EUR", "locked_in"): round(12000 * 78 / 365, 2),
        ("EUR", "can_leave"): 12000.0,
    }


def test_after_a_term_that_is_certain_the_window_is_that_of_the_one_behind_it():
    monthly = replace(CLAUSE, first=1, renewal=1, length=10, unit=NoticeUnit.DAYS)
    now = datetime(2026, 2, 25, 12, tzinfo=UTC)
    assert sums(replace(YEARLY, clause=monthly, number=14, certain=True), "2026-05-31", now) == {
        ("EUR", "locked_in"): round(1000 * 4 / 28 + 1000, 2),
        ("EUR", "notice_window"): 1000.0,
        ("EUR", "can_leave"): 1000.0,
    }


def test_under_notice_there_is_nothing_after_the_end():
    leaving = replace(YEARLY, ends_on=day("2026-07-01"))
    assert sums(leaving, "2030-12-31") == {("EUR", "under_notice"): round(12000 * 150 / 365, 2)}


def test_an_indefinite_contract_is_locked_in_for_its_notice():
    endless = replace(YEARLY, clause=replace(CLAUSE, renewal=None))
    found = sums(endless, "2026-12-31")
    assert found["EUR", "locked_in"] == round(12000 * 90 / 365, 2)
    assert round(sum(found.values()), 2) == round(12000 * 334 / 365, 2)


def test_a_price_that_changes_within_a_term_counts_from_its_day():
    amendment = PendingAmendment(day("2026-07-02"), {"annual_fee": "24000.00"}, Decimal("24000.00"))
    found = revenue.exact(replace(YEARLY, amendments=(amendment,)), now=NOW, until=day("2026-07-31"))
    july = sum(amount for (month, *_rest), amount in found.items() if month == day("2026-07-01"))
    assert july == Fraction(12000, 365) + 30 * Fraction(24000, 365)


def test_currencies_are_never_added_up_and_each_sum_is_rounded_once():
    third = replace(YEARLY, fee=Decimal("10.00"))
    zloty = replace(YEARLY, currency="PLN")
    many = [revenue.exact(one, now=NOW, until=day("2026-02-28")) for one in (third, third, zloty)]
    found = {one.amount.currency: one.amount.amount for one in revenue.total(many)}
    assert found == {"EUR": Decimal("1.53"), "PLN": Decimal("920.55")}
