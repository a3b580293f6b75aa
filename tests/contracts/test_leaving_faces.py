"""What leaving costs and what is committed, by REST and as a spreadsheet."""

import json
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from openpyxl import load_workbook

from tests.api.callers import caller
from tests.contracts.agreements import a_draft, a_signed_contract, at
from tests.contracts.operations.lives import give, live_until
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
NOW = at("2026-02-10")
EXIT = {
    "early_exit_rate": Decimal("0.5"),
    "early_exit_refunds": True,
    "early_exit_disclosed_on": date(2024, 12, 1),
}


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: NOW)


def an_active_contract(organization=None, **values):
    contract = a_signed_contract(organization or an_organization(), **values)
    live_until(NOW)
    return contract


def get(call, path):
    return call._send("GET", path, {"Authorization": f"Bearer {call._token}"}, "")


def read(call, path):
    status, raw = get(call, path)
    return status, json.loads(raw)


def test_the_series_has_a_day_for_each_of_two_years_and_both_ways():
    contract = an_active_contract(**EXIT)
    status, body = read(caller("finance"), f"/api/v1/contracts/{contract.public_id}/leaving")
    assert (status, body["on"], body["currency"], len(body["days"])) == (200, "2026-02-10", "EUR", 730)
    first = body["days"][0]
    # 324 of 365 days remain after 10 February: 12,000 x 324 / 365 x 50 %.
    assert first["own"] == {"cost": "5326.03", "bound_until": "2026-02-10", "reasons": ["first_day"]}
    assert first["switching"]["bound_until"] == "2026-04-10"
    free = {day["exit_on"]: day["own"]["cost"] for day in body["days"]}
    assert free["2026-12-31"] == "0.00"


def test_without_a_right_to_leave_the_fees_go_on_to_the_end_of_the_term():
    contract = an_active_contract()
    _status, body = read(caller("finance"), f"/api/v1/contracts/{contract.public_id}/leaving?months=1")
    assert body["days"][0]["own"] == {"cost": "10652.05", "bound_until": "2026-12-31", "reasons": ["first_day"]}


def test_a_notice_that_stands_ends_the_series():
    contract = an_active_contract()
    give(contract, "2026-02-01", recorded="2026-02-10")
    _status, body = read(caller("finance"), f"/api/v1/contracts/{contract.public_id}/leaving")
    assert (body["days"][-1]["exit_on"], body["days"][-1]["own"]["cost"]) == ("2026-12-31", "0.00")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        pytest.param("months=0", "months", id="no-month"),
        pytest.param("months=61", "months", id="too-many-months"),
        pytest.param("months=two", "months", id="no-number"),
        pytest.param("on=2026-02-30", "on", id="no-such-day"),
    ],
)
def test_bad_questions_name_their_field(query, field):
    contract = an_active_contract()
    status, body = read(caller("finance"), f"/api/v1/contracts/{contract.public_id}/leaving?{query}")
    assert (status, body["errors"][0]["attr"]) == (400, field)


def test_a_contract_that_is_over_says_so():
    contract = an_active_contract()
    give(contract, "2025-02-01", recorded="2026-02-10")
    live_until(NOW)
    call = caller("finance")
    for page in ("leaving", "commitment"):
        status, body = read(call, f"/api/v1/contracts/{contract.public_id}/{page}")
        assert (status, body["errors"][0]["code"]) == (400, "contract_over")


def test_the_commitment_is_split_by_financial_year_to_the_cent():
    contract = an_active_contract()
    status, body = read(caller("finance"), f"/api/v1/contracts/{contract.public_id}/commitment?year_starts_in=7")
    assert (status, body["bound_until"]) == (200, "2026-12-31")
    assert [(year["starts_on"], year["last_day"]) for year in body["years"]] == [
        ("2026-02-10", "2026-06-30"),
        ("2026-07-01", "2026-12-31"),
    ]
    assert sum(Decimal(year["amount"]) for year in body["years"]) == Decimal(body["total"]) == Decimal("10684.93")


def test_a_spreadsheet_has_a_row_per_contract_a_column_per_year_and_no_formula():
    organization = an_organization(name="Ateliers & Fils")
    an_active_contract(organization, reference="=2+5")
    an_active_contract(organization, reference="C-PLN", currency="PLN", notice_length=1)
    a_draft(organization, reference="C-DRAFT")
    an_active_contract(an_organization(), reference="NEIGHBOUR")
    status, raw = get(
        caller("client_finance", str(organization.public_id)), "/api/v1/commitments/xlsx?year_starts_in=4"
    )
    assert status == 200
    rows = [[cell.value for cell in row] for row in load_workbook(BytesIO(raw)).active.iter_rows()]
    assert rows[0] == ["Organization", "Contract", "Currency", "Bound until", "2025/26", "2026/27", "Total"]
    assert [row[1] for row in rows[1:3]] == ["=2+5", "C-PLN"]
    assert load_workbook(BytesIO(raw)).active["B2"].data_type == "s"
    assert rows[1][6] == pytest.approx(10684.93)
    assert [row[2] for row in rows[3:5]] == ["EUR", "PLN"], "currencies are never summed together"
    assert "NEIGHBOUR" not in str(rows) and "C-DRAFT" not in str(rows)


def test_the_vendor_names_the_organization_and_a_client_has_its_own():
    organization, other = an_organization(), an_organization()
    an_active_contract(organization)
    neighbour = an_active_contract(other, reference="NEXT")
    staff, client = caller("finance"), caller("client_finance", str(organization.public_id))
    assert read(staff, "/api/v1/commitments")[1]["errors"][0]["attr"] == "organization"
    assert [row["reference"] for row in read(staff, f"/api/v1/commitments?organization={other.public_id}")[1]] == [
        "NEXT"
    ]
    assert [row["reference"] for row in read(client, "/api/v1/commitments")[1]] == ["C-1"]
    assert read(client, f"/api/v1/commitments?organization={other.public_id}")[0] == 400
    assert get(client, f"/api/v1/contracts/{neighbour.public_id}/leaving")[0] == 404
