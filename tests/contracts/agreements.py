"""Contracts for tests: drafted and signed by the operations, as the vendor."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

from accounts import tenancy
from contracts.operations import signing

TERMS = {
    "reference": "C-1",
    "concluded_on": date(2024, 12, 1),
    "starts_on": date(2025, 1, 1),
    "first_term_months": 12,
    "renewal_term_months": 12,
    "notice_length": 3,
    "notice_unit": "months",
    "annual_fee": Decimal("12000.00"),
    "currency": "EUR",
    "governing_law": "FR",
}


def at(day, hour=12):
    """Return noon UTC of a day: past midnight in every zone the tests use."""
    return datetime.combine(date.fromisoformat(day) if isinstance(day, str) else day, time(hour), tzinfo=UTC)


def a_draft(organization, **values):
    """Return a drafted contract."""
    with tenancy.vendor():
        return signing.draft(organization, now=at("2024-12-01"), by="user:drafter", **{**TERMS, **values})


def a_signed_contract(organization, **values):
    """Return a signed contract."""
    with tenancy.vendor():
        return signing.sign(a_draft(organization, **values), now=at("2024-12-02"), by="user:signer")
