"""Rows of uplifts and renewal offers for tests, as they are stored."""

from datetime import date
from decimal import Decimal

from contracts.models import RenewalOffer, Uplift
from tests.contracts.agreements import at

WHEN = at("2025-08-01")


def an_uplift(contract, **values):
    """Store a proposed price of the second term. In the vendor's scope."""
    return Uplift.objects.create(
        **{
            "organization": contract.organization,
            "contract": contract,
            "number": 2,
            "starts_on": date(2026, 1, 1),
            "s0": Decimal("242.6"),
            "s0_period": date(2024, 11, 1),
            "s1": Decimal("245.6"),
            "s1_period": date(2025, 6, 1),
            "factor": Decimal("1.0123660346"),
            "price_before": Decimal(12000),
            "price_after": Decimal("12148.39"),
            "currency": "EUR",
            "state": "proposed",
            "evaluated_at": WHEN,
            "seen_value": 10**9,
            "seen_link": 10**9,
            "seen_amendment": 10**9,
            **values,
        }
    )


def an_offer(contract, **values):
    """Store a draft of an offer for the second term. In the vendor's scope."""
    return RenewalOffer.objects.create(
        **{
            "organization": contract.organization,
            "contract": contract,
            "number": 2,
            "starts_on": date(2026, 1, 1),
            "values": {"annual_fee": "13000.00"},
            "current": {"annual_fee": "12000.00", "seats": None},
            "valid_until": date(2098, 11, 30),
            "expires_at": at("2098-12-01"),
            "made_by": "user:one",
            "made_at": WHEN,
            **values,
        }
    )
