"""Indexation: the price that follows a published index, between a floor and a cap; what is missing is never guessed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from contracts.rules import money
from contracts.rules.errors import InvalidInput
from contracts.rules.explanation import Explanation, Step
from contracts.rules.money import Money

VERSION = 1
SOURCE = "indexation_clause"

# The factor is shown with this many decimals at most; the price is computed from the exact one.
FACTOR_DECIMALS = 10


@dataclass(frozen=True, slots=True)
class IndexValue:
    """A value of an index series: the month it measures (its first day), and the day on which it was published."""

    month: date
    value: Decimal
    published_on: date


@dataclass(frozen=True, slots=True)
class IndexedPrice:
    """The price after a revision, and the factor it was multiplied by, rounded half up to ten decimals for display.

    ``flagged`` says that no index value was there: the old price stands until somebody supplies one.
    """

    price: Money
    factor: Decimal
    flagged: bool
    explanation: Explanation


def revise(
    price: Money,
    *,
    s0: Decimal,
    s1: Decimal | None,
    fixed_share: Decimal = Decimal(0),
    floor: Decimal | None = None,
    cap: Decimal | None = None,
    link: Decimal | None = None,
) -> IndexedPrice:
    """Return ``P1 = P0 × clamp(a + (1 - a) × S1 / S0, floor, cap)``, rounded half up once (rulebook §4).

    ``s0`` is the index at signature or at the last revision, ``s1`` the last one published on the revision date,
    ``fixed_share`` the *a* of the formula. ``floor`` and ``cap`` bound the factor: ``1.03`` is three per cent more.
    ``link`` converts a value of the series that replaced the old one: ``S1`` in the old series is ``s1 × link``.
    Without ``s1`` the price stays as it is, flagged, whatever the floor says.

    :raises InvalidInput: an index or the link is not above zero, the fixed share is outside 0 to 1, a bound is
        negative, the floor is above the cap, or the price is negative.
    """
    for name, value in (("s0", s0), ("s1", s1), ("link", link)):
        if value is not None and not (value.is_finite() and value > 0):
            raise InvalidInput(name, "not_positive", "an index value and a link coefficient are above zero")
    if not (fixed_share.is_finite() and 0 <= fixed_share <= 1):
        raise InvalidInput("a", "not_a_share", "the fixed share lies between 0 and 1")
    for name, bound in (("floor", floor), ("cap", cap)):
        if bound is not None and not (bound.is_finite() and bound >= 0):
            raise InvalidInput(name, "negative", "a bound of the factor is not negative")
    if floor is not None and cap is not None and floor > cap:
        raise InvalidInput("floor", "floor_above_cap", "the floor is above the cap", {"floor": floor, "cap": cap})
    if price.amount < 0:
        raise InvalidInput("price", "negative", "a price is not negative")
    steps: list[Step] = []
    if s1 is None:
        steps.append(Step("index_missing", {"price": str(price.rounded())}))
        exact = Fraction(1)
    else:
        exact = _factor(s0, s1, fixed_share, link, steps)
        exact = _clamped(exact, floor, cap, steps)
    found = money.from_exact(Fraction(price.amount) * exact, price.currency)
    if s1 is not None:
        params = {"price": str(price.rounded()), "factor": _shown(exact), "amount": str(found)}
        steps.append(Step("price_indexed", params))
    inputs = {
        "price": str(price),
        "s0": s0,
        "s1": s1,
        "a": fixed_share,
        "floor": floor,
        "cap": cap,
        "link": link,
    }
    explanation = Explanation(rule="indexation", version=VERSION, inputs=inputs, steps=tuple(steps), source=SOURCE)
    return IndexedPrice(found, _shown(exact), s1 is None, explanation)


def last_published(values: Iterable[IndexValue], *, on: date) -> IndexValue | None:
    """Return the value of the latest month among those published until ``on`` (that day included), if there is one."""
    known = [value for value in values if value.published_on <= on]
    return max(known, key=lambda value: (value.month, value.published_on), default=None)


def _factor(s0: Decimal, s1: Decimal, fixed_share: Decimal, link: Decimal | None, steps: list[Step]) -> Fraction:
    current = Fraction(s1)
    if link is not None:
        current *= Fraction(link)
        steps.append(Step("index_linked", {"value": s1, "link": link, "linked": _shown(current)}))
    exact = Fraction(fixed_share) + (1 - Fraction(fixed_share)) * current / Fraction(s0)
    steps.append(Step("index_factor", {"share": fixed_share, "s1": _shown(current), "s0": s0, "factor": _shown(exact)}))
    return exact


def _clamped(exact: Fraction, floor: Decimal | None, cap: Decimal | None, steps: list[Step]) -> Fraction:
    if floor is not None and exact < Fraction(floor):
        steps.append(Step("factor_raised_to_floor", {"floor": floor}))
        return Fraction(floor)
    if cap is not None and exact > Fraction(cap):
        steps.append(Step("factor_lowered_to_cap", {"cap": cap}))
        return Fraction(cap)
    return exact


def _shown(exact: Fraction) -> Decimal:
    """Return the number in ten decimals at most, without zeros at the end."""
    text = f"{money.round_half_up(exact, FACTOR_DECIMALS):f}"
    return Decimal(text.rstrip("0").rstrip("."))
