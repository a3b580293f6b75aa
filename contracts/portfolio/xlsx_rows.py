"""The rows of an XLSX workbook's first sheet: what a hostile or damaged file may be, and what its cells say."""

import math
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from typing import Any
from xml.parsers import expat

from openpyxl import load_workbook

from accounts.errors import FieldError, Grouped, InvalidInput, phrase
from contracts.portfolio.cells import Cell, Fault, trimmed
from contracts.portfolio.columns import FILE

MAX_UNPACKED_BYTES = 300 * 1024 * 1024
LAST_ROW = 1_048_576
"""A sheet has no row after this one: a file that claims so would make us count for ever."""

_CHUNK = 64 * 1024
_MARKER = "[Content_Types].xml"
_ENCRYPTED = 0x1


def rows(data: bytes) -> Iterator[tuple[int, list[Cell]]]:
    """Yield each row of the first sheet with its number, hidden rows too; the cells after the header's end are kept.

    Short rows are filled up to the header's width, since a sheet does not store empty cells.

    :raises InvalidInput: it is no workbook, is damaged, encrypted, unpacks to over 300 MiB, or declares XML entities.
    """
    _check_archive(data)
    width = 0
    for number, values in _values(data):
        if number > LAST_ROW:
            message = phrase("A sheet has at most %(most)s rows.", most=Grouped(LAST_ROW))
            raise _unreadable("too_many_rows", message, number)
        while values and values[-1] == "":
            values.pop()
        width = width or len(values)
        yield number, values + [""] * (width - len(values))


def _values(data: bytes) -> Iterator[tuple[int, list[Cell]]]:
    """The library stumbles over a damaged file with whatever exception comes; each of them means the same here."""
    number = 0
    try:
        book = load_workbook(BytesIO(data), read_only=True, data_only=False, keep_links=False)
        sheet: Any = book.worksheets[0]
        sheet.reset_dimensions()  # the declared size may be wrong, and would cut the sheet
        found = sheet.iter_rows()
    except Exception as error:
        raise _unreadable("not_a_workbook", "The file is not an XLSX workbook, or is damaged.") from error
    while True:
        number += 1
        try:
            row = next(found, None)
            values = None if row is None else [_cell(cell.value, cell.data_type) for cell in row]
        except Exception as error:
            message = phrase("The workbook is damaged after row %(row)s.", row=number - 1)
            raise _unreadable("damaged_workbook", message) from error
        if values is None:
            return
        yield number, values


def _cell(value: object, kind: str) -> Cell:
    if kind == "f":
        return Fault("formula", "This is a formula; paste values instead.")
    if kind == "e":
        return Fault("error_value", phrase("The cell shows the error %(value)s.", value=value))
    match value:
        case None:
            return ""
        case str():
            return trimmed(value)
        case bool():
            return value
        case int() | float():
            return _number(value)
        case datetime():
            if value.time() != time.min:
                return Fault("time_of_day", "A date without a time of day is expected.")
            return value.date()
        case date():
            return value
        case _:
            return Fault("not_a_value", "Neither text nor a number, a date, or yes and no.")


def _number(value: float) -> Cell:
    """The shortest decimal that the float stands for: what the sheet shows, not the binary fraction next to it."""
    if not math.isfinite(value):
        return Fault("not_a_number", "A number is expected.")
    exact = Decimal(repr(value))
    whole = exact.to_integral_value()
    return whole if whole == exact else exact


def _check_archive(data: bytes) -> None:
    """:raises InvalidInput: the container is not what a workbook is kept in, or opening it would be dangerous."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
            if sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
                limit = MAX_UNPACKED_BYTES // 1024 // 1024
                message = phrase("The workbook unpacks to more than %(most)s MiB.", most=limit)
                raise _unreadable("too_large_unpacked", message)
            if any(part.flag_bits & _ENCRYPTED for part in parts):
                raise _unreadable("encrypted", "The file is protected by a password; save it without.")
            if _MARKER not in archive.namelist():
                raise _unreadable("not_a_workbook", "The file is not an XLSX workbook; save it as XLSX or CSV UTF-8.")
            for part in parts:
                with archive.open(part) as content:
                    _check_prolog(content)
    except InvalidInput:
        raise
    except Exception as error:
        raise _unreadable("not_a_workbook", "The file is not an XLSX workbook, or is damaged.") from error


class _RootReached(Exception):
    """Nothing was declared before the first element, and nothing can be after it."""


def _check_prolog(content: Any) -> None:
    """Read a part up to its first element, as the later parser will.

    :raises InvalidInput: it holds a document type, through which entities grow without bound or name other files.
    """

    def declared(*_: object) -> None:
        raise _unreadable("document_type", "The workbook declares a document type; no spreadsheet program writes that.")

    def reached(*_: object) -> None:
        raise _RootReached

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = declared
    parser.StartElementHandler = reached
    try:
        while chunk := content.read(_CHUNK):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)  # the parser may have put off a long token until it knows that no more comes
    except (_RootReached, expat.ExpatError):  # what is not XML (a picture) is not parsed later either
        return


def _unreadable(code: str, message: str, row: int | None = None) -> InvalidInput:
    return InvalidInput([FieldError(FILE, code, message, row)])
