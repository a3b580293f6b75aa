"""Reading a portfolio: how large a file may be, and whether it is CSV, XLSX or something else."""

from pathlib import PurePath
from typing import BinaryIO

from accounts.errors import FieldError, InvalidInput, phrase
from contracts.portfolio import csv_rows, rows, xlsx_rows
from contracts.portfolio.columns import FILE
from contracts.portfolio.entries import Portfolio

MAX_BYTES = 50 * 1024 * 1024

_ZIP = b"PK\x03\x04"
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_OTHER_SHEETS = frozenset({".xls", ".xlsb", ".ods", ".numbers"})
_WORKBOOKS = frozenset({".xlsx", ".xlsm"})


def read(source: BinaryIO, *, filename: str) -> Portfolio:
    """Return the portfolio that a CSV or XLSX file holds (columns: ``docs/interfaces.md``). Nothing is stored.

    The content decides which of the two it is. Faults of rows stand in ``errors``, at most
    :data:`~contracts.portfolio.rows.MAX_ERRORS` and one that says so. Only the form is checked here: whether a time
    zone exists or a fee has too many decimals is for the operations that store it.

    :raises InvalidInput: the file as a whole is unreadable: too large, neither CSV in UTF-8 nor XLSX, damaged,
        protected, a wrong header, no rows; the field is ``file``.
    """
    data = source.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        most = MAX_BYTES // 1024 // 1024
        raise _unreadable("too_large", phrase("The file is larger than %(most)s MiB.", most=most))
    if data.startswith(_ZIP):
        return rows.gather(xlsx_rows.rows(data))
    if data.startswith(_COMPOUND) and _ENCRYPTED_PACKAGE in data:
        raise _unreadable("encrypted", "The file is protected by a password; save it without.")
    suffix = PurePath(filename).suffix.casefold()
    if data.startswith(_COMPOUND) or suffix in _OTHER_SHEETS:
        raise _unreadable("unsupported_format", "This kind of spreadsheet is not read; save it as XLSX or CSV UTF-8.")
    if suffix in _WORKBOOKS:
        raise _unreadable("not_a_workbook", "The file is not an XLSX workbook, or is damaged.")
    return rows.gather(csv_rows.rows(data))


def _unreadable(code: str, message: str) -> InvalidInput:
    return InvalidInput([FieldError(FILE, code, message)])
