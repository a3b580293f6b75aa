"""API tokens: made once, shown once, kept as a digest."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q

from accounts.errors import FieldError, InvalidInput, Refused, phrase
from accounts.models import ApiToken, Caller, Organization, User
from accounts.operations import audit
from accounts.rules import checks
from accounts.rules.permissions import FOR_CLIENTS, FOR_PROGRAMS, Permission

PREFIX = "terme_"
LONGEST_LIFE = timedelta(days=731)
LONGEST_OVERLAP_HOURS = 30 * 24
LONGEST_OVERLAP = timedelta(hours=LONGEST_OVERLAP_HOURS)


@transaction.atomic
def issue(
    user: User,
    *,
    name: str,
    permissions: Collection[str],
    expires_at: datetime,
    now: datetime,
    by: str,
    held: Collection[Permission] | None = None,
    until: datetime | None = None,
    organization: Organization | None = None,
) -> tuple[ApiToken, str]:
    """Make a token that acts for ``user`` with at most these permissions; the text is returned this once.

    ``held`` is what whoever asks may do in this call, where that is less than the user may, and ``until`` the expiry of
    the token by which they ask: a token makes none that exceeds or outlives itself.

    :raises InvalidInput: the name is empty, longer than 120 characters, or no line of text; no permission or an unknown
        one; an expiry after more than :data:`LONGEST_LIFE`; an ``organization`` is named: it is the user's own.
    :raises Refused: a permission that the user's roles do not hold; an expiry that is past (``expiry_past``), or after
        ``until`` (``outlives_its_issuer``).
    """
    if organization is not None:
        message = phrase("A personal token works where its person does.")
        raise InvalidInput([FieldError("organization", "personal", message)])
    may = {permission for permission in Permission if user.has_perm(permission)}
    return _make(
        user=user,
        organization_id=user.organization_id,
        held=may if held is None else may.intersection(held),
        until=until,
        name=name,
        permissions=permissions,
        expires_at=expires_at,
        now=now,
        by=by,
    )


@transaction.atomic
def issue_to_program(
    organization: Organization | None,
    *,
    name: str,
    permissions: Collection[str],
    held: Collection[Permission],
    expires_at: datetime,
    now: datetime,
    by: str,
    until: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Make a token that is an organization's own, or with none the vendor's; the text is returned this once.

    It acts for nobody and stays when whoever issued it leaves. ``held`` is what they may do in this call, ``until`` the
    expiry of the token by which they ask, if they do.

    :raises InvalidInput: as for :func:`issue`.
    :raises Refused: as for :func:`issue`; a permission that no program gets, or no client (``not_for_programs``,
        ``not_for_clients``).
    """
    return _make(
        user=None,
        organization_id=None if organization is None else organization.pk,
        held=held,
        until=until,
        name=name,
        permissions=permissions,
        expires_at=expires_at,
        now=now,
        by=by,
    )


@transaction.atomic
def rotate(
    token: ApiToken,
    *,
    asking: Caller | None,
    held: Collection[Permission],
    overlap: timedelta,
    expires_at: datetime | None = None,
    until: datetime | None = None,
    now: datetime,
    by: str,
) -> tuple[ApiToken, str]:
    """Make the next token of a series; the one before opens for ``overlap`` more at most. Its text is told this once.

    Without ``expires_at`` the new one lives as long as the old one was made for, or until ``until``, the expiry of the
    token by which somebody asks: else a token that was lost could be kept alive by itself. A personal token is rotated
    by its own person only: whoever has its text acts for them.

    :raises InvalidInput: an overlap below zero or above :data:`LONGEST_OVERLAP`; an expiry after more than
        :data:`LONGEST_LIFE`.
    :raises Refused: the token is revoked, expired or rotated already (``token_revoked``, ``token_expired``,
        ``token_rotated``); it is another person's (``token_of_another``); it holds what whoever asks does not; the new
        expiry is past, or after ``until``.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise InvalidInput([FieldError("overlap_hours", "out_of_range", "Between 0 hours and 30 days.")])
    old = ApiToken.objects.select_for_update(of=("self",)).select_related("user").get(pk=token.pk)
    if old.revoked_at is not None:
        raise Refused("The token is revoked.", code="token_revoked")
    if old.rotated_at is not None:
        raise Refused("The token was rotated already: rotate the one that followed it.", code="token_rotated")
    if not old.usable(at=now):
        raise Refused("The token has expired: issue another.", code="token_expired")
    if old.user is not None and old.user != asking:
        raise Refused("A personal token is rotated by its own person only.", code="token_of_another")
    old.rotated_at = now
    if overlap:
        old.expires_at = min(old.expires_at, now + overlap)
    else:
        old.revoked_at = now
    old.save(update_fields=["rotated_at", "expires_at", "revoked_at"])
    made = _make(
        user=old.user,
        organization_id=old.organization_id,
        series=old.series,
        held=held,
        until=until,
        name=old.name,
        permissions=old.permissions,
        expires_at=expires_at or min(now + (token.expires_at - token.created_at), until or now + LONGEST_LIFE),
        now=now,
        by=by,
    )
    opens_until = old.expires_at if overlap else now
    audit.record("token.rotated", old, by=by, at=now, data={"opens_until": opens_until.isoformat()})
    return made


def _make(
    *,
    user: User | None,
    organization_id: int | None,
    held: Collection[Permission],
    until: datetime | None,
    name: str,
    permissions: Collection[str],
    expires_at: datetime,
    now: datetime,
    by: str,
    series: UUID | None = None,
) -> tuple[ApiToken, str]:
    wanted = _checked(
        permissions,
        held=held,
        faults=checks.text("name", name, longest=120),
        program=user is None,
        client=organization_id is not None,
    )
    if expires_at <= now:
        raise Refused("The expiry is past.", code="expiry_past")
    if expires_at > now + LONGEST_LIFE:
        raise InvalidInput([FieldError("expires_at", "too_late", "A token opens for two years at most.")])
    if until is not None and expires_at > until:
        raise Refused("A token makes none that opens longer than itself.", code="outlives_its_issuer")
    text = PREFIX + secrets.token_urlsafe(32)
    public_id = uuid4()
    token = ApiToken.objects.create(
        public_id=public_id,
        series=series or public_id,
        user=user,
        organization_id=organization_id,
        name=name,
        prefix=text[:12],
        digest=_digest(text.encode()),
        permissions=wanted,
        created_at=now,
        expires_at=expires_at,
    )
    holder = {"series": str(token.series)} if user is None else {"user": str(user.public_id)}
    audit.record("token.issued", token, by=by, at=now, data={**holder, "permissions": wanted})
    return token, text


def _checked(
    permissions: Collection[str], *, held: Collection[Permission], faults: list[FieldError], program: bool, client: bool
) -> list[str]:
    """Return the permissions of a new token in order, without doubles."""
    known = {permission.value for permission in Permission}
    if not permissions:
        faults = [*faults, FieldError("permissions", "required", "Name at least one permission.")]
    for unknown in sorted(set(map(str, permissions)) - known):
        message = phrase("There is no permission %(name)s.", name=unknown[:40])
        faults = [*faults, FieldError("permissions", "unknown_permission", message)]
    if faults:
        raise InvalidInput(faults)
    wanted = sorted({Permission(one) for one in permissions})
    if lacking := _lacking(wanted, held):
        raise Refused(
            phrase("Whoever issues the token may not themselves: %(names)s.", names=lacking), code="permission_not_held"
        )
    if program and (lacking := _lacking(wanted, FOR_PROGRAMS)):
        raise Refused(phrase("A person must do this: %(names)s.", names=lacking), code="not_for_programs")
    if client and (lacking := _lacking(wanted, FOR_CLIENTS)):
        raise Refused(phrase("A client's token cannot hold: %(names)s.", names=lacking), code="not_for_clients")
    return [one.value for one in wanted]


def _lacking(wanted: Collection[Permission], allowed: Collection[Permission]) -> str:
    return ", ".join(one.value for one in wanted if one not in allowed)


@transaction.atomic
def revoke(token: ApiToken, *, now: datetime, by: str) -> ApiToken:
    """Close a token at once. Revoking twice changes nothing."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now):
        audit.record("token.revoked", token, by=by, at=now)
    token.refresh_from_db(fields=["revoked_at"])
    return token


def find(text: bytes, *, at: datetime) -> ApiToken | None:
    """Return the usable token with this text, else ``None``. A personal one needs its user: active, and still there."""
    token = ApiToken.objects.select_related("user").filter(digest=_digest(text)).first()
    if token is None or not token.usable(at=at):
        return None
    user = token.user
    if user is not None and (not user.is_active or not user.seats or token.organization_id != user.organization_id):
        return None
    return token


def note_use(token: ApiToken, *, now: datetime) -> None:
    """Note that a token is used, to the hour: a row written at every call would be a queue."""
    unused = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - timedelta(hours=1))
    ApiToken.objects.filter(unused, pk=token.pk).update(last_used_at=now)


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
