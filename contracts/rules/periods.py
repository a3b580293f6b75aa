"""Periods: the ways of counting that are never mixed, the three dates of a deadline, and local midnight."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from holidays.version import __version__ as HOLIDAYS_VERSION

from contracts.enums import GoverningLaw, NoticeEndOf, NoticeUnit
from contracts.rules import workdays
from contracts.rules.days import ONE_DAY, check_day, last_end_until, shift
from contracts.rules.errors import InvalidInput
from contracts.rules.explanation import Explanation, Step

VERSION = 1


class Regime(StrEnum):
    """A way of counting (rulebook §1)."""

    EU = "eu"
    HOURS = "hours"
    FR_CONTRACT = "fr_contract"
    PL_CONTRACT = "pl_contract"
    DE_CONTRACT = "de_contract"


class PeriodKind(StrEnum):
    """What the period is for: performing an act or making a declaration, or notice before a contract ends."""

    PERFORMANCE = "performance"
    NOTICE = "notice"


class Purpose(StrEnum):
    """Whether we owe the act or a statutory maximum binds us (act early), or the customer is granted a minimum."""

    DUTY = "duty"
    GRANT = "grant"


SOURCES = {
    Regime.EU: "Regulation (EEC, Euratom) No 1182/71, Article 3",
    Regime.HOURS: "Regulation (EEC, Euratom) No 1182/71, Article 3(1)",
    Regime.FR_CONTRACT: "Code de procédure civile, art. 640-642, by analogy; Cass. 3e civ., 8 March 2018, 17-11.312",
    Regime.PL_CONTRACT: "Kodeks cywilny, art. 110-116",
    Regime.DE_CONTRACT: "BGB §§ 186-193",
}
GREATEST_DAY_SOURCE = "Cass. 3e civ., 31 October 2006, 05-16.483"

_MOVES_FORWARD = frozenset({Regime.EU, Regime.PL_CONTRACT, Regime.DE_CONTRACT})
_NOT_A_PLACE = frozenset({"localtime", "Factory", "posixrules"})


@dataclass(frozen=True, slots=True)
class Deadline:
    """The three dates of a deadline, all inclusive local days.

    ``nominal`` is the plain count, ``legal`` the last day after the regime's moves, ``internal`` the day by which we
    act. ``disputed`` is a later last day that another reading of the law gives; a client's act until then is not
    treated as late. The explanation's other reading is that day, else the plain subtraction where ``legal`` is later.
    """

    nominal: date
    legal: date
    internal: date
    calendar_country: str
    explanation: Explanation
    disputed: date | None = None

    @property
    def latest(self) -> date:
        """The last day under the reading most favourable to the customer."""
        return self.disputed or self.legal


@dataclass(frozen=True, slots=True)
class HourDeadline:
    """A deadline in elapsed hours: ``due_at`` is an instant in UTC, shown in ``zone``; it never moves."""

    due_at: datetime
    zone: ZoneInfo
    explanation: Explanation

    @property
    def local(self) -> datetime:
        """The same instant on the wall clock of ``zone``."""
        return self.due_at.astimezone(self.zone)


def contract_regime(law: GoverningLaw) -> Regime:
    """Return how a contract under ``law`` counts. Another law counts without any move, as the French one does."""
    known = {GoverningLaw.PL: Regime.PL_CONTRACT, GoverningLaw.DE: Regime.DE_CONTRACT}
    return known.get(law, Regime.FR_CONTRACT)


def count_forward(
    event_on: date,
    *,
    length: int,
    unit: NoticeUnit,
    regime: Regime,
    calendar_country: str,
    kind: PeriodKind = PeriodKind.PERFORMANCE,
    purpose: Purpose = Purpose.DUTY,
) -> Deadline:
    """Return the deadline of a period that runs from an event; the day of the event is not counted.

    The last day moves forward from a Saturday, Sunday or public holiday of ``calendar_country`` (the acting party's)
    under ``eu``, and for a term to perform an act under Polish law (art. 115 KC) and German law (§ 193 BGB); never for
    a notice period, never under French contract law. An ``eu`` period of two days or more holds at least two working
    days (Article 3(5)).

    :raises InvalidInput: a negative length, an unknown country, ``eu`` for a contractual notice, ``hours``, or a
        result outside the calendar.
    """
    _check(length, regime, kind)
    nominal = shift(event_on, length, unit)
    steps = [
        Step("event_day_not_counted", {"on": event_on}),
        Step("counted_forward", {"length": length, "unit": unit, "to": nominal}),
    ]
    if unit is NoticeUnit.MONTHS and nominal.day != event_on.day:
        steps.append(Step("clamped_to_month_end", {"wanted_day": event_on.day, "to": nominal}))
    legal = nominal
    if kind is PeriodKind.PERFORMANCE and regime in _MOVES_FORWARD:
        legal = moved_forward(nominal, calendar_country, steps)
        if regime is Regime.EU and shift(event_on, 2, NoticeUnit.DAYS) <= nominal:
            first = workdays.on_or_after(event_on + ONE_DAY, calendar_country).to
            second = workdays.on_or_after(first + ONE_DAY, calendar_country).to
            if second > legal:
                legal = second
                steps.append(Step("two_working_days_at_least", {"first": first, "second": second}))
    else:
        steps.append(Step("not_moved", {"regime": regime, "kind": kind}))
    if purpose is Purpose.DUTY:
        internal = act_by(nominal, calendar_country, steps)
    else:
        internal = legal
        steps.append(Step("latest_reading_granted", {"on": legal}))
    explanation = Explanation(
        rule=f"{regime}.forward",
        version=VERSION,
        inputs={
            "event_on": event_on,
            "length": length,
            "unit": unit,
            "calendar_country": calendar_country,
            "kind": kind,
            "purpose": purpose,
            "holidays": HOLIDAYS_VERSION,
        },
        steps=tuple(steps),
        source=SOURCES[regime],
    )
    return Deadline(nominal, legal, internal, calendar_country, explanation)


def count_back(
    last_day: date,
    *,
    length: int,
    unit: NoticeUnit,
    regime: Regime,
    calendar_country: str,
    kind: PeriodKind = PeriodKind.NOTICE,
    end_of: NoticeEndOf | None = None,
) -> Deadline:
    """Return by when an act must be done to be ``length`` before ``last_day`` (inclusive, as a term's last day is).

    ``nominal`` is the plain subtraction. In contract law ``legal`` is the greatest day D with D + length (clamped) not
    after ``last_day``, which may be later. A period counted backwards never moves; under Polish law a reading that
    moves a last day on a Saturday or holiday forward is given as ``disputed``. ``internal`` is the nominal day, pulled
    back to a working day.

    With ``end_of``, a notice takes effect at the end of the month or quarter in which it expires, so the count starts
    from the latest such end that is not after ``last_day``.

    :raises InvalidInput: as ``count_forward`` does.
    """
    _check(length, regime, kind)
    reach, steps = last_day, []
    if end_of is not None:
        reach = last_end_until(last_day, end_of)
        steps.append(Step("counted_from_end_of", {"end_of": end_of, "last_day": last_day, "on": reach}))
    nominal = shift(reach, -length, unit)
    steps.append(Step("counted_back", {"last_day": reach, "length": length, "unit": unit, "to": nominal}))
    legal, disputed = nominal, None
    source = SOURCES[regime]
    if regime is not Regime.EU:
        legal = greatest_day_before(reach, length=length, unit=unit)
        if legal != nominal:
            source = f"{source}; {GREATEST_DAY_SOURCE}"
            steps.append(Step("greatest_day_in_time", {"on": legal, "reaches": shift(legal, length, unit)}))
    steps.append(Step("not_moved", {"regime": regime, "kind": kind}))
    if regime is Regime.PL_CONTRACT:
        move = workdays.on_or_after(legal, calendar_country)
        if legal < move.to <= reach:
            disputed = move.to
            steps.append(_moved("disputed_reading_moves", legal, move, calendar_country))
    internal = act_by(nominal, calendar_country, steps)
    explanation = Explanation(
        rule=f"{regime}.back",
        version=VERSION,
        inputs={
            "last_day": last_day,
            "length": length,
            "unit": unit,
            "end_of": end_of,
            "calendar_country": calendar_country,
            "kind": kind,
            "holidays": HOLIDAYS_VERSION,
        },
        steps=tuple(steps),
        source=source,
        other_reading=disputed or (nominal if legal != nominal else None),
    )
    return Deadline(nominal, legal, internal, calendar_country, explanation, disputed)


def greatest_day_before(last_day: date, *, length: int, unit: NoticeUnit) -> date:
    """Return the greatest day D for which D + length (clamped) is not after ``last_day``, both inclusive.

    :raises InvalidInput: a negative length, or a result outside the calendar.
    """
    _check_length(length)
    found = shift(last_day, -length, unit)
    # Clamping maps up to four days of a month onto the last day of a shorter one: the greatest of them counts.
    while shift(found + ONE_DAY, length, unit) <= last_day:
        found += ONE_DAY
    return found


def count_hours(since: datetime, *, hours: int, zone: str) -> HourDeadline:
    """Return the instant ``hours`` elapsed hours after ``since``, whatever the clocks and the calendar do meanwhile.

    :raises InvalidInput: ``since`` is naive, the hours are negative or too many, or the zone is unknown.
    """
    if since.tzinfo is None:
        raise InvalidInput("since", "naive", "an instant has a time zone")
    if hours < 0:
        raise InvalidInput("hours", "negative", "a period is not negative")
    tz = zone_of(zone)
    start = since.astimezone(UTC)
    try:
        due_at = start + timedelta(hours=hours)
    except OverflowError as error:
        raise InvalidInput("hours", "out_of_calendar", "so many hours lead out of the calendar") from error
    check_day(due_at.date(), field="hours")
    explanation = Explanation(
        rule=Regime.HOURS,
        version=VERSION,
        inputs={"since": start, "hours": hours, "zone": zone},
        steps=(Step("elapsed_hours", {"from": start, "hours": hours, "to": due_at}),),
        source=SOURCES[Regime.HOURS],
    )
    return HourDeadline(due_at, tz, explanation)


def zone_of(name: str) -> ZoneInfo:
    """Return the time zone of that exact IANA name.

    :raises InvalidInput: there is none (code ``unknown_time_zone``); ``localtime`` is a machine's choice, not a zone.
    """
    found = _zones().get(name)
    if found is None:
        raise InvalidInput("time_zone", "unknown_time_zone", "no IANA time zone has this name", {"name": name})
    return found


def instant_of(wall: datetime, zone: str | ZoneInfo, *, field: str = "at") -> datetime:
    """Return the instant, in UTC, at which the clocks of ``zone`` show ``wall``; of two such instants the earlier.

    :raises InvalidInput: ``wall`` has an offset of its own, the clocks skip it (``nonexistent_local_time``), the zone
        is unknown, or the day is outside the calendar.
    """
    if wall.tzinfo is not None:
        raise InvalidInput(field, "not_local", "a local time has no offset; its zone is told apart")
    check_day(wall.date(), field=field)
    tz = _zone(zone)
    found = wall.replace(tzinfo=tz, fold=0).astimezone(UTC)
    if found.astimezone(tz).replace(tzinfo=None) != wall:
        params = {"at": wall.isoformat(), "zone": tz.key}
        raise InvalidInput(field, "nonexistent_local_time", "the clocks of %(zone)s skip this time", params)
    return found


def local_day(instant: datetime, zone: str | ZoneInfo) -> date:
    """Return the date on the calendar of ``zone`` at ``instant``.

    :raises InvalidInput: the instant is naive, or the zone is unknown.
    """
    if instant.tzinfo is None:
        raise InvalidInput("instant", "naive", "an instant has a time zone")
    return instant.astimezone(_zone(zone)).date()


def days_on_earth(instant: datetime) -> dict[date, frozenset[str]]:
    """Return the dates that calendars show at ``instant``, the earliest first, each with the zones in which it is it.

    Two or three of them: between the first place that begins a day and the last one that ends it lie 26 hours.

    :raises InvalidInput: the instant is naive.
    """
    found: dict[date, set[str]] = {}
    for zone in _zones():
        found.setdefault(local_day(instant, zone), set()).add(zone)
    return {day: frozenset(found[day]) for day in sorted(found)}


def latest_day(instant: datetime) -> date:
    """Return the latest date on earth: what is after it has come nowhere yet.

    :raises InvalidInput: the instant is naive.
    """
    return max(days_on_earth(instant))


def midnight(day: date, zone: str | ZoneInfo) -> datetime:
    """Return the first instant of the local ``day``, in UTC.

    Where the clocks skip midnight it is the instant of the change; where midnight comes twice, the first; where the
    calendar skips the whole day (Apia, 30 December 2011), the instant at which it would have begun.

    :raises InvalidInput: the zone is unknown, or the day is outside the calendar.
    """
    tz = _zone(zone)
    wall = datetime.combine(check_day(day), time.min, tzinfo=tz)
    # fold=0 counts with the offset before a change: the first of two midnights.
    found = wall.astimezone(UTC)
    # Where midnight does not exist, the change lies after the instant that the offset after it gives, and not after
    # `found`; elsewhere that instant is not earlier, and there is nothing to look for.
    before = wall.replace(fold=1).astimezone(UTC)
    offset_after = found.astimezone(tz).utcoffset()
    while found - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(found - before) // timedelta(seconds=2))
        if middle.astimezone(tz).utcoffset() == offset_after:
            found = middle
        else:
            before = middle
    return found


def _zone(zone: str | ZoneInfo) -> ZoneInfo:
    return zone_of(zone) if isinstance(zone, str) else zone


@cache
def _zones() -> dict[str, ZoneInfo]:
    """Return every zone by its name, read once: the library itself keeps the last eight only."""
    return {name: ZoneInfo(name) for name in available_timezones() - _NOT_A_PLACE}


def _check(length: int, regime: Regime, kind: PeriodKind) -> None:
    _check_length(length)
    if regime is Regime.HOURS:
        raise InvalidInput("regime", "hours_are_elapsed", "hours are counted from an instant, not in days")
    if regime is Regime.EU and kind is PeriodKind.NOTICE:
        raise InvalidInput("regime", "eu_is_no_contract_law", "Regulation 1182/71 does not govern contractual notice")


def _check_length(length: int) -> None:
    if length < 0:
        raise InvalidInput("length", "negative", "a period is not negative")


def moved_forward(nominal: date, country: str, steps: list[Step]) -> date:
    """Return the first working day that is not before ``nominal``, and add the step that says so."""
    move = workdays.on_or_after(nominal, country)
    if move.skipped:
        steps.append(_moved("moved_forward", nominal, move, country))
    return move.to


def act_by(nominal: date, country: str, steps: list[Step]) -> date:
    """Return the nominal day pulled back to a working day, and add the step that says so."""
    move = workdays.on_or_before(nominal, country)
    if move.skipped:
        steps.append(_moved("internal_pulled_back", nominal, move, country))
    return move.to


def _moved(code: str, start: date, move: workdays.Move, country: str) -> Step:
    return Step(code, {"from": start, "to": move.to, "country": country, "skipped": list(move.skipped)})
