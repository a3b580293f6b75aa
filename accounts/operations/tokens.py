"""API tokens: made once, shown once, kept as a digest."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.errors import InvalidInput, Refused
from accounts.models import ApiToken, User
from accounts.operations import audit
from accounts.rules import checks
from accounts.rules.permissions import Permission

PREFIX = "terme_"


@transaction.atomic
def issue(
    user: User, *, name: str, permissions: Iterable[Permission], expires_at: datetime, now: datetime, by: str
) -> tuple[ApiToken, str]:
    """Make a token that acts for ``user`` with at most these permissions; the text is returned this once.

    :raises InvalidInput: the name is empty, longer than 120 characters, or no line of text.
    :raises Refused: a permission that the user's roles do not hold, or an expiry that is past.
    """
    if faults := checks.text("name", name, longest=120):
        raise InvalidInput(faults)
    wanted = sorted({Permission(p).value for p in permissions})
    lacking = [p for p in wanted if not user.has_perm(p)]
    if lacking:
        raise Refused(f"The user may not {', '.join(lacking)}.", code="permission_not_held")
    if expires_at <= now:
        raise Refused("The expiry is past.", code="expiry_past")
    text = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        organization_id=user.organization_id,
        name=name,
        prefix=text[:12],
        digest=_digest(text.encode()),
        permissions=wanted,
        created_at=now,
        expires_at=expires_at,
    )
    audit.record("token.issued", token, by=by, at=now, data={"user": str(user.public_id), "permissions": wanted})
    return token, text


@transaction.atomic
def revoke(token: ApiToken, *, now: datetime, by: str) -> None:
    """Close a token at once. Revoking twice changes nothing."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now):
        audit.record("token.revoked", token, by=by, at=now)


def find(text: bytes, *, at: datetime) -> ApiToken | None:
    """Return the usable token with this text and an active user, memberships read; ``None`` otherwise."""
    token = ApiToken.objects.select_related("user").filter(digest=_digest(text)).first()
    if token is None or not token.usable(at=at) or not token.user.is_active or not token.user.seats:
        return None
    if token.organization_id != token.user.organization_id:
        return None
    return token


def note_use(token: ApiToken, *, now: datetime) -> None:
    """Note that a token is used, to the hour: a row written at every call would be a queue."""
    unused = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - timedelta(hours=1))
    ApiToken.objects.filter(unused, pk=token.pk).update(last_used_at=now)


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
