"""Switching charges: at most the cost until 11 January 2027, none from the 12th, by the contract's own calendar."""

from decimal import Decimal

import pytest

from accounts import tenancy
from accounts.errors import InvalidInput, Refused
from contracts.operations import switching_charges
from tests.contracts.agreements import at
from tests.contracts.operations.lives import MANAGER, trail, utc
from tests.contracts.operations.switches import an_active_contract, opened, stored

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture
def case():
    return opened(an_active_contract())


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
