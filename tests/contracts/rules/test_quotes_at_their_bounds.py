"""The bounds at which the answer of a quote turns, and what a quote refuses, by field, code and particulars."""

from datetime import date
from decimal import Decimal

import pytest

from contracts.enums import GoverningLaw, NoticeEndOf, TerminationGround
from contracts.rules import quotes, worth
from contracts.rules.billing import PricedTerm
from contracts.rules.errors import InvalidInput
from contracts.rules.quotes import ExitClause, LineKind, Standing
from tests.contracts.rules.clauses import notices
from tests.contracts.rules.test_quotes import ask, day, money

G = TerminationGround
BOUNDS = {"earliest": day("0002-01-01"), "latest": day("9998-12-31")}


def refused(rule, *args, **more):
    with pytest.raises(InvalidInput) as raised:
        rule(*args, **more)
    return raised.value.field, raised.value.code, raised.value.params


@pytest.mark.parametrize(
    ("ground", "exit_on", "penalty"),
    [
        pytest.param(G.CONVENIENCE, "2026-06-29", None, id="for-convenience-a-day-before-the-commitment-s-last"),
        pytest.param(G.CONVENIENCE, "2026-06-30", "3024.66", id="for-convenience-on-the-commitment-s-last-day"),
        pytest.param(G.SWITCHING, "2026-06-29", "3041.10", id="a-switch-is-not-held"),
        pytest.param(G.AGREEMENT, "2026-06-29", "3041.10", id="an-agreement-is-not-held"),
        pytest.param(G.CLIENT_BREACH, "2026-06-29", "3041.10", id="the-client-s-breach-is-not-held"),
        pytest.param(G.VENDOR_BREACH, "2026-06-29", "0.00", id="the-vendor-s-breach-is-not-held"),
    ],
)
def test_whom_the_minimum_commitment_holds(ground, exit_on, penalty):
    found = ask(exit_on, ground, notice={"commitment": 6})
    assert found.right_to_leave == (penalty is not None)
    assert str(found.penalty.amount) == (penalty or "0.00")


@pytest.mark.parametrize(
    ("ground", "agreed", "penalty"),
    [
        pytest.param(G.CONVENIENCE, None, "0.00", id="for-convenience"),
        pytest.param(G.AGREEMENT, None, "0.00", id="by-agreement"),
        pytest.param(G.AGREEMENT, money("70"), "70.00", id="by-agreement-on-an-amount"),
        pytest.param(G.CONVENIENCE, money("70"), "0.00", id="an-amount-counts-by-agreement-only"),
        pytest.param(G.SWITCHING, None, "0.00", id="a-switch"),
        pytest.param(G.CLIENT_BREACH, None, "5967.12", id="the-client-s-breach-does-not-become-a-notice"),
    ],
)
def test_an_exit_that_a_notice_could_bring_costs_nothing(ground, agreed, penalty):
    found = ask("2027-01-02", ground, on="2026-10-02", notice={"mid_term_exit": True}, agreed=agreed, paid="24000")
    assert found.right_to_leave
    assert str(found.penalty.amount) == penalty


@pytest.mark.parametrize(
    ("paid", "before", "arrears", "refund"),
    [
        pytest.param("17950.68", "12000", None, "0.00", id="paid-for-the-term-before-and-until-the-exit"),
        pytest.param("12000", "12000", "5950.68", "0.00", id="paid-for-the-term-before-only"),
        pytest.param("24000", "12000", None, "6049.32", id="paid-for-both"),
        pytest.param("12000", None, None, "6049.32", id="nothing-was-charged-before"),
    ],
)
def test_what_was_charged_for_earlier_terms_is_earned(paid, before, arrears, refund):
    clause = ExitClause(
        rate=Decimal(0), refunds=True, law=GoverningLaw.FR, concluded_on=day("2025-12-01"), committed_until=None
    )
    charged = None if before is None else money(before)
    priced = (PricedTerm(notices().term(1), money("12000")),)
    standing = Standing(priced, day("2026-12-31"), money(paid), money("0"), charged)
    found = quotes.quote(clause, standing, exit_on=day("2026-06-30"), ground=G.CONVENIENCE)
    owed = {line.kind: str(line.amount.amount) for line in found.lines}.get(LineKind.ARREARS)
    assert (owed if arrears is None else arrears) == owed
    assert str(found.refund.amount) == refund


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param(
            {"ground": None}, ("exit_on", "not_an_end", {"next_end": day("2026-12-31")}), id="no-notice-ends-it-then"
        ),
        pytest.param({"paid": "-0.01"}, ("paid", "negative", {}), id="paid-less-than-nothing"),
        pytest.param({"credits": "-0.01"}, ("credits", "negative", {}), id="credits-below-nothing"),
        pytest.param({"agreed": money("-0.01")}, ("agreed", "negative", {}), id="less-than-nothing-agreed"),
        pytest.param({"switching_cost": money("-0.01")}, ("switching_cost", "negative", {}), id="cost-below-nothing"),
        pytest.param(
            {"agreed": money("1", "PLN")},
            ("agreed", "mixed_currencies", {"one": "EUR", "other": "PLN"}),
            id="agreed-in-zloty",
        ),
        pytest.param(
            {"switching_cost": money("1", "PLN")},
            ("switching_cost", "mixed_currencies", {"one": "EUR", "other": "PLN"}),
            id="cost-in-zloty",
        ),
        pytest.param(
            {"clause": {"rate": Decimal("1.01")}},
            ("rate", "over_100_percent", {"rate": Decimal("1.01")}),
            id="over-100-per-cent",
        ),
        pytest.param(
            {"clause": {"cap": money("1", "PLN")}},
            ("cap", "mixed_currencies", {"one": "EUR", "other": "PLN"}),
            id="cap-in-zloty",
        ),
        pytest.param({"on": "2026-07-01"}, ("exit_on", "in_the_past", {}), id="before-today"),
    ],
)
def test_what_a_quote_refuses(asked, found):
    assert refused(ask, **asked) == found


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        pytest.param({"paid": money("1", "PLN")}, "paid", id="paid"),
        pytest.param({"credits": money("1", "PLN")}, "credits", id="credits"),
        pytest.param({"charged_before": money("1", "PLN")}, "charged_before", id="charged-before"),
    ],
)
def test_where_the_contract_stands_is_told_in_its_own_currency(changed, found):
    clause = ExitClause(rate=None, refunds=False, law=GoverningLaw.FR, concluded_on=day("2025-12-01"))
    priced = (PricedTerm(notices().term(1), money("12000")),)
    standing = Standing(
        **{"terms": priced, "next_end": day("2026-12-31"), "paid": money("0"), "credits": money("0"), **changed}
    )
    asked = {"exit_on": day("2026-06-30"), "ground": G.CONVENIENCE}
    assert refused(quotes.quote, clause, standing, **asked) == (
        found,
        "mixed_currencies",
        {"one": "EUR", "other": "PLN"},
    )
    assert refused(quotes.quote, clause, standing, **{**asked, "exit_on": day("2027-01-01")}) == (
        "exit_on",
        "outside_term",
        {},
    )


def test_earlier_fees_are_not_below_nothing():
    clause = ExitClause(rate=None, refunds=False, law=GoverningLaw.FR, concluded_on=day("2025-12-01"))
    priced = (PricedTerm(notices().term(1), money("12000")),)
    standing = Standing(priced, day("2026-12-31"), money("0"), money("0"), money("-1"))
    found = refused(quotes.quote, clause, standing, exit_on=day("2026-06-30"), ground=G.CONVENIENCE)
    assert found == ("charged_before", "negative", {})


@pytest.mark.parametrize(
    ("of", "on", "exit_on", "end"),
    [
        pytest.param({}, "2026-09-30", "2026-12-31", "2026-12-31", id="the-last-day-for-notice"),
        pytest.param({}, "2026-10-01", "2026-12-31", "2027-12-31", id="a-day-later"),
        pytest.param({}, "2026-03-01", "2026-03-01", "2026-12-31", id="today"),
        pytest.param({}, "2026-03-01", "2027-12-31", "2027-12-31", id="two-terms-ahead"),
        pytest.param({}, "2026-03-01", "2028-01-01", "2028-12-31", id="three-terms-ahead"),
        pytest.param({"mid_term_exit": True}, "2026-03-01", "2026-06-01", "2026-06-01", id="once-notice-has-run"),
        pytest.param({"mid_term_exit": True}, "2026-03-01", "2026-05-31", "2026-06-01", id="a-day-before-it-has-run"),
        pytest.param({"mid_term_exit": True}, "2026-03-01", "2026-06-02", "2026-06-02", id="a-day-after-it-has-run"),
        pytest.param(
            {"mid_term_exit": True, "end_of": NoticeEndOf.MONTH},
            "2026-03-01",
            "2026-06-30",
            "2026-06-30",
            id="at-the-end-of-the-month-in-which-it-runs-out",
        ),
        pytest.param(
            {"renewal": None, "end_of": NoticeEndOf.QUARTER}, "2027-03-01", "2027-07-01", "2027-09-30", id="a-quarter"
        ),
        pytest.param({"auto_renews": False}, "2026-03-01", "2026-06-30", "2026-12-31", id="ends-by-itself"),
        pytest.param({"first": 1, "renewal": 1, "length": 1}, "2026-03-15", "2026-06-10", "2026-06-30", id="monthly"),
    ],
)
def test_the_first_end_from_a_day_on(of, on, exit_on, end):
    assert str(quotes.next_end(notices(**of), on=day(on), exit_on=day(exit_on))) == end


@pytest.mark.parametrize(
    ("of", "on", "named"),
    [
        pytest.param({}, "2026-06-30", None, id="with-a-term-only"),
        pytest.param({"mid_term_exit": True}, "2026-06-30", "2026-06-30", id="any-day"),
        pytest.param({"renewal": None}, "2026-06-30", None, id="before-it-is-indefinite"),
        pytest.param({"renewal": None}, "2027-01-01", "2027-01-01", id="indefinite"),
        pytest.param(
            {"mid_term_exit": True, "end_of": NoticeEndOf.MONTH}, "2026-02-03", "2026-02-28", id="the-month-s-end"
        ),
        pytest.param({"mid_term_exit": True}, "2026-01-31", None, id="before-any-notice-ends-it"),
        pytest.param({}, "2026-02-01", "2026-02-01", id="what-a-notice-brings-in-any-case"),
    ],
)
def test_the_day_that_a_notice_may_name(of, on, named):
    found = worth.named_end(notices(**of), day(on), earliest=day("2026-02-01"))
    assert found == (named and day(named))


def test_an_end_if_given_is_the_day_on_which_the_notice_takes_effect():
    of = notices(mid_term_exit=True)
    assert quotes.end_if_given(of, day("2026-05-02")) == day("2026-08-02")
    assert quotes.end_if_given(of, day("2026-05-02")) == worth.ends_if_given(of, on=day("2026-05-02")).takes_effect_on


def test_an_exit_is_a_day_of_the_calendar():
    assert refused(quotes.next_end, notices(), on=day("2026-03-01"), exit_on=date(9999, 1, 1)) == (
        "exit_on",
        "out_of_calendar",
        BOUNDS,
    )


@pytest.mark.parametrize(
    ("freed", "penalty", "explained"),
    [
        pytest.param("2026-09-29", "1495.89", True, id="a-notice-leaves-91-days"),
        pytest.param("2026-12-30", "3008.22", True, id="all-but-the-last-day-of-the-term"),
        pytest.param("2026-12-31", "3024.66", False, id="the-term-s-last-day"),
        pytest.param("2027-03-31", "3024.66", False, id="after-the-term"),
        pytest.param(None, "3024.66", False, id="no-notice-stands"),
    ],
)
def test_no_fee_is_asked_for_days_that_a_standing_notice_frees(freed, penalty, explained):
    clause = ExitClause(
        rate=Decimal("0.5"), refunds=True, law=GoverningLaw.OTHER, concluded_on=day("2025-01-01"), committed_until=None
    )
    priced = (PricedTerm(notices().term(1), money("12000")),)
    freed_after = None if freed is None else day(freed)
    standing = Standing(
        priced,
        min(freed_after or day("2026-12-31"), day("2026-12-31")),
        money("0"),
        money("0"),
        None,
        False,
        freed_after,
    )
    found = quotes.quote(clause, standing, exit_on=day("2026-06-30"), ground=G.CONVENIENCE)
    (owed,) = (line for line in found.lines if line.kind is LineKind.PENALTY)
    assert str(found.penalty.amount) == penalty
    steps = [(step.code, step.params) for step in owed.explanation.steps if step.code == "freed_by_notice"]
    remaining = str((money(penalty).amount * 2).quantize(Decimal("0.01")))
    assert [code for code, _ in steps] == ["freed_by_notice"] * explained
    if explained:
        assert steps[0][1]["until"] == freed
        assert abs(Decimal(steps[0][1]["amount"].split()[0]) - Decimal(remaining)) <= Decimal("0.01")


@pytest.mark.parametrize(
    ("asked", "on_notice"),
    [
        pytest.param({"exit_on": "2026-12-31", "ground": None}, True, id="without-a-ground"),
        pytest.param({"exit_on": "2026-12-31"}, True, id="for-convenience-on-a-day-that-a-notice-reaches"),
        pytest.param({}, False, id="within-the-term"),
        pytest.param({"exit_on": "2026-12-31", "ground": G.VENDOR_BREACH}, False, id="for-a-breach"),
    ],
)
def test_it_is_told_whether_a_notice_is_all_it_takes(asked, on_notice):
    assert ask(**asked).on_notice is on_notice


def test_for_a_day_that_no_notice_reaches_any_more_there_is_no_last_one():
    assert quotes.last_notice_for(notices(), on=day("2026-12-01"), exit_on=day("2026-12-31")) is None
