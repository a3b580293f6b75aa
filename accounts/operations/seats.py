"""Seats: how many people an organization's licences let use the product, and how many do."""

from datetime import datetime

from accounts.models import LicenceGrant, LicensedUser, Organization


class Seats:
    """The seats that are free at an instant; ``None``: no limit. Whoever takes one has taken turns before.

    Grants add up; one without a number makes them unlimited. Seats that a smaller licence took away are missed by
    nobody who has one: the number of people falls as they leave, and nobody new comes in before.
    """

    def __init__(self, organization: Organization, *, at: datetime) -> None:
        grants = list(LicenceGrant.objects.filter(organization=organization).in_force(at=at))
        self.licensed = bool(grants)
        self.left: int | None = 0
        if any(grant.seats is None for grant in grants):
            self.left = None
        elif grants:
            taken = LicensedUser.objects.filter(organization=organization).seated().count()
            self.left = sum(grant.seats or 0 for grant in grants) - taken

    @property
    def free(self) -> bool:
        """Whether one more person may be let in."""
        return self.left is None or self.left > 0

    def take(self) -> bool:
        """Take a seat if one is free; say whether."""
        if not self.free:
            return False
        if self.left is not None:
            self.left -= 1
        return True
