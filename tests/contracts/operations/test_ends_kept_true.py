"""What an end brings is kept true until it comes: prices, payments and other ends that come after it was declared."""

from datetime import date
from decimal import Decimal

import pytest

from accounts import tenancy
from contracts import sweeps
from contracts.enums import NoticeParty, SwitchChoice, TerminationGround
from contracts.operations import amendments, switching_charges, terminations
from tests.contracts.agreements import at
from tests.contracts.operations import switches
from tests.contracts.operations.lives import IN_ORDER, TERMINATION, an_agreement, fresh, give, live_until
from tests.contracts.operations.test_fee_changes import agree, pay
from tests.contracts.operations.test_fee_changes import live_until as live_with_amendments
from tests.contracts.operations.test_quotes import BY, CLAUSE, a_proof, accept, an_active_contract, make, terminate
from tests.contracts.operations.test_statements import lines_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
G, CLIENT, VENDOR = TerminationGround, NoticeParty.CLIENT, NoticeParty.VENDOR
WITH_SWITCHES = (*IN_ORDER[:3], sweeps.step_all_switches, sweeps.end_all)
JULY = ("2025-07-01", "2026-01-01")


def amounts(contract):
    """Return the amounts of the lines that the end has brought, by kind."""
    found = [one for one in lines_of(contract) if one[0] in ("credit", "penalty", "refund")]
    assert len(found) == len({kind for kind, *_ in found}), found
    return {kind: amount for kind, _from, _to, amount in found}


def agreed(contract, *, on="2025-03-01", last_day="2025-06-30", amount=0):
    terminate(contract, G.AGREEMENT, party=VENDOR, on=on, last_day=last_day, agreed=Decimal(amount))


def test_no_fee_is_credited_that_was_never_charged():
    contract = an_active_contract()
    agree(contract, "2025-10-01", 24000)
    accept(make(contract))
    # What remains costs 3,024.66 until October and 6,049.32 from then on: half of it is asked. Of what was charged,
    # 6,049.32 are no longer owed.
    assert lines_of(contract)[1:] == [
        ("credit", *JULY, "-6049.32"),
        ("penalty", *JULY, "4536.99"),
        ("refund", *JULY, "1512.33"),
    ]
    live_with_amendments("2025-07-02")
    assert (fresh(contract).status, amounts(contract)["credit"]) == ("ended", "-6049.32")


def test_a_price_that_comes_before_the_exit_is_owed_until_it_only():
    contract = an_active_contract()
    accept(make(contract))
    agree(contract, "2025-05-01", 24000, on="2025-04-01")
    live_with_amendments("2025-05-02")
    # The new price adds 12,000 x 245 / 365 to the term; 184 days of it, at 24,000 a year, are no longer owed.
    found = [(kind, amount) for kind, _from, _to, amount in lines_of(contract)]
    assert [one for one in found if one[0] in ("fee", "uplift")] == [("fee", "12000.00"), ("uplift", "8054.79")]
    assert amounts(contract)["credit"] == "-12098.63"
    assert amounts(contract)["penalty"] == "3024.66", "as it was quoted"


@pytest.mark.parametrize("ground", [G.CLIENT_BREACH, G.IMMEDIATE])
def test_the_fee_that_the_vendor_asks_for_the_client_s_breach_is_fixed_as_it_is_declared(ground):
    contract = an_active_contract()
    terminate(contract, ground, party=VENDOR)
    agree(contract, "2025-05-01", 24000, on="2025-04-01")
    live_with_amendments("2025-07-02")
    assert (amounts(contract)["credit"], amounts(contract)["penalty"]) == ("-12098.63", "3024.66")


def test_a_price_that_is_taken_back_before_it_came_changes_nothing_that_was_charged():
    contract = an_active_contract()
    amendment = agree(contract, "2025-05-01", 24000)
    accept(make(contract))
    with tenancy.vendor():
        proof = an_agreement(contract, at("2025-04-01"))
        amendments.void(amendment, proof=proof, now=at("2025-04-01"), by=BY)
    live_with_amendments("2025-07-02")
    assert (fresh(contract).status, amounts(contract)["credit"]) == ("ended", "-6049.32")


@pytest.mark.parametrize("paid_on", ["2025-12-15", "2026-02-01"], ids=["paid-ahead", "paid-in-the-new-term"])
def test_a_term_that_begins_under_a_termination_is_owed_at_its_own_price_until_the_exit(paid_on):
    contract = an_active_contract()
    agree(contract, "2026-01-01", 15000, on="2025-11-01")
    agreed(contract, on="2025-11-02", last_day="2026-06-30")
    assert amounts(contract) == {}, "nothing of that term is charged"
    live_with_amendments("2025-12-02")
    if paid_on < "2026":
        pay(contract, "15000", paid_on)
    live_with_amendments("2026-01-02")
    assert ("fee", "2026-01-01", "2027-01-01", "15000.00") in lines_of(contract)
    assert amounts(contract)["credit"] == "-7561.64"
    if paid_on > "2026":
        pay(contract, "15000", paid_on)
    assert amounts(contract) == {"credit": "-7561.64", "refund": "7561.64"}
    before = lines_of(contract)
    live_with_amendments("2026-07-02")
    assert (fresh(contract).status, lines_of(contract)) == ("ended", before)


def test_what_is_paid_after_the_declaration_is_given_back_too():
    contract = an_active_contract(paid="0")
    agreed(contract)
    assert amounts(contract) == {"credit": "-6049.32"}
    pay(contract, "7000", "2025-04-01")
    assert amounts(contract) == {"credit": "-6049.32", "refund": "1049.32"}
    pay(contract, "5000", "2025-05-01")
    assert amounts(contract) == {"credit": "-6049.32", "refund": "6049.32"}
    assert str(fresh(contract).paid_until) == "2025-07-01"


@pytest.mark.parametrize(
    ("completed_on", "fee"),
    [
        # The switch cuts the notice short by 31 days: half of their fee is asked, and nothing for December.
        pytest.param("2026-10-30", "509.59", id="before-the-notice-would-have-ended-it"),
        pytest.param("2026-11-30", None, id="on-that-day"),
        pytest.param("2026-12-10", None, id="after-it"),
    ],
)
def test_a_switch_asks_no_fee_for_days_that_a_notice_had_freed(completed_on, fee):
    contract = an_active_contract(renewal_term_months=None)
    live_until("2026-01-02")
    assert str(give(contract, "2026-08-31", kind=TERMINATION).ends_on) == "2026-12-01"
    case = switches.opened(contract, received="2026-10-01")
    live_until(completed_on, order=WITH_SWITCHES)
    switches.act("complete", case, now=completed_on, completed_on=date.fromisoformat(completed_on))
    live_until("2027-01-02", order=WITH_SWITCHES)
    assert fresh(contract).status == "ended"
    assert amounts(contract).get("penalty") == fee


@pytest.mark.parametrize(
    ("choice", "values"),
    [
        pytest.param(SwitchChoice.COMPLETED, {"completed_on": date(2027, 1, 20)}, id="completed-late"),
        pytest.param(SwitchChoice.EXTEND, {"until": date(2027, 2, 15)}, id="extended"),
        pytest.param(SwitchChoice.DELETE, {}, id="without-a-transfer"),
    ],
)
def test_a_charge_goes_by_the_day_on_which_the_switch_ends_after_the_contract_has(choice, values):
    contract = switches.an_active_contract(until="2026-10-06")
    case = switches.opened(contract, received="2026-10-06")
    with tenancy.vendor():
        switching_charges.record_charge(case, amount=Decimal(500), cost=Decimal(500), now=at("2026-10-07"), by=BY)
    live_until("2027-01-07", order=WITH_SWITCHES)
    assert (fresh(contract).status, switches.stored(case).status) == ("ended", "unfinished")
    assert [one for one in lines_of(contract) if one[0] == "switch"] != []
    switches.act("choose", case, now="2027-01-20", on=date(2027, 1, 20), choice=choice, **values)
    asked = [one for one in lines_of(contract) if one[0] == "switch"]
    assert bool(asked) == (choice is SwitchChoice.DELETE), "nothing may be asked for a switch that ends in February"


@pytest.mark.parametrize(
    ("refunds", "back"),
    [pytest.param(True, "9336.99", id="the-clause-refunds"), pytest.param(False, None, id="it-does-not")],
)
def test_a_term_that_a_switch_prevents_is_given_back_less_the_days_that_the_service_went_on(refunds, back):
    contract = an_active_contract(early_exit_refunds=refunds)
    live_until("2026-01-02")
    pay(contract, "12000", "2026-01-05")
    switches.opened(contract, received="2025-12-20", now="2026-01-10")
    assert str(fresh(contract).paid_until) == "2026-01-01", "what was paid for the term that never was stays a surplus"
    live_until("2026-03-24", order=WITH_SWITCHES)
    assert (fresh(contract).status, str(fresh(contract).ends_on)) == ("ended", "2026-03-23")
    after_term = [one for one in lines_of(contract) if one[0] == "fee"][1:]
    assert after_term == [("fee", "2026-01-01", "2026-03-23", "2663.01")]  # 81 of 365 days
    assert amounts(contract) == ({"refund": back} if back else {})


def test_of_three_terminations_only_the_one_that_counts_is_on_the_statement():
    contract = an_active_contract()
    agreed(contract, last_day="2025-11-30", amount=1000)
    accept(make(contract, "2025-09-30"))
    terminate(contract, G.VENDOR_BREACH, on="2025-03-11", last_day="2025-08-31")
    breach = amounts(contract)
    with tenancy.vendor():
        quoted = contract.terminations.select_related("contract").get(ground="convenience")
        terminations.revert(quoted, proof=a_proof(contract), now=at("2025-03-12"), by=BY)
        assert amounts(contract) == breach == {"credit": "-4010.96", "refund": "4010.96"}
        broken = contract.terminations.select_related("contract").get(ground="vendor_breach")
        terminations.revert(broken, proof=a_proof(contract), now=at("2025-03-13"), by=BY)
    assert amounts(contract)["penalty"] == "1000.00"
    assert str(fresh(contract).ends_on) == "2025-12-01"


def test_a_notice_for_the_same_day_takes_nothing_from_what_was_agreed():
    contract = an_active_contract()
    agreed(contract, last_day="2025-12-31", amount=3000)
    before = lines_of(contract)
    assert str(give(contract, "2025-06-01").ends_on) == "2026-01-01"
    assert lines_of(contract) == before
    live_until("2026-01-02")
    ended = fresh(contract)
    assert (ended.status, ended.end_reason, lines_of(contract)) == ("ended", "agreement", before)


def test_a_switch_that_is_given_up_leaves_nothing_on_the_statement():
    contract = switches.an_active_contract(until="2026-02-01", **CLAUSE)
    case = switches.opened(contract, received="2026-02-01")
    assert "penalty" in amounts(contract)
    switches.act("withdraw", case, now="2026-02-05", on=date(2026, 2, 5))
    assert amounts(contract) == {}
