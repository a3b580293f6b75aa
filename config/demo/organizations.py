"""The demo's portfolio: every client with its contracts, as they stand on a given day."""

from datetime import date

from config.demo import france, france_leaving, germany, new_zealand, poland
from config.demo.model import DemoOrganization

TOUR = "mirandelle"
"""The slug of the client whose contract the README's tour walks from signature to certificate."""


def organizations(today: date) -> tuple[DemoOrganization, ...]:
    """Return all clients. Every date is counted from ``today``, so the demo is as fresh on any day.

    The same day gives the same portfolio. Names, numbers and addresses are invented.
    """
    return tuple(
        organization
        for country in (france, france_leaving, poland, germany, new_zealand)
        for organization in country.organizations(today)
    )
