"""What the acts of a switch share: the rows locked in order, the day that counts with its proof, the dates computed."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime

from accounts import tenancy
from accounts.errors import FieldError, InvalidInput, Refused, phrase
from accounts.models import Document, Organization
from contracts import explain
from contracts.enums import ContractStatus, NoticeUnit, SwitchKind, SwitchStatus
from contracts.models import Contract, SwitchingCase
from contracts.rules import errors, periods, switching
from contracts.rules.days import ONE_DAY
from contracts.rules.explanation import Explanation
from contracts.rules.switching import AfterSwitch
from contracts.rules.switching_deadlines import ASK_AFTER

# Where it may be completed, extended, or told unfeasible.
ON_THE_WAY = (SwitchStatus.NOTIFIED, SwitchStatus.IN_TRANSITION)
# The names that the rule gives to what an operation calls otherwise.
_FIELDS = {"notice_on": "received_on", "transition": "length", "extend_to": "until", "unfeasible_told_on": "told_on"}


class SwitchNotInThatState(Refused):
    """The switch has moved on: another operator, or a sweep, was faster."""

    code = "switch_not_in_that_state"


def active(contract: Contract) -> Contract:
    """Lock a contract that is active. :raises Refused: it is not."""
    found = (
        Contract.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organization")
        .filter(pk=contract.pk, status=ContractStatus.ACTIVE.value)
        .first()
    )
    if found is None:
        raise Refused("Only an active contract can be switched away from.", code="contract_not_in_that_state")
    return found


def hold_still(organization_id: int) -> None:
    """Keep an erasure of the organization from passing by: it takes this row before it looks for open switches.

    A tenant sees this row and may not lock it, so that is done in the vendor's scope; the lock lasts as long.
    """
    with tenancy.vendor():
        Organization.objects.select_for_update(no_key=True).get(pk=organization_id)


def locked(case: SwitchingCase, *states: SwitchStatus) -> SwitchingCase:
    """Lock the contract, then the case, in one of the states. :raises SwitchNotInThatState: it has moved on."""
    contract = (
        Contract.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organization")
        .get(pk=case.contract_id)
    )
    found = (
        SwitchingCase.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk=case.pk, status__in=[state.value for state in states])
        .first()
    )
    if found is None:
        raise SwitchNotInThatState("The switch is not in a state that allows this.")
    found.contract = contract
    found.organization = contract.organization
    return found


def said(
    contract: Contract,
    field: str,
    day: date | None,
    proof: Document | None,
    now: datetime,
    *,
    since: date,
    as_client: bool = False,
) -> date:
    """Return the day of a declaration: today where a member of the client makes it here, else the day that is proved.

    :raises InvalidInput: the day is missing, in the future or before ``since``; the proof is missing.
    """
    today = periods.local_day(now, contract.time_zone)
    if as_client:
        return today
    faults = []
    if day is None:
        faults.append(FieldError(field, "required", "Say the day."))
    elif day > today:
        faults.append(
            FieldError(field, "in_the_future", phrase("Today is %(today)s in the contract's zone.", today=today))
        )
    elif day < since:
        faults.append(FieldError(field, "too_early", phrase("Not before %(since)s.", since=since)))
    if proof is None:
        faults.append(FieldError("proof", "required", "The declaration is recorded with its proof."))
    if faults or day is None:
        raise InvalidInput(faults)
    return day


def compute(case: SwitchingCase) -> None:
    """Put on the case what follows from what was declared; the caller saves it.

    :raises InvalidInput: the rule refuses a day or a length, by field.
    """
    contract = case.contract
    told = None
    if case.unfeasible_told_on is not None and case.unfeasible_length is not None:
        unit = NoticeUnit(case.unfeasible_unit)
        told = switching.Unfeasible(case.unfeasible_told_on, case.unfeasible_length, unit)
    with _by_field():
        found = switching.compute(
            switching.Request(
                notice_on=case.received_on,
                notice=switching.notice_of_contract(case.notice_months, NoticeUnit.MONTHS, notice_on=case.received_on),
                country=contract.organization.country,
                unfeasible=told,
                extend_to=case.extended_to,
                completed_on=case.completed_on,
                erase_only=case.kind == SwitchKind.ERASURE_ONLY.value,
                term_end=None if contract.term_ends_on is None else contract.term_ends_on - ONE_DAY,
                retrieval_days=contract.retrieval_days,
            )
        )
    case.notice_end = found.notice_end
    case.transition_end = found.transition_end
    case.retrieval_end = found.retrieval_end
    case.erase_from = found.erase_from
    case.erase_at = periods.midnight(found.erase_from, contract.time_zone)
    case.unfeasible_limit = found.unfeasible_limit
    case.why = found.explanation.to_json()
    case.next_at = next_step_at(case)


def last_day_of(case: SwitchingCase) -> date:
    """Return the day on which a switch ends, as far as its stored dates say."""
    found: date = case.completed_on or case.transition_end or case.notice_end
    return found


def next_step_at(case: SwitchingCase) -> datetime | None:
    """Return when a switch goes on by itself: after its notice, after its transition, then to ask the client."""
    after = {
        SwitchStatus.NOTIFIED.value: case.notice_end,
        SwitchStatus.ERASE_ONLY.value: case.notice_end,
        SwitchStatus.IN_TRANSITION.value: case.transition_end,
    }.get(case.status)
    if case.status == SwitchStatus.UNFINISHED.value and case.asked_at is None and case.transition_end is not None:
        after = case.transition_end + ASK_AFTER
    return None if after is None else periods.midnight(after + ONE_DAY, case.contract.time_zone)


def after_switches(keys: Iterable[int]) -> dict[int, AfterSwitch]:
    """Return what becomes of the data of contracts under their latest switch, by the contract's key, in one query."""
    cases = SwitchingCase.objects.filter(contract__in=list(keys)).exclude(status=SwitchStatus.WITHDRAWN.value)
    return {
        case.contract_id: AfterSwitch(case.retrieval_end, case.erase_from, Explanation.from_json(case.why))
        for case in cases.order_by("pk")
    }


def after_a_switch(contract: Contract, *, on: date, exit_on: date) -> AfterSwitch:
    """Return what would become of the data if a switching notice came on a day and service ended on another.

    A transition that the service outlasts is one that the customer extends; an earlier end is its completion.

    :raises InvalidInput: as the rule of switching does.
    """
    notice = switching.notice_of_contract(contract.switching_notice_months, NoticeUnit.MONTHS, notice_on=on)
    asked = switching.Request(
        notice_on=on, notice=notice, country=contract.organization.country, retrieval_days=contract.retrieval_days
    )
    found = switching.compute(asked)
    if found.transition_end is not None and exit_on > found.transition_end:
        found = switching.compute(replace(asked, extend_to=exit_on))
    elif found.transition_end is not None and exit_on < found.transition_end:
        found = switching.compute(replace(asked, completed_on=exit_on))
    return AfterSwitch(found.retrieval_end, found.erase_from, found.explanation)


@contextmanager
def _by_field() -> Iterator[None]:
    try:
        yield
    except errors.InvalidInput as error:
        raise explain.bad_input(error, field=_FIELDS.get(error.field)) from error
