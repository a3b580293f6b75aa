"""One cell of a portfolio file: what it may hold, and its conversion to text, a date, a number, a word of a list."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from accounts.errors import Grouped, phrase

LONGEST_CELL = 32_767
"""The characters that one cell of a spreadsheet can hold."""

# Spreadsheets keep fifteen significant digits of a number: a longer identifier has lost its last ones.
_EXACT_BELOW = 10**15
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INTEGER = re.compile(r"-?[0-9]{1,9}")
_AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_GROUPED_AMOUNT = re.compile(r"-?[0-9][0-9.,'\u2019\s]*")
_YES = frozenset({"yes", "true", "1", "oui", "tak", "ja"})
_NO = frozenset({"no", "false", "0", "non", "nie", "nein"})


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a cell: a code and a sentence, which never quotes the cell: it may be personal."""

    code: str
    message: str


type Cell = str | Decimal | bool | date | Fault
"""A cell as the file gives it: trimmed text ("" if empty), an exact number, yes or no, a day, or what is wrong."""

type Conversion = Callable[[Cell], object]
"""From a cell that is neither empty nor a fault to its value, or to the :class:`Fault` that it has."""


def trimmed(value: str) -> str | Fault:
    """Return the text without the spaces around it, or the fault of a text that no cell can hold."""
    if len(value) > LONGEST_CELL:
        most, has = Grouped(LONGEST_CELL), Grouped(len(value))
        return Fault("too_long", phrase("At most %(most)s characters; this has %(has)s.", most=most, has=has))
    if "\0" in value:
        return Fault("nul_character", "The cell holds a NUL character; the file is damaged or not plain text.")
    return value.strip()


def text(cell: Cell) -> object:
    """Return text as it stands. A number of a spreadsheet is its digits: identifiers are often typed as numbers."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, Decimal):
        if abs(cell) >= _EXACT_BELOW:
            return Fault("imprecise_number", "A number this long has lost digits; format the column as text.")
        return f"{cell.normalize():f}"
    return Fault("not_text", "Text is expected; format the cell as text.")


def upper(cell: Cell) -> object:
    """Return text in capital letters."""
    found = text(cell)
    return found.upper() if isinstance(found, str) else found


def lower(cell: Cell) -> object:
    """Return text in small letters."""
    found = text(cell)
    return found.lower() if isinstance(found, str) else found


def one_of(words: Collection[str]) -> Conversion:
    """Return the conversion to one of ``words``, whatever the case it is written in."""
    by_key = {word.casefold(): word for word in words}
    fault = Fault("unknown", phrase("One of: %(known)s.", known=", ".join(words)))

    def convert(cell: Cell) -> object:
        return by_key.get(cell.casefold(), fault) if isinstance(cell, str) else fault

    return convert


def day(cell: Cell) -> object:
    """Return the day: a date cell of a spreadsheet, or text in the ISO form 2026-01-31 and no other."""
    if isinstance(cell, date):
        return cell
    if not isinstance(cell, str) or not _DATE.fullmatch(cell):
        return Fault("not_iso_date", "Write the date in the ISO form: year-month-day, such as 2026-01-31.")
    try:
        return date.fromisoformat(cell)
    except ValueError:
        return Fault("no_such_date", "The calendar has no such day.")


def integer(cell: Cell) -> object:
    """Return the whole number. In text it has no decimals; in a spreadsheet 12.0 is 12, and 12.5 is refused."""
    if isinstance(cell, Decimal) and cell == cell.to_integral_value():
        cell = f"{cell:.0f}"
    if isinstance(cell, str) and _INTEGER.fullmatch(cell):
        return int(cell)
    return Fault("not_an_integer", "A whole number of at most nine digits is expected, such as 12.")


def months_or_none(cell: Cell) -> object:
    """Return the whole number of months, or ``None`` for the word "none"."""
    if isinstance(cell, str) and cell.casefold() == "none":
        return None
    return integer(cell)


def amount(cell: Cell) -> object:
    """Return the exact amount. A comma or a space in it is refused: 12,000 means two things in Europe."""
    if isinstance(cell, Decimal):
        return cell
    if isinstance(cell, str) and _AMOUNT.fullmatch(cell):
        return Decimal(cell)
    if isinstance(cell, str) and _GROUPED_AMOUNT.fullmatch(cell):
        return Fault(
            "ambiguous_amount", "Write the amount with a point and without spaces or commas, such as 12000.00."
        )
    return Fault("not_an_amount", "An amount is expected, such as 12000.00.")


def yes_or_no(cell: Cell) -> object:
    """Return whether the cell says yes: in English, French, Polish or German, as true or false, as 1 or 0."""
    if isinstance(cell, bool):
        return cell
    word = f"{cell.normalize():f}" if isinstance(cell, Decimal) else cell
    if isinstance(word, str):
        if word.casefold() in _YES:
            return True
        if word.casefold() in _NO:
            return False
    return Fault("not_yes_or_no", "Write yes or no.")
