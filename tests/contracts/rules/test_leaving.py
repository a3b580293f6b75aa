"""What an exit within a term costs: the fee of the days that remain, and the clause's share of it."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.rules import leaving
from contracts.rules.days import ONE_DAY
from contracts.rules.errors import InvalidInput
from contracts.rules.money import Money
from contracts.rules.terms import Term

day = date.fromisoformat


def money(amount, currency="EUR"):
    return Money(Decimal(amount), currency)


def term(first, last):
    return Term(1, day(first), day(last) + ONE_DAY)


@pytest.mark.parametrize(
    ("first", "last", "fee", "exit_on", "rate", "cap", "days", "remaining", "penalty"),
    [
        pytest.param(
            "2026-01-01", "2026-12-31", "12000", "2026-06-30", "0.5", None, 184, "6049.32", "3024.66", id="half-a-year"
        ),
        pytest.param(
            "2026-01-01", "2026-12-31", "12000", "2026-06-30", "1", None, 184, "6049.32", "6049.32", id="everything"
        ),
        pytest.param(
            "2026-01-01", "2026-12-31", "12000", "2026-06-30", "0", None, 184, "6049.32", "0.00", id="no-penalty"
        ),
        pytest.param(
            "2026-01-01", "2026-12-31", "12000", "2026-06-30", "0.5", "2000", 184, "6049.32", "2000.00", id="capped"
        ),
        pytest.param(
            "2026-01-01", "2026-12-31", "12000", "2026-06-30", "0.5", "9000", 184, "6049.32", "3024.66", id="under-cap"
        ),
        pytest.param(
            "2026-01-01", "2026-12-31", "12000", "2026-06-30", "0.5", "0", 184, "6049.32", "0.00", id="cap-of-nothing"
        ),
        pytest.param(
            "2026-01-01", "2026-12-31", "12000", "2026-12-31", "1", None, 0, "0.00", "0.00", id="on-the-last-day"
        ),
        pytest.param(
            "2026-01-01", "2026-12-31", "12000", "2026-01-01", "1", None, 364, "11967.12", "11967.12", id="first-day"
        ),
        pytest.param("2028-01-01", "2028-12-31", "366", "2028-02-29", "1", None, 306, "306.00", "306.00", id="leap"),
        pytest.param("2028-01-01", "2028-12-31", "1.83", "2028-12-30", "1", None, 1, "0.01", "0.01", id="half-a-cent"),
        pytest.param(
            "2025-07-01", "2028-06-30", "36000", "2026-06-30", "0.3", None, 731, "24010.95", "7203.28", id="three-years"
        ),
    ],
)
def test_an_exit_within_a_term(first, last, fee, exit_on, rate, cap, days, remaining, penalty):
    found = leaving.leave(
        term(first, last),
        fee=money(fee),
        exit_on=day(exit_on),
        rate=Decimal(rate),
        cap=None if cap is None else money(cap),
    )
    assert found.remaining_days == days
    assert str(found.remaining.amount) == remaining
    assert str(found.penalty.amount) == penalty


def test_the_penalty_is_rounded_from_the_exact_remainder_not_from_the_rounded_one():
    # 0.01 × 364 / 365 is 0.00997…, shown as 0.01; half of the shown one would be half a cent and round up.
    found = leaving.leave(
        term("2026-01-01", "2026-12-31"), fee=money("0.01"), exit_on=day("2026-01-01"), rate=Decimal("0.5")
    )
    assert (str(found.remaining), str(found.penalty)) == ("0.01 EUR", "0.00 EUR")


def test_yen_have_no_decimals():
    found = leaving.leave(
        term("2026-01-01", "2026-12-31"), fee=money("12000", "JPY"), exit_on=day("2026-06-30"), rate=Decimal("0.5")
    )
    assert (str(found.remaining), str(found.penalty)) == ("6049 JPY", "3025 JPY")


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        pytest.param({"exit_on": day("2025-12-31")}, "exit_on", "outside_term", id="before-the-term"),
        pytest.param({"exit_on": day("2027-01-01")}, "exit_on", "outside_term", id="after-the-term"),
        pytest.param({"term": term("2026-02-01", "2026-01-01")}, "term_end", "ends_before_it_starts", id="backwards"),
        pytest.param({"term": Term(2, day("2026-01-01"), None)}, "term_end", "indefinite", id="indefinite"),
        pytest.param({"rate": Decimal("1.0001")}, "rate", "over_100_percent", id="over-100-per-cent"),
        pytest.param({"rate": Decimal("-0.1")}, "rate", "negative", id="negative-rate"),
        pytest.param({"rate": Decimal("NaN")}, "rate", "not_a_number", id="no-rate"),
        pytest.param({"fee": money("-1")}, "fee", "negative", id="negative-fee"),
        pytest.param({"cap": money("-1")}, "cap", "negative", id="negative-cap"),
        pytest.param({"cap": money("1", "PLN")}, "cap", "mixed_currencies", id="cap-in-another-currency"),
    ],
)
def test_what_has_no_answer_is_refused(changes, field, code):
    asked = {
        "term": term("2026-01-01", "2026-12-31"),
        "fee": money("12000"),
        "exit_on": day("2026-06-30"),
        "rate": Decimal("0.5"),
        **changes,
    }
    with pytest.raises(InvalidInput) as refused:
        leaving.leave(asked.pop("term"), **asked)
    assert (refused.value.field, refused.value.code) == (field, code)


@pytest.mark.parametrize(
    ("written", "rate"),
    [("0.5", "0.5"), ("50%", "0.5"), ("50 %", "0.5"), ("12.5%", "0.125"), ("0", "0"), ("1", "1"), ("100%", "1")],
)
def test_a_rate_is_written_as_a_fraction_or_per_cent(written, rate):
    assert leaving.parse_rate(written) == Decimal(rate)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("50", "over_100_percent"),
        ("100.1%", "over_100_percent"),
        ("-0.5", "not_a_number"),
        ("half", "not_a_number"),
        ("0,5", "not_a_number"),
        ("", "not_a_number"),
        ("1e-1", "not_a_number"),
    ],
)
def test_what_is_no_rate_is_refused(written, code):
    with pytest.raises(InvalidInput) as refused:
        leaving.parse_rate(written)
    assert refused.value.code == code


@given(
    st.integers(0, 364),
    st.decimals(0, 10**9, places=2),
    st.decimals(0, 1, places=4),
    st.decimals(0, 10**6, places=2),
)
def test_a_day_later_never_costs_more_and_nothing_exceeds_the_fee(left, fee, rate, cap):
    year = term("2026-01-01", "2026-12-31")
    on = year.last_day - left * ONE_DAY
    found = leaving.leave(year, fee=money(fee), exit_on=on, rate=rate, cap=money(cap))
    assert found.remaining_days == left
    assert 0 <= found.penalty.amount <= found.remaining.amount <= fee
    assert found.penalty.amount <= cap
    if on < year.last_day:
        later = leaving.leave(year, fee=money(fee), exit_on=on + ONE_DAY, rate=rate, cap=money(cap))
        assert later.penalty.amount <= found.penalty.amount
