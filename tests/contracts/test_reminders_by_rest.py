"""Reminders on the wire and on the contract's page."""

from datetime import date

import pytest
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
    assert "Each lead once." in refused.content.decode()
    assert client.post(page, {"confirmed": "yes", "reminder_leads": "14, 7", "reminds_client": "on"}).status_code == 302
    with tenancy.vendor():
        found = Contract.objects.get(pk=contract.pk)
    assert (found.reminder_leads, found.reminds_client) == ([14, 7], True)
