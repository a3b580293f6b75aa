"""Uplifts: the sweep proposes what the index makes of the next term's price; a person applies or rejects it."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet

from accounts.errors import Refused
from accounts.operations import audit, outbox
from contracts.enums import ContractStatus, UpliftState
from contracts.models import Contract, IndexLink, IndexSeries, IndexValue, Uplift
from contracts.operations import amendments, indices, stored
from contracts.rules import indices as rules
from contracts.rules import uplifts
from contracts.rules.money import Money
from contracts.rules.periods import latest_day, local_day
from contracts.rules.uplifts import IndexClause, Proposal

_SEEN: dict[str, Callable[[Contract], QuerySet[Any]]] = {
    "seen_value": lambda _contract: IndexValue.objects.all(),
    "seen_link": lambda _contract: IndexLink.objects.all(),
    "seen_amendment": lambda contract: contract.amendments.all(),
}
COMPUTED = (*_SEEN, "s0", "s0_period", "s1", "s1_period", "link", "factor", "price_before", "price_after", "evidence")


class UpliftNotDue(Refused):
    """There is nothing to compute: done already, no renewal ahead, or decided meanwhile."""

    code = "uplift_not_due"


class UpliftNotOpen(Refused):
    """The uplift was decided already, its term has begun, or the contract does not renew into it."""

    code = "uplift_not_open"


class UpliftOutdated(Refused):
    """An index value, or the price, changed since this was proposed: look at the new proposal first."""

    code = "uplift_outdated"


@transaction.atomic
def propose(contract: Contract, *, now: datetime, by: str) -> Uplift:
    """Compute the indexed price of the next term, or flag that its index value is missing. Nothing is applied.

    :raises UpliftNotDue: it is proposed already, no renewal is ahead, or it is too early.
    """
    locked = _locked(contract.pk)
    # Asked once the row is locked: another worker's proposal is seen only by a later statement.
    today = {local_day(now, locked.time_zone): [locked.time_zone]}
    due = Contract.objects.due_for_uplift(days=today, lead=settings.UPLIFT_LEAD)
    if locked.term_ends_on is None or not due.filter(pk=locked.pk).exists():
        raise UpliftNotDue("No price is to be revised for this contract now.")
    found = Uplift(
        organization_id=locked.organization_id,
        contract=locked,
        number=locked.term_number + 1,
        starts_on=locked.term_ends_on,
        currency=locked.currency,
    )
    _compute(found, locked, now=now)
    found.save(force_insert=True)
    _told(found, now=now, by=by)
    return found


@transaction.atomic
def evaluate(uplift: Uplift, *, now: datetime, by: str) -> Uplift:
    """Compute an undecided uplift anew, since its inputs may have changed; let it lapse once its term has begun.

    :raises UpliftNotDue: it was decided, or nothing was recorded since.
    """
    contract = _locked(uplift.contract_id)
    found = Uplift.objects.due_for_evaluation().filter(pk=uplift.pk).first()
    if found is None:
        raise UpliftNotDue("Nothing changed for this uplift.")
    if contract.term_number >= found.number or contract.status == ContractStatus.ENDED.value:
        found.state, found.evaluated_at = UpliftState.LAPSED.value, now
        found.save(update_fields=["state", "evaluated_at"])
        _told(found, now=now, by=by)
        return found
    before = _figures(found)
    _compute(found, contract, now=now)
    found.save(update_fields=["state", "evaluated_at", *COMPUTED])
    if _figures(found) != before:
        _told(found, now=now, by=by)
    return found


@transaction.atomic
def apply(uplift: Uplift, *, now: datetime, by: str) -> Uplift:
    """Make the proposed price the contract's from the first day of that term on. The running term keeps its own.

    :raises UpliftNotOpen: it is flagged or decided, its term has begun, or the contract does not renew into it.
    :raises UpliftOutdated: what it was computed from has changed.
    :raises Refused: another amendment changes the price from that day already.
    """
    contract, found = _open(uplift, UpliftState.APPLIED)
    if contract.renews_at is None or contract.term_ends_on != found.starts_on:
        raise UpliftNotOpen("The contract does not renew into this term.")
    proposal, _series = _proposal(found, contract, now=now)
    if proposal.price is None or proposal.price.amount != found.price_after:
        raise UpliftOutdated("An index value or the price changed since: look at the new proposal first.")
    amendments.record(
        contract,
        values={"annual_fee": found.price_after},
        agreed_on=local_day(now, contract.time_zone),
        valid_from=found.starts_on,
        source=found.public_id,
        now=now,
        by=by,
    )
    return _decided(found, UpliftState.APPLIED, now=now, by=by)


@transaction.atomic
def reject(uplift: Uplift, *, now: datetime, by: str) -> Uplift:
    """Leave the next term's price as it is. A later index value changes nothing about that.

    :raises UpliftNotOpen: it was decided already.
    """
    _contract, found = _open(uplift, UpliftState.REJECTED)
    return _decided(found, UpliftState.REJECTED, now=now, by=by)


def _compute(uplift: Uplift, contract: Contract, *, now: datetime) -> None:
    # Read first: what is recorded meanwhile has a later key, and is found by the next sweep.
    for name, rows in _SEEN.items():
        setattr(uplift, name, rows(contract).aggregate(last=Max("pk"))["last"] or 0)
    proposal, clause = _proposal(uplift, contract, now=now)
    taken = proposal.latest
    uplift.s0, uplift.s0_period = clause.s0, clause.s0_period
    uplift.s1 = taken.value.value if taken else None
    uplift.s1_period = taken.value.month if taken else None
    uplift.link = taken.link if taken else None
    uplift.factor = proposal.factor
    uplift.price_before = stored.in_force(contract, on=uplift.starts_on).annual_fee
    uplift.price_after = None if proposal.price is None else proposal.price.amount
    uplift.evidence = proposal.explanation.to_json()
    uplift.state = (UpliftState.FLAGGED if proposal.flagged else UpliftState.PROPOSED).value
    uplift.evaluated_at = now


def _proposal(uplift: Uplift, contract: Contract, *, now: datetime) -> tuple[Proposal, IndexClause]:
    """Return what the values known now make of the price: on the revision date, which is the term's first day."""
    series, clause = _clause(contract, before=uplift.starts_on)
    on = min(local_day(now, contract.time_zone), uplift.starts_on)
    # What was recorded is published, even on a day that has not reached the contract's zone yet.
    known = min(latest_day(now), uplift.starts_on)
    linked = indices.link_of(series)
    latest = rules.latest(indices.published(series), on=known, link=linked[0] if linked else None)
    price = stored.in_force(contract, on=uplift.starts_on).annual_fee
    return uplifts.propose(Money(price, contract.currency), clause, latest, on=on), clause


def _clause(contract: Contract, *, before: date) -> tuple[IndexSeries, IndexClause]:
    """Return the series in force and the clause, with S0 of the last revision, else of the signature."""
    series = contract.index_series
    if series is None or contract.index_base_value is None or contract.index_base_period is None:
        raise UpliftNotDue("The price of this contract follows no index.")
    s0, s0_period = contract.index_base_value, contract.index_base_period
    applied = contract.uplifts.filter(state=UpliftState.APPLIED.value, starts_on__lt=before)
    for earlier in applied.order_by("starts_on"):
        if earlier.s1 is None or earlier.s1_period is None:
            continue
        s0, s0_period = earlier.s1, earlier.s1_period
        linked = indices.link_of(series) if earlier.link is not None else None
        series = linked[1] if linked else series
    return series, IndexClause(
        s0=s0.normalize(),
        s0_period=s0_period,
        fixed_part=contract.index_fixed_part.normalize(),
        floor=None if contract.index_floor is None else contract.index_floor.normalize(),
        cap=None if contract.index_cap is None else contract.index_cap.normalize(),
        longest_delay_months=series.longest_delay_months,
    )


def _locked(key: int) -> Contract:
    return (
        Contract.objects.select_related("organization", "index_series")
        .select_for_update(of=("self",), no_key=True)
        .get(pk=key)
    )


def _open(uplift: Uplift, following: UpliftState) -> tuple[Contract, Uplift]:
    contract = _locked(uplift.contract_id)
    found = Uplift.objects.get(pk=uplift.pk)
    begun = contract.term_number >= found.number or contract.status != ContractStatus.ACTIVE.value
    if begun or not uplifts.may_become(UpliftState(found.state), following):
        raise UpliftNotOpen("It was decided already, has no price, or its term has begun.")
    return contract, found


def _decided(uplift: Uplift, state: UpliftState, *, now: datetime, by: str) -> Uplift:
    uplift.state, uplift.decided_by, uplift.decided_at = state.value, by, now
    uplift.save(update_fields=["state", "decided_by", "decided_at"])
    _told(uplift, now=now, by=by)
    return uplift


def _figures(uplift: Uplift) -> tuple[object, ...]:
    return uplift.state, uplift.price_before, uplift.price_after, uplift.s1_period, uplift.s1


def _told(uplift: Uplift, *, now: datetime, by: str) -> None:
    data = {
        "number": uplift.number,
        "starts_on": uplift.starts_on.isoformat(),
        "from": str(uplift.price_before),
        "to": None if uplift.price_after is None else str(uplift.price_after),
    }
    # What the client is told is the amendment that an applied one becomes.
    stored.deadlines_changed(uplift.contract)
    audit.record(f"uplift.{uplift.state}", uplift, by=by, at=now, data=data, vendor_only=True)
    outbox.publish(f"uplift.{uplift.state}", uplift, at=now, payload=data)
