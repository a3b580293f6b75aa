"""The way of a deletion request as steps: what is done and when, where it stands, what is to come."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from retention.enums import RequestKind, RequestStatus
from retention.models import DeletionRequest, ErasureRun

CERTIFIED = (RequestStatus.CERTIFIED, RequestStatus.COMPLETE)
OTHER_WAY = (RequestStatus.RECEIVED, RequestStatus.CONFIRMED, RequestStatus.DONE)
WAY = (
    RequestStatus.RECEIVED,
    RequestStatus.CONFIRMED,
    RequestStatus.APPROVED,
    RequestStatus.DESTROYING,
    RequestStatus.ERASING,
    RequestStatus.ERASED,
    RequestStatus.VERIFIED,
    RequestStatus.CERTIFIED,
    RequestStatus.COMPLETE,
)


@dataclass(frozen=True, slots=True)
class Stop:
    """One state on the way: ``done``, ``current`` or ``ahead``, since when if that is known."""

    label: str
    state: str
    at: datetime | None


def stepper(request: DeletionRequest) -> list[Stop]:
    """Return the steps of a request. One that was given up or failed ends with that, where its way stopped."""
    known = {
        RequestStatus.RECEIVED: request.received_at,
        RequestStatus.CONFIRMED: request.confirmed_at,
        RequestStatus.APPROVED: request.approved_at,
        RequestStatus.CERTIFIED: request.closed_at if request.status in CERTIFIED else None,
        RequestStatus.COMPLETE: _completed_at(request),
        RequestStatus.DONE: request.closed_at if request.status == RequestStatus.DONE else None,
    }
    status = RequestStatus(request.status)
    way = WAY if request.kind == RequestKind.ERASE else OTHER_WAY
    if status not in way:
        reached = [one for one in way if known.get(one) is not None]
        done = [Stop(_label(request, one), "done", known[one]) for one in reached]
        return [*done, Stop(str(status.label), "current", request.closed_at)]
    place = way.index(status)
    return [
        Stop(
            _label(request, one),
            "done" if number < place else "current" if number == place else "ahead",
            known.get(one),
        )
        for number, one in enumerate(way)
    ]


def _completed_at(request: DeletionRequest) -> datetime | None:
    if request.status != RequestStatus.COMPLETE:
        return None
    runs = ErasureRun.objects.filter(request=request, completed_at__isnull=False)
    return runs.values_list("completed_at", flat=True).first()


def _label(request: DeletionRequest, status: RequestStatus) -> str:
    """Of some people no collaboration ends: the client decides."""
    if status is RequestStatus.CONFIRMED and not request.whole:
        return _("Decided by the client")
    return str(status.label)
