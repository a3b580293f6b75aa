"""Reminders on the wire and on the contract's page."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts import tenancy
from accounts.operations.sweeping import SYSTEM
from contracts import sweeps
from contracts.models import Contract
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import live_until
from tests.retention.vaults import an_organization
from tests.workflows import walk

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: at("2025-06-15"))


def test_drafted_with_leads_changed_and_read():
    call = caller("contract_manager")
    organization = walk.register(caller("administrator"), 1, "one")
    contract = walk.draft(call, organization, date(2025, 1, 1), reminder_leads=[45], reminds_client=True)
    assert call("GET", f"contracts/{contract}")["reminder_leads"] == [45]
    call("POST", f"contracts/{contract}/sign")
    live_until("2025-06-15")
    changed = call("PUT", f"contracts/{contract}/reminders", {"reminder_leads": [10, 80], "reminds_client": False})
    assert (changed["reminder_leads"], changed["reminds_client"]) == ([80, 10], False)
    assert changed["next_reminder_at"] == "2025-07-11T22:00:00Z"
    sweeps.remind_all(at=at("2025-07-12"), by=SYSTEM)
    (sent,) = call("GET", f"contracts/{contract}/reminders")
    assert (sent["lead"], sent["due_on"], sent["last_notice_on"]) == (80, "2025-07-12", "2025-09-30")
    assert sent["why"]["rule"] == "reminders"


@pytest.mark.parametrize(
    ("body", "attr"),
    [
        pytest.param({"reminder_leads": [0], "reminds_client": True}, "reminder_leads", id="on-the-day"),
        pytest.param({"reminder_leads": ["x"], "reminds_client": True}, "reminder_leads.0", id="no-number"),
        pytest.param({"reminder_leads": [10**30], "reminds_client": True}, "reminder_leads", id="a-huge-number"),
        pytest.param({"reminder_leads": 7, "reminds_client": True}, "reminder_leads", id="no-list"),
        pytest.param({"reminder_leads": [7]}, "reminds_client", id="whom"),
    ],
)
def test_bad_input_by_field(body, attr):
    call = caller("administrator")
    contract = walk.draft(call, walk.register(call, 1, "one"), date(2025, 1, 1))
    answer = call("PUT", f"contracts/{contract}/reminders", body, expect=400)
    assert attr in {error["attr"] for error in answer["errors"]}


def test_set_on_the_contracts_page():
    contract = a_signed_contract(an_organization())
    client = Client()
    client.force_login(a_member("contract_manager"))
    page = reverse("admin:contracts_contract_set_reminders", args=[contract.pk])
    assert 'value="90, 60, 30, 7"' in client.get(page).content.decode()
    refused = client.post(page, {"confirmed": "yes", "reminder_leads": "7 x"})
    assert "Write numbers of days" in refused.content.decode()
    refused = client.post(page, {"confirmed": "yes", "reminder_leads": "7, 7"})
    assert "each lead once" in refused.content.decode()
    assert client.post(page, {"confirmed": "yes", "reminder_leads": "14, 7", "reminds_client": "on"}).status_code == 302
    with tenancy.vendor():
        found = Contract.objects.get(pk=contract.pk)
    assert (found.reminder_leads, found.reminds_client) == ([14, 7], True)


# The reminder of the Loi Chatel, sent by letter. Last day for notice 30 September; window 30 June to 30 August.


@pytest.fixture
def july(monkeypatch):
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: at("2025-07-15"))


def a_protected_contract(category="association"):
    contract = a_signed_contract(an_organization(legal_category=category))
    live_until("2025-01-02")
    return contract


def letter():
    return SimpleUploadedFile("letter.pdf", b"%PDF", content_type="application/pdf")


def record(contract, call, **values):
    client = Client(headers={"Authorization": f"Bearer {call._token}"})
    return client.post(f"/api/v1/contracts/{contract.public_id}/reminders", values)


def test_a_letter_is_recorded_with_its_proof_once(july):
    contract, call = a_protected_contract(), caller("contract_manager")
    answer = record(contract, call, sent_on="2025-07-10", proof=letter())
    assert answer.status_code == 201, answer.content
    assert (answer.json()["kind"], answer.json()["due_on"]) == ("chatel", "2025-07-10")
    again = record(contract, call, sent_on="2025-07-10", proof=letter())
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "reminded_already")
    with tenancy.vendor():
        row = contract.reminders.select_related("proof").get()
    assert row.proof.filename == "letter.pdf"


@pytest.mark.parametrize(
    ("values", "attr"),
    [
        pytest.param({"sent_on": "2025-07-10"}, "proof", id="without-proof"),
        pytest.param({"proof": True}, "sent_on", id="without-a-day"),
        pytest.param({"sent_on": "2025-07-16", "proof": True}, "sent_on", id="tomorrow"),
        pytest.param({"sent_on": "2024-12-31", "proof": True}, "sent_on", id="before-the-contract"),
        pytest.param({"sent_on": "x", "proof": True}, "sent_on", id="no-day"),
    ],
)
def test_a_letter_that_cannot_be_is_refused_by_field(july, values, attr):
    if "proof" in values:
        values = {**values, "proof": letter()}
    answer = record(a_protected_contract(), caller("contract_manager"), **values)
    assert answer.status_code == 400
    assert {error["attr"] for error in answer.json()["errors"]} == {attr}


def test_a_company_is_owed_none_and_a_client_records_none(july):
    contract = a_protected_contract("company")
    answer = record(contract, caller("contract_manager"), sent_on="2025-07-10", proof=letter())
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "chatel_does_not_apply")
    theirs = caller("client_administrator", str(contract.organization.public_id))
    assert record(contract, theirs, sent_on="2025-07-10", proof=letter()).status_code == 403


def test_a_letter_is_recorded_on_the_contracts_page(july):
    contract, company = a_protected_contract(), a_protected_contract("company")
    client = Client()
    client.force_login(a_member("contract_manager"))
    page = reverse("admin:contracts_contract_record_reminder", args=[contract.pk])
    assert page in client.get(reverse("admin:contracts_contract_change", args=[contract.pk])).content.decode()
    answer = client.post(page, {"confirmed": "yes", "sent_on": "2025-07-10", "proof": letter()})
    assert answer.status_code == 302
    with tenancy.vendor():
        assert contract.reminders.filter(kind="chatel", sent_at__isnull=False).count() == 1
    change = client.get(reverse("admin:contracts_contract_change", args=[company.pk])).content.decode()
    assert "record-reminder" not in change and "record_reminder" not in change
