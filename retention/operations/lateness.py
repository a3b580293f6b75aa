"""Who is to act is told when a request may miss its day: well before it, when it has come, and every week after.

Two days before it, it is escalated: the vendor's administrators are told too. The client is told while it is the one
who has to decide. What is to be done is said in codes (rulebook §6).
"""

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from accounts.errors import Refused
from accounts.operations import audit, outbox
from accounts.operations.sweeping import Swept, earliest, walk
from retention.enums import Decision, RequestScope, RequestStatus
from retention.models import DeletionRequest, ErasureRun
from retention.operations import blocking
from retention.querysets import DeletionRequestQuerySet
from retention.rules import lateness as rules


class NotDueSoon(Refused):
    """Its day is not near, its content is gone, or somebody was told of it lately."""

    code = "not_due_soon"


def waiting() -> DeletionRequestQuerySet:
    """Return the requests of which something is still to be done by their day."""
    return DeletionRequest.objects.unerased()


def due(*, at: datetime) -> DeletionRequestQuerySet:
    """Return those of whose day somebody is to be told, as :func:`retention.rules.lateness.to_tell` says of one."""
    told = Q(erase_by__lte=at, warned_at__lte=at - rules.AGAIN, blocked_since__isnull=True)
    for lead in rules.LEADS:
        untold = Q(warned_at__isnull=True) | Q(warned_at__lt=F("erase_by") - lead)
        told |= Q(untold, erase_by__lte=at + lead)
    nobodys = Q(_left_to_us(), erase_by__gt=at, blocked_since__isnull=True)
    # Nobody is told earlier than the longest lead: so far the index of days is read.
    near = waiting().filter(told, erase_by__lte=at + rules.LEADS[0])
    return near.exclude(nobodys).order_by("pk")


def _left_to_us() -> Q:
    """Everybody has decided: the engine has it in hand, or waits for its time; nobody has paused it."""
    decided = Q(status=RequestStatus.APPROVED) & ~Q(scope=RequestScope.ORGANIZATION, export_decision=Decision.PENDING)
    paused = ErasureRun.objects.filter(request=OuterRef("pk"), paused_at__isnull=False)
    in_hand = Q(status__in=[RequestStatus.DESTROYING, RequestStatus.ERASING])
    return Q(decided | in_hand, ~Exists(paused))


def following(*, after: datetime) -> datetime | None:
    """Return when the next day comes near, or somebody is told again."""
    found = [
        None if day is None else day - lead
        for lead in rules.LEADS
        for day in [earliest(waiting(), "erase_by", after=after + lead)]
    ]
    late = waiting().filter(erase_by__lte=after, blocked_since__isnull=True)
    again = earliest(late, "warned_at", after=after - rules.AGAIN)
    found.append(None if again is None else again + rules.AGAIN)
    return min((instant for instant in found if instant is not None), default=None)


@transaction.atomic
def warn(request: DeletionRequest, *, now: datetime, by: str) -> None:
    """Tell those who are to act that a request must be carried out soon, or should have been.

    :raises NotDueSoon: its day is not near, its content is gone, or somebody was told of it lately.
    """
    locked = due(at=now).filter(pk=request.pk).select_for_update(of=("self",), no_key=True).first()
    if locked is None:
        raise NotDueSoon("Its day is not near, its content is gone, or somebody was told of it.")
    codes = (*blocking.blocks(locked, now=now), *_stopped(locked))
    locked.warned_at = now
    locked.save(update_fields=["warned_at"])
    data = {
        "kind": locked.kind,
        "erase_by": locked.erase_by.isoformat(),
        "codes": list(codes),
        "late": locked.erase_by <= now,
    }
    told = data | {"status": locked.status, "tells_client": rules.clients_turn(codes)}
    if rules.is_escalated(locked.erase_by, now=now):
        audit.record("deletion_request.escalated", locked, by=by, at=now, data=data, vendor_only=True)
        outbox.publish("deletion_request.escalated", locked, at=now, payload=told)
    else:
        audit.record("deletion_request.due_soon", locked, by=by, at=now, data=data, vendor_only=True)
        outbox.publish("deletion_request.due_soon", locked, at=now, payload=told)


def _stopped(locked: DeletionRequest) -> Iterator[str]:
    """Yield why a run of the request does not go on by itself."""
    if locked.status == RequestStatus.PARTIALLY_DONE:
        yield "store_given_up"
    if locked.status == RequestStatus.FAILED:
        yield "residue_found"
    if ErasureRun.objects.filter(request=locked, paused_at__isnull=False).exists():
        yield "run_paused"


def warn_all(*, at: datetime, by: str) -> Swept:
    """Tell of every request whose day is near or over."""
    return walk(lambda: due(at=at), lambda request: warn(request, now=at, by=by))
