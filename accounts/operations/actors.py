"""Whose an actor of the trail is: a client's own member or program, or somebody else."""

from uuid import UUID

from accounts.models import ApiToken, Membership, Organization


def is_of(organization: Organization, actor: str) -> bool:
    """Say whether an actor is the organization's own: a member of it now, or a program with a token of its own.

    Whoever left since, the vendor's staff and programs, and the system are not. Reads in the vendor's scope.
    """
    kind, _, name = actor.partition(":")
    try:
        public_id = UUID(name)
    except ValueError:
        return False
    if kind == "user":
        return Membership.objects.filter(organization=organization, user__public_id=public_id).exists()
    if kind == "token":
        return ApiToken.objects.filter(organization=organization, series=public_id, user__isnull=True).exists()
    return False
