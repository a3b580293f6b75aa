"""What a file of index values says, typed: one value a row, each with its row; and its faults."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from accounts.errors import FieldError, Grouped, InvalidInput, phrase
from contracts.portfolio import cells, csv_rows
from contracts.portfolio.cells import Cell, Conversion, Fault
from contracts.portfolio.columns import FILE, key_of

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 50_000
MAX_ERRORS = 1_000
ROW = "row"
_MONTH = re.compile(r"(?P<year>[0-9]{4})-(?P<month>0[1-9]|1[0-2])")
_QUARTER = re.compile(r"(?P<year>[0-9]{4})-?[QqTt](?P<quarter>[1-4])")


@dataclass(frozen=True, slots=True)
class ValueEntry:
    """A value as the file gives it: ``period`` is the first day of its month or quarter."""

    row: int
    series: str
    period: date
    value: Decimal
    published_on: date


@dataclass(frozen=True, slots=True)
class ValuesFile:
    """The values in the file's order, and its faults by row: with faults it is not the whole file."""

    entries: list[ValueEntry]
    errors: list[FieldError]


def read(data: bytes) -> ValuesFile:
    """Return what a CSV file in UTF-8 holds: columns ``series``, ``period``, ``value``, ``published_on``.

    :raises InvalidInput: the file as a whole is unreadable: too large, not CSV in UTF-8, a wrong header, no rows.
    """
    if len(data) > MAX_BYTES:
        raise _whole("too_large", phrase("The file is larger than %(most)s MiB.", most=MAX_BYTES // 1024 // 1024))
    rows = csv_rows.rows(data)
    first = next(rows, None)
    if first is None:
        raise _whole("empty", "The file is empty.")
    names = _header(first[1])
    entries: list[ValueEntry] = []
    errors: list[FieldError] = []
    for number, row in rows:
        if all(cell == "" for cell in row):
            continue
        if len(entries) + len(errors) >= MAX_ROWS:
            raise _whole("too_many_rows", phrase("At most %(most)s values.", most=Grouped(MAX_ROWS)))
        if len(row) != len(names):
            message = phrase("%(count)s cells are expected.", count=len(names))
            errors.append(FieldError(ROW, "wrong_cell_count", message, number))
            continue
        found = {name: _read(name, cell) for name, cell in zip(names, row, strict=True)}
        faults = [
            FieldError(name, cell.code, cell.message, number) for name, cell in found.items() if isinstance(cell, Fault)
        ]
        errors += faults
        if not faults:
            entries.append(_entry(number, found))
        if len(errors) > MAX_ERRORS:
            message = phrase(
                "There are more than %(most)s faults; only the first %(most)s are listed.", most=Grouped(MAX_ERRORS)
            )
            errors = [*errors[:MAX_ERRORS], FieldError(FILE, "too_many_errors", message)]
            break
    if not entries and not errors:
        raise _whole("no_rows", "There is no row below the header.")
    return ValuesFile(entries, errors)


def period(cell: Cell) -> object:
    """Return the first day of the month or quarter: written 2026-01, 2026-Q1 (2026-T1) or as its first day."""
    if isinstance(cell, str):
        if match := _MONTH.fullmatch(cell):
            return date(int(match["year"]) or 1, int(match["month"]), 1)
        if match := _QUARTER.fullmatch(cell):
            return date(int(match["year"]) or 1, int(match["quarter"]) * 3 - 2, 1)
    return cells.day(cell)


def _value(cell: Cell) -> object:
    found = cells.amount(cell)
    if not isinstance(found, Decimal):
        return Fault("not_a_value", "A number with a point is expected, such as 131.25.")
    exponent = found.as_tuple().exponent
    if found <= 0:
        return Fault("not_above_zero", "An index value is above zero.")
    if (isinstance(exponent, int) and exponent < -8) or found >= 10**10:
        return Fault("out_of_range", "At most ten digits before the point and eight after it.")
    return found


COLUMNS: dict[str, Conversion] = {
    "series": cells.text,
    "period": period,
    "value": _value,
    "published_on": cells.day,
}


def _read(name: str, cell: Cell) -> object:
    if isinstance(cell, Fault):
        return cell
    return Fault("blank", "This must be filled in.") if cell == "" else COLUMNS[name](cell)


def _entry(row: int, found: dict[str, object]) -> ValueEntry:
    series, starts, value, published_on = (found[name] for name in COLUMNS)
    if not (
        isinstance(series, str)
        and isinstance(starts, date)
        and isinstance(value, Decimal)
        and isinstance(published_on, date)
    ):
        raise TypeError(f"row {row}: a conversion gave something else than it promises")
    return ValueEntry(row, series, starts, value, published_on)


def _header(row: list[Cell]) -> list[str]:
    names = [key_of(cell) if isinstance(cell, str) else "" for cell in row]
    faults = []
    for place, name in enumerate(names, start=1):
        if name not in COLUMNS:
            message = phrase("Column %(place)s is none of: %(known)s.", place=place, known=", ".join(COLUMNS))
            faults.append(FieldError(FILE, "unknown_column", message, 1))
        elif name in names[: place - 1]:
            message = phrase("The column %(name)s comes twice.", name=name)
            faults.append(FieldError(FILE, "duplicate_column", message, 1))
    for name in COLUMNS:
        if name not in names:
            message = phrase("The column %(name)s is missing.", name=name)
            faults.append(FieldError(FILE, "missing_column", message, 1))
    if faults:
        raise InvalidInput(faults)
    return names


def _whole(code: str, message: str) -> InvalidInput:
    return InvalidInput([FieldError(FILE, code, message)])
