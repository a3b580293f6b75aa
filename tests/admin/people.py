"""Members for the admin's tests: a role, for the vendor or for a client."""

import itertools

from accounts import tenancy
from accounts.enums import Role
from accounts.operations import members
from tests.retention.vaults import BEFORE

_numbers = itertools.count(1)


def a_member(role, organization=None, *, email=""):
    """Make a user who has this role and no other."""
    with tenancy.vendor():
        return members.add(
            email=email or f"{role}-{next(_numbers)}@terme.example",
            name=f"A {role}".replace("_", " "),
            role=Role(role),
            organization=organization,
            now=BEFORE,
            by="system",
        )
