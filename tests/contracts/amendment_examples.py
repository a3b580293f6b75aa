"""An amendment for the examples that break constraints."""

import uuid
from datetime import date

from contracts.models import Amendment
from tests.contracts.agreements import at
from tests.contracts.operations.lives import utc


def an_amendment(contract):
    """Return an amendment that was recorded and has not come into force."""
    return Amendment.objects.create(
        organization=contract.organization,
        contract=contract,
        agreed_on=date(2025, 5, 1),
        valid_from=date(2026, 1, 1),
        applies_at=utc("2025-12-31 23:00"),
        values={"seats": 5},
        source=uuid.UUID(int=7),
        recorded_by="user:one",
        recorded_at=at("2025-06-01"),
    )
