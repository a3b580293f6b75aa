"""What is wrong, or only unusual, with the terms of a contract before it is accepted."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache

from contracts.enums import NoticeUnit
from contracts.rules import money, periods
from contracts.rules.days import ONE_DAY, add_months, shift
from contracts.rules.errors import InvalidInput

# A date before this is a slip of the pen: no contract for software service is older.
EARLIEST_START = date(1950, 1, 1)
MAX_MONTHS = 1200
MAX_NOTICE_LENGTH = 10_000
UNUSUALLY_SHORT_MONTHS = 6
SHARE = Decimal("0.0001")
FACTOR = Decimal("0.000001")
MAX_FACTOR = 100
MAX_INDEX = 10**10


class Severity(StrEnum):
    """An error refuses; a warning is shown and accepted."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with which field: a code for programs, its parameters, and whether it refuses."""

    field: str
    code: str
    params: Mapping[str, object] = dataclasses.field(default_factory=dict)
    severity: Severity = Severity.ERROR

    @property
    def refuses(self) -> bool:
        return self.severity is Severity.ERROR


def check_terms(
    *,
    starts_on: date,
    time_zone: str,
    first_term_months: int,
    renewal_term_months: int | None,
    minimum_commitment_months: int,
    notice_length: int,
    notice_unit: NoticeUnit,
    annual_fee: Decimal | str,
    currency: str,
    ends_on: date | None = None,
) -> list[Problem]:
    """Return every problem of a contract's terms, errors and warnings, by the names of the contract's fields.

    ``starts_on`` is the anchor; ``ends_on`` (exclusive) is an end already agreed or given. The fee is one year's,
    before VAT. Six months is where a first term or a commitment stops being unusual (rulebook §2): a warning only.
    """
    problems = [
        *_check_zone(time_zone),
        *_check_start(starts_on, ends_on),
        *_check_months(first_term_months, renewal_term_months, minimum_commitment_months),
        *check_fee(annual_fee, currency),
    ]
    if notice_length < 0:
        problems.append(Problem("notice_length", "negative"))
    if notice_length > MAX_NOTICE_LENGTH:
        problems.append(Problem("notice_length", "too_long", {"allowed": MAX_NOTICE_LENGTH, "found": notice_length}))
    unsound = {problem.field for problem in problems if problem.refuses}
    # Lengths are compared on the calendar, so only where each of them is sound by itself.
    if not unsound & {"starts_on", "first_term_months", "renewal_term_months", "notice_length"}:
        problems += _check_notice(starts_on, first_term_months, renewal_term_months, notice_length, notice_unit)
    return problems


def check_fee(annual_fee: Decimal | str, currency: str) -> list[Problem]:
    """Return what is wrong with a fee: an unknown currency, no number, below zero, or too many decimals."""
    try:
        fee = money.parse_amount(annual_fee, currency)
    except InvalidInput as error:
        name = "currency" if error.field == "currency" else "annual_fee"
        return [Problem(name, error.code, error.params)]
    return [Problem("annual_fee", "negative")] if fee.amount < 0 else []


def check_early_exit(
    *,
    rate: Decimal | None,
    cap: Decimal | None,
    currency: str,
    concluded_on: date,
    disclosed_on: date | None,
) -> list[Problem]:
    """Return what is wrong with the clause of an early-exit fee: ``rate`` is a share of the remaining fee.

    A rate over 1 is refused. A fee that was not disclosed before signature is unusual only: what it is worth then, the
    quote says (Regulation 2023/2854, Article 29(4)).
    """
    problems = []
    if rate is not None and not (rate.is_finite() and 0 <= rate <= 1):
        problems.append(Problem("early_exit_rate", "no_share", {"found": rate}))
    elif rate is not None and rate != rate.quantize(SHARE):
        problems.append(Problem("early_exit_rate", "too_many_decimals", {"allowed": 4}))
    if cap is not None and rate is None:
        problems.append(Problem("early_exit_cap", "without_rate"))
    elif cap is not None:
        problems += [dataclasses.replace(one, field="early_exit_cap") for one in check_fee(cap, currency)]
    if rate is not None and rate.is_finite() and rate > 0 and (disclosed_on is None or disclosed_on > concluded_on):
        params = {"concluded_on": concluded_on}
        problems.append(Problem("early_exit_disclosed_on", "not_disclosed_before", params, severity=Severity.WARNING))
    return problems


def check_indexation(
    *,
    indexed: bool,
    fixed_part: Decimal,
    floor: Decimal | None,
    cap: Decimal | None,
    base_period: date | None,
    base_value: Decimal | None,
) -> list[Problem]:
    """Return what is wrong with the clause that lets the price follow an index; ``indexed``: a series is named.

    Floor and cap bound the factor, not its change: 1.03 is three per cent more.
    """
    if not indexed:
        given = {"index_floor": floor, "index_cap": cap, "index_base_period": base_period}
        given |= {"index_base_value": base_value, "index_fixed_part": fixed_part or None}
        return [Problem(name, "without_series") for name, value in given.items() if value is not None]
    problems = []
    if not (fixed_part.is_finite() and 0 <= fixed_part <= 1):
        problems.append(Problem("index_fixed_part", "no_share", {"found": fixed_part}))
    elif fixed_part != fixed_part.quantize(SHARE):
        problems.append(Problem("index_fixed_part", "too_many_decimals", {"allowed": 4}))
    bounds = {"index_floor": floor, "index_cap": cap}
    for name, bound in bounds.items():
        if bound is not None and not (bound.is_finite() and 0 <= bound < MAX_FACTOR):
            problems.append(Problem(name, "no_factor", {"allowed": MAX_FACTOR}))
        elif bound is not None and bound != bound.quantize(FACTOR):
            problems.append(Problem(name, "too_many_decimals", {"allowed": 6}))
    if not problems and floor is not None and cap is not None and floor > cap:
        problems.append(Problem("index_floor", "floor_above_cap", {"floor": floor, "cap": cap}))
    if base_value is not None and not (base_value.is_finite() and 0 < base_value < MAX_INDEX):
        problems.append(Problem("index_base_value", "no_index_value"))
    elif base_value is not None and base_value != round(base_value, 8):
        problems.append(Problem("index_base_value", "too_many_decimals", {"allowed": 8}))
    if base_value is not None and base_period is None:
        problems.append(Problem("index_base_period", "without_period"))
    return problems


def _check_zone(name: str) -> list[Problem]:
    try:
        periods.zone_of(name)
    except InvalidInput as error:
        return [Problem("time_zone", error.code, error.params)]
    return []


def _check_start(starts_on: date, ends_on: date | None) -> list[Problem]:
    if starts_on < EARLIEST_START:
        return [Problem("starts_on", "too_early", {"earliest": EARLIEST_START})]
    if ends_on is not None and ends_on <= starts_on:
        # The inclusive last day, as it was written, so that the message shows what the reader knows.
        return [Problem("ends_on", "ends_before_it_starts", {"starts_on": starts_on, "last_day": ends_on - ONE_DAY})]
    try:
        # Room for any first term and the longest notice, in every zone.
        add_months(starts_on, 2 * MAX_MONTHS)
    except InvalidInput as error:
        return [Problem("starts_on", error.code, error.params)]
    return []


def _check_months(first: int, renewal: int | None, commitment: int) -> list[Problem]:
    problems = []
    for name, months, least in (
        ("first_term_months", first, 1),
        ("renewal_term_months", renewal, 1),
        ("minimum_commitment_months", commitment, 0),
    ):
        if months is not None and months < least:
            problems.append(Problem(name, "too_short", {"least": least, "found": months}))
        if months is not None and months > MAX_MONTHS:
            problems.append(Problem(name, "too_long", {"allowed": MAX_MONTHS, "found": months}))
    if 1 <= first < UNUSUALLY_SHORT_MONTHS:
        problems.append(_unusually_short("first_term_months", first))
    if 1 <= commitment < UNUSUALLY_SHORT_MONTHS:
        problems.append(_unusually_short("minimum_commitment_months", commitment))
    if 1 <= first < commitment:
        params = {"first_term_months": first, "minimum_commitment_months": commitment}
        problems.append(Problem("minimum_commitment_months", "outlasts_first_term", params, severity=Severity.WARNING))
    return problems


def _unusually_short(name: str, months: int) -> Problem:
    params = {"found": months, "usual": UNUSUALLY_SHORT_MONTHS}
    return Problem(name, "unusually_short", params, severity=Severity.WARNING)


def _check_notice(starts_on: date, first: int, renewal: int | None, length: int, unit: NoticeUnit) -> list[Problem]:
    """A notice longer than a term could not be given within it."""
    if unit is NoticeUnit.MONTHS:
        first_too_short = length > first
        renewal_too_short = renewal is not None and length > renewal
    else:
        days = length * 7 if unit is NoticeUnit.WEEKS else length
        first_too_short = days > (add_months(starts_on, first) - starts_on).days
        renewal_too_short = renewal is not None and days > _longest_days(renewal)
    params = {"length": length, "unit": unit.value}
    if first_too_short:
        return [Problem("notice_length", "longer_than_term", {**params, "term": "first", "months": first})]
    if renewal_too_short:
        return [Problem("notice_length", "longer_than_term", {**params, "term": "renewal", "months": renewal})]
    return []


@cache
def _longest_days(months: int) -> int:
    """Return the most days that ``months`` consecutive months have: thirty days' notice fits a monthly term."""
    starts = (shift(date(2000, 1, 1), month, NoticeUnit.MONTHS) for month in range(48))
    return max((add_months(start, months) - start).days for start in starts)
