"""What an end writes on the statement: what is no longer owed, what is asked, what is paid back; once."""

from datetime import date
from decimal import Decimal

import pytest

from accounts import tenancy
from contracts import sweeps
from contracts.enums import NoticeParty, TerminationGround
from contracts.operations import ending, quotes, switching_charges, terminations
from tests.contracts.agreements import at
from tests.contracts.operations import switches, test_chatel
from tests.contracts.operations.lives import (
    IN_ORDER,
    TERMINATION,
    at_once,
    fresh,
    give,
    live_until,
    terms_of,
    withdraw,
)
from tests.contracts.operations.test_fee_changes import pay
from tests.contracts.operations.test_quotes import BY, CLAUSE, a_proof, accept, an_active_contract, make, terminate
from tests.contracts.operations.test_statements import lines_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
G, VENDOR = TerminationGround, NoticeParty.VENDOR
THREE_THOUSAND = {"agreed": Decimal(3000)}
WITH_SWITCHES = (*IN_ORDER[:3], sweeps.step_all_switches, sweeps.end_all)


def charge(case, amount, now):
    with tenancy.vendor():
        switching_charges.record_charge(case, amount=Decimal(amount), cost=Decimal("500"), now=at(now), by=BY)


def by_quote(contract, **more):
    quote = make(contract, "2025-12-31", G.AGREEMENT, on="2025-11-02", **more)
    with tenancy.vendor():
        quotes.accept(quote, now=at("2025-11-03"), by=BY, proof=a_proof(contract))


def by_termination(contract, **more):
    terminate(contract, G.AGREEMENT, party=VENDOR, on="2025-11-02", last_day="2025-12-31", **more)


@pytest.mark.parametrize("leave", [by_quote, by_termination])
@pytest.mark.parametrize(
    ("paid", "refunds", "expected"),
    [
        pytest.param("12000", True, [("penalty", "3000.00")], id="the-term-is-paid"),
        pytest.param("24000", True, [("penalty", "3000.00"), ("refund", "9000.00")], id="paid-ahead"),
        pytest.param("24000", False, [("penalty", "3000.00")], id="paid-ahead-and-kept"),
    ],
)
def test_leaving_with_the_last_day_of_a_term_for_an_agreed_amount_is_charged(leave, paid, refunds, expected):
    contract = an_active_contract(paid=paid, early_exit_refunds=refunds)
    live_until("2025-11-01")  # the renewal has become certain
    leave(contract, **THREE_THOUSAND)
    assert lines_of(contract)[1:] == [(kind, "2025-12-31", "2026-01-01", amount) for kind, amount in expected]
    assert (fresh(contract).paid_until, len(terms_of(contract))) == (date(2026, 1, 1), 1)


@pytest.mark.parametrize(
    ("paid", "refunds", "expected"),
    [
        pytest.param("0", True, [("credit", "-7002.74")], id="nothing-paid"),
        pytest.param("6000", True, [("credit", "-7002.74"), ("refund", "1002.74")], id="half-paid"),
        pytest.param("12000", True, [("credit", "-7002.74"), ("refund", "7002.74")], id="paid"),
        pytest.param("6000", False, [("credit", "-6000.00")], id="half-paid-and-kept"),
        pytest.param("12000", False, [], id="paid-and-kept"),
    ],
)
def test_leaving_within_a_term_on_notice_is_on_the_statement_as_soon_as_the_notice_stands(paid, refunds, expected):
    contract = an_active_contract(paid=paid, mid_term_exit=True, early_exit_refunds=refunds)
    give(contract, "2025-03-01", kind=TERMINATION)
    lines = [(kind, "2025-06-02", "2026-01-01", amount) for kind, amount in expected]
    assert lines_of(contract)[1:] == lines
    withdraw(contract, "2025-03-02")
    assert len(lines_of(contract)) == 1
    give(contract, "2025-03-01", recorded="2025-03-03", kind=TERMINATION)
    live_until("2025-06-02")
    assert (fresh(contract).status, fresh(contract).ends_on) == ("ended", date(2025, 6, 2))
    assert lines_of(contract)[1:] == lines


def test_with_the_end_of_a_term_nothing_is_left_to_settle():
    contract = an_active_contract()
    give(contract, "2025-06-01")
    live_until("2026-01-02")
    assert (fresh(contract).status, len(lines_of(contract))) == ("ended", 1)


@pytest.mark.parametrize(
    ("given", "over", "years", "expected"),
    [
        pytest.param("2026-05-10", "2026-08-11", 1, "-4701.37", id="within-the-year-charged"),
        pytest.param("2026-11-15", "2027-02-16", 2, "-10487.67", id="in-a-year-that-no-sweep-has-charged"),
        pytest.param("2026-09-30", "2026-12-31", 1, "-32.88", id="a-day-before-the-year-is-over"),
    ],
)
def test_an_indefinite_contract_is_charged_to_its_last_day(given, over, years, expected):
    contract = an_active_contract(renewal_term_months=None)
    live_until("2026-01-02")
    give(contract, given, kind=TERMINATION)
    live_until(over)
    assert fresh(contract).status == "ended"
    kinds = [kind for kind, *_ in lines_of(contract)]
    assert (kinds.count("fee"), lines_of(contract)[1 + years][1:]) == (
        1 + years,
        (over, f"{2026 + years}-01-01", expected),
    )


def test_the_way_out_of_a_missed_reminder_gives_back_what_is_prepaid_whatever_the_clause_says():
    contract = test_chatel.an_association(reachable=False)
    for on in ("2025-07-01", "2025-08-31", "2026-03-01"):
        test_chatel.live(on)
    pay(contract, "24000", "2026-01-10")
    assert give(contract, "2026-03-01", kind=TERMINATION).free_of_charge
    test_chatel.live("2026-03-02")
    assert lines_of(contract)[2:] == [
        ("credit", "2026-03-02", "2027-01-01", "-10027.40"),  # 305 of 365 days
        ("refund", "2026-03-02", "2027-01-01", "10027.40"),
    ]
    with tenancy.vendor():
        assert "L215-1" in contract.statement_lines.get(kind="refund").why["source"]


@pytest.mark.parametrize(
    ("asked", "charged"),
    [
        pytest.param("500", [("switch", "2026-04-15", "2026-04-16", "500.00")], id="at-cost"),
        pytest.param("0", [], id="for-nothing"),
        pytest.param(None, [], id="not-recorded"),
    ],
)
def test_a_switch_is_settled_with_its_early_exit_fee_and_its_charge(asked, charged):
    contract = switches.an_active_contract(until="2026-02-01", **CLAUSE)
    case = switches.opened(contract, received="2026-02-01")
    if asked is not None:
        charge(case, asked, "2026-02-02")
    live_until("2026-04-02", order=WITH_SWITCHES)
    switches.act("complete", case, now="2026-04-15", completed_on=date(2026, 4, 15))
    live_until("2026-04-16", order=WITH_SWITCHES)
    # 260 of 365 days remain, half of them is asked; nothing was paid.
    assert lines_of(contract)[1:] == [
        ("credit", "2026-04-16", "2027-01-01", "-8547.95"),
        ("penalty", "2026-04-16", "2027-01-01", "4273.97"),
        *charged,
    ]


def test_a_charge_recorded_after_the_end_is_written_and_replaced_by_a_later_one():
    contract = switches.an_active_contract(until="2026-02-01")
    case = switches.opened(contract, received="2026-02-01")
    live_until("2026-04-02", order=WITH_SWITCHES)
    switches.act("complete", case, now="2026-04-15", completed_on=date(2026, 4, 15))
    live_until("2026-04-16", order=WITH_SWITCHES)
    for amount in ("300", "500"):
        charge(case, amount, "2026-05-02")
    assert [one for one in lines_of(contract) if one[0] == "switch"] == [
        ("switch", "2026-04-15", "2026-04-16", "500.00")
    ]


def test_the_service_after_the_last_term_is_charged_by_its_days():
    contract = switches.an_active_contract()
    switches.opened(contract)
    live_until("2027-03-04", order=WITH_SWITCHES)
    assert (fresh(contract).status, len(terms_of(contract))) == ("ended", 1)
    assert lines_of(contract)[1:] == [("fee", "2027-01-01", "2027-03-04", "2038.36")]  # 62 of 365 days
    pay(contract, "14038.35", "2027-03-10")
    assert str(fresh(contract).paid_until) == "2027-01-01", "a cent is missing of the days after it"
    pay(contract, "0.01", "2027-03-11")
    assert str(fresh(contract).paid_until) == "2027-03-04"


QUOTED = [
    ("credit", "2025-06-01", "2026-01-01", "-7035.62"),
    ("penalty", "2025-06-01", "2026-01-01", "3517.81"),
    ("refund", "2025-06-01", "2026-01-01", "3517.81"),
]
FORESTALLED = [
    ("credit", "2025-05-02", "2026-01-01", "-8021.92"),
    ("refund", "2025-05-02", "2026-01-01", "8021.92"),
]


def test_an_accepted_quote_that_a_notice_forestalls_gives_its_lines_back_while_the_notice_stands():
    contract = an_active_contract(mid_term_exit=True)
    accept(make(contract, "2025-05-31", on="2025-03-25"), "2025-03-26")
    assert lines_of(contract)[1:] == QUOTED
    give(contract, "2025-02-01", recorded="2025-03-27", kind=TERMINATION)
    assert lines_of(contract)[1:] == FORESTALLED
    withdraw(contract, "2025-03-28")
    assert lines_of(contract)[1:] == QUOTED
    give(contract, "2025-02-01", recorded="2025-03-29", kind=TERMINATION)
    live_until("2025-05-02")
    assert lines_of(contract)[1:] == FORESTALLED
    assert str(fresh(contract).paid_until) == "2025-05-02"


def test_a_termination_that_forestalls_another_is_priced_without_it_and_gives_way_to_it_again():
    contract = an_active_contract()
    accept(make(contract, "2025-05-31", on="2025-03-25"), "2025-03-26")
    terminate(contract, G.VENDOR_BREACH, on="2025-03-27", last_day="2025-05-01")
    assert lines_of(contract)[1:] == FORESTALLED
    with tenancy.vendor():
        breach = contract.terminations.select_related("contract").get(ground="vendor_breach")
        terminations.revert(breach, proof=a_proof(contract), now=at("2025-03-28"), by=BY)
    assert lines_of(contract)[1:] == QUOTED
    assert fresh(contract).ends_on == date(2025, 6, 1)


def test_what_was_priced_as_it_was_declared_is_not_written_again():
    contract = an_active_contract()
    terminate(contract)
    before = lines_of(contract)
    live_until("2025-07-02")
    assert (fresh(contract).status, lines_of(contract)) == ("ended", before)


def test_two_workers_settle_once():
    contract = an_active_contract(mid_term_exit=True)
    give(contract, "2025-03-01", kind=TERMINATION)
    assert at_once(lambda: ending.end(contract, now=at("2025-06-02"), by=BY)) == (1, ["end_not_due"])
    assert [kind for kind, *_ in lines_of(contract)] == ["fee", "credit", "refund"]
