"""``import_portfolio FILE``: its output, its exit codes, and what it wrote."""

import hashlib
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts import tenancy
from accounts.models import AuditEvent, LicensedUser, Organization
from contracts.models import Contract
from tests.contracts.portfolio.files import CONTRACT, USER, a_row, csv_bytes, table, xlsx_bytes
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture
def file(tmp_path):
    """Return a function that writes rows to a file and returns its path."""

    def write(*rows, name="portfolio.csv", data=None):
        path = tmp_path / name
        path.write_bytes(csv_bytes(table(rows)) if data is None else data)
        return path

    return write


def call(path, *options):
    """Return (exit code, lines of stdout, lines of stderr)."""
    out, err = StringIO(), StringIO()
    try:
        call_command("import_portfolio", str(path), *options, stdout=out, stderr=err)
        code = 0
    except CommandError as error:
        code = error.returncode
        err.write(f"{error}\n")
    except SystemExit as exit_:
        code = exit_.code
    return code, out.getvalue().splitlines(), err.getvalue().splitlines()


def call_json(path, *options):
    """Return (exit code, the JSON object that stands alone on stdout)."""
    code, (line,), err = call(path, *options, "--format", "json")
    assert err == []
    return code, json.loads(line)


def rows_stored():
    with tenancy.vendor():
        return Organization.objects.count(), Contract.objects.count(), LicensedUser.objects.count()


def test_it_imports_and_says_the_counts(file):
    path = file(a_row(CONTRACT, USER), a_row(USER, user_external_id="u-2"))
    assert call(path) == (
        0,
        [
            "organizations: 1 created, 0 changed, 0 same, 0 refused",
            "contracts: 1 created, 0 changed, 0 same, 0 refused",
            "users: 2 created, 0 changed, 0 same, 0 refused",
        ],
        [],
    )
    assert rows_stored() == (1, 1, 2)
    with tenancy.vendor():
        event = AuditEvent.objects.get(name="portfolio.imported")
    assert event.data["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert event.actor == "system"


def test_again_it_says_that_all_is_the_same(file):
    path = file(a_row(CONTRACT, USER))
    call(path)
    assert call(path)[:2] == (
        0,
        [
            "organizations: 0 created, 0 changed, 1 same, 0 refused",
            "contracts: 0 created, 0 changed, 1 same, 0 refused",
            "users: 0 created, 0 changed, 1 same, 0 refused",
        ],
    )


def test_a_workbook_is_read_too(file):
    path = file(name="portfolio.xlsx", data=xlsx_bytes(table([a_row(CONTRACT, USER)])))
    assert call(path)[0] == 0
    assert rows_stored() == (1, 1, 1)


def test_a_dry_run_writes_nothing(file):
    code, out, _err = call(file(a_row(CONTRACT)), "--dry-run")
    assert (code, out[0]) == (0, "Dry run: nothing is written.")
    assert out[2] == "contracts: 1 created, 0 changed, 0 same, 0 refused"
    assert rows_stored() == (0, 0, 0)


@pytest.mark.parametrize("options", [(), ("--dry-run",)], ids=["run", "dry-run"])
def test_wrong_input_is_named_line_by_line_and_nothing_is_written(file, options):
    rows = [
        a_row(CONTRACT),
        a_row(CONTRACT, contract_reference="C-2", starts_on="soon"),
        a_row(CONTRACT, contract_reference="C-3", currency="QQQ"),
    ]
    assert call(file(*rows), *options) == (
        2,
        [],
        [
            "row 3, starts_on: Write the date in the ISO form: year-month-day, such as 2026-01-31.",
            "row 4, currency: Unknown currency; write three letters such as EUR.",
        ],
    )
    assert rows_stored() == (0, 0, 0)


@pytest.mark.parametrize(("options", "stored"), [((), (1, 1, 0)), (("--dry-run",), (0, 0, 0))], ids=["run", "dry-run"])
def test_partial_exits_1_and_names_what_was_refused(file, options, stored):
    rows = [a_row(CONTRACT), a_row(CONTRACT, contract_reference="C-2", currency="QQQ")]
    code, out, err = call(file(*rows), "--partial", *options)
    assert code == 1
    assert out[-2:] == [
        "contracts: 1 created, 0 changed, 0 same, 1 refused",
        "users: 0 created, 0 changed, 0 same, 0 refused",
    ]
    assert err == ["row 3, currency: Unknown currency; write three letters such as EUR."]
    assert rows_stored() == stored


def test_partial_without_faults_exits_0(file):
    assert call(file(a_row(CONTRACT)), "--partial")[0] == 0


def test_what_is_unusual_is_told(file):
    code, out, err = call(file(a_row(CONTRACT, first_term_months="3")))
    assert (code, err) == (0, [])
    assert out[-1] == "unusual: row 2, first_term_months: Unusually short: 3 months; 6 is the practical minimum."


def test_json_is_one_object(file):
    path = file(a_row(CONTRACT, first_term_months="3"), a_row(USER, user_email="none"))
    code, found = call_json(path, "--partial")
    assert code == 1
    assert found["imported"] is True
    assert found["contracts"] == {"created": 1, "changed": 0, "same": 0, "refused": 0}
    assert [(error["row"], error["field"], error["code"]) for error in found["errors"]] == [
        (3, "user_email", "invalid_email")
    ]
    assert [(warning["row"], warning["field"]) for warning in found["warnings"]] == [(2, "first_term_months")]


def test_json_of_wrong_input(file):
    code, found = call_json(file(a_row(CONTRACT, currency="QQQ")))
    assert code == 2
    assert found == {
        "imported": False,
        "errors": [
            {
                "field": "currency",
                "code": "unknown_currency",
                "message": "Unknown currency; write three letters such as EUR.",
                "row": 2,
            }
        ],
    }


@pytest.mark.parametrize(
    ("data", "line"),
    [
        pytest.param(b"", "file: The file is empty.", id="empty"),
        pytest.param(b"name\n1\n", "row 1, file: ", id="header"),
        pytest.param(b"\xff\xfe\x00", "file: ", id="not-text"),
    ],
)
def test_a_file_that_is_no_portfolio_is_wrong_input(file, data, line):
    code, out, err = call(file(data=data))
    assert (code, out) == (2, [])
    assert len(err) == 1 and line in err[0]


def test_a_file_that_is_not_there_is_wrong_input(tmp_path):
    code, _out, (line,) = call(tmp_path / "none.csv")
    assert code == 2 and line.endswith("none.csv: No such file or directory")


def test_a_folder_is_wrong_input(tmp_path):
    assert call(tmp_path)[0] == 2


def test_another_writer_that_was_faster_is_said(file, monkeypatch):
    from contracts.operations import importing

    found = importing.preview

    def outrun(portfolio, *, now):
        plan = found(portfolio, now=now)
        an_organization(registration_number="552100554")
        return plan

    monkeypatch.setattr(importing, "preview", outrun)
    code, out, err = call(file(a_row(CONTRACT)))
    assert (code, out) == (1, [])
    assert err == ["An organization with this country and registration number exists."]
    assert rows_stored() == (0, 0, 0)
