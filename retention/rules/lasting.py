"""How long content is kept during the contract: retention beats deletion, and of all lengths the longest wins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from contracts.enums import NoticeUnit
from contracts.rules import periods
from contracts.rules.days import ONE_DAY, shift
from contracts.rules.errors import InvalidInput
from contracts.rules.explanation import Explanation, Step

VERSION = 1
SOURCE = "Art. 5(1)(e), 28(3)(a) GDPR; Regulation (EEC, Euratom) No 1182/71, Article 3"
# A hundred years; what is to be kept longer is kept without a rule.
LONGEST = {NoticeUnit.DAYS: 36_525, NoticeUnit.MONTHS: 1200}
HELD = "legal_hold"


class Claimant(StrEnum):
    """Who says how long content stays at least. Of equal lengths the first one here counts as the winner."""

    CLIENT_RULE = "client_rule"
    VENDOR_MINIMUM = "vendor_minimum"
    LEGAL_MINIMUM = "legal_minimum"


@dataclass(frozen=True, slots=True)
class Length:
    """So many local days or months, counted from the content's own day; months clamp to the month's last day."""

    amount: int
    unit: NoticeUnit

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}"


@dataclass(frozen=True, slots=True)
class Claim:
    """That content stays so long at least; ``basis`` names the law, or the vendor's ground."""

    by: Claimant
    length: Length
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Cutoff:
    """Content whose instant lies before ``before`` may go; while everything is ``held``, nothing may.

    ``winner`` is the claim that keeps content longest, or ``legal_hold``.
    """

    before: datetime
    held: bool
    winner: str
    explanation: Explanation


def fault_of(length: Length) -> InvalidInput | None:
    """Return what is wrong with a length: it is at least 1, in days or months, and at most a hundred years."""
    if length.unit not in LONGEST:
        return InvalidInput("unit", "unknown", "days or months")
    if length.amount < 1:
        return InvalidInput("amount", "too_short", "at least 1")
    if length.amount > LONGEST[length.unit]:
        return InvalidInput(
            "amount", "too_long", "at most %(most)s %(unit)s", {"most": LONGEST[length.unit], "unit": str(length.unit)}
        )
    return None


def may_go_from(occurred_at: datetime, claims: Sequence[Claim], *, zone: str, held: bool = False) -> datetime | None:
    """Return the first instant at which content of that instant may go; ``None`` while a hold is in force.

    The content's own day is not counted, and the last day counts to its end (Regulation 1182/71, Article 3): kept
    one month, what was written on 31 January goes when 1 March begins, in ``zone``.

    :raises InvalidInput: no client's rule is among the claims, or a length has no meaning.
    """
    _check(claims)
    if held:
        return None
    day = periods.local_day(occurred_at, zone)
    return max(night_after(shift(day, one.length.amount, one.length.unit), zone) for one in claims)


def cutoff(claims: Sequence[Claim], *, now: datetime, zone: str, held: bool = False) -> Cutoff:
    """Return which content may go at ``now``: of that before the cutoff every claim is satisfied, of the rest not.

    Each claim counts back from the last full day in ``zone``; the earliest cutoff is the longest length's, whichever
    that is on this day (a month may be shorter than 30 days, or longer).

    :raises InvalidInput: no client's rule is among the claims, a length has no meaning, or ``now`` is naive.
    """
    _check(claims)
    yesterday = periods.local_day(now, zone) - ONE_DAY
    found: list[tuple[datetime, int, Claim]] = []
    steps = []
    for one in claims:
        length = one.length
        last = periods.greatest_day_before(yesterday, length=length.amount, unit=length.unit)
        before = periods.midnight(last + ONE_DAY, zone)
        found.append((before, list(Claimant).index(one.by), one))
        steps.append(
            Step(
                f"kept_by_{one.by}",
                {"length": length.amount, "unit": length.unit, "before": before, "basis": one.basis},
            )
        )
    before, _place, winner = min(found, key=lambda each: each[:2])
    if held:
        steps.append(Step("nothing_goes_under_hold"))
    else:
        steps.append(Step("longest_wins", {"winner": winner.by, "before": before}))
    explanation = Explanation(
        rule="retention.longest",
        version=VERSION,
        inputs={
            "now": now,
            "zone": zone,
            "held": held,
            "claims": [{"by": c.by, "length": c.length.amount, "unit": c.length.unit} for c in claims],
        },
        steps=tuple(steps),
        source="; ".join([SOURCE, *dict.fromkeys(one.basis for one in claims if one.basis)]),
    )
    return Cutoff(before, held, HELD if held else winner.by, explanation)


def night_after(day: date, zone: str) -> datetime:
    """Return the local midnight that ends a day: what falls due then goes in the night that begins with it."""
    return periods.midnight(day + ONE_DAY, zone)


def _check(claims: Sequence[Claim]) -> None:
    if not any(one.by is Claimant.CLIENT_RULE for one in claims):
        raise InvalidInput("claims", "nobody_instructs", "only the client says that its content goes")
    for one in claims:
        if fault := fault_of(one.length):
            raise fault
