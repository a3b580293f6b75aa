"""Webhooks over REST: made and told once, changed, rotated, tested, sent again; whose they are, and bad input."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from standardwebhooks import Webhook

from accounts import tenancy
from accounts.models import AuditDetail, AuditEvent, OutboxMessage, WebhookDelivery, WebhookEndpoint
from accounts.operations import endpoints
from tests.accounts.hooks import announce, fan_out, sweep
from tests.accounts.parties import at_once
from tests.accounts.receivers import Receiver, says
from tests.api.callers import caller
from tests.api.test_bad_input import problem
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
URL = "https://8.8.8.8/hook"
HOOKS = "webhook-endpoints"


@pytest.fixture
def home():
    return an_organization()


@pytest.fixture
def client(home):
    return caller("client_administrator", str(home.public_id))


@pytest.fixture
def administrator():
    return caller("administrator")


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    found = Receiver()
    yield found
    found.close()


def made(call, **body):
    return call("POST", HOOKS, {"url": URL, **body}, expect=201)


def test_a_secret_is_told_once_and_kept_sealed(client, home):
    body = {"url": URL, "description": "Ours", "topics": ["contract.signed", "contract.signed"]}
    answer = client("POST", HOOKS, body, expect=201, key="k1")
    assert (answer["organization"], answer["topics"]) == (str(home.public_id), ["contract.signed"])
    assert answer["secret"].startswith("whsec_") and len(answer["secret"]) == 50
    again = client("POST", HOOKS, body, expect=201, key="k1")
    assert again == {name: value for name, value in answer.items() if name != "secret"}
    assert "secret" not in client("GET", f"{HOOKS}/{answer['public_id']}")
    with tenancy.vendor():
        (endpoint,) = WebhookEndpoint.objects.all()
        assert Webhook(answer["secret"])._whsecret not in bytes(endpoint.secret)
        (event,) = AuditEvent.objects.filter(name="webhook_endpoint.made")
        assert event.data == {"topics": ["contract.signed"]}
        assert AuditDetail.objects.get(event_id=event.pk).text == {"host": "8.8.8.8"}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({"url": "https://127.0.0.1/"}, ("url", "forbidden_address"), id="this-machine"),
        pytest.param({"url": "https://localhost/"}, ("url", "forbidden_address"), id="this-machine-by-name"),
        pytest.param({"url": "https://[::1]/"}, ("url", "forbidden_address"), id="this-machine-in-ipv6"),
        pytest.param({"url": "https://169.254.169.254/latest"}, ("url", "forbidden_address"), id="metadata"),
        pytest.param({"url": "https://[::ffff:10.0.0.1]/"}, ("url", "forbidden_address"), id="mapped"),
        pytest.param({"url": "http://8.8.8.8/"}, ("url", "not_https"), id="without-tls"),
        pytest.param({"url": "https://a:b@8.8.8.8/"}, ("url", "credentials_in_url"), id="password"),
        pytest.param({"url": "https://8.8.8.8:25/"}, ("url", "forbidden_port"), id="mail-server"),
        pytest.param({"url": "https://8.8.8.8/\x00"}, ("url", "null_characters_not_allowed"), id="nul"),
        pytest.param({"url": "x" * 2001}, ("url", "max_length"), id="too-long"),
        pytest.param({"url": ""}, ("url", "blank"), id="empty"),
        pytest.param({"url": None}, ("url", "null"), id="null"),
        pytest.param({"url": ["https://8.8.8.8/"]}, ("url", "invalid"), id="a-list"),
        pytest.param({"description": "a\x00b"}, ("description", "null_characters_not_allowed"), id="nul-beside"),
        pytest.param({"description": "<b>x</b>"}, ("description", "html"), id="html"),
        pytest.param({"topics": ["erasure.residue_found"]}, ("topics", "unknown"), id="the-vendors-topic"),
        pytest.param({"topics": ["webhook.test"]}, ("topics", "unknown"), id="nobodys-topic"),
        pytest.param({"topics": ["a\x00.b"]}, ("topics.0", "null_characters_not_allowed"), id="nul-in-a-topic"),
        pytest.param({"topics": "contract.signed"}, ("topics", "not_a_list"), id="no-list"),
        pytest.param({"topics": ["contract.signed"] * 101}, ("topics", "max_length"), id="too-many-topics"),
        pytest.param({"organization": str(uuid.uuid4())}, ("organization", "unknown_organization"), id="nobody"),
    ],
)
def test_what_cannot_be_made_is_refused_by_field(client, changed, expected):
    assert problem(client, "POST", HOOKS, {"url": URL, **changed}) == {expected}
    with tenancy.vendor():
        assert not WebhookEndpoint.objects.exists()
        assert not AuditEvent.objects.filter(name__startswith="webhook").exists()


def test_a_neighbours_organization_is_unknown_and_its_endpoints_are_not_found(client):
    other = an_organization()
    neighbour = caller("client_administrator", str(other.public_id))
    theirs = made(neighbour)["public_id"]
    body = {"url": URL, "organization": str(other.public_id)}
    assert problem(client, "POST", HOOKS, body) == {("organization", "unknown_organization")}
    announce(other)
    fan_out()
    with tenancy.vendor():
        delivery = WebhookDelivery.objects.get().public_id
    mine = made(client)["public_id"]
    for method, path, given in (
        ("GET", "", None),
        ("PATCH", "", {"url": URL}),
        ("POST", "/rotate-secret", {}),
        ("POST", "/disable", None),
        ("POST", "/enable", None),
        ("POST", "/test", None),
        ("POST", "/redeliver", {"since": "2026-01-01T00:00:00Z"}),
        ("GET", "/deliveries", None),
        ("POST", f"/deliveries/{delivery}/redeliver", None),
    ):
        client(method, f"{HOOKS}/{theirs}{path}", given, expect=404)
    client("POST", f"{HOOKS}/{mine}/deliveries/{delivery}/redeliver", expect=404)
    assert [one["public_id"] for one in client("GET", HOOKS)["results"]] == [mine]
    assert client("GET", f"{HOOKS}?organization={other.public_id}")["results"] == []


def test_the_vendors_endpoint_is_no_clients_to_see(client, administrator, home):
    vendors = made(administrator)
    assert vendors["organization"] is None
    announce(home)
    fan_out()
    client("GET", f"{HOOKS}/{vendors['public_id']}", expect=404)
    assert client("GET", HOOKS)["results"] == []
    with tenancy.tenant(home.pk):
        assert not WebhookEndpoint.objects.exists() and not WebhookDelivery.objects.exists()
    clients = made(administrator, organization=str(home.public_id))
    assert client("GET", f"{HOOKS}/{clients['public_id']}")["url"] == URL


@pytest.mark.parametrize("role", ["client_finance", "authorised_contact", "client_privacy_officer"])
def test_other_members_of_a_client_do_not_manage_webhooks(role, home):
    caller(role, str(home.public_id))("GET", HOOKS, expect=403)


def test_it_is_changed_by_field_and_the_same_again_writes_nothing(client):
    path = f"{HOOKS}/{made(client)['public_id']}"
    other = "https://1.1.1.1/other"
    assert client("PATCH", path, {"url": other, "topics": ["contract.ended"]})["url"] == other
    client("PATCH", path, {"url": other})
    client("PATCH", path, {})
    with tenancy.vendor():
        (event,) = AuditEvent.objects.filter(name="webhook_endpoint.changed")
        assert event.data == {"changed": ["url", "topics"]}
    assert problem(client, "PATCH", path, {"url": "https://10.0.0.1/"}) == {("url", "forbidden_address")}
    assert problem(client, "PATCH", path, {"topics": ["uplift.proposed"]}) == {("topics", "unknown")}
    assert client("GET", path)["url"] == other


def test_disabled_and_enabled_each_once(client):
    path = f"{HOOKS}/{made(client)['public_id']}"
    assert problem(client, "POST", f"{path}/enable", None, 409) == {(None, "endpoint_enabled")}
    assert client("POST", f"{path}/disable")["disabled_reason"] == "by_hand"
    for act, body in (("disable", None), ("test", None), ("redeliver", {"since": "2026-01-01T00:00:00Z"})):
        assert problem(client, "POST", f"{path}/{act}", body, 409) == {(None, "endpoint_disabled")}
    with tenancy.vendor():
        assert not OutboxMessage.objects.filter(topic=endpoints.DISABLED).exists(), "who does it knows it"
    assert client("POST", f"{path}/enable")["enabled"] is True
    assert [one["enabled"] for one in client("GET", f"{HOOKS}?enabled=true")["results"]] == [True]


def fails(public_id):
    """Let an endpoint have failed for nearly so long that it is disabled, and rest."""
    since = timezone.now() - timedelta(days=4)
    with tenancy.vendor():
        rows = WebhookEndpoint.objects.filter(public_id=public_id)
        rows.update(failures=9, failing_since=since, rests_until=timezone.now() + timedelta(hours=9))


def streak(public_id):
    with tenancy.vendor():
        row = WebhookEndpoint.objects.get(public_id=public_id)
    return (row.failures, row.failing_since is None, row.rests_until is None)


def test_another_url_begins_without_failures_and_so_does_who_is_enabled_again(client):
    made_one = made(client)["public_id"]
    path = f"{HOOKS}/{made_one}"
    fails(made_one)
    client("PATCH", path, {"url": URL, "description": "as it was"})
    assert streak(made_one) == (9, False, False)
    client("PATCH", path, {"url": "https://1.1.1.1/other"})
    assert streak(made_one) == (0, True, True)
    fails(made_one)
    client("POST", f"{path}/disable")
    assert streak(made_one) == (9, False, False)
    client("POST", f"{path}/enable")
    assert streak(made_one) == (0, True, True)


@pytest.mark.parametrize("hours", [-1, 169, "x", None, 1.5])
def test_an_overlap_is_between_nothing_and_a_week(client, hours):
    path = f"{HOOKS}/{made(client)['public_id']}/rotate-secret"
    assert {attr for attr, _code in problem(client, "POST", path, {"overlap_hours": hours})} == {"overlap_hours"}


def test_a_rotation_tells_another_secret_once(client):
    first = made(client)
    path = f"{HOOKS}/{first['public_id']}"
    second = client("POST", f"{path}/rotate-secret")
    assert second["secret"] != first["secret"] and second["old_secret_until"] is not None
    at_once_ = client("POST", f"{path}/rotate-secret", {"overlap_hours": 0})
    assert at_once_["old_secret_until"] is None and at_once_["secret"] != second["secret"]
    with tenancy.vendor():
        assert AuditEvent.objects.filter(name="webhook_endpoint.secret_rotated").count() == 2


def test_a_test_a_failure_and_what_is_sent_again(client, receiver, home):
    answer = made(client, url=receiver.url)
    path = f"{HOOKS}/{answer['public_id']}"
    sent = client("POST", f"{path}/test")
    sweep()
    said = Webhook(answer["secret"]).verify(receiver.calls[0][1], receiver.calls[0][0])
    assert (said["type"], said["data"]["message"], receiver.ids) == ("webhook.test", sent["message"], [sent["message"]])
    (first,) = client("GET", f"{path}/deliveries")["results"]
    assert (first["state"], first["last_status"], first["topic"]) == ("delivered", 204, "webhook.test")

    again = client("POST", f"{path}/deliveries/{first['public_id']}/redeliver")
    assert (again["state"], again["attempts"]) == ("waiting", 0)
    sweep()
    assert receiver.ids == [sent["message"]] * 2

    receiver.answer = lambda handler, number: says(handler, 410)
    began = timezone.now()
    for topic in ("contract.signed", "contract.ended"):
        announce(home, topic)
    sweep()
    given_up = client("GET", f"{path}/deliveries?state=given_up")["results"]
    assert [one["topic"] for one in given_up] == ["contract.signed", "contract.ended"]
    client("POST", f"{path}/deliveries/{given_up[0]['public_id']}/redeliver", expect=409)
    client("POST", f"{path}/enable")
    late = (timezone.now() + timedelta(hours=1)).isoformat()
    assert client("POST", f"{path}/redeliver", {"since": late}) == {"messages": 0}
    receiver.answer = lambda handler, number: says(handler, 204)
    assert client("POST", f"{path}/redeliver", {"since": began.isoformat()}) == {"messages": 2}
    sweep()
    # Behind them comes that it was disabled, which it may hear like any other endpoint of its owner.
    assert receiver.ids[-3:-1] == [one["message"] for one in given_up]
    assert client("GET", f"{path}/deliveries?state=given_up")["results"] == []


def test_odd_questions_about_deliveries(client):
    path = f"{HOOKS}/{made(client)['public_id']}"
    assert problem(client, "GET", f"{path}/deliveries?state=lost", None) == {("state", "invalid_choice")}
    assert problem(client, "GET", f"{path}/deliveries?state=%00", None) == {("state", "invalid_choice")}
    client("POST", f"{path}/deliveries/{uuid.uuid4()}/redeliver", expect=404)
    assert problem(client, "POST", f"{path}/redeliver", {"since": "yesterday"}) == {("since", "invalid")}
    assert problem(client, "POST", f"{path}/redeliver", {}) == {("since", "required")}


def test_an_owner_has_so_many_endpoints_and_two_who_make_the_last_one_make_one(client, home):
    with tenancy.vendor():
        for _number in range(endpoints.MOST_ENDPOINTS - 1):
            endpoints.make(organization=home, url=URL, now=timezone.now(), by="user:one")

    def make():
        return client("POST", HOOKS, {"url": URL}, expect=201)

    assert sorted(type(answer).__name__ for answer in at_once(make, make, make)) == ["AssertionError"] * 2 + ["dict"]
    with tenancy.vendor():
        assert WebhookEndpoint.objects.filter(organization=home).count() == endpoints.MOST_ENDPOINTS
        endpoints.make(organization=None, url=URL, now=timezone.now(), by="user:one")


def test_a_client_whose_data_are_being_erased_makes_none(client, home):
    with tenancy.vendor():
        type(home).objects.filter(pk=home.pk).update(closed_at=timezone.now())
    assert problem(client, "POST", HOOKS, {"url": URL}, 409) == {(None, "organization_closed")}
