"""Whose an actor of the trail is: a client's own member or program, or somebody else."""

from uuid import UUID

from accounts.models import ApiToken, Membership, Organization


def is_of(organization: Organization, actor: str) -> bool:
    """Say whether an actor is the organization's own: a member of it now, or a program with a token of its own.

    Whoever left or was locked out since, a program whose tokens are revoked, the vendor's staff and programs, and the
    system are not. Reads in the vendor's scope.
    """
    kind, _, name = actor.partition(":")
    try:
        public_id = UUID(name)
    except ValueError:
        return False
    if kind == "user":
        members = Membership.objects.filter(organization=organization, user__is_active=True)
        return members.filter(user__public_id=public_id).exists()
    if kind == "token":
        own = ApiToken.objects.filter(organization=organization, user__isnull=True, revoked_at__isnull=True)
        return own.filter(series=public_id).exists()
    return False
