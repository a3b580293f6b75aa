"""Breach: by which instant a client, or an authority, must be told, in elapsed hours from when somebody was aware."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from contracts.rules import periods
from contracts.rules.explanation import Explanation, Step
from contracts.rules.periods import HourDeadline

VERSION = 1
SOURCE = "GDPR, Article 33; Regulation (EEC, Euratom) No 1182/71, Article 3(1)"


def due(aware_at: datetime, *, zone: str, hours: int) -> HourDeadline:
    """Return the instant ``hours`` elapsed hours after the local time ``aware_at``.

    Hours never move with a weekend or a holiday, and a clock change neither adds nor takes one: Friday 18:00 is due on
    Monday at 17:00 where the clocks go back in between. A local time that comes twice is the earlier instant.

    :raises InvalidInput: the local time has an offset or does not exist, the zone is unknown, or the hours are
        negative or lead out of the calendar.
    """
    since = periods.instant_of(aware_at, zone, field="aware_at")
    counted = periods.count_hours(since, hours=hours, zone=zone)
    local = since.astimezone(counted.zone)
    steps = [Step("elapsed_hours", {"from": local, "hours": hours, "to": counted.local})]
    if _comes_twice(aware_at, counted.zone):
        steps.insert(0, Step("earlier_of_two_instants", {"at": local}))
    explanation = Explanation(
        rule="breach",
        version=VERSION,
        inputs={"aware_at": since, "hours": hours, "zone": zone},
        steps=tuple(steps),
        source=SOURCE,
    )
    return HourDeadline(counted.due_at, counted.zone, explanation)


def _comes_twice(wall: datetime, zone: ZoneInfo) -> bool:
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first != second
