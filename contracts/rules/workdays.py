"""Which days are worked in a country: not a Saturday, a Sunday, nor a public holiday of the ``holidays`` library."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

import holidays

from contracts.rules.days import ONE_DAY
from contracts.rules.errors import InvalidInput
from contracts.rules.explanation import Json

SATURDAY, SUNDAY = 5, 6


@dataclass(frozen=True, slots=True)
class Move:
    """A day moved to a working day: where it arrived, and each day stepped over with the reason."""

    to: date
    skipped: tuple[Mapping[str, Json], ...]


def why_not_worked(day: date, country: str) -> Mapping[str, Json] | None:
    """Return why nobody works on ``day`` in ``country`` (ISO 3166 alpha-2), or ``None`` on a working day.

    :raises InvalidInput: the library has no calendar for the country.
    """
    name = _public_holidays(country, day.year).get(day)
    if name is not None:
        return {"on": day.isoformat(), "reason": "holiday", "name": name}
    if day.weekday() == SATURDAY:
        return {"on": day.isoformat(), "reason": "saturday"}
    if day.weekday() == SUNDAY:
        return {"on": day.isoformat(), "reason": "sunday"}
    return None


def on_or_after(day: date, country: str) -> Move:
    """Return the first working day that is not before ``day``.

    :raises InvalidInput: the library has no calendar for the country.
    """
    return _move(day, country, lambda here: here + ONE_DAY)


def on_or_before(day: date, country: str) -> Move:
    """Return the last working day that is not after ``day``.

    :raises InvalidInput: the library has no calendar for the country.
    """
    return _move(day, country, lambda here: here - ONE_DAY)


def _move(day: date, country: str, step: Callable[[date], date]) -> Move:
    skipped = []
    while (reason := why_not_worked(day, country)) is not None:
        skipped.append(reason)
        day = step(day)
    return Move(day, tuple(skipped))


@cache
def _countries() -> frozenset[str]:
    return frozenset(holidays.list_supported_countries(include_aliases=False))


@lru_cache(maxsize=1024)
def _public_holidays(country: str, year: int) -> Mapping[date, str]:
    if country not in _countries():
        raise InvalidInput("calendar_country", "unknown_country", "no holiday calendar", {"country": country})
    return dict(holidays.country_holidays(country, years=year))
