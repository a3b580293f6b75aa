"""Calendar feeds: made once, the token shown once and kept as a digest; found by it, revoked, read."""

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.enums import Language
from accounts.errors import FieldError, InvalidInput, Refused
from accounts.models import Organization, User
from accounts.operations import audit, outbox
from accounts.rules import checks
from accounts.rules.permissions import Permission
from contracts import labels
from contracts.enums import CalendarFeedKind
from contracts.models import CalendarEvent, CalendarFeed
from contracts.operations.calendar import MONTHS_AHEAD
from contracts.rules.periods import days_on_earth

PREFIX = "tcal_"
_FORM = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")
# So long an event that is over, or was cancelled, is still told.
MONTHS_KEPT = 13


@transaction.atomic
def make(
    *,
    kind: CalendarFeedKind,
    maker: User,
    now: datetime,
    organization: Organization | None = None,
    owner: User | None = None,
    language: str | None = None,
) -> tuple[CalendarFeed, str]:
    """Make a feed; the token is returned this once. The language is that of its reader unless another is asked for.

    :raises InvalidInput: an organization or an owner is missing, or is given where the kind has none; an owner who does
        not work for the vendor; an unknown language.
    :raises Refused: a client asks for more than the calendar of its own organization.
    """
    if not maker.works_for_vendor and kind is not CalendarFeedKind.ORGANIZATION:
        raise Refused("You make calendars of your own organization only.", code="not_your_calendar")
    faults = []
    for name, given, of in (
        ("organization", organization, CalendarFeedKind.ORGANIZATION),
        ("owner", owner, CalendarFeedKind.OWNER),
    ):
        if kind is of and given is None:
            faults.append(FieldError(name, "required", "This kind of calendar needs it."))
        if kind is not of and given is not None:
            faults.append(FieldError(name, "not_of_this_kind", "This kind of calendar has none."))
    if owner is not None and not (owner.is_active and owner.works_for_vendor):
        faults.append(FieldError("owner", "not_of_the_vendor", "An owner works for the vendor."))
    reader = owner or organization or maker
    chosen = language or (reader.language if reader.language in labels.CALENDAR_LANGUAGE else Language.ENGLISH.value)
    faults += checks.one_of("language", chosen, list(labels.CALENDAR_LANGUAGE))
    if faults:
        raise InvalidInput(faults)
    token = PREFIX + secrets.token_urlsafe(32)
    by = maker.actor
    feed = CalendarFeed.objects.create(
        organization=organization,
        kind=kind.value,
        owner=owner,
        language=chosen,
        prefix=token[:12],
        digest=_digest(token),
        created_by=by,
        created_at=now,
    )
    data = {"kind": feed.kind, "owner": str(owner.public_id) if owner else None, "language": chosen}
    audit.record("calendar_feed.made", feed, by=by, at=now, data=data)
    outbox.publish("calendar_feed.made", feed, at=now, payload=data)
    return feed, token


@transaction.atomic
def revoke(feed: CalendarFeed, *, now: datetime, by: str) -> CalendarFeed:
    """Close a feed at once: its address answers as one that never was.

    :raises Refused: it is closed already.
    """
    if not CalendarFeed.objects.filter(pk=feed.pk, revoked_at__isnull=True).update(revoked_at=now):
        raise Refused("The calendar feed is revoked already.", code="feed_revoked")
    feed.revoked_at = now
    audit.record("calendar_feed.revoked", feed, by=by, at=now)
    outbox.publish("calendar_feed.revoked", feed, at=now)
    return feed


def find(token: str) -> CalendarFeed | None:
    """Return the feed that the token opens; ``None`` where it is unknown, malformed or revoked.

    It is closed too once its maker, or its owner, has left or may not make it any more. Needs the vendor's scope: whose
    it is shows only when it is found.
    """
    digest = _digest(token)
    if not _FORM.fullmatch(token):
        return None
    feed = CalendarFeed.objects.select_related("organization", "owner").filter(digest=digest).first()
    if feed is None or not hmac.compare_digest(feed.digest, digest) or feed.revoked_at is not None:
        return None
    if feed.owner is not None and not (feed.owner.is_active and feed.owner.works_for_vendor):
        return None
    return feed if _may_still(feed) else None


def address_of(token: str) -> str:
    """Return the address at which a feed is read. Whoever knows it may read it."""
    return f"{settings.PUBLIC_URL}/calendar/{token}.ics"


def note_fetch(feed: CalendarFeed, *, now: datetime) -> None:
    """Note that a feed is read, to the hour: a row written at every call would be a queue."""
    unread = Q(last_fetched_at__isnull=True) | Q(last_fetched_at__lt=now - timedelta(hours=1))
    CalendarFeed.objects.filter(unread, pk=feed.pk).update(last_fetched_at=now)


def events_of(feed: CalendarFeed, *, now: datetime) -> QuerySet[CalendarEvent]:
    """Return the events that a feed tells at the instant, with their contracts, by day; inside the feed's scope."""
    found = CalendarEvent.objects.in_view(
        days=days_on_earth(now),
        back=MONTHS_KEPT,
        ahead=MONTHS_AHEAD,
        cancelled_since=now - timedelta(days=31 * MONTHS_KEPT),
    ).select_related("contract", "organization")
    if feed.organization_id is not None:
        return found.filter(organization_id=feed.organization_id)
    return found.filter(contract__owner_id=feed.owner_id) if feed.owner_id is not None else found


def _may_still(feed: CalendarFeed) -> bool:
    """Say whether the maker still works here and may make such a feed."""
    maker = User.objects.filter(public_id=UUID(feed.created_by.removeprefix("user:"))).first()
    if maker is None or not maker.has_perm(Permission.MANAGE_FEEDS):
        return False
    if feed.kind == CalendarFeedKind.ORGANIZATION.value and not maker.works_for_vendor:
        return maker.organization_id == feed.organization_id
    return maker.works_for_vendor


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
