"""The events of calendars: compared with what the rules foresee, revised, cancelled, brought back under their id."""

import hashlib
import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from contracts.enums import DeadlineKind
from contracts.models import CalendarEvent, Contract, Deadline
from contracts.operations import foreseeing
from contracts.operations.lives import lives_of
from contracts.rules import calendar, periods
from contracts.rules.calendar import Event
from contracts.rules.days import add_months
from contracts.rules.deadlines import Key
from contracts.rules.status import BINDING

# So far ahead a calendar sees; it is computed a little further, and again before that is used up.
MONTHS_AHEAD = 24
MARGIN = timedelta(days=35)
EVERY = timedelta(days=28)


@dataclass(slots=True)
class _Changes:
    """What is written for a set of contracts."""

    made: list[CalendarEvent] = field(default_factory=list)
    changed: list[CalendarEvent] = field(default_factory=list)


@transaction.atomic
def refresh(keys: Iterable[int], *, now: datetime, by: str) -> set[int]:
    """Bring the events of contracts up to what the rules foresee; return the contracts that were free.

    A changed event gets a new revision; one that nothing asks for any more is cancelled and stays; one that comes back
    is the same again. What has passed stays as it was. A second run writes nothing.

    :raises InvalidInput: as the rules do, where a stored contract is beyond them.
    """
    contracts = list(
        Contract.objects.due_for_calendar(at=now)
        .select_related("organization")
        .filter(pk__in=list(keys))
        .select_for_update(of=("self",), no_key=True, skip_locked=True)
    )
    lives, others = lives_of(contracts), _of_other_areas(contracts)
    living = [one for one in contracts if one.status in BINDING]
    ahead = {contract.pk: state for contract, state in foreseeing.states_of(living, now=now)}
    known: dict[int, dict[Key, CalendarEvent]] = {one.pk: {} for one in contracts}
    for row in CalendarEvent.objects.filter(contract_id__in=list(known)):
        known[row.contract_id][row.kind, row.subject_id, row.occurrence] = row
    changes = _Changes()
    for contract in contracts:
        today = periods.local_day(now, contract.time_zone)
        until = add_months(today, MONTHS_AHEAD) + MARGIN
        found = calendar.of_life(
            lives[contract.pk], ahead.get(contract.pk), now=now, until=until, leads=contract.reminder_leads
        )
        wanted = [*found, *others[contract.pk]]
        _compare(contract, wanted, known[contract.pk], changes, today=today, now=now)
        contract.calendar_due_at = now + EVERY if contract.status in BINDING else None
    CalendarEvent.objects.bulk_update(
        changes.changed,
        ["on", "act_by", "why", "alarms", "vendor_only", "fingerprint", "sequence", "changed_at", "cancelled_at"],
    )
    CalendarEvent.objects.bulk_create(changes.made)
    Contract.objects.bulk_update(contracts, ["calendar_due_at"])
    return set(known)


def _of_other_areas(contracts: Sequence[Contract]) -> defaultdict[int, list[Event]]:
    """Return the events of the open deadlines that are not of the contract's own life."""
    rows = (
        Deadline.objects.open()
        .filter(contract_id__in=[one.pk for one in contracts])
        .exclude(kind__in=[kind.value for kind in calendar.OF_LIFE | calendar.UNTOLD])
    )
    found: defaultdict[int, list[Event]] = defaultdict(list)
    for row in rows:
        found[row.contract_id].append(
            Event(
                kind=row.kind,
                subject=row.subject_id,
                occurrence=row.occurrence,
                on=row.legal_on,
                act_by=row.internal_on,
                why=row.why,
                alarms=calendar.alarms_of(row.kind),
            )
        )
    return found


def _compare(
    contract: Contract,
    wanted: Sequence[Event],
    known: dict[Key, CalendarEvent],
    changes: _Changes,
    *,
    today: date,
    now: datetime,
) -> None:
    """Note what to write so that the known events of one contract are the wanted ones."""
    asked = {event.key: event for event in wanted}
    for key, row in known.items():
        event = asked.pop(key, None)
        if event is None:
            if row.cancelled_at is None and (row.on > today or _never_came(contract, row)):
                _revise(row, changes, now=now, cancelled_at=now)
        elif row.cancelled_at is not None or row.fingerprint != _fingerprint(contract, event):
            _revise(row, changes, now=now, cancelled_at=None, **_shown(contract, event))
    for event in asked.values():
        if event.on >= today:
            changes.made.append(
                CalendarEvent(
                    organization_id=contract.organization_id,
                    public_id=uuid.uuid5(contract.public_id, "/".join(map(str, event.key))),
                    contract=contract,
                    kind=event.kind,
                    subject_id=event.subject,
                    occurrence=event.occurrence,
                    changed_at=now,
                    **_shown(contract, event),
                )
            )


def _never_came(contract: Contract, row: CalendarEvent) -> bool:
    """Say whether a past event did not happen: the start of a term that a notice recorded late has voided."""
    return row.kind == DeadlineKind.RENEWAL.value and row.occurrence > contract.term_number


def _revise(row: CalendarEvent, changes: _Changes, *, now: datetime, **values: Any) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.sequence += 1
    row.changed_at = now
    changes.changed.append(row)


def _shown(contract: Contract, event: Event) -> dict[str, Any]:
    return {
        "on": event.on,
        "act_by": event.act_by,
        "why": dict(event.why),
        "alarms": list(event.alarms),
        "vendor_only": event.vendor_only,
        "fingerprint": _fingerprint(contract, event),
    }


def _fingerprint(contract: Contract, event: Event) -> str:
    """Return a digest of what a reader sees of an event."""
    said = [event.why.get(name) for name in ("steps", "source", "other_reading")]
    shown = [contract.reference, event.on.isoformat(), event.act_by.isoformat(), list(event.alarms), said]
    return hashlib.sha256(json.dumps([*shown, event.vendor_only], sort_keys=True).encode()).hexdigest()
