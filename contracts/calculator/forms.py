"""The forms in which the calculator's inputs are written, and how each is read."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NoReturn

from contracts.calculator.words import gettext_noop as _
from contracts.enums import NoticeUnit
from contracts.rules import leaving, money, periods, workdays
from contracts.rules.days import check_day
from contracts.rules.errors import InvalidInput

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_LOCAL_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_OFFSET = re.compile(r"(?P<local>.+?)(Z|[+-][0-9]{2}:?[0-9]{2})")
_DURATION = re.compile(r"(?P<count>[0-9]{1,6})(?P<unit>[dwmy])")
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_A_DAY = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class Form[Value]:
    """A form: its name, how it is written, how it is read, and its words where there are only a few.

    ``read`` takes the text and the input's name. ``blank`` says that an empty text is a value: nothing in a list.
    """

    name: str
    hint: str
    read: Callable[[str, str], Value]
    choices: tuple[str, ...] = ()
    blank: bool = False


@dataclass(frozen=True, slots=True)
class Duration:
    """A length with its unit; years are read as twelve months each."""

    length: int
    unit: NoticeUnit


@dataclass(frozen=True, slots=True)
class Range[Bound]:
    """From one day or local time to another."""

    start: Bound
    end: Bound


def _refuse(field: str, code: str, detail: str, params: Mapping[str, object] | None = None) -> NoReturn:
    raise InvalidInput(field, code, detail, params)


def _day(text: str, field: str) -> date:
    if not _DAY.fullmatch(text):
        _refuse(field, "not_iso_date", "write a day such as 2026-01-31")
    try:
        found = date.fromisoformat(text)
    except ValueError:
        _refuse(field, "no_such_date", "there is no such day")
    return check_day(found, field=field)


def _month(text: str, field: str) -> date:
    if not _MONTH.fullmatch(text):
        _refuse(field, "not_a_month", "write a month such as 2026-01")
    return _day(f"{text}-01", field)


def _local_time(text: str, field: str) -> datetime:
    if not _LOCAL_TIME.fullmatch(text):
        match = _OFFSET.fullmatch(text)
        if match is not None and _LOCAL_TIME.fullmatch(match["local"]):
            _refuse(field, "not_local", "a local time has no offset; the zone is told apart")
        _refuse(field, "not_a_local_time", "write a local time such as 2026-01-31T18:00")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        _refuse(field, "no_such_time", "there is no such day or time")
    check_day(found.date(), field=field)
    return found


def _duration(text: str, field: str) -> Duration:
    match = _DURATION.fullmatch(text)
    if match is None:
        _refuse(field, "not_a_duration", "write a duration such as 6m, 90d, 2w or 1y")
    count = int(match["count"])
    match match["unit"]:
        case "d":
            return Duration(count, NoticeUnit.DAYS)
        case "w":
            return Duration(count, NoticeUnit.WEEKS)
        case "m":
            return Duration(count, NoticeUnit.MONTHS)
        case _:
            return Duration(count * 12, NoticeUnit.MONTHS)


def _months(text: str, field: str) -> int:
    found = _duration(text, field)
    if found.unit is not NoticeUnit.MONTHS:
        _refuse(field, "not_in_months", "a term is counted in months or years, such as 12m or 1y")
    return found.length


def _whole(text: str, field: str) -> int:
    if not _WHOLE.fullmatch(text):
        _refuse(field, "not_an_integer", "write a whole number")
    return int(text)


def _number(text: str, field: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        _refuse(field, "not_a_number", "write digits with a decimal point, such as 242.60")
    return Decimal(text)


def _share(text: str, field: str) -> Decimal:
    try:
        return leaving.parse_rate(text)
    except InvalidInput as error:
        raise InvalidInput(field, error.code, error.template, error.params) from error


def _currency(text: str, field: str) -> str:
    try:
        money.minor_units(text)
    except InvalidInput:
        _refuse(field, "unknown_currency", "write the three capitals of a currency, such as EUR")
    return text


def _truth(text: str, field: str) -> bool:
    if text not in ("true", "false"):
        _refuse(field, "not_true_or_false", "write true or false")
    return text == "true"


def _country(text: str, field: str) -> str:
    try:
        workdays.why_not_worked(_A_DAY, text)
    except InvalidInput:
        _refuse(field, "unknown_country", "write the two capitals of a country that has a calendar, such as FR")
    return text


def _zone(text: str, field: str) -> str:
    try:
        periods.zone_of(text)
    except InvalidInput as error:
        _refuse(field, error.code, "write the name of a time zone, such as Europe/Paris")
    return text


def choice[Word: StrEnum](words: type[Word], *, without: frozenset[Word] = frozenset()) -> Form[Word]:
    """Return the form of one of a few words."""
    allowed = tuple(str(word) for word in words if word not in without)

    def read(text: str, field: str) -> Word:
        if text not in allowed:
            _refuse(field, "unknown", "write one of %(words)s", {"words": ", ".join(allowed)})
        return words(text)

    return Form("choice", _("one of these words"), read, choices=allowed)


def listed[Value](one: Form[Value], hint: str) -> Form[tuple[Value, ...]]:
    """Return the form of a list: items with a comma between them, none in an empty text."""

    def read(text: str, field: str) -> tuple[Value, ...]:
        return tuple(one.read(part, field) for part in text.split(",")) if text else ()

    return Form(f"list of {one.name}", hint, read, blank=True)


def between[Bound](one: Form[Bound], mark: str) -> Form[Range[Bound]]:
    """Return the form of a range: two values with ``mark`` between them."""

    def read(text: str, field: str) -> Range[Bound]:
        parts = text.split(mark)
        if len(parts) != 2:
            _refuse(field, "not_a_range", "write two values with %(mark)s between them", {"mark": mark})
        return Range(one.read(parts[0], field), one.read(parts[1], field))

    return Form(f"range of {one.name}", f"A{mark}B", read)


def pair(one: Form[Decimal], mark: str) -> Form[tuple[Decimal, Decimal]]:
    """Return the form of two numbers that belong together."""

    def read(text: str, field: str) -> tuple[Decimal, Decimal]:
        parts = text.split(mark)
        if len(parts) != 2:
            _refuse(field, "not_a_pair", "write two numbers with %(mark)s between them", {"mark": mark})
        return one.read(parts[0], field), one.read(parts[1], field)

    return Form("pair", f"A{mark}B", read)


DAY = Form("day", _("a day such as 2026-01-31"), _day)
MONTH = Form("month", _("a month such as 2026-01"), _month)
LOCAL_TIME = Form("local time", _("a local time such as 2026-01-31T18:00"), _local_time)
DURATION = Form("duration", _("a duration such as 6m, 90d, 2w or 1y"), _duration)
MONTHS = Form("months", _("a duration in months or years, such as 12m or 1y"), _months)
WHOLE = Form("whole number", _("a whole number"), _whole)
NUMBER = Form("number", _("digits with a decimal point"), _number)
SHARE = Form("share", _("a fraction such as 0.5, or per cent such as 50%"), _share)
CURRENCY = Form("currency", _("three capitals such as EUR"), _currency)
TRUTH = Form("truth", _("true or false"), _truth, choices=("true", "false"))
COUNTRY = Form("country", _("two capitals such as FR"), _country)
ZONE = Form("time zone", _("a name such as Europe/Paris"), _zone)
DAY_RANGES = listed(between(DAY, ".."), _("days such as 2026-12-03..2026-12-10, with a comma between ranges"))
TIME_RANGES = listed(
    between(LOCAL_TIME, "/"), _("local times such as 2026-01-31T18:00/2026-01-31T19:30, with a comma between ranges")
)
TIERS = listed(pair(NUMBER, ":"), _("availability and credit in per cent, such as 99.9:0,99.0:10,0:25"))
