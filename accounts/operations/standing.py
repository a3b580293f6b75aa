"""Where the sealed trail stands, for whoever asks: the last link of the chain that they read, and what waits."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from accounts import tenancy
from accounts.models import AuditEvent, AuditSeal
from accounts.rules.chain import START

# What waits is counted up to here: a page says "more", and costs the same after a bulk import.
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Standing:
    """The head of a chain; how many events wait for their seal (``MOST`` at most), and since when."""

    chain: str
    position: int
    digest: str
    sealed_at: datetime | None
    waiting: int
    waiting_since: datetime | None


def of_scope() -> Standing:
    """Return where the chain stands that the scope in force reads: an organization's own, or that of all events."""
    scope = tenancy.current()
    own = scope is not None and scope.organization_id is not None
    if own:
        last = AuditSeal.objects.filter(organization_id=tenancy.current_organization_id(), vendor_only=False)
        seal = last.order_by("-organization_position").first()
    else:
        seal = AuditSeal.objects.order_by("-position").first()
    waiting = unsealed(seal)
    first = waiting.first()
    return Standing(
        chain="organization" if own else "all",
        position=0 if seal is None else seal.organization_position if own else seal.position,
        digest=START if seal is None else seal.organization_digest if own else seal.digest,
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
