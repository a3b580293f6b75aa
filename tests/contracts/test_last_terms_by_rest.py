"""Contracts that end by themselves, or go on after their last term: what leaving costs, what is committed, by REST."""

import json
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from openpyxl import load_workbook

from accounts import tenancy
from contracts.enums import NoticeKind, NoticeParty, TerminationGround
from contracts.operations import amendments, terminations
from contracts.rules import errors, whatif
from tests.api.callers import caller
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import fresh, give, live_until
from tests.contracts.operations.switches import a_proof, an_active_contract, opened
from tests.contracts.operations.test_statements import lines_of
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
NOW = at("2027-01-15")


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: NOW)


def carried_on(organization=None, **values):
    """Return a contract of 2026 alone that a pending switch carries on to 3 March 2027."""
    contract = an_active_contract(organization, auto_renews=False, **values)
    opened(contract)
    live_until(NOW)
    return fresh(contract)


def renewing_no_more(organization=None, **values):
    """Return a contract in its second year, 2027, of which both sides agreed that it is the last."""
    organization = organization or an_organization()
    contract = a_signed_contract(organization, starts_on=date(2026, 1, 1), **values)
    live_until("2027-01-10")
    with tenancy.vendor():
        amendments.record(
            fresh(contract),
            values={"auto_renews": False},
            agreed_on=date(2027, 1, 10),
            valid_from=date(2027, 1, 10),
            proof=a_proof(organization, "2027-01-10"),
            now=at("2027-01-10"),
            by="user:manager",
        )
    live_until(NOW)
    return fresh(contract)


def read(call, path, status=200):
    found, raw = call._send("GET", path, {"Authorization": f"Bearer {call._token}"}, "")
    assert found == status, raw
    return json.loads(raw) if raw.startswith((b"{", b"[")) else raw


LIVES = [
    # 48 days at the price of the days of 2026, and 47: 12,000 x 48 / 365.
    pytest.param(carried_on, "2027-03-03", ("1578.08", "1545.21"), id="a-switch-carries-it-on"),
    # The days from 15 January to 31 December, 351, and 350.
    pytest.param(
        renewing_no_more, "2027-12-31", ("11539.73", "11506.85"), id="its-second-term-is-agreed-to-be-the-last"
    ),
]


@pytest.mark.parametrize(("live", "bound_until", "fees"), LIVES)
def test_such_a_contract_binds_until_its_end_in_every_list(live, bound_until, fees):
    organization = an_organization()
    contract = live(organization)
    a_signed_contract(organization, reference="C-2", starts_on=date(2027, 1, 1))
    call = caller("finance")
    one = read(call, f"/api/v1/contracts/{contract.public_id}/commitment")
    assert (one["bound_until"], one["total"]) == (bound_until, fees[0])
    many = read(call, f"/api/v1/commitments?organization={organization.public_id}")
    assert [(row["reference"], row["bound_until"]) for row in many] == [("C-1", bound_until), ("C-2", "2027-12-31")]
    raw = read(call, f"/api/v1/commitments/xlsx?organization={organization.public_id}")
    rows = [[cell.value for cell in row] for row in load_workbook(BytesIO(raw)).active.iter_rows()]
    assert [(row[1], str(row[3])[:10]) for row in rows[1:3]] == [("C-1", bound_until), ("C-2", "2027-12-31")]


@pytest.mark.parametrize(("live", "bound_until", "fees"), LIVES)
def test_leaving_costs_the_fees_to_that_end(live, bound_until, fees):
    contract = live()
    found = read(caller("finance"), f"/api/v1/contracts/{contract.public_id}/leaving")
    assert (found["days"][-1]["exit_on"], found["days"][-1]["own"]["cost"]) == (bound_until, "0.00")
    first = found["days"][0]["own"]
    assert (first["bound_until"], first["cost"]) == (bound_until, fees[1])


def test_a_client_may_leave_within_the_last_term_and_its_notice_is_judged():
    contract = renewing_no_more(mid_term_exit=True)
    notice = give(contract, "2027-01-15", kind=NoticeKind.TERMINATION)
    assert (notice.judgment, notice.ends_on) == ("in_time", date(2027, 4, 16))


def test_a_contract_that_no_rule_has_an_answer_for_hides_no_other(monkeypatch):
    organization = an_organization()
    broken = a_signed_contract(organization, starts_on=date(2027, 1, 1))
    a_signed_contract(organization, reference="C-2", starts_on=date(2027, 1, 1))
    committed = whatif.committed

    def asked(facts, **more):
        if facts.annual(1).amount == broken.annual_fee:
            raise errors.InvalidInput("date", "out_of_calendar", "not in the calendar")
        return committed(facts, **more)

    monkeypatch.setattr(whatif, "committed", asked)
    with tenancy.vendor():
        type(broken).objects.filter(pk=broken.pk).update(annual_fee=Decimal("9999.00"))
        broken.refresh_from_db()
    call = caller("finance")
    many = read(call, f"/api/v1/commitments?organization={organization.public_id}")
    fault = {"code": "out_of_calendar", "detail": "not in the calendar"}
    assert [(row["fault"], row["bound_until"], row["total"]) for row in many] == [
        (fault, None, None),
        (None, "2027-12-31", "11539.73"),
    ]
    raw = read(call, f"/api/v1/commitments/xlsx?organization={organization.public_id}")
    rows = [[cell.value for cell in row] for row in load_workbook(BytesIO(raw)).active.iter_rows()]
    assert rows[1][3:5] == ["unknown: not in the calendar", None]
    assert rows[3][0] == "Total" and rows[3][5] == pytest.approx(11539.73)
    one = read(call, f"/api/v1/contracts/{broken.public_id}/commitment", status=400)
    assert [(error["attr"], error["code"]) for error in one["errors"]] == [("contract", "out_of_calendar")]


def test_the_revenue_ahead_holds_such_contracts_too():
    renewing_no_more()
    a_signed_contract(an_organization(), reference="OVER", starts_on=date(2026, 1, 1), auto_renews=False)
    live_until("2026-12-30")  # no sweep has ended it since
    found = read(caller("finance"), "/api/v1/revenue-forecast?until=2028-03-31")["revenue"]
    assert {row["month"] for row in found} == {f"2027-{month:02}-01" for month in range(1, 13)}
    assert {row["sureness"] for row in found} == {"locked_in"}


@pytest.mark.parametrize("life", [carried_on, renewing_no_more])
@pytest.mark.parametrize("mid_term_exit", [True, False], ids=["mid-term-exit", "with-a-term-only"])
@pytest.mark.parametrize("exit_on", ["2027-01-20", "2027-03-03", "2027-03-04", "2027-12-31", "2028-02-01"])
def test_every_question_about_leaving_has_an_answer(life, mid_term_exit, exit_on, monkeypatch):
    contract = life(mid_term_exit=mid_term_exit, early_exit_rate=Decimal("0.5"))
    call = caller("contract_manager")
    for on in ("2026-12-05", "2027-01-15") if life is carried_on else ("2027-01-15",):
        monkeypatch.setattr("accounts.operations.clock.instant", lambda on=on: at(on))
        for ground in (None, *TerminationGround):
            body = {"exit_on": exit_on, "ground": ground and ground.value, "agreed": "100"}
            found, raw = call._send(
                "POST",
                f"/api/v1/contracts/{contract.public_id}/quotes",
                {
                    "Authorization": f"Bearer {call._token}",
                    "Content-Type": "application/json",
                    "Idempotency-Key": f"{on} {ground}",
                },
                json.dumps(body),
            )
            assert found in (200, 201, 400, 409), (on, ground, raw)


@pytest.mark.parametrize("auto_renews", [True, False], ids=["renews", "does-not"])
def test_what_ends_it_within_the_transition_gives_back_nothing_that_was_never_charged(auto_renews):
    contract = an_active_contract(auto_renews=auto_renews)
    opened(contract)
    live_until(NOW)
    with tenancy.vendor():
        terminations.terminate(
            fresh(contract),
            ground=TerminationGround.VENDOR_BREACH,
            party=NoticeParty.CLIENT,
            declared_on=date(2027, 1, 15),
            last_day=date(2027, 1, 31),
            proof=a_proof(contract.organization, "2027-01-15"),
            now=NOW,
            by="user:manager",
        )
    live_until("2027-03-10")
    assert fresh(contract).ends_on == date(2027, 2, 1)
    # 31 days after the term at the price of its days: 12,000 x 31 / 365.
    assert lines_of(contract) == [
        ("fee", "2026-01-01", "2027-01-01", "12000.00"),
        ("fee", "2027-01-01", "2027-02-01", "1019.18"),
    ]


@pytest.mark.parametrize("auto_renews", [True, False], ids=["renews", "does-not"])
@pytest.mark.parametrize("exit_on", ["2027-01-20", "2027-03-02", "2027-03-03"])
def test_a_quote_for_a_day_after_the_last_term_asks_what_the_series_does(auto_renews, exit_on):
    contract = an_active_contract(auto_renews=auto_renews, early_exit_rate=Decimal("0.5"))
    opened(contract)
    live_until(NOW)
    call = caller("contract_manager")
    series = read(call, f"/api/v1/contracts/{contract.public_id}/leaving?months=3")["days"]
    (own,) = (one["own"]["cost"] for one in series if one["exit_on"] == exit_on)
    quote = call(
        "POST", f"contracts/{contract.public_id}/quotes", {"exit_on": exit_on, "ground": "convenience"}, expect=201
    )
    asked = {line["kind"]: line["amount"] for line in quote["lines"]}
    assert asked.get("fees_to_end", asked.get("penalty")) == own
    assert quote["right_to_leave"] == (own == "0.00")
