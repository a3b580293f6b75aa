"""A contract that renews no more ends with the term that ran when that was agreed, or is carried on beyond it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.enums import GoverningLaw, NoticeJudgment, NoticeKind
from contracts.rules import amending, billing, notice, quotes, whatif, worth
from contracts.rules.billing import FeeChange
from contracts.rules.days import ONE_DAY
from contracts.rules.errors import InvalidInput
from contracts.rules.money import Money
from contracts.rules.quotes import ExitClause
from contracts.rules.whatif import Facts
from tests.contracts.rules.clauses import clauses, notices

day = date.fromisoformat
IN_TIME, LATE, PREMATURE, _NOT_ENTITLED = NoticeJudgment
NON_RENEWAL, TERMINATION = NoticeKind
# Calendar years from 2026 on; 2027 is agreed to be the last. Three months' notice.
SECOND = {"auto_renews": False, "last_term": 2}


def judged(of, on, kind):
    return notice.judge(notices(**of), sent_on=day(on), received_on=day(on), entitled=True, kind=kind)


@pytest.mark.parametrize(
    ("of", "on", "kind", "judgment", "last_day"),
    [
        pytest.param(SECOND, "2027-05-15", NON_RENEWAL, IN_TIME, "2027-12-31", id="it-ends-by-itself"),
        pytest.param(SECOND, "2027-12-31", TERMINATION, IN_TIME, "2027-12-31", id="on-its-last-day"),
        pytest.param(SECOND | {"mid_term_exit": True}, "2027-05-15", TERMINATION, IN_TIME, "2027-08-15", id="leaves"),
        pytest.param(
            SECOND | {"mid_term_exit": True},
            "2027-11-15",
            TERMINATION,
            IN_TIME,
            "2027-12-31",
            id="it-ends-even-earlier",
        ),
        pytest.param(
            SECOND | {"mid_term_exit": True}, "2026-10-15", TERMINATION, IN_TIME, "2027-01-15", id="of-the-term-before"
        ),
        pytest.param(SECOND, "2026-09-30", NON_RENEWAL, IN_TIME, "2026-12-31", id="recorded-late-but-given-in-time"),
        pytest.param(SECOND, "2026-10-01", NON_RENEWAL, LATE, "2027-12-31", id="late-for-the-term-before"),
        pytest.param(
            SECOND | {"length": 15}, "2026-10-01", NON_RENEWAL, LATE, "2027-12-31", id="expires-on-the-day-after-it"
        ),
        pytest.param(
            SECOND | {"commitment": 30},
            "2026-05-01",
            TERMINATION,
            PREMATURE,
            "2027-12-31",
            id="committed-beyond-its-end",
        ),
        pytest.param(
            SECOND | {"renewal": None}, "2027-05-15", TERMINATION, IN_TIME, "2027-08-15", id="a-term-without-an-end"
        ),
        pytest.param(
            SECOND | {"renewal": None, "last_term": 1}, "2026-05-15", TERMINATION, IN_TIME, "2026-12-31", id="the-first"
        ),
    ],
)
def test_a_notice_ends_it_no_later_than_its_last_term(of, on, kind, judgment, last_day):
    found = judged(of, on, kind)
    assert (found.judgment, str(found.takes_effect_on)) == (judgment, last_day)
    assert found.explanation.inputs["last_term"] == of["last_term"]


@pytest.mark.parametrize(
    ("of", "on"),
    [
        pytest.param(SECOND | {"length": 15}, "2026-10-01", id="late"),
        pytest.param(SECOND | {"commitment": 30}, "2026-05-01", id="premature"),
        pytest.param(SECOND, "2027-05-15", id="in-its-last-term"),
    ],
)
def test_it_is_told_that_it_ends_without_notice(of, on):
    step = judged(of, on, TERMINATION).explanation.steps[-1]
    assert (step.code, step.params) == ("ends_without_notice", {"last_day": "2027-12-31"})


@pytest.mark.parametrize("kind", NoticeKind)
def test_once_that_term_is_over_there_is_nothing_to_end(kind):
    with pytest.raises(InvalidInput) as refused:
        judged(SECOND, "2028-01-01", kind)
    assert (refused.value.field, refused.value.code) == ("given_on", "contract_over")


@pytest.mark.parametrize(
    ("exit_on", "named"),
    [
        pytest.param("2027-08-20", "2027-08-20", id="within-the-last-term"),
        pytest.param("2027-12-31", "2027-12-31", id="its-last-day"),
        pytest.param("2028-01-01", None, id="after-it"),
    ],
)
def test_no_notice_names_a_day_after_the_last_term(exit_on, named):
    of = notices(mid_term_exit=True, **SECOND)
    found = worth.named_end(of, day(exit_on), earliest=day("2027-06-01"))
    assert found == (named and day(named))


@pytest.mark.parametrize(
    ("exit_on", "until"),
    [
        pytest.param("2027-12-31", "2027-12-31", id="its-last-day"),
        pytest.param("2028-01-01", None, id="after-it"),
    ],
)
def test_no_notice_can_be_given_for_a_day_after_the_last_term(exit_on, until):
    found = quotes.last_notice_for(notices(**SECOND), on=day("2027-12-01"), exit_on=day(exit_on))
    assert found == (until and day(until))


@pytest.mark.parametrize(
    ("number", "last_notice_on", "certain_on"),
    [
        pytest.param(1, "2026-09-30", "2026-10-01", id="the-term-before"),
        pytest.param(2, None, None, id="the-last"),
    ],
)
def test_the_term_before_the_last_one_renewed(number, last_notice_on, certain_on):
    of = notices(**SECOND)
    found = notice.last_notice(of, of.term(number))
    assert (found and str(found.legal)) == last_notice_on
    assert notice.renewal_certain_on(of, of.term(number)) == (certain_on and day(certain_on))


@pytest.mark.parametrize(
    ("valid_from", "last_term", "over_on"),
    [
        pytest.param("2025-12-01", 1, "2027-01-01", id="before-it-begins"),
        pytest.param("2026-01-01", 1, "2027-01-01", id="its-first-day"),
        pytest.param("2027-01-01", 1, "2027-01-01", id="as-the-second-term-would-begin"),
        pytest.param("2027-01-02", 2, "2028-01-01", id="in-the-second-term"),
        pytest.param("2029-06-01", 4, "2030-01-01", id="in-the-fourth"),
    ],
)
def test_an_amendment_makes_the_running_term_the_last(valid_from, last_term, over_on):
    found = amending.amended(notices(), {"auto_renews": False}, valid_from=day(valid_from))
    assert (found.last_term, found.over_on) == (last_term, day(over_on))
    assert amending.amended(found, {"auto_renews": True}, valid_from=day(valid_from)).over_on is None


@given(clauses, st.integers(1, 5), st.integers(0, 1500), st.sampled_from(NoticeKind))
def test_no_notice_ends_it_later_than_it_ends_by_itself_or_than_it_would_if_it_renewed(of, last, before, kind):
    renews_no_more = replace(of, auto_renews=False, last_term=1 if of.renewal is None else last)
    on = renews_no_more.over_on - (before + 1) * ONE_DAY
    found, renewing = (
        notice.judge(one, sent_on=on, received_on=on, entitled=True, kind=kind).ends_on for one in (renews_no_more, of)
    )
    assert found <= min(renews_no_more.over_on, renewing)


def carried(*, ends_on="2027-03-04", rate=None, annual=None, **more):
    """Return the facts of a contract of 2026 alone that a switch carries on until 3 March 2027."""
    clause = notices(auto_renews=False)
    leave = ExitClause(
        rate=rate,
        refunds=True,
        law=GoverningLaw.FR,
        concluded_on=day("2025-12-01"),
        disclosed_on=day("2025-12-01"),
    )
    price = annual or (lambda _number: money("12000"))
    return Facts(clause, leave, price, ends_on=day(ends_on), carried_from=day("2027-01-01"), **more)


def money(amount):
    return Money(Decimal(amount), "EUR")


def by_term(number):
    return money("12000" if number == 1 else "24000")


RAISED = (FeeChange(day("2026-07-01"), money("18000")),)


@pytest.mark.parametrize(
    ("on", "asked", "expected"),
    [
        pytest.param(
            "2027-01-15", {}, [("2027-01-15", "2027-03-03", "1578.08")], id="after-the-term-at-the-price-of-its-days"
        ),
        pytest.param(
            "2026-12-01",
            {"annual": by_term},
            [("2026-12-01", "2026-12-31", "1019.18"), ("2027-01-01", "2027-03-03", "2038.35")],
            id="no-new-term-no-new-price",
        ),
        pytest.param(
            "2027-01-15", {"changes": RAISED}, [("2027-01-15", "2027-03-03", "2367.12")], id="at-its-last-price"
        ),
        pytest.param(
            "2027-12-15",
            {"ends_on": "2028-03-01"},
            [("2027-12-15", "2027-12-31", "558.90"), ("2028-01-01", "2028-02-29", "1972.61")],
            id="for-longer-than-the-term-lasted",
        ),
    ],
)
def test_what_carries_a_contract_on_commits_it_until_that_end(on, asked, expected):
    found = whatif.committed(carried(**asked), on=day(on))
    assert [(str(y.starts_on), str(y.ends_on - ONE_DAY), str(y.amount.amount)) for y in found] == expected


@pytest.mark.parametrize(
    ("on", "exit_on", "own", "switching"),
    [
        # Half of the fees of December's last 11 days to leave early; those and 32 days of the switch else.
        pytest.param("2026-12-01", "2026-12-20", ("180.82", "2026-12-20"), ("1413.70", "2027-02-01"), id="in-the-term"),
        pytest.param("2026-12-01", "2027-01-20", ("1380.82", "2027-03-03"), ("394.52", "2027-02-01"), id="after-it"),
        pytest.param("2027-01-15", "2027-01-20", ("1380.82", "2027-03-03"), ("1380.82", "2027-03-03"), id="asked-then"),
    ],
)
def test_after_the_term_nothing_but_the_standing_end_lets_the_client_go(on, exit_on, own, switching):
    found = {one.exit_on: one for one in whatif.series(carried(rate=Decimal("0.5")), on=day(on))}
    assert max(found) == day("2027-03-03")
    one = found[day(exit_on)]
    assert [(str(way.cost.amount), str(way.bound_until)) for way in (one.own, one.switching)] == [own, switching]


def test_one_that_is_over_is_no_longer_committed():
    for ask in (whatif.series, whatif.committed):
        with pytest.raises(InvalidInput) as refused:
            ask(carried(), on=day("2027-03-04"))
        assert (refused.value.field, refused.value.code) == ("on", "contract_over")


@given(st.integers(1, 900))
def test_service_after_the_term_costs_the_same_a_day_at_a_time(days):
    clause = notices()
    (last,) = billing.priced_terms(
        clause, annual=by_term, starts_on=day("2026-12-31"), ends_on=day("2027-01-01"), changes=RAISED
    )
    until = day("2027-01-01") + days * ONE_DAY
    found, _why = billing.after_term(last, until=until)
    assert found == Money(Decimal(18000 * days) / 365, "EUR").rounded()
    assert (
        quotes.money.from_exact(
            billing.fees_between(
                tuple(billing.beyond_term(last, until=until)), starts_on=day("2027-01-01"), ends_on=until
            ),
            "EUR",
        )
        == found
    )
