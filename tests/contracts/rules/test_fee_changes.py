"""A price that changes within a term counts from its day on: for the fees, for what remains, for what is committed."""

from datetime import date
from decimal import Decimal

import pytest

from contracts.enums import GoverningLaw, TerminationGround
from contracts.rules import billing, money, quotes, whatif
from contracts.rules.billing import FeeChange
from contracts.rules.money import Money
from contracts.rules.quotes import ExitClause, LineKind, Standing
from tests.contracts.rules.clauses import notices

day = date.fromisoformat


def eur(amount):
    return Money(Decimal(amount), "EUR")


def changes(*many):
    return tuple(FeeChange(day(on), eur(annual)) for on, annual in many)


DOUBLED = changes(("2026-04-01", "24000"))


def cost(*, starts, ends, of, clause=None):
    terms = billing.priced_terms(
        clause or notices(), annual=lambda _number: eur("12000"), starts_on=day(starts), ends_on=day(ends), changes=of
    )
    return str(money.from_exact(billing.fees_between(terms, starts_on=day(starts), ends_on=day(ends)), "EUR").amount)


@pytest.mark.parametrize(
    ("starts", "ends", "of", "expected"),
    [
        pytest.param("2026-01-01", "2027-01-01", (), "12000.00", id="no-change"),
        pytest.param("2026-01-01", "2027-01-01", DOUBLED, "21041.10", id="the-whole-term"),
        pytest.param("2026-01-01", "2026-04-01", DOUBLED, "2958.90", id="the-days-before"),
        pytest.param("2026-03-31", "2026-04-02", DOUBLED, "98.63", id="a-day-on-either-side"),
        pytest.param("2026-07-01", "2027-01-01", DOUBLED, "12098.63", id="the-days-after"),
        pytest.param("2026-07-01", "2027-01-01", changes(("2026-01-01", "24000")), "12098.63", id="on-its-first-day"),
        pytest.param("2026-07-01", "2027-01-01", changes(("2025-06-01", "24000")), "6049.32", id="before-the-term"),
        pytest.param("2026-07-01", "2027-01-01", changes(("2027-01-01", "24000")), "6049.32", id="the-day-after-it"),
        pytest.param(
            "2026-07-01",
            "2027-01-01",
            changes(("2026-04-01", "24000"), ("2026-10-01", "6000")),
            "7561.64",
            id="up-and-down-again",
        ),
    ],
)
def test_each_day_has_its_price(starts, ends, of, expected):
    assert cost(starts=starts, ends=ends, of=of) == expected


@pytest.mark.parametrize(
    ("starts", "ends", "expected"),
    [
        pytest.param("2026-01-01", "2027-01-01", "21041.10", id="the-year-of-the-change"),
        pytest.param("2027-01-01", "2028-01-01", "24000.00", id="the-year-after"),
        pytest.param("2027-07-01", "2027-07-02", "65.75", id="a-day-of-the-year-after"),
    ],
)
def test_in_a_term_without_an_end_it_stays_for_the_years_to_come(starts, ends, expected):
    endless = notices(anchor=day("2025-01-01"), renewal=None)
    assert cost(starts=starts, ends=ends, of=DOUBLED, clause=endless) == expected


def ask(exit_on, paid, of):
    clause = notices()
    end = quotes.next_end(clause, on=day("2026-02-01"), exit_on=day(exit_on))
    terms = billing.priced_terms(
        clause, annual=lambda _number: eur("12000"), starts_on=day(exit_on), ends_on=day("2027-01-01"), changes=of
    )
    leaving = ExitClause(
        rate=Decimal("0.5"),
        refunds=True,
        law=GoverningLaw.FR,
        concluded_on=day("2025-12-01"),
        disclosed_on=day("2025-12-01"),
    )
    return quotes.quote(
        leaving,
        Standing(terms, end, eur(paid), eur("0")),
        exit_on=day(exit_on),
        ground=TerminationGround.CONVENIENCE,
    )


def remainder(found):
    (line,) = (line for line in found.lines if line.kind is LineKind.FEE_REMAINING)
    return [(one.code, one.params.get("fee"), one.params.get("amount")) for one in line.explanation.steps]


def test_what_remains_is_counted_at_its_price():
    found = ask("2026-06-30", "21041.10", DOUBLED)
    assert [str(one.amount) for one in (found.penalty, found.refund, found.total)] == ["6049.32", "6049.32", "-6049.32"]
    assert remainder(found)[1:] == [("fee_remaining", "24000.00 EUR", "12098.63 EUR")]


def test_a_change_within_what_remains_is_told_with_its_day():
    found = ask("2026-02-28", "12000", DOUBLED)
    assert remainder(found)[1:] == [
        ("fee_changes", "12000.00 EUR", None),
        ("fee_remaining", "12000.00 EUR", "1019.18 EUR"),
        ("fee_changes", "24000.00 EUR", None),
        ("fee_remaining", "24000.00 EUR", "18082.19 EUR"),
    ]
    told = [one.params["from"] for one in found.lines[0].explanation.steps if one.code == "fee_changes"]
    assert told == ["2026-03-01", "2026-04-01"]
    assert str(found.penalty.amount) == "9550.68"  # half of 19,101.37, from the exact amount
    assert found.lines[0].explanation.inputs["fee_changes"] == {"2026-04-01": "24000.00 EUR"}


def test_on_the_last_day_nothing_remains_at_the_last_price():
    found = ask("2026-12-31", "21041.10", DOUBLED)
    assert remainder(found)[1:] == [("fee_remaining", "24000.00 EUR", "0.00 EUR")]


def test_what_is_committed_and_what_leaving_costs_count_it():
    clause = notices()
    facts = whatif.Facts(
        clause,
        ExitClause(
            rate=Decimal("0.5"),
            refunds=True,
            law=GoverningLaw.FR,
            concluded_on=day("2025-12-01"),
            disclosed_on=day("2025-12-01"),
        ),
        lambda _number: eur("12000"),
        changes=DOUBLED,
    )
    (year,) = whatif.committed(facts, on=day("2026-03-01"))
    assert str(year.amount.amount) == "19101.37"
    costs = {one.exit_on: str(one.own.cost.amount) for one in whatif.series(facts, on=day("2026-03-01"), months=6)}
    assert costs[day("2026-06-30")] == "6049.32"
