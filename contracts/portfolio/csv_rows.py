"""The rows of a CSV file: its encoding, its delimiter, its quotes."""

import csv
import io
import re
from collections.abc import Iterator

from accounts.errors import FieldError, InvalidInput, phrase
from contracts.portfolio.cells import Cell, trimmed
from contracts.portfolio.columns import BY_NAME, FILE, key_of

_DELIMITERS = ",;\t"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# A byte that is not UTF-8 is decoded to one of these, which no valid UTF-8 gives: so its row and column are known.
_UNDECODED = re.compile("[\udc80-\udcff]")


def rows(data: bytes) -> Iterator[tuple[int, list[Cell]]]:
    """Yield each row with its number as a spreadsheet counts it: the header is 1, a cell with line breaks is one row.

    The encoding is UTF-8 with or without a byte order mark; the delimiter is the comma, semicolon or tab of the header.

    :raises InvalidInput: at the row where the file is no CSV in UTF-8; the fault names row, column and character.
    """
    if data.startswith(_UTF16_MARKS) or b"\0" in data[:2]:
        raise _unreadable("not_utf8", "This is not UTF-8 but UTF-16; save the file as CSV UTF-8.", 1)
    lines = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", errors="surrogateescape", newline="")
    first = lines.readline()
    lines.seek(0)
    reader = csv.reader(lines, delimiter=_delimiter(first), skipinitialspace=True, strict=True)
    number = 0
    while True:
        number += 1
        try:
            record = next(reader, None)
        except csv.Error as error:
            raise _malformed(error, number) from error
        if record is None:
            return
        for place, cell in enumerate(record, start=1):
            if undecoded := _UNDECODED.search(cell):
                message = phrase(
                    "This is not UTF-8 (column %(column)s, character %(character)s); save the file as CSV UTF-8.",
                    column=place,
                    character=undecoded.start() + 1,
                )
                raise _unreadable("not_utf8", message, number)
        yield number, [trimmed(cell) for cell in record]


def _delimiter(line: str) -> str:
    """Return the delimiter that makes the most of the header's names known; else the most frequent."""

    def known(delimiter: str) -> tuple[int, int]:
        names = line.split(delimiter)
        return sum(key_of(name.strip().strip('"')) in BY_NAME for name in names), len(names)

    return max(_DELIMITERS, key=known)


def _malformed(error: csv.Error, row: int) -> InvalidInput:
    if "field limit" in str(error):
        return _unreadable("too_long", "A cell is far too long; is a quotation mark left open?", row)
    return _unreadable("malformed_csv", "A quotation mark is left open, or stands undoubled in a quoted cell.", row)


def _unreadable(code: str, message: str, row: int) -> InvalidInput:
    return InvalidInput([FieldError(FILE, code, message, row)])
