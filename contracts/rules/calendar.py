"""The dated events of a contract's calendar: what its terms and its end bring until a day, one by one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from contracts.enums import ContractStatus, DeadlineKind
from contracts.rules import deadlines, forecast, notice, terms
from contracts.rules.days import ONE_DAY
from contracts.rules.deadlines import Key, Life, Wanted
from contracts.rules.forecast import State
from contracts.rules.notice import NoticeClause
from contracts.rules.periods import local_day
from contracts.rules.reminders import DEFAULT_LEADS
from contracts.rules.terms import Term

TERM_END = "term_end"
# The day after the last one for notice: that one says it already.
UNTOLD = frozenset({DeadlineKind.RENEWAL_CERTAIN})
# What a contract's own life brings; the other deadlines are those of other areas, as they are stored.
OF_LIFE = frozenset(
    {
        DeadlineKind.LAST_NOTICE,
        DeadlineKind.RENEWAL_CERTAIN,
        DeadlineKind.RENEWAL,
        DeadlineKind.CONTRACT_END,
        DeadlineKind.RETRIEVAL_END,
    }
)
# How many days before an event a calendar reminds of it; of the last day for notice, the contract says.
SHORT_LEADS = (7,)
_LONG = frozenset({DeadlineKind.LAST_NOTICE.value, DeadlineKind.SEND_BY.value})
_SILENT = frozenset({DeadlineKind.RENEWAL.value, TERM_END})


@dataclass(frozen=True, slots=True)
class Event:
    """One all-day event: ``on`` is its day in the contract's zone, ``act_by`` the day by which we act.

    ``kind`` is that of a deadline, or ``term_end``; ``why`` a stored explanation; ``alarms`` the days before it at
    which a calendar reminds.
    """

    kind: str
    subject: UUID
    occurrence: int
    on: date
    act_by: date
    why: Mapping[str, Any]
    alarms: tuple[int, ...]

    @property
    def key(self) -> Key:
        """What tells it from the others of its contract, whatever day it moves to."""
        return self.kind, self.subject, self.occurrence

    @property
    def vendor_only(self) -> bool:
        return self.kind in deadlines.VENDOR_ONLY


def of_life(
    life: Life, ahead: State | None, *, now: datetime, until: date, leads: Sequence[int] = DEFAULT_LEADS
) -> list[Event]:
    """Return the events from ``now`` until a day (inclusive): what the forecast foresees if nobody acts.

    ``ahead`` is the state of a signed or active contract; of another nothing is ahead but what follows its end. Each
    later term is foreseen as a tacit renewal, with the amendments that are agreed. ``leads`` are the days before the
    last one for notice at which the contract reminds.

    :raises InvalidInput: as the rules of terms and notice do.
    """
    if life.status in (ContractStatus.DRAFT, ContractStatus.CANCELLED):
        return []
    found = [] if ahead is None else list(_foreseen(life, ahead, now, until, leads))
    if life.ends_on is not None:
        found += _of_end(life)
    return [event for event in found if event.on <= until]


def alarms_of(kind: str, *, leads: Sequence[int] = DEFAULT_LEADS, days_before: int | None = None) -> tuple[int, ...]:
    """Return how many days before an event of a kind a calendar reminds of it: ``leads`` where there is much to do.

    Leads of more days than ``days_before`` are left out: they fall before the term's start.
    """
    wanted = leads if kind in _LONG else () if kind in _SILENT else SHORT_LEADS
    return tuple(lead for lead in wanted if days_before is None or lead <= days_before)


def _foreseen(life: Life, ahead: State, now: datetime, until: date, leads: Sequence[int]) -> Iterator[Event]:
    # The last day of a term is told by the start of the next one.
    for event, state in forecast.stages(ahead, now=now, until=until + ONE_DAY):
        match event.kind:
            case forecast.EventKind.LAST_NOTICE:
                yield from _of_notice(life, state, leads)
            case forecast.EventKind.RENEWS:
                term = state.clause.term(state.number)
                before = state.clause.term(state.number - 1)
                if before.last_day is not None:
                    yield _on_the_day(life, state.clause, TERM_END, before, before.last_day)
                starts_on = local_day(event.at, state.zone)
                yield _on_the_day(life, state.clause, DeadlineKind.RENEWAL.value, term, starts_on)
            case forecast.EventKind.ENDS if life.ends_on is None:
                # An amendment to come ends it: no end stands yet.
                yield from _of_end(replace(life, clause=state.clause, ends_on=event.on + ONE_DAY))


def _of_notice(life: Life, state: State, leads: Sequence[int]) -> Iterator[Event]:
    term = state.clause.term(state.number)
    deadline = notice.last_notice(state.clause, term)
    if deadline is not None:
        kind = DeadlineKind.LAST_NOTICE.value
        yield Event(
            kind=kind,
            subject=life.contract,
            occurrence=term.number,
            on=deadline.legal,
            act_by=deadline.internal,
            why=deadline.explanation.to_json(),
            alarms=alarms_of(kind, leads=leads, days_before=(deadline.legal - term.starts_on).days),
        )


def _of_end(life: Life) -> Iterator[Event]:
    for one in deadlines.of_end(life):
        if isinstance(one, Wanted):
            kind, why = one.kind.value, one.explanation.to_json()
            yield Event(kind, one.subject, one.occurrence, one.legal, one.internal, why, alarms_of(kind))


def _on_the_day(life: Life, clause: NoticeClause, kind: str, term: Term, day: date) -> Event:
    why = terms.explain(term, anchor=clause.anchor, first=clause.first, renewal=clause.renewal).to_json()
    return Event(kind, life.contract, term.number, day, day, why, alarms_of(kind))
