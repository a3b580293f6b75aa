"""Early termination: what remains of a term's fee after the last day of service, and the penalty of the clause."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from contracts.rules import money
from contracts.rules.days import ONE_DAY
from contracts.rules.errors import InvalidInput
from contracts.rules.explanation import Explanation, Step
from contracts.rules.money import Money
from contracts.rules.terms import Term

VERSION = 1
SOURCE = "early_termination_clause"

_RATE = re.compile(r"(?P<number>[0-9]{1,9}(\.[0-9]{1,12})?)(?P<percent> ?%)?")


@dataclass(frozen=True, slots=True)
class EarlyTermination:
    """What an exit within a term costs, before VAT. Each amount is rounded half up, once, from the exact one."""

    remaining_days: int
    remaining: Money
    penalty: Money
    explanation: Explanation


def leave(term: Term, *, fee: Money, exit_on: date, rate: Decimal, cap: Money | None = None) -> EarlyTermination:
    """Return what is owed when the last day of service is ``exit_on``, a day of the term.

    ``remaining = fee × remaining days / days in the term`` and ``penalty = remaining × rate``, at most ``cap``
    (rulebook §4). ``rate`` is a fraction: ``0.5`` is 50 %.

    :raises InvalidInput: the term is indefinite, the exit lies outside it (``outside_term``), the rate is negative or
        over 100 % (``over_100_percent``), the fee or the cap is negative, or the cap is in another currency.
    """
    if term.ends_on is None:
        raise InvalidInput("term_end", "indefinite", "an indefinite term has no remainder; it is left on notice")
    check_days(term, exit_on)
    check_not_negative("fee", fee)
    days = (term.ends_on - term.starts_on).days
    left = (term.ends_on - exit_on - ONE_DAY).days
    exact = Fraction(fee.amount) * left / days
    remaining = money.from_exact(exact, fee.currency)
    owed, penalty_steps = share_of(exact, rate=rate, cap=cap, currency=fee.currency)
    steps = (
        Step("days_remaining", {"after": exit_on, "days": left, "of": days, "last_day": term.last_day}),
        Step("fee_remaining", {"fee": str(fee), "days": left, "of": days, "amount": str(remaining)}),
        *penalty_steps,
    )
    penalty = money.from_exact(owed, fee.currency)
    inputs = {
        "term_start": term.starts_on,
        "term_end": term.last_day,
        "fee": str(fee),
        "exit_on": exit_on,
        "rate": rate,
        "cap": None if cap is None else str(cap),
    }
    explanation = Explanation(rule="early-termination", version=VERSION, inputs=inputs, steps=steps, source=SOURCE)
    return EarlyTermination(left, remaining, penalty, explanation)


def share_of(
    remaining: Fraction, *, rate: Decimal, cap: Money | None, currency: str
) -> tuple[Fraction, tuple[Step, ...]]:
    """Return the exact penalty on what remains of a fee, at most ``cap``, and the steps that lead to it.

    :raises InvalidInput: the rate is negative or over 100 %, the cap is negative or in another currency.
    """
    owed = remaining * Fraction(check_rate(rate))
    steps = [Step("penalty_at_rate", {"rate": rate, "amount": str(money.from_exact(owed, currency))})]
    if cap is not None:
        check_not_negative("cap", cap)
        if cap.currency != currency:
            codes = {"one": currency, "other": cap.currency}
            raise InvalidInput("cap", "mixed_currencies", "the cap is in another currency", codes)
        if owed > Fraction(cap.amount):
            owed = Fraction(cap.amount)
            steps.append(Step("penalty_capped", {"cap": str(cap)}))
    return owed, tuple(steps)


def parse_rate(written: str) -> Decimal:
    """Return a rate as written: a fraction (``0.5``) or per cent (``50%``, ``50 %``) are the same.

    :raises InvalidInput: it is neither (``not_a_number``), or over 100 %: a bare ``50`` is 5,000 %.
    """
    match = _RATE.fullmatch(written)
    if match is None:
        raise InvalidInput("rate", "not_a_number", "a fraction such as 0.5, or per cent such as 50%")
    rate = Decimal(match["number"])
    return check_rate(rate.scaleb(-2) if match["percent"] else rate)


def check_rate(rate: Decimal, *, field: str = "rate") -> Decimal:
    """Return ``rate``.

    :raises InvalidInput: it is not finite, negative, or over 100 %.
    """
    if not rate.is_finite():
        raise InvalidInput(field, "not_a_number", "a rate is finite")
    if rate < 0:
        raise InvalidInput(field, "negative", "a rate is not negative")
    if rate > 1:
        raise InvalidInput(field, "over_100_percent", "a rate is at most 1, which is 100 %", {"rate": rate})
    return rate


def check_days(term: Term, exit_on: date) -> None:
    """:raises InvalidInput: the term ends before it starts, or ``exit_on`` is none of its days."""
    if term.ends_on is not None and term.ends_on <= term.starts_on:
        raise InvalidInput("term_end", "ends_before_it_starts", "the term ends before it starts")
    if not term.covers(exit_on):
        bounds = {"starts_on": term.starts_on, "last_day": term.last_day}
        raise InvalidInput("exit_on", "outside_term", "the last day of service lies outside the term", bounds)


def check_not_negative(field: str, amount: Money) -> None:
    """:raises InvalidInput: the amount is below zero."""
    if amount.amount < 0:
        raise InvalidInput(field, "negative", "the amount is not negative")
