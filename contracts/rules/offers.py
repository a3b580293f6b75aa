"""Renewal offers: who may follow whom, the old and the new side by side, and until when one can be accepted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from contracts.enums import OfferState
from contracts.rules import money
from contracts.rules.days import ONE_DAY
from contracts.rules.errors import InvalidInput
from contracts.rules.explanation import Json, plain

S = OfferState
ALLOWED: Mapping[OfferState, frozenset[OfferState]] = MappingProxyType(
    {
        S.DRAFT: frozenset({S.SENT, S.WITHDRAWN, S.EXPIRED}),
        S.SENT: frozenset({S.ACCEPTED, S.WITHDRAWN, S.EXPIRED}),
        S.ACCEPTED: frozenset({S.VOIDED}),
        S.EXPIRED: frozenset(),
        S.WITHDRAWN: frozenset(),
        S.VOIDED: frozenset(),
    }
)
FEE = "annual_fee"


@dataclass(frozen=True, slots=True)
class Row:
    """A clause as it is and as it is offered, in JSON values."""

    field: str
    old: Json
    new: Json

    @property
    def changed(self) -> bool:
        return self.old != self.new


@dataclass(frozen=True, slots=True)
class Comparison:
    """All clauses side by side, in the order of the current ones; what the fee gains or loses, in amount and per cent.

    ``percent`` is rounded half up to two decimals; ``None`` where the old fee is nothing.
    """

    rows: tuple[Row, ...]
    fee_difference: Decimal
    percent: Decimal | None

    @property
    def changes(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.changed)


def may_become(state: OfferState, following: OfferState) -> bool:
    """Tell whether an offer in ``state`` may be moved to ``following``."""
    return following in ALLOWED[state]


def compare(current: Mapping[str, object], proposed: Mapping[str, object]) -> Comparison:
    """Return the clauses in force beside those offered; what is not offered stays as it is.

    :raises InvalidInput: something is offered that is no clause, or no fee is among the current clauses.
    """
    for name in proposed:
        if name not in current:
            raise InvalidInput(name, "unknown_clause", "no clause of the contract")
    if FEE not in current:
        raise InvalidInput(FEE, "missing", "a comparison shows the fee")
    rows = tuple(
        Row(name, _plain(name, old), _plain(name, proposed.get(name, old)))  # one way of writing on both sides
        for name, old in current.items()
    )
    old, new = _amount(current[FEE]), _amount(proposed.get(FEE, current[FEE]))
    percent = None if old == 0 else money.round_half_up(Fraction(new - old) / Fraction(old) * 100, 2)
    return Comparison(rows, new - old, percent)


def check_validity(valid_until: date, *, today: date, starts_on: date, stayed_until: date | None = None) -> None:
    """Check until which local day (inclusive) an offer for the term that starts on ``starts_on`` can be accepted.

    It is over before the term begins; while both sides stay the renewal, the term does not begin.

    :raises InvalidInput: the day is over, or the term has begun by then.
    """
    if valid_until < today:
        raise InvalidInput("valid_until", "in_the_past", "Today is %(today)s in the contract's zone.", {"today": today})
    last = starts_on - ONE_DAY if stayed_until is None else max(starts_on - ONE_DAY, stayed_until)
    if valid_until > last:
        raise InvalidInput("valid_until", "after_the_start", "The term begins after %(last)s.", {"last": last})


def _amount(value: object) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _plain(name: str, value: object) -> Json:
    return f"{_amount(value):.2f}" if name == FEE else plain(value)
