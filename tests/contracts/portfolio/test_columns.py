"""The columns: what they fill, what a header may be, and that the documentation says the same."""

from inspect import signature
from pathlib import Path

import pytest

from accounts.operations.organizations import FIELDS
from contracts.operations.signing import draft
from contracts.portfolio.columns import COLUMNS, Group, column_of
from tests.contracts.portfolio.files import CONTRACT, ORGANIZATION, USER, a_row, csv_bytes, read, refused, table

INTERFACES = Path(__file__).parents[3] / "docs" / "interfaces.md"


def header_faults(names):
    errors = refused(csv_bytes([names, ["x"] * len(names)]))
    assert {error.row for error in errors} == {1}
    return [(error.code, error.message) for error in errors]


# What a portfolio file does not carry, and why: it is agreed one contract at a time, in the admin or by REST.
NOT_IN_FILES = {
    "notice_end_of": "few contracts say it; a file that lacked it would contradict those that do",
    "seats": "unlimited is the standard",
    "early_exit_rate": "a clause with its disclosure, read from the contract itself",
    "early_exit_cap": "as the rate",
    "early_exit_refunds": "as the rate",
    "early_exit_disclosed_on": "as the rate",
    "switching_notice_months": "two, as the law says, unless the contract itself is read",
    "index_series": "a clause with its base value, read from the contract itself",
    "index_fixed_part": "as the series",
    "index_floor": "as the series",
    "index_cap": "as the series",
    "index_base_period": "as the series",
    "index_base_value": "as the series",
    "reminder_leads": "the usual leads, unless set on the contract's page",
    "reminds_client": "the client opts in, one contract at a time",
    "features": "a file that was accepted once says everything; an amendment narrows it",
    "owner": "a person of the vendor's, not of the client's file",
}


def test_the_columns_fill_what_registering_and_drafting_take():
    taken = set(signature(draft).parameters) - {"organization", "now", "by", "time_zone"} - NOT_IN_FILES.keys()
    assert {column.field for column in COLUMNS if column.group is Group.CONTRACT} == taken
    assert {column.field for column in COLUMNS if column.group is Group.ORGANIZATION} == set(FIELDS)


def test_the_defaults_are_those_of_drafting():
    defaults = {name: parameter.default for name, parameter in signature(draft).parameters.items()}
    for column in COLUMNS:
        if column.group is Group.CONTRACT and not column.required:
            assert column.default == defaults[column.field], column.name


def test_a_fault_found_later_can_be_named_by_its_column():
    assert column_of(Group.CONTRACT, "auto_renews").name == "auto_renewal"
    assert column_of(Group.USER, "email").name == "user_email"
    assert column_of(Group.ORGANIZATION, "name").name == "organization_name"


def test_the_documentation_lists_the_columns_as_they_are():
    section = INTERFACES.read_text(encoding="utf-8").partition("## Portfolio file")[2].partition("\n## ")[0]
    lines = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in section.splitlines() if "|" in line]
    documented = [
        (name, required, default) for name, required, _, default, _ in (line for line in lines if len(line) == 5)
    ]
    assert documented[2:] == [(c.name, "yes" if c.required else "no", as_written(c.default)) for c in COLUMNS]


def as_written(default):
    if default is None:
        return ""
    return {True: "yes", False: "no"}[default] if isinstance(default, bool) else str(default)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([], id="organizations-only"),
        pytest.param([CONTRACT], id="with-contracts"),
        pytest.param([USER], id="with-users"),
    ],
)
def test_the_columns_of_a_group_that_the_header_does_not_name_are_not_needed(parts):
    assert read(csv_bytes(table([a_row(*parts)]))).errors == []


@pytest.mark.parametrize(
    ("names", "code", "said"),
    [
        pytest.param([*ORGANIZATION, "Contry"], "unknown_column", "Column 5 is named 'Contry'", id="typo"),
        pytest.param([*ORGANIZATION, "Contry"], "unknown_column", "Is country meant?", id="typo-with-hint"),
        pytest.param([*ORGANIZATION, "renewal"], "unknown_column", "none of the portfolio's", id="unknown"),
        pytest.param([*ORGANIZATION, "x" * 5000], "unknown_column", "'" + "x" * 60 + "'", id="long-name-is-cut"),
        pytest.param([*ORGANIZATION, " COUNTRY "], "duplicate_column", "country comes 2 times", id="twice"),
        pytest.param([*ORGANIZATION, ""], "unnamed_column", "Column 5 has no name", id="unnamed"),
        pytest.param(["country", *USER], "missing_column", "registration_number is missing", id="identity"),
        pytest.param([*ORGANIZATION, "starts_on"], "missing_column", "contract_reference is missing", id="contract"),
        pytest.param([*ORGANIZATION, "user_email"], "missing_column", "user_external_id is missing", id="user"),
        pytest.param(["FR", "552100554"], "no_header", "must hold the columns' names", id="no-header"),
    ],
)
def test_a_wrong_header_is_refused_with_the_column_named(names, code, said):
    assert any(found == code and said in message for found, message in header_faults(names))


def test_every_fault_of_a_header_is_listed():
    codes = [code for code, _ in header_faults(["country", "Country", "zone", "", "time_zone"])]
    assert codes == ["unknown_column", "unnamed_column", "duplicate_column", "missing_column", "missing_column"]


def test_a_file_without_header_does_not_have_its_first_row_repeated():
    assert "ann@" not in header_faults(["ann@example.org", "Ann"])[0][1]
