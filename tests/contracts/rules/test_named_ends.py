"""The end that a notice may name is never later than the one that it brings."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.enums import NoticeEndOf
from contracts.rules import quotes, whatif
from contracts.rules.money import Money
from contracts.rules.notice import Stay
from contracts.rules.quotes import ExitClause
from contracts.rules.whatif import Facts
from tests.contracts.rules.clauses import clauses, notices

day = date.fromisoformat
MONTH, QUARTER = NoticeEndOf
# Terms from the 15th of January on, which the month's end outlasts; the commitment lasts as long as the first term.
COMMITTED = {"anchor": day("2026-01-15"), "commitment": 12, "mid_term_exit": True, "end_of": MONTH}
STAYED = {"renewal": None, "end_of": MONTH, "stay": Stay(1, day("2027-01-15"))}

ENDS = [
    pytest.param(COMMITTED, "2026-06-01", "2027-01-14", "2027-01-14", id="the-term-s-own-end-is-a-way-out"),
    pytest.param(COMMITTED, "2026-06-01", "2027-01-15", "2027-01-31", id="the-next-term-ends-with-the-month"),
    pytest.param(COMMITTED, "2026-06-01", "2028-01-14", "2028-01-14", id="the-next-term-s-own-end"),
    pytest.param(COMMITTED, "2026-06-01", "2028-01-03", "2028-01-14", id="the-term-ends-before-the-month"),
    pytest.param(
        {**COMMITTED, "end_of": QUARTER},
        "2026-06-01",
        "2028-01-03",
        "2028-01-14",
        id="the-term-ends-before-the-quarter",
    ),
    pytest.param(STAYED, "2027-01-10", "2027-01-15", "2027-01-15", id="the-stay-s-end-though-no-month-ends"),
    pytest.param(STAYED, "2027-01-10", "2027-01-16", "2027-01-31", id="after-the-stay-the-month-s-end"),
]


@pytest.mark.parametrize(("of", "on", "exit_on", "end"), ENDS)
def test_the_next_end_is_the_term_s_where_that_comes_first(of, on, exit_on, end):
    assert str(quotes.next_end(notices(**of), on=day(on), exit_on=day(exit_on))) == end


@pytest.mark.parametrize(("of", "on", "exit_on", "end"), ENDS)
def test_what_if_binds_until_the_same_end(of, on, exit_on, end):
    clause = notices(**of)
    leave = ExitClause(rate=None, refunds=True, law=clause.law, concluded_on=day("2025-12-01"))
    facts = Facts(clause, leave, lambda _number: Money(Decimal(12000), "EUR"))
    found = {one.exit_on: one.own for one in whatif.series(facts, on=day(on))}
    assert str(found[day(exit_on)].bound_until) == end


@given(clauses, st.integers(-60, 4000), st.booleans(), st.none() | st.tuples(st.integers(1, 4), st.integers(0, 90)))
def test_the_end_that_a_notice_brings_is_the_next_end_from_that_day_on(of, later, renews, stayed):
    on = of.anchor + timedelta(days=later)
    if not renews:
        of = replace(of, auto_renews=False)
        on = min(on, of.term(1).last_day)
    if stayed is not None:
        term = of.term(1 if of.renewal is None else stayed[0])
        of = replace(of, stay=Stay(term.number, term.last_day + timedelta(days=stayed[1])))
    end = quotes.end_if_given(of, on)
    assert quotes.next_end(of, on=on, exit_on=end) == end
