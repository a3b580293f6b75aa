"""What an end writes on the statement: what is no longer owed, what is asked, what is paid back; once."""

from datetime import date
from decimal import Decimal

import pytest

from accounts import tenancy
from contracts.enums import NoticeParty, TerminationGround
from contracts.operations import quotes
from tests.contracts.agreements import at
from tests.contracts.operations.lives import fresh, live_until, terms_of
from tests.contracts.operations.test_quotes import BY, a_proof, an_active_contract, make, terminate
from tests.contracts.operations.test_statements import lines_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
G, VENDOR = TerminationGround, NoticeParty.VENDOR
THREE_THOUSAND = {"agreed": Decimal(3000)}


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
