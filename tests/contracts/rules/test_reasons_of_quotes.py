"""Every line of a quote with its whole explanation, and which lines a quote has."""

from decimal import Decimal

import pytest

from contracts.enums import GoverningLaw, NoticeParty, TerminationGround
from contracts.rules import quotes
from contracts.rules.billing import PricedTerm
from contracts.rules.days import ONE_DAY
from contracts.rules.quotes import ExitClause, LineKind, Standing
from tests.contracts.rules.clauses import notices
from tests.contracts.rules.test_quotes import ask, day, money

G = TerminationGround
UNDISCLOSED = {"disclosed_on": None}
AT_RATE = ("penalty_at_rate", {"rate": "0.5", "amount": "3024.66 EUR"})


def line_of(found, kind):
    (line,) = [line for line in found.lines if line.kind is kind]
    return line


def steps(line):
    return [(step.code, dict(step.params)) for step in line.explanation.steps]


@pytest.mark.parametrize(
    ("asked", "kind", "amount", "counts", "found", "source"),
    [
        pytest.param(
            {},
            LineKind.FEE_REMAINING,
            "6049.32",
            False,
            [
                ("days_remaining", {"after": "2026-06-30", "days": 184, "of": 365, "last_day": "2026-12-31"}),
                ("fee_remaining", {"fee": "12000.00 EUR", "days": 184, "of": 365, "amount": "6049.32 EUR"}),
            ],
            "billing_clause",
            id="what-remains",
        ),
        pytest.param(
            {"paid": "5000"},
            LineKind.ARREARS,
            "950.68",
            True,
            [("fees_until_exit", {"exit_on": "2026-06-30", "earned": "5950.68 EUR", "paid": "5000 EUR"})],
            "billing_clause",
            id="what-was-not-paid-until-the-exit",
        ),
        pytest.param(
            {},
            LineKind.PENALTY,
            "3024.66",
            True,
            [AT_RATE, ("judge_may_reduce_fr", {})],
            "early_termination_clause; Code civil, art. 1231-5",
            id="penalty",
        ),
        pytest.param(
            {"clause": {"cap": money("1000"), "law": GoverningLaw.DE}},
            LineKind.PENALTY,
            "1000.00",
            True,
            [AT_RATE, ("penalty_capped", {"cap": "1000 EUR"}), ("judge_may_reduce_de", {})],
            "early_termination_clause; BGB § 343, HGB § 348",
            id="penalty-capped",
        ),
        pytest.param(
            {"clause": UNDISCLOSED},
            LineKind.PENALTY,
            "0.00",
            True,
            [AT_RATE, ("penalty_blocked", {"concluded_on": "2025-12-01", "since": "2025-09-12"})],
            "Regulation (EU) 2023/2854, Article 29(4)",
            id="penalty-blocked",
        ),
        pytest.param(
            {"clause": {**UNDISCLOSED, "concluded_on": day("2025-09-11")}},
            LineKind.PENALTY,
            "3024.66",
            True,
            [AT_RATE, ("penalty_not_disclosed", {"concluded_on": "2025-09-11"}), ("judge_may_reduce_fr", {})],
            "early_termination_clause; Code civil, art. 1231-5",
            id="penalty-flagged",
        ),
        pytest.param(
            {"clause": {**UNDISCLOSED, "rate": Decimal(0)}},
            LineKind.PENALTY,
            "0.00",
            True,
            [("penalty_at_rate", {"rate": "0", "amount": "0.00 EUR"})],
            "early_termination_clause",
            id="a-rate-of-nothing-needs-no-disclosure",
        ),
        pytest.param(
            {"ground": G.CLIENT_BREACH, "clause": {"rate": None}},
            LineKind.PENALTY,
            "0.00",
            True,
            [("no_penalty_agreed", {})],
            "early_termination_clause",
            id="no-penalty-agreed",
        ),
        pytest.param(
            {"ground": G.VENDOR_BREACH, "clause": {"law": GoverningLaw.PL}},
            LineKind.PENALTY,
            "0.00",
            True,
            [("no_penalty_after_breach", {})],
            "Kodeks cywilny, art. 410 § 2",
            id="no-penalty-after-a-breach",
        ),
        pytest.param(
            {"ground": G.AGREEMENT, "agreed": money("500.005")},
            LineKind.PENALTY,
            "500.01",
            True,
            [("penalty_agreed", {"amount": "500.01 EUR"})],
            "agreement",
            id="penalty-agreed",
        ),
        pytest.param(
            {"exit_on": "2026-12-31", "ground": None},
            LineKind.PENALTY,
            "0.00",
            True,
            [("left_on_notice", {"exit_on": "2026-12-31"})],
            "notice_clause",
            id="left-on-notice",
        ),
        pytest.param(
            {"clause": {"rate": None}},
            LineKind.FEES_TO_END,
            "6049.32",
            True,
            [("no_right_to_leave", {"until": "2026-12-31", "amount": "6049.32 EUR"})],
            "billing_clause",
            id="no-right-to-leave",
        ),
        pytest.param(
            {"notice": {"commitment": 12}},
            LineKind.FEES_TO_END,
            "6049.32",
            True,
            [
                ("held_by_commitment", {"committed_until": "2026-12-31"}),
                ("no_right_to_leave", {"until": "2026-12-31", "amount": "6049.32 EUR"}),
            ],
            "billing_clause",
            id="held-by-the-commitment",
        ),
        pytest.param(
            {},
            LineKind.SET_OFF,
            "-3024.66",
            True,
            [("prepaid_set_off", {"unused": "6049.32 EUR", "amount": "3024.66 EUR"})],
            "billing_clause",
            id="set-off",
        ),
        pytest.param(
            {},
            LineKind.REFUND,
            "-3024.66",
            True,
            [("prepaid_refunded", {"unused": "6049.32 EUR", "set_off": "3024.66 EUR", "amount": "3024.66 EUR"})],
            "early_termination_clause",
            id="refund",
        ),
        pytest.param(
            {"ground": G.VENDOR_BREACH},
            LineKind.REFUND,
            "-6049.32",
            True,
            [("prepaid_refunded", {"unused": "6049.32 EUR", "set_off": "0.00 EUR", "amount": "6049.32 EUR"})],
            "Code civil, art. 1229",
            id="refund-after-a-breach",
        ),
        pytest.param(
            {"clause": {"refunds": False}},
            LineKind.PREPAID_KEPT,
            "3024.66",
            False,
            [("prepaid_not_refunded", {"unused": "6049.32 EUR", "set_off": "3024.66 EUR", "amount": "3024.66 EUR"})],
            "early_termination_clause",
            id="kept",
        ),
        pytest.param(
            {"credits": "0.5"},
            LineKind.CREDIT,
            "-0.50",
            True,
            [("credits_given", {"amount": "0.5 EUR"})],
            "service_level_clause",
            id="credits",
        ),
        pytest.param(
            {"ground": G.SWITCHING, "switching_cost": money("300.005")},
            LineKind.SWITCHING_CHARGE,
            "300.01",
            True,
            [("switching_at_cost", {"on": "2026-06-30", "amount": "300.01 EUR"})],
            "Regulation (EU) 2023/2854, Article 29(2)-(3)",
            id="switching-at-cost",
        ),
        pytest.param(
            {"ground": G.SWITCHING},
            LineKind.SWITCHING_CHARGE,
            "0.00",
            True,
            [("switching_cost_not_stated", {"on": "2026-06-30"})],
            "Regulation (EU) 2023/2854, Article 29(2)-(3)",
            id="switching-at-a-cost-that-nobody-stated",
        ),
        pytest.param(
            {"exit_on": "2027-01-13", "ground": G.SWITCHING, "switching_cost": money("300")},
            LineKind.SWITCHING_CHARGE,
            "0.00",
            True,
            [("switching_is_free", {"on": "2027-01-13", "since": "2027-01-12"})],
            "Regulation (EU) 2023/2854, Article 29(1)",
            id="switching-is-free",
        ),
    ],
)
def test_each_line_with_its_reasons(asked, kind, amount, counts, found, source):
    quote = ask(**asked)
    line = line_of(quote, kind)
    assert (str(line.amount.amount), line.amount.currency, line.counts) == (amount, "EUR", counts)
    assert steps(line) == found
    why = line.explanation
    assert (why.rule, why.version, why.source) == (f"quote.{kind}", 1, source)
    ground = asked.get("ground", G.CONVENIENCE)
    assert why.inputs == {
        "exit_on": asked.get("exit_on", "2026-06-30"),
        "ground": ground and ground.value,
        "fee": "12000.00 EUR",
        "paid": f"{asked.get('paid', '12000')} EUR",
    }
    assert (quote.ground, str(quote.exit_on)) == (ground, asked.get("exit_on", "2026-06-30"))


@pytest.mark.parametrize(
    ("asked", "kinds"),
    [
        pytest.param({"paid": "5950.68"}, ["fee_remaining", "arrears", "penalty"], id="a-fraction-of-a-cent-is-owed"),
        pytest.param({"paid": "0", "exit_on": "2026-12-31"}, ["fee_remaining", "arrears", "penalty"], id="all-is-owed"),
        pytest.param(
            {"exit_on": "2026-12-31", "ground": None}, ["fee_remaining", "penalty"], id="paid-to-the-day-of-the-exit"
        ),
        pytest.param(
            {"paid": "7000"}, ["fee_remaining", "penalty", "set_off"], id="the-penalty-takes-all-that-was-prepaid"
        ),
        pytest.param(
            {"ground": G.VENDOR_BREACH}, ["fee_remaining", "penalty", "refund"], id="nothing-to-set-off-against"
        ),
        pytest.param(
            {"clause": {"rate": Decimal(1)}}, ["fee_remaining", "penalty", "set_off"], id="set-off-to-the-cent"
        ),
        pytest.param(
            {"ground": G.SWITCHING, "credits": "1"},
            ["fee_remaining", "penalty", "set_off", "refund", "credit", "switching_charge"],
            id="switching-with-credits",
        ),
    ],
)
def test_a_quote_has_the_lines_that_say_something(asked, kinds):
    assert [line.kind.value for line in ask(**asked).lines] == kinds


@pytest.mark.parametrize(
    ("asked", "blocked", "flagged", "right"),
    [
        pytest.param({}, False, False, True, id="plain"),
        pytest.param({"clause": UNDISCLOSED}, True, False, True, id="blocked"),
        pytest.param({"clause": {**UNDISCLOSED, "concluded_on": day("2025-09-11")}}, False, True, True, id="flagged"),
        pytest.param({"clause": {"rate": None}}, False, False, False, id="no-right"),
        pytest.param({"clause": {"rate": None}, "ground": G.CLIENT_BREACH}, False, False, True, id="client-s-breach"),
        pytest.param({"ground": G.VENDOR_BREACH, "clause": UNDISCLOSED}, False, False, True, id="vendor-s-breach"),
        pytest.param({"clause": {**UNDISCLOSED, "rate": Decimal(0)}}, False, False, True, id="rate-of-nothing"),
    ],
)
def test_what_the_law_does_to_a_quote(asked, blocked, flagged, right):
    found = ask(**asked)
    assert (found.blocked, found.flagged, found.right_to_leave) == (blocked, flagged, right)


@pytest.mark.parametrize(
    ("law", "source"),
    [
        (GoverningLaw.FR, "Code civil, art. 1229"),
        (GoverningLaw.DE, "BGB § 812"),
        (GoverningLaw.PL, "Kodeks cywilny, art. 410 § 2"),
        (GoverningLaw.OTHER, "governing_law"),
    ],
)
@pytest.mark.parametrize(
    ("ground", "party"), [(G.VENDOR_BREACH, NoticeParty.CLIENT), (G.IMMEDIATE, NoticeParty.CLIENT)]
)
def test_after_the_vendor_s_breach_the_prepaid_is_given_back_by_law(law, source, ground, party):
    found = ask(ground=ground, party=party, clause={"law": law, "refunds": False})
    assert line_of(found, LineKind.REFUND).explanation.source == source
    assert line_of(found, LineKind.PENALTY).explanation.source == source


def test_who_declares_a_grave_cause_is_the_client_unless_said_otherwise():
    clause = ExitClause(rate=None, refunds=False, law=GoverningLaw.FR, concluded_on=day("2025-12-01"))
    standing = Standing((PricedTerm(notices().term(1), money("12000")),), day("2026-12-31"), money("0"), money("0"))
    found = quotes.quote(clause, standing, exit_on=day("2026-06-30"), ground=G.IMMEDIATE)
    assert steps(line_of(found, LineKind.PENALTY)) == [("no_penalty_after_breach", {})]


@pytest.mark.parametrize(
    ("paid", "exit_on", "of"),
    [
        pytest.param("12000", "2026-06-30", {}, id="prepaid"),
        pytest.param("0", "2026-06-30", {}, id="in-arrears"),
        pytest.param("12000", "2026-06-30", {"refunds": False}, id="kept"),
    ],
)
def test_penalty_refund_and_total_are_those_of_the_lines(paid, exit_on, of):
    found = ask(exit_on, paid=paid, clause=of, credits="12.345")
    amounts = {line.kind: line.amount for line in found.lines}
    assert found.penalty == amounts[LineKind.PENALTY]
    assert found.refund.amount == -amounts.get(LineKind.REFUND, money("0")).amount
    assert found.total.amount == sum(line.amount.amount for line in found.lines if line.counts)
    assert found.exit_on + ONE_DAY == day("2026-07-01")
