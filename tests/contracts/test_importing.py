"""Importing a portfolio: what a plan says, what is written, refused, or left as it is."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from accounts import tenancy
from accounts.errors import Refused
from accounts.models import AuditEvent, LicensedUser, Organization, OutboxMessage
from accounts.operations import organizations
from contracts.models import Contract
from contracts.operations import importing, signing
from contracts.operations.importing import Outcome
from tests.contracts.imports import BY, NOW, outcomes, preview, refused, run, stored, two_clients
from tests.contracts.portfolio.files import CONTRACT, USER, a_row, read_rows
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
MIRANDELLE = {"name": "Mirandelle", "registration_number": "552100554", "language": "en"}


def test_a_preview_counts_and_writes_nothing():
    before = stored()
    plan = preview(*two_clients())
    assert stored() == before
    assert plan.counts() == {
        "organizations": {"created": 2, "changed": 0, "same": 0, "refused": 0},
        "contracts": {"created": 2, "changed": 0, "same": 0, "refused": 0},
        "users": {"created": 2, "changed": 0, "same": 0, "refused": 0},
    }
    assert plan.errors == plan.warnings == []


def test_a_run_writes_what_the_preview_said():
    assert outcomes(run(*two_clients())) == [
        ("organization", 2, "created", ()),
        ("contract", 2, "created", ()),
        ("user", 2, "created", ()),
        ("user", 3, "created", ()),
        ("organization", 4, "created", ()),
        ("contract", 4, "created", ()),
    ]
    with tenancy.vendor():
        contract = Contract.objects.get(organization__registration_number="552100554")
        assert (contract.status, contract.starts_on, contract.annual_fee) == (
            "signed",
            date(2026, 1, 31),
            Decimal("12000.00"),
        )
        assert contract.time_zone == "Europe/Paris"
        assert set(LicensedUser.objects.values_list("external_id", "status")) == {("u-1", "active"), ("u-2", "active")}


def test_the_trail_holds_the_digest_the_counts_and_every_operation():
    run(*two_clients(), sha256="ab" * 32)
    with tenancy.vendor():
        event = AuditEvent.objects.get(name="portfolio.imported")
        names = Counter(AuditEvent.objects.values_list("name", flat=True))
        actors = set(AuditEvent.objects.values_list("actor", flat=True))
    assert event.data["sha256"] == "ab" * 32 and event.data["contracts"]["created"] == 2
    assert event.organization_id is None and actors == {BY}
    assert names == {
        "organization.created": 2,
        "contract.drafted": 2,
        "contract.signed": 2,
        "licensed_users.put": 1,
        "portfolio.imported": 1,
    }


def test_again_it_is_the_same_and_writes_nothing():
    run(*two_clients())
    before = stored()
    plan = run(*two_clients())
    assert {item.outcome for item in plan.items()} == {Outcome.SAME}
    assert not plan.writes and stored() == before


def test_what_changed_is_named_and_written():
    run(*two_clients())
    changed = [
        a_row(CONTRACT, USER, organization_name="Mirandelle SAS", user_department="Legal", paid_until="2027-01-31"),
        a_row(USER, user_external_id="u-2", organization_name=""),
    ]
    assert outcomes(run(*changed)) == [
        ("organization", 2, "changed", ("organization_name",)),
        ("contract", 2, "changed", ("paid_until",)),
        ("user", 2, "changed", ("user_department",)),
        ("user", 3, "same", ()),
    ]
    with tenancy.vendor():
        contract = Contract.objects.get(organization__name="Mirandelle SAS")
        assert contract.paid_until == date(2027, 1, 31)
        event = AuditEvent.objects.get(name="contract.paid_until_changed")
        assert event.data == {"from": None, "to": "2027-01-31"}
        assert OutboxMessage.objects.filter(topic="contract.paid_until_changed").count() == 1
        assert LicensedUser.objects.get(external_id="u-1").department == "Legal"


def test_an_empty_paid_until_leaves_the_stored_one():
    run(a_row(CONTRACT, paid_until="2027-01-31"))
    assert outcomes(run(a_row(CONTRACT)))[1] == ("contract", 2, "same", ())
    with tenancy.vendor():
        assert Contract.objects.get().paid_until == date(2027, 1, 31)


@pytest.mark.parametrize(
    ("changes", "columns"),
    [
        pytest.param({"annual_fee": "13000.00"}, ["annual_fee"], id="fee"),
        pytest.param({"annual_fee": "12000.0"}, [], id="the-same-amount-written-otherwise"),
        pytest.param({"auto_renewal": "no", "notice_length": "2"}, ["notice_length", "auto_renewal"], id="two-columns"),
        pytest.param({"renewal_term_months": "12"}, ["renewal_term_months"], id="indefinite-becomes-yearly"),
        pytest.param({"annual_fee": "1.00", "paid_until": "2027-01-01"}, ["annual_fee"], id="paid-until-is-no-excuse"),
    ],
)
def test_a_stored_contract_is_not_amended(changes, columns):
    run(a_row(CONTRACT))
    row = a_row(CONTRACT, **changes)
    if columns:
        assert refused(row) == [(2, column, "differs") for column in columns]
    else:
        assert outcomes(run(row))[1][2] == "same"


def test_the_fault_says_what_is_stored():
    run(a_row(CONTRACT))
    (error,) = preview(a_row(CONTRACT, renewal_term_months="12")).errors
    assert error.message == "The stored contract says none; an import does not amend a contract."


def test_a_stored_draft_is_neither_signed_nor_changed():
    with tenancy.vendor():
        client = organizations.create(
            now=NOW, by=BY, **MIRANDELLE, country="FR", time_zone="Europe/Paris", legal_category="company"
        )
        values = read_rows(a_row(CONTRACT)).organizations[0].contracts[0].values
        signing.draft(client, now=NOW, by=BY, **values)
    assert outcomes(run(a_row(CONTRACT)))[1][2] == "same"
    with tenancy.vendor():
        assert Contract.objects.get().status == "draft"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        pytest.param({"organization_name": "<b>M</b>"}, ("organization_name", "html"), id="html-in-the-name"),
        pytest.param({"time_zone": "Paris"}, ("time_zone", "unknown_time_zone"), id="zone"),
        pytest.param({"country": "FRA"}, ("country", "unknown_country"), id="country"),
        pytest.param({"legal_category": "firm"}, ("legal_category", "unknown"), id="legal-category"),
        pytest.param({"contract_reference": "x" * 81}, ("contract_reference", "too_long"), id="reference"),
        pytest.param({"annual_fee": "12000.005"}, ("annual_fee", "too_many_decimals"), id="three-decimals"),
        pytest.param({"currency": "EUX"}, ("currency", "unknown_currency"), id="currency"),
        pytest.param({"notice_length": "40"}, ("notice_length", "longer_than_term"), id="notice-longer-than-term"),
        pytest.param({"erasure_days": "0"}, ("erasure_days", "out_of_range"), id="erasure"),
        pytest.param({"retrieval_days": "-1"}, ("retrieval_days", "out_of_range"), id="retrieval"),
        pytest.param({"starts_on": "1923-01-01"}, ("starts_on", "too_early"), id="start"),
        pytest.param({"user_email": "ann"}, ("user_email", "invalid_email"), id="email"),
        pytest.param({"user_display_name": "A\u202eB"}, ("user_display_name", "control_character"), id="direction"),
        pytest.param({"starts_on": "31/01/2026"}, ("starts_on", "not_iso_date"), id="what-the-reader-found"),
    ],
)
def test_a_fault_is_named_by_row_and_column_and_nothing_is_written(changes, found):
    rows = [a_row(registration_number="1"), a_row(CONTRACT, USER, **changes)]
    assert refused(*rows) == [(3, *found)]


def test_all_faults_are_found_at_once_in_the_order_of_rows():
    rows = [
        a_row(CONTRACT, USER, annual_fee="1.001", user_email="ann", notice_length="-3"),
        a_row(CONTRACT, registration_number="2", time_zone="Mars/Base", currency="QQQ"),
    ]
    assert sorted(refused(*rows)) == [
        (2, "annual_fee", "too_many_decimals"),
        (2, "notice_length", "negative"),
        (2, "user_email", "invalid_email"),
        (3, "currency", "unknown_currency"),
        (3, "time_zone", "unknown_time_zone"),
    ]


def test_faults_are_listed_up_to_a_thousand():
    rows = [a_row(USER, user_external_id=f"u-{number}", user_email="none") for number in range(1_100)]
    found = refused(*rows)
    assert len(found) == 1_001 and found[-1] == (None, "file", "too_many_errors")


def test_unusual_terms_are_told_and_accepted():
    plan = run(a_row(CONTRACT, first_term_months="3", minimum_commitment_months="3", concluded_on="2026-07-01"))
    assert [(warning.row, warning.field, warning.code) for warning in plan.warnings] == [
        (2, "first_term_months", "unusually_short"),
        (2, "minimum_commitment_months", "unusually_short"),
        (2, "concluded_on", "in_the_future"),
    ]
    assert plan.counts()["contracts"]["created"] == 1


def test_partial_imports_what_has_no_fault():
    rows = [
        a_row(CONTRACT, USER, user_email="none"),
        a_row(USER, user_external_id="u-2"),
        a_row(CONTRACT, contract_reference="C-2", currency="QQQ"),
        a_row(CONTRACT, USER, registration_number="2", time_zone="Mars/Base"),
        a_row(CONTRACT, USER, registration_number="3", starts_on="tomorrow"),
    ]
    plan = run(*rows, partial=True)
    assert {(error.row, error.field) for error in plan.errors} == {
        (2, "user_email"),
        (4, "currency"),
        (5, "time_zone"),
        (6, "starts_on"),
    }
    counts = plan.counts()
    assert counts["organizations"] == {"created": 2, "changed": 0, "same": 0, "refused": 1}
    assert counts["contracts"] == {"created": 1, "changed": 0, "same": 0, "refused": 2}
    assert counts["users"] == {"created": 2, "changed": 0, "same": 0, "refused": 2}
    with tenancy.vendor():
        assert set(Contract.objects.values_list("organization__registration_number", "reference")) == {
            ("552100554", "C-1")
        }
        assert set(LicensedUser.objects.values_list("organization__registration_number", "external_id")) == {
            ("552100554", "u-2"),
            ("3", "u-1"),
        }


def test_partial_refuses_a_file_that_was_not_read_to_its_end():
    faulty = [a_row(CONTRACT, contract_reference=f"C-{number}", starts_on="soon") for number in range(1_001)]
    assert refused(*faulty, partial=True)[-1] == (None, "file", "too_many_errors")


def test_nobody_joins_an_organization_whose_data_are_erased():
    run(a_row(USER))
    with tenancy.vendor():
        Organization.objects.update(closed_at=NOW)
    rows = [a_row(USER), a_row(CONTRACT)]
    assert refused(*rows) == [(2, "user_external_id", "organization_closed")]
    assert run(*rows, partial=True).counts()["contracts"]["created"] == 1


def test_identity_is_of_the_organization_not_of_the_whole_table():
    """The same reference and external id next door are others."""
    run(a_row(CONTRACT, USER))
    plan = run(a_row(CONTRACT, USER, registration_number="2"), a_row(USER, country="PL"))
    assert {item.outcome for item in plan.items()} == {Outcome.CREATED}
    with tenancy.vendor():
        assert Contract.objects.count() == 2 and LicensedUser.objects.count() == 3


def test_another_writer_that_was_faster_refuses_the_whole_import(monkeypatch):
    found = importing.preview

    def outrun(portfolio, *, now):
        plan = found(portfolio, now=now)
        an_organization(registration_number="552100554")
        return plan

    monkeypatch.setattr(importing, "preview", outrun)
    before = stored()
    with pytest.raises(Refused) as raised:
        run(*two_clients())
    assert raised.value.code == "organization_exists"
    assert stored() == before
