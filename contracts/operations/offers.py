"""Renewal offers: made, sent, accepted once and in time, withdrawn, expired. None of it stops a tacit renewal."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from accounts.errors import FieldError, InvalidInput, Refused
from accounts.models import Document
from accounts.operations import audit, outbox
from contracts import explain
from contracts.enums import ContractStatus, OfferState
from contracts.models import Contract, RenewalOffer
from contracts.operations import amendments, signing, stored
from contracts.rules import errors
from contracts.rules import offers as rules
from contracts.rules.days import ONE_DAY
from contracts.rules.explanation import plain
from contracts.rules.offers import FEE, Comparison
from contracts.rules.periods import local_day, midnight


class OfferNotOpen(Refused):
    """The offer is not in a state that allows this: another was faster, its validity is over, or the term began."""

    code = "offer_not_open"


class OfferStands(Refused):
    """Another offer for this term is open, or was accepted."""

    code = "offer_stands"


@transaction.atomic
def make(contract: Contract, *, values: Mapping[str, Any], valid_until: date, now: datetime, by: str) -> RenewalOffer:
    """Draft an offer of other clauses for the next term. What is as it is now is left out.

    :raises InvalidInput: nothing changes, a clause is unknown or wrong, or the validity does not end before the term.
    :raises OfferStands: an offer for this term is open, or was accepted.
    :raises Refused: the contract does not renew.
    """
    locked = _locked(contract)
    if locked.status != ContractStatus.ACTIVE.value or locked.renews_at is None or locked.term_ends_on is None:
        raise Refused("The contract has no renewal ahead that an offer could be for.", code="no_renewal")
    if locked.offers.filter(starts_on=locked.term_ends_on, state=OfferState.ACCEPTED.value).exists():
        raise OfferStands("An offer for this term was accepted.")
    then = stored.in_force(locked, on=locked.term_ends_on)
    changed = {name: value for name, value in values.items() if getattr(then, name, None) != value}
    _check(then, changed)
    _check_validity(locked, valid_until, locked.term_ends_on, now)
    offer = RenewalOffer(
        organization_id=locked.organization_id,
        contract=locked,
        number=locked.term_number + 1,
        starts_on=locked.term_ends_on,
        values=_stored(changed),
        current=_stored(current_of(then)),
        valid_until=valid_until,
        expires_at=midnight(valid_until + ONE_DAY, locked.time_zone),
        made_by=by,
        made_at=now,
    )
    try:
        with transaction.atomic():
            offer.save(force_insert=True)
    except IntegrityError as error:
        raise OfferStands("An offer for this term is open: withdraw it first.") from error
    _told(offer, "made", now=now, by=by)
    return offer


@transaction.atomic
def send(offer: RenewalOffer, *, now: datetime, by: str, proof: Document | None = None) -> RenewalOffer:
    """Send a draft: the client's members see it from now on, and are told.

    :raises OfferNotOpen: it is no draft any more, its validity is over, or the contract does not renew into its term.
    """
    contract, found = _open(offer, OfferState.SENT, now=now)
    found.state, found.sent_by, found.sent_at, found.sent_proof = OfferState.SENT.value, by, now, proof
    found.save(update_fields=["state", "sent_by", "sent_at", "sent_proof"])
    stored.deadlines_changed(contract)
    _told(found, "sent", now=now, by=by)
    return found


@transaction.atomic
def accept(
    offer: RenewalOffer, *, now: datetime, by: str, for_client: bool = False, proof: Document | None = None
) -> RenewalOffer:
    """Accept a sent offer: its clauses are agreed from the first day of the next term on, by an amendment.

    ``for_client`` says that the vendor's staff records the client's acceptance: that takes a proof.

    :raises OfferNotOpen: it was accepted, withdrawn or never sent, its validity is over, or the term has begun.
    :raises Refused: no proof.
    """
    if for_client and proof is None:
        raise Refused("Staff records an acceptance with its proof only.", code="proof_needed")
    contract, found = _open(offer, OfferState.ACCEPTED, now=now)
    amendments.record(
        contract,
        values=agreed_values(found),
        agreed_on=local_day(now, contract.time_zone),
        valid_from=found.starts_on,
        proof=proof,
        source=found.public_id,
        now=now,
        by=by,
    )
    return _closed(found, OfferState.ACCEPTED, now=now, by=by, proof=proof)


@transaction.atomic
def withdraw(offer: RenewalOffer, *, now: datetime, by: str) -> RenewalOffer:
    """Take back an offer that was not accepted.

    :raises OfferNotOpen: it is closed already.
    """
    _locked(offer.contract)
    found = RenewalOffer.objects.get(pk=offer.pk)
    if not rules.may_become(OfferState(found.state), OfferState.WITHDRAWN):
        raise OfferNotOpen("The offer is not open any more.")
    return _closed(found, OfferState.WITHDRAWN, now=now, by=by)


@transaction.atomic
def expire(offer: RenewalOffer, *, now: datetime, by: str) -> RenewalOffer:
    """Close an offer whose last day of validity is over (in the contract's zone).

    :raises OfferNotOpen: it is closed already, or still valid.
    """
    _locked(offer.contract)
    found = RenewalOffer.objects.due_for_expiry(at=now).filter(pk=offer.pk).first()
    if found is None:
        raise OfferNotOpen("The offer is not open any more, or still valid.")
    return _closed(found, OfferState.EXPIRED, now=now, by=by)


def current_of(contract: Contract) -> dict[str, Any]:
    """Return the clauses that an offer may change, as they are, the fee first."""
    names = (FEE, *(name for name in stored.AMENDABLE if name != FEE))
    return {name: getattr(contract, name) for name in names}


def comparison(offer: RenewalOffer) -> Comparison:
    """Return the clauses in force when the offer was made beside those offered."""
    return rules.compare(offer.current, offer.values)


def agreed_values(offer: RenewalOffer) -> dict[str, Any]:
    """Return the clauses offered, typed as the contract's columns are."""
    return {name: Decimal(value) if name == FEE else value for name, value in offer.values.items()}


def _stored(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: f"{Decimal(value):.2f}" if name == FEE else plain(value) for name, value in values.items()}


def _check(then: Contract, changed: dict[str, Any]) -> None:
    faults = [
        FieldError(name, "unknown_clause", "This cannot be offered.")
        for name in changed
        if name not in stored.AMENDABLE
    ]
    if not changed:
        faults.append(FieldError("values", "nothing_changes", "Nothing changes."))
    if faults:
        raise InvalidInput(faults)
    names = {field.name for field in Contract._meta.concrete_fields} - {"id", "public_id", "organization"}
    wrong, _unusual = signing.check({name: getattr(then, name) for name in names} | changed)
    if faults := [fault for fault in wrong if fault.field in changed]:
        raise InvalidInput(faults)


def _check_validity(contract: Contract, valid_until: date, starts_on: date, now: datetime) -> None:
    stay = stored.stay_of(contract)
    stayed_until = stay.until if stay is not None and stay.number == contract.term_number else None
    try:
        rules.check_validity(
            valid_until, today=local_day(now, contract.time_zone), starts_on=starts_on, stayed_until=stayed_until
        )
    except errors.InvalidInput as error:
        raise explain.bad_input(error) from error


def _locked(contract: Contract) -> Contract:
    return (
        Contract.objects.select_related("organization").select_for_update(of=("self",), no_key=True).get(pk=contract.pk)
    )


def _open(offer: RenewalOffer, following: OfferState, *, now: datetime) -> tuple[Contract, RenewalOffer]:
    contract = _locked(offer.contract)
    found = RenewalOffer.objects.get(pk=offer.pk)
    if not rules.may_become(OfferState(found.state), following) or found.expires_at <= now:
        raise OfferNotOpen("The offer is not open any more.")
    ahead = contract.status == ContractStatus.ACTIVE.value and contract.renews_at is not None
    if not ahead or contract.term_ends_on != found.starts_on or contract.term_number >= found.number:
        raise OfferNotOpen("The contract does not renew into the term of this offer.")
    if contract.renews_at is not None and contract.renews_at <= now:
        raise OfferNotOpen("The term of this offer has begun.")
    return contract, found


def _closed(
    offer: RenewalOffer, state: OfferState, *, now: datetime, by: str, proof: Document | None = None
) -> RenewalOffer:
    offer.state, offer.closed_by, offer.closed_at, offer.accepted_proof = state.value, by, now, proof
    offer.save(update_fields=["state", "closed_by", "closed_at", "accepted_proof"])
    stored.deadlines_changed(offer.contract)
    _told(offer, state.value, now=now, by=by)
    return offer


def _told(offer: RenewalOffer, what: str, *, now: datetime, by: str) -> None:
    data = {
        "number": offer.number,
        "starts_on": offer.starts_on.isoformat(),
        "valid_until": offer.valid_until.isoformat(),
    }
    # Until it is sent, the client does not know of it.
    audit.record(f"offer.{what}", offer, by=by, at=now, data=data, vendor_only=offer.sent_at is None)
    outbox.publish(f"offer.{what}", offer, at=now, payload=data)
