"""The file of index values: its forms, and each of its faults by row and column."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.errors import InvalidInput
from contracts.portfolio import index_values

HEADER = "series,period,value,published_on"


def read(*lines):
    return index_values.read("\n".join(lines).encode())


@pytest.mark.parametrize(
    ("written", "first_day"),
    [
        ("2026-01", "2026-01-01"),
        ("2026-12", "2026-12-01"),
        ("2026-Q1", "2026-01-01"),
        ("2026Q3", "2026-07-01"),
        ("2026-t4", "2026-10-01"),
        ("2026-04-01", "2026-04-01"),
    ],
)
def test_a_period_is_written_in_several_ways(written, first_day):
    (entry,) = read(HEADER, f"SYN,{written},131.20,2027-01-15").entries
    assert entry == index_values.ValueEntry(
        2, "SYN", date.fromisoformat(first_day), Decimal("131.20"), date(2027, 1, 15)
    )


def test_columns_come_in_any_order_and_with_any_delimiter_and_blank_rows_are_passed_over():
    found = read("Published_On;VALUE;series;period", "2026-02-15;1.5;A;2026-01", ";;;", "2026-03-15;1.6;A;2026-02")
    assert [(entry.row, entry.value) for entry in found.entries] == [(2, Decimal("1.5")), (4, Decimal("1.6"))]
    assert found.errors == []


@pytest.mark.parametrize(
    ("row", "faults"),
    [
        ("SYN,2026-13,1,2026-02-15", [("period", "not_iso_date")]),
        ("SYN,2026-Q5,1,2026-02-15", [("period", "not_iso_date")]),
        ("SYN,0000-01,1,2026-02-15", []),
        ("SYN,2026-01,0,2026-02-15", [("value", "not_above_zero")]),
        ("SYN,2026-01,-1,2026-02-15", [("value", "not_above_zero")]),
        ('SYN,2026-01,"1,5",2026-02-15', [("value", "not_a_value")]),
        ("SYN,2026-01,NaN,2026-02-15", [("value", "not_a_value")]),
        ("SYN,2026-01,1e3,2026-02-15", [("value", "not_a_value")]),
        ("SYN,2026-01,0.123456789,2026-02-15", [("value", "out_of_range")]),
        ("SYN,2026-01,10000000000,2026-02-15", [("value", "out_of_range")]),
        ("SYN,2026-01,1,15.02.2026", [("published_on", "not_iso_date")]),
        ("SYN,2026-01,1,2026-02-30", [("published_on", "no_such_date")]),
        (",,1,", [("series", "blank"), ("period", "blank"), ("published_on", "blank")]),
        ("SYN,2026-01,1", [("row", "wrong_cell_count")]),
        ("SYN,2026-01,1,2026-02-15,x", [("row", "wrong_cell_count")]),
    ],
)
def test_a_fault_names_row_and_column(row, faults):
    found = read(HEADER, row)
    assert [(error.row, error.field, error.code) for error in found.errors] == [(2, *fault) for fault in faults]
    assert len(found.entries) == (0 if faults else 1)


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (b"", ["empty"]),
        (HEADER.encode(), ["no_rows"]),
        (b"series,period,value", ["missing_column"]),
        (b"series,period,value,published_on,value\n", ["duplicate_column"]),
        (b"series,period,worth,published_on\n", ["unknown_column", "missing_column"]),
        (HEADER.encode() + b"\nS\xff,2026-01,1,2026-02-15", ["not_utf8"]),
        (HEADER.encode("utf-16"), ["not_utf8"]),
        (b"x" * (index_values.MAX_BYTES + 1), ["too_large"]),
    ],
    ids=["empty", "no-rows", "missing", "twice", "unknown", "not-utf8", "utf16", "too-large"],
)
def test_a_file_that_cannot_be_read_says_why(content, codes):
    with pytest.raises(InvalidInput) as raised:
        index_values.read(content)
    assert [error.code for error in raised.value.errors] == codes


def test_no_more_than_a_thousand_faults_are_listed():
    found = read(HEADER, *["SYN,x,1,2026-02-15"] * 1500)
    assert len(found.errors) == index_values.MAX_ERRORS + 1
    assert found.errors[-1].code == "too_many_errors"


def test_a_file_has_an_end(monkeypatch):
    monkeypatch.setattr(index_values, "MAX_ROWS", 2)
    with pytest.raises(InvalidInput) as raised:
        read(HEADER, *["SYN,2026-01,1,2026-02-15"] * 3)
    assert raised.value.errors[0].code == "too_many_rows"
