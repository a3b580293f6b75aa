"""Notices of both sides: each side's is judged for itself, the earlier end counts."""

import pytest

from accounts import tenancy
from contracts.enums import NoticeParty
from contracts.models import Notice
from tests.contracts.operations.lives import TERMINATION, give, withdraw
from tests.contracts.operations.test_notices import a_contract_before

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def test_the_other_side_may_still_leave_earlier_and_both_are_withdrawn_together_where_that_was_agreed():
    contract = a_contract_before("2025-06-01", mid_term_exit=True)
    give(contract, "2025-06-01", party=NoticeParty.VENDOR)
    with tenancy.vendor():
        contract.refresh_from_db()
    at_term_end = contract.ends_on
    give(contract, "2025-06-02", kind=TERMINATION)
    with tenancy.vendor():
        contract.refresh_from_db()
        assert contract.ends_on < at_term_end, "the earlier end counts"
        withdraw(contract, "2025-06-03")
        contract.refresh_from_db()
        assert contract.ends_on is None
        assert Notice.objects.filter(withdrawn_at__isnull=True).count() == 0
