"""What a quote says for each way of leaving: its lines, what counts, what is blocked, set off and given back."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.enums import GoverningLaw, NoticeEndOf, NoticeParty, TerminationGround
from contracts.rules import billing, quotes
from contracts.rules.billing import PricedTerm
from contracts.rules.checklist import ItemCode, leaving_checklist
from contracts.rules.days import ONE_DAY
from contracts.rules.errors import InvalidInput
from contracts.rules.money import Money
from contracts.rules.quotes import ExitClause, LineKind, Standing
from tests.contracts.rules.clauses import notices

day = date.fromisoformat
G = TerminationGround


def money(amount, currency="EUR"):
    return Money(Decimal(amount), currency)


def ask(exit_on="2026-06-30", ground=G.CONVENIENCE, *, on="2026-03-01", paid="12000", credits="0", **more):
    """Ask for the quote of a contract of 12,000 EUR a year, half of what remains to leave it, three months' notice."""
    clause = notices(**more.pop("notice", {}))
    exit_clause = ExitClause(
        **{
            "rate": Decimal("0.5"),
            "refunds": True,
            "law": GoverningLaw.FR,
            "concluded_on": day("2025-12-01"),
            "disclosed_on": day("2025-12-01"),
            "committed_until": clause.committed_until,
            **more.pop("clause", {}),
        }
    )
    exit_day = day(exit_on)
    end = quotes.next_end(clause, on=day(on), exit_on=exit_day)
    terms = billing.priced_terms(
        clause, annual=lambda number: money("12000"), starts_on=exit_day, ends_on=end + ONE_DAY
    )
    return quotes.quote(
        exit_clause, Standing(terms, end, money(paid), money(credits)), exit_on=exit_day, ground=ground, **more
    )


def amounts(found):
    return {line.kind: str(line.amount.amount) for line in found.lines}


def codes(found, kind):
    return [step.code for line in found.lines if line.kind is kind for step in line.explanation.steps]


@pytest.mark.parametrize(
    ("asked", "penalty", "refund", "total"),
    [
        pytest.param({}, "3024.66", "3024.66", "-3024.66", id="prepaid-for-the-year"),
        pytest.param({"paid": "0"}, "3024.66", "0.00", "8975.34", id="nothing-paid"),
        pytest.param({"paid": "7000"}, "3024.66", "0.00", "1975.34", id="prepaid-less-than-the-penalty"),
        pytest.param({"clause": {"refunds": False}}, "3024.66", "0.00", "0.00", id="the-clause-refunds-nothing"),
        pytest.param({"clause": {"cap": money("1000")}}, "1000.00", "5049.32", "-5049.32", id="capped"),
        pytest.param({"clause": {"rate": Decimal(0)}}, "0.00", "6049.32", "-6049.32", id="rate-of-nothing"),
        pytest.param({"ground": G.VENDOR_BREACH}, "0.00", "6049.32", "-6049.32", id="vendor-s-breach"),
        pytest.param(
            {"ground": G.VENDOR_BREACH, "clause": {"refunds": False}},
            "0.00",
            "6049.32",
            "-6049.32",
            id="vendor-s-breach-refunds-whatever-the-clause-says",
        ),
        pytest.param({"ground": G.CLIENT_BREACH}, "3024.66", "3024.66", "-3024.66", id="client-s-breach"),
        pytest.param({"ground": G.IMMEDIATE}, "0.00", "6049.32", "-6049.32", id="client-leaves-for-a-grave-cause"),
        pytest.param(
            {"ground": G.IMMEDIATE, "party": NoticeParty.VENDOR},
            "3024.66",
            "3024.66",
            "-3024.66",
            id="vendor-leaves-for-a-grave-cause",
        ),
        pytest.param({"ground": G.AGREEMENT}, "3024.66", "3024.66", "-3024.66", id="agreement-by-the-clause"),
        pytest.param(
            {"ground": G.AGREEMENT, "agreed": money("500")}, "500.00", "5549.32", "-5549.32", id="agreed-amount"
        ),
        pytest.param(
            {"ground": G.AGREEMENT, "clause": {"rate": None}}, "0.00", "6049.32", "-6049.32", id="agreed-without-clause"
        ),
        pytest.param({"credits": "100"}, "3024.66", "3024.66", "-3124.66", id="credits-are-given"),
        pytest.param({"exit_on": "2026-12-31", "ground": None}, "0.00", "0.00", "0.00", id="at-the-term-s-end"),
        pytest.param({"exit_on": "2026-12-31"}, "0.00", "0.00", "0.00", id="for-convenience-on-the-last-day"),
        pytest.param(
            {"exit_on": "2026-06-30", "ground": G.SWITCHING, "switching_cost": money("300")},
            "3024.66",
            "3024.66",
            "-2724.66",
            id="switching-at-cost",
        ),
        pytest.param(
            {"exit_on": "2026-06-30", "ground": G.SWITCHING}, "3024.66", "3024.66", "-3024.66", id="cost-not-stated"
        ),
    ],
)
def test_a_quote_by_ground(asked, penalty, refund, total):
    found = ask(**asked)
    assert found.right_to_leave
    assert (str(found.penalty.amount), str(found.refund.amount), str(found.total.amount)) == (penalty, refund, total)


def test_each_line_has_its_clause_and_its_reasons():
    found = ask(credits="100")
    assert amounts(found) == {
        LineKind.FEE_REMAINING: "6049.32",
        LineKind.PENALTY: "3024.66",
        LineKind.SET_OFF: "-3024.66",
        LineKind.REFUND: "-3024.66",
        LineKind.CREDIT: "-100.00",
    }
    assert found.remaining_days == 184
    for line in found.lines:
        assert line.explanation.steps and line.explanation.source
    assert [line.kind for line in found.lines if not line.counts] == [LineKind.FEE_REMAINING]


def test_what_is_not_paid_until_the_exit_is_owed():
    assert amounts(ask(paid="5000"))[LineKind.ARREARS] == "950.68"


def test_what_the_clause_does_not_refund_is_said_but_not_counted():
    found = ask(clause={"refunds": False})
    kept = next(line for line in found.lines if line.kind is LineKind.PREPAID_KEPT)
    assert (str(kept.amount.amount), kept.counts) == ("3024.66", False)


@pytest.mark.parametrize(
    ("asked", "until", "fees"),
    [
        pytest.param({}, "2026-12-31", "6049.32", id="until-the-term-s-end"),
        pytest.param({"on": "2026-06-30"}, "2026-12-31", "6049.32", id="asked-on-the-day"),
        pytest.param({"exit_on": "2026-11-30", "on": "2026-11-01"}, "2027-12-31", "13019.18", id="renewal-is-certain"),
        pytest.param({"exit_on": "2027-02-28", "on": "2026-03-01"}, "2027-12-31", "10060.27", id="in-the-next-term"),
        pytest.param(
            {"notice": {"mid_term_exit": True}, "exit_on": "2026-04-30"}, "2026-06-01", "1052.05", id="notice-runs"
        ),
        pytest.param(
            {"notice": {"renewal": None}, "exit_on": "2027-03-15", "on": "2027-03-01"},
            "2027-06-01",
            "2564.38",
            id="indefinite",
        ),
    ],
)
def test_without_a_right_to_leave_there_is_no_penalty_but_the_fees_go_on(asked, until, fees):
    found = ask(**{"clause": {"rate": None}, "paid": "0", **asked})
    assert not found.right_to_leave
    assert found.penalty.amount == found.refund.amount == 0
    assert amounts(found)[LineKind.FEES_TO_END] == fees
    step = next(s for line in found.lines for s in line.explanation.steps if s.code == "no_right_to_leave")
    assert step.params["until"] == until


def test_the_minimum_commitment_holds_an_exit_for_convenience():
    found = ask("2026-05-30", notice={"commitment": 6})
    assert not found.right_to_leave
    assert codes(found, LineKind.FEES_TO_END) == ["held_by_commitment", "no_right_to_leave"]
    assert ask("2026-06-30", notice={"commitment": 6}).right_to_leave


@pytest.mark.parametrize(
    ("concluded", "disclosed", "penalty", "blocked", "flagged"),
    [
        pytest.param("2025-09-12", None, "0.00", True, False, id="from-its-day-on-never-disclosed"),
        pytest.param("2025-09-12", "2025-09-13", "0.00", True, False, id="from-its-day-on-disclosed-afterwards"),
        pytest.param("2025-09-12", "2025-09-12", "3024.66", False, False, id="disclosed-on-the-day-of-signature"),
        pytest.param("2025-09-11", None, "3024.66", False, True, id="the-day-before-flagged"),
        pytest.param("2020-01-01", "2019-12-01", "3024.66", False, False, id="older-and-disclosed"),
        pytest.param("2020-01-01", "2020-01-02", "3024.66", False, True, id="older-and-disclosed-too-late"),
    ],
)
def test_an_undisclosed_fee_is_blocked_or_flagged(concluded, disclosed, penalty, blocked, flagged):
    found = ask(clause={"concluded_on": day(concluded), "disclosed_on": None if disclosed is None else day(disclosed)})
    assert (str(found.penalty.amount), found.blocked, found.flagged) == (penalty, blocked, flagged)
    line = next(line for line in found.lines if line.kind is LineKind.PENALTY)
    assert ("Article 29(4)" in line.explanation.source) == blocked


@pytest.mark.parametrize(
    ("law", "code", "source"),
    [
        (GoverningLaw.FR, "judge_may_reduce_fr", "Code civil, art. 1231-5"),
        (GoverningLaw.DE, "judge_may_reduce_de", "BGB § 343, HGB § 348"),
        (GoverningLaw.PL, "judge_may_reduce_pl", "Kodeks cywilny, art. 484 § 2"),
        (GoverningLaw.OTHER, "judge_may_reduce_other", "governing_law"),
    ],
)
def test_what_a_judge_may_do_is_said_by_the_law_of_the_contract(law, code, source):
    found = ask(clause={"law": law})
    assert codes(found, LineKind.PENALTY)[-1] == code
    assert source in next(line for line in found.lines if line.kind is LineKind.PENALTY).explanation.source


def test_no_judge_is_named_where_there_is_no_penalty():
    assert codes(ask(clause={"rate": Decimal(0)}), LineKind.PENALTY) == ["penalty_at_rate"]


@pytest.mark.parametrize(
    ("exit_on", "charge", "code"),
    [
        pytest.param("2027-01-11", "300.00", "switching_at_cost", id="the-last-day-at-cost"),
        pytest.param("2027-01-12", "0.00", "switching_is_free", id="free-from-its-day-on"),
    ],
)
def test_switching_charges_end_on_their_day(exit_on, charge, code):
    found = ask(exit_on, G.SWITCHING, switching_cost=money("300"))
    assert amounts(found)[LineKind.SWITCHING_CHARGE] == charge
    assert codes(found, LineKind.SWITCHING_CHARGE) == [code]


@pytest.mark.parametrize(
    ("asked", "field", "code"),
    [
        pytest.param({"ground": None}, "exit_on", "not_an_end", id="no-notice-ends-it-on-that-day"),
        pytest.param({"on": "2026-07-01"}, "exit_on", "in_the_past", id="before-today"),
        pytest.param({"paid": "-1"}, "paid", "negative", id="paid-less-than-nothing"),
        pytest.param({"credits": "-1"}, "credits", "negative", id="credits-below-nothing"),
        pytest.param({"clause": {"rate": Decimal("1.5")}}, "rate", "over_100_percent", id="rate-over-100-per-cent"),
        pytest.param({"clause": {"cap": money("1", "PLN")}}, "cap", "mixed_currencies", id="cap-in-another-currency"),
        pytest.param(
            {"ground": G.AGREEMENT, "agreed": money("1", "PLN")}, "agreed", "mixed_currencies", id="agreed-in-zloty"
        ),
        pytest.param(
            {"ground": G.SWITCHING, "switching_cost": money("-1")}, "switching_cost", "negative", id="negative-cost"
        ),
    ],
)
def test_what_has_no_answer_is_refused(asked, field, code):
    with pytest.raises(InvalidInput) as refused:
        ask(**asked)
    assert (refused.value.field, refused.value.code) == (field, code)


def test_an_exit_outside_the_terms_is_refused():
    term = notices().term(1)
    standing = Standing((PricedTerm(term, money("12000")),), day("2026-12-31"), money("0"), money("0"))
    clause = ExitClause(rate=None, refunds=False, law=GoverningLaw.FR, concluded_on=day("2025-12-01"))
    with pytest.raises(InvalidInput) as refused:
        quotes.quote(clause, standing, exit_on=day("2027-01-01"), ground=G.CONVENIENCE)
    assert refused.value.code == "outside_term"


@given(
    st.integers(0, 700),
    st.decimals(0, 24000, places=2),
    st.decimals(0, 1, places=4),
    st.booleans(),
    st.sampled_from([None, *TerminationGround]),
    st.sampled_from(NoticeParty),
)
def test_the_total_is_the_sum_of_what_counts_and_nobody_pays_more_than_by_staying(
    days, paid, rate, refunds, ground, party
):
    exit_on = day("2026-03-01") + days * ONE_DAY
    try:
        found = ask(exit_on.isoformat(), ground, paid=paid, party=party, clause={"rate": rate, "refunds": refunds})
    except InvalidInput as refused:
        assert (ground, refused.code) == (None, "not_an_end")
        return
    assert found.total.amount == sum(line.amount.amount for line in found.lines if line.counts)
    assert found.refund.amount >= 0 and found.penalty.amount >= 0
    assert found.total.amount + paid <= Decimal("12000.01") or paid > 12000


@pytest.mark.parametrize(
    ("exit_on", "last_day", "lost_on"),
    [
        pytest.param("2026-06-30", "2026-07-30", "2026-07-31", id="a-thursday"),
        pytest.param("2026-06-11", "2026-07-13", "2026-07-14", id="a-saturday-moves-to-monday"),
    ],
)
def test_the_checklist_ends_with_the_erasure(exit_on, last_day, lost_on):
    found = leaving_checklist(
        exit_on=day(exit_on),
        act_by=day("2026-03-31"),
        penalty=money("1"),
        refund=money("2"),
        retrieval_days=30,
        country="FR",
    )
    assert [item.code for item in found] == list(ItemCode)
    assert [str(item.on) for item in found] == [
        "2026-03-31",
        "None",
        "None",
        exit_on,
        last_day,
        lost_on,
        lost_on,
    ]
    assert (found[1].amount, found[2].amount) == (money("1"), money("2"))


@pytest.mark.parametrize(
    ("clause", "exit_on", "end"),
    [
        pytest.param({}, "2026-06-30", "2026-12-31", id="with-the-term"),
        pytest.param({}, "2027-01-01", "2027-12-31", id="with-the-next-term"),
        pytest.param({"mid_term_exit": True}, "2026-04-01", "2026-06-01", id="once-notice-has-run"),
        pytest.param({"mid_term_exit": True}, "2026-07-31", "2026-07-31", id="any-day-that-a-notice-may-name"),
        pytest.param({"renewal": None}, "2027-07-31", "2027-07-31", id="any-day-of-an-indefinite-term"),
        pytest.param(
            {"mid_term_exit": True, "end_of": NoticeEndOf.QUARTER}, "2026-07-31", "2026-09-30", id="a-quarter-s-end"
        ),
    ],
)
def test_the_next_end_that_notice_can_bring(clause, exit_on, end):
    assert str(quotes.next_end(notices(**clause), on=day("2026-03-01"), exit_on=day(exit_on))) == end
