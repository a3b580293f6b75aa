"""Availability: how much of a calendar month the service was there, whether that meets the promise, and the credit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from contracts.rules import money
from contracts.rules.days import ONE_DAY, add_months
from contracts.rules.errors import InvalidInput
from contracts.rules.explanation import Explanation, Step
from contracts.rules.money import Money
from contracts.rules.periods import midnight

VERSION = 1
SOURCE = "service_level_clause"

# Three decimals of a per cent tell every minute of a month apart.
SHOWN_DECIMALS = 3
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open stretch of time between two instants, kept in UTC so that its length is elapsed time.

    :raises InvalidInput: an instant has no time zone, or the end is not after the start.
    """

    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        if self.starts_at.tzinfo is None or self.ends_at.tzinfo is None:
            raise InvalidInput("incidents", "naive", "an instant has a time zone")
        object.__setattr__(self, "starts_at", self.starts_at.astimezone(UTC))
        object.__setattr__(self, "ends_at", self.ends_at.astimezone(UTC))
        if self.ends_at <= self.starts_at:
            raise InvalidInput("incidents", "ends_before_it_starts", "a stretch of time ends after it starts")

    @property
    def length(self) -> timedelta:
        return self.ends_at - self.starts_at


@dataclass(frozen=True, slots=True)
class Tier:
    """From ``availability`` (per cent) on, and below the next tier, ``credit`` per cent of the month's fee is due."""

    availability: Decimal
    credit: Decimal


@dataclass(frozen=True, slots=True)
class MeasuredMonth:
    """A month's service level. ``total`` is the time measured against: without planned minutes where the contract
    takes them out of the denominator. ``exact`` is the availability in per cent, never rounded.
    """

    total: timedelta
    down: timedelta
    planned: timedelta
    exact: Fraction
    met: bool
    credit_percent: Decimal
    explanation: Explanation

    @property
    def total_minutes(self) -> Decimal:
        return _minutes(self.total)

    @property
    def down_minutes(self) -> Decimal:
        return _minutes(self.down)

    @property
    def availability(self) -> Decimal:
        """Per cent, rounded down to three decimals: what is shown never exceeds what was."""
        return _rounded_down(self.exact)


def measure(
    *,
    month: date,
    zone: str,
    target: Decimal,
    incidents: Iterable[Span],
    planned: Iterable[Span] = (),
    planned_in_denominator: bool,
    tiers: Sequence[Tier] = (),
    life: Span | None = None,
) -> MeasuredMonth:
    """Measure the calendar month of ``zone`` in which the day ``month`` lies (rulebook §8).

    Incidents and planned maintenance are united where they overlap, and clipped to the month and to the contract's
    ``life``. A minute that was planned is never down; ``planned_in_denominator`` says whether it counts as measured
    time. ``target`` and tiers are per cent. Without tiers there is no credit.

    :raises InvalidInput: the zone is unknown, the target is outside 0 to 100, the tiers leave a gap or overlap, or the
        contract does not live in that month.
    """
    if not (target.is_finite() and 0 <= target <= 100):
        raise InvalidInput("target", "not_per_cent", "a target lies between 0 and 100 per cent")
    ordered = check_tiers(tiers) if tiers else ()
    whole = month_of(month, zone)
    found = whole if life is None else _overlap(whole, life)
    if found is None:
        raise InvalidInput("month", "outside_contract", "the contract does not live in this month")
    maintained = united(planned, within=found)
    out = united(incidents, within=found)
    planned_time = _length(maintained)
    down = _length(out) - _length([both for one in out for both in united(maintained, within=one)])
    total = found.length if planned_in_denominator else found.length - planned_time
    exact = Fraction(100) if not total else 100 * (1 - Fraction(down // _TICK, total // _TICK))
    met = exact >= Fraction(target)
    credit = next((tier.credit for tier in ordered if exact >= Fraction(tier.availability)), Decimal(0))
    steps = [Step("month_measured", {"from": found.starts_at, "to": found.ends_at, "minutes": _minutes(found.length)})]
    if maintained:
        code = {"minutes": _minutes(planned_time), "measured": _minutes(total)}
        steps.append(
            Step("planned_stays_in_total", code) if planned_in_denominator else Step("planned_leaves_total", code)
        )
    shown = {"down": _minutes(down), "total": _minutes(total), "availability": _rounded_down(exact)}
    steps.append(Step("availability_measured", shown))
    steps.append(Step("target_met", {"target": target}) if met else Step("target_missed", {"target": target}))
    if ordered:
        steps.append(Step("credit_by_tier", {"credit": credit}))
    inputs = {
        "month": f"{month:%Y-%m}",
        "zone": zone,
        "target": target,
        "incidents": _written(out),
        "planned": _written(maintained),
        "planned_in_denominator": planned_in_denominator,
        "tiers": [[tier.availability, tier.credit] for tier in ordered],
        "life": None if life is None else [life.starts_at, life.ends_at],
    }
    explanation = Explanation(rule="availability", version=VERSION, inputs=inputs, steps=tuple(steps), source=SOURCE)
    return MeasuredMonth(total, down, planned_time, exact, met, credit, explanation)


def month_of(day: date, zone: str) -> Span:
    """Return the calendar month of ``zone`` in which ``day`` lies; a clock change makes it an hour longer or shorter.

    :raises InvalidInput: the zone is unknown, or the day is outside the calendar.
    """
    first = day.replace(day=1)
    return Span(midnight(first, zone), midnight(add_months(first, 1), zone))


def united(spans: Iterable[Span], *, within: Span) -> list[Span]:
    """Return the time that the spans cover within ``within``, in order and without overlap."""
    clipped = [part for span in spans if (part := _overlap(span, within)) is not None]
    found: list[Span] = []
    for span in sorted(clipped, key=lambda one: (one.starts_at, one.ends_at)):
        if found and span.starts_at <= found[-1].ends_at:
            last = found.pop()
            span = Span(last.starts_at, max(last.ends_at, span.ends_at))
        found.append(span)
    return found


def check_tiers(tiers: Sequence[Tier]) -> tuple[Tier, ...]:
    """Return the tiers from the highest availability to the lowest.

    Each reaches from its own availability up to the next one, so two that begin together overlap, and a lowest one
    above zero leaves a gap. A better month never earns more credit.

    :raises InvalidInput: codes ``no_tiers``, ``not_per_cent``, ``tiers_overlap``, ``tiers_leave_gap``,
        ``credit_rises``.
    """
    if not tiers:
        raise InvalidInput("tiers", "no_tiers", "there is no tier")
    for tier in tiers:
        for value in (tier.availability, tier.credit):
            if not (value.is_finite() and 0 <= value <= 100):
                raise InvalidInput("tiers", "not_per_cent", "availabilities and credits lie between 0 and 100")
    ordered = sorted(tiers, key=lambda tier: tier.availability, reverse=True)
    for higher, lower in pairwise(ordered):
        if higher.availability == lower.availability:
            params = {"availability": lower.availability}
            raise InvalidInput("tiers", "tiers_overlap", "two tiers begin at the same availability", params)
        if higher.credit > lower.credit:
            raise InvalidInput("tiers", "credit_rises", "a better month earns more credit than a worse one")
    if ordered[-1].availability != 0:
        raise InvalidInput("tiers", "tiers_leave_gap", "the lowest tier begins at 0 per cent")
    return tuple(ordered)


def credit(fee: Money, *, percent: Decimal, cap_percent: Decimal | None = None) -> Money:
    """Return the credit on a month's fee, at most ``cap_percent`` of it, rounded half up once.

    :raises InvalidInput: a percentage is outside 0 to 100, or the fee is negative.
    """
    for name, value in (("credit", percent), ("cap", cap_percent)):
        if value is not None and not (value.is_finite() and 0 <= value <= 100):
            raise InvalidInput(name, "not_per_cent", "a credit lies between 0 and 100 per cent")
    if fee.amount < 0:
        raise InvalidInput("fee", "negative", "a fee is not negative")
    granted = percent if cap_percent is None else min(percent, cap_percent)
    return money.from_exact(Fraction(fee.amount) * Fraction(granted) / 100, fee.currency)


def claim_until(month: date, *, days: int) -> date:
    """Return the last day on which the credit of a month can be claimed: ``days`` after the month's last day.

    :raises InvalidInput: the days are negative, or the result is outside the calendar.
    """
    if days < 0:
        raise InvalidInput("days", "negative", "a claim window is not negative")
    return add_months(month.replace(day=1), 1) - ONE_DAY + timedelta(days=days)


_TICK = timedelta.resolution


def _overlap(one: Span, other: Span) -> Span | None:
    starts_at, ends_at = max(one.starts_at, other.starts_at), min(one.ends_at, other.ends_at)
    return Span(starts_at, ends_at) if starts_at < ends_at else None


def _length(spans: Iterable[Span]) -> timedelta:
    return sum((span.length for span in spans), timedelta())


def _minutes(length: timedelta) -> Decimal:
    """Return minutes without zeros at the end; seconds are a part of a minute, to six decimals."""
    text = f"{money.round_half_up(Fraction(length // _TICK, MINUTE // _TICK), 6):f}"
    return Decimal(text.rstrip("0").rstrip("."))


def _rounded_down(exact: Fraction) -> Decimal:
    return Decimal(exact * 10**SHOWN_DECIMALS // 1).scaleb(-SHOWN_DECIMALS)


def _written(spans: Iterable[Span]) -> list[list[datetime]]:
    return [[span.starts_at, span.ends_at] for span in spans]
