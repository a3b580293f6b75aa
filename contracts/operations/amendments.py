"""Amendments: clauses that both sides changed from a day on; applied at its local midnight, voided before it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.errors import FieldError, InvalidInput, Refused, phrase
from accounts.models import Document
from accounts.operations import audit, licences, outbox
from contracts.enums import OfferState, UpliftState
from contracts.models import Amendment, Contract
from contracts.operations import ends, locking, signing, statements, stored
from contracts.rules import amending
from contracts.rules.explanation import plain
from contracts.rules.periods import local_day, midnight
from contracts.rules.status import BINDING


class AmendmentNotPending(Refused):
    """The amendment was applied or voided already, or its day has not come."""

    code = "amendment_not_pending"


class AmendmentClashes(Refused):
    """Another amendment changes the same clause from the same day, or was applied from a later one."""

    code = "amendment_clashes"


@transaction.atomic
def record(
    contract: Contract,
    *,
    values: dict[str, Any],
    agreed_on: date,
    valid_from: date,
    now: datetime,
    by: str,
    proof: Document | None = None,
    source: UUID | None = None,
) -> Amendment:
    """Record what both sides agreed, and apply it at once if its day has come. Unchanged clauses are left out.

    ``source`` is the public id of what both sides signed here, such as an offer; without one a proof is asked for. The
    fee of a term that is running stays on the term: what is due for the rest of it is billed as an uplift.

    :raises InvalidInput: nothing changes, a clause cannot be amended or is wrong, a day is out of order, no proof.
    :raises AmendmentClashes: the same clause is amended from the same day already, or was from a later one: what came
        later would be lost.
    :raises Refused: the contract is not signed or active.
    """
    locked = _locked(contract)
    _check_days(locked, agreed_on, valid_from, now)
    then = stored.in_force(locked, on=valid_from)
    changed = {name: value for name, value in values.items() if getattr(then, name, None) != value}
    _check_values(then, changed, valid_from)
    if proof is None and source is None:
        raise InvalidInput([FieldError("proof", "missing", "Add the signed amendment: the vendor alone cannot amend.")])
    same_day = locked.amendments.filter(voided_at__isnull=True, valid_from=valid_from)
    if any(one.values.keys() & changed.keys() for one in same_day):
        raise AmendmentClashes("The same clause is amended from the same day already.")
    later = locked.amendments.filter(applied_at__isnull=False, valid_from__gt=valid_from)
    if any(one.values.keys() & changed.keys() for one in later):
        raise AmendmentClashes("The same clause was amended from a later day, and that was applied already.")
    found = Amendment.objects.create(
        organization_id=locked.organization_id,
        contract=locked,
        agreed_on=agreed_on,
        valid_from=valid_from,
        applies_at=midnight(valid_from, locked.time_zone),
        values=_stored(changed),
        before=_stored({name: getattr(then, name) for name in changed}),
        source=source,
        proof=proof,
        recorded_by=by,
        recorded_at=now,
    )
    data = {"amendment": str(found.public_id), "valid_from": valid_from.isoformat(), "clauses": sorted(changed)}
    stored.deadlines_changed(locked)
    audit.record("contract.amended", locked, by=by, at=now, data=data)
    outbox.publish("contract.amended", locked, at=now, payload=data)
    if Amendment.objects.due(at=now).filter(pk=found.pk).exists():
        apply_to(locked, found, now=now, by=by)
    return found


@transaction.atomic
def apply(amendment: Amendment, *, now: datetime, by: str) -> Amendment:
    """Apply an amendment whose day has come (in the contract's zone).

    :raises AmendmentNotPending: its day has not come, the contract is behind it, or it is done or voided.
    """
    locked = _locked(amendment.contract)
    found = Amendment.objects.due(at=now).filter(pk=amendment.pk).first()
    if found is None:
        raise AmendmentNotPending("This amendment is not due.")
    apply_to(locked, found, now=now, by=by)
    return found


@transaction.atomic
def void(amendment: Amendment, *, proof: Document | None, now: datetime, by: str) -> Amendment:
    """Take back an amendment that was not applied yet, both sides agreeing. The trail names the proof of that.

    The offer or the uplift that it came from is void with it: another may be made for the same term.

    :raises AmendmentNotPending: it was applied, or is void already.
    :raises InvalidInput: the proof is missing.
    """
    locked = _locked(amendment.contract)
    if not Amendment.objects.pending().filter(pk=amendment.pk).update(voided_at=now):
        raise AmendmentNotPending("This amendment was applied or voided already.")
    if proof is None:
        raise InvalidInput(
            [FieldError("proof", "missing", "Add what both sides agreed: one alone takes nothing back.")]
        )
    amendment.voided_at = now
    stored.deadlines_changed(locked)
    data = {"amendment": str(amendment.public_id)}
    evidence = {**data, "proof": str(proof.public_id)}
    audit.record("contract.amendment_voided", locked, by=by, at=now, data=evidence)
    outbox.publish("contract.amendment_voided", locked, at=now, payload=data)
    _void_source(locked, amendment, now=now, by=by)
    return amendment


def _void_source(contract: Contract, amendment: Amendment, *, now: datetime, by: str) -> None:
    if amendment.source is None:
        return
    data = {"amendment": str(amendment.public_id)}
    for offer in contract.offers.filter(public_id=amendment.source, state=OfferState.ACCEPTED.value):
        offer.state = OfferState.VOIDED.value
        offer.save(update_fields=["state"])
        audit.record("offer.voided", offer, by=by, at=now, data=data)
        outbox.publish("offer.voided", offer, at=now, payload=data)
    for uplift in contract.uplifts.filter(public_id=amendment.source, state=UpliftState.APPLIED.value):
        uplift.state = UpliftState.VOIDED.value
        uplift.save(update_fields=["state"])
        audit.record("uplift.voided", uplift, by=by, at=now, data=data, vendor_only=True)
        outbox.publish("uplift.voided", uplift, at=now, payload=data)


def apply_to(contract: Contract, amendment: Amendment, *, now: datetime, by: str) -> None:
    """Put a due amendment on the locked contract, and compute what follows: the schedule, the next term, its plan."""
    amendment.before = _stored({name: getattr(contract, name) for name in amendment.values})
    if "renewal_term_months" in amendment.values:
        fixed = amending.fixed_lengths(stored.clause_of(contract), valid_from=amendment.valid_from)
        contract.term_lengths = [list(one) for one in fixed]
    stored.put(contract, amendment.values)
    contract.save(update_fields=[*amendment.values, "term_lengths"])
    amendment.applied_at = max(now, amendment.applies_at)
    amendment.save(update_fields=["before", "applied_at"])
    _charge_uplift(contract, amendment, now=now, by=by)
    ends.apply(contract, now=now, by=by)
    if contract.ends_on is not None:
        # It no longer renews: the next term, if it was certain, will not begin.
        ends.void_terms_from(contract, contract.ends_on, now=now)
    following = contract.terms.filter(number=contract.term_number + 1, voided_at__isnull=True).first()
    if following is not None:
        agreed = stored.new_term(contract, following.number)
        for name in ("days", "fee", "currency", "clauses"):
            setattr(following, name, getattr(agreed, name))
        following.save(update_fields=["days", "fee", "currency", "clauses"])
    if "seats" in amendment.values:
        licences.align(contract.organization, now=now, by=by)
    data = {"amendment": str(amendment.public_id), "clauses": sorted(amendment.values)}
    audit.record("contract.amendment_applied", contract, by=by, at=now, data=data)
    outbox.publish("contract.amendment_applied", contract, at=now, payload=data)


def _charge_uplift(contract: Contract, amendment: Amendment, *, now: datetime, by: str) -> None:
    """Charge what a new fee adds to the rest of a running term, or of the years charged where it has no end."""
    term = contract.terms.filter(
        number=contract.term_number,
        voided_at__isnull=True,
        started_at__isnull=False,
        days__contains=amendment.valid_from,
    ).first()
    if "annual_fee" not in amendment.values or term is None:
        return
    changed_before = contract.amendments.filter(
        applied_at__isnull=False, valid_from__gte=term.days.lower, values__has_key="annual_fee"
    ).exclude(pk=amendment.pk)
    statements.charge_uplift(
        contract,
        term,
        before=Decimal(amendment.before["annual_fee"]) if changed_before.exists() else None,
        after=contract.annual_fee,
        changes_on=amendment.valid_from,
        source=amendment.public_id,
        now=now,
        by=by,
    )


def _check_days(contract: Contract, agreed_on: date, valid_from: date, now: datetime) -> None:
    today = local_day(now, contract.time_zone)
    faults = []
    if agreed_on > today:
        message = phrase("Today is %(today)s in the contract's zone.", today=today)
        faults.append(FieldError("agreed_on", "in_the_future", message))
    if agreed_on < contract.concluded_on:
        faults.append(FieldError("agreed_on", "before_the_contract", "The contract was not concluded yet."))
    current = stored.clause_of(contract).term(max(contract.term_number, 1)).starts_on
    if valid_from < current:
        faults.append(
            FieldError(
                "valid_from", "before_the_term", phrase("The current term began on %(current)s.", current=current)
            )
        )
    elif contract.ends_on is not None and valid_from >= contract.ends_on:
        faults.append(FieldError("valid_from", "after_the_end", "The contract has ended by then."))
    if faults:
        raise InvalidInput(faults)


def _check_values(then: Contract, changed: dict[str, Any], valid_from: date) -> None:
    """Check the clauses as those of a new contract are; ``then`` is the contract as it will stand on that day."""
    faults = [
        FieldError(name, "not_amendable", "This cannot be amended.") for name in changed if name not in stored.AMENDABLE
    ]
    if not changed:
        faults.append(FieldError("values", "nothing_changes", "Nothing changes."))
    if faults:
        raise InvalidInput(faults)
    names = {field.attname for field in Contract._meta.concrete_fields} - {"id", "public_id", "organization_id"}
    wrong, _unusual = signing.check({name: getattr(then, name) for name in names} | changed)
    # What was accepted at the signature is not refused now.
    faults = [fault for fault in wrong if fault.field in changed]
    if "renewal_term_months" in changed and then.renewal_term_months is None:
        running = stored.clause_of(then).term_at(max(valid_from, then.starts_on))
        if running.indefinite:
            faults.append(FieldError("renewal_term_months", "indefinite", "The term has no end: nothing follows it."))
    if faults:
        raise InvalidInput(faults)


def _stored(values: dict[str, Any]) -> dict[str, Any]:
    return {name: plain(Decimal(value) if name == "annual_fee" else value) for name, value in values.items()}


def _locked(contract: Contract) -> Contract:
    return locking.locked(contract, *BINDING, refusal=phrase("Only a signed or active contract is amended."))
