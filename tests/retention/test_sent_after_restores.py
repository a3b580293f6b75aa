"""No mail and no webhook goes out twice after a restore: not what is in the outbox, nor what is done again since."""

import json
from datetime import timedelta
from io import StringIO
from uuid import UUID

import pytest
from django.core import mail
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError
from django.utils import timezone

from accounts import sweeps, tenancy
from accounts.enums import Role
from accounts.models import AuditEvent, LostMessage, OutboxMessage, SentRecord, WebhookDelivery
from accounts.operations import delivery, outbox, sent
from accounts.operations.sent import beside_ledger
from retention.models import Restore
from retention.operations import gate, ledger_head, restores
from retention.sweeps import tend_entries
from tests.accounts import hooks
from tests.accounts.parties import a_member, at_once
from tests.accounts.receivers import Receiver
from tests.admin.people import a_member as somebody
from tests.retention.restoring import Backup
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
SIGNED = "contract.signed"
TOPICS = (SIGNED, "contract.renewed", "contract.ended")


def announce(organization, *, topic=SIGNED, on="2026-01-01", **payload):
    with tenancy.vendor():
        return outbox.publish(topic, organization, at=timezone.now(), payload={"starts_on": on, **payload})


def deliver():
    return sweeps.deliver_all(at=timezone.now(), by="system")


def mails():
    return len(mail.outbox)


def beat(minutes=0):
    ledger_head.beat(now=timezone.now() + timedelta(minutes=minutes))


def restored(backup):
    """Restore, and let a worker notice it."""
    backup.restore()
    assert gate.look().default_behind
    restores.notice(now=timezone.now(), by="system")


def test_what_the_restored_outbox_still_has_is_not_mailed_again():
    organization = an_organization()
    a_member(Role.AUTHORISED_CONTACT, organization)
    announce(organization)
    backup = Backup()
    deliver()
    assert mails() == 1
    backup.restore()  # whether anybody has noticed it or not
    with tenancy.vendor():
        assert OutboxMessage.objects.get().delivered_at is None
    deliver()
    assert mails() == 1
    with tenancy.vendor():
        assert OutboxMessage.objects.get().delivered_at is not None


def test_who_was_not_told_before_the_restore_is_told_after_it():
    organization = an_organization()
    a_member(Role.AUTHORISED_CONTACT, organization)
    message = announce(organization)
    with tenancy.vendor():
        told = delivery.letters(message)
    sent.write(message, "mail", told[0].reader, now=timezone.now())
    a_member(Role.CLIENT_FINANCE, organization)
    deliver()
    assert mails() == 1
    assert told[0].to not in mail.outbox[0].to


def test_what_is_done_again_since_its_deed_was_lost_is_not_mailed_again():
    organization = an_organization()
    a_member(Role.AUTHORISED_CONTACT, organization)
    beat()
    backup = Backup()
    announce(organization, notice="11111111-1111-4111-8111-111111111111")
    deliver()
    beat(2)
    restored(backup)
    with tenancy.vendor():
        assert Restore.objects.get().report["sent"] == {"mails": 1, "webhooks": 0, "by_topic": {SIGNED: 1}}
        assert LostMessage.objects.get().repeated_by is None
    again = announce(organization, notice="22222222-2222-4222-8222-222222222222")
    deliver()
    assert mails() == 1, "the renewal, or the notice, was done again; its client knows of it"
    with tenancy.vendor():
        assert LostMessage.objects.get().repeated_by == again.public_id
        assert AuditEvent.objects.filter(name="outbox.not_repeated").count() == 1
    announce(organization)
    deliver()
    assert mails() == 2, "each lost message stands for one: another one is news"


def held(organization):
    """Lose a message to a restore, and announce another one on the same matter: it is held."""
    beat()
    backup = Backup()
    announce(organization)
    deliver()
    beat(2)
    restored(backup)
    message = announce(organization, on="2027-07-01")
    deliver()
    assert mails() == 1
    return message


@pytest.mark.parametrize(("act", "expected"), [("release", 2), ("drop", 1)])
@pytest.mark.parametrize("face", ["admin", "rest", "command"])
def test_what_is_like_something_lost_waits_for_people(client, act, expected, face):
    organization = an_organization()
    a_member(Role.AUTHORISED_CONTACT, organization)
    message = held(organization)
    client.force_login(somebody("administrator"))
    assert [one["public_id"] for one in client.get("/api/v1/held-messages").json()["results"]] == [
        str(message.public_id)
    ]
    if face == "admin":
        page = f"/admin/accounts/outboxmessage/{message.pk}/{act}/"
        client.post(page, {"confirmed": "yes"})
    elif face == "rest":
        path = f"/api/v1/held-messages/{message.public_id}/{act}"
        assert client.post(path, content_type="application/json", headers={"Idempotency-Key": "one"}).status_code == 200
        assert client.post(path, content_type="application/json", headers={"Idempotency-Key": "two"}).status_code == 404
    else:
        out = StringIO()
        call_command("held_messages", f"--{act}", "--all", "--format", "json", stdout=out)
        assert len(json.loads(out.getvalue())["messages"]) == 1
    deliver()
    deliver()
    assert mails() == expected
    with tenancy.vendor():
        assert not OutboxMessage.objects.held().exists()
        assert AuditEvent.objects.filter(name=f"outbox.{'released' if act == 'release' else 'dropped'}").count() == 1


@pytest.mark.parametrize(
    ("options", "code"),
    [
        pytest.param(["--release"], 2, id="nothing named"),
        pytest.param(["--all"], 2, id="nothing to do"),
        pytest.param(["--drop", "x"], 2, id="no id"),
        pytest.param(["--drop", "--all", "11111111-1111-4111-8111-111111111111"], 2, id="both"),
        pytest.param(["--drop", "11111111-1111-4111-8111-111111111111"], 1, id="not held"),
    ],
)
def test_wrong_input_of_the_command(options, code):
    with pytest.raises(CommandError) as refused:
        call_command("held_messages", *options, stdout=StringIO())
    assert refused.value.returncode == code


def test_two_people_at_once_release_a_message_once():
    organization = an_organization()
    a_member(Role.AUTHORISED_CONTACT, organization)
    message = held(organization)

    def release():
        with tenancy.vendor():
            return sent.release(message, now=timezone.now(), by="user:one")

    outcomes = at_once(release, release)
    assert sum(isinstance(one, sent.NotHeld) for one in outcomes) == 1
    deliver()
    assert mails() == 2


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    made = Receiver()
    yield made
    made.close()


def test_no_webhook_is_called_twice(receiver):
    organization = an_organization()
    hooks.an_endpoint(receiver.url, topics=TOPICS)
    hooks.announce(organization)
    hooks.fan_out()
    beat()
    backup = Backup()
    hooks.sweep()
    assert len(receiver.calls) == 1
    hooks.announce(organization, "contract.renewed")
    hooks.sweep()
    assert len(receiver.calls) == 2
    beat(2)
    restored(backup)
    hooks.announce(organization, "contract.renewed")
    hooks.sweep()
    assert len(receiver.calls) == 2, "neither the one that the restored database has, nor the one that was done again"
    with tenancy.vendor():
        assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"delivered"}
    hooks.announce(organization, "contract.ended")
    hooks.sweep()
    assert len(receiver.calls) == 3


def test_what_is_held_no_webhook_hears_until_it_is_released(receiver):
    organization = an_organization()
    a_member(Role.AUTHORISED_CONTACT, organization)
    hooks.an_endpoint(receiver.url, topics=TOPICS)
    message = held(organization)
    hooks.sweep()
    assert len(receiver.calls) == 0
    with tenancy.vendor():
        sent.release(message, now=timezone.now(), by="user:one")
    hooks.sweep()
    assert len(receiver.calls) == 1


def test_records_are_forgotten_with_the_last_backup():
    organization = an_organization()
    a_member(Role.AUTHORISED_CONTACT, organization)
    announce(organization)
    deliver()

    def count():
        with beside_ledger():
            return SentRecord.objects.count()

    tend_entries(at=timezone.now() + timedelta(days=34), by="system")
    assert count() == 1
    tend_entries(at=timezone.now() + timedelta(days=36), by="system")
    assert count() == 0


@pytest.mark.parametrize(
    ("values", "constraint"), [({}, "sent_record_once"), ({"kind": "pigeon"}, "sent_record_kind_known")]
)
def test_the_database_refuses_a_record_twice_and_one_of_no_known_kind(values, constraint):
    hexes = dict.fromkeys(("reader", "meaning", "matter"), "0" * 64)
    told = {"kind": "mail", "message": UUID(int=1), "topic": "t", "sent_at": timezone.now(), **hexes}
    with beside_ledger():
        SentRecord.objects.create(**told)
    with pytest.raises(IntegrityError, match=constraint), beside_ledger():
        SentRecord.objects.create(**{**told, **values})


def test_a_record_names_nobody():
    organization = an_organization()
    reader = a_member(Role.AUTHORISED_CONTACT, organization)
    announce(organization)
    deliver()
    with beside_ledger():
        row = SentRecord.objects.values().get()
    told = str(row)
    for what in (reader.email, str(reader.public_id), str(organization.public_id)):
        assert what not in told
