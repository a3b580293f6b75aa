"""Lists and the dashboard cost the same number of queries for two rows as for twenty."""

import time
from datetime import date, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import tenancy
from accounts.models import OutboxMessage
from contracts.letters import reader
from contracts.models import Contract, OutgoingNotice, SwitchingCase
from contracts.operations import intakes
from retention.models import ErasureRun, LegalHold, ManualErasure, SubjectRequest
from tests.admin.people import a_member
from tests.admin.world import NOW, a_client_that_left, a_client_that_stays
from tests.contracts.agreements import a_draft
from tests.retention.asking import taken
from tests.retention.connectors.configured import paper
from tests.retention.test_exports import a_request
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"])
OURS = [model for app in ("accounts", "contracts", "retention") for model in apps.get_app_config(app).get_models()]


@pytest.fixture
def time_stands(monkeypatch):
    """Stop the clock of sessions: once a minute the first request also writes that its session is in use."""
    standing = time.time()
    monkeypatch.setattr("accounts.recent.time", SimpleNamespace(time=lambda: standing))


def cost(client, address):
    """Count a page's queries in both databases, its second time: content types and sessions are warm then."""
    client.get(address)
    with CaptureQueriesContext(connection) as queries, CaptureQueriesContext(connections["ledger"]) as others:
        assert client.get(address).status_code == 200
    return len(queries) + len(others)


def test_each_list_costs_as_much_with_more_rows(sign_in, time_stands):
    a_client_that_stays("One")
    a_client_that_left()
    client = sign_in("administrator")
    lists = [reverse(f"admin:{m._meta.app_label}_{m._meta.model_name}_changelist") for m in OURS]
    before = {address: cost(client, address) for address in lists}
    for number in range(3):
        a_client_that_stays(f"More {number}")
        a_client_that_left()
        a_member("support")
    after = {address: cost(client, address) for address in lists}
    assert {a: (before[a], after[a]) for a in lists if after[a] > before[a]} == {}


def something_due(number):
    """Make a row for each table of the dashboard."""
    organization = an_organization()
    renewing = a_draft(organization, reference="renews")
    with tenancy.vendor():
        Contract.objects.filter(pk=renewing.pk).update(
            status="active",
            last_notice_on=date(2026, 3, 1),
            term_ends_on=date(2026, 3, 20),
            renews_at=NOW + timedelta(days=40),
            certain_at=NOW + timedelta(days=20),
        )
        ending = a_draft(organization, reference="ends")
        Contract.objects.filter(pk=ending.pk).update(
            status="active", ends_on=date(2026, 2, 10), ends_at=NOW + timedelta(days=5)
        )
        intakes.drop(reader.pasted(f"Letter {number}"), now=NOW, by="user:one")
        Contract.objects.filter(pk=ending.pk).update(switching_notice_months=3)
        SwitchingCase.objects.create(
            organization=organization,
            contract=ending,
            kind="erasure_only",
            status="erase_only",
            received_on=date(2026, 2, 1),
            notice_months=2,
            notice_end=date(2026, 4, 1),
            erase_from=date(2026, 4, 2),
            erase_at=NOW + timedelta(days=60),
            next_at=NOW + timedelta(days=60),
            recorded_by="user:one",
            recorded_at=NOW,
        )
        OutgoingNotice.objects.create(
            organization=organization,
            contract=ending,
            kind="non_renewal",
            channel="letter",
            ends_on=date(2026, 9, 1),
            send_by=date(2026, 2, 20),
            drafted_by="user:one",
            drafted_at=NOW,
        )
        OutboxMessage.objects.create(
            organization=organization,
            topic="x",
            subject_type="X",
            subject_id=organization.public_id,
            occurred_at=NOW,
            next_attempt_at=NOW,
            attempts=number + 1,
            last_error="OSError",
        )
    request = a_request(organization, erase_from=NOW - timedelta(days=40), erase_by=NOW - timedelta(days=number))
    with tenancy.vendor():
        ErasureRun.objects.create(
            organization=organization, request=request, planned_at=NOW, failures=1, last_error="Boom"
        )
        LegalHold.objects.create(
            organization=organization,
            ground="law",
            citation="Art. 145",
            review_on=NOW.date(),
            placed_by="user:one",
            placed_at=NOW,
        )
        store = paper(code=f"paper-{number}")
        ManualErasure.objects.create(
            organization=organization, store=store, store_name="Paper", run=uuid4(), asked_at=NOW, due_at=NOW
        )
        SubjectRequest.objects.filter(pk=taken(received_at=NOW, now=NOW).pk).update(
            organization=organization, state="forwarded", forwarded_at=NOW, due_on=date(2026, 1, 20)
        )
    return organization


@pytest.fixture
def at_now(monkeypatch):
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: NOW)


def test_the_dashboard_shows_what_is_due_and_late_at_a_constant_cost(sign_in, at_now, time_stands):
    client = sign_in("administrator")
    something_due(0)
    one = cost(client, reverse("admin:index"))
    for number in range(1, 12):
        something_due(number)
    assert cost(client, reverse("admin:index")) == one
    tables = {table.title: table for table in client.get(reverse("admin:index")).context["tables"]}
    assert {title: (len(table.rows), table.more) for title, table in tables.items()} == {
        "Last notice days within 90 days": (10, True),
        "Renewals within 60 days": (10, True),
        "Deadlines that are late": (0, False),
        "Notices standing": (0, False),
        "Contracts ending within 60 days": (10, True),
        "Switching cases": (10, True),
        "Contracts with violations": (10, True),
        "Vendor's notices to send": (10, True),
        "Letters to decide on": (10, True),
        "Prices to revise": (0, False),
        "Deletion requests": (10, True),
        "Erasure runs that need people": (10, True),
        "Legal holds to review": (10, True),
        "Erasures by hand that nobody attested": (10, True),
        "Requests of people to forward, or late": (10, True),
        "Messages not delivered": (10, True),
        "Events not sealed": (0, False),
    }
    first = tables["Deletion requests"].rows[0]
    assert first.late and "late" in first.cells[3]
    assert "A contract is signed or active." in first.cells[2]
    assert tables["Last notice days within 90 days"].rows[0].cells[2:] == ("1 Mar 2026", "24")
    assert tables["Contracts ending within 60 days"].rows[0].cells[2] == "9 Feb 2026"


def test_a_client_sees_its_own_part_of_the_dashboard(sign_in, at_now):
    mine = something_due(0)
    other = something_due(1)
    answer = sign_in("client_administrator", mine).get(reverse("admin:index"))
    assert [len(table.rows) for table in answer.context["tables"]] == [1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]
    assert other.name not in answer.content.decode()
    finance = sign_in("client_finance", mine).get(reverse("admin:index"))
    assert len(finance.context["tables"]) == 7


def test_links_are_shown_by_permission(sign_in):
    organization = an_organization()

    def links(client):
        groups = client.get(reverse("admin:index")).context["sidebar_navigation"]
        return {item.get("model") for group in groups for item in group["items"]} - {None}

    assert links(sign_in("finance")) == {
        "accounts.Organization",
        "accounts.LicenceGrant",
        "contracts.Contract",
        "contracts.Term",
        "contracts.Amendment",
        "contracts.Notice",
        "contracts.Reminder",
        "contracts.Termination",
        "contracts.Deadline",
        "contracts.RenewalOffer",
        "contracts.Uplift",
        "contracts.IndexSeries",
        "contracts.IndexValue",
        "contracts.IndexLink",
        "contracts.Quote",
        "contracts.StatementLine",
        "contracts.Payment",
        "contracts.ContractClause",
        "contracts.SwitchingCase",
        "contracts.SwitchingAct",
        "contracts.CalendarEvent",
        "contracts.CalendarFeed",
    }
    # What an index makes of a price is the vendor's own until it is applied.
    assert links(sign_in("client_finance", organization)) == links(sign_in("finance")) - {"contracts.Uplift"}
    assert links(sign_in("administrator")) == {model._meta.label for model in OURS}
