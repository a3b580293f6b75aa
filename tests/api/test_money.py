"""Statements, payments, quotes and terminations over REST: what is told, what is refused by field, whose they are."""

from datetime import date
from decimal import Decimal

import pytest

from accounts import tenancy
from accounts.models import Organization
from accounts.operations import documents
from contracts.enums import TerminationGround
from contracts.models import Payment, Termination
from tests.api.callers import caller
from tests.contracts.agreements import at
from tests.contracts.operations.lives import fresh
from tests.contracts.operations.test_quotes import a_proof, an_active_contract, terminate
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
PAYMENT = {"reference": "B-2", "paid_on": "2025-02-01", "amount": "12000.00", "currency": "EUR"}


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: at("2025-03-01"))


def codes(found):
    return {(error["attr"], error["code"]) for error in found["errors"]}


def home_of(contract):
    with tenancy.vendor():
        return str(Organization.objects.get(pk=contract.organization_id).public_id)


def test_a_payment_and_a_credit_stand_in_the_statement():
    contract = an_active_contract(paid="0")
    finance = caller("finance")
    path = f"contracts/{contract.public_id}"
    assert finance("GET", f"{path}/statement")["unpaid"] == "12000.00"
    finance("POST", f"{path}/payments", PAYMENT, expect=201)
    finance(
        "POST", f"{path}/credits", {"amount": "10.00", "starts_on": "2025-02-01", "last_day": "2025-02-28"}, expect=201
    )
    found = finance("GET", f"{path}/statement")
    assert (found["paid_until"], found["unpaid"]) == ("2026-01-01", "0.00")
    assert [(line["kind"], line["amount"], line["vat"]) for line in found["lines"]] == [
        ("fee", "12000.00", "standard"),
        ("credit", "-10.00", "standard"),
    ]
    assert [one["reference"] for one in found["payments"]] == ["B-2"]


def test_the_bank_s_file_is_refused_by_row_and_field():
    an_active_contract(paid="0")
    finance = caller("finance")
    header = "contract,reference,paid_on,amount,currency\n"
    bad = finance("POST", "payments/import", {"csv": f"{header}C-1,B-1,2025-02-01,1,EUR\nC-9,B-2,x,1,EUR"}, expect=400)
    assert codes(bad) == {("row 3.paid_on", "not_iso_date")}
    with tenancy.vendor():
        assert not Payment.objects.exists()
    good = {"csv": f"{header}C-1,B-1,2025-02-01,1,EUR"}
    assert finance("POST", "payments/import", good) == {"created": 1, "same": 0}
    assert finance("POST", "payments/import", good) == {"created": 0, "same": 1}


def test_the_accounting_program_gets_each_part_that_falls_due():
    contract = an_active_contract(billing_interval="quarter", seats=7)
    status, raw = _raw(caller("finance"), "statement-lines/export?due_from=2025-04-01&due_to=2025-12-31")
    rows = [row.split(",") for row in raw.decode().split("\r\n") if row]
    assert status == 200 and rows[0][:3] == ["line", "part", "client"]
    assert [(row[1], row[7], row[8], row[9], row[10], row[12], row[13]) for row in rows[1:]] == [
        ("2", "2025-04-01", "2025-06-30", "2025-04-01", "3000.00", "standard", "7"),
        ("3", "2025-07-01", "2025-09-30", "2025-07-01", "3000.00", "standard", "7"),
        ("4", "2025-10-01", "2025-12-31", "2025-10-01", "3000.00", "standard", "7"),
    ]
    assert all(row[2] == home_of(contract) for row in rows[1:])
    assert _raw(caller("finance"), "statement-lines/export?due_from=2025-04-02&due_to=2025-04-01")[0] == 400


@pytest.mark.parametrize(
    ("timing", "billed"),
    [
        # 227 of the 365 days are owed, 7,463.01 in all.
        pytest.param(
            "advance",
            [
                ("fee", "2025-01-01", "3000.00"),
                ("fee", "2025-04-01", "3000.00"),
                ("fee", "2025-07-01", "3000.00"),
                ("credit", "2025-08-15", "-1536.99"),
            ],
            id="in-advance-what-was-billed-is-credited",
        ),
        pytest.param(
            "arrears",
            [("fee", "2025-04-01", "3000.00"), ("fee", "2025-07-01", "3000.00"), ("fee", "2025-10-01", "1463.01")],
            id="in-arrears-less-is-billed",
        ),
    ],
)
def test_the_accounting_program_bills_nobody_for_days_after_the_end(timing, billed):
    contract = an_active_contract(paid="0", billing_interval="quarter", billing_timing=timing)
    terminate(contract, TerminationGround.AGREEMENT, last_day="2025-08-15", agreed=Decimal(0))
    status, raw = _raw(caller("finance"), "statement-lines/export?due_from=2025-01-01&due_to=2026-12-31")
    rows = [row.split(",") for row in raw.decode().split("\r\n") if row][1:]
    assert status == 200
    assert sorted((row[9], row[6], row[10]) for row in rows) == sorted(
        (due, kind, amount) for kind, due, amount in billed
    )
    assert sum(Decimal(row[10]) for row in rows) == Decimal("7463.01")


def test_a_client_asks_for_a_quote_and_accepts_it():
    contract = an_active_contract()
    client = caller("client_administrator", home_of(contract))
    quote = client(
        "POST", f"contracts/{contract.public_id}/quotes", {"exit_on": "2025-06-30", "ground": "convenience"}, expect=201
    )
    assert (quote["penalty"], quote["refund"], quote["total"]) == ("3024.66", "3024.66", "-3024.66")
    assert quote["checklist"][-1] == {**quote["checklist"][-1], "code": "erasure", "on": "2025-07-31"}
    status, raw = _raw(client, f"quotes/{quote['public_id']}/page")
    assert status == 200 and raw.startswith(b"%PDF")
    assert client("POST", f"quotes/{quote['public_id']}/accept")["accepted_at"] is not None
    again = client("POST", f"quotes/{quote['public_id']}/accept", expect=409)
    assert codes(again) == {(None, "quote_not_acceptable")}
    assert fresh(contract).ends_on == date(2025, 7, 1)


@pytest.mark.parametrize("ground", ["agreement", "client_breach"])
def test_a_client_is_not_quoted_what_takes_both_sides(ground):
    contract = an_active_contract(early_exit_rate=None)
    client = caller("client_administrator", home_of(contract))
    found = client(
        "POST", f"contracts/{contract.public_id}/quotes", {"exit_on": "2025-06-30", "ground": ground}, expect=409
    )
    assert codes(found) == {(None, "not_your_side")}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param({"ground": "convenience"}, ("exit_on", "required"), id="no-day"),
        pytest.param({"exit_on": "2025-02-01", "ground": "convenience"}, ("exit_on", "in_the_past"), id="past"),
        pytest.param({"exit_on": "2025-06-30"}, ("exit_on", "not_an_end"), id="no-end"),
        pytest.param({"exit_on": "2025-06-30", "ground": "whim"}, ("ground", "invalid_choice"), id="unknown-ground"),
        pytest.param(
            {"exit_on": "2025-06-30", "ground": "agreement", "agreed": "-1"}, ("agreed", "negative"), id="below-zero"
        ),
        pytest.param(
            {"exit_on": "9999-12-31", "ground": "convenience"}, ("exit_on", "out_of_calendar"), id="end-of-the-calendar"
        ),
    ],
)
def test_a_quote_that_cannot_be_is_refused_by_field(body, expected):
    contract = an_active_contract()
    found = caller("contract_manager")("POST", f"contracts/{contract.public_id}/quotes", body, expect=400)
    assert codes(found) == {expected}


def test_a_termination_is_declared_and_taken_back():
    contract = an_active_contract()
    manager = caller("contract_manager")
    path = f"contracts/{contract.public_id}/terminate"
    body = {"ground": "convenience", "declared_on": "2025-03-01", "last_day": "2025-03-31"}
    for ground in ("convenience", "vendor_breach", "agreement", "immediate"):
        assert codes(manager("POST", path, {**body, "ground": ground}, expect=400)) == {("proof", "missing")}
    for proof, code in (("00000000-0000-0000-0000-000000000000", "unknown_document"), ("x", "invalid")):
        assert codes(manager("POST", path, {**body, "proof": proof}, expect=400)) == {("proof", code)}
    assert fresh(contract).ends_on is None
    found = manager.with_file(path, body, expect=201)
    assert (found["ends_on"], fresh(contract).ends_on) == ("2025-04-01", date(2025, 4, 1))
    with tenancy.vendor():
        proof = Termination.objects.select_related("proof").get().proof
        assert b"".join(documents.read(proof)) == b"what the client wrote"
    revert = f"terminations/{found['public_id']}/revert"
    assert codes(manager("POST", revert, expect=400)) == {("proof", "missing")}
    assert manager.with_file(revert, {})["withdrawn_at"] is not None
    assert fresh(contract).ends_on is None
    assert codes(manager("POST", f"terminations/{found['public_id']}/revert", expect=409)) == {(None, "no_termination")}


def test_a_termination_is_declared_with_a_document_that_is_here():
    contract = an_active_contract()
    with tenancy.vendor():
        proof = a_proof(contract)
    body = {"ground": "convenience", "declared_on": "2025-03-01", "last_day": "2025-03-31"}
    path = f"contracts/{contract.public_id}/terminate"
    caller("contract_manager")("POST", path, {**body, "proof": str(proof.public_id)}, expect=201)
    with tenancy.vendor():
        assert Termination.objects.get().proof_id == proof.pk


def test_nobody_sees_or_accepts_what_is_next_door():
    contract = an_active_contract()
    quote = caller("contract_manager")(
        "POST", f"contracts/{contract.public_id}/quotes", {"exit_on": "2025-06-30", "ground": "convenience"}, expect=201
    )
    other = an_organization(name="Other")
    stranger = caller("client_administrator", str(other.public_id))
    for method, path in (
        ("GET", f"quotes/{quote['public_id']}"),
        ("GET", f"quotes/{quote['public_id']}/page"),
        ("POST", f"quotes/{quote['public_id']}/accept"),
        ("GET", f"contracts/{contract.public_id}/statement"),
    ):
        stranger(method, path, expect=404)
    assert stranger("GET", "quotes")["results"] == []


def _raw(call, path):
    return call._send("GET", f"/api/v1/{path}", {"Authorization": f"Bearer {call._token}"}, "")
