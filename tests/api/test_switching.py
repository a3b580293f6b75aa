"""Switching over REST: a member acts for its own side today, staff with proof; refusals by code, input by field."""

import json
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.api.callers import caller
from tests.contracts.agreements import at
from tests.retention.test_life import live_until
from tests.workflows import walk

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
NOW, TODAY = at("2026-12-05"), date(2026, 12, 5)


@pytest.fixture
def home(monkeypatch):
    """Return an administrator, an organization, and its active contract; it is noon of 5 December 2026."""
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: NOW)
    administrator = caller("administrator")
    organization = walk.register(administrator, 1, "one")
    contract = walk.draft(administrator, organization, TODAY - timedelta(days=100))
    administrator("POST", f"contracts/{contract}/sign")
    live_until(NOW)
    return administrator, organization, contract


def post_form(call, path, expect, **fields):
    """Call with a form and a file, as curl -F does."""
    answer = Client(headers={"Authorization": f"Bearer {call._token}"}).post(f"/api/v1/{path}", fields)
    assert answer.status_code == expect, answer.content
    return json.loads(answer.content)


def letter():
    return SimpleUploadedFile("letter.pdf", b"%PDF", content_type="application/pdf")


def test_a_member_switches_today_and_confirms_the_completion(home):
    _administrator, organization, contract = home
    client = caller("client_administrator", organization)
    case = client("POST", "switching-cases", {"contract": contract, "kind": "provider"}, expect=201, key="one")
    assert (case["status"], case["received_on"], case["contract"]) == ("notified", TODAY.isoformat(), contract)
    assert case["why"]["rule"] == "switching" and case["notice_months"] == 2
    again = client("POST", "switching-cases", {"contract": contract, "kind": "provider"}, expect=201, key="one")
    assert again["public_id"] == case["public_id"]
    twice = client("POST", "switching-cases", {"contract": contract, "kind": "provider"}, expect=409)
    assert twice["code"] == "switch_stands"
    path = f"switching-cases/{case['public_id']}"
    extended = client("POST", f"{path}/extend", {"until": "2099-01-01"})
    assert extended["transition_end"] == "2099-01-01"
    assert client("POST", f"{path}/extend", {"until": "2099-02-01"}, expect=409)["code"] == "extended_already"
    done = client("POST", f"{path}/complete", {})
    assert (done["status"], done["completed_on"]) == ("completed", TODAY.isoformat())
    assert [act["step"] for act in done["acts"]] == ["opened", "extended", "completed"]
    assert client("GET", "switching-cases")["results"][0]["status"] == "completed"


def test_staff_send_the_proof_and_the_reasons(home):
    administrator, _organization, contract = home
    body = {"contract": contract, "kind": "on_premises", "received_on": TODAY.isoformat()}
    bare = administrator("POST", "switching-cases", body, expect=400)
    assert {(error["attr"], error["code"]) for error in bare["errors"]} == {("proof", "required")}
    case = post_form(administrator, "switching-cases", 201, **body, proof=letter())
    path = f"switching-cases/{case['public_id']}"
    told = administrator(
        "POST", f"{path}/tell-unfeasible", {"length": 6, "unit": "months", "reasons": "40 TB of attachments"}
    )
    assert told["unfeasible_told_on"] == TODAY.isoformat()
    charged = administrator("POST", f"{path}/record-charge", {"amount": "0", "cost": "10"})
    assert charged["charge"] == "0.00"
    gone = post_form(administrator, f"{path}/withdraw", 200, on=TODAY.isoformat(), proof=letter())
    assert gone["status"] == "withdrawn"


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        pytest.param("", {"kind": "provider"}, {("contract", "required")}, id="no-contract"),
        pytest.param(
            "", {"contract": "C-1", "kind": "whim"}, {("contract", "invalid"), ("kind", "invalid_choice")}, id="words"
        ),
        pytest.param(
            "",
            {"contract": "00000000-0000-0000-0000-000000000000", "kind": "provider"},
            {("contract", "unknown_contract")},
            id="nobodys-contract",
        ),
        pytest.param("extend", {"until": "31/01/2027"}, {("until", "invalid")}, id="a-date-in-another-form"),
        pytest.param("extend", {}, {("until", "required")}, id="no-date"),
        pytest.param("extend", {"until": "9999-12-31"}, {("until", "out_of_calendar")}, id="end-of-the-calendar"),
    ],
)
def test_bad_input_is_refused_by_field(home, path, body, expected):
    _administrator, organization, contract = home
    client = caller("client_administrator", organization)
    where = "switching-cases"
    if path:
        case = client("POST", where, {"contract": contract, "kind": "provider"}, expect=201)
        where = f"{where}/{case['public_id']}/{path}"
    found = client("POST", where, body, expect=400)
    assert {(error["attr"], error["code"]) for error in found["errors"]} == expected


def test_a_neighbour_sees_and_moves_nothing(home):
    administrator, organization, contract = home
    mine = caller("client_administrator", organization)
    case = mine("POST", "switching-cases", {"contract": contract, "kind": "provider"}, expect=201)
    other = caller("client_administrator", walk.register(administrator, 2, "two"))
    assert other("GET", "switching-cases")["results"] == []
    other("GET", f"switching-cases/{case['public_id']}", expect=404)
    other("POST", f"switching-cases/{case['public_id']}/complete", {}, expect=404)
    other("POST", "switching-cases", {"contract": contract, "kind": "provider"}, expect=400)
