"""Suspension: the service stops for a while, for non-payment or by agreement; the contract's calendar goes on."""

from datetime import date, datetime

from django.db import transaction

from accounts.errors import FieldError, InvalidInput, Refused
from accounts.operations import audit, licences, outbox
from contracts.enums import ContractStatus, ContractSuspension
from contracts.models import Contract
from contracts.operations import ends
from contracts.rules.periods import local_day, midnight


class NotSuspendable(Refused):
    """The contract is not active, is over, or is suspended already."""

    code = "contract_not_suspendable"


class NotSuspended(Refused):
    """The contract is not suspended, or is over."""

    code = "contract_not_suspended"


@transaction.atomic
def suspend(
    contract: Contract, *, reason: ContractSuspension, now: datetime, by: str, resumes_on: date | None = None
) -> Contract:
    """Stop the service of an active contract; where it was the last licence, the users are suspended with it.

    Terms, renewals and notices go on as if nothing had happened. It is resumed by hand, or on ``resumes_on`` by itself.

    :raises InvalidInput: ``resumes_on`` is not after today (in the contract's zone).
    :raises NotSuspendable: the contract is not active, its end has come, or it is suspended already.
    """
    locked = _locked(contract)
    if locked is None or locked.suspended_at is not None or (locked.ends_at is not None and locked.ends_at <= now):
        raise NotSuspendable("Only an active contract that is not suspended can be suspended.")
    if resumes_on is not None and resumes_on <= local_day(now, locked.time_zone):
        raise InvalidInput([FieldError("resumes_on", "not_after_today", "The service resumes on a later day.")])
    locked.suspended_at = now
    locked.suspension_reason = reason.value
    locked.resumes_at = midnight(resumes_on, locked.time_zone) if resumes_on else None
    locked.save(update_fields=["suspended_at", "suspension_reason", "resumes_at"])
    ends.grant_licence(locked)
    data = {"reason": reason.value, "resumes_on": resumes_on.isoformat() if resumes_on else None}
    audit.record("contract.suspended", locked, by=by, at=now, data=data)
    outbox.publish("contract.suspended", locked, at=now, payload=data)
    licences.align(locked.organization, now=now, by=by)
    return locked


@transaction.atomic
def resume(contract: Contract, *, now: datetime, by: str) -> Contract:
    """Let the service go on; users suspended because of this are reinstated, others stay as they are.

    :raises NotSuspended: the contract is not suspended, or its end has come.
    """
    locked = _locked(contract)
    if locked is None or locked.suspended_at is None or (locked.ends_at is not None and locked.ends_at <= now):
        raise NotSuspended("The contract is not suspended.")
    since, reason = locked.suspended_at, locked.suspension_reason
    locked.suspended_at, locked.suspension_reason, locked.resumes_at = None, "", None
    locked.save(update_fields=["suspended_at", "suspension_reason", "resumes_at"])
    ends.grant_licence(locked)
    data = {"suspended_at": since.isoformat(), "reason": reason}
    audit.record("contract.resumed", locked, by=by, at=now, data=data)
    outbox.publish("contract.resumed", locked, at=now, payload=data)
    licences.align(locked.organization, now=now, by=by)
    return locked


@transaction.atomic
def resume_when_due(contract: Contract, *, now: datetime, by: str) -> Contract:
    """Resume a contract whose agreed day has come. :raises NotSuspended: it has not, or it was resumed by hand."""
    locked = _locked(contract)
    if locked is None or locked.resumes_at is None or locked.resumes_at > now:
        raise NotSuspended("The contract does not resume now.")
    return resume(contract, now=now, by=by)


def _locked(contract: Contract) -> Contract | None:
    return (
        Contract.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organization")
        .filter(pk=contract.pk, status=ContractStatus.ACTIVE.value)
        .first()
    )
