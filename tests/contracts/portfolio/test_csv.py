"""CSV: encodings, delimiters, quotes, rows that are too long or too short, and files that are no CSV at all."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.errors import InvalidInput
from contracts import portfolio
from contracts.portfolio import reader
from tests.contracts.portfolio.files import CONTRACT, USER, a_row, csv_bytes, faults, read, refused, table

ROWS = table([a_row(CONTRACT, USER), a_row(USER, user_external_id="u-2", user_display_name="Zoë")])
PLAIN = csv_bytes(ROWS)
HEADER, FIRST, SECOND = PLAIN.splitlines(keepends=True)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xef\xbb\xbf" + PLAIN, id="byte-order-mark"),
        pytest.param(csv_bytes(ROWS, delimiter=";"), id="semicolons"),
        pytest.param(csv_bytes(ROWS, delimiter="\t"), id="tabs"),
        pytest.param(b"\xef\xbb\xbf" + csv_bytes(ROWS, delimiter=";"), id="semicolons-with-mark"),
        pytest.param(PLAIN.replace(b"\r\n", b"\n"), id="unix-lines"),
        pytest.param(PLAIN.replace(b"\r\n", b"\r"), id="old-mac-lines"),
        pytest.param(PLAIN.removesuffix(b"\r\n"), id="no-last-line-end"),
        pytest.param(PLAIN.replace(b",", b" ,  "), id="spaces-around-cells"),
        pytest.param(PLAIN.replace(b"Mirandelle", b' "Mirandelle"'), id="space-before-a-quote"),
        pytest.param(PLAIN.replace(b"country", b'"Country"'), id="quoted-header"),
        pytest.param(PLAIN + b"\r\n\r\n" + b"," * 17 + b"\r\n ; \r\n".replace(b";", b""), id="blank-rows-at-the-end"),
    ],
)
def test_the_same_portfolio_in_other_clothes(data):
    found = read(data)
    assert found.errors == []
    assert found == read(PLAIN)
    assert [user.display_name for user in found.organizations[0].users] == ["Ann Żak", "Zoë"]


def test_the_content_decides_not_the_name():
    assert read(PLAIN, "portfolio") == read(PLAIN, "PORTFOLIO.CSV") == read(PLAIN)


@pytest.mark.parametrize(
    ("data", "code", "row", "said"),
    [
        pytest.param(b"", "empty", None, "empty", id="empty"),
        pytest.param(b"\xef\xbb\xbf", "empty", None, "empty", id="only-a-mark"),
        pytest.param(HEADER, "no_rows", None, "no rows", id="only-a-header"),
        pytest.param(HEADER + b"\r\n,,\r\n", "no_rows", None, "no rows", id="only-blank-rows"),
        pytest.param(csv_bytes(ROWS, encoding="utf-16"), "not_utf8", 1, "UTF-16", id="utf-16"),
        pytest.param(csv_bytes(ROWS, encoding="utf-16-le"), "not_utf8", 1, "UTF-16", id="utf-16-le-unmarked"),
        pytest.param(csv_bytes(ROWS, encoding="utf-16-be"), "not_utf8", 1, "UTF-16", id="utf-16-be-unmarked"),
        pytest.param(
            HEADER + FIRST + SECOND.decode().encode("latin-1"),
            "not_utf8",
            3,
            "This is not UTF-8 (column 15, character 3); save the file as CSV UTF-8",
            id="latin-1",
        ),
        pytest.param(
            HEADER.replace(b"country", b"pa\xffs") + FIRST, "not_utf8", 1, "(column 2, character 3)", id="in-the-header"
        ),
        pytest.param(HEADER + b'"Miran\n\xe9", FR', "not_utf8", 2, "column 1, character 7", id="in-a-quoted-line"),
        pytest.param(HEADER + FIRST + b'"Miran', "malformed_csv", 3, "quotation mark", id="quote-left-open"),
        pytest.param(HEADER + b'"Miran"delle,FR\n', "malformed_csv", 2, "quotation mark", id="text-after-a-quote"),
        pytest.param(HEADER + b'"' + b"x" * 200_000, "too_long", 2, "far too long", id="beyond-the-field-limit"),
        pytest.param(b"x" * 200_000, "too_long", 1, "far too long", id="header-beyond-the-field-limit"),
        pytest.param(b"\r\n" + PLAIN, "no_header", 1, "first row", id="header-not-on-the-first-row"),
    ],
)
def test_what_is_no_csv_is_refused_as_a_whole(data, code, row, said):
    (error,) = refused(data)
    assert (error.code, error.row) == (code, row)
    assert said in error.message


def test_a_nul_in_the_header_is_named():
    errors = refused(HEADER.replace(b"country", b"coun\0try") + FIRST)
    assert [error.code for error in errors] == ["nul_character", "missing_column"]


def test_a_file_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(reader, "MAX_BYTES", len(PLAIN))
    assert read(PLAIN).errors == []
    (error,) = refused(PLAIN + b"\n")
    assert error.code == "too_large"


@pytest.mark.parametrize(
    ("row", "count"),
    [
        pytest.param(b"Mirandelle,FR,Europe/Paris\n", 3, id="short"),
        pytest.param(SECOND.strip().rsplit(b",", 3)[0] + b"\n", 13, id="three-cells-short"),
        pytest.param(SECOND.strip() + b",\n", 17, id="one-cell-more"),
    ],
)
def test_a_row_of_another_width_than_the_header_is_named(row, count):
    found = read(HEADER + FIRST + row + SECOND)
    assert faults(found) == [(3, "row", "wrong_cell_count")]
    assert found.errors[0].message == f"This row has {count} cells, the header has 16."
    assert len(found.organizations[0].users) == 2


def test_rows_are_counted_as_a_spreadsheet_shows_them():
    lines = FIRST.replace(b"Mirandelle", b'"Mirandelle\nS.A.\r\nParis"')
    found = read(HEADER + b"\r\n" + lines + b",,,\r\n" + SECOND.replace(b"Mirandelle", b"").replace(b"ann@", b""))
    assert found.errors == []
    found = read(HEADER + b"\r\n" + lines + b",,,\r\n" + SECOND)
    assert faults(found) == [(5, "organization_name", "contradicts")]
    assert "row 3" in found.errors[0].message
    assert found.organizations[0].values["name"] == "Mirandelle\nS.A.\r\nParis"


@pytest.mark.parametrize("name", ["=1+1", "+48 22", "-Minus SA", "@Home", '=HYPERLINK("x")'])
def test_text_that_looks_like_a_formula_is_text(name):
    found = read(csv_bytes(table([a_row(organization_name=name)])))
    assert found.errors == []
    assert found.organizations[0].values["name"] == name


def test_the_global_limit_of_the_csv_module_is_left_alone():
    data = csv_bytes(table([a_row(organization_name="x" * 100_000)]))
    assert faults(read(data)) == [(2, "organization_name", "too_long")]


@given(st.binary(max_size=200), st.integers(0, len(PLAIN)), st.integers(0, 20))
def test_no_bytes_make_it_fail_otherwise_than_by_saying_so(noise, place, cut):
    for data in (noise, PLAIN[:place] + noise + PLAIN[place + cut :]):
        try:
            portfolio.read(BytesIO(data), filename="portfolio.csv")
        except InvalidInput as error:
            assert error.errors
