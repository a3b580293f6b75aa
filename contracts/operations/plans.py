"""Renewal plans: the next term, computed in Python when its inputs change, for the sweeps that write it by SQL."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from contracts.enums import ContractStatus
from contracts.models import Contract, RenewalPlan
from contracts.operations import reminding, stored
from contracts.rules import errors, schedule

BATCH = 500
_CHANGED = [
    field.name
    for field in RenewalPlan._meta.concrete_fields
    if field.name not in ("id", "public_id", "organization", "contract")
]


def keep(contract: Contract) -> None:
    """Plan the next renewal of a locked contract whose schedule was computed; the caller saves ``planned_for``."""
    plan = _planned(contract, reminding.signed_at([contract]).get(contract.pk))
    contract.planned_for = None if plan is None else plan.number
    if plan is not None:
        _write([plan])


def plan_batch(contracts: Iterable[Contract]) -> int:
    """Plan locked contracts, as they are stored, and return how many have a plan now."""
    locked = list(contracts)
    signed_at = reminding.signed_at(locked)
    plans = [plan for one in locked if (plan := _planned(one, signed_at.get(one.pk))) is not None]
    _write(plans)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE contracts_contract SET planned_for = term_number + 1 WHERE id = ANY(%s)",
            [[plan.contract_id for plan in plans]],
        )
    return len(plans)


def _planned(contract: Contract, signed_at: datetime | None) -> RenewalPlan | None:
    """Return the plan of what :func:`contracts.operations.renewal.renew` would write; ``None`` where nothing renews."""
    if contract.status != ContractStatus.ACTIVE.value or contract.renews_at is None:
        return None
    number = contract.term_number + 1
    try:
        term = stored.new_term(contract, number)
        clause = stored.clause_of(contract)
        found = schedule.compute(
            clause,
            number=number,
            zone=contract.time_zone,
            notice_ends_on=contract.ends_on,
            certain=False,
        )
        last_notice_on = None if found.ends_on else found.last_notice_on
        following_reminder_at = reminding.first_at(contract, clause, number, last_notice_on=last_notice_on)
    except errors.InvalidInput:  # beyond the calendar: the renewal itself refuses, when it comes
        return None
    return RenewalPlan(
        organization_id=contract.organization_id,
        contract=contract,
        number=number,
        days=term.days,
        starts_at=contract.renews_at,
        fee=term.fee,
        currency=term.currency,
        clauses=term.clauses,
        news_from=signed_at,
        following_last_notice_on=found.last_notice_on,
        following_last_notice_why=found.why,
        following_certain_at=found.certain_at,
        following_renews_at=found.renews_at,
        following_reminder_at=following_reminder_at,
        ends_on=found.ends_on,
        ends_at=found.ends_at,
    )


def _write(plans: list[RenewalPlan]) -> None:
    RenewalPlan.objects.bulk_create(
        plans, update_conflicts=True, unique_fields=["organization", "contract"], update_fields=_CHANGED
    )
