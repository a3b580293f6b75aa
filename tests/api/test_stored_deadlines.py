"""Deadlines over REST: filtered, explained, met once with a reason; bad input named by field; no neighbour's."""

import uuid

import pytest

from accounts import tenancy
from accounts.enums import Language
from contracts import sweeps
from contracts.models import Deadline
from tests.api.callers import caller
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import live_until
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture
def contract():
    """A contract in its first term of long ago, with the sweeps of renewals standing still since: two are late."""
    found = a_signed_contract(an_organization())
    live_until("2025-01-02")
    sweeps.refresh_all_deadlines(at=at("2025-01-02"), by="system")
    return found


@pytest.fixture
def manager():
    return caller("contract_manager")


def kinds(answer):
    return [one["kind"] for one in answer["results"]]


def test_one_deadline_says_its_days_its_rule_and_why(contract, manager):
    found = manager("GET", f"contracts/{contract.public_id}/deadlines")
    assert [one["kind"] for one in found] == ["last_notice", "renewal_certain", "renewal"]
    one = manager("GET", f"deadlines/{found[0]['public_id']}")
    assert one == found[0]
    assert (one["nominal_on"], one["legal_on"], one["internal_on"]) == ("2025-09-30", "2025-09-30", "2025-09-30")
    assert (one["rule"], one["due_at"], one["late"]) == ("fr_contract.back", "2025-09-30T22:00:00Z", False)
    assert one["inputs"]["last_day"] == "2025-12-31" and one["why"]["steps"] and len(one["reasons"]) > 1
    assert one["contract"] == str(contract.public_id) and Language.ENGLISH == "en"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", ["last_notice", "renewal_certain", "renewal"], id="all"),
        pytest.param("late=true", ["renewal_certain", "renewal"], id="late"),
        pytest.param("late=false", ["last_notice"], id="not-late"),
        pytest.param("kind=renewal", ["renewal"], id="kind"),
        pytest.param("due_before=2025-10-01T22:00:00Z", ["last_notice"], id="before-an-instant"),
        pytest.param("due_before=2025-10-02T22:00:01Z", ["last_notice", "renewal_certain"], id="just-after"),
        pytest.param("open=false", [], id="closed"),
        pytest.param("open=true&kind=last_notice", ["last_notice"], id="two-filters"),
        pytest.param(f"organization={uuid.uuid4()}", [], id="another-organization"),
        pytest.param(f"contract={uuid.uuid4()}", [], id="another-contract"),
    ],
)
def test_the_list_is_filtered(contract, manager, query, expected):
    assert kinds(manager("GET", f"deadlines?{query}")) == expected


def test_an_organization_has_its_own(contract, manager):
    a_signed_contract(an_organization())
    sweeps.refresh_all_deadlines(at=at("2025-01-02"), by="system")
    assert len(kinds(manager("GET", "deadlines"))) == 6
    assert len(kinds(manager("GET", f"deadlines?organization={contract.organization.public_id}"))) == 3


@pytest.mark.parametrize(
    ("query", "field"),
    [
        pytest.param("kind=whim", "kind", id="unknown-kind"),
        pytest.param("due_before=tomorrow", "due_before", id="no-instant"),
        pytest.param("organization=7", "organization", id="no-id"),
    ],
)
def test_a_wrong_filter_is_named(contract, manager, query, field):
    answer = manager("GET", f"deadlines?{query}", expect=400)
    assert {error["attr"] for error in answer["errors"]} == {field}


@pytest.mark.parametrize(
    "body", [{}, {"reason": ""}, {"reason": None}, {"reason": "x" * 1001}, {"reason": "a\x00"}, {"reason": ["x"]}]
)
def test_a_reason_is_asked(contract, manager, body):
    found = manager("GET", f"contracts/{contract.public_id}/deadlines")[2]["public_id"]
    answer = manager("POST", f"deadlines/{found}/meet", body, expect=400)
    assert {error["attr"] for error in answer["errors"]} == {"reason"}


def test_it_is_met_once(contract, manager):
    found = manager("GET", f"contracts/{contract.public_id}/deadlines")[2]["public_id"]
    met = manager("POST", f"deadlines/{found}/meet", {"reason": "Settled by phone."})
    assert met["met_at"] and met["met_by"].startswith("user:") and not met["late"]
    again = manager("POST", f"deadlines/{found}/meet", {"reason": "Settled by phone."}, expect=409)
    assert again["code"] == "deadline_closed"
    assert kinds(manager("GET", "deadlines?open=false")) == ["renewal"]


def test_a_client_reads_its_own_and_meets_none(contract):
    neighbour = a_signed_contract(an_organization())
    sweeps.refresh_all_deadlines(at=at("2025-01-02"), by="system")
    with tenancy.vendor():
        theirs = Deadline.objects.filter(contract=neighbour).first()
        Deadline.objects.filter(contract=contract, kind="renewal").update(vendor_only=True)
        mine = Deadline.objects.get(contract=contract, kind="last_notice")
    call = caller("client_administrator", str(contract.organization.public_id))
    assert kinds(call("GET", "deadlines")) == ["last_notice", "renewal_certain"]
    call("GET", f"deadlines/{theirs.public_id}", expect=404)
    call("GET", f"contracts/{neighbour.public_id}/deadlines", expect=404)
    call("POST", f"deadlines/{mine.public_id}/meet", {"reason": "No."}, expect=403)
