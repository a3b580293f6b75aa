"""Which value of an index counts on a day: corrections, the link to a successor, and what is too old to count."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from contracts.enums import IndexPeriodicity
from contracts.rules import indexation
from contracts.rules.days import add_months
from contracts.rules.errors import InvalidInput
from contracts.rules.indexation import IndexValue

_MONTHS = {IndexPeriodicity.MONTH: 1, IndexPeriodicity.QUARTER: 3}


@dataclass(frozen=True, slots=True)
class Link:
    """What replaces a series: values of the new one from ``from_period`` on count × ``coefficient`` in the old one."""

    coefficient: Decimal
    from_period: date
    values: tuple[IndexValue, ...]


@dataclass(frozen=True, slots=True)
class Latest:
    """The value that counts on a day, as published; ``link`` is the coefficient if it is one of the new series."""

    value: IndexValue
    link: Decimal | None


def check_period(period: date, periodicity: IndexPeriodicity) -> None:
    """:raises InvalidInput: the day does not begin a month (quarter) of the series."""
    if period.day != 1 or (period.month - 1) % _MONTHS[periodicity]:
        raise InvalidInput(
            "period", "not_a_period", "not the first day of a %(periodicity)s", {"periodicity": str(periodicity)}
        )


def standing(versions: Iterable[IndexValue]) -> list[IndexValue]:
    """Return the versions that still count on some day; given in the order in which they were recorded.

    A correction replaces what was published on its day or later. What was published earlier counts until then: on a
    revision date in between, the first figure was the one that everybody knew.
    """
    kept: list[IndexValue] = []
    since: dict[date, date] = {}
    for version in reversed(list(versions)):
        limit = since.get(version.month)
        if limit is None or version.published_on < limit:
            kept.append(version)
            since[version.month] = version.published_on
    return list(reversed(kept))


def latest(versions: Iterable[IndexValue], *, on: date, link: Link | None = None) -> Latest | None:
    """Return the value of the latest period among those published until ``on`` (rulebook §4), if there is one.

    Values are given in the order of recording. A value of the new series counts from the link's first period on.
    """
    own = indexation.last_published(standing(versions), on=on)
    found = None if own is None else Latest(own, None)
    if link is None:
        return found
    successors = [value for value in standing(link.values) if value.month >= link.from_period]
    newer = indexation.last_published(successors, on=on)
    if newer is None or (own is not None and own.month >= newer.month):
        return found
    return Latest(newer, link.coefficient)


def is_stale(month: date, *, on: date, longest_delay_months: int) -> bool:
    """Say whether a period began so long before ``on`` that its value cannot be the last one published."""
    return add_months(month, longest_delay_months) < on
