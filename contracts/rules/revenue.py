"""The revenue ahead, by month and by how sure it is: locked in, in the notice window, can leave, under notice."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from contracts.rules import billing, forecast, money, notice, worth
from contracts.rules.days import ONE_DAY, add_months
from contracts.rules.forecast import EventKind, State
from contracts.rules.money import Money
from contracts.rules.periods import local_day
from contracts.rules.terms import Term


class Sureness(StrEnum):
    """How sure the revenue of a day is, seen from today.

    - ``locked_in``: no notice given today could end the contract before.
    - ``notice_window``: of the next term, whose last day for notice is near.
    - ``can_leave``: what a notice can still prevent, with more time.
    - ``under_notice``: of a contract whose end stands already; after it there is none.
    """

    LOCKED_IN = "locked_in"
    NOTICE_WINDOW = "notice_window"
    CAN_LEAVE = "can_leave"
    UNDER_NOTICE = "under_notice"


# A month (its first day), a currency, how sure: the exact amount before VAT.
type Exact = dict[tuple[date, str, Sureness], Fraction]


@dataclass(frozen=True, slots=True)
class Revenue:
    """An amount of one month, one currency, one class; rounded once."""

    month: date
    sureness: Sureness
    amount: Money


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Days of one term at one fee a year; ``ends_on`` is exclusive."""

    starts_on: date
    ends_on: date
    term: Term
    fee: Money


@dataclass(frozen=True, slots=True)
class _Borders:
    """Where the classes change, as exclusive ends; all equal where a class does not exist."""

    ends_on: date | None
    locked_until: date
    window: tuple[date, date] | None

    def of(self, day: date) -> Sureness:
        """Return the class of a day."""
        if self.ends_on is not None:
            return Sureness.UNDER_NOTICE
        if day < self.locked_until:
            return Sureness.LOCKED_IN
        if self.window is not None and self.window[0] <= day < self.window[1]:
            return Sureness.NOTICE_WINDOW
        return Sureness.CAN_LEAVE

    def within(self, starts_on: date, ends_on: date) -> Iterator[tuple[date, date]]:
        """Cut days into parts of one class and one month."""
        at = starts_on
        while at < ends_on:
            cuts = [ends_on, add_months(at.replace(day=1), 1), self.locked_until, *(self.window or ())]
            until = min(cut for cut in cuts if cut > at)
            yield at, until
            at = until


def exact(state: State, *, now: datetime, until: date) -> Exact:
    """Return a contract's revenue from today to the end of a day: the fee of each day is its share of its term's fee.

    :raises InvalidInput: as the rules of terms, notice and billing do.
    """
    today = local_day(now, state.zone)
    borders = _borders(state, today)
    found: Exact = {}
    for stretch in _stretches(state, now=now, today=today, until=until):
        for starts_on, ends_on in borders.within(stretch.starts_on, stretch.ends_on):
            key = (starts_on.replace(day=1), state.currency, borders.of(starts_on))
            found[key] = found.get(key, Fraction(0)) + _earned(stretch, starts_on, ends_on)
    return found


def total(many: Iterable[Exact]) -> list[Revenue]:
    """Add contracts up by month, currency and class, never two currencies; each sum is rounded once."""
    sums: Exact = {}
    for one in many:
        for key, amount in one.items():
            sums[key] = sums.get(key, Fraction(0)) + amount
    order = list(Sureness)
    return [
        Revenue(month, sureness, money.from_exact(amount, currency))
        for (month, currency, sureness), amount in sorted(
            sums.items(), key=lambda one: (one[0][0], one[0][1], order.index(one[0][2]))
        )
    ]


def _borders(state: State, today: date) -> _Borders:
    clause = state.clause
    if state.ends_on is not None:
        return _Borders(state.ends_on, today, None)
    on = max(today, clause.anchor)
    if clause.over_on is not None and clause.over_on <= on:  # it is over: no sweep has ended it yet
        return _Borders(clause.over_on, today, None)
    earliest = worth.ends_if_given(clause, on=on, missed=state.missed).ends_on or today
    current = clause.term(max(state.number, 1))
    if state.certain and current.ends_on is not None and earliest > current.ends_on:
        current = clause.term(current.number + 1)
    last = notice.last_notice(clause, current)
    near = timedelta(days=max(state.leads, default=0))
    if current.ends_on is None or last is None or not today <= last.latest <= today + near:
        return _Borders(None, earliest, None)
    following = clause.term(current.number + 1)
    return _Borders(None, earliest, (current.ends_on, following.ends_on or add_months(following.starts_on, 12)))


def _stretches(state: State, *, now: datetime, today: date, until: date) -> Iterator[_Stretch]:
    """Yield the days ahead with service, cut where the term or the fee changes."""
    running, over = state, until + ONE_DAY
    at = max(today, state.clause.anchor)
    fee = state.fee
    for event, after in forecast.stages(state, now=now, until=until):
        ends = event.kind is EventKind.ENDS
        if ends or event.kind in (EventKind.RENEWS, EventKind.PRICE_CHANGES):
            border = event.on + ONE_DAY if ends else event.on
            yield from _cut(running, at, min(border, over), fee)
            at = max(at, border)
            if event.amount is not None:
                fee = event.amount
        running = after
        if ends:
            return
    yield from _cut(running, at, over, fee)


def _cut(state: State, starts_on: date, ends_on: date, fee: Decimal) -> Iterator[_Stretch]:
    """Yield days of the running term; a term without an end is cut into years from its first day."""
    annual = Money(fee, state.currency)
    term = state.clause.term(max(state.number, 1))
    if term.ends_on is not None:
        if starts_on < ends_on:
            yield _Stretch(starts_on, ends_on, term, annual)
        return
    year = max(0, (starts_on.year - term.starts_on.year) - 1)
    while (first := add_months(term.starts_on, 12 * year)) < ends_on:
        following = add_months(term.starts_on, 12 * (year + 1))
        begins, over = max(first, starts_on), min(following, ends_on)
        if begins < over:
            yield _Stretch(begins, over, Term(term.number, first, following), annual)
        year += 1


def _earned(stretch: _Stretch, starts_on: date, ends_on: date) -> Fraction:
    term = stretch.term
    if term.ends_on is None:
        return Fraction(0)
    fee = billing.fee_of(term, stretch.fee)
    return Fraction(fee.amount) * (ends_on - starts_on).days / (term.ends_on - term.starts_on).days
