"""Amending by REST and in the admin: the proof comes along; bad input changes nothing and is named."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts import tenancy
from accounts.models import Document
from contracts.models import Amendment
from contracts.operations import stored
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import fresh, live_until
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: at("2025-02-01"))


def an_active_contract():
    contract = a_signed_contract(an_organization())
    live_until("2025-01-02")
    return fresh(contract)


def signed():
    return SimpleUploadedFile("amendment.pdf", b"%PDF signed", content_type="application/pdf")


def amend(call, contract, **body):
    client = Client(headers={"Authorization": f"Bearer {call._token}"})
    body = {"agreed_on": "2025-02-01", "valid_from": "2025-06-01", "proof": signed(), **body}
    given = {name: value for name, value in body.items() if value is not None}
    return client.post(f"/api/v1/contracts/{contract.public_id}/amend", given)


def test_an_amendment_by_rest_with_its_proof():
    contract, call = an_active_contract(), caller("contract_manager")
    values = {"annual_fee": "15000.00", "renewal_term_months": None, "auto_renews": True}
    answer = amend(call, contract, values=json.dumps(values))
    assert answer.status_code == 201, answer.json()
    assert answer.json()["values"] == {"annual_fee": "15000.00", "renewal_term_months": None}
    assert answer.json()["applied_at"] is None
    assert amend(call, contract, values=json.dumps({"annual_fee": "1.00"})).status_code == 409
    (listed,) = call("GET", f"contracts/{contract.public_id}/amendments")
    path, chosen = f"contracts/{contract.public_id}/void-amendment", {"amendment": listed["public_id"]}
    assert call("POST", path, chosen, expect=400)["errors"][0]["attr"] == "proof"
    assert call.with_file(path, chosen)["voided_at"]
    call("POST", path, chosen, expect=409)
    with tenancy.vendor():
        assert set(Document.objects.values_list("kind", flat=True)) == {"contract"}


def test_features_are_a_set_of_codes():
    contract, call = an_active_contract(), caller("contract_manager")
    answer = amend(call, contract, values='{"features": ["reports", "chat", "reports"]}')
    assert (answer.status_code, answer.json()["values"]) == (201, {"features": ["chat", "reports"]})


BAD = {
    "no-proof": ({"proof": None}, "proof"),
    "no-object": ({"values": "[]"}, "values"),
    "no-json": ({"values": "{"}, "values"),
    "unknown-clause": ({"values": '{"discount": 3}'}, "discount"),
    "the-first-term": ({"values": '{"first_term_months": 3}'}, "first_term_months"),
    "no-number": ({"values": '{"notice_length": "long"}'}, "notice_length"),
    "no-list": ({"values": '{"features": "chat"}'}, "features"),
    "no-code": ({"values": '{"features": ["a b"]}'}, "features"),
    "a-fee-below-zero": ({"values": '{"annual_fee": "-1.00"}'}, "annual_fee"),
    "the-past": ({"valid_from": "2024-12-31"}, "valid_from"),
    "no-day": ({"valid_from": "soon"}, "valid_from"),
}


@pytest.mark.parametrize(("body", "field"), BAD.values(), ids=BAD)
def test_bad_input_is_named_and_writes_nothing(body, field):
    contract, call = an_active_contract(), caller("contract_manager")
    answer = amend(call, contract, **{"values": '{"seats": 3}', **body})
    assert answer.status_code == 400, answer.json()
    assert field in json.dumps(answer.json())
    with tenancy.vendor():
        assert not Amendment.objects.exists() and not Document.objects.exists()


def page_of(contract, name):
    return reverse("admin:index") + f"contracts/contract/{contract.pk}/{name}/"


def test_the_admin_takes_only_what_differs():
    contract = an_active_contract()
    client = Client()
    client.force_login(a_member("contract_manager"), backend="config.backends.EmailBackend")
    page = client.get(page_of(contract, "amend"))
    assert page.status_code == 200
    as_it_is = {name: getattr(contract, name) for name in stored.AMENDABLE}
    values = {name: "" if value is None else value for name, value in as_it_is.items() if value is not False}
    body = {**values, "notice_length": 2, "agreed_on": "2025-02-01", "valid_from": "2025-06-01", "confirmed": "yes"}
    assert (
        client.post(page_of(contract, "amend"), {**body, "valid_from": "2024-01-01", "proof": signed()}).status_code
        == 200
    )
    assert client.post(page_of(contract, "amend"), {**body, "proof": signed()}).status_code == 302
    with tenancy.vendor():
        assert Amendment.objects.get().values == {"notice_length": 2}
