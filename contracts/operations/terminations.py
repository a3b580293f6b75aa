"""Terminations: a contract ended otherwise than by notice, with ground, price and proof."""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from accounts.errors import FieldError, InvalidInput, Refused, phrase
from accounts.models import Document
from accounts.operations import audit, outbox
from contracts.enums import NoticeParty, TerminationGround
from contracts.models import Contract, Termination
from contracts.operations import ends, locking, pricing, quotes
from contracts.rules import grounds
from contracts.rules.days import ONE_DAY
from contracts.rules.periods import local_day
from contracts.rules.status import BINDING


class NoTermination(Refused):
    """No termination stands that could be taken back, or it has taken effect."""

    code = "no_termination"


@transaction.atomic
def terminate(
    contract: Contract,
    *,
    ground: TerminationGround,
    party: NoticeParty,
    declared_on: date,
    last_day: date,
    now: datetime,
    by: str,
    proof: Document | None = None,
    agreed: Decimal | None = None,
) -> Termination:
    """End a contract on a ground, its last day of service being ``last_day``, and write what that costs or gives back.

    :raises InvalidInput: the side cannot declare it, the proof is missing, a day is out of order, or as
        :func:`pricing.compute` does.
    :raises Refused: the contract is not signed or active, ends before, or grants no right to leave on that day.
    """
    if ground is TerminationGround.SWITCHING:
        raise Refused("A switch ends the contract by its own case.", code="by_switching_case")
    locked = _locked(contract)
    today = local_day(now, locked.time_zone)
    _check(locked, ground, party, declared_on, last_day, today, proof, agreed)
    quotes.refuse_if_ending(locked, exit_on=last_day, ground=ground)
    found = pricing.compute(
        locked,
        exit_on=last_day,
        ground=ground,
        party=party,
        on=min(declared_on, last_day),
        agreed=agreed,
    )
    if not found.right_to_leave:
        raise Refused("The contract grants no right to leave on that day.", code="no_right_to_leave")
    why = next((line.explanation.to_json() for line in found.lines if line.kind.value == "penalty"), {})
    ended = ends.declare(
        locked,
        ground=ground,
        party=party,
        declared_on=declared_on,
        ends_on=last_day + ONE_DAY,
        penalty=found.penalty.amount,
        now=now,
        by=by,
        why=why,
        proof=proof,
    )
    data = {"termination": str(ended.public_id), "ground": ground.value, "ends_on": ended.ends_on.isoformat()}
    audit.record("contract.terminated", locked, by=by, at=now, data=data)
    outbox.publish("contract.terminated", locked, at=now, payload=data)
    return ended


@transaction.atomic
def revert(termination: Termination, *, proof: Document | None, now: datetime, by: str) -> Termination:
    """Take a termination back before it takes effect, both sides agreeing, and void what it charged.

    The trail names the proof of the agreement.

    :raises NoTermination: it was taken back already, belongs to a switch, or has taken effect.
    :raises InvalidInput: the proof is missing.
    :raises Refused: the contract is over.
    """
    contract = _locked(termination.contract)
    found = Termination.objects.select_for_update(of=("self",), no_key=True).get(pk=termination.pk)
    over = found.ends_on <= local_day(now, contract.time_zone)
    if found.withdrawn_at is not None or over or found.ground == TerminationGround.SWITCHING.value:
        raise NoTermination("No termination stands that could be taken back.")
    if proof is None:
        raise InvalidInput(
            [FieldError("proof", "missing", "Add what both sides agreed: one alone takes nothing back.")]
        )
    found.withdrawn_at = now
    ends.take_back(contract, Termination.objects.filter(pk=found.pk), now=now, by=by)
    data = {"termination": str(found.public_id), "ground": found.ground}
    evidence = {**data, "proof": str(proof.public_id)}
    audit.record("contract.termination_reverted", contract, by=by, at=now, data=evidence)
    outbox.publish("contract.termination_reverted", contract, at=now, payload=data)
    return found


def _locked(contract: Contract) -> Contract:
    return locking.locked(contract, *BINDING, refusal=phrase("Only a signed or active contract is terminated."))


def _check(
    contract: Contract,
    ground: TerminationGround,
    party: NoticeParty,
    declared_on: date,
    last_day: date,
    today: date,
    proof: Document | None,
    agreed: Decimal | None,
) -> None:
    faults = []
    if not grounds.may_declare(party, ground):
        faults.append(FieldError("party", "not_this_side", "This side cannot declare it on that ground."))
    if grounds.is_proved(ground) and proof is None:
        faults.append(FieldError("proof", "missing", "Add the document that declares or agrees it."))
    if agreed is not None and ground is not TerminationGround.AGREEMENT:
        faults.append(FieldError("agreed", "not_agreed", "Only an agreement has an agreed amount."))
    if declared_on > today:
        faults.append(FieldError("declared_on", "in_the_future", phrase("Today is %(today)s.", today=today)))
    if declared_on < contract.concluded_on:
        faults.append(FieldError("declared_on", "before_the_contract", "The contract was not concluded yet."))
    if last_day < max(declared_on, contract.starts_on):
        faults.append(FieldError("last_day", "before_declaration", "The last day is before the declaration."))
    if faults:
        raise InvalidInput(faults)
