"""Requests that are no erasure, once the client has decided; and any about people of whom nobody is left."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from accounts import tenancy
from accounts.operations import audit, outbox, processing
from retention.enums import Decision, RequestKind, RequestScope, RequestStatus
from retention.models import DeletionRequest, Export, RequestSubject
from retention.operations import corrections, exports, requests
from retention.querysets import DeletionRequestQuerySet

WHOLE = RequestScope.ORGANIZATION


def due() -> DeletionRequestQuerySet:
    """Return exports of people that the client decided on, and requests about people of whom nobody is left.

    An erasure is over in this way once that of everything is: before, it is not sure that nothing is left.
    """
    listed = RequestSubject.objects.filter(request=OuterRef("pk"))
    fenced = RequestSubject.objects.filter(licensed_user=OuterRef("licensed_user"), fenced_at__isnull=False)
    decided = Q(Exists(listed.filter(~Exists(fenced))), kind=RequestKind.EXPORT, status=RequestStatus.CONFIRMED)
    everything = DeletionRequest.objects.open().filter(organization=OuterRef("organization"), scope=WHOLE)
    lapsing = ~Exists(listed) & (~Q(kind=RequestKind.ERASE) | ~Exists(everything))
    of_people = DeletionRequest.objects.filter(status__in=requests.CANCELLABLE).exclude(scope=WHOLE)
    return of_people.filter(decided | lapsing).order_by("pk")


def carry_out(request: DeletionRequest, *, now: datetime, by: str) -> None:
    """Make the export that a request asks for; end a request that nobody is left of. It raises what these raise."""
    if RequestSubject.objects.filter(request=request).exists():
        export_people(request, now=now, by=by)
    else:
        lapse(request, now=now, by=by)


@transaction.atomic
def export_people(request: DeletionRequest, *, now: datetime, by: str) -> Export:
    """Make the export that a request asks for (Art. 15 and 20 GDPR): of its people, and of what belongs to them.

    The client's own people fetch it (``view_content``), and hand it on. With that the request is done; the export goes
    with the first of its people who is erased.

    :raises requests.RequestNotInThatState: the client has not decided, it is over, or it asks for something else.
    :raises requests.NobodyLeft: its people are gone.
    :raises vault.VaultClosed: the content is being destroyed, or is destroyed.
    """
    locked = requests.in_state(request, RequestStatus.CONFIRMED)
    if locked.kind != RequestKind.EXPORT:
        raise requests.RequestNotInThatState("This request asks for no export.")
    chosen = _left_of(locked)
    with tenancy.tenant(locked.organization_id):
        export = exports.written(locked.organization, request=locked, people=chosen, now=now, by=by)
    locked.export_decision = Decision.DONE
    requests.finish(locked, now=now, by=by, facts={"export": str(export.public_id)})
    return export


def restrict_people(locked: DeletionRequest, *, now: datetime, by: str) -> None:
    """Restrict the processing of a request's people (Art. 18 GDPR), in the caller's transaction: it is done with that.

    Whoever is restricted already stays so. It is lifted person by person, after each was told. A hold is no obstacle.

    :raises requests.NobodyLeft: its people are gone, or are being erased: nothing is restricted.
    """
    people = _left_of(locked)
    count = processing.restrict_all(locked.organization, people, request=locked.public_id, now=now, by=by)
    requests.finish(locked, now=now, by=by, facts={"people": len(people), "restricted": count})


def _left_of(locked: DeletionRequest) -> frozenset[int]:
    """Return the internal keys of a request's people who are there, and whom no erasure has fenced.

    :raises requests.NobodyLeft: none are.
    """
    listed = RequestSubject.objects.filter(request=locked, let_go_at__isnull=True)
    fenced = RequestSubject.objects.filter(organization=locked.organization_id, fenced_at__isnull=False)
    people = listed.exclude(licensed_user__in=fenced.values("licensed_user")).values_list("licensed_user", flat=True)
    found = frozenset(people)
    if not found:
        raise requests.NobodyLeft("The people whom this request is about are erased, or are being erased.")
    return found


def at_once(locked: DeletionRequest, *, now: datetime, by: str) -> None:
    """Carry out what need not wait for a sweep, in the transaction that decided it."""
    if locked.kind == RequestKind.RESTRICT:
        restrict_people(locked, now=now, by=by)
    if locked.kind == RequestKind.CORRECT:
        corrections.make(locked, now=now, by=by)


@transaction.atomic
def lapse(request: DeletionRequest, *, now: datetime, by: str) -> DeletionRequest:
    """End a request whose people were all erased meanwhile: nothing is left to carry out.

    So an erasure ends whose people went with everything of their organization; a run that was planned goes with it.

    :raises requests.RequestNotInThatState: somebody is there, it is over, or it destroys keys by now.
    """
    requests.let_run_go(request)
    locked = requests.in_state(request, *requests.CANCELLABLE)
    if locked.whole or RequestSubject.objects.filter(request=locked).exists():
        raise requests.RequestNotInThatState("Somebody whom this request is about is there.")
    locked.status, locked.closed_at = RequestStatus.CANCELLED, now
    locked.save(update_fields=["status", "closed_at"])
    data = {"kind": locked.kind, "why": "people_erased"}
    audit.record("deletion_request.cancelled", locked, by=by, at=now, data=data)
    outbox.publish("deletion_request.cancelled", locked, at=now, payload=data)
    return locked


def has_lapsed(request: DeletionRequest) -> bool:
    """Say whether a request ended because its people are erased: one that was taken back lists those who are there."""
    listed = RequestSubject.objects.filter(request=request)
    return request.status == RequestStatus.CANCELLED and not request.whole and not listed.exists()
