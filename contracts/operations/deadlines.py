"""Stored deadlines: compared with what the rules say now, superseded by others, met by the state or by a person."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.errors import InvalidInput, Refused
from accounts.operations import audit, outbox
from accounts.operations.sweeping import SYSTEM
from accounts.rules import checks
from contracts.models import Contract, Deadline, Reminder
from contracts.operations.lives import deadlines_of_lives
from contracts.operations.switching_deadlines import deadlines_of_switches
from contracts.operations.waiting_deadlines import (
    deadlines_of_offers,
    deadlines_of_outgoing,
    deadlines_of_protected,
    deadlines_of_quotes,
    deadlines_of_uplifts,
)
from contracts.rules.deadlines import Key, Met, Wanted

# What an area knows of the deadlines of contracts: given contracts with their organizations, by the contract's key.
# It reads for all of them at once, and its area calls ``stored.deadlines_changed`` where it changes what it reads. What
# becomes of an announced reminder, delivery does not say: ``due_for_deadlines`` asks.
type Source = Callable[[Sequence[Contract]], dict[int, list[Wanted | Met]]]
SOURCES: tuple[Source, ...] = (
    deadlines_of_lives,
    deadlines_of_switches,
    deadlines_of_offers,
    deadlines_of_quotes,
    deadlines_of_uplifts,
    deadlines_of_outgoing,
    deadlines_of_protected,
)


class DeadlineClosed(Refused):
    """The deadline is met already, or another has taken its place."""

    code = "deadline_closed"


@dataclass(slots=True)
class _Changes:
    """What is written for a set of contracts."""

    opened: list[Deadline] = field(default_factory=list)
    closed: list[Deadline] = field(default_factory=list)
    replaced: list[tuple[Deadline, Deadline | None]] = field(default_factory=list)


@transaction.atomic
def refresh(keys: Iterable[int], *, now: datetime, by: str) -> set[int]:
    """Bring the stored deadlines of contracts up to what the rules say now; return the contracts that were free.

    A deadline whose inputs changed is superseded and stays; one that nothing asks for any more too, without a
    successor. What a person met is not asked again unless its inputs change. A second run writes nothing.

    :raises InvalidInput: as the rules do, where a stored contract is beyond them.
    """
    contracts = list(
        Contract.objects.select_related("organization")
        .filter(pk__in=list(keys))
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True, skip_locked=True)
    )
    free = [one.pk for one in contracts]
    told = [*Reminder.objects.with_news().filter(contract_id__in=free).values_list("pk", flat=True)]
    wanted: dict[int, list[Wanted | Met]] = {key: [] for key in free}
    for source in SOURCES:
        for key, found in source(contracts).items():
            wanted[key] += found
    standing: dict[int, dict[Key, Deadline]] = {key: {} for key in free}
    for row in Deadline.objects.standing().filter(contract_id__in=free):
        standing[row.contract_id][row.kind, row.subject_id, row.occurrence] = row
    changes = _Changes()
    for contract in contracts:
        _compare(contract, wanted[contract.pk], standing[contract.pk], changes, now=now)
    Deadline.objects.bulk_update(changes.closed, ["met_at", "met_by", "superseded_at", "superseded_by"])
    Deadline.objects.bulk_create(changes.opened)
    # What was known before the sources were asked, and nothing that came meanwhile.
    Reminder.objects.filter(pk__in=told).update(outcome_at=now)
    # The calendar follows what stands here.
    Contract.objects.filter(pk__in=free).update(deadlines_stale=False, calendar_due_at=now)
    for old, new in changes.replaced:
        data = {"kind": old.kind, "contract": str(old.contract.public_id), "was": old.legal_on.isoformat()}
        data |= {"successor": str(new.public_id), "is": new.legal_on.isoformat()} if new else {}
        audit.record("deadline.superseded", old, by=by, at=now, data=data, vendor_only=old.vendor_only)
        outbox.publish("deadline.superseded", old, at=now, payload=data)
    return set(free)


@transaction.atomic
def meet(deadline: Deadline, *, reason: str, now: datetime, by: str) -> Deadline:
    """Record that somebody has done what a deadline asks for. The reason goes to the erasable part of the trail.

    :raises InvalidInput: the reason is empty, longer than 1,000 characters, or no line of text.
    :raises DeadlineClosed: it is met, or superseded.
    """
    if faults := checks.text("reason", reason, longest=1000):
        raise InvalidInput(faults)
    # The contract first, as every writer of its deadlines does.
    Contract.objects.select_for_update(of=("self",), no_key=True).get(pk=deadline.contract_id)
    locked = Deadline.objects.open().select_related("contract").filter(pk=deadline.pk).first()
    if locked is None:
        raise DeadlineClosed("The deadline is met already, or another has taken its place.")
    locked.met_at, locked.met_by = now, by
    locked.save(update_fields=["met_at", "met_by"])
    data = {"kind": locked.kind, "contract": str(locked.contract.public_id)}
    audit.record(
        "deadline.met",
        locked,
        by=by,
        at=now,
        data=data,
        detail={"reason": reason},
        vendor_only=locked.vendor_only,
    )
    outbox.publish("deadline.met", locked, at=now, payload=data)
    return locked


def _compare(
    contract: Contract,
    found: Sequence[Wanted | Met],
    standing: dict[Key, Deadline],
    changes: _Changes,
    *,
    now: datetime,
) -> None:
    """Note what to write so that the standing rows of one contract are what was found."""
    asked = {one.key: one for one in found if isinstance(one, Wanted)}
    answered = {one.key: one for one in found if isinstance(one, Met)}
    for key, row in standing.items():
        row.contract = contract
        if key in asked:
            _weigh(row, asked.pop(key), changes, now=now)
        elif row.met_at is None and key in answered:
            row.met_at, row.met_by = answered[key].at, SYSTEM
            changes.closed.append(row)
        elif row.met_at is None:
            _supersede(row, None, changes, now=now)
    for one in asked.values():
        if not (one.lapses and one.due_at <= now):  # what passed by itself before it was seen is nobody's business
            changes.opened.append(_row(contract, one, now=now))


def _weigh(row: Deadline, asked: Wanted, changes: _Changes, *, now: datetime) -> None:
    """Leave a row that still says what the rules say, let it pass when its day is over, else replace it."""
    over = asked.lapses and asked.due_at <= now
    undone = row.met_at is not None and row.met_by == SYSTEM and not row.lapses
    if undone or _facts(row) != _facts(_row(row.contract, asked, now=now)):
        _supersede(row, None if over else _row(row.contract, asked, now=now), changes, now=now)
    elif over and row.met_at is None:
        row.met_at, row.met_by = asked.due_at, SYSTEM
        changes.closed.append(row)


def _supersede(row: Deadline, successor: Deadline | None, changes: _Changes, *, now: datetime) -> None:
    row.superseded_at = now
    row.superseded_by = None if successor is None else successor.public_id
    changes.closed.append(row)
    changes.replaced.append((row, successor))
    if successor is not None:
        changes.opened.append(successor)


def _facts(row: Deadline) -> tuple[object, ...]:
    """Return what makes a deadline another one. A newer list of holidays that leaves its days alone does not."""
    inputs: dict[str, Any] = {name: value for name, value in row.inputs.items() if name != "holidays"}
    days = (row.nominal_on, row.legal_on, row.internal_on, row.other_reading_on)
    return (*days, row.calendar_country, row.time_zone, row.rule, row.version, inputs)


def _row(contract: Contract, asked: Wanted, *, now: datetime) -> Deadline:
    why = asked.explanation.to_json()
    return Deadline(
        organization_id=contract.organization_id,
        contract=contract,
        kind=asked.kind.value,
        subject_type=asked.subject_type,
        subject_id=asked.subject,
        occurrence=asked.occurrence,
        nominal_on=asked.nominal,
        legal_on=asked.legal,
        internal_on=asked.internal,
        other_reading_on=asked.other_reading,
        calendar_country=asked.calendar_country,
        time_zone=asked.zone,
        rule=asked.explanation.rule,
        version=asked.explanation.version,
        inputs=why["inputs"],
        why=why,
        due_at=asked.due_at,
        lapses=asked.lapses,
        vendor_only=asked.vendor_only,
        opened_at=now,
    )
