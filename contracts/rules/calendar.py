"""The dated events of a contract's calendar: what its terms and its end bring until a day, one by one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from contracts.enums import ContractStatus, DeadlineKind
from contracts.rules import deadlines, notice, schedule, terms
from contracts.rules.deadlines import Key, Life, Wanted
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


def of_life(life: Life, *, until: date, leads: Sequence[int] = DEFAULT_LEADS) -> list[Event]:
    """Return the events from the running term on until a day (inclusive), as the contract stands now.

    Each later term is foreseen as a tacit renewal. A draft and a cancelled contract have none. ``leads`` are the days
    before the last one for notice at which the contract reminds.

    :raises InvalidInput: as the rules of terms and notice do.
    """
    if life.status in (ContractStatus.DRAFT, ContractStatus.CANCELLED):
        return []
    found = [] if life.status is ContractStatus.ENDED else list(_of_terms(life, until, leads))
    for one in deadlines.of_end(life):
        if isinstance(one, Wanted):
            kind = one.kind.value
            why = one.explanation.to_json()
            found.append(Event(kind, one.subject, one.occurrence, one.legal, one.internal, why, alarms_of(kind)))
    return [event for event in found if event.on <= until]


def alarms_of(kind: str, *, leads: Sequence[int] = DEFAULT_LEADS, days_before: int | None = None) -> tuple[int, ...]:
    """Return how many days before an event of a kind a calendar reminds of it: ``leads`` where there is much to do.

    Leads of more days than ``days_before`` are left out: they fall before the term's start.
    """
    wanted = leads if kind in _LONG else () if kind in _SILENT else SHORT_LEADS
    return tuple(lead for lead in wanted if days_before is None or lead <= days_before)


def _of_terms(life: Life, until: date, leads: Sequence[int]) -> Iterator[Event]:
    number = life.term_number
    while True:
        planned = schedule.compute(
            life.clause,
            number=number,
            zone=life.zone,
            notice_ends_on=life.ends_on,
            certain=False,
            prolongs=life.prolongs,
        )
        if planned.term.starts_on > until:
            return
        yield from _of_term(life, planned.term, leads, renews=planned.renews_at is not None)
        if planned.renews_at is None:
            return
        number += 1
        following = life.clause.term(number)
        yield _on_the_day(life, DeadlineKind.RENEWAL.value, following, following.starts_on)


def _of_term(life: Life, term: Term, leads: Sequence[int], *, renews: bool) -> Iterator[Event]:
    deadline = notice.last_notice(life.clause, term) if life.ends_on is None else None
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
    # Where the contract does not renew, its own end says so.
    if renews and term.last_day is not None:
        yield _on_the_day(life, TERM_END, term, term.last_day)


def _on_the_day(life: Life, kind: str, term: Term, day: date) -> Event:
    clause = life.clause
    why = terms.explain(term, anchor=clause.anchor, first=clause.first, renewal=clause.renewal).to_json()
    return Event(kind, life.contract, term.number, day, day, why, alarms_of(kind))
