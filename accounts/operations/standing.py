"""Where the sealed trail stands, for whoever asks: the links of the chain that they read, its last, and what waits."""

import json
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from accounts import tenancy
from accounts.models import AuditEvent, AuditSeal
from accounts.operations.sealing import COLUMNS
from accounts.rules.chain import START

# What waits is counted up to here: a page says "more", and costs the same after a bulk import.
MOST = 10_000
# In a sealed text the form comes first, then the columns.
_PUBLIC_ID = 1 + COLUMNS.index("public_id")


@dataclass(frozen=True, slots=True)
class Standing:
    """The head of a chain; how many events wait for their seal (``MOST`` at most), and since when."""

    chain: str
    position: int
    digest: str
    sealed_at: datetime | None
    waiting: int
    waiting_since: datetime | None


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a chain: ``digest`` follows from the digest before it and ``text``, whose event has a public id."""

    position: int
    event: str
    text: str
    digest: str


def chain() -> str:
    """Say which chain the scope in force reads: that of all events, or an organization's own."""
    return "all" if _organization_id() is None else "organization"


def links(*, after: int, limit: int) -> list[Link]:
    """Return the links of the chain that the scope in force reads, in order, from the one after a position on."""
    own = _organization_id()
    position, digest = ("position", "digest") if own is None else ("organization_position", "organization_digest")
    seals = AuditSeal.objects.filter(**{f"{position}__gt": after})
    if own is not None:
        seals = seals.filter(organization_id=own, vendor_only=False)
    found = seals.order_by(position).values_list(position, "canonical", digest)[:limit]
    return [Link(place, str(json.loads(text)[_PUBLIC_ID]), text, link) for place, text, link in found]


def of_scope() -> Standing:
    """Return where the chain stands that the scope in force reads: an organization's own, or that of all events."""
    own = _organization_id()
    if own is not None:
        last = AuditSeal.objects.filter(organization_id=own, vendor_only=False)
        seal = last.order_by("-organization_position").first()
    else:
        seal = AuditSeal.objects.order_by("-position").first()
    waiting = unsealed(seal)
    first = waiting.first()
    return Standing(
        chain=chain(),
        position=0 if seal is None else seal.position if own is None else seal.organization_position,
        digest=START if seal is None else seal.digest if own is None else seal.organization_digest,
        sealed_at=None if seal is None else seal.sealed_at,
        waiting=0 if first is None else waiting[:MOST].count(),
        waiting_since=None if first is None else first.recorded_at,
    )


def unsealed(last: AuditSeal | None) -> QuerySet[AuditEvent]:
    """Return the events of the scope that have no seal and were written since the last sealed one, the oldest first.

    What was written before it and has no seal is damage, which ``verify_trail`` finds.
    """
    seals = AuditSeal.objects.filter(event_id=OuterRef("pk"))
    found = AuditEvent.objects.filter(~Exists(seals)).order_by("written_in", "pk")
    if last is None:
        return found
    written = AuditEvent.objects.filter(pk=last.event_id).values_list("written_in", flat=True).first()
    return found if written is None else found.filter(written_in__gte=written)


def _organization_id() -> int | None:
    """Return whose own chain the scope in force reads; none: that of all events."""
    scope = tenancy.current()
    return None if scope is None else scope.organization_id
