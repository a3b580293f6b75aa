"""What a contract does next, and when: computed once when its inputs change, stored, and read by the sweeps."""

from dataclasses import dataclass
from datetime import date, datetime

from contracts.rules import notice
from contracts.rules.days import ONE_DAY
from contracts.rules.explanation import Json
from contracts.rules.notice import NoticeClause
from contracts.rules.periods import midnight
from contracts.rules.terms import Term


@dataclass(frozen=True, slots=True)
class Schedule:
    """The results that a contract stores. Instants are local midnights of the contract's zone, in UTC.

    ``certain_at`` is when the next renewal becomes certain, ``renews_at`` when the next term starts, ``ends_at`` when
    the service stops; each is empty where it will not happen. ``ends_on`` is exclusive.
    """

    term: Term
    last_notice_on: date | None
    why: dict[str, Json]
    certain_at: datetime | None
    renews_at: datetime | None
    ends_on: date | None
    ends_at: datetime | None


def compute(
    clause: NoticeClause,
    *,
    number: int,
    zone: str,
    notice_ends_on: date | None,
    certain: bool,
    prolongs: bool = False,
) -> Schedule:
    """Return what follows for a contract in its term ``number``.

    ``notice_ends_on`` is the (exclusive) end that a standing notice brings, if there is one; ``certain`` says that the
    next renewal has been recorded as certain already. A notice that came too late for this term lets it renew once
    more and ends it with the next. ``prolongs`` says that it does not: the contract goes on to that end without a new
    firm term, as a pending switch makes it (Regulation 2023/2854, Article 25). A clause under a stay
    lets nothing become certain or begin before it is over; the next term is counted from the anchor as ever.

    :raises InvalidInput: as the rules of terms and notice do.
    """
    current = clause.term(number)
    ends_on = notice_ends_on
    if ends_on is None and not clause.auto_renews:
        ends_on = current.ends_on
    deadline = notice.last_notice(clause, current) if ends_on is None else None
    renews_on = None if current.ends_on is None else notice.held_back(clause, current, current.ends_on)
    renews = not prolongs and renews_on is not None and (ends_on is None or ends_on > renews_on)
    certain_on = notice.renewal_certain_on(clause, current) if renews and not certain else None
    return Schedule(
        term=current,
        last_notice_on=deadline.latest if deadline else None,
        why=deadline.explanation.to_json() if deadline else {},
        certain_at=midnight(certain_on, zone) if certain_on else None,
        renews_at=midnight(renews_on, zone) if renews and renews_on else None,
        ends_on=ends_on,
        ends_at=midnight(ends_on, zone) if ends_on else None,
    )


def last_term_of(clause: NoticeClause, *, ends_on: date) -> int:
    """Return the number of the term in which the contract's last day lies; ``ends_on`` is exclusive.

    A contract that ends before it began has only its first.
    """
    last_day = ends_on - ONE_DAY
    return 1 if last_day < clause.anchor else clause.term_at(last_day).number
