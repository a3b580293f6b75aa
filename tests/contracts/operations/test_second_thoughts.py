"""What comes too late, or undoes what both sides did: refused, or proved; and what was undone leaves nothing behind."""

from datetime import date

import pytest

from accounts import tenancy
from accounts.errors import Refused
from contracts.enums import TerminationGround
from contracts.models import Termination
from contracts.operations import terminations
from tests.contracts.agreements import at
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
