"""A stay that both sides signed: what a notice within it is worth, wherever somebody asks."""

from datetime import date

import pytest

from accounts import tenancy
from contracts.enums import NoticeParty
from contracts.operations import exits, quotes, stays
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import MANAGER, TERMINATION, fresh, give, live_until
from tests.contracts.operations.switches import a_proof
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def stayed(*, until="2025-11-30", organization=None, **terms):
    """Return a contract of the year 2025 (last day for notice: 30 September) under a stay signed on 1 September."""
    contract = a_signed_contract(organization or an_organization(), **terms)
    live_until("2025-09-01")
    with tenancy.vendor():
        proof = a_proof(contract.organization, now="2025-09-01")
        stays.agree(contract, until=date.fromisoformat(until), proof=proof, now=at("2025-09-01"), by=MANAGER)
    return fresh(contract)


@pytest.mark.parametrize("party", NoticeParty)
def test_a_notice_under_a_stay_is_in_time_and_not_free_of_charge(party):
    notice = give(stayed(), "2025-10-15", party=party)
    assert (notice.judgment, notice.ends_on) == ("in_time", date(2026, 1, 1))
    assert not notice.free_of_charge


def test_the_way_out_of_a_missed_reminder_is_free_of_charge_under_a_stay_too():
    contract = stayed(until="2026-01-31", organization=an_organization(legal_category="association"))
    notice = give(contract, "2025-12-15", kind=TERMINATION)
    assert (notice.judgment, notice.ends_on, notice.free_of_charge) == ("in_time", date(2026, 1, 1), True)


def test_quote_what_if_and_commitment_know_the_stay():
    contract = stayed(early_exit_refunds=True)
    on, term_end = date(2025, 10, 15), date(2025, 12, 31)
    with tenancy.vendor():
        quote = quotes.make(contract, exit_on=term_end, ground=None, now=at(on), by=MANAGER)
        series = exits.series(contract, on=on, months=1)
        (commitment,) = exits.commitments([contract], now=at(on), year_starts_in=1)
    assert (quote.right_to_leave, quote.penalty, quote.valid_until) == (True, 0, date(2025, 11, 14))
    assert series[0].own.bound_until == commitment.bound_until == term_end
