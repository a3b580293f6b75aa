"""What rows say together: entries, defaults, repetitions, contradictions, and a fault for each wrong cell."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.portfolio import rows
from contracts.portfolio.columns import COLUMNS
from tests.contracts.portfolio.files import CONTRACT, USER, a_row, csv_bytes, faults, read, read_rows, refused, table


def test_one_row_can_hold_an_organization_a_contract_and_a_user():
    found = read_rows(a_row(CONTRACT, USER, country="fr", currency="eur", user_department=" Legal "))
    assert found.errors == []
    (organization,) = found.organizations
    assert organization.row == 2
    assert organization.values == {
        "name": "Mirandelle",
        "country": "FR",
        "time_zone": "Europe/Paris",
        "language": "en",
        "legal_category": "company",
        "registration_number": "552100554",
    }
    (contract,) = organization.contracts
    assert contract.row == 2
    assert contract.values == {
        "reference": "C-1",
        "concluded_on": date(2025, 12, 1),
        "starts_on": date(2026, 1, 31),
        "first_term_months": 36,
        "minimum_commitment_months": 0,
        "renewal_term_months": None,
        "notice_length": 3,
        "notice_unit": "months",
        "annual_fee": Decimal("12000.00"),
        "currency": "EUR",
        "billing_interval": "year",
        "billing_timing": "advance",
        "paid_until": None,
        "auto_renews": True,
        "governing_law": "FR",
        "notice_effect": "receipt",
        "mid_term_exit": False,
        "retrieval_days": 30,
        "erasure_days": None,
        "end_choice": "return_then_delete",
    }
    (user,) = organization.users
    assert (user.row, user.external_id, user.email, user.display_name, user.department) == (
        2,
        "u-1",
        "ann@example.org",
        "Ann Żak",
        "Legal",
    )


def test_later_rows_need_only_the_identity_of_what_they_add_to():
    found = read_rows(
        a_row(CONTRACT, USER),
        a_row(without=["organization_name", "time_zone"], contract_reference="C-1"),
        a_row(USER, without=["organization_name", "time_zone"], user_external_id="u-2"),
        a_row(CONTRACT, contract_reference="C-2"),
        a_row(organization_name="Borealis", country="NZ"),
    )
    assert found.errors == []
    mirandelle, borealis = found.organizations
    assert [entry.values["reference"] for entry in mirandelle.contracts] == ["C-1", "C-2"]
    assert [(entry.row, entry.external_id) for entry in mirandelle.users] == [(2, "u-1"), (4, "u-2")]
    assert (borealis.row, borealis.values["country"], borealis.contracts, borealis.users) == (6, "NZ", [], [])


def test_a_field_of_an_organization_may_stand_on_any_of_its_rows():
    found = read_rows(a_row(without=["time_zone"]), a_row(language="FR", legal_category="Association"))
    assert found.errors == []
    values = found.organizations[0].values
    assert (values["time_zone"], values["language"], values["legal_category"]) == ("Europe/Paris", "fr", "association")


def test_the_same_reference_in_two_organizations_is_two_contracts():
    found = read_rows(a_row(CONTRACT), a_row(CONTRACT, registration_number="other", annual_fee="1.00"))
    assert found.errors == []
    assert [len(organization.contracts) for organization in found.organizations] == [1, 1]


@pytest.mark.parametrize(
    ("second", "field", "code"),
    [
        pytest.param({"organization_name": "Mirandel"}, "organization_name", "contradicts", id="name"),
        pytest.param({"time_zone": "Europe/Warsaw"}, "time_zone", "contradicts", id="zone"),
        pytest.param({"annual_fee": "12000.01"}, "annual_fee", "contradicts", id="fee"),
        pytest.param({"starts_on": "2026-02-01"}, "starts_on", "contradicts", id="start"),
        pytest.param({"auto_renewal": "non"}, "auto_renewal", "contradicts", id="the-first-row's-default"),
        pytest.param({"renewal_term_months": "12"}, "renewal_term_months", "contradicts", id="indefinite-is-a-value"),
        pytest.param({"user_display_name": "Anne Żak"}, "user_external_id", "duplicate", id="user-name"),
        pytest.param({"user_department": "Legal"}, "user_external_id", "duplicate", id="user-department"),
    ],
)
def test_a_row_that_says_otherwise_names_the_first(second, field, code):
    found = read_rows(a_row(CONTRACT, USER), a_row(registration_number="other"), a_row(CONTRACT, USER, **second))
    assert faults(found) == [(4, field, code)]
    assert "row 2" in found.errors[0].message.lower()


@pytest.mark.parametrize(
    "second",
    [
        pytest.param({}, id="word-for-word"),
        pytest.param({"annual_fee": "12000.0", "currency": "eur", "country": "fr"}, id="the-same-values"),
        pytest.param({"auto_renewal": "tak", "renewal_term_months": "none"}, id="the-defaults-said-aloud"),
    ],
)
def test_a_row_that_says_the_same_adds_nothing(second):
    found = read_rows(a_row(CONTRACT, USER), a_row(CONTRACT, USER, **second))
    assert found.errors == []
    assert [(len(entry.contracts), len(entry.users)) for entry in found.organizations] == [(1, 1)]


def test_a_user_of_another_organization_may_have_the_same_external_id():
    found = read_rows(a_row(USER), a_row(USER, registration_number="other", user_display_name="Bob"))
    assert found.errors == []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param(a_row(without=["country"]), [(2, "country", "blank")], id="country"),
        pytest.param(
            a_row(without=["registration_number"]), [(2, "registration_number", "blank")], id="registration-number"
        ),
        pytest.param(a_row(without=["time_zone"]), [(2, "time_zone", "blank")], id="zone-on-no-row"),
        pytest.param(
            a_row(CONTRACT, without=["starts_on", "currency"]),
            [(2, "starts_on", "blank"), (2, "currency", "blank")],
            id="contract-in-part",
        ),
        pytest.param(
            a_row(dict.fromkeys(CONTRACT, ""), contract_reference="C-9", governing_law="FR"),
            [(2, name, "blank") for name in CONTRACT if name not in {"contract_reference", "governing_law"}],
            id="contract-begun",
        ),
        pytest.param(
            a_row(dict.fromkeys(USER, ""), user_department="Legal"),
            [(2, "user_email", "blank"), (2, "user_display_name", "blank"), (2, "user_external_id", "blank")],
            id="user-begun",
        ),
        pytest.param(
            a_row(CONTRACT, USER, country="", starts_on="soon", user_email=""),
            [(2, "starts_on", "not_iso_date"), (2, "country", "blank"), (2, "user_email", "blank")],
            id="every-fault-of-a-row",
        ),
    ],
)
def test_what_must_not_be_empty(row, expected):
    found = read_rows(row)
    assert faults(found) == expected


@pytest.mark.parametrize(
    ("column", "written", "value"),
    [
        pytest.param("concluded_on", "2024-02-29", date(2024, 2, 29), id="leap-day"),
        pytest.param("annual_fee", "12000", Decimal("12000"), id="no-decimals"),
        pytest.param("annual_fee", "12000.005", Decimal("12000.005"), id="exact-for-later-rules"),
        pytest.param("annual_fee", "-1.00", Decimal("-1.00"), id="negative-for-later-rules"),
        pytest.param("first_term_months", "012", 12, id="leading-zero"),
        pytest.param("renewal_term_months", "None", None, id="none"),
        pytest.param("renewal_term_months", "12", 12, id="renewal"),
        pytest.param("notice_unit", "Weeks", "weeks", id="unit-in-capitals"),
        pytest.param("governing_law", "other", "OTHER", id="law-in-small-letters"),
        pytest.param("billing_interval", "HALF_YEAR", "half_year", id="interval"),
        pytest.param("paid_until", "2026-07-01", date(2026, 7, 1), id="paid-until"),
        *(pytest.param("mid_term_exit", word, True, id=word) for word in ("YES", "true", "1", "Oui", "tak", "ja")),
        *(pytest.param("auto_renewal", word, False, id=word) for word in ("no", "False", "0", "non", "NIE", "nein")),
    ],
)
def test_a_written_value_is_read(column, written, value):
    found = read_rows(a_row(CONTRACT, {column: written}))
    assert found.errors == []
    (field,) = [known.field for known in COLUMNS if known.name == column]
    read_value = found.organizations[0].contracts[0].values[field]
    assert (read_value, str(read_value)) == (value, str(value))


@pytest.mark.parametrize(
    ("column", "written", "code"),
    [
        pytest.param("starts_on", "31/01/2026", "not_iso_date", id="french-date"),
        pytest.param("starts_on", "31.01.2026", "not_iso_date", id="german-date"),
        pytest.param("starts_on", "20260131", "not_iso_date", id="compact-date"),
        pytest.param("starts_on", "2026-W05-6", "not_iso_date", id="week-date"),
        pytest.param("starts_on", "2026-01-31 00:00:00", "not_iso_date", id="date-with-time"),
        pytest.param("starts_on", "2026-1-31", "not_iso_date", id="short-month"),
        pytest.param("starts_on", "2026-02-30", "no_such_date", id="thirtieth-of-february"),
        pytest.param(
            "starts_on", "\u0662\u0660\u0662\u0666-\u0660\u0661-\u0663\u0661", "not_iso_date", id="other-digits"
        ),
        pytest.param("annual_fee", "12 000,00", "ambiguous_amount", id="space-and-comma"),
        pytest.param("annual_fee", "12\u202f000", "ambiguous_amount", id="narrow-space"),
        pytest.param("annual_fee", "12000,00", "ambiguous_amount", id="decimal-comma"),
        pytest.param("annual_fee", "12,000.00", "ambiguous_amount", id="thousands"),
        pytest.param("annual_fee", "1.200.000", "ambiguous_amount", id="two-points"),
        pytest.param("annual_fee", "NaN", "not_an_amount", id="nan"),
        pytest.param("annual_fee", "Infinity", "not_an_amount", id="infinity"),
        pytest.param("annual_fee", "-inf", "not_an_amount", id="minus-infinity"),
        pytest.param("annual_fee", "1e5", "not_an_amount", id="exponent"),
        pytest.param("annual_fee", "12000 EUR", "not_an_amount", id="with-currency"),
        pytest.param("annual_fee", "1_000", "not_an_amount", id="underscore"),
        pytest.param("first_term_months", "12.5", "not_an_integer", id="float-months"),
        pytest.param("first_term_months", "12.0", "not_an_integer", id="float-months-in-text"),
        pytest.param("first_term_months", "twelve", "not_an_integer", id="months-in-words"),
        pytest.param("first_term_months", "9" * 5000, "not_an_integer", id="no-end-of-digits"),
        pytest.param("retrieval_days", "none", "not_an_integer", id="none-elsewhere"),
        pytest.param("notice_unit", "month", "unknown", id="unit-in-singular"),
        pytest.param("governing_law", "GB", "unknown", id="law"),
        pytest.param("billing_timing", "later", "unknown", id="timing"),
        pytest.param("auto_renewal", "maybe", "not_yes_or_no", id="maybe"),
        pytest.param("user_email", "x" * 32_768, "too_long", id="longer-than-a-cell"),
        pytest.param("user_display_name", "An\0n", "nul_character", id="nul"),
    ],
)
def test_a_wrong_cell_is_named_by_row_and_column(column, written, code):
    row = a_row(CONTRACT, USER, {column: written})
    found = read_rows(a_row(registration_number="fine"), row)
    assert faults(found) == [(3, column, code)]


def test_a_message_does_not_repeat_the_cell_which_may_be_personal():
    row = a_row(CONTRACT, dict.fromkeys(CONTRACT, "ann@example.org"))
    messages = [error.message for error in read_rows(row).errors]
    assert len(messages) == 7 and not any("ann@" in message for message in messages)


def test_the_message_about_a_date_says_iso():
    found = read_rows(a_row(CONTRACT, starts_on="31/01/2026"))
    assert "ISO" in found.errors[0].message and "2026-01-31" in found.errors[0].message


def test_what_has_a_fault_is_left_out_and_the_rest_is_there():
    found = read_rows(
        a_row(CONTRACT, USER),
        a_row(CONTRACT, contract_reference="C-2", annual_fee="much"),
        a_row(USER, user_external_id="u-2", user_email=""),
        a_row(CONTRACT, contract_reference="C-2"),
        a_row(without=["organization_name"], registration_number="nameless"),
    )
    assert faults(found) == [
        (3, "annual_fee", "not_an_amount"),
        (4, "user_email", "blank"),
        (6, "organization_name", "blank"),
    ]
    (organization,) = found.organizations
    assert [contract.values["reference"] for contract in organization.contracts] == ["C-1"]
    assert [user.external_id for user in organization.users] == ["u-1"]


def test_faults_come_in_the_order_of_the_rows():
    found = read_rows(a_row(without=["organization_name"]), a_row(CONTRACT, starts_on="soon", organization_name=""))
    assert [error.row for error in found.errors] == [2, 3]


@pytest.mark.parametrize(("wrong", "listed"), [(999, 999), (1_000, 1_000), (1_001, 1_001), (5_000, 1_001)])
def test_at_most_a_thousand_faults_are_listed_and_one_that_says_so(wrong, listed):
    found = read_rows(*(a_row(USER, user_external_id=f"u-{n}", user_email="") for n in range(wrong)))
    assert len(found.errors) == listed
    assert (found.errors[-1].code == "too_many_errors") == (wrong > 1_000)


def test_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setattr(rows, "MAX_ROWS", 2)
    assert read_rows(a_row(), a_row()).errors == []
    (error,) = refused(csv_bytes(table([a_row()] * 3)))
    assert (error.code, error.row) == ("too_many_rows", 4)


@given(st.permutations([column.name for column in COLUMNS]))
def test_the_order_of_the_columns_does_not_matter(names):
    row = a_row(CONTRACT, USER)
    found = read(csv_bytes([[name.upper() for name in names], [row.get(name, "") for name in names]]))
    assert found == read_rows(row)
