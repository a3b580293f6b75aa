"""The columns of a portfolio file, pinned: names, groups, conversions and defaults; and what a header row may be."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from accounts.errors import FieldError, InvalidInput, Phrase, phrase
from contracts import enums
from contracts.portfolio import cells
from contracts.portfolio.cells import Cell, Conversion, Fault

FILE = "file"
"""The field of a fault that is the whole file's, its header's or its form's."""


class Group(StrEnum):
    """What a column speaks of. Every row names an organization; a contract and a licensed user may stand beside it."""

    ORGANIZATION = "organization"
    CONTRACT = "contract"
    USER = "user"


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A column by its name in the header; ``field`` is its name in the entry's values. Each exists once."""

    name: str
    group: Group
    field: str
    convert: Conversion
    required: bool = False
    default: object = None

    def read(self, cell: Cell) -> object:
        """Return the value of a cell that is not empty, or its :class:`~contracts.portfolio.cells.Fault`."""
        return cell if isinstance(cell, Fault) else self.convert(cell)


def _words(words: Iterable[StrEnum]) -> Conversion:
    return cells.one_of([word.value for word in words])


_O, _C, _U = Group.ORGANIZATION, Group.CONTRACT, Group.USER

COLUMNS: tuple[Column, ...] = (
    Column("organization_name", _O, "name", cells.text, required=True),
    Column("country", _O, "country", cells.upper, required=True),
    Column("time_zone", _O, "time_zone", cells.text, required=True),
    Column("language", _O, "language", cells.lower, default="en"),
    Column("legal_category", _O, "legal_category", cells.lower, default="company"),
    Column("registration_number", _O, "registration_number", cells.text, required=True),
    Column("contract_reference", _C, "reference", cells.text, required=True),
    Column("concluded_on", _C, "concluded_on", cells.day, required=True),
    Column("starts_on", _C, "starts_on", cells.day, required=True),
    Column("first_term_months", _C, "first_term_months", cells.integer, required=True),
    Column("minimum_commitment_months", _C, "minimum_commitment_months", cells.integer, default=0),
    Column("renewal_term_months", _C, "renewal_term_months", cells.months_or_none),
    Column("notice_length", _C, "notice_length", cells.integer, required=True),
    Column("notice_unit", _C, "notice_unit", _words(enums.NoticeUnit), required=True),
    Column("annual_fee", _C, "annual_fee", cells.amount, required=True),
    Column("currency", _C, "currency", cells.upper, required=True),
    Column("billing_interval", _C, "billing_interval", _words(enums.BillingInterval), default="year"),
    Column("billing_timing", _C, "billing_timing", _words(enums.BillingTiming), default="advance"),
    Column("paid_until", _C, "paid_until", cells.day),
    Column("auto_renewal", _C, "auto_renews", cells.yes_or_no, default=True),
    Column("governing_law", _C, "governing_law", _words(enums.GoverningLaw), required=True),
    Column("notice_effect", _C, "notice_effect", _words(enums.NoticeEffect), default="receipt"),
    Column("mid_term_exit", _C, "mid_term_exit", cells.yes_or_no, default=False),
    Column("retrieval_days", _C, "retrieval_days", cells.integer, default=30),
    Column("erasure_days", _C, "erasure_days", cells.integer),
    Column("end_choice", _C, "end_choice", _words(enums.EndChoice), default="return_then_delete"),
    Column("user_email", _U, "email", cells.text, required=True),
    Column("user_display_name", _U, "display_name", cells.text, required=True),
    Column("user_department", _U, "department", cells.text, default=""),
    Column("user_external_id", _U, "external_id", cells.text, required=True),
)

BY_NAME = {column.name: column for column in COLUMNS}
_BY_FIELD = {(column.group, column.field): column for column in COLUMNS}


def column_of(group: Group, field: str) -> Column:
    """Return the column that fills ``field`` of a group, to name it in a fault found later. :raises KeyError: none."""
    return _BY_FIELD[group, field]


def key_of(name: str) -> str:
    """Return a header's name as columns are looked up: case and the spaces around it do not matter."""
    return name.strip().casefold()


def header(row: Sequence[Cell]) -> list[Column]:
    """Return the columns that the header row names, in its order.

    The organization's required columns are always needed; a contract's or a user's where the header names any column
    of the group.

    :raises InvalidInput: every fault of the header: an unknown, repeated, unnamed or missing column, or no header.
    """
    names = [key_of(cell) if isinstance(cell, str) else "" for cell in row]
    found = [BY_NAME[name] for name in names if name in BY_NAME]
    if not found:
        raise InvalidInput([_fault("no_header", "The first row must hold the columns' names; it holds none of them.")])
    faults = [_misnamed(place, cell) for place, cell in enumerate(row, start=1) if names[place - 1] not in BY_NAME]
    for column, times in Counter(found).items():
        if times > 1:
            faults.append(
                _fault(
                    "duplicate_column",
                    phrase("The column %(name)s comes %(times)s times.", name=column.name, times=times),
                )
            )
    groups = {Group.ORGANIZATION, *(column.group for column in found)}
    for column in COLUMNS:
        if column.required and column.group in groups and column not in found:
            faults.append(_fault("missing_column", phrase("The column %(name)s is missing.", name=column.name)))
    if faults:
        raise InvalidInput(faults)
    return found


def _misnamed(place: int, cell: Cell) -> FieldError:
    if cell == "":
        return _fault("unnamed_column", phrase("Column %(place)s has no name; delete it or name it.", place=place))
    if isinstance(cell, Fault):
        what = cell.message if isinstance(cell.message, Phrase) else phrase(cell.message)
        return _fault(cell.code, phrase("Column %(place)s has no readable name: %(what)s", place=place, what=what))
    shown = repr(str(cell)[:60])
    close = get_close_matches(key_of(str(cell))[:60], BY_NAME, n=1)
    message = phrase(
        "Column %(place)s is named %(shown)s, which is none of the portfolio's columns.", place=place, shown=shown
    )
    if close:
        message = phrase("%(what)s Is %(close)s meant?", what=message, close=close[0])
    return _fault("unknown_column", message)


def _fault(code: str, message: str) -> FieldError:
    return FieldError(FILE, code, message, 1)
