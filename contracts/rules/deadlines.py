"""The deadlines of a contract's own life: what is due now and next, what was met, and why each day is what it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from contracts.enums import ContractStatus, DeadlineKind, NoticeUnit
from contracts.rules import notice, periods, schedule, terms
from contracts.rules.days import ONE_DAY
from contracts.rules.explanation import Explanation, Step
from contracts.rules.notice import NoticeClause
from contracts.rules.terms import Term

VERSION = 1
# What the client is granted passes by itself when its day is over; everything else is late until somebody met it.
LAPSING = frozenset(
    {
        DeadlineKind.LAST_NOTICE,
        DeadlineKind.RETRIEVAL_END,
        DeadlineKind.OFFER_EXPIRY,
        DeadlineKind.QUOTE_EXPIRY,
        DeadlineKind.SWITCHING_UNFEASIBLE_LIMIT,
        DeadlineKind.SWITCHING_RETRIEVAL_END,
    }
)
# What the vendor plans: no client sees it.
VENDOR_ONLY = frozenset({DeadlineKind.SEND_BY, DeadlineKind.UPLIFT_PROPOSAL})
CONTRACT = "contract"
# Kind, subject, occurrence.
type Key = tuple[str, UUID, int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A deadline as the rules state it now. All days are inclusive and local to ``zone``.

    ``subject_type`` and ``subject`` name what it is about, ``occurrence`` which of several (a term's number). With
    ``other_reading`` later than ``legal``, the day is over only under that reading.
    """

    kind: DeadlineKind
    subject_type: str
    subject: UUID
    occurrence: int
    nominal: date
    legal: date
    internal: date
    calendar_country: str
    zone: str
    explanation: Explanation
    other_reading: date | None = None

    @property
    def key(self) -> Key:
        """What tells it from the others of its contract."""
        return self.kind.value, self.subject, self.occurrence

    @property
    def due_at(self) -> datetime:
        """The local midnight after the last day, under the reading most favourable to the client."""
        last = max(self.legal, self.other_reading or self.legal)
        return periods.midnight(last + ONE_DAY, self.zone)

    @property
    def lapses(self) -> bool:
        return self.kind in LAPSING

    @property
    def vendor_only(self) -> bool:
        return self.kind in VENDOR_ONLY


def is_late(
    *, due_at: datetime, lapses: bool, met_at: datetime | None, superseded_at: datetime | None, at: datetime
) -> bool:
    """Say whether a deadline's last day is over although nobody met it; what passes by itself is never late."""
    return met_at is None and superseded_at is None and not lapses and due_at <= at


@dataclass(frozen=True, slots=True)
class Met:
    """A deadline that the state has answered, if one was open: what was to come about did, at the instant."""

    kind: DeadlineKind
    subject: UUID
    occurrence: int
    at: datetime

    @property
    def key(self) -> Key:
        """What tells it from the others of its contract."""
        return self.kind.value, self.subject, self.occurrence


@dataclass(frozen=True, slots=True)
class LivedTerm:
    """When a term became certain, and when it started, if it did."""

    certain_at: datetime
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class Life:
    """A contract as its deadlines depend on it.

    ``ends_on`` is the (exclusive) end that stands, ``end_why`` its stored explanation, ``prolongs`` as for
    ``schedule.compute``; ``lived`` holds the terms that were not voided, or the latest of them. ``switched`` says that
    a switch decides how long the client may fetch its data: its own deadlines say so.
    """

    contract: UUID
    clause: NoticeClause
    zone: str
    status: ContractStatus
    term_number: int
    ends_on: date | None
    retrieval_days: int
    prolongs: bool = False
    ended_at: datetime | None = None
    end_why: Mapping[str, Any] = field(default_factory=dict)
    lived: Mapping[int, LivedTerm] = field(default_factory=dict)
    switched: bool = False


def of_life(life: Life) -> list[Wanted | Met]:
    """Return the deadlines of a contract's own life that lie ahead, and those that its terms and its end have met.

    A draft and a cancelled contract have none.

    :raises InvalidInput: as the rules of terms and notice do.
    """
    if life.status in (ContractStatus.DRAFT, ContractStatus.CANCELLED):
        return []
    found = _met_by_terms(life)
    if life.status is not ContractStatus.ENDED:
        found += _of_term(life)
    return [*found, *of_end(life)]


def _met_by_terms(life: Life) -> list[Wanted | Met]:
    """What the terms have answered: the notice before each was not given, it became certain, it started."""
    found: list[Wanted | Met] = []
    for number, lived in sorted(life.lived.items()):
        found.append(Met(DeadlineKind.LAST_NOTICE, life.contract, number - 1, lived.certain_at))
        found.append(Met(DeadlineKind.RENEWAL_CERTAIN, life.contract, number, lived.certain_at))
        if lived.started_at is not None:
            found.append(Met(DeadlineKind.RENEWAL, life.contract, number, lived.started_at))
    return found


def _of_term(life: Life) -> list[Wanted | Met]:
    """The last day for notice in the running term, and the renewal that follows it."""
    clause, following = life.clause, life.term_number + 1
    planned = schedule.compute(
        clause,
        number=life.term_number,
        zone=life.zone,
        notice_ends_on=life.ends_on,
        certain=False,
        prolongs=life.prolongs,
    )
    found: list[Wanted | Met] = []
    deadline = notice.last_notice(clause, planned.term)
    if following not in life.lived:
        if deadline is not None and life.ends_on is None:
            found.append(_of_count(life, DeadlineKind.LAST_NOTICE, life.term_number, deadline))
        certain_on = notice.renewal_certain_on(clause, planned.term) if planned.renews_at is not None else None
        if certain_on is not None:
            explanation = _why_certain(life, planned.term, certain_on, deadline)
            found.append(_on_the_day(life, DeadlineKind.RENEWAL_CERTAIN, following, certain_on, explanation))
    if planned.renews_at is not None:
        term = clause.term(following)
        explanation = terms.explain(term, anchor=clause.anchor, first=clause.first, renewal=clause.renewal)
        starts_on = notice.held_back(clause, planned.term, term.starts_on)
        found.append(_on_the_day(life, DeadlineKind.RENEWAL, following, starts_on, explanation))
    return found


def _why_certain(life: Life, term: Term, certain_on: date, deadline: periods.Deadline | None) -> Explanation:
    number = term.number + 1
    steps: tuple[Step, ...] = (Step("held_by_commitment", {"committed_until": life.clause.committed_until}),)
    if deadline is not None:
        steps = deadline.explanation.steps
    return Explanation(
        rule="renewal_certain",
        version=VERSION,
        inputs={
            "number": number,
            "term_starts_on": term.starts_on,
            "last_day": term.last_day,
            "last_notice": deadline.latest if deadline else None,
            "committed_until": life.clause.committed_until,
        },
        steps=(*steps, Step("renewal_certain_on", {"number": number, "on": certain_on})),
        source=deadline.explanation.source if deadline else _source(life),
        other_reading=deadline.legal + ONE_DAY if deadline and deadline.disputed else None,
    )


def of_end(life: Life) -> list[Wanted | Met]:
    """Return the last day of the contract and of the period in which the client may fetch its data, if it ends.

    After a switch that period is the switch's: at least 30 days from the end of the agreed transition, none where only
    erasure was asked for (Regulation 2023/2854, Article 25).

    :raises InvalidInput: as the rules of periods do.
    """
    if life.ends_on is None:
        return []
    last_day = life.ends_on - ONE_DAY
    found: list[Wanted | Met] = []
    if life.ended_at is None:
        found.append(_on_the_day(life, DeadlineKind.CONTRACT_END, 0, last_day, _why_end(life, last_day)))
    else:
        found.append(Met(DeadlineKind.CONTRACT_END, life.contract, 0, life.ended_at))
    if life.switched:
        return found
    window = periods.count_forward(
        last_day,
        length=life.retrieval_days,
        unit=NoticeUnit.DAYS,
        regime=periods.Regime.EU,
        calendar_country=life.clause.calendar_country,
        purpose=periods.Purpose.GRANT,
    )
    return [*found, _of_count(life, DeadlineKind.RETRIEVAL_END, 0, window)]


def _why_end(life: Life, last_day: date) -> Explanation:
    if life.end_why:
        decided = Explanation.from_json(life.end_why)
        inputs = {"last_day": last_day, "decided_by": decided.rule, "decided_on": decided.inputs}
        steps, source = decided.steps, decided.source
    else:
        inputs, steps, source = {"last_day": last_day}, (), _source(life)
        if not life.clause.auto_renews:
            steps = (Step("ends_without_notice", {"last_day": last_day}),)
    return Explanation(
        rule="contract_end",
        version=VERSION,
        inputs=inputs,
        steps=(*steps, Step("contract_ends_on", {"last_day": last_day})),
        source=source,
    )


def _source(life: Life) -> str:
    return periods.SOURCES[periods.contract_regime(life.clause.law)]


def _on_the_day(life: Life, kind: DeadlineKind, occurrence: int, day: date, explanation: Explanation) -> Wanted:
    """What happens on a day that nothing moves."""
    return Wanted(
        kind=kind,
        subject_type=CONTRACT,
        subject=life.contract,
        occurrence=occurrence,
        nominal=day,
        legal=day,
        internal=day,
        calendar_country=life.clause.calendar_country,
        zone=life.zone,
        explanation=explanation,
    )


def _of_count(life: Life, kind: DeadlineKind, occurrence: int, found: periods.Deadline) -> Wanted:
    return Wanted(
        kind=kind,
        subject_type=CONTRACT,
        subject=life.contract,
        occurrence=occurrence,
        nominal=found.nominal,
        legal=found.legal,
        internal=found.internal,
        calendar_country=found.calendar_country,
        zone=life.zone,
        explanation=found.explanation,
        other_reading=found.disputed,
    )
