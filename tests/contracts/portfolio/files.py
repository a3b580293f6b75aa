"""Portfolio files made in memory, and reading them."""

import csv
import io
import zipfile
from io import BytesIO, StringIO

import pytest
from openpyxl import Workbook

from accounts.errors import InvalidInput
from contracts import portfolio

ORGANIZATION = {
    "organization_name": "Mirandelle",
    "country": "FR",
    "time_zone": "Europe/Paris",
    "registration_number": "552100554",
}
CONTRACT = {
    "contract_reference": "C-1",
    "concluded_on": "2025-12-01",
    "starts_on": "2026-01-31",
    "first_term_months": "36",
    "notice_length": "3",
    "notice_unit": "months",
    "annual_fee": "12000.00",
    "currency": "EUR",
    "governing_law": "FR",
}
USER = {"user_email": "ann@example.org", "user_display_name": "Ann Żak", "user_external_id": "u-1"}


def a_row(*parts, without=(), **changes):
    """Return an organization's row with the parts given; ``changes`` override, ``without`` leaves cells empty."""
    row = ORGANIZATION.copy()
    for part in parts:
        row |= part
    return {**row, **dict.fromkeys(without, ""), **changes}


def table(rows):
    """Return header and cells of rows given as dicts; a row that lacks a column has an empty cell there."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [names, *([row.get(name, "") for name in names] for row in rows)]


def csv_bytes(cells, *, delimiter=",", encoding="utf-8"):
    out = StringIO()
    csv.writer(out, delimiter=delimiter).writerows(cells)
    return out.getvalue().encode(encoding)


def xlsx_bytes(cells, prepare=None):
    """Return a workbook; ``prepare`` may still change its first sheet."""
    book = Workbook()
    for row in cells:
        book.active.append([None if cell == "" else cell for cell in row])
    if prepare:
        prepare(book.active)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(data, change):
    """Return the workbook with ``change(name, content)`` put for each of its parts; None drops the part."""
    out = io.BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


def read(data, filename="portfolio.csv"):
    return portfolio.read(BytesIO(data), filename=filename)


def read_rows(*rows):
    return read(csv_bytes(table(rows)))


def faults(found):
    return [(error.row, error.field, error.code) for error in found.errors]


def refused(data, filename="portfolio.csv"):
    """Return the errors of a file that is refused as a whole."""
    with pytest.raises(InvalidInput) as raised:
        read(data, filename)
    assert {error.field for error in raised.value.errors} == {"file"}
    return raised.value.errors
