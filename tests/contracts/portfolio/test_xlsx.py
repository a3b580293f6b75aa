"""XLSX: cells that are no text, sheets as people make them, and files that are damaged or hostile."""

import zipfile
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.worksheet.formula import ArrayFormula

from accounts.errors import InvalidInput
from contracts import portfolio
from contracts.portfolio import xlsx_rows
from contracts.portfolio.columns import BY_NAME
from tests.contracts.portfolio.files import (
    CONTRACT,
    USER,
    a_row,
    csv_bytes,
    faults,
    read,
    refused,
    repacked,
    table,
    xlsx_bytes,
)

NAME = "portfolio.xlsx"
SHEET = "xl/worksheets/sheet1.xml"
ROWS = [a_row(CONTRACT, USER), a_row(USER, user_external_id="u-2", user_display_name="Zoë")]
PLAIN = xlsx_bytes(table(ROWS))
MIDNIGHT = datetime.fromisoformat("2026-01-31 00:00")  # a sheet's dates have no zone
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def read_rows(*rows, prepare=None):
    return read(xlsx_bytes(table(rows), prepare), NAME)


def in_sheet(old, new):
    return repacked(PLAIN, lambda name, content: content.replace(old, new) if name == SHEET else content)


def test_the_same_rows_are_the_same_portfolio_in_both_forms():
    found = read(PLAIN, NAME)
    assert found.errors == [] and len(found.organizations[0].users) == 2
    assert found == read(csv_bytes(table(ROWS)))
    assert found == read(PLAIN, "portfolio.csv")


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        pytest.param("starts_on", date(2026, 1, 31), date(2026, 1, 31), id="date"),
        pytest.param("starts_on", MIDNIGHT, date(2026, 1, 31), id="midnight"),
        pytest.param("starts_on", "2026-01-31", date(2026, 1, 31), id="iso-text"),
        pytest.param("annual_fee", 12000, Decimal("12000"), id="whole-amount"),
        pytest.param("annual_fee", 12000.0, Decimal("12000"), id="amount-with-a-zero"),
        pytest.param("annual_fee", 12000.1, Decimal("12000.1"), id="what-the-sheet-shows"),
        pytest.param("annual_fee", 12000.005, Decimal("12000.005"), id="exact-for-later-rules"),
        pytest.param("annual_fee", 1e22, Decimal("10000000000000000000000"), id="exponent"),
        pytest.param("first_term_months", 12, 12, id="months"),
        pytest.param("first_term_months", 12.0, 12, id="months-with-a-zero"),
        pytest.param("first_term_months", "12", 12, id="months-as-text"),
        pytest.param("renewal_term_months", "none", None, id="none"),
        pytest.param("mid_term_exit", True, True, id="true"),
        pytest.param("auto_renewal", False, False, id="false"),
        pytest.param("mid_term_exit", 1, True, id="one"),
        pytest.param("auto_renewal", 0.0, False, id="zero"),
        pytest.param("contract_reference", 4711, "4711", id="reference-typed-as-a-number"),
        pytest.param("contract_reference", 552100554.0, "552100554", id="as-a-float"),
        pytest.param("contract_reference", 100000, "100000", id="no-exponent"),
        pytest.param("contract_reference", 999_999_999_999_999, "999999999999999", id="fifteen-digits"),
        pytest.param("contract_reference", " C-1\u00a0", "C-1", id="spaces"),
    ],
)
def test_a_cell_is_read_as_what_it_is(column, cell, value):
    found = read_rows(a_row(CONTRACT, {column: cell}))
    assert found.errors == []
    got = found.organizations[0].contracts[0].values[BY_NAME[column].field]
    assert (got, type(got)) == (value, type(value))
    assert not isinstance(got, Decimal) or f"{got:f}" == str(value)


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        pytest.param("starts_on", MIDNIGHT + timedelta(hours=8, minutes=30), "time_of_day", id="date-with-time"),
        pytest.param("starts_on", time(8, 30), "not_a_value", id="time"),
        pytest.param("starts_on", 46053, "not_iso_date", id="number-for-a-date"),
        pytest.param("starts_on", "31/01/2026", "not_iso_date", id="french-date"),
        pytest.param("starts_on", True, "not_iso_date", id="boolean-for-a-date"),
        pytest.param("first_term_months", 12.5, "not_an_integer", id="float-months"),
        pytest.param("first_term_months", 1e30, "not_an_integer", id="no-end-of-months"),
        pytest.param("first_term_months", True, "not_an_integer", id="boolean-for-a-number"),
        pytest.param("first_term_months", date(1900, 1, 12), "not_an_integer", id="number-shown-as-a-date"),
        pytest.param("annual_fee", "12 000,00", "ambiguous_amount", id="amount-as-french-text"),
        pytest.param("annual_fee", True, "not_an_amount", id="boolean-for-an-amount"),
        pytest.param("notice_unit", 3, "unknown", id="number-for-a-word"),
        pytest.param("currency", date(2026, 1, 31), "not_text", id="date-for-a-currency"),
        pytest.param("contract_reference", date(2026, 1, 31), "not_text", id="date-for-text"),
        pytest.param("contract_reference", False, "not_text", id="boolean-for-text"),
        pytest.param("contract_reference", 10**15, "imprecise_number", id="sixteen-digits"),
        pytest.param("mid_term_exit", 2, "not_yes_or_no", id="two"),
        pytest.param("mid_term_exit", date(2026, 1, 31), "not_yes_or_no", id="date-for-yes"),
        pytest.param("annual_fee", "=1000*12", "formula", id="formula"),
        pytest.param("annual_fee", ArrayFormula("S3", "=SUM(A1:A2)"), "formula", id="array-formula"),
        pytest.param("annual_fee", "#REF!", "error_value", id="error-cell"),
    ],
)
def test_a_wrong_cell_is_named_by_row_and_column(column, cell, code):
    found = read_rows(a_row(registration_number="fine"), a_row(CONTRACT, {column: cell}))
    assert (3, column, code) in faults(found)
    assert {(row, field) for row, field, _ in faults(found)} == {(3, column)}


@pytest.mark.parametrize(
    ("stored", "shown"),
    [(b"1.1000000000000001", "1.1"), (b"12000.0", "12000"), (b"1.2E4", "12000"), (b"1.5E-3", "0.0015")],
)
def test_a_stored_number_is_read_as_the_sheet_shows_it(stored, shown):
    data = xlsx_bytes(table([a_row(CONTRACT, annual_fee=77.5)]))
    found = read(repacked(data, lambda _, content: content.replace(b"<v>77.5</v>", b"<v>%s</v>" % stored)), NAME)
    assert f"{found.organizations[0].contracts[0].values['annual_fee']:f}" == shown


@pytest.mark.parametrize("stored", [b"1E999", b"-1e999"])
def test_a_number_without_end_is_refused(stored):
    data = xlsx_bytes(table([a_row(CONTRACT, annual_fee=77.5)]))
    found = read(repacked(data, lambda _, content: content.replace(b"<v>77.5</v>", b"<v>%s</v>" % stored)), NAME)
    assert faults(found) == [(2, "annual_fee", "not_a_number")]


def test_a_formula_is_refused_also_in_the_header_and_beyond_it():
    (error, *_) = refused(xlsx_bytes([["country", "=A1"], ["FR", "x"]]), NAME)
    assert error.code == "formula" and "Column 2" in error.message
    found = read_rows(a_row(), prepare=lambda sheet: sheet.cell(2, 9, "=A1"))
    assert faults(found) == [(2, "row", "wrong_cell_count")]


def test_sheets_as_people_make_them():
    def prepare(sheet):
        sheet.insert_rows(3)
        sheet.row_dimensions[2].hidden = True
        sheet.column_dimensions["B"].hidden = True
        sheet.merge_cells("A20:D20")
        sheet["Z30"].style = "Note"
        sheet.auto_filter.ref = "A1:D3"
        sheet.freeze_panes = "A2"
        sheet.parent.create_sheet("Notes")["A1"] = "not read"

    found = read_rows(*ROWS, prepare=prepare)
    assert found.errors == []
    assert [user.row for user in found.organizations[0].users] == [2, 4]


def test_the_first_sheet_is_read():
    def prepare(sheet):
        sheet.parent.create_sheet("Before", 0).append(["colour"])

    (error,) = refused(xlsx_bytes(table(ROWS), prepare), NAME)
    assert error.code == "no_header"


@pytest.mark.parametrize("declared", [b'ref="A1"', b'ref="A1:B2"', b'ref="A1:XFD1048576"'])
def test_a_wrong_declared_size_cuts_nothing(declared):
    assert b'<dimension ref="A1:P3"' in zipfile.ZipFile(BytesIO(PLAIN)).read(SHEET)
    assert read(in_sheet(b'ref="A1:P3"', declared), NAME) == read(PLAIN, NAME)


def test_a_row_number_beyond_every_sheet_does_not_make_us_count_for_ever(monkeypatch):
    monkeypatch.setattr(xlsx_rows, "LAST_ROW", 1000)
    (error,) = refused(in_sheet(b'<row r="3"', b'<row r="999999999999"'), NAME)
    assert (error.code, error.row) == ("too_many_rows", 1001)


def zip_bytes(parts):
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def with_encryption_flag(data):
    at = data.index(b"PK\x01\x02") + 8
    return data[:at] + b"\x01\x00" + data[at + 2 :]


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        pytest.param(b"country\nFR\n", "portfolio.xlsx", "not_a_workbook", id="text-named-xlsx"),
        pytest.param(b"", "portfolio.xlsx", "not_a_workbook", id="empty-named-xlsx"),
        pytest.param(PLAIN[:1000], NAME, "not_a_workbook", id="cut-short"),
        pytest.param(b"PK\x03\x04", NAME, "not_a_workbook", id="nothing-but-the-mark"),
        pytest.param(zip_bytes({"mimetype": "x"}), "portfolio.ods", "not_a_workbook", id="ods"),
        pytest.param(zip_bytes({"[Content_Types].xml": "<Types/>"}), NAME, "not_a_workbook", id="no-workbook-inside"),
        pytest.param(zip_bytes({"[Content_Types].xml": "no xml"}), NAME, "not_a_workbook", id="no-xml-inside"),
        pytest.param(COMPOUND, "portfolio.xls", "unsupported_format", id="xls"),
        pytest.param(COMPOUND, NAME, "unsupported_format", id="xls-named-xlsx"),
        pytest.param(b"country\nFR\n", "portfolio.XLS", "unsupported_format", id="text-named-xls"),
        pytest.param(COMPOUND + "EncryptedPackage".encode("utf-16-le"), NAME, "encrypted", id="password"),
        pytest.param(with_encryption_flag(PLAIN), NAME, "encrypted", id="encrypted-zip"),
        pytest.param(in_sheet(b"</row>", b"</raw>"), NAME, "damaged_workbook", id="broken-xml"),
        pytest.param(in_sheet(b'r="A2"', b'r="2A"'), NAME, "damaged_workbook", id="no-such-cell"),
        pytest.param(xlsx_bytes([]), NAME, "empty", id="empty-sheet"),
        pytest.param(xlsx_bytes(table(ROWS)[:1]), NAME, "no_rows", id="only-a-header"),
    ],
)
def test_what_is_no_workbook_is_refused_as_a_whole(data, name, code):
    (error,) = refused(data, name)
    assert error.code == code


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_opened(monkeypatch):
    bomb = repacked(PLAIN, lambda name, content: content)
    monkeypatch.setattr(xlsx_rows, "load_workbook", lambda *_, **__: pytest.fail("it was opened"))
    monkeypatch.setattr(xlsx_rows, "MAX_UNPACKED_BYTES", 10_000)
    (error,) = refused(bomb, NAME)
    assert error.code == "too_large_unpacked"


@pytest.mark.parametrize("part", ["[Content_Types].xml", "xl/workbook.xml", SHEET, "xl/styles.xml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("before", ["", "<!-- " + "x" * 100_000 + " -->"], ids=["first", "after-a-comment"])
def test_a_document_type_is_refused_in_any_part_and_encoding(part, encoding, before):
    evil = '<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]>'

    def change(name, content):
        if name != part:
            return content
        text = content.decode()
        body = text[text.index("?>") + 2 :] if text.startswith("<?xml") else text
        return f'<?xml version="1.0" encoding="{encoding}"?>{before}{evil}{body}'.encode(encoding)

    (error,) = refused(repacked(PLAIN, change), NAME)
    assert error.code == "document_type"


@given(st.data())
def test_no_damage_makes_it_fail_otherwise_than_by_saying_so(data):
    part = data.draw(st.sampled_from(zipfile.ZipFile(BytesIO(PLAIN)).namelist()))
    noise = data.draw(st.binary(max_size=20))

    def change(name, content):
        if name != part:
            return content
        place = data.draw(st.integers(0, len(content)))
        return content[:place] + noise + content[place + data.draw(st.integers(0, 20)) :]

    for damaged in (repacked(PLAIN, change), PLAIN[: data.draw(st.integers(4, len(PLAIN)))]):
        try:
            portfolio.read(BytesIO(damaged), filename=NAME)
        except InvalidInput as error:
            assert error.errors
