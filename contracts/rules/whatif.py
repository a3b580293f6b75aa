"""What if we left on day X: cost and binding date of every day ahead, by the contract's own way and by switching."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from contracts.rules import billing, money, quotes, worth
from contracts.rules.billing import PricedTerm
from contracts.rules.dated import SWITCHING_CHARGED, in_force
from contracts.rules.days import ONE_DAY, add_months
from contracts.rules.errors import InvalidInput
from contracts.rules.free_exit import Missed
from contracts.rules.money import Money
from contracts.rules.notice import NoticeClause
from contracts.rules.quotes import ExitClause
from contracts.rules.switching import MAX_NOTICE_MONTHS


class Reason(StrEnum):
    """Why the cost or the binding date of a day is not just that of the day before, a day later."""

    FIRST_DAY = "first_day"
    NEW_TERM = "new_term"
    END_PASSED = "end_passed"
    COMMITMENT_OVER = "commitment_over"
    FREE_TO_LEAVE = "free_to_leave"
    SWITCHING_NOTICE_OVER = "switching_notice_over"
    SWITCHING_FREE = "switching_free"
    OTHER_WAY_CHEAPER = "other_way_cheaper"


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the series needs of a contract. ``annual`` gives the annual fee with which a term begins, by its number,
    ``changes`` those that come within terms.

    ``ends_on`` (exclusive) is an end that stands already. ``carried_from`` is the first day after the last term where
    that end carries the contract on without a new one: then no notice ends it earlier. ``switching_months`` is the
    agreed switching notice, ``missed`` the reminders that did not come in their window, as for ``worth.weigh``.
    """

    notice: NoticeClause
    exit: ExitClause
    annual: Callable[[int], Money]
    ends_on: date | None = None
    switching_months: int = MAX_NOTICE_MONTHS
    switching_cost: Money | None = None
    changes: Sequence[billing.FeeChange] = ()
    missed: Sequence[Missed] = ()
    carried_from: date | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """What leaving costs after the last day of service, before VAT, and until when the contract binds (inclusive).

    ``reasons`` are given where the series steps.
    """

    cost: Money
    bound_until: date
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class LeavingDay:
    """A possible last day of service."""

    exit_on: date
    own: Way
    switching: Way


@dataclass(frozen=True, slots=True)
class YearAmount:
    """What is committed in one financial year; ``ends_on`` is exclusive."""

    starts_on: date
    ends_on: date
    amount: Money


@dataclass(frozen=True, slots=True)
class _Costed:
    exact: Fraction
    bound_until: date
    number: int


def series(facts: Facts, *, on: date, months: int = 24) -> tuple[LeavingDay, ...]:
    """Return what leaving costs with each day of the next ``months`` as the last day of service, decided on ``on``.

    The contract's own way is the cheaper of leaving early, where the clause lets the client, and of staying until a
    notice given today or later ends the contract. The switching way ends with the switching notice at the earliest; it
    costs the early-exit fee and the switching charge. The series stops with an end that stands or comes by itself.

    :raises InvalidInput: the contract is over, it begins after these months, there is no month to look at, or as the
        rules of notice and quotes do.
    """
    if months < 1:
        raise InvalidInput("months", "under_one", "there is no month to look at")
    first, last = max(on, facts.notice.anchor), add_months(on, months)
    stop = _stop(facts, min_stop=last)
    if first >= last:
        raise InvalidInput("months", "begins_later", "the contract begins after the months to look at")
    if first >= stop:
        raise InvalidInput("on", "contract_over", "the contract ends before the first day to look at")
    switch_end = _switch_end(facts, on)
    # A switch that begins now ends later than a short series: whether it ends on notice is looked up as far as that.
    ends = _ends(facts, on, first, max(stop, _stop(facts, min_stop=switch_end + ONE_DAY)))
    terms = _terms(facts, first, max(ends[-1], switch_end) + ONE_DAY)
    currency = terms[0].fee.currency
    days: list[LeavingDay] = []
    before: tuple[date, _Costed, _Costed] | None = None
    for offset, end in enumerate(ends[: (stop - first).days]):
        exit_on = date.fromordinal(first.toordinal() + offset)
        own = _own(facts, terms, exit_on, end)
        switched = _switching(facts, terms, ends, first, exit_on, on)
        days.append(
            LeavingDay(
                exit_on,
                _way(own, _own_reasons(facts, exit_on, own, before and (before[0], before[1])), currency),
                _way(
                    switched,
                    _switching_reasons(facts, on, exit_on, switched, before and (before[0], before[2])),
                    currency,
                ),
            )
        )
        before = exit_on, own, switched
    return tuple(days)


def committed(facts: Facts, *, on: date, year_starts_in: int = 1) -> tuple[YearAmount, ...]:
    """Return the fees from ``on`` to the earliest end that a notice given on that day brings, by financial year.

    ``year_starts_in`` is the month with which the financial year begins. Fees count day by day; the amounts sum to the
    rounded total to the cent.

    :raises InvalidInput: the month is none, the contract is over, or as ``notice.judge`` does.
    """
    check_month(year_starts_in)
    first = max(on, facts.notice.anchor)
    if _is_over(facts, first):
        raise InvalidInput("on", "contract_over", "the contract is over")
    until = _end_if_given(facts, on) + ONE_DAY
    terms = _terms(facts, first, until)
    currency = terms[0].fee.currency
    start = date(first.year if first.month >= year_starts_in else first.year - 1, year_starts_in, 1)
    found: list[YearAmount] = []
    while start < until:
        following = add_months(start, 12)
        so_far = _fees(terms, first, max(start, first), currency)
        amount = _fees(terms, first, min(following, until), currency) - so_far
        found.append(YearAmount(max(start, first), min(following, until), amount))
        start = following
    return tuple(found)


def check_month(year_starts_in: int) -> None:
    """:raises InvalidInput: the month is none."""
    if not 1 <= year_starts_in <= 12:
        raise InvalidInput("year_starts_in", "no_month", "a month is 1 to 12")


def _stop(facts: Facts, *, min_stop: date) -> date:
    """Return the first day that the series does not look at."""
    over_on = _over_on(facts)
    return min_stop if over_on is None else min(min_stop, over_on)


def _over_on(facts: Facts) -> date | None:
    """Return the first day without the contract, by the end that stands or by itself; ``None`` if none is in sight."""
    ends = (facts.ends_on, None if facts.carried_from else facts.notice.over_on)
    return min((day for day in ends if day is not None), default=None)


def _is_over(facts: Facts, on: date) -> bool:
    over_on = _over_on(facts)
    return over_on is not None and over_on <= on


def _ends(facts: Facts, on: date, first: date, stop: date) -> list[date]:
    """Return, for each day looked at, the first end from it on that a notice given on ``on`` or later brings, or that
    stands already.
    """
    if facts.carried_from is not None:
        return [_end_if_given(facts, on)] * (stop - first).days
    earliest = end = quotes.end_if_given(facts.notice, on, facts.missed)
    given, found = on, []
    for ordinal in range(first.toordinal(), stop.toordinal()):
        day = date.fromordinal(ordinal)
        named = worth.named_end(facts.notice, day, earliest=earliest, missed=facts.missed)
        while named is None and end < day:
            given += ONE_DAY
            end = quotes.end_if_given(facts.notice, given, facts.missed)
        found.append(_at_most(facts, named or end))
    return found


def _end_if_given(facts: Facts, on: date) -> date:
    """Return the last day that a notice given on a day leaves, or the one that stands if no notice comes before it."""
    if facts.ends_on is not None and facts.carried_from is not None:
        return facts.ends_on - ONE_DAY
    return _at_most(facts, quotes.end_if_given(facts.notice, on, facts.missed))


def _at_most(facts: Facts, end: date) -> date:
    """Return an end (inclusive), or the one that stands if that is earlier."""
    return end if facts.ends_on is None else min(end, facts.ends_on - ONE_DAY)


def _terms(facts: Facts, starts_on: date, ends_on: date) -> tuple[PricedTerm, ...]:
    over = min(ends_on, facts.carried_from or ends_on)
    found = billing.priced_terms(
        facts.notice,
        annual=facts.annual,
        starts_on=min(starts_on, over - ONE_DAY),
        ends_on=over,
        changes=facts.changes,
    )
    return (*found, *billing.beyond_term(found[-1], until=ends_on))


def _fees(terms: Sequence[PricedTerm], starts_on: date, ends_on: date, currency: str) -> Money:
    return money.from_exact(billing.fees_between(terms, starts_on=starts_on, ends_on=ends_on), currency)


def _own(facts: Facts, terms: Sequence[PricedTerm], exit_on: date, end: date) -> _Costed:
    number = _term_of(terms, exit_on).term.number
    stay = billing.fees_between(terms, starts_on=exit_on + ONE_DAY, ends_on=end + ONE_DAY)
    may_leave = facts.exit.rate is not None and not facts.exit.holds(exit_on) and _is_in_term(facts, exit_on)
    if may_leave and exit_on < end:
        leave = _penalty(facts, terms, exit_on)
        if leave < stay:
            return _Costed(leave, exit_on, number)
    return _Costed(stay, end, number)


def _switching(
    facts: Facts, terms: Sequence[PricedTerm], ends: Sequence[date], first: date, exit_on: date, on: date
) -> _Costed:
    out = max(exit_on, _switch_end(facts, on))
    exact = billing.fees_between(terms, starts_on=exit_on + ONE_DAY, ends_on=out + ONE_DAY)
    index = (out - first).days
    on_notice = index >= len(ends) or ends[index] == out
    if not on_notice and _is_in_term(facts, out):
        exact += _penalty(facts, terms, out)
    charge, _, _ = quotes.switching_charge(facts.switching_cost, on=out, currency=terms[0].fee.currency)
    number = _term_of(terms, out).term.number
    return _Costed(exact + Fraction(charge.amount), out, number)


def _is_in_term(facts: Facts, day: date) -> bool:
    """Say whether a day lies in a term: after the last one nothing remains that an early-exit fee is a share of."""
    return facts.carried_from is None or day < facts.carried_from


def _switch_end(facts: Facts, on: date) -> date:
    return _at_most(facts, add_months(on, min(facts.switching_months, MAX_NOTICE_MONTHS)))


def _penalty(facts: Facts, terms: Sequence[PricedTerm], exit_on: date) -> Fraction:
    """Return the early-exit fee of a day, nothing where it cannot be asked."""
    one = _term_of(terms, exit_on)
    return quotes.early_exit_fee(facts.exit, one.between(exit_on + ONE_DAY), one.fee.currency).exact


def _term_of(terms: Sequence[PricedTerm], day: date) -> PricedTerm:
    return next((one for one in terms if one.term.covers(day)), terms[-1])


def _way(found: _Costed, reasons: tuple[Reason, ...], currency: str) -> Way:
    return Way(money.from_exact(found.exact, currency), found.bound_until, reasons)


def _own_reasons(
    facts: Facts, exit_on: date, found: _Costed, before: tuple[date, _Costed] | None
) -> tuple[Reason, ...]:
    if before is None:
        return (Reason.FIRST_DAY,)
    was_on, was = before
    if not _steps(exit_on, found, was_on, was):
        return ()
    reasons = []
    if found.number != was.number:
        reasons.append(Reason.NEW_TERM)
    if was.bound_until == was_on and was.exact == 0 and found.bound_until != exit_on:
        reasons.append(Reason.END_PASSED)
    if facts.exit.holds(was_on) and not facts.exit.holds(exit_on):
        reasons.append(Reason.COMMITMENT_OVER)
    if not found.exact and was.exact:
        reasons.append(Reason.FREE_TO_LEAVE)
    return tuple(reasons) or (Reason.OTHER_WAY_CHEAPER,)


def _switching_reasons(
    facts: Facts, on: date, exit_on: date, found: _Costed, before: tuple[date, _Costed] | None
) -> tuple[Reason, ...]:
    if before is None:
        return (Reason.FIRST_DAY,)
    was_on, was = before
    reasons = []
    if found.number != was.number:
        reasons.append(Reason.NEW_TERM)
    if was_on == _switch_end(facts, on):
        reasons.append(Reason.SWITCHING_NOTICE_OVER)
    charged = [in_force(SWITCHING_CHARGED, on=one.bound_until).value for one in (was, found)]
    if charged == [True, False] and facts.switching_cost is not None:
        reasons.append(Reason.SWITCHING_FREE)
    if not reasons and _steps(exit_on, found, was_on, was):
        reasons.append(Reason.END_PASSED if found.exact > was.exact else Reason.FREE_TO_LEAVE)
    return tuple(reasons)


def _steps(exit_on: date, found: _Costed, was_on: date, was: _Costed) -> bool:
    """Say whether a day is more than the day before, a day later: dearer, free at last, or bound until another day."""
    if found.exact > was.exact or (not found.exact and was.exact):
        return True
    moves_along = found.bound_until == exit_on and was.bound_until == was_on
    return found.bound_until != was.bound_until and not moves_along
