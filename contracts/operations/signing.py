"""Beginning: drafting a contract, signing it, starting it; or giving it up before its start."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, transaction

from accounts.errors import FieldError, InvalidInput, Refused, phrase
from accounts.models import Organization, User
from accounts.operations import audit, licences, outbox
from accounts.rules import checks
from contracts import enums, explain
from contracts.enums import ContractStatus
from contracts.models import Contract, IndexSeries
from contracts.operations import ends, index_base, locking, reminders, statements, stored
from contracts.operations.locking import ContractNotInThatState
from contracts.rules import validation
from contracts.rules.periods import midnight
from contracts.rules.reminders import DEFAULT_LEADS

WORDS: dict[str, type[StrEnum]] = {
    "notice_unit": enums.NoticeUnit,
    "notice_effect": enums.NoticeEffect,
    "governing_law": enums.GoverningLaw,
    "billing_interval": enums.BillingInterval,
    "billing_timing": enums.BillingTiming,
    "end_choice": enums.EndChoice,
}


def check(values: dict[str, Any]) -> tuple[list[FieldError], list[FieldError]]:
    """Return the faults of a contract's fields, and the warnings (unusual, but accepted)."""
    faults = checks.text("reference", values["reference"], longest=80)
    for name, words in WORDS.items():
        faults += checks.one_of(name, values[name], [word.value for word in words])
    if not 0 <= values["retrieval_days"] <= 3650:
        faults.append(FieldError("retrieval_days", "out_of_range", "Between 0 and 3,650 days."))
    within = values.get("erasure_days")
    if within is not None and not 1 <= within <= 365:
        faults.append(FieldError("erasure_days", "out_of_range", "Between 1 and 365 days."))
    if not 0 <= values.get("switching_notice_months", 2) <= 120:
        faults.append(FieldError("switching_notice_months", "out_of_range", "Between 0 and 120 months."))
    if values.get("notice_end_of"):
        faults += checks.one_of("notice_end_of", values["notice_end_of"], [word.value for word in enums.NoticeEndOf])
    faults += checks.features("features", values.get("features", ()))
    faults += reminders.faults(values.get("reminder_leads", ()))
    if any(fault.field == "notice_unit" for fault in faults):
        return faults, []
    problems = validation.check_terms(
        starts_on=values["starts_on"],
        time_zone=values["time_zone"],
        first_term_months=values["first_term_months"],
        renewal_term_months=values["renewal_term_months"],
        minimum_commitment_months=values["minimum_commitment_months"],
        notice_length=values["notice_length"],
        notice_unit=enums.NoticeUnit(values["notice_unit"]),
        annual_fee=values["annual_fee"],
        currency=values["currency"],
    )
    problems += validation.check_early_exit(
        rate=values.get("early_exit_rate"),
        cap=values.get("early_exit_cap"),
        currency=values["currency"],
        concluded_on=values["concluded_on"],
        disclosed_on=values.get("early_exit_disclosed_on"),
    )
    problems += validation.check_indexation(
        indexed=values.get("index_series") is not None,
        fixed_part=values.get("index_fixed_part") or Decimal(0),
        floor=values.get("index_floor"),
        cap=values.get("index_cap"),
        base_period=values.get("index_base_period"),
        base_value=values.get("index_base_value"),
    )
    faults += [explain.problem(found) for found in problems if found.refuses]
    return faults, [explain.problem(found) for found in problems if not found.refuses]


@transaction.atomic
def draft(
    organization: Organization,
    *,
    reference: str,
    concluded_on: date,
    starts_on: date,
    first_term_months: int,
    notice_length: int,
    notice_unit: str,
    annual_fee: Decimal,
    currency: str,
    governing_law: str,
    now: datetime,
    by: str,
    minimum_commitment_months: int = 0,
    renewal_term_months: int | None = None,
    auto_renews: bool = True,
    mid_term_exit: bool = False,
    notice_end_of: str = "",
    notice_effect: str = enums.NoticeEffect.RECEIPT.value,
    billing_interval: str = enums.BillingInterval.YEAR.value,
    billing_timing: str = enums.BillingTiming.ADVANCE.value,
    paid_until: date | None = None,
    seats: int | None = None,
    features: Sequence[str] = (),
    early_exit_rate: Decimal | None = None,
    early_exit_cap: Decimal | None = None,
    early_exit_refunds: bool = False,
    early_exit_disclosed_on: date | None = None,
    switching_notice_months: int = 2,
    index_series: IndexSeries | None = None,
    index_fixed_part: Decimal = Decimal(0),
    index_floor: Decimal | None = None,
    index_cap: Decimal | None = None,
    index_base_period: date | None = None,
    index_base_value: Decimal | None = None,
    owner: User | None = None,
    reminder_leads: Sequence[int] = DEFAULT_LEADS,
    reminds_client: bool = False,
    retrieval_days: int = 30,
    erasure_days: int | None = None,
    end_choice: str = enums.EndChoice.RETURN_THEN_DELETE.value,
    time_zone: str | None = None,
) -> Contract:
    """Write a contract that is not signed yet. The zone is the organization's unless another is agreed.

    A price that follows an index starts from the base value that is given, else from the one of the base period, else
    from the last one published on the day of conclusion.

    :raises InvalidInput: every field that is wrong.
    :raises Refused: the reference is taken in the organization.
    """
    values: dict[str, Any] = {
        "reference": reference,
        "concluded_on": concluded_on,
        "starts_on": starts_on,
        "time_zone": time_zone or organization.time_zone,
        "governing_law": governing_law,
        "first_term_months": first_term_months,
        "minimum_commitment_months": minimum_commitment_months,
        "renewal_term_months": renewal_term_months,
        "auto_renews": auto_renews,
        "mid_term_exit": mid_term_exit,
        "notice_length": notice_length,
        "notice_unit": notice_unit,
        "notice_end_of": notice_end_of,
        "notice_effect": notice_effect,
        "annual_fee": annual_fee,
        "currency": currency,
        "billing_interval": billing_interval,
        "billing_timing": billing_timing,
        "paid_until": paid_until,
        "paid_before_on": paid_until,
        "seats": seats,
        "features": sorted(set(features)),
        "early_exit_rate": early_exit_rate,
        "early_exit_cap": early_exit_cap,
        "early_exit_refunds": early_exit_refunds,
        "early_exit_disclosed_on": early_exit_disclosed_on,
        "switching_notice_months": switching_notice_months,
        "index_series": index_series,
        "index_fixed_part": index_fixed_part,
        "index_floor": index_floor,
        "index_cap": index_cap,
        "index_base_period": index_base_period,
        "index_base_value": index_base_value,
        "owner": owner,
        "reminder_leads": list(reminder_leads),
        "reminds_client": reminds_client,
        "retrieval_days": retrieval_days,
        "erasure_days": erasure_days,
        "end_choice": end_choice,
    }
    faults, warnings = check(values)
    if faults:
        raise InvalidInput(faults)
    if index_series is not None:
        base = index_base.at_signature(index_series, index_base_period, index_base_value, concluded_on=concluded_on)
        values["index_base_period"], values["index_base_value"] = base
    _hold_still(organization.pk)
    contract = Contract(
        organization=organization, **values, starts_at=midnight(starts_on, values["time_zone"]), created_at=now
    )
    try:
        with transaction.atomic():
            contract.save(force_insert=True)
    except IntegrityError as error:
        if not Contract.objects.filter(organization=organization, reference=reference).exists():
            raise
        raise Refused("A contract with this reference exists.", code="contract_exists") from error
    unusual = sorted({warning.field for warning in warnings})
    audit.record("contract.drafted", contract, by=by, at=now, data={"unusual": unusual} if unusual else {})
    outbox.publish("contract.drafted", contract, at=now)
    return contract


@transaction.atomic
def sign(contract: Contract, *, now: datetime, by: str) -> Contract:
    """Sign a draft: the first term is agreed, and the licence granted from its first day.

    :raises ContractNotInThatState: it is not a draft any more.
    """
    locked = locking.locked(contract, ContractStatus.DRAFT)
    _hold_still(locked.organization_id)
    locked.status = ContractStatus.SIGNED.value
    locked.term_number = 1
    first = stored.new_term(locked, 1)
    first.certain_at = now
    first.save(force_insert=True)
    ends.reschedule(locked)
    # Only an active contract renews: what follows is computed again when it starts.
    locked.certain_at = locked.renews_at = None
    locked.save(update_fields=["status", *stored.SCHEDULED])
    ends.grant_licence(locked)
    audit.record("contract.signed", locked, by=by, at=now, data={"starts_on": locked.starts_on.isoformat()})
    outbox.publish("contract.signed", locked, at=now, payload={"starts_on": locked.starts_on.isoformat()})
    return locked


@transaction.atomic
def start(contract: Contract, *, now: datetime, by: str) -> Contract:
    """Start a signed contract whose first day has come (in its own zone); waiting users become active.

    :raises ContractNotInThatState: it is not signed, or its first day has not come.
    """
    locked = locking.locked(contract, ContractStatus.SIGNED)
    if locked.starts_at > now:
        raise ContractNotInThatState(phrase("The contract starts on %(day)s.", day=locked.starts_on))
    locked.status = ContractStatus.ACTIVE.value
    locked.terms.filter(number=1, voided_at__isnull=True).update(started_at=locked.starts_at)
    ends.reschedule(locked)
    locked.save(update_fields=["status", *stored.SCHEDULED])
    for first in locked.terms.filter(number=1, voided_at__isnull=True):
        statements.charge_term(locked, first, now=now, by=by)
    statements.settle(locked, now=now)
    audit.record("contract.started", locked, by=by, at=now, data={"starts_on": locked.starts_on.isoformat()})
    outbox.publish("contract.started", locked, at=now, payload={"starts_on": locked.starts_on.isoformat()})
    licences.align(locked.organization, now=now, by=by)
    return locked


@transaction.atomic
def cancel(contract: Contract, *, now: datetime, by: str) -> Contract:
    """Give up a contract that has not started.

    :raises ContractNotInThatState: it has (its first day has come, whether or not a sweep saw it yet), or is over.
    """
    locked = locking.locked(contract, ContractStatus.DRAFT, ContractStatus.SIGNED)
    signed = locked.status == ContractStatus.SIGNED.value
    if signed and locked.starts_at <= now:
        raise ContractNotInThatState(phrase("The contract started on %(day)s.", day=locked.starts_on))
    locked.status = ContractStatus.CANCELLED.value
    locked.deadlines_stale = True
    locked.save(update_fields=["status", "deadlines_stale"])
    if signed:  # a draft has granted nothing
        licences.grant(
            locked.organization_id, source=locked.public_id, valid_from=locked.starts_at, valid_until=locked.starts_at
        )
    audit.record("contract.cancelled", locked, by=by, at=now)
    outbox.publish("contract.cancelled", locked, at=now)
    return locked


def _hold_still(organization_id: int) -> None:
    """Keep an erasure of the organization from passing by: it takes this row before it looks for open contracts."""
    Organization.objects.select_for_update(no_key=True).get(pk=organization_id)
