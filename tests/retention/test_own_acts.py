"""What belongs to no client, five years later: words beside the trail, announcements, calls, letters put away."""

import psycopg
import pytest

from accounts import tenancy
from accounts.models import AuditDetail, AuditEvent, OutboxMessage, WebhookDelivery
from accounts.operations import audit, outbox
from contracts.letters import reader
from contracts.models import Intake
from contracts.operations import intakes
from retention.operations import own_acts
from tests.accounts.hooks import an_endpoint
from tests.accounts.parties import at_once, wait_for_somebody
from tests.admin.people import a_member
from tests.contracts.agreements import at
from tests.engines import admin_dsn
from tests.retention.test_endings import rows_of
from tests.retention.vaults import an_organization
from tests.workflows.forked import Process

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
NOW = at("2026-03-10")
# What is announced is dated by the database's own clock too, which no test moves.
BEFORE, LATER = at("2031-03-10"), at("2033-01-01")
MODELS = (AuditDetail, OutboxMessage, WebhookDelivery, Intake)


def own(model):
    with tenancy.vendor():
        return set(model.objects.filter(organization_id__isnull=True).values_list("pk", flat=True))


@pytest.fixture
def acts():
    """Return what the vendor did: with words, announced, called, and a letter put away; and what waits still."""
    staff = a_member("administrator")
    endpoint, _secret = an_endpoint("https://receiver.example/hook")
    with tenancy.vendor():
        letter = intakes.drop(reader.pasted("Buy now!"), now=NOW, by="user:one")
        intakes.reject(letter, now=NOW, by="user:one")
        audit.record("user.noted", staff, by="user:one", at=NOW, detail={"reason": "because Ann"})
        done = outbox.publish("user.noted", staff, at=NOW)
        waits, unsent = (outbox.publish("user.noted", staff, at=NOW) for _message in range(2))
        call = {"endpoint": endpoint, "lane": 0, "next_attempt_at": NOW, "created_at": NOW}
        WebhookDelivery.objects.create(message=done, state="delivered", delivered_at=NOW, **call)
        WebhookDelivery.objects.create(message=waits, state="waiting", **call)
        OutboxMessage.objects.exclude(pk=unsent.pk).update(delivered_at=NOW, fanned_out_at=NOW)
    return {waits.pk, unsent.pk}


def ended(instant=LATER):
    return own_acts.end_all(at=instant, by="system").done


def due(instant):
    with tenancy.vendor():
        return own_acts.due(at=instant).exists()


def test_it_goes_in_its_time_and_what_waits_and_what_is_a_clients_stays(acts):
    organization = an_organization()
    with tenancy.vendor():
        audit.record("note.kept", organization, by="user:one", at=NOW, detail={"reason": "because Ben"})
        outbox.publish("note.kept", organization, at=NOW)
        OutboxMessage.objects.filter(organization=organization).update(delivered_at=NOW, fanned_out_at=NOW)
        events = AuditEvent.objects.filter(organization_id__isnull=True).count()
    theirs = rows_of(organization)
    there = {model: own(model) for model in MODELS}
    assert all(there.values()) and not due(BEFORE) and ended(BEFORE) == 0
    assert {model: own(model) for model in MODELS} == there
    assert due(LATER) and ended() == 1 and not due(LATER) and ended() == 0
    assert own(AuditDetail) == own(Intake) == set()
    assert own(OutboxMessage) == acts, "one that is to be mailed still, and one that a program is to hear"
    with tenancy.vendor():
        assert WebhookDelivery.objects.get().state == "waiting"
        assert AuditEvent.objects.filter(organization_id__isnull=True).count() == events + 1, "the trail itself stays"
        event = AuditEvent.objects.get(name="retention.period_over")
    assert (event.organization_id, event.vendor_only, event.actor) == (None, True, "system")
    assert event.data["tables"]["accounts_auditdetail"] == len(there[AuditDetail])
    assert rows_of(organization) == theirs


def test_more_than_a_batch_goes_in_several(acts, monkeypatch):
    monkeypatch.setattr("retention.operations.endings.MOST_ROWS", 1)
    assert ended() > 1 and own(AuditDetail) == set()


def test_each_eraser_sees_its_own_alone(acts):
    organization = an_organization()
    with tenancy.vendor():
        for model in (AuditDetail, OutboxMessage):
            assert model.objects.filter(organization_id__isnull=True).exists()
        audit.record("note.kept", organization, by="user:one", at=NOW, detail={"reason": "because Ben"})
    with tenancy.vendors_eraser():
        for model in (AuditDetail, AuditEvent, OutboxMessage, WebhookDelivery, Intake):
            assert not model.objects.filter(organization_id__isnull=False).exists(), model
            assert model.objects.filter(organization_id__isnull=True).exists(), model
    with tenancy.eraser(organization.pk):
        for model in (AuditDetail, AuditEvent, OutboxMessage, WebhookDelivery, Intake):
            assert not model.objects.filter(organization_id__isnull=True).exists(), model


def test_two_workers_take_each_row_once(acts):
    found = at_once(*[lambda: own_acts.end(now=LATER, by="system")] * 2)
    assert sorted(map(bool, found)) == [False, True]
    with tenancy.vendor():
        assert AuditEvent.objects.filter(name="retention.period_over").count() == 1


def test_a_worker_that_is_killed_leaves_all_of_it_for_the_next(acts):
    there = {model: own(model) for model in MODELS}
    with psycopg.connect(admin_dsn("default")) as somebody:
        # In the last of the tables that it empties: the others are empty for it by then.
        somebody.execute("SELECT FROM accounts_auditdetail FOR UPDATE")
        worker = Process(lambda: own_acts.end_all(at=LATER, by="system"))
        wait_for_somebody()
        assert worker.kill()
        somebody.rollback()
    assert {model: own(model) for model in MODELS} == there
    assert ended() == 1 and own(AuditDetail) == set()
    with tenancy.vendor():
        assert AuditEvent.objects.filter(name="retention.period_over").count() == 1
