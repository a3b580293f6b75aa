"""Calls: signed, sent at least once, in order, tried again, given up; real servers, and two sweeps at a time."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from accounts import sweeps, tenancy
from accounts.enums import Role
from accounts.models import AuditEvent
from accounts.operations import calling, endpoints
from tests.accounts.hooks import an_endpoint, announce, fresh, states, sweep, the_delivery
from tests.accounts.parties import a_member
from tests.accounts.receivers import Receiver, certificates, says, serving
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture(autouse=True)
def private(settings):
    """The receivers of these tests are on this machine."""
    settings.WEBHOOK_ALLOW_PRIVATE = True


@pytest.fixture
def receiver():
    found = Receiver()
    yield found
    found.close()


def fails_with(status, *, until=10**9, **headers):
    """Answer with a status, up to a call; then that all is well."""
    return lambda handler, number: says(handler, status, **headers) if number <= until else says(handler, 204)


def test_a_message_arrives_once_signed_and_says_ids_only(receiver):
    organization = an_organization(name="Zakład Ćwiczeń")
    endpoint, secret = an_endpoint(receiver.url, organization)
    message = announce(organization, starts_on="2026-01-01", note="Call Ann at once", owner=str(endpoint.public_id))
    assert (sweep().done, sweep().done) == (1, 0)
    ((headers, body),) = receiver.calls
    said = Webhook(secret).verify(body, headers)
    assert said == {
        "type": "contract.signed",
        "timestamp": message.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "data": {
            "message": str(message.public_id),
            "organization": str(organization.public_id),
            "subject_type": "Organization",
            "subject": str(organization.public_id),
            "details": {"starts_on": "2026-01-01"},
        },
    }
    assert (headers["webhook-id"], headers["Content-Type"]) == (str(message.public_id), "application/json")
    delivery = the_delivery(endpoint)
    assert (delivery.state, delivery.attempts, delivery.last_status, delivery.last_error) == ("delivered", 1, 204, "")
    assert fresh(endpoint).last_success_at is not None


def test_it_arrives_by_tls_at_a_name(tmp_path, monkeypatch):
    authority, server = certificates(tmp_path, "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    receiver = Receiver(tls=serving(server))
    _endpoint, secret = an_endpoint(receiver.url)
    announce(an_organization())
    assert sweep().done == 1
    Webhook(secret).verify(receiver.calls[0][1], receiver.calls[0][0])
    receiver.close()


def test_after_a_rotation_both_secrets_verify_until_the_old_one_ends(receiver):
    organization = an_organization()
    endpoint, old = an_endpoint(receiver.url, organization)
    now = timezone.now()
    with tenancy.tenant(organization.pk):
        _changed, new = endpoints.rotate_secret(endpoint, overlap=timedelta(hours=1), now=now, by="user:one")
    announce(organization)
    sweep()
    headers, body = receiver.calls[0]
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (new, old):
        Webhook(secret).verify(body, headers)
    with tenancy.vendor():
        type(endpoint).objects.filter(pk=endpoint.pk).update(old_secret_until=now)
    announce(organization)
    sweep()
    headers, body = receiver.calls[1]
    Webhook(new).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(body, headers)


def test_the_instant_that_is_signed_is_utc_wherever_the_caller_stands():
    """The library drops the zone of the instant that it is given."""
    key, at = b"k" * 32, datetime.fromisoformat("2026-03-01T13:00:00+01:00")
    (one,) = calling.signatures([key], "m", "{}", at=at).split(" ")
    assert one == Webhook(key).sign("m", datetime(2026, 3, 1, 12, tzinfo=UTC), "{}")


# What goes wrong, and when it is tried again.


@pytest.mark.parametrize(
    ("status", "fault"),
    [(301, "redirect"), (302, "redirect"), (307, "redirect"), (400, "status"), (404, "status"), (500, "status")],
)
def test_what_is_no_success_is_tried_again_with_the_same_id(receiver, status, fault):
    receiver.answer = fails_with(status, until=1, Location="http://127.0.0.1:9/")
    endpoint, secret = an_endpoint(receiver.url)
    message = announce(an_organization())
    began = timezone.now()
    assert sweep().refused == {fault: 1}
    delivery = the_delivery(endpoint)
    assert (delivery.state, delivery.last_status, delivery.last_error) == ("waiting", status, fault)
    assert timedelta(seconds=5) <= delivery.next_attempt_at - began <= timedelta(seconds=9)
    assert (fresh(endpoint).failures, sweep().done) == (1, 0), "its time has not come"
    assert sweep(after=timedelta(seconds=10)).done == 1
    assert receiver.ids == [str(message.public_id)] * 2
    assert receiver.calls[0][1] == receiver.calls[1][1]
    for headers, body in receiver.calls:
        Webhook(secret).verify(body, headers)
    found = fresh(endpoint)
    assert (found.failures, found.failing_since) == (0, None)


def test_nobody_listens():
    receiver = Receiver()
    receiver.close()
    endpoint, _secret = an_endpoint(receiver.url)
    announce(an_organization())
    assert sweep().refused == {"connection": 1}
    assert the_delivery(endpoint).last_status is None


def test_after_ten_attempts_a_message_is_given_up_and_the_next_one_is_sent(receiver):
    organization = an_organization()
    endpoint, _secret = an_endpoint(receiver.url)
    first = announce(organization)
    receiver.answer = lambda handler, _number: says(
        handler, 500 if handler.headers["webhook-id"] == str(first.public_id) else 204
    )
    sweep()
    second = announce(organization, "contract.renewed")
    for _attempt in range(9):
        assert states(endpoint) == ["waiting", "waiting"][: len(states(endpoint))]
        sweep(after=timedelta(hours=29))
        with tenancy.vendor():  # other clients are told meanwhile: the endpoint itself is well
            type(endpoint).objects.filter(pk=endpoint.pk).update(failing_since=None, failures=0)
    sweep()
    assert receiver.ids == [str(first.public_id)] * 10 + [str(second.public_id)]
    assert states(endpoint) == ["given_up", "delivered"]


def test_a_receiver_that_asks_to_wait_is_left_alone_by_all_messages(receiver):
    receiver.answer = fails_with(429, until=1, Retry_After="3600")
    endpoint, _secret = an_endpoint(receiver.url)
    for _number in range(3):
        announce(an_organization())
    began = timezone.now()
    with tenancy.vendor():  # one place for it, so that the first answer comes before the second call
        type(endpoint).objects.filter(pk=endpoint.pk).update(failures=1, failing_since=began)
    sweep()
    assert len(receiver.calls) == 1
    rests = fresh(endpoint).rests_until - began
    assert timedelta(minutes=59) < rests < timedelta(minutes=61)
    sweep(after=timedelta(minutes=58))
    assert len(receiver.calls) == 1
    sweep(after=timedelta(minutes=3))
    assert states(endpoint) == ["delivered"] * 3


@pytest.mark.parametrize(("status", "said"), [(503, "60"), (429, "60"), (500, "60")])
def test_only_429_and_503_ask_to_wait(receiver, status, said):
    receiver.answer = fails_with(status, Retry_After=said)
    endpoint, _secret = an_endpoint(receiver.url)
    announce(an_organization())
    sweep()
    assert (fresh(endpoint).rests_until is not None) is (status != 500)


def test_what_it_asks_for_is_bounded(receiver):
    receiver.answer = fails_with(503, Retry_After="Fri, 31 Dec 9999 23:59:59 GMT")
    endpoint, _secret = an_endpoint(receiver.url)
    announce(an_organization())
    sweep()
    assert fresh(endpoint).rests_until <= timezone.now() + timedelta(hours=24)


def test_an_endpoint_that_is_gone_is_disabled_at_once_and_its_administrators_are_told(receiver):
    organization = an_organization()
    told = a_member(Role.CLIENT_ADMINISTRATOR, organization)
    for other in (Role.CLIENT_FINANCE, Role.AUTHORISED_CONTACT):
        a_member(other, organization)
    a_member(Role.ADMINISTRATOR)
    receiver.answer = fails_with(410)
    endpoint, _secret = an_endpoint(receiver.url, organization)
    announce(organization)
    announce(organization, "contract.renewed")
    sweep()
    found = fresh(endpoint)
    assert (found.enabled, found.disabled_reason) == (False, "gone")
    assert states(endpoint) == ["given_up", "given_up"] and len(receiver.calls) == 1
    with tenancy.vendor():
        (event,) = AuditEvent.objects.filter(name="webhook_endpoint.disabled")
        assert (event.actor, event.data["reason"], event.organization_id) == ("system", "gone", organization.pk)
    sweeps.deliver_all(at=timezone.now(), by="system")
    mails = [sent for sent in mail.outbox if sent.subject == "A webhook endpoint was disabled"]
    assert [sent.to for sent in mails] == [[told.email]]
    assert "410" in mails[0].body and str(endpoint.public_id) in mails[0].body
    announce(organization)
    assert sweep().done == 0 and len(receiver.calls) == 1


def test_five_days_without_a_success_disable_it_and_the_vendors_administrators_are_told(receiver):
    administrator, _other = a_member(Role.ADMINISTRATOR), a_member(Role.SUPPORT)
    receiver.answer = fails_with(500)
    endpoint, _secret = an_endpoint(receiver.url)
    announce(an_organization())
    sweep()
    sweep(after=timedelta(days=4, hours=23))
    assert fresh(endpoint).enabled
    sweep(after=timedelta(days=1))
    found = fresh(endpoint)
    assert (found.enabled, found.disabled_reason, len(receiver.calls)) == (False, "failing", 3)
    sweeps.deliver_all(at=timezone.now(), by="system")
    mails = [sent for sent in mail.outbox if sent.subject == "A webhook endpoint was disabled"]
    assert [sent.to for sent in mails] == [[administrator.email]]


def test_a_success_ends_the_streak(receiver):
    receiver.answer = lambda handler, number: says(handler, 204 if number == 2 else 500)
    endpoint, _secret = an_endpoint(receiver.url)
    announce(an_organization())
    sweep()
    sweep(after=timedelta(days=4))
    announce(an_organization())
    sweep()
    sweep(after=timedelta(days=4))
    assert fresh(endpoint).enabled


@pytest.mark.parametrize("wrong", ["of a key that is gone", "another endpoint's"])
def test_a_secret_that_nobody_can_open_holds_up_no_other(receiver, wrong):
    broken, _secret = an_endpoint(receiver.url)
    sound, _secret = an_endpoint(receiver.url)
    with tenancy.vendor():
        given = {"secret_version": 9} if wrong == "of a key that is gone" else {"secret": sound.secret}
        type(broken).objects.filter(pk=broken.pk).update(**given)
    announce(an_organization())
    swept = sweep()
    assert (swept.done, swept.refused) == (1, {"unsigned": 1})
    assert the_delivery(broken).last_error == "unsigned"


def test_a_redirect_that_leads_inside_is_never_followed(receiver):
    inside = Receiver()
    receiver.answer = fails_with(302, Location=inside.url)
    an_endpoint(receiver.url)
    announce(an_organization())
    sweep()
    assert inside.calls == []
    inside.close()


def test_an_address_that_has_become_private_is_not_called(receiver, settings):
    endpoint, _secret = an_endpoint(receiver.url)
    announce(an_organization())
    settings.WEBHOOK_ALLOW_PRIVATE = False
    assert sweep().refused == {"forbidden_address": 1}
    assert receiver.calls == [] and the_delivery(endpoint).state == "waiting"
