"""Which rows a signed-in user works with."""

from contextlib import AbstractContextManager

from accounts import tenancy
from accounts.models import User


def scope_of(user: User) -> AbstractContextManager[None]:
    """Return the scope that a user works in: the whole vendor, or their one organization.

    :raises tenancy.NoScope: the user works nowhere.
    """
    if user.works_for_vendor:
        return tenancy.vendor()
    if user.organization_id is None:
        raise tenancy.NoScope("This user has no membership.")
    return tenancy.tenant(user.organization_id)
