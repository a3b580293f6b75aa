"""Leaving on any of the days ahead: what it costs, until when the contract binds, and why the series steps."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.enums import GoverningLaw, NoticeEndOf, TerminationGround
from contracts.rules import billing, quotes, whatif
from contracts.rules.days import ONE_DAY, add_months
from contracts.rules.errors import InvalidInput
from contracts.rules.money import Money
from contracts.rules.quotes import ExitClause, Standing
from contracts.rules.whatif import Facts, Reason
from tests.contracts.rules.clauses import clauses, notices

day = date.fromisoformat
ON = day("2026-03-01")


def money(amount):
    return Money(Decimal(amount), "EUR")


def facts(*, notice=None, clause=None, annual="12000", **more):
    terms = notices(**(notice or {}))
    return Facts(
        terms,
        ExitClause(
            **{
                "rate": None,
                "refunds": True,
                "law": GoverningLaw.FR,
                "concluded_on": day("2025-12-01"),
                "disclosed_on": day("2025-12-01"),
                "committed_until": terms.committed_until,
                **(clause or {}),
            }
        ),
        annual if callable(annual) else lambda number: money(annual),
        **more,
    )


HALF = {"rate": Decimal("0.5")}


def steps(found, way):
    return [(str(one.exit_on), *getattr(one, way).reasons) for one in found if getattr(one, way).reasons]


def at(found, on):
    return next(one for one in found if one.exit_on == day(on))


def test_every_day_of_two_years_is_looked_at():
    found = whatif.series(facts(), on=ON)
    assert [found[0].exit_on, found[-1].exit_on] == [ON, day("2028-02-29")]
    assert len(found) == 731


@pytest.mark.parametrize(
    ("asked", "exit_on", "cost", "bound_until"),
    [
        pytest.param({}, "2026-06-30", "6049.32", "2026-12-31", id="no-right-the-fees-go-on"),
        pytest.param({}, "2026-12-31", "0.00", "2026-12-31", id="at-the-end"),
        pytest.param({}, "2027-01-01", "11967.12", "2027-12-31", id="the-day-after"),
        pytest.param({"clause": HALF}, "2026-06-30", "3024.66", "2026-06-30", id="half-of-what-remains"),
        pytest.param(
            {"clause": {**HALF, "cap": money("1000")}}, "2026-12-15", "263.01", "2026-12-15", id="half-of-little"
        ),
        pytest.param(
            {"clause": {"rate": Decimal(1)}}, "2026-12-15", "526.03", "2026-12-31", id="as-dear-as-staying-stays"
        ),
        pytest.param({"notice": {"mid_term_exit": True}}, "2026-04-30", "1052.05", "2026-06-01", id="notice-runs-out"),
        pytest.param({"notice": {"mid_term_exit": True}}, "2026-08-15", "0.00", "2026-08-15", id="free-on-notice"),
        pytest.param(
            {"notice": {"commitment": 9}, "clause": HALF}, "2026-06-30", "6049.32", "2026-12-31", id="committed"
        ),
        pytest.param(
            {"clause": {**HALF, "disclosed_on": None}}, "2026-06-30", "0.00", "2026-06-30", id="blocked-costs-nothing"
        ),
        pytest.param(
            {"annual": lambda number: money("12000" if number == 1 else "24000")},
            "2027-06-30",
            "12098.63",
            "2027-12-31",
            id="the-next-term-has-its-own-price",
        ),
    ],
)
def test_the_contract_s_own_way(asked, exit_on, cost, bound_until):
    found = at(whatif.series(facts(**asked), on=ON), exit_on).own
    assert (str(found.cost.amount), str(found.bound_until)) == (cost, bound_until)


@pytest.mark.parametrize(
    ("asked", "exit_on", "cost", "bound_until"),
    [
        pytest.param({}, "2026-03-01", "2005.48", "2026-05-01", id="the-fees-of-the-notice"),
        pytest.param({}, "2026-06-30", "0.00", "2026-06-30", id="free-after-it"),
        pytest.param({"switching_months": 3}, "2026-03-01", "2005.48", "2026-05-01", id="three-months-count-as-two"),
        pytest.param({"switching_months": 1}, "2026-03-01", "1019.18", "2026-04-01", id="one-month"),
        pytest.param({"clause": HALF}, "2026-06-30", "3024.66", "2026-06-30", id="the-early-exit-fee-is-owed"),
        pytest.param({"switching_cost": money("500")}, "2027-01-11", "500.00", "2027-01-11", id="at-cost"),
        pytest.param({"switching_cost": money("500")}, "2027-01-12", "0.00", "2027-01-12", id="free-from-its-day-on"),
    ],
)
def test_the_switching_way(asked, exit_on, cost, bound_until):
    found = at(whatif.series(facts(**asked), on=ON), exit_on).switching
    assert (str(found.cost.amount), str(found.bound_until)) == (cost, bound_until)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param(
            {},
            [
                ("2026-03-01", Reason.FIRST_DAY),
                ("2026-12-31", Reason.FREE_TO_LEAVE),
                ("2027-01-01", Reason.NEW_TERM, Reason.END_PASSED),
                ("2027-12-31", Reason.FREE_TO_LEAVE),
                ("2028-01-01", Reason.NEW_TERM, Reason.END_PASSED),
            ],
            id="each-term-binds-anew",
        ),
        pytest.param(
            {"notice": {"mid_term_exit": True}},
            [("2026-03-01", Reason.FIRST_DAY), ("2026-06-01", Reason.FREE_TO_LEAVE)],
            id="free-once-notice-has-run",
        ),
        pytest.param(
            {"notice": {"commitment": 6}, "clause": HALF},
            [
                ("2026-03-01", Reason.FIRST_DAY),
                ("2026-06-30", Reason.COMMITMENT_OVER),
                ("2026-12-31", Reason.FREE_TO_LEAVE),
                ("2027-01-01", Reason.NEW_TERM),
                ("2027-12-31", Reason.FREE_TO_LEAVE),
                ("2028-01-01", Reason.NEW_TERM),
            ],
            id="the-commitment-ends",
        ),
        pytest.param(
            {"clause": {**HALF, "cap": money("1000")}, "notice": {"mid_term_exit": True}},
            [
                ("2026-03-01", Reason.FIRST_DAY),
                ("2026-05-02", Reason.OTHER_WAY_CHEAPER),
                ("2026-06-01", Reason.FREE_TO_LEAVE),
            ],
            id="staying-becomes-cheaper",
        ),
        pytest.param(
            {"notice": {"end_of": NoticeEndOf.MONTH, "mid_term_exit": True}},
            None,
            id="every-month-s-end",
        ),
    ],
)
def test_the_steps_of_the_own_way_have_reasons(asked, expected):
    asked = dict(asked)
    found = whatif.series(facts(**asked), on=ON)
    if expected is not None:
        assert steps(found, "own") == expected
    for before, one in pairwise(found):
        rises = one.own.cost.amount > before.own.cost.amount
        assert not rises or one.own.reasons


def test_the_steps_of_the_switching_way_have_reasons():
    found = whatif.series(facts(clause=HALF, switching_cost=money("500")), on=ON)
    assert steps(found, "switching") == [
        ("2026-03-01", Reason.FIRST_DAY),
        ("2026-05-02", Reason.SWITCHING_NOTICE_OVER),
        ("2027-01-01", Reason.NEW_TERM),
        ("2027-01-12", Reason.SWITCHING_FREE),
        ("2027-12-31", Reason.FREE_TO_LEAVE),
        ("2028-01-01", Reason.NEW_TERM),
    ]


def test_the_series_stops_with_an_end_that_stands():
    found = whatif.series(facts(ends_on=day("2026-12-01"), clause=HALF), on=ON)
    assert (found[-1].exit_on, found[-1].own.bound_until) == (day("2026-11-30"), day("2026-11-30"))
    assert at(found, "2026-06-30").own.bound_until == day("2026-06-30")


def test_a_contract_that_does_not_renew_ends_by_itself():
    found = whatif.series(facts(notice={"auto_renews": False}), on=ON)
    assert (found[-1].exit_on, str(found[-1].own.cost.amount)) == (day("2026-12-31"), "0.00")


@pytest.mark.parametrize("months", [1, 2, 3], ids=lambda months: f"{months}-months")
@pytest.mark.parametrize(
    ("on", "asked", "exit_on", "cost", "bound_until"),
    [
        pytest.param("2026-06-15", {"clause": HALF}, "2026-06-15", "4273.97", "2026-08-15", id="the-early-exit-fee"),
        pytest.param(
            "2026-10-31", {"clause": HALF}, "2026-11-01", "1972.60", "2026-12-31", id="no-fee-at-the-term-s-end"
        ),
        pytest.param(
            "2026-06-15",
            {"clause": HALF, "notice": {"mid_term_exit": True, "length": 1}},
            "2026-06-15",
            "2005.48",
            "2026-08-15",
            id="no-fee-on-notice",
        ),
    ],
)
def test_what_switching_costs_does_not_hang_on_the_months_looked_at(months, on, asked, exit_on, cost, bound_until):
    found = at(whatif.series(facts(**asked), on=day(on), months=months), exit_on).switching
    assert (str(found.cost.amount), str(found.bound_until)) == (cost, bound_until)


@given(
    clauses,
    st.integers(-60, 1500),
    st.integers(1, 4),
    st.integers(1, 4),
    st.booleans(),
    st.none() | st.integers(1, 200),
    st.integers(0, 3),
)
@settings(max_examples=60)
def test_fewer_months_show_the_beginning_of_the_same_series(of, later, months, more, renews, ends_in, switching_months):
    on = of.anchor + timedelta(days=later)
    while (
        add_months(on, months) <= of.anchor
    ):  # it would begin after the months to look at: the end of a month is short
        on += ONE_DAY
    if not renews:
        of = replace(of, auto_renews=False)
        on = min(on, of.term(1).last_day)
    asked = replace(
        facts(clause={**HALF, "committed_until": of.committed_until}, annual=lambda number: money(1000 * number)),
        notice=of,
        switching_months=switching_months,
        ends_on=None if ends_in is None else max(on, of.anchor) + timedelta(days=ends_in),
    )
    short, long = (whatif.series(asked, on=on, months=many) for many in (months, months + more))
    assert long[: len(short)] == short


def test_before_it_starts_the_first_day_is_the_contract_s():
    found = whatif.series(facts(), on=day("2025-12-01"), months=3)
    assert (found[0].exit_on, found[-1].exit_on) == (day("2026-01-01"), day("2026-02-28"))


def test_the_series_agrees_with_the_quotes_day_by_day():
    own = facts(clause={**HALF, "cap": money("4000")}, notice={"commitment": 5})
    for one in whatif.series(own, on=ON, months=12)[::9]:
        end = quotes.next_end(own.notice, on=ON, exit_on=one.exit_on)
        terms = billing.priced_terms(own.notice, annual=own.annual, starts_on=one.exit_on, ends_on=end + ONE_DAY)
        paid = money("12000")
        found = quotes.quote(
            own.exit,
            Standing(terms, end, paid, money("0")),
            exit_on=one.exit_on,
            ground=TerminationGround.CONVENIENCE,
        )
        staying = billing.fees_between(terms, starts_on=one.exit_on + ONE_DAY, ends_on=end + ONE_DAY)
        if found.right_to_leave and found.penalty.amount < staying:
            assert one.own.cost == found.penalty
        else:
            assert one.own.bound_until == end


@pytest.mark.parametrize(
    ("on", "month", "expected"),
    [
        pytest.param("2026-03-01", 1, [("2026-03-01", "2026-12-31", "10060.27")], id="calendar-year"),
        pytest.param(
            "2026-11-01",
            4,
            [("2026-11-01", "2027-03-31", "4964.38"), ("2027-04-01", "2027-12-31", "9041.10")],
            id="from-april",
        ),
        pytest.param(
            "2026-11-01",
            1,
            [("2026-11-01", "2026-12-31", "2005.48"), ("2027-01-01", "2027-12-31", "12000.00")],
            id="the-renewal-is-certain",
        ),
        pytest.param(
            "2026-03-01",
            7,
            # Rounded alone, the second would be 6049.32, and the whole, 10060.27, a cent less than its parts.
            [("2026-03-01", "2026-06-30", "4010.96"), ("2026-07-01", "2026-12-31", "6049.31")],
            id="to-the-cent-of-the-whole",
        ),
        pytest.param("2026-07-15", 7, [("2026-07-15", "2026-12-31", "5589.04")], id="in-the-first-month-of-a-year"),
    ],
)
def test_what_is_committed_by_financial_year(on, month, expected):
    found = whatif.committed(facts(), on=day(on), year_starts_in=month)
    assert [(str(y.starts_on), str(y.ends_on - ONE_DAY), str(y.amount.amount)) for y in found] == expected


@pytest.mark.parametrize(
    ("call", "field", "code"),
    [
        pytest.param(lambda: whatif.series(facts(), on=ON, months=0), "months", "under_one", id="no-month"),
        pytest.param(
            lambda: whatif.series(facts(), on=day("2025-12-01"), months=1), "months", "begins_later", id="not-begun"
        ),
        pytest.param(
            lambda: whatif.series(facts(ends_on=day("2026-02-01")), on=ON),
            "on",
            "contract_over",
            id="series-of-the-past",
        ),
        pytest.param(
            lambda: whatif.committed(facts(ends_on=day("2026-02-01")), on=ON), "on", "contract_over", id="nothing-left"
        ),
        pytest.param(
            lambda: whatif.committed(facts(), on=ON, year_starts_in=13), "year_starts_in", "no_month", id="month-13"
        ),
    ],
)
def test_what_has_no_answer_is_refused(call, field, code):
    with pytest.raises(InvalidInput) as refused:
        call()
    assert (refused.value.field, refused.value.code) == (field, code)
