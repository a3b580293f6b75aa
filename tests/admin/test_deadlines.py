"""The admin of deadlines: late ones found, the why beside, met with a reason."""

import pytest
from django.urls import reverse

from accounts import tenancy
from contracts import sweeps
from contracts.models import Deadline
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import live_until
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"])
LIST = reverse("admin:contracts_deadline_changelist")


@pytest.fixture
def late():
    """The deadline of a renewal that no sweep has made."""
    a_signed_contract(an_organization())
    live_until("2025-01-02")
    sweeps.refresh_all_deadlines(at=at("2025-01-02"), by="system")
    with tenancy.vendor():
        return Deadline.objects.get(kind="renewal")


def shown(client, state):
    return [one.kind for one in client.get(f"{LIST}?state={state}").context["cl"].result_list]


def test_late_ones_stand_in_the_list_and_on_the_first_page(sign_in, late):
    client = sign_in("contract_manager")
    assert shown(client, "late") == ["renewal_certain", "renewal"]
    assert shown(client, "open") == ["last_notice", "renewal_certain", "renewal"], "what is due first stands first"
    assert shown(client, "met") == shown(client, "superseded") == []
    tables = {table.title: table for table in client.get(reverse("admin:index")).context["tables"]}
    assert [row.cells[0] for row in tables["Deadlines that are late"].rows] == [
        "Renewal becomes certain",
        "New term starts",
    ]


def test_it_shows_why_and_is_met_with_a_reason(sign_in, late):
    client = sign_in("contract_manager")
    page = reverse("admin:contracts_deadline_change", args=[late.pk])
    assert "Term 2 is counted from the contract&#x27;s first day" in client.get(page).content.decode()
    act = reverse("admin:contracts_deadline_meet", args=[late.pk])
    assert client.get(act).status_code == 200
    assert client.post(act, {"confirmed": "yes", "reason": " "}).status_code == 200
    assert client.post(act, {"confirmed": "yes", "reason": "Renewed by letter."}).status_code == 302
    assert shown(client, "met") == ["renewal"]
    with tenancy.vendor():
        assert Deadline.objects.get(pk=late.pk).met_by == f"user:{client.user.public_id}"


def test_those_who_only_look_meet_nothing(sign_in, late):
    act = reverse("admin:contracts_deadline_meet", args=[late.pk])
    for role in ("finance", "auditor", "support"):
        assert sign_in(role).post(act, {"confirmed": "yes", "reason": "x"}).status_code == 403
