"""Evidence of what held a request up, and until when: noted when it begins and when it ends, and told to the client."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts.errors import Refused
from accounts.operations import audit, outbox
from accounts.operations.sweeping import earliest
from retention.enums import RequestKind, RequestStatus
from retention.models import DeletionRequest
from retention.operations import blocking
from retention.querysets import DeletionRequestQuerySet
from retention.rules import requests as rules


class AsNoted(Refused):
    """Nothing has changed since it was noted whether the request is held up."""

    code = "as_noted"


def due(*, at: datetime) -> DeletionRequestQuerySet:
    """Return requests that are held up and it is not noted, or are no longer."""
    held_up = blocking.held_up(at=at)
    changed = Q(held_up, blocked_since__isnull=True) | Q(~held_up, blocked_since__isnull=False)
    return DeletionRequest.objects.filter(changed).order_by("pk")


def following(*, after: datetime) -> datetime | None:
    """Return when the next request becomes due, and so may be held up."""
    erasures = DeletionRequest.objects.filter(
        kind=RequestKind.ERASE, status__in=[RequestStatus.CONFIRMED, RequestStatus.APPROVED]
    )
    made = DeletionRequest.objects.filter(status=RequestStatus.CONFIRMED, carried_out_at__isnull=False)
    within = settings.CORRECTION_CONFIRMED_WITHIN
    unconfirmed = earliest(made, "carried_out_at", after=after - within)
    instants = [earliest(erasures, field, after=after) for field in ("erase_from", "grace_until")]
    instants.append(None if unconfirmed is None else unconfirmed + within)
    return min((instant for instant in instants if instant is not None), default=None)


@transaction.atomic
def note(request: DeletionRequest, *, now: datetime, by: str) -> DeletionRequest:
    """Note that a request which is due otherwise is held up, or that it is no longer.

    Each change is an event with the codes of what stands in the way, and is announced once.

    :raises AsNoted: it stands as it was noted.
    """
    locked = DeletionRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)
    codes = rules.held_up_by(blocking.blocks(locked, now=now))
    since = locked.blocked_since
    if bool(codes) == (since is not None):
        raise AsNoted("It stands as it was noted.")
    locked.blocked_since = now if codes else None
    locked.save(update_fields=["blocked_since"])
    data = (
        {"kind": locked.kind, "codes": list(codes)}
        if since is None
        else {"kind": locked.kind, "since": since.isoformat()}
    )
    name = "deletion_request.blocked" if since is None else "deletion_request.unblocked"
    audit.record(name, locked, by=by, at=now, data=data)
    outbox.publish(name, locked, at=now, payload=data)
    return locked
