"""Clauses recorded: one current of each, the earlier one kept, evidence where it must be; the checklist by REST."""

import json
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts import tenancy
from accounts.errors import InvalidInput
from accounts.models import Document
from contracts import clauses_explained
from contracts.enums import ClauseCode
from contracts.models import Contract, ContractClause
from contracts.operations import clauses
from tests.api.callers import caller
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import MANAGER, at_once, trail
from tests.contracts.operations.switches import a_proof
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture
def contract():
    return a_signed_contract(an_organization())


def record(contract, code, value, **more):
    with tenancy.vendor():
        return clauses.record(contract, code=ClauseCode(code), value=value, now=at("2026-01-05"), by=MANAGER, **more)


def severities(contract, on="2026-06-01"):
    with tenancy.vendor():
        found = clauses.checklist(Contract.objects.get(pk=contract.pk), on=date.fromisoformat(on))
    return {one.item: one.severity.value for one in found}


def test_a_later_clause_supersedes_the_earlier_one(contract):
    record(contract, "transition_days", 45)
    assert severities(contract)["transition_days"] == "violated"
    record(contract, "transition_days", 30)
    assert severities(contract)["transition_days"] == "ok"
    with tenancy.vendor():
        rows = ContractClause.objects.order_by("pk").values_list("value", "superseded_at")
        assert list(rows) == [(45, at("2026-01-05")), (30, None)]
    events, topics = trail(contract)
    assert events["contract.clause_recorded"] == topics["contract.clause_recorded"] == 2


def test_two_who_record_at_once_leave_one_current(contract):
    def one():
        clauses.record(contract, code=ClauseCode.BREACH_HOURS, value=24, now=at("2026-01-05"), by=MANAGER)

    assert at_once(one) == (2, [])
    with tenancy.vendor():
        assert ContractClause.objects.filter(superseded_at__isnull=True).count() == 1


def test_training_and_validity_need_evidence(contract):
    for code, value, more in (
        ("training_allowed", True, {}),
        ("hosting", {"location": "FR", "provider": "x"}, {"valid_until": date(2027, 1, 1)}),
    ):
        with pytest.raises(InvalidInput) as raised:
            record(contract, code, value, **more)
        assert [error.field for error in raised.value.errors] == ["evidence"]
    record(contract, "training_allowed", True, evidence=a_proof(contract.organization))
    assert severities(contract)["training_allowed"] == "ok"


def test_evidence_expires_by_itself(contract):
    hosted = {"location": "FR", "provider": "Else"}
    record(contract, "hosting", hosted, evidence=a_proof(contract.organization), valid_until=date(2026, 12, 31))
    assert severities(contract, "2026-12-31")["hosting"] == "ok"
    assert severities(contract, "2027-01-01")["hosting"] == "violated"


VIOLATIONS = {
    "transition_days": 31,
    "breach_hours": 73,
    "erasure_guarantee": False,
    "client_separation": False,
    "switching_charges": "above_cost",
    "exportable_data": ["messages"],
    "hosting": {"location": "US", "provider": "Else"},
}
SOUND = {
    "transition_days": 30,
    "breach_hours": 24,
    "erasure_guarantee": True,
    "switching_charges": "at_cost",
    "exportable_data": ["context_items", "conversations", "diagnostics", "licensed_users", "messages"],
    "hosting": {"location": "FR", "provider": "Else"},
}


def those_that_violate(on="2026-06-01"):
    with tenancy.vendor():
        found = clauses.violating(on=date.fromisoformat(on), most=5)
        return {one.reference: clauses_explained.violated(findings) for one, findings in found}


@pytest.mark.parametrize("code", VIOLATIONS)
def test_a_contract_that_violates_a_clause_is_found(contract, code):
    record(contract, code, VIOLATIONS[code])
    assert len(those_that_violate()["C-1"]) == 1


@pytest.mark.parametrize(
    "column",
    [
        {"switching_notice_months": 3},
        {"retrieval_days": 29},
        {"early_exit_rate": "0.5", "concluded_on": date(2025, 9, 12)},
    ],
    ids=lambda column: next(iter(column)),
)
def test_a_contract_whose_column_violates_is_found(contract, column):
    with tenancy.vendor():
        Contract.objects.filter(pk=contract.pk).update(**column)
    assert len(those_that_violate()["C-1"]) == 1


def test_a_sound_contract_is_not_among_them_until_the_law_or_its_evidence_changes(contract):
    for code, value in SOUND.items():
        proof = {}
        if code == "hosting":
            proof = {"evidence": a_proof(contract.organization), "valid_until": date(2027, 1, 31)}
        record(contract, code, value, **proof)
    assert those_that_violate() == {}
    assert those_that_violate("2027-01-12") == {"C-1": ["Switching charges"]}
    assert those_that_violate("2027-02-01") == {"C-1": ["Switching charges", "Hosting"]}


def test_over_rest_a_clause_is_recorded_and_the_client_sees_the_checklist(contract):
    path = f"/api/v1/contracts/{contract.public_id}"
    manager = caller("contract_manager")
    body = {"code": "hosting", "value": '{"location": "FR", "provider": "Else"}', "valid_until": "2090-01-01"}
    letter = SimpleUploadedFile("iso.pdf", b"%PDF", content_type="application/pdf")
    client = Client(headers={"Authorization": f"Bearer {manager._token}"})
    made = client.post(f"{path}/clauses", {**body, "evidence": letter})
    assert (made.status_code, json.loads(made.content)["evidenced"]) == (201, True)
    categories = ["context_items", "conversations", "diagnostics", "licensed_users", "messages"]
    manager(
        "POST", f"contracts/{contract.public_id}/clauses", {"code": "exportable_data", "value": categories}, expect=201
    )
    member = caller("client_finance", str(contract.organization.public_id))
    lines = {one["item"]: one for one in member("GET", f"contracts/{contract.public_id}/checklist")}
    assert (lines["hosting"]["severity"], lines["exportable_data"]["severity"]) == ("ok", "ok")
    assert lines["transition_days"] == {
        "item": "transition_days",
        "severity": "missing",
        "code": "not_stated",
        "params": {},
        "article": "Regulation (EU) 2023/2854, Article 25(2)(a)",
        "said": "The contract does not say.",
    }
    assert [one["code"] for one in member("GET", f"contracts/{contract.public_id}/clauses")] == [
        "hosting",
        "exportable_data",
    ]
    member("POST", f"contracts/{contract.public_id}/clauses", {"code": "hosting", "value": 1}, expect=403)
    neighbour = caller("client_administrator", str(an_organization().public_id))
    neighbour("GET", f"contracts/{contract.public_id}/checklist", expect=404)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param({"code": "whim", "value": 1}, ("code", "invalid_choice"), id="unknown"),
        pytest.param({"code": "hosting"}, ("value", "required"), id="no-value"),
        pytest.param({"code": "hosting", "value": "FR"}, ("value", "wrong_form"), id="another-form"),
        pytest.param({"code": "training_allowed", "value": True}, ("evidence", "required"), id="training"),
        pytest.param(
            {"code": "breach_hours", "value": 24, "valid_until": "soon"}, ("valid_until", "invalid"), id="day"
        ),
    ],
)
def test_bad_input_is_refused_by_field(contract, body, expected):
    found = caller("administrator")("POST", f"contracts/{contract.public_id}/clauses", body, expect=400)
    assert {(error["attr"], error["code"]) for error in found["errors"]} == {expected}
    with tenancy.vendor():
        assert not ContractClause.objects.exists()


def test_in_the_admin_a_clause_is_recorded_and_the_checklist_stands_on_the_contracts_page(contract):
    from tests.admin.people import a_member

    client = Client()
    client.force_login(a_member("contract_manager"), backend="config.backends.EmailBackend")
    add = reverse("admin:contracts_contractclause_add")
    form = {"contract": contract.pk, "code": "transition_days", "confirmed": "yes"}
    assert "This is not JSON." in client.post(add, {**form, "value": "thirty"}).content.decode()
    assert "This is not JSON." in client.post(add, {**form, "value": "NaN"}).content.decode()
    assert client.post(add, {**form, "value": "45"}).status_code == 302
    letter = SimpleUploadedFile("signed.pdf", b"%PDF", content_type="application/pdf")
    training = {**form, "code": "training_allowed", "value": "true", "evidence": letter}
    assert client.post(add, training).status_code == 302
    with tenancy.vendor():
        assert Document.objects.get().kind == "authorisation"
    shown = client.get(reverse("admin:contracts_contract_change", args=[contract.pk])).content.decode()
    assert "Clause checklist" in shown and "45, where at most 30 are allowed." in shown
