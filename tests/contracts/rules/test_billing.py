"""Fees fall due in parts that sum to the cent, payments cover them in order, a change of price is pro rata."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.enums import BillingInterval, BillingTiming
from contracts.rules import billing, terms
from contracts.rules.errors import InvalidInput
from contracts.rules.money import Money
from contracts.rules.terms import Term
from tests.contracts.rules.clauses import notices

day = date.fromisoformat
YEAR_2026 = Term(1, day("2026-01-01"), day("2027-01-01"))
ADVANCE, ARREARS = BillingTiming.ADVANCE, BillingTiming.ARREARS


def money(amount, currency="EUR"):
    return Money(Decimal(amount), currency)


def parts(term=YEAR_2026, annual="12000", interval="month", timing=ADVANCE, anchor=None, until=None, currency="EUR"):
    return billing.instalments(
        term,
        money(annual, currency),
        anchor=anchor or term.starts_on,
        interval=BillingInterval(interval),
        timing=timing,
        until=until,
    )


@pytest.mark.parametrize(
    ("annual", "months", "fee"),
    [
        pytest.param("12000", 12, "12000.00", id="a-year"),
        pytest.param("12000", 36, "36000.00", id="three-years"),
        pytest.param("1000", 1, "83.33", id="a-month"),
        pytest.param("1000", 5, "416.67", id="rounded-once-not-five-times"),
        pytest.param("0", 12, "0.00", id="nothing"),
        pytest.param("0.06", 1, "0.01", id="half-a-cent-up"),
    ],
)
def test_the_fee_of_a_term(annual, months, fee):
    assert str(billing.term_fee(money(annual), months=months).amount) == fee


def test_a_leap_year_costs_what_any_year_does():
    for year in (2027, 2028):
        assert billing.fee_of(Term(1, date(year, 1, 1), date(year + 1, 1, 1)), money("12000")) == money("12000.00")


def test_a_term_clamped_to_a_short_month_has_its_months():
    second = terms.term(2, anchor=day("2024-02-29"), first=12, renewal=12)
    assert billing.fee_of(second, money("12000")) == money("12000.00")


@pytest.mark.parametrize(
    ("asked", "count", "amounts", "first_due", "last_due"),
    [
        pytest.param({}, 12, {"1000.00"}, "2026-01-01", "2026-12-01", id="monthly-in-advance"),
        pytest.param({"timing": ARREARS}, 12, {"1000.00"}, "2026-02-01", "2027-01-01", id="monthly-in-arrears"),
        pytest.param({"interval": "quarter"}, 4, {"3000.00"}, "2026-01-01", "2026-10-01", id="quarterly"),
        pytest.param({"interval": "half_year"}, 2, {"6000.00"}, "2026-01-01", "2026-07-01", id="half-yearly"),
        pytest.param({"interval": "year"}, 1, {"12000.00"}, "2026-01-01", "2026-01-01", id="yearly"),
        pytest.param({"annual": "1000"}, 12, {"83.33", "83.34"}, "2026-01-01", "2026-12-01", id="cents-are-spread"),
        pytest.param(
            {"annual": "1000", "currency": "JPY"}, 12, {"83", "84"}, "2026-01-01", "2026-12-01", id="yen-are-whole"
        ),
    ],
)
def test_instalments(asked, count, amounts, first_due, last_due):
    found = parts(**asked)
    assert len(found) == count
    assert {str(part.amount.amount) for part in found} == amounts
    assert (found[0].due_on, found[-1].due_on) == (day(first_due), day(last_due))
    assert sum(part.amount.amount for part in found) == Decimal(asked.get("annual", "12000"))


def test_the_last_part_of_an_odd_term_is_shorter():
    found = parts(Term(1, day("2026-01-01"), day("2027-07-01")), interval="year")
    assert [(str(part.starts_on), str(part.last_day), str(part.amount.amount)) for part in found] == [
        ("2026-01-01", "2026-12-31", "12000.00"),
        ("2027-01-01", "2027-06-30", "6000.00"),
    ]


def test_parts_are_counted_from_the_anchor_and_return_to_its_day():
    second = terms.term(2, anchor=day("2025-08-31"), first=6, renewal=6)
    found = parts(second, anchor=day("2025-08-31"))
    assert [str(part.starts_on) for part in found][:3] == ["2026-02-28", "2026-03-31", "2026-04-30"]


def test_an_indefinite_term_is_billed_until_the_day_asked_for():
    endless = Term(2, day("2026-01-01"), None)
    found = parts(endless, annual="1000", until=day("2027-01-02"))
    assert len(found) == 13
    assert sum(part.amount.amount for part in found[:12]) == 1000
    with pytest.raises(InvalidInput) as refused:
        parts(endless)
    assert (refused.value.field, refused.value.code) == ("until", "missing")


@given(
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.integers(1, 48),
    st.integers(1, 24),
    st.integers(1, 4),
    st.decimals(0, 10**7, places=2),
    st.sampled_from(BillingInterval),
    st.sampled_from(BillingTiming),
)
def test_instalments_cover_the_term_without_gap_and_sum_to_its_fee(
    anchor, first, renewal, number, annual, interval, timing
):
    term = terms.term(number, anchor=anchor, first=first, renewal=renewal)
    found = billing.instalments(term, money(annual), anchor=anchor, interval=interval, timing=timing)
    assert [part.starts_on for part in found] == [term.starts_on, *(part.ends_on for part in found)][:-1]
    assert found[-1].ends_on == term.ends_on
    assert sum(part.amount.amount for part in found) == billing.fee_of(term, money(annual)).amount
    assert all(part.amount.amount >= 0 for part in found)


@pytest.mark.parametrize(
    ("paid", "on", "until", "unpaid", "prepaid", "excess"),
    [
        pytest.param("0", "2025-12-31", "2026-01-01", "0", "0", "0", id="nothing-due-nothing-paid"),
        pytest.param("0", "2026-01-01", "2026-01-01", "1000", "0", "0", id="due-on-its-day"),
        pytest.param("1000", "2026-01-31", "2026-02-01", "0", "0", "0", id="one-month-paid"),
        pytest.param("1500", "2026-01-31", "2026-02-01", "0", "500", "0", id="a-part-is-not-paid"),
        pytest.param("1500", "2026-02-01", "2026-02-01", "500", "0", "0", id="half-of-it-missing"),
        pytest.param("12000", "2026-03-15", "2027-01-01", "0", "9000", "0", id="paid-for-the-year"),
        pytest.param("12500", "2026-12-31", "2027-01-01", "0", "500", "500", id="too-much"),
    ],
)
def test_payments_cover_what_is_due_in_order(paid, on, until, unpaid, prepaid, excess):
    found = billing.settle(parts()[::-1], paid=money(paid), on=day(on))
    assert str(found.paid_until) == until
    amounts = [found.unpaid.amount, found.prepaid.amount, found.excess.amount]
    assert amounts == [Decimal(unpaid), Decimal(prepaid), Decimal(excess)]


def test_without_charges_nothing_is_paid_until_any_day():
    found = billing.settle((), paid=money("5"), on=day("2026-01-01"))
    assert (found.paid_until, found.excess) == (None, money("5"))


def test_in_arrears_the_first_unpaid_day_is_the_first_of_the_oldest_part():
    found = billing.settle(parts(timing=ARREARS), paid=money("1000"), on=day("2026-03-01"))
    assert (str(found.paid_until), found.unpaid.amount) == ("2026-02-01", 1000)


@pytest.mark.parametrize(
    ("before", "after", "on", "amount"),
    [
        pytest.param("12000", "13200", "2026-07-01", "604.93", id="raised-midway"),
        pytest.param("12000", "13200", "2026-01-01", "1200.00", id="raised-from-the-first-day"),
        pytest.param("12000", "13200", "2026-12-31", "3.29", id="raised-for-one-day"),
        pytest.param("12000", "10800", "2026-07-01", "-604.93", id="lowered"),
        pytest.param("12000", "12000", "2026-07-01", "0.00", id="unchanged"),
    ],
)
def test_a_price_that_changes_within_a_term_counts_by_days(before, after, on, amount):
    found, why = billing.uplift(YEAR_2026, before=money(before), after=money(after), changes_on=day(on))
    assert str(found.amount) == amount
    assert [step.code for step in why.steps] == ["price_changes_within_term"]


@pytest.mark.parametrize(
    ("call", "field", "code"),
    [
        pytest.param(lambda: billing.term_fee(money("-1"), months=1), "fee", "negative", id="negative-fee"),
        pytest.param(lambda: billing.term_fee(money("1"), months=0), "months", "under_one", id="no-month"),
        pytest.param(
            lambda: billing.fee_of(Term(2, day("2026-01-01"), None), money("1")), "term_end", "indefinite", id="endless"
        ),
        pytest.param(
            lambda: billing.settle((), paid=money("-1"), on=day("2026-01-01")), "paid", "negative", id="paid-back"
        ),
        pytest.param(
            lambda: billing.uplift(
                Term(2, day("2026-01-01"), None), before=money("1"), after=money("2"), changes_on=day("2026-02-01")
            ),
            "term_end",
            "indefinite",
            id="change-in-an-endless-term",
        ),
        pytest.param(
            lambda: billing.uplift(YEAR_2026, before=money("1"), after=money("2"), changes_on=day("2027-01-01")),
            "changes_on",
            "outside_term",
            id="change-after-the-term",
        ),
        pytest.param(
            lambda: billing.uplift(YEAR_2026, before=money("1"), after=money("2", "PLN"), changes_on=day("2026-02-01")),
            "currency",
            "mixed_currencies",
            id="change-of-currency",
        ),
        pytest.param(
            lambda: billing.earned(Term(2, day("2026-01-01"), None), money("1"), until=day("2026-02-01")),
            "term_end",
            "indefinite",
            id="earned-in-an-endless-term",
        ),
    ],
)
def test_what_has_no_answer_is_refused(call, field, code):
    with pytest.raises(InvalidInput) as refused:
        call()
    assert (refused.value.field, refused.value.code) == (field, code)


@pytest.mark.parametrize(
    ("until", "share"),
    [("2025-01-01", 0), ("2026-01-01", 0), ("2026-07-01", Fraction(181, 365)), ("2027-01-01", 1), ("2028-01-01", 1)],
)
def test_a_fee_is_earned_day_by_day(until, share):
    assert billing.earned(YEAR_2026, money("365"), until=day(until)) == 365 * share


def test_an_indefinite_term_is_priced_a_year_at_a_time_from_the_anchor():
    clause = notices(anchor=day("2024-07-01"), renewal=None)
    found = billing.priced_terms(
        clause, annual=lambda number: money("12000"), starts_on=day("2027-01-15"), ends_on=day("2028-08-01")
    )
    assert [(str(one.term.starts_on), str(one.term.last_day)) for one in found] == [
        ("2026-07-01", "2027-06-30"),
        ("2027-07-01", "2028-06-30"),
        ("2028-07-01", "2029-06-30"),
    ]
    exact = billing.fees_between(found, starts_on=day("2027-01-15"), ends_on=day("2027-01-16"))
    assert exact == Fraction(12000, 365)
