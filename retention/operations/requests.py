"""Deletion requests: opened when the last contract has ended, confirmed, approved by another person, or given up."""

from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.errors import Refused
from accounts.models import Organization
from accounts.operations import audit, outbox
from contracts.enums import ContractStatus, EndChoice
from contracts.models import Contract
from retention.enums import Decision, RequestOrigin, RequestStatus
from retention.models import DeletionRequest, LegalHold
from retention.rules import requests as rules

CANCELLABLE = (RequestStatus.RECEIVED, RequestStatus.CONFIRMED, RequestStatus.APPROVED)


class ContractOpen(Refused):
    """A contract of the organization is signed, active or under negotiation: its data are still needed."""

    code = "contract_open"


class RequestNotInThatState(Refused):
    """The request has moved on: another operator, or a sweep, was faster."""

    code = "request_not_in_that_state"


class SamePerson(Refused):
    """Who asked for the erasure, or confirmed the end, cannot approve it too."""

    code = "same_person"


@transaction.atomic
def open_request(organization: Organization, *, origin: RequestOrigin, now: datetime, by: str) -> DeletionRequest:
    """Open the request that a client's departure brings, with its retrieval window.

    The choice at the end (Art. 28(3)(g) GDPR) is the contract's: where it says *delete*, no export is waited for.

    :raises ContractOpen: a contract is signed or active.
    :raises Refused: no contract has ended, or a request for this end exists.
    """
    contracts = Contract.objects.filter(organization=organization)
    if contracts.filter(status__in=[ContractStatus.SIGNED.value, ContractStatus.ACTIVE.value]).exists():
        raise ContractOpen("A contract of this organization is signed or active.")
    last = contracts.filter(status=ContractStatus.ENDED.value).order_by("ended_at", "pk").last()
    if last is None or last.ends_on is None:
        raise Refused("No contract of this organization has ended.", code="no_contract_ended")
    if DeletionRequest.objects.filter(organization=organization, service_ended_on__gte=last.ends_on).exists():
        raise Refused("The end of this contract has its request already.", code="request_exists")
    window = rules.retrieval_window(
        last.ends_on,
        days=last.retrieval_days,
        country=organization.country,
        zone=last.time_zone,
        erase_within=settings.ERASE_BY,
    )
    choice = EndChoice(last.end_choice)
    try:
        with transaction.atomic():
            request = DeletionRequest.objects.create(
                organization=organization,
                origin=origin,
                requested_by=by,
                received_at=now,
                service_ended_on=last.ends_on,
                retrieval_ends_on=window.ends_on,
                erase_from=window.erase_from,
                erase_by=window.erase_by,
                export_decision=Decision.DECLINED if choice is EndChoice.DELETE else Decision.PENDING,
            )
    except IntegrityError as error:
        raise Refused("This organization has an open request.", code="request_exists") from error
    data = {
        "origin": origin.value,
        "contract": str(last.public_id),
        "choice": choice.value,
        "erase_from": window.erase_from.isoformat(),
        "erase_by": window.erase_by.isoformat(),
        "why": window.explanation.to_json(),
    }
    audit.record("deletion_request.opened", request, by=by, at=now, data=data)
    outbox.publish("deletion_request.opened", request, at=now, payload={"erase_from": data["erase_from"]})
    return request


@transaction.atomic
def confirm_end(request: DeletionRequest, *, now: datetime, by: str) -> DeletionRequest:
    """Confirm that the collaboration has definitively ended (rulebook §2).

    :raises ContractOpen: a contract is signed, active or under negotiation.
    :raises RequestNotInThatState: it was confirmed, or is over.
    """
    locked = _locked(request, RequestStatus.RECEIVED)
    refuse_while_contracts_are_open(locked.organization)
    locked.status = RequestStatus.CONFIRMED
    locked.confirmed_by, locked.confirmed_at = by, now
    locked.save(update_fields=["status", "confirmed_by", "confirmed_at"])
    audit.record("deletion_request.end_confirmed", locked, by=by, at=now)
    outbox.publish("deletion_request.end_confirmed", locked, at=now)
    return locked


@transaction.atomic
def approve(request: DeletionRequest, *, now: datetime, by: str) -> DeletionRequest:
    """Approve the erasure; it runs once the retrieval period is over, and export and archive are decided.

    :raises SamePerson: the approver asked for it, or confirmed the end.
    :raises RequestNotInThatState: the end is not confirmed, or it was approved, or is over.
    """
    locked = _locked(request, RequestStatus.CONFIRMED)
    if by in (locked.requested_by, locked.confirmed_by):
        raise SamePerson("Another person must approve: you asked for this erasure or confirmed the end.")
    locked.status = RequestStatus.APPROVED
    locked.approved_by, locked.approved_at = by, now
    locked.save(update_fields=["status", "approved_by", "approved_at"])
    audit.record("deletion_request.approved", locked, by=by, at=now)
    outbox.publish("deletion_request.approved", locked, at=now)
    return locked


@transaction.atomic
def cancel(request: DeletionRequest, *, now: datetime, by: str, reason: str = "") -> DeletionRequest:
    """Give a request up before its keys are destroyed: a successor contract keeps everything.

    :raises RequestNotInThatState: keys are being destroyed, or it is over.
    """
    locked = _locked(request, *CANCELLABLE)
    locked.status = RequestStatus.CANCELLED
    locked.closed_at = now
    locked.save(update_fields=["status", "closed_at"])
    audit.record("deletion_request.cancelled", locked, by=by, at=now, detail={"reason": reason} if reason else None)
    outbox.publish("deletion_request.cancelled", locked, at=now)
    return locked


def blocks(request: DeletionRequest, *, now: datetime) -> tuple[str, ...]:
    """Return what keeps the request from erasure now, as codes."""
    return rules.blocks(
        status=request.status,
        now=now,
        erase_from=request.erase_from,
        contracts_open=Contract.objects.filter(organization=request.organization_id).open().exists(),
        holds=LegalHold.objects.filter(organization=request.organization_id).in_force().count(),
        export_decided=request.export_decision != Decision.PENDING,
        archive_decided=request.archive_decision != Decision.PENDING,
    )


def refuse_while_contracts_are_open(organization: Organization) -> None:
    """:raises ContractOpen: a contract is signed, active or under negotiation."""
    if Contract.objects.filter(organization=organization).open().exists():
        raise ContractOpen("A contract of this organization is signed, active or under negotiation.")


def _locked(request: DeletionRequest, *states: RequestStatus) -> DeletionRequest:
    found = (
        DeletionRequest.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organization")
        .filter(pk=request.pk, status__in=states)
        .first()
    )
    if found is None:
        raise RequestNotInThatState("The request is not in a state that allows this.")
    return found
