"""The forecast: what will happen to a contract until a day, by the rules that the engine lives by. Writes nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from contracts.enums import NoticeUnit
from contracts.rules import amending, periods, reminders, schedule
from contracts.rules.days import ONE_DAY
from contracts.rules.errors import InvalidInput
from contracts.rules.free_exit import Missed
from contracts.rules.notice import NoticeClause
from contracts.rules.periods import local_day, midnight
from contracts.rules.schedule import Schedule
from contracts.rules.switching import AfterSwitch


class EventKind(StrEnum):
    """What may lie ahead."""

    STARTS = "starts"
    REMINDER = "reminder"
    LAST_NOTICE = "last_notice"
    PRICE_CHANGES = "price_changes"
    AMENDED = "amended"
    RENEWAL_CERTAIN = "renewal_certain"
    RENEWS = "renews"
    RESUMES = "resumes"
    ENDS = "ends"
    RETRIEVAL_ENDS = "retrieval_ends"
    ERASURE_POSSIBLE = "erasure_possible"


@dataclass(frozen=True, slots=True)
class PendingAmendment:
    """An amendment that is agreed and not yet applied; ``values`` as contracts store them, the fee beside them."""

    valid_from: date
    values: Mapping[str, Any] = field(default_factory=dict)
    fee: Decimal | None = None


@dataclass(frozen=True, slots=True)
class State:
    """A contract as it stands: all that the forecast looks at.

    ``certain_at`` is the stored instant where it differs from the computed one (after a withdrawal); ``certain`` says
    that the next renewal is recorded. ``number`` is the running term's, ``started`` whether the contract is active.
    ``missed`` are reminders as for ``worth.weigh``, ``switch`` is what a switch says of the client's data.
    """

    clause: NoticeClause
    zone: str
    number: int
    fee: Decimal
    currency: str
    started: bool = True
    certain: bool = False
    certain_at: datetime | None = None
    ends_on: date | None = None
    prolongs: bool = False
    resumes_at: datetime | None = None
    amendments: tuple[PendingAmendment, ...] = ()
    next_fee: Decimal | None = None
    retrieval_days: int = 30
    leads: tuple[int, ...] = reminders.DEFAULT_LEADS
    missed: tuple[Missed, ...] = ()
    switch: AfterSwitch | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something ahead: on which local day, at which instant it happens, and the amount that goes with it.

    ``amount`` is an annual fee before VAT. ``on`` is a last day where the kind is one (notice, service, retrieval).
    """

    kind: EventKind
    on: date
    at: datetime
    amount: Decimal | None = None
    currency: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Life:
    """The contract as the forecast lives it: where it stands, and what was told."""

    state: State
    now: datetime
    told: set[tuple[int, EventKind, date]]

    def planned(self) -> Schedule:
        """What follows now, by the engine's own rule."""
        state = self.state
        return schedule.compute(
            state.clause,
            number=state.number,
            zone=state.zone,
            notice_ends_on=state.ends_on,
            prolongs=state.prolongs,
            certain=state.certain,
        )


# At one instant things come in this order, as the sweeps have it.
_ORDER = {kind: place for place, kind in enumerate(EventKind)}
_ORDER[EventKind.AMENDED] = _ORDER[EventKind.STARTS] + 1


def events(state: State, *, now: datetime, until: date) -> Iterator[Event]:
    """Yield what :func:`stages` does, without the states."""
    return (event for event, _state in stages(state, now=now, until=until))


def stages(state: State, *, now: datetime, until: date) -> Iterator[tuple[Event, State]]:
    """Yield what happens after ``now`` until the end of a day, in order, if nobody acts; with the state after it.

    Nothing is kept but the contract's own state, so a portfolio is read one after the other. A contract in an
    indefinite term has no last day for notice, and nothing ahead.

    :raises InvalidInput: as the rules of terms and notice do; what lies beyond the calendar ends the forecast.
    """
    last = midnight(until + ONE_DAY, state.zone)
    life = _Life(state, now, set())
    while True:
        try:
            found = _next(life)
        except InvalidInput as error:
            if error.code == "out_of_calendar":
                return
            raise
        if found is None or found.at >= last:
            return
        if found.kind is EventKind.ENDS:
            yield from ((one, life.state) for one in _leaving(life.state, found) if one.at < last)
            return
        for event in _lived(life, found):
            yield event, life.state


def _next(life: _Life) -> Event | None:
    """Return the next thing to come, and the earliest of several at one instant."""
    candidates = [one for one in _candidates(life) if one.at > life.now or _is_due(one)]
    return min(candidates, key=lambda one: (one.at, _ORDER[one.kind], one.on), default=None)


def _is_due(event: Event) -> bool:
    """Say whether it is caught up if its instant has passed: what the engine does; reminders and last days lapse."""
    return event.kind not in (EventKind.REMINDER, EventKind.LAST_NOTICE)


def _candidates(life: _Life) -> Iterator[Event]:
    state, zone = life.state, life.state.zone
    if not state.started:
        yield Event(EventKind.STARTS, state.clause.anchor, midnight(state.clause.anchor, zone), *_fee(state, state.fee))
    planned = life.planned()
    if state.amendments:
        on = state.amendments[0].valid_from
        if planned.ends_on is None or on < planned.ends_on:
            yield Event(EventKind.AMENDED, on, midnight(on, zone))
    if state.resumes_at is not None:
        yield Event(EventKind.RESUMES, local_day(state.resumes_at, zone), state.resumes_at)
    if planned.ends_at is not None and planned.ends_on is not None and (state.started or planned.ends_at > life.now):
        yield Event(EventKind.ENDS, planned.ends_on - ONE_DAY, planned.ends_at)
    if not state.started:
        return
    number = {"number": state.number + 1}
    if planned.certain_at is not None:
        at = state.certain_at or planned.certain_at
        yield Event(EventKind.RENEWAL_CERTAIN, local_day(at, zone), at, params=number)
    if planned.renews_at is not None and planned.term.ends_on is not None:
        fee = state.fee if state.next_fee is None else state.next_fee
        yield Event(EventKind.RENEWS, planned.term.ends_on, planned.renews_at, *_fee(state, fee), params=number)
    yield from _notice_days(life, planned)


def _notice_days(life: _Life, planned: Schedule) -> Iterator[Event]:
    """The last day for notice of the running term, while notice can be given, and the reminders before it."""
    state, day = life.state, planned.last_notice_on
    if day is None or planned.certain_at is None:
        return
    wanted = [(EventKind.LAST_NOTICE, day, {"number": state.number})]
    for due in reminders.due_days(planned.term, last_notice_on=day, leads=state.leads):
        wanted.append((EventKind.REMINDER, due.due_on, {"number": state.number, "lead": due.lead}))
    for kind, on, params in wanted:
        if (state.number, kind, on) not in life.told:
            yield Event(kind, on, midnight(on, state.zone), params=params)


def _lived(life: _Life, event: Event) -> Iterator[Event]:
    """Let it happen: tell it, and move the state as the engine does."""
    state, replaced = life.state, life.planned()
    life.now = max(life.now, event.at)
    match event.kind:
        case EventKind.STARTS:
            life.state = replace(state, started=True)
        case EventKind.REMINDER | EventKind.LAST_NOTICE:
            life.told.add((state.number, event.kind, event.on))
        case EventKind.RESUMES:
            life.state = replace(state, resumes_at=None)
        case EventKind.RENEWAL_CERTAIN:
            life.state = replace(state, certain=True, certain_at=None)
        case EventKind.RENEWS:
            life.told.clear()
            certain_at = state.certain_at or replaced.certain_at
            life.state = replace(state, number=state.number + 1, certain=False, certain_at=None, next_fee=None)
            if certain_at is not None:  # its certainty is caught up with it
                on = local_day(certain_at, state.zone)
                yield Event(EventKind.RENEWAL_CERTAIN, on, certain_at, params=event.params)
        case EventKind.AMENDED:
            yield from _amended(life, event)
            return
    yield event


def _amended(life: _Life, event: Event) -> Iterator[Event]:
    state, (amendment, *others) = life.state, life.state.amendments
    clause = amending.amended(state.clause, amendment.values, valid_from=amendment.valid_from)
    certain = state.certain and (clause.auto_renews or state.ends_on is not None)
    fee = state.fee if amendment.fee is None else amendment.fee
    life.state = replace(
        state, clause=clause, amendments=tuple(others), certain=certain, certain_at=None, fee=fee, next_fee=None
    )
    yield replace(event, params={"clauses": sorted(amendment.values)})
    if amendment.fee is not None and amendment.fee != state.fee:
        amount, currency = _fee(state, amendment.fee)
        params = {"before": state.fee}
        yield Event(EventKind.PRICE_CHANGES, event.on, event.at, amount, currency, params)


def _leaving(state: State, end: Event) -> Iterator[Event]:
    """The end and what follows it: the client's window to fetch its data, and the earliest day of erasure."""
    yield end
    last_day, erase_from = _after(state, end.on)
    if last_day is not None:
        yield Event(EventKind.RETRIEVAL_ENDS, last_day, midnight(last_day + ONE_DAY, state.zone))
    yield Event(EventKind.ERASURE_POSSIBLE, erase_from, midnight(erase_from, state.zone))


def _after(state: State, end: date) -> tuple[date | None, date]:
    """Return the last day to fetch the data and the first of erasure: a switch has its own."""
    if state.switch is not None:
        return state.switch.retrieval_end, state.switch.erase_from
    window = periods.count_forward(
        end,
        length=state.retrieval_days,
        unit=NoticeUnit.DAYS,
        regime=periods.Regime.EU,
        calendar_country=state.clause.calendar_country,
        purpose=periods.Purpose.GRANT,
    )
    return window.latest, window.latest + ONE_DAY


def _fee(state: State, amount: Decimal) -> tuple[Decimal, str]:
    return amount, state.currency
