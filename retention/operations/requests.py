"""Deletion requests: opened when the last contract has ended, confirmed, approved by another person, or given up."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts import tenancy
from accounts.errors import InvalidInput, Refused
from accounts.models import Document, Organization
from accounts.operations import audit, outbox
from accounts.rules import checks
from contracts.enums import ContractStatus, EndChoice, EndReason
from contracts.models import Contract, SwitchingCase
from contracts.rules.periods import local_day
from retention.enums import Decision, RequestKind, RequestOrigin, RequestScope, RequestStatus, RunPhase
from retention.models import DeletionRequest, ErasureRun, RequestSubject
from retention.operations import blocking, impact, instructions, windows
from retention.rules import requests as rules

CANCELLABLE = (RequestStatus.RECEIVED, RequestStatus.CONFIRMED, RequestStatus.APPROVED)


class RequestNotInThatState(Refused):
    """The request has moved on: another operator, or a sweep, was faster."""

    code = "request_not_in_that_state"


class NoContract(Refused):
    """What a contract's end asks for is given up only for a contract that keeps the data."""

    code = "no_contract"


class ExportUndecided(Refused):
    """The client has not decided about its export yet."""

    code = "export_not_decided"


class SamePerson(Refused):
    """Who asked for the erasure, or confirmed the end, cannot approve it too."""

    code = "same_person"


class NobodyLeft(Refused):
    """The people whom the request is about are erased, or are being erased: there is nothing of theirs."""

    code = "nobody_left"


@transaction.atomic
def open_request(
    organization: Organization,
    *,
    origin: RequestOrigin,
    now: datetime,
    by: str,
    for_client: bool = False,
    note: str = "",
    proof: Document | None = None,
) -> DeletionRequest:
    """Open the request that a client's departure brings, with its retrieval window.

    The choice at the end (Art. 28(3)(g) GDPR) is the contracts': where all say *delete*, no export is waited for. Of
    several contracts the longest window counts.

    The window begins when the service stopped in fact: a notice that was recorded late ends the contract earlier on
    paper, but the client had its service until the end was carried out. A client whose contract never ran (a pilot) may
    ask for erasure too. Where a switch ended the last contract, the request says that it comes of that.

    ``for_client``: the vendor's staff record that the client asks; nobody asks in the client's name without its word.

    :raises InvalidInput: the note is too long, or holds what no note may.
    :raises instructions.ProofNeeded: staff record it for the client, and there is no proof.
    :raises ContractOpen: a contract is signed or active.
    :raises Refused: nothing has ended (unless the client asks), or a request for this end exists.
    """
    if faults := checks.note("note", note):
        raise InvalidInput(faults)
    if for_client:
        instructions.demand(proof)
    contracts = Contract.objects.filter(organization=organization)
    if contracts.binding().exists():
        raise blocking.ContractOpen("A contract of this organization is signed or active.")
    last = contracts.filter(status=ContractStatus.ENDED.value).order_by("ended_at", "pk").last()
    if (last is None or last.ends_on is None) and origin is not RequestOrigin.CLIENT:
        raise Refused("No contract of this organization has ended.", code="no_contract_ended")
    if Organization.objects.filter(pk=organization.pk, closed_at__isnull=False).exists():
        raise Refused("The data of this organization are erased, and nothing was let in since.", code="erased_already")
    if origin is RequestOrigin.CONTRACT_END and last is not None and last.end_reason == EndReason.SWITCHING.value:
        origin = RequestOrigin.SWITCHING
    zone = organization.time_zone if last is None else last.time_zone
    today = local_day(now, zone)
    ended_on = today if last is None or last.ends_on is None else last.ends_on
    whole = DeletionRequest.objects.filter(organization=organization, scope=RequestScope.ORGANIZATION)
    earlier = whole.exclude(status=RequestStatus.CANCELLED)
    if last is not None and earlier.filter(service_ended_on__gte=ended_on).exists():
        raise Refused("The end of this contract has its request already.", code="request_exists")
    over = windows.ended(organization)
    window = rules.longest(windows.granted(organization, over, today=today).values())
    returned = not over or any(windows.wants_return(one) for one in over)
    choice = EndChoice.RETURN_THEN_DELETE if returned else EndChoice.DELETE
    try:
        with transaction.atomic():
            request = DeletionRequest.objects.create(
                organization=organization,
                origin=origin,
                requested_by=by,
                received_at=now,
                proof=proof,
                service_ended_on=ended_on,
                retrieval_ends_on=window.ends_on,
                erase_from=window.erase_from,
                erase_by=window.erase_by,
                promised_by=window.promised_by,
                export_decision=Decision.DECLINED if choice is EndChoice.DELETE else Decision.PENDING,
            )
    except IntegrityError as error:
        raise Refused("This organization has an open request.", code="request_exists") from error
    clash = {} if window.promised_by is None else {"promised_by": window.promised_by.isoformat()}
    data = clash | {
        "origin": origin.value,
        "contract": None if last is None else str(last.public_id),
        "choice": choice.value,
        "proof": proof is not None,
        "erase_from": window.erase_from.isoformat(),
        "erase_by": window.erase_by.isoformat(),
        "why": window.explanation.to_json(),
    }
    detail = {"note": note} if note else None
    audit.record("deletion_request.opened", request, by=by, at=now, data=data, detail=detail)
    outbox.publish("deletion_request.opened", request, at=now, payload=clash | {"erase_from": data["erase_from"]})
    return request


@transaction.atomic
def confirm_end(request: DeletionRequest, *, now: datetime, by: str) -> DeletionRequest:
    """Confirm that the collaboration has definitively ended (rulebook §2).

    :raises ContractOpen: a contract is signed or active.
    :raises ContractDrafted: a contract is under negotiation.
    :raises SwitchUnfinished: a switch is pending or unfinished.
    :raises RequestNotInThatState: it was confirmed, or is over.
    """
    locked = _whole(in_state(request, RequestStatus.RECEIVED))
    blocking.refuse_while_contracts_are_open(locked.organization)
    blocking.refuse_while_switching(locked.organization)
    locked.status = RequestStatus.CONFIRMED
    locked.confirmed_by, locked.confirmed_at = by, now
    locked.save(update_fields=["status", "confirmed_by", "confirmed_at"])
    audit.record("deletion_request.end_confirmed", locked, by=by, at=now)
    outbox.publish("deletion_request.end_confirmed", locked, at=now)
    return locked


@transaction.atomic
def approve(request: DeletionRequest, *, now: datetime, by: str) -> DeletionRequest:
    """Approve the erasure; it runs once the retrieval period is over, the export decided, and the grace period past.

    What the approver was shown, how much each store holds, stays with the request. An archive that nobody has decided
    on by then lapses, and holds nothing up.

    :raises SamePerson: the approver asked for it, or confirmed the end.
    :raises RequestNotInThatState: the client has not decided, or it was approved, or is over, or it is no erasure.
    """
    locked = in_state(request, RequestStatus.CONFIRMED)
    if locked.kind != RequestKind.ERASE:
        raise RequestNotInThatState("Only an erasure needs another person's approval.")
    if by in (locked.requested_by, locked.confirmed_by):
        raise SamePerson("Another person must approve: you asked for this erasure or confirmed the end.")
    locked.status = RequestStatus.APPROVED
    locked.approved_by, locked.approved_at = by, now
    locked.grace_until = now + settings.ERASURE_GRACE
    locked.impact = impact.of(locked)
    locked.save(update_fields=["status", "approved_by", "approved_at", "grace_until", "impact"])
    data = {"grace_until": locked.grace_until.isoformat(), "impact": locked.impact}
    audit.record("deletion_request.approved", locked, by=by, at=now, data=data)
    outbox.publish("deletion_request.approved", locked, at=now, payload={"grace_until": data["grace_until"]})
    return locked


@transaction.atomic
def take_back(request: DeletionRequest, *, now: datetime, by: str, reason: str = "") -> DeletionRequest:
    """Take an approval back, until keys are being destroyed: the request waits for another approval.

    A run that was planned goes with it, and what it would have searched for.

    :raises RequestNotInThatState: it is not approved, or keys are being destroyed.
    """
    if faults := checks.note("reason", reason):
        raise InvalidInput(faults)
    let_run_go(request)
    locked = in_state(request, RequestStatus.APPROVED)
    locked.status = RequestStatus.CONFIRMED
    locked.approved_by, locked.approved_at, locked.grace_until, locked.impact = "", None, None, None
    locked.save(update_fields=["status", "approved_by", "approved_at", "grace_until", "impact"])
    detail = {"reason": reason} if reason else None
    audit.record("deletion_request.approval_taken_back", locked, by=by, at=now, detail=detail)
    outbox.publish("deletion_request.approval_taken_back", locked, at=now)
    return locked


@transaction.atomic
def waive_retrieval(request: DeletionRequest, *, now: datetime, by: str) -> DeletionRequest:
    """Record that the client, who has its export or wants none, waives the rest of the retrieval period.

    The minimum protects the client, so only the client gives it up; the caller sees to that.

    :raises ExportUndecided: the export is neither made nor waived.
    :raises SwitchUnfinished: a switch is pending or unfinished, so there is no period yet to waive the rest of.
    :raises RequestNotInThatState: keys are being destroyed, or it is over.
    """
    locked = _whole(in_state(request, *CANCELLABLE))
    if locked.export_decision == Decision.PENDING:
        raise ExportUndecided("Make the export first, or waive it.")
    blocking.refuse_while_switching(locked.organization)
    if blocking.erasable_from(locked) > now:
        today = local_day(now, locked.organization.time_zone)
        found = windows.of_request(locked).values()
        locked.erase_by, locked.promised_by = rules.waived(found, now=now, erase_by=locked.erase_by)
        locked.erase_from = now
        locked.retrieval_ends_on = max(locked.service_ended_on or today, today)
        locked.retrieval_waived_at = now
        locked.save(update_fields=["erase_from", "erase_by", "promised_by", "retrieval_ends_on", "retrieval_waived_at"])
        audit.record("deletion_request.retrieval_waived", locked, by=by, at=now)
        outbox.publish("deletion_request.retrieval_waived", locked, at=now)
    return locked


@transaction.atomic
def cancel(
    request: DeletionRequest,
    *,
    now: datetime,
    by: str,
    reason: str = "",
    for_client: bool = False,
    proof: Document | None = None,
) -> DeletionRequest:
    """Give a request up before its keys are destroyed, because a successor contract keeps everything.

    Without one, data that a contract's end left have no ground to stay: then nobody can give the request up. Where no
    contract ever ended, only the client's word asks for the erasure, and the client takes it back; so it does with one
    about some of the people that it decided on. A run that was planned goes with it.

    ``for_client``: the vendor's staff record that the client takes back what it asked for, or decided.

    :raises RequestNotInThatState: keys are being destroyed, or it is over.
    :raises NoContract: no contract is signed or active, and the end of one needs the request.
    :raises instructions.ProofNeeded: staff record it for the client, and there is no proof.
    """
    let_run_go(request)
    locked = in_state(request, *CANCELLABLE)
    if locked.whole and not Contract.objects.binding().filter(organization=locked.organization_id).exists():
        if blocking.serves_an_end(locked):
            raise NoContract("No contract is signed or active: the data have no ground to stay.")
        if for_client:
            instructions.demand(proof)
    if for_client and not locked.whole and locked.confirmed_at is not None:
        instructions.demand(proof)
    refuse_what_is_made(locked)
    let_people_go(locked, now=now)
    locked.status = RequestStatus.CANCELLED
    locked.closed_at, locked.end_proof = now, proof
    locked.save(update_fields=["status", "closed_at", "end_proof"])
    data, detail = {"kind": locked.kind}, {"reason": reason} if reason else None
    kept = {"proof": True} if proof is not None else {}
    audit.record("deletion_request.cancelled", locked, by=by, at=now, data=data | kept, detail=detail)
    outbox.publish("deletion_request.cancelled", locked, at=now, payload=data)
    return locked


@transaction.atomic
def follow_switch(request: DeletionRequest, *, now: datetime, by: str) -> DeletionRequest:
    """Move a request's dates to those of a switch that was settled after it was opened; the client gets its window.

    :raises RequestNotInThatState: keys are being destroyed, it is over, or it has those dates.
    """
    locked = _whole(in_state(request, *CANCELLABLE))
    erase_from = blocking.erasable_from(locked)
    case = SwitchingCase.objects.filter(organization=locked.organization_id, erase_at=erase_from).last()
    if erase_from <= locked.erase_from or case is None:
        raise RequestNotInThatState("The request has the dates of the switch.")
    found = windows.of_request(locked)
    windows.put(found, windows.of_switch(case, contract=case.contract), contract=case.contract)
    window = rules.longest(found.values())
    locked.retrieval_ends_on = max(window.ends_on, locked.service_ended_on or window.ends_on)
    locked.erase_from, locked.erase_by, locked.promised_by = window.erase_from, window.erase_by, window.promised_by
    locked.save(update_fields=["retrieval_ends_on", "erase_from", "erase_by", "promised_by"])
    data = {"switch": str(case.public_id), "erase_from": window.erase_from.isoformat()}
    if locked.promised_by is not None:
        data["promised_by"] = locked.promised_by.isoformat()
    audit.record("deletion_request.retrieval_moved", locked, by=by, at=now, data=data)
    outbox.publish("deletion_request.retrieval_moved", locked, at=now, payload=data)
    return locked


def finish(locked: DeletionRequest, *, now: datetime, by: str, facts: Mapping[str, Any]) -> None:
    """End a request that is carried out, in the caller's transaction; its people may be in another one."""
    let_people_go(locked, now=now)
    locked.status, locked.closed_at = RequestStatus.DONE, now
    locked.save(update_fields=["status", "export_decision", "closed_at"])
    data = {"kind": locked.kind, **facts}
    audit.record("deletion_request.done", locked, by=by, at=now, data=data)
    outbox.publish("deletion_request.done", locked, at=now, payload=data)


def let_run_go(request: DeletionRequest) -> None:
    """End a run that has not destroyed anything, in the caller's transaction, with what it would have searched for.

    The run is locked before the request, as everybody does who takes both.
    """
    with tenancy.vendor():
        found = ErasureRun.objects.select_for_update(of=("self",), no_key=True).filter(
            request=request, phase=RunPhase.PLANNED
        )
        for run in found:
            run.phase = RunPhase.CANCELLED
            run.identifiers = run.identifiers_key = run.identifiers_key_version = None
            run.save(update_fields=["phase", "identifiers", "identifiers_key", "identifiers_key_version"])


def let_people_go(request: DeletionRequest, *, now: datetime) -> None:
    """Free the people of a request that is over: another one may be about them. What it was to correct is not kept."""
    RequestSubject.objects.filter(request=request, let_go_at__isnull=True).update(
        let_go_at=now, correction=None, correction_key=None
    )


def refuse_what_is_made(request: DeletionRequest) -> None:
    """:raises RequestNotInThatState: it was carried out here already, and waits for the product alone."""
    if request.carried_out_at is not None:
        raise RequestNotInThatState("The correction was made already: it is confirmed, or another one asked for.")


def in_state(request: DeletionRequest, *states: RequestStatus) -> DeletionRequest:
    """Lock a request that is in one of the states. :raises RequestNotInThatState: it is in another one."""
    found = (
        DeletionRequest.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organization")
        .filter(pk=request.pk, status__in=states)
        .first()
    )
    if found is None:
        raise RequestNotInThatState("The request is not in a state that allows this.")
    return found


def _whole(request: DeletionRequest) -> DeletionRequest:
    if not request.whole:
        raise RequestNotInThatState("This request is about some of the people, while the collaboration goes on.")
    return request
