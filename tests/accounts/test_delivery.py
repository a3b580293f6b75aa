"""Delivery: an announcement is mailed once, and what happens when the mail server does not answer."""

import email
import email.policy
import smtplib
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMessage

from accounts import sweeps, tenancy
from accounts.enums import Role
from accounts.models import AuditEvent, OutboxMessage
from accounts.operations import delivery
from tests.accounts.parties import NOW, a_member, an_announcement, at_once
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
SIGNED, PAYLOAD = "contract.signed", {"starts_on": "2026-01-01"}


def deliver(message, *, now=NOW):
    with tenancy.vendor():
        return delivery.deliver(message, now=now)


def receivers():
    return sorted(to for sent in mail.outbox for to in sent.to)


def fail_for(monkeypatch, trouble):
    """Let mails fail as ``trouble`` says: a function of the address that returns what is raised, or nothing."""
    send = EmailMessage.send

    def sending(self, *args, **kwargs):
        if (error := trouble(self.to[0])) is not None:
            raise error
        return send(self, *args, **kwargs)

    monkeypatch.setattr(EmailMessage, "send", sending)


def test_a_message_is_delivered_once():
    organization = an_organization(name="Zakład Ćwiczeń")
    reader = a_member(Role.AUTHORISED_CONTACT, organization)
    message = an_announcement(SIGNED, organization, payload=PAYLOAD)
    assert deliver(message).delivered_at == NOW
    with pytest.raises(delivery.NotDeliverable):
        deliver(message)
    assert receivers() == [reader.email]
    assert mail.outbox[0].subject == "Contract signed: Zakład Ćwiczeń"


def test_the_sweep_delivers_what_is_due_and_a_second_one_nothing():
    organization = an_organization()
    a_member(Role.AUTHORISED_CONTACT, organization)
    an_announcement(SIGNED, organization, payload=PAYLOAD)
    an_announcement(SIGNED, organization, payload=PAYLOAD, next_attempt_at=NOW + timedelta(seconds=1))
    assert sweeps.deliver_all(at=NOW, by="system").done == 1
    assert sweeps.deliver_all(at=NOW, by="system").done == 0
    assert len(mail.outbox) == 1


def test_two_workers_at_once_deliver_once(monkeypatch):
    organization = an_organization()
    a_member(Role.AUTHORISED_CONTACT, organization)
    message = an_announcement(SIGNED, organization, payload=PAYLOAD)
    send, other_answered = EmailMessage.send, threading.Event()

    def slowly(self, *args, **kwargs):
        assert other_answered.wait(timeout=30), "the other worker waits instead of passing on"
        return send(self, *args, **kwargs)

    def worker():
        try:
            return deliver(message)
        except delivery.NotDeliverable as refused:
            other_answered.set()
            return refused

    monkeypatch.setattr(EmailMessage, "send", slowly)
    results = at_once(worker, worker)
    assert sorted(type(result).__name__ for result in results) == ["NotDeliverable", "OutboxMessage"]
    assert len(mail.outbox) == 1


def test_a_topic_without_a_template_counts_as_delivered_and_mails_nobody():
    organization = an_organization()
    a_member(Role.AUTHORISED_CONTACT, organization)
    assert deliver(an_announcement("contract.drafted", organization)).delivered_at == NOW
    assert mail.outbox == []


# What goes wrong.


def test_a_failure_backs_off_twice_as_long_each_time_and_is_given_up_after_ten(monkeypatch):
    organization = an_organization()
    a_member(Role.AUTHORISED_CONTACT, organization)
    officer = a_member(Role.PRIVACY_OFFICER)
    message = an_announcement(SIGNED, organization, payload=PAYLOAD)
    fail_for(monkeypatch, lambda _to: smtplib.SMTPServerDisconnected("gone"))
    now, waits = NOW, []
    for _attempt in range(9):
        found = deliver(message, now=now)
        assert (found.delivered_at, found.failed_at, found.last_error) == (None, None, "SMTPServerDisconnected")
        waits.append((found.next_attempt_at - now).total_seconds() / 60)
        with pytest.raises(delivery.NotDeliverable):
            deliver(message, now=found.next_attempt_at - timedelta(microseconds=1))
        now = found.next_attempt_at
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    found = deliver(message, now=now)
    assert (found.attempts, found.failed_at, found.delivered_at) == (10, now, None)
    with pytest.raises(delivery.NotDeliverable):
        deliver(message, now=now + timedelta(days=365))
    with tenancy.vendor():
        (event,) = AuditEvent.objects.filter(name="delivery.given_up")
        (notification,) = OutboxMessage.objects.filter(topic="delivery.given_up")
    assert (event.subject_id, event.data) == (message.public_id, {"topic": SIGNED})
    monkeypatch.undo()
    deliver(notification, now=now)
    assert receivers() == [officer.email]


def test_mail_about_mail_that_cannot_be_delivered_ends(monkeypatch):
    organization = an_organization()
    a_member(Role.PRIVACY_OFFICER)
    message = an_announcement(delivery.GIVEN_UP, organization, payload={"topic": "x"}, attempts=9)
    fail_for(monkeypatch, lambda _to: ConnectionRefusedError())
    assert deliver(message).failed_at == NOW
    with tenancy.vendor():
        assert OutboxMessage.objects.count() == 1


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(smtplib.SMTPRecipientsRefused({}), id="refused-by-the-server"),
        pytest.param(ValueError("local part"), id="an-address-that-cannot-be-written"),
    ],
)
def test_one_readers_bad_address_does_not_silence_the_others_nor_mail_them_twice(monkeypatch, error):
    organization = an_organization()
    for name in ("a", "b", "c"):
        a_member(Role.AUTHORISED_CONTACT, organization, email=f"{name}@client.example")
    message = an_announcement(SIGNED, organization, payload=PAYLOAD)
    fail_for(monkeypatch, lambda to: error if to.startswith("b@") else None)
    again = deliver(message).next_attempt_at
    assert receivers() == ["a@client.example", "c@client.example"]
    assert deliver(message, now=again).last_error == type(error).__name__
    assert len(mail.outbox) == 2
    monkeypatch.undo()
    assert deliver(message, now=NOW + timedelta(days=1)).delivered_at
    assert receivers() == ["a@client.example", "b@client.example", "c@client.example"]


def test_a_server_that_falls_silent_halfway_is_not_asked_again_for_each_reader(monkeypatch):
    organization = an_organization()
    for name in ("a", "b", "c"):
        a_member(Role.AUTHORISED_CONTACT, organization, email=f"{name}@client.example")
    asked = []
    fail_for(monkeypatch, lambda to: asked.append(to) or (TimeoutError() if to.startswith("b@") else None))
    deliver(an_announcement(SIGNED, organization, payload=PAYLOAD))
    assert asked == ["a@client.example", "b@client.example"]


def test_a_crash_after_sending_neither_sends_again_nor_loses_anything():
    organization = an_organization()
    a_member(Role.AUTHORISED_CONTACT, organization)
    message = an_announcement(SIGNED, organization, payload=PAYLOAD)
    with pytest.raises(KeyboardInterrupt), tenancy.vendor():
        delivery.deliver(message, now=NOW)
        raise KeyboardInterrupt
    assert deliver(message).attempts == 1
    assert len(mail.outbox) == 1, "the record of what was sent is kept apart"


# What is on the wire.


def test_the_files_backend_writes_mails_where_the_settings_say(settings, tmp_path):
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "OPTIONS": {"file_path": str(tmp_path / "mail")},
        }
    }
    organization = an_organization(name="Société Été")
    reader = a_member(Role.AUTHORISED_CONTACT, organization)
    deliver(an_announcement(SIGNED, organization, payload=PAYLOAD))
    (written,) = (tmp_path / "mail").iterdir()
    parsed = email.message_from_bytes(written.read_bytes(), policy=email.policy.default)
    assert (parsed["Subject"], parsed["To"]) == ("Contract signed: Société Été", reader.email)
    assert "1 Jan 2026" in parsed.get_content()


def test_a_mail_folder_that_cannot_be_written_backs_off(settings, tmp_path):
    (tmp_path / "mail").write_text("a file in the way")
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "OPTIONS": {"file_path": str(tmp_path / "mail")},
        }
    }
    organization = an_organization()
    a_member(Role.AUTHORISED_CONTACT, organization)
    found = deliver(an_announcement(SIGNED, organization, payload=PAYLOAD))
    assert (found.last_error, found.delivered_at) == ("InvalidMailer", None)
