"""Switching charges: at most the cost, none for a switch that ends from 12 January 2027 on, nor asked from then on."""

from decimal import Decimal

import pytest

from accounts import tenancy
from accounts.errors import InvalidInput, Refused
from contracts import sweeps
from contracts.operations import switching_charges
from tests.contracts.agreements import at
from tests.contracts.operations.lives import IN_ORDER, MANAGER, fresh, live_until, trail, utc
from tests.contracts.operations.switches import act, an_active_contract, day, opened, stored
from tests.contracts.operations.test_statements import lines_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture
def case():
    """Return a switch that ends with 2026."""
    return opened(an_active_contract(until="2026-10-01"), received="2026-10-01")


def charge(case, amount, cost="500", *, now):
    with tenancy.vendor():
        return switching_charges.record_charge(case, amount=Decimal(amount), cost=Decimal(cost), now=now, by=MANAGER)


@pytest.mark.parametrize(
    ("amount", "cost", "now", "code"),
    [
        pytest.param("500", "500", utc("2027-01-11 22:59"), None, id="at-cost-on-the-last-day"),
        pytest.param("0.01", "500", utc("2027-01-11 23:00"), "switching_charge_forbidden", id="a-cent-the-day-after"),
        pytest.param("0", "500", utc("2027-01-11 23:00"), None, id="nothing-the-day-after"),
        pytest.param("500.01", "500", at("2026-12-05"), "above_cost", id="a-cent-above-cost"),
        pytest.param("-1", "500", at("2026-12-05"), "not_an_amount", id="negative"),
        pytest.param("1.005", "500", at("2026-12-05"), "not_an_amount", id="three-decimals"),
        pytest.param("NaN", "500", at("2026-12-05"), "not_an_amount", id="no-number"),
        pytest.param("1", "Infinity", at("2026-12-05"), "not_an_amount", id="no-end"),
    ],
)
def test_what_may_be_charged(case, amount, cost, now, code):
    if code is None:
        charge(case, amount, cost, now=now)
        assert stored(case).charge == Decimal(amount)
        assert trail(case)[0]["switching.charged"] == trail(case)[1]["switching.charged"] == 1
        return
    with pytest.raises((Refused, InvalidInput)) as raised:
        charge(case, amount, cost, now=now)
    error = raised.value
    assert (error.code if isinstance(error, Refused) else error.errors[0].code) == code
    assert stored(case).charge is None


@pytest.mark.parametrize(
    ("received", "ends", "code"),
    [
        pytest.param("2026-10-12", "2027-01-11", None, id="ends-on-the-last-day"),
        pytest.param("2026-10-13", "2027-01-12", "switching_charge_forbidden", id="ends-the-day-after"),
    ],
)
def test_the_day_on_which_the_switch_ends_counts(received, ends, code):
    case = opened(an_active_contract(until="2026-10-01"), received=received)
    assert stored(case).transition_end.isoformat() == ends
    if code is None:
        assert charge(case, "500", now=at("2026-11-05")).charge == Decimal(500)
        return
    with pytest.raises(Refused) as refused:
        charge(case, "500", now=at("2026-11-05"))
    assert refused.value.code == code
    act("complete", case, now="2027-01-05", completed_on=day("2027-01-05"))
    assert charge(case, "500", now=at("2027-01-11")).charge == Decimal(500), "it ended before that day after all"


def test_a_charge_is_not_asked_if_the_switch_ends_later_than_it_was_to():
    contract = an_active_contract(until="2026-10-01")
    case = opened(contract, received="2026-10-12")
    charge(case, "500", now=at("2026-11-05"))
    act("extend", case, now="2026-12-20", on=day("2026-12-20"), until=day("2027-02-01"))
    live_until("2027-02-03", order=(*IN_ORDER[:3], sweeps.step_all_switches, sweeps.end_all))
    assert fresh(contract).status == "ended"
    assert [kind for kind, *_ in lines_of(contract)] == ["fee", "fee"]
