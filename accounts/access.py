"""Which rows whoever calls works with."""

from contextlib import AbstractContextManager

from accounts import tenancy
from accounts.models import Caller


def scope_of(user: Caller) -> AbstractContextManager[None]:
    """Return the scope that a user, or a program, works in: the whole vendor, or their one organization.

    :raises tenancy.NoScope: the user works nowhere.
    """
    if user.works_for_vendor:
        return tenancy.vendor()
    if user.organization_id is None:
        raise tenancy.NoScope("This user has no membership.")
    return tenancy.tenant(user.organization_id)
