"""From rows of cells to typed entries: which row says what of whom, what it leaves out, and where rows disagree."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from accounts.errors import FieldError, Grouped, InvalidInput, phrase
from contracts.portfolio.cells import Cell, Fault
from contracts.portfolio.columns import COLUMNS, FILE, Column, Group, column_of, header
from contracts.portfolio.entries import ContractEntry, OrganizationEntry, Portfolio, UserEntry

MAX_ROWS = 200_000
MAX_ERRORS = 1_000

ROW = "row"
"""The field of a fault that is a whole row's."""

_COUNTRY = column_of(Group.ORGANIZATION, "country")
_REGISTRATION = column_of(Group.ORGANIZATION, "registration_number")
_REFERENCE = column_of(Group.CONTRACT, "reference")
_EXTERNAL_ID = column_of(Group.USER, "external_id")
_COLUMNS_OF = {group: tuple(column for column in COLUMNS if column.group is group) for group in Group}

type Row = tuple[int, list[Cell]]
type Given = dict[Column, object]
"""What a row fills in of one group: a value, or the :class:`Fault` it has."""


class _TooManyErrors(Exception):
    """The list of errors is full: reading on would help nobody."""


class _Errors:
    """Every fault, up to :data:`MAX_ERRORS`."""

    def __init__(self) -> None:
        self.found: list[FieldError] = []

    def add(self, row: int, name: str, fault: Fault) -> None:
        if len(self.found) == MAX_ERRORS:
            raise _TooManyErrors
        self.found.append(FieldError(name, fault.code, fault.message, row))


@dataclass(slots=True)
class _Organization:
    """What was read of an organization so far: its fields, each with the row that gave it, and what belongs to it."""

    row: int
    values: dict[str, object] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    faulty: set[str] = field(default_factory=set)
    contracts: dict[object, ContractEntry] = field(default_factory=dict)
    unsound_contracts: set[object] = field(default_factory=set)
    users: dict[object, UserEntry] = field(default_factory=dict)


def gather(rows: Iterator[Row]) -> Portfolio:
    """Return what the rows say; the first is the header.

    :raises InvalidInput: the header is wrong, there are no rows below it, or over :data:`MAX_ROWS`.
    """
    first = next(rows, None)
    if first is None:
        raise InvalidInput([FieldError(FILE, "empty", "The file is empty.")])
    columns = header(first[1])
    gathering = _Gathering(columns)
    try:
        gathering.rows(rows)
    except _TooManyErrors:
        portfolio = gathering.portfolio()
        message = phrase(
            "There are more than %(most)s faults; only the first %(most)s are listed.", most=Grouped(MAX_ERRORS)
        )
        portfolio.errors.append(FieldError(FILE, "too_many_errors", message))
        return portfolio
    return gathering.portfolio()


class _Gathering:
    """One reading of one file."""

    def __init__(self, columns: list[Column]) -> None:
        self.columns = columns
        self.errors = _Errors()
        self.organizations: dict[tuple[object, object], _Organization] = {}

    def rows(self, rows: Iterable[Row]) -> None:
        """:raises _TooManyErrors: the rest was not read."""
        count = 0
        for number, cells in rows:
            if all(cell == "" for cell in cells):
                continue
            count += 1
            if count > MAX_ROWS:
                message = phrase("At most %(most)s rows.", most=Grouped(MAX_ROWS))
                raise InvalidInput([FieldError(FILE, "too_many_rows", message, number)])
            self._row(number, cells)
        if not count:
            raise InvalidInput([FieldError(FILE, "no_rows", "There are no rows below the header.")])
        for organization in self.organizations.values():
            self._missing(organization)

    def portfolio(self) -> Portfolio:
        """Return the sound entries and all faults by row."""
        entries = [_entry(found) for found in self.organizations.values() if _is_whole(found)]
        return Portfolio(entries, sorted(self.errors.found, key=lambda error: error.row or 0))

    def _row(self, number: int, cells: list[Cell]) -> None:
        if len(cells) != len(self.columns):
            message = phrase(
                "This row has %(has)s cells, the header has %(header)s.", has=len(cells), header=len(self.columns)
            )
            self.errors.add(number, ROW, Fault("wrong_cell_count", message))
            return
        given: dict[Group, Given] = {group: {} for group in Group}
        for column, cell in zip(self.columns, cells, strict=True):
            if cell != "":
                value = column.read(cell)
                given[column.group][column] = value
                if isinstance(value, Fault):
                    self.errors.add(number, column.name, value)
        organization = self._organization(number, given[Group.ORGANIZATION])
        if given[Group.CONTRACT]:
            self._contract(number, given[Group.CONTRACT], organization)
        if given[Group.USER]:
            self._user(number, given[Group.USER], organization)

    def _organization(self, number: int, given: Given) -> _Organization:
        """Return the organization that the row names; one that it does not name is in no list."""
        for column in (_COUNTRY, _REGISTRATION):
            if column not in given:
                message = phrase("Every row names its organization by country and registration number.")
                self.errors.add(number, column.name, Fault("blank", message))
        country, registration = given.get(_COUNTRY), given.get(_REGISTRATION)
        if not isinstance(country, str) or not isinstance(registration, str):
            return _Organization(number)
        known = self.organizations.setdefault((country, registration), _Organization(number))
        for column, value in given.items():
            if isinstance(value, Fault):
                known.faulty.add(column.field)
            elif column.field not in known.values:
                known.values[column.field] = value
                known.rows[column.field] = number
            elif value != known.values[column.field]:
                self._contradicts(number, column, known.rows[column.field])
        return known

    def _missing(self, organization: _Organization) -> None:
        """Add a fault for each required field that no row gave, now that all were read."""
        for column in _COLUMNS_OF[Group.ORGANIZATION]:
            if column.required and column.field not in organization.values and column.field not in organization.faulty:
                self.errors.add(organization.row, column.name, Fault("blank", "No row gives it for this organization."))

    def _contract(self, number: int, given: Given, organization: _Organization) -> None:
        """The first row of a contract says it all; a later one may repeat any of it."""
        reference = given.get(_REFERENCE)
        known = organization.contracts.get(reference)
        if known is not None:
            for column, value in given.items():
                if (
                    column.field in known.values
                    and not isinstance(value, Fault)
                    and value != known.values[column.field]
                ):
                    self._contradicts(number, column, known.row)
            return
        sound = not self._blank(number, given, Group.CONTRACT) and _is_sound(given)
        if isinstance(reference, str):
            # Of a contract with a fault, what could be read is kept too: later rows are compared with it.
            organization.contracts[reference] = ContractEntry(
                number, _values(given, _COLUMNS_OF[Group.CONTRACT] if sound else given)
            )
            if not sound:
                organization.unsound_contracts.add(reference)

    def _user(self, number: int, given: Given, organization: _Organization) -> None:
        if self._blank(number, given, Group.USER) or not _is_sound(given):
            return
        entry = UserEntry(row=number, **_values(given, _COLUMNS_OF[Group.USER]))
        first = organization.users.setdefault(entry.external_id, entry)
        if replace(entry, row=first.row) != first:
            message = phrase("Row %(row)s gives this user of the organization other details.", row=first.row)
            self.errors.add(number, _EXTERNAL_ID.name, Fault("duplicate", message))

    def _blank(self, number: int, given: Given, group: Group) -> bool:
        """Add a fault for each required column that is not filled in, and return whether there is one."""
        blank = [column for column in _COLUMNS_OF[group] if column.required and column not in given]
        for column in blank:
            self.errors.add(number, column.name, Fault("blank", _BLANK[group]))
        return bool(blank)

    def _contradicts(self, number: int, column: Column, first: int) -> None:
        message = phrase("This contradicts row %(row)s; repeat its value or leave the cell empty.", row=first)
        self.errors.add(number, column.name, Fault("contradicts", message))


_BLANK = {
    Group.CONTRACT: phrase("This must not be empty on the first row of a contract."),
    Group.USER: phrase("This must not be empty where a licensed user is given."),
}


def _is_whole(found: _Organization) -> bool:
    required = (column.field for column in _COLUMNS_OF[Group.ORGANIZATION] if column.required)
    return not found.faulty and all(name in found.values for name in required)


def _is_sound(given: Given) -> bool:
    return not any(isinstance(value, Fault) for value in given.values())


def _values(given: Given, columns: Iterable[Column]) -> dict[str, Any]:
    """Return the values by field, with the default of each column that the row leaves empty."""
    taken = {column.field: given.get(column, column.default) for column in columns}
    return {name: value for name, value in taken.items() if not isinstance(value, Fault)}


def _entry(found: _Organization) -> OrganizationEntry:
    return OrganizationEntry(
        row=found.row,
        values={
            column.field: str(found.values.get(column.field, column.default))
            for column in _COLUMNS_OF[Group.ORGANIZATION]
        },
        contracts=[entry for reference, entry in found.contracts.items() if reference not in found.unsound_contracts],
        users=list(found.users.values()),
    )
