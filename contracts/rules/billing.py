"""Billing: what a term costs, in which instalments it falls due, what the payments cover, a price changed midway."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from contracts.enums import BillingInterval, BillingTiming
from contracts.rules import money
from contracts.rules.days import ONE_DAY, add_months
from contracts.rules.errors import InvalidInput
from contracts.rules.explanation import Explanation, Step
from contracts.rules.money import Money
from contracts.rules.notice import NoticeClause
from contracts.rules.terms import Term

VERSION = 1
SOURCE = "billing_clause"

MONTHS = {
    BillingInterval.MONTH: 1,
    BillingInterval.QUARTER: 3,
    BillingInterval.HALF_YEAR: 6,
    BillingInterval.YEAR: 12,
}


@dataclass(frozen=True, slots=True)
class Instalment:
    """One part of a fee: the days it covers (``ends_on`` exclusive), the day it falls due, its amount before VAT."""

    number: int
    starts_on: date
    ends_on: date
    due_on: date
    amount: Money

    @property
    def last_day(self) -> date:
        """The inclusive last day that is covered."""
        return self.ends_on - ONE_DAY


@dataclass(frozen=True, slots=True)
class FeeChange:
    """A new annual fee from a day on, as an amendment brings it."""

    from_on: date
    annual: Money


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days at one price; ``ends_on`` is exclusive. ``fee`` is what the whole term would cost at that price."""

    starts_on: date
    ends_on: date
    fee: Money


@dataclass(frozen=True, slots=True)
class PricedTerm:
    """A definite stretch of the contract and its fee: a term, or one year of a term of indefinite duration.

    ``fee`` is that of its first day; ``changes`` are the fees, for the whole term, from later days on.
    """

    term: Term
    fee: Money
    changes: tuple[tuple[date, Money], ...] = ()

    def stretches(self, starts_on: date, ends_on: date | None = None) -> tuple[Stretch, ...]:
        """Return the term's days from ``starts_on`` to ``ends_on`` (exclusive; else all), cut where the fee changes.

        :raises InvalidInput: the term is indefinite.
        """
        over = _end_of(self.term)
        prices = [(self.term.starts_on, self.fee), *self.changes]
        borders = [*(day for day, _fee in prices[1:]), over]
        first, last = max(starts_on, self.term.starts_on), over if ends_on is None else min(ends_on, over)
        cut = [
            Stretch(max(day, first), min(border, last), fee) for (day, fee), border in zip(prices, borders, strict=True)
        ]
        return tuple(one for one in cut if one.starts_on < one.ends_on)

    def fee_on(self, day: date) -> Money:
        """Return the price of a day, as the fee of the whole term."""
        return next((fee for from_on, fee in reversed(self.changes) if from_on <= day), self.fee)

    def between(self, starts_on: date, ends_on: date | None = None) -> Fraction:
        """Return the exact fee of those days: each stretch is its share of the days of the term.

        :raises InvalidInput: the term is indefinite.
        """
        days = (_end_of(self.term) - self.term.starts_on).days
        found = self.stretches(starts_on, ends_on)
        return sum((Fraction(one.fee.amount) * (one.ends_on - one.starts_on).days / days for one in found), Fraction(0))


@dataclass(frozen=True, slots=True)
class Account:
    """What has been paid against what fell due.

    ``paid_until`` is the first day that is not paid for, ``None`` if nothing is charged at all. ``unpaid`` is due and
    not paid, ``prepaid`` was paid before it fell due, ``excess`` belongs to no instalment yet.
    """

    paid: Money
    paid_until: date | None
    unpaid: Money
    prepaid: Money
    excess: Money


def term_fee(annual: Money, *, months: int) -> Money:
    """Return the fee of a term: ``annual × months / 12``, rounded half up once.

    A term is a number of whole months, so a leap year costs what any other year does. Days matter only where a term is
    left or changed within: a day is then its share of the days that the term really has.

    :raises InvalidInput: the fee is negative, or there is less than a month.
    """
    _check_fee(annual)
    if months < 1:
        raise InvalidInput("months", "under_one", "a term lasts at least one month")
    return _for_months(annual, months)


def fee_of(term: Term, annual: Money) -> Money:
    """Return the fee of a definite term; the months are those between the months of its two boundaries.

    :raises InvalidInput: the term is indefinite, or as :func:`term_fee` does.
    """
    return term_fee(annual, months=_months_between(term.starts_on, _end_of(term)))


def instalments(
    term: Term,
    annual: Money,
    *,
    anchor: date,
    interval: BillingInterval,
    timing: BillingTiming,
    until: date | None = None,
) -> tuple[Instalment, ...]:
    """Return the parts in which the fee of a term falls due.

    Boundaries are counted from the contract's ``anchor``, as those of terms are; the last part may be shorter. Each
    amount is the rounded fee until its end minus the rounded fee until its start, so they sum to the term's fee to the
    cent. In advance a part is due on its first day, in arrears on the day after its last. An indefinite term has parts
    for ever: ``until`` (exclusive) says where to stop; the part that holds that day's eve is the last.

    :raises InvalidInput: the fee is negative, or an indefinite term is asked for without ``until``.
    """
    _check_fee(annual)
    if term.ends_on is None and until is None:
        raise InvalidInput("until", "missing", "the instalments of an indefinite term never end")
    stop = min(day for day in (term.ends_on, until) if day is not None)
    first = _months_between(anchor, term.starts_on)
    step = MONTHS[interval]
    found: list[Instalment] = []
    while (starts_on := add_months(anchor, first + len(found) * step)) < stop:
        ends_on = add_months(anchor, first + (len(found) + 1) * step)
        if term.ends_on is not None:
            ends_on = min(ends_on, term.ends_on)
        amount = _for_months(annual, _months_between(term.starts_on, ends_on)) - _for_months(annual, len(found) * step)
        due_on = starts_on if timing is BillingTiming.ADVANCE else ends_on
        found.append(Instalment(len(found) + 1, starts_on, ends_on, due_on, amount))
    return tuple(found)


def settle(charges: Sequence[Instalment], *, paid: Money, on: date) -> Account:
    """Apply what was paid to the charges, the earliest due first, and say how matters stand on the day ``on``.

    A charge paid in part counts as not paid, so ``paid_until`` is its first day. What falls due on ``on`` is due.

    :raises InvalidInput: a currency differs, or more was paid back than paid.
    """
    if paid.amount < 0:
        raise InvalidInput("paid", "negative", "more was paid back than was paid")
    left = paid
    zero = paid - paid
    unpaid, prepaid, paid_until, open_from = zero, zero, None, None
    for charge in sorted(charges, key=lambda one: (one.due_on, one.starts_on, one.number)):
        covered = min(left, charge.amount, key=lambda one: one.amount)
        left = left - covered
        missing = charge.amount - covered
        if charge.due_on <= on:
            unpaid += missing
        else:
            prepaid += covered
        if missing.amount > 0:
            open_from = charge.starts_on if open_from is None else min(open_from, charge.starts_on)
        paid_until = charge.ends_on if paid_until is None else max(paid_until, charge.ends_on)
    return Account(paid, paid_until if open_from is None else open_from, unpaid, prepaid + left, left)


def uplift(term: Term, *, before: Money, after: Money, changes_on: date) -> tuple[Money, Explanation]:
    """Return what a price changed within a term adds to it (or takes off), and why.

    ``before`` and ``after`` are the term's fee at the old and the new price. The difference counts for the days from
    ``changes_on`` to the term's end: ``(after - before) × days / days in the term``, rounded half up once.

    :raises InvalidInput: the term is indefinite, the day lies outside it, a fee is negative, or currencies differ.
    """
    if term.ends_on is None:
        raise InvalidInput("term_end", "indefinite", "an indefinite term has no fee of its own, only one by the year")
    if not term.covers(changes_on):
        bounds = {"starts_on": term.starts_on, "last_day": term.last_day}
        raise InvalidInput("changes_on", "outside_term", "the price changes outside the term", bounds)
    _check_fee(before)
    _check_fee(after)
    days = (term.ends_on - term.starts_on).days
    left = (term.ends_on - changes_on).days
    difference = after - before
    found = money.from_exact(Fraction(difference.amount) * left / days, difference.currency)
    params = {"from": changes_on, "difference": str(difference), "days": left, "of": days, "amount": str(found)}
    inputs = {
        "term_start": term.starts_on,
        "term_end": term.last_day,
        "before": str(before),
        "after": str(after),
        "changes_on": changes_on,
    }
    steps = (Step("price_changes_within_term", params),)
    return found, Explanation(rule="uplift", version=VERSION, inputs=inputs, steps=steps, source=SOURCE)


def earned(term: Term, fee: Money, *, until: date) -> Fraction:
    """Return the exact part of a definite term's fee for its days before ``until`` (exclusive).

    :raises InvalidInput: the term is indefinite.
    """
    return PricedTerm(term, fee).between(term.starts_on, until)


def after_term(priced: PricedTerm, *, until: date) -> tuple[Money, Explanation]:
    """Return what the service costs that goes on after the last term, before ``until`` (exclusive), and why.

    No new term begins, so each day costs what a day of that term did at its last price.

    :raises InvalidInput: the term is indefinite.
    """
    over = _end_of(priced.term)
    fee = priced.fee_on(over - ONE_DAY)
    days, of = (until - over).days, (over - priced.term.starts_on).days
    beyond = tuple(beyond_term(priced, until=until))
    found = money.from_exact(fees_between(beyond, starts_on=over, ends_on=until), fee.currency)
    params = {"last_day": over - ONE_DAY, "days": days, "fee": str(fee), "of": of, "amount": str(found)}
    inputs = {"term_start": priced.term.starts_on, "term_end": over - ONE_DAY, "fee": str(fee), "until": until}
    steps = (Step("service_after_term", params),)
    return found, Explanation(rule="after-term", version=VERSION, inputs=inputs, steps=steps, source=SOURCE)


def beyond_term(priced: PricedTerm, *, until: date) -> Iterator[PricedTerm]:
    """Yield the days after the last term on which the service goes on, before ``until`` (exclusive), with their price:
    each costs what a day of that term did at its last one.

    :raises InvalidInput: the term is indefinite.
    """
    over = _end_of(priced.term)
    length, fee = over - priced.term.starts_on, priced.fee_on(over - ONE_DAY)
    while over < until:
        yield PricedTerm(Term(priced.term.number, over, over + length), fee)
        over += length


def priced_terms(
    clause: NoticeClause,
    *,
    annual: Callable[[int], Money],
    starts_on: date,
    ends_on: date,
    changes: Sequence[FeeChange] = (),
) -> tuple[PricedTerm, ...]:
    """Return the terms that hold the days from ``starts_on`` to ``ends_on`` (exclusive), each with its fee.

    ``annual`` gives the annual fee with which a term begins, by its number; ``changes`` are those that come within
    terms, in order. A term of indefinite duration is taken a year at a time, counted from the contract's anchor, so
    that a day in it is a share of that year's fee.

    :raises InvalidInput: as the rules of terms do, or a fee is negative.
    """
    found: list[PricedTerm] = []
    current = clause.term_at(max(starts_on, clause.anchor))
    while current.starts_on < ends_on:
        if current.ends_on is not None:
            found.append(_priced(current, current, annual(current.number), changes))
            current = clause.term_at(current.ends_on)
            continue
        years = _years_of(clause, current, starts_on, ends_on)
        found += [_priced(year, current, annual(current.number), changes) for year in years]
        break
    return tuple(found)


def fees_between(terms: Sequence[PricedTerm], *, starts_on: date, ends_on: date) -> Fraction:
    """Return the exact fees for the days from ``starts_on`` to ``ends_on`` (exclusive), day by day in each term."""
    return sum((one.between(starts_on, ends_on) for one in terms), Fraction(0))


def _priced(days: Term, whole: Term, annual: Money, changes: Sequence[FeeChange]) -> PricedTerm:
    """Price a term, or one year of an indefinite one: ``whole`` is the term that ``annual`` is the first fee of."""
    later: list[tuple[date, Money]] = []
    for one in changes:
        if whole.starts_on <= one.from_on <= days.starts_on:
            annual = one.annual
        elif days.covers(one.from_on):
            later.append((one.from_on, fee_of(days, one.annual)))
    return PricedTerm(days, fee_of(days, annual), tuple(later))


def _end_of(term: Term) -> date:
    if term.ends_on is None:
        raise InvalidInput("term_end", "indefinite", "an indefinite term has no fee of its own, only one by the year")
    return term.ends_on


def _years_of(clause: NoticeClause, endless: Term, starts_on: date, ends_on: date) -> Iterator[Term]:
    months = _months_between(clause.anchor, endless.starts_on)
    while (start := add_months(clause.anchor, months)) < ends_on:
        months += 12
        year = Term(endless.number, start, add_months(clause.anchor, months))
        if year.ends_on is not None and year.ends_on > starts_on:
            yield year


def _for_months(annual: Money, months: int) -> Money:
    return money.from_exact(Fraction(annual.amount) * months / 12, annual.currency)


def _months_between(start: date, end: date) -> int:
    """Return the months between two boundaries: clamping moves a day within its month, never out of it."""
    return (end.year - start.year) * 12 + end.month - start.month


def _check_fee(fee: Money) -> None:
    if fee.amount < 0:
        raise InvalidInput("fee", "negative", "a fee is not negative")
