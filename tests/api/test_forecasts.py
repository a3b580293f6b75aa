"""The forecast by REST: of a contract, of the portfolio page by page, the revenue; a client sees its own."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.callers import caller
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import live_until
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: at("2025-02-01"))


def two_clients():
    one, other = an_organization(), an_organization()
    contracts = [a_signed_contract(one), a_signed_contract(other, currency="PLN", annual_fee=100)]
    a_signed_contract(one, reference="C-2", auto_renews=False)
    live_until("2025-01-02")
    return one, contracts


def test_what_lies_ahead_of_a_contract():
    _one, (contract, _other) = two_clients()
    found = caller("finance")("GET", f"contracts/{contract.public_id}/forecast?until=2026-01-01")
    assert [(event["kind"], event["on"]) for event in found["events"] if event["kind"] != "reminder"] == [
        ("last_notice", "2025-09-30"),
        ("renewal_certain", "2025-10-01"),
        ("renews", "2026-01-01"),
    ]
    assert (found["events"][-1]["amount"], found["events"][-1]["params"]) == ("12000.00", {"number": 2})


def test_the_portfolio_page_by_page_and_each_client_its_own(monkeypatch):
    one, (_contract, other) = two_clients()
    monkeypatch.setattr("contracts.api.forecasts.PAGE", 2)
    call = caller("contract_manager")
    first = call("GET", "forecast?until=2026-06-01")
    assert [found["reference"] for found in first["contracts"]] == ["C-1", "C-1"]
    second = call("GET", f"forecast?until=2026-06-01&after={first['next']}")
    assert [found["reference"] for found in second["contracts"]] == ["C-2"] and second["next"] is None
    assert second["contracts"][0]["events"][0]["kind"] == "ends"
    client = caller("client_finance", str(one.public_id))
    mine = client("GET", "forecast")
    assert {found["organization"] for found in mine["contracts"]} == {str(one.public_id)}
    client("GET", f"contracts/{other.public_id}/forecast", expect=404)
    client("GET", f"forecast?organization={other.organization.public_id}", expect=400)


def test_the_revenue_never_adds_currencies_up():
    two_clients()
    found = caller("finance")("GET", "revenue-forecast?until=2025-12-31")
    assert {(row["currency"], row["sureness"]) for row in found["revenue"]} == {
        ("EUR", "locked_in"),
        ("PLN", "locked_in"),
    }
    march = {row["currency"]: row["amount"] for row in found["revenue"] if row["month"] == "2025-03-01"}
    assert march == {"EUR": "2038.36", "PLN": "8.49"}


def test_looking_ahead_writes_nothing():
    _one, (contract, _other) = two_clients()
    call = caller("finance")
    for path in (f"contracts/{contract.public_id}/forecast", "forecast", "revenue-forecast"):
        with CaptureQueriesContext(connection) as asked:
            call("GET", path)
        written = {
            found for one in asked for found in re.findall(r"(?:INSERT INTO|UPDATE|DELETE FROM) \S+", one["sql"])
        }
        assert written <= {'UPDATE "accounts_apitoken"'}, "nothing but that the token was used"


@pytest.mark.parametrize("until", ["2025-01-31", "2035-03-01", "soon"], ids=["past", "too-far", "no-day"])
@pytest.mark.parametrize("path", ["forecast", "revenue-forecast"])
def test_bad_input_is_named(path, until):
    call = caller("finance")
    assert "until" in str(call("GET", f"{path}?until={until}", expect=400))
