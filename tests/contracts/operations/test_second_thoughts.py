"""What comes too late, or undoes what both sides did: refused, or proved; and what was undone leaves nothing behind."""

from datetime import date
from decimal import Decimal

import pytest

from accounts import tenancy
from accounts.errors import Refused
from contracts.enums import TerminationGround
from contracts.models import StatementLine, Termination
from contracts.operations import terminations
from tests.contracts.agreements import at
from tests.contracts.operations import test_amendments
from tests.contracts.operations.lives import fresh, give, live_until
from tests.contracts.operations.test_quotes import BY, an_active_contract, terminate

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def refused(act):
    with tenancy.vendor(), pytest.raises(Refused) as found:
        act()
    return found.value.code


def test_a_contract_that_is_over_is_not_ended_again():
    contract = an_active_contract()
    give(contract, "2025-02-01")
    live_until("2026-01-02")
    assert fresh(contract).status == "ended"
    with pytest.raises(Refused) as found:
        terminate(contract, TerminationGround.VENDOR_BREACH, on="2025-03-01", now="2026-02-01")
    assert found.value.code == "contract_not_in_that_state"
    with tenancy.vendor():
        assert not Termination.objects.exists()
    assert fresh(contract).ends_on == date(2026, 1, 1)


def test_a_termination_of_a_contract_that_is_over_is_not_taken_back():
    contract = an_active_contract()
    give(contract, "2025-02-01")
    terminate(contract, last_day="2025-06-30")
    live_until("2025-07-02")
    with tenancy.vendor():
        Termination.objects.update(ends_on=date(2025, 12, 1))
        later = Termination.objects.select_related("contract").get()
    assert refused(lambda: terminations.revert(later, now=at("2025-08-01"), by=BY)) == "contract_not_in_that_state"


def test_an_amendment_dated_back_does_not_overwrite_a_later_one():
    contract = test_amendments.an_active_contract("2025-02-01")
    test_amendments.amend(contract, "2025-06-01", on="2025-05-01", annual_fee=Decimal("13000.00"))
    test_amendments.live_until("2025-07-01")
    with pytest.raises(Refused) as found:
        test_amendments.amend(contract, "2025-03-01", on="2025-07-01", annual_fee=Decimal("12500.00"))
    assert (found.value.code, fresh(contract).annual_fee) == ("amendment_clashes", Decimal(13000))
    with tenancy.vendor():
        assert StatementLine.objects.filter(contract=contract, amount__lt=0).count() == 0
    test_amendments.amend(contract, "2025-03-01", on="2025-07-01", seats=5)
    assert fresh(contract).seats == 5, "another clause may be"


def test_an_amendment_ahead_does_not_keep_an_earlier_day_from_being_agreed():
    contract = test_amendments.an_active_contract("2025-02-01")
    test_amendments.amend(contract, "2025-09-01", annual_fee=Decimal("13000.00"))
    test_amendments.amend(contract, "2025-06-01", annual_fee=Decimal("12500.00"))
    test_amendments.live_until("2025-10-01")
    assert fresh(contract).annual_fee == Decimal(13000)
