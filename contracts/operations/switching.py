"""Switching away (EU Data Act): a case opened, prolonged, completed, withdrawn, or left unfinished."""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from accounts.errors import FieldError, InvalidInput, Refused
from accounts.models import Document
from accounts.operations import audit, outbox
from accounts.rules import checks
from contracts.enums import (
    ContractStatus,
    NoticeParty,
    NoticeUnit,
    SwitchChoice,
    SwitchKind,
    SwitchStatus,
    SwitchStep,
    TerminationGround,
)
from contracts.models import Contract, SwitchingAct, SwitchingCase, Termination
from contracts.operations import ends, settling, stored
from contracts.operations.switching_parts import (
    ON_THE_WAY,
    SwitchNotInThatState,
    active,
    compute,
    hold_still,
    last_day_of,
    locked,
    next_step_at,
    said,
)
from contracts.rules import periods, switching_states
from contracts.rules.days import ONE_DAY

LONGEST_REASONS = 2000


class SwitchStands(Refused):
    """The contract has an open switching case."""

    code = "switch_stands"


class UnfeasibleTooLate(Refused):
    """The 14th working day after the request has passed: the transition lasts 30 days."""

    code = "unfeasible_too_late"


class ExtendedAlready(Refused):
    """The customer extends the transition once."""

    code = "extended_already"


@transaction.atomic
def open_case(
    contract: Contract,
    *,
    kind: SwitchKind,
    now: datetime,
    by: str,
    destination: str = "",
    received_on: date | None = None,
    proof: Document | None = None,
    as_client: bool = False,
) -> SwitchingCase:
    """Record the customer's switching notice: its dates are computed, and the contract ends with the transition.

    A term that begins after the notice is suppressed. A member of the client gives the notice here and now
    (``as_client``); the vendor's staff record one with its day and proof. For erasure only the customer waives its data
    in that writing, and the contract ends with the notice, or earlier where it ends anyway.

    :raises InvalidInput: a day is missing, in the future or before the contract, or the proof is missing.
    :raises SwitchStands: the contract has an open case.
    :raises Refused: the contract is not active.
    """
    signed = active(contract)
    hold_still(signed.organization_id)
    faults = checks.text("destination", destination, may_be_empty=True)
    day = said(signed, "received_on", received_on, proof, now, since=signed.concluded_on, as_client=as_client)
    if faults:
        raise InvalidInput(faults)
    erasure = kind is SwitchKind.ERASURE_ONLY
    case = SwitchingCase(
        organization=signed.organization,
        contract=signed,
        kind=kind.value,
        status=(SwitchStatus.ERASE_ONLY if erasure else SwitchStatus.NOTIFIED).value,
        destination=destination,
        received_on=day,
        notice_months=signed.switching_notice_months,
        recorded_by=by,
        recorded_at=now,
    )
    compute(case)
    if signed.terminations.filter(ground=TerminationGround.SWITCHING.value, withdrawn_at__isnull=True).exists():
        raise SwitchStands("A switch of this contract stands.")
    try:
        with transaction.atomic():
            case.save(force_insert=True)
    except IntegrityError as error:
        raise SwitchStands("This contract has an open switching case.") from error
    _note(case, SwitchStep.OPENED, on=day, proof=proof, now=now, by=by)
    # No firm term begins while a switch is pending, even one that was recorded before the notice was (rulebook §5).
    ends.void_terms_from(signed, max(day, signed.starts_on) + ONE_DAY, now=now)
    ends_on = _ends_on(case)
    if erasure and signed.ends_on is not None:
        ends_on = min(ends_on, signed.ends_on)
    ends.declare(
        signed,
        ground=TerminationGround.SWITCHING,
        party=NoticeParty.CLIENT,
        declared_on=day,
        ends_on=ends_on,
        prolongs=True,
        source=case.public_id,
        why=case.why,
        proof=proof,
        now=now,
        by=by,
    )
    _tell("switching.opened", case, now=now, by=by, kind=kind.value)
    return case


@transaction.atomic
def tell_unfeasible(
    case: SwitchingCase,
    *,
    length: int,
    unit: NoticeUnit,
    reasons: str,
    now: datetime,
    by: str,
    told_on: date | None = None,
    proof: Document | None = None,
) -> SwitchingCase:
    """Record that the vendor told the customer, with reasons, that 30 days are not feasible, and how many are.

    Told today unless ``told_on`` names an earlier day, which needs the proof of sending.

    :raises UnfeasibleTooLate: the 14th working day after the request has passed.
    :raises InvalidInput: no reasons; over 7 months from the end of the notice; not longer than 30 days.
    :raises SwitchNotInThatState: the switch is not on its way, or it was told before.
    """
    found = locked(case, *ON_THE_WAY)
    if found.unfeasible_told_on is not None:
        raise SwitchNotInThatState("It was told already that 30 days are not feasible.")
    faults = checks.text("reasons", reasons, longest=LONGEST_REASONS)
    if not 1 <= length <= 1000:
        faults.append(FieldError("length", "out_of_range", "Between 1 and 1,000."))
    if faults:
        raise InvalidInput(faults)
    today = periods.local_day(now, found.contract.time_zone)
    day = today
    if told_on is not None and told_on != today:
        day = said(found.contract, "told_on", told_on, proof, now, since=found.received_on)
    if found.unfeasible_limit is None or day > found.unfeasible_limit:
        raise UnfeasibleTooLate("The 14th working day after the request has passed.")
    before = found.transition_end
    found.unfeasible_told_on, found.unfeasible_length, found.unfeasible_unit = day, length, unit.value
    compute(found)
    if found.transition_end is None or before is None or found.transition_end < before:
        raise InvalidInput([FieldError("length", "not_longer", "This is shorter than the transition is now.")])
    found.save()
    _note(found, SwitchStep.UNFEASIBLE_TOLD, on=day, proof=proof, now=now, by=by, reasons=reasons)
    _move_end(found, now=now, by=by)
    _tell("switching.unfeasible_told", found, now=now, by=by)
    return found


@transaction.atomic
def extend(
    case: SwitchingCase,
    *,
    until: date,
    now: datetime,
    by: str,
    on: date | None = None,
    proof: Document | None = None,
    as_client: bool = False,
) -> SwitchingCase:
    """Record that the customer extends the transition, once, for as long as it sees fit (``until``: its last day).

    :raises ExtendedAlready: it has done so before.
    :raises InvalidInput: the day is not after the transition, or past; the declaration's day or proof is missing.
    :raises SwitchNotInThatState: the switch is not on its way.
    """
    found = locked(case, *ON_THE_WAY)
    day = said(found.contract, "on", on, proof, now, since=found.received_on, as_client=as_client)
    _extend(found, until, now=now)
    _note(found, SwitchStep.EXTENDED, on=day, proof=proof, now=now, by=by)
    _move_end(found, now=now, by=by)
    _tell("switching.extended", found, now=now, by=by)
    return found


@transaction.atomic
def complete(
    case: SwitchingCase,
    *,
    now: datetime,
    by: str,
    completed_on: date | None = None,
    proof: Document | None = None,
    as_client: bool = False,
) -> SwitchingCase:
    """Record that the switch was completed successfully: the contract ends with that day, be it early.

    The customer confirms it (``as_client``: today), or the vendor's staff record its confirmation with proof.

    :raises InvalidInput: the day is missing, in the future or before the notice, or the proof is missing.
    :raises SwitchNotInThatState: the switch is not on its way.
    """
    found = locked(case, *ON_THE_WAY)
    day = said(found.contract, "completed_on", completed_on, proof, now, since=found.received_on, as_client=as_client)
    _complete(found, day, now=now)
    _note(found, SwitchStep.COMPLETED, on=day, proof=proof, now=now, by=by)
    _move_end(found, now=now, by=by)
    _tell("switching.completed", found, now=now, by=by)
    return found


@transaction.atomic
def withdraw(
    case: SwitchingCase, *, now: datetime, by: str, on: date | None = None, proof: Document | None = None
) -> SwitchingCase:
    """Record that both sides agree to give the switch up: the contract goes on as if it had not been.

    :raises InvalidInput: the day or the proof of the agreement is missing.
    :raises SwitchNotInThatState: the switch is over or unfinished, or the contract has ended.
    """
    found = locked(case, *ON_THE_WAY, SwitchStatus.ERASE_ONLY)
    contract = found.contract
    if contract.status != ContractStatus.ACTIVE.value or (contract.ends_at is not None and contract.ends_at <= now):
        raise SwitchNotInThatState("The contract has ended: there is nothing to go on with.")
    day = said(contract, "on", on, proof, now, since=found.received_on)
    _become(found, SwitchStatus.WITHDRAWN, now=now)
    found.save()
    _note(found, SwitchStep.WITHDRAWN, on=day, proof=proof, now=now, by=by)
    ends.take_back(contract, Termination.objects.filter(source=found.public_id), now=now, by=by)
    _tell("switching.withdrawn", found, now=now, by=by)
    return found


@transaction.atomic
def choose(
    case: SwitchingCase,
    *,
    choice: SwitchChoice,
    now: datetime,
    by: str,
    on: date | None = None,
    until: date | None = None,
    completed_on: date | None = None,
    proof: Document | None = None,
    as_client: bool = False,
) -> SwitchingCase:
    """Record the client's written choice about an unfinished switch; nothing else releases its data for erasure.

    *Extend* needs ``until`` and is the customer's one extension: where the contract's end has come, it keeps the data
    and not the service, however late the sweeps are; *completed* takes the day of completion, today unless
    said otherwise; *delete* ends the switch without a transfer.

    :raises InvalidInput: what the choice needs is missing or wrong, or the proof is missing.
    :raises ExtendedAlready: the transition was extended before.
    :raises SwitchNotInThatState: the switch is not unfinished.
    """
    found = locked(case, SwitchStatus.UNFINISHED)
    contract = found.contract
    day = said(contract, "on", on, proof, now, since=found.received_on, as_client=as_client)
    found.choice = choice.value
    if choice is SwitchChoice.EXTEND:
        if until is None:
            raise InvalidInput([FieldError("until", "required", "Until when?")])
        _become(found, SwitchStatus.IN_TRANSITION, now=now)
        found.asked_at = None
        _extend(found, until, now=now)
        _note(found, SwitchStep.EXTENDED, on=day, proof=proof, now=now, by=by)
    elif choice is SwitchChoice.COMPLETED:
        done = day
        if completed_on is not None and not as_client:
            done = said(contract, "completed_on", completed_on, proof, now, since=found.received_on)
        _complete(found, done, now=now)
    else:
        _become(found, SwitchStatus.ENDED, now=now)
        found.save()
    _note(found, SwitchStep.CHOSEN, on=day, proof=proof, now=now, by=by)
    _move_end(found, now=now, by=by)
    _tell("switching.chosen", found, now=now, by=by, choice=choice.value)
    return found


@transaction.atomic
def step(case: SwitchingCase, *, status: SwitchStatus, now: datetime, by: str) -> SwitchingCase:
    """Take a switch in ``status`` one step on, because its day has come; an unfinished one is asked about.

    :raises SwitchNotInThatState: it has moved on, or its day has not come.
    """
    found = locked(case, status)
    if found.next_at is None or found.next_at > now:
        raise SwitchNotInThatState("The next step of this switch is not due.")
    if status is SwitchStatus.UNFINISHED:
        name, found.asked_at = "switching.choice_asked", now
    else:
        following, name = _BY_ITSELF[status]
        _become(found, following, now=now)
    found.next_at = next_step_at(found)
    found.save()
    _tell(name, found, now=now, by=by)
    return found


_BY_ITSELF = {
    SwitchStatus.NOTIFIED: (SwitchStatus.IN_TRANSITION, "switching.in_transition"),
    SwitchStatus.IN_TRANSITION: (SwitchStatus.UNFINISHED, "switching.unfinished"),
    SwitchStatus.ERASE_ONLY: (SwitchStatus.ENDED, "switching.ended"),
}


def _extend(case: SwitchingCase, until: date, *, now: datetime) -> None:
    if case.extended_to is not None:
        raise ExtendedAlready("The customer has extended this transition before.")
    if until < periods.local_day(now, case.contract.time_zone):
        raise InvalidInput([FieldError("until", "in_the_past", "The transition would be over already.")])
    case.extended_to = until
    compute(case)
    case.save()


def _complete(case: SwitchingCase, day: date, *, now: datetime) -> None:
    _become(case, SwitchStatus.COMPLETED, now=now)
    case.completed_on = day
    compute(case)
    case.save()


def _become(case: SwitchingCase, following: SwitchStatus, *, now: datetime) -> None:
    if not switching_states.may_become(SwitchStatus(case.status), following):
        raise SwitchNotInThatState("The switch is not in a state that allows this.")
    case.status = following.value
    if following in switching_states.FINAL:
        case.closed_at, case.next_at = now, None


def _ends_on(case: SwitchingCase) -> date:
    """Return the first day without service, by the stored dates."""
    first: date = case.contract.starts_on
    return max(last_day_of(case) + ONE_DAY, first)


def _move_end(case: SwitchingCase, *, now: datetime, by: str) -> None:
    """Move the contract's end with the switch, unless that end has come: then it is over, swept or not.

    What is asked for the switch goes by the day on which the switch ends, also after the contract has ended.
    """
    ends_at = case.contract.ends_at
    if case.contract.status == ContractStatus.ACTIVE.value and (ends_at is None or ends_at > now):
        ends.move(case.contract, source=case.public_id, ends_on=_ends_on(case), now=now, by=by, why=case.why)
    elif case.contract.status == ContractStatus.ENDED.value:
        settling.charge_switch(case.contract, case, now=now, by=by)


def _note(
    case: SwitchingCase,
    made: SwitchStep,
    *,
    on: date,
    proof: Document | None,
    now: datetime,
    by: str,
    reasons: str = "",
) -> None:
    SwitchingAct.objects.create(
        organization_id=case.organization_id,
        case=case,
        step=made.value,
        done_on=on,
        reasons=reasons,
        proof=proof,
        recorded_by=by,
        recorded_at=now,
    )


def _tell(name: str, case: SwitchingCase, *, now: datetime, by: str, **more: str) -> None:
    data = {
        "contract": str(case.contract.public_id),
        "status": case.status,
        "notice_end": case.notice_end.isoformat(),
        "transition_end": None if case.transition_end is None else case.transition_end.isoformat(),
        "erase_from": case.erase_from.isoformat(),
        **more,
    }
    stored.deadlines_changed(case.contract)
    audit.record(name, case, by=by, at=now, data=data)
    outbox.publish(name, case, at=now, payload=data)
