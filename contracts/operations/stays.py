"""The stay of a renewal: both sides sign that it waits. An open offer alone stops nothing."""

from datetime import date, datetime

from django.db import transaction

from accounts.errors import FieldError, InvalidInput, Refused
from accounts.models import Document
from accounts.operations import audit, outbox
from contracts import explain
from contracts.models import Contract
from contracts.operations import ends, stored
from contracts.rules import errors, stay
from contracts.rules.notice import Stay
from contracts.rules.periods import local_day


@transaction.atomic
def agree(contract: Contract, *, until: date, proof: Document | None, now: datetime, by: str) -> Contract:
    """Record that both sides stay the next renewal until a local day (inclusive); ``proof`` is the signed document.

    A later day replaces the one that was agreed for the same renewal; a shorter stay is one too, both sides agreeing.

    :raises InvalidInput: no proof, nothing renews, or the day is over or too late.
    :raises Refused: the contract is not active, ends, or its renewal is certain already.
    """
    if proof is None:
        raise InvalidInput([FieldError("proof", "missing", "Add the stay that both sides signed.")])
    locked = (
        Contract.objects.active()
        .select_related("organization")
        .select_for_update(of=("self",), no_key=True)
        .filter(pk=contract.pk)
        .first()
    )
    if locked is None:
        raise Refused("Only the renewal of an active contract is stayed.", code="contract_not_in_that_state")
    if locked.ends_on is not None:
        raise Refused("The contract ends: there is no renewal to stay.", code="contract_ends")
    if locked.renews_at is not None and (locked.certain_at is None or locked.certain_at <= now):
        raise Refused("The renewal is certain already.", code="renewal_certain")
    agreed = Stay(locked.term_number, until)
    try:
        stay.check(stored.clause_of(locked), agreed, today=local_day(now, locked.time_zone))
    except errors.InvalidInput as error:
        raise explain.bad_input(error, field="until" if error.field == "stayed_until" else None) from error
    locked.stayed_until, locked.stayed_term, locked.stay_proof = agreed.until, agreed.number, proof
    locked.save(update_fields=["stayed_until", "stayed_term", "stay_proof"])
    ends.apply(locked, now=now, by=by)
    data = {"until": until.isoformat(), "number": agreed.number}
    audit.record("contract.renewal_stayed", locked, by=by, at=now, data=data)
    outbox.publish("contract.renewal_stayed", locked, at=now, payload=data)
    return locked
