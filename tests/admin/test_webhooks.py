"""Webhooks in the admin: made with the secret shown once, changed, disabled, tested, sent again; whose they are."""

import pytest
from django.urls import reverse
from django.utils import timezone
from standardwebhooks import Webhook

from accounts import tenancy
from accounts.enums import DisabledReason
from accounts.models import OutboxMessage, WebhookDelivery, WebhookEndpoint
from accounts.operations import endpoints
from tests.accounts.hooks import an_endpoint, announce, fan_out, states, the_delivery
from tests.admin.test_actions import act, buttons, fresh, page, said
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
URL = "https://8.8.8.8/hook"
ADD = "admin:accounts_webhookendpoint_add"


def the_endpoint():
    with tenancy.vendor():
        return WebhookEndpoint.objects.get()


def confirmed(**values):
    return {**values, "confirmed": "yes"}


def test_an_endpoint_is_made_and_its_secret_shown_once(sign_in):
    client = sign_in("administrator")
    asked = client.get(reverse(ADD))
    assert asked.status_code == 200 and b'name="organization"' in asked.content
    answer = client.post(reverse(ADD), confirmed(url=URL, description="Ours", topics="contract.signed, contract.ended"))
    endpoint = the_endpoint()
    assert (endpoint.topics, endpoint.organization) == (["contract.ended", "contract.signed"], None)
    secret = answer.context["secret"]
    assert secret.encode() in answer.content and Webhook(secret)
    assert secret.encode() not in client.get(answer.context["next"]).content


def test_a_client_makes_its_own_and_is_told_what_it_may_hear(sign_in):
    organization = an_organization()
    client = sign_in("client_administrator", organization)
    assert b'name="organization"' not in client.get(reverse(ADD)).content
    other = an_organization()
    answer = client.post(reverse(ADD), confirmed(url=URL, organization=other.pk))
    assert the_endpoint().organization_id == organization.pk
    detail = client.get(answer.context["next"]).content.decode()
    assert "contract.renewed" in detail and "erasure.residue_found" not in detail


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"url": "https://127.0.0.1/"}, "public address"),
        ({"url": "http://8.8.8.8/"}, "https://"),
        ({"url": "https://8.8.8.8/\x00"}, "Null characters"),
        ({"url": URL, "topics": "no-topic"}, "contract.signed"),
        ({"url": ""}, "required"),
    ],
)
def test_a_wrong_one_is_shown_beside_its_field(values, words, sign_in):
    answer = sign_in("administrator").post(reverse(ADD), confirmed(**values))
    assert answer.status_code == 200 and words in answer.content.decode()
    with tenancy.vendor():
        assert not WebhookEndpoint.objects.exists()


def test_it_is_changed_and_its_secret_rotated(sign_in):
    endpoint, _secret = an_endpoint(URL)
    client = sign_in("administrator")
    assert URL in client.get(page(endpoint, "edit")).content.decode()
    client.post(page(endpoint, "edit"), confirmed(url="https://1.1.1.1/", description="New", topics=""))
    assert fresh(endpoint).url == "https://1.1.1.1/"
    answer = client.post(page(endpoint, "rotate_secret"), confirmed(overlap_hours=2))
    assert answer.context["secret"].startswith("whsec_") and fresh(endpoint).old_secret_until is not None


def test_buttons_follow_the_state_and_each_act_is_asked_first(sign_in):
    endpoint, _secret = an_endpoint(URL)
    client = sign_in("administrator")
    always = {"edit", "rotate-secret"}
    assert buttons(client, endpoint) == always | {"send-test", "send-again", "disable"}
    assert said(act(client, endpoint, "send_test", URL)) == ["1 test is on its way."]
    with tenancy.vendor():
        assert OutboxMessage.objects.filter(topic="webhook.test").count() == 1
    act(client, endpoint, "disable", URL)
    assert (fresh(endpoint).enabled, buttons(client, endpoint)) == (False, always | {"enable"})
    again = client.post(page(endpoint, "disable"), confirmed())
    assert said(again)[-1] == "This endpoint is disabled already."
    act(client, endpoint, "enable", URL)
    assert fresh(endpoint).enabled


def test_what_was_given_up_is_sent_again_one_by_one_and_all(sign_in):
    endpoint, _secret = an_endpoint(URL)
    organization = an_organization()
    for topic in ("contract.signed", "contract.ended"):
        announce(organization, topic)
    now = timezone.now()
    fan_out(at=now)
    with tenancy.vendor():
        endpoints.disable(endpoint, reason=DisabledReason.BY_HAND, now=now, by="user:one")
        endpoints.enable(endpoint, now=now, by="user:one")
        first = WebhookDelivery.objects.earliest("pk")
    assert states(endpoint) == ["given_up"] * 2
    client = sign_in("administrator")
    assert said(act(client, first, "send_again", "contract.signed")) == ["1 message is sent again."]
    assert states(endpoint) == ["waiting", "given_up"]
    since = {"since_0": "2026-01-01", "since_1": "00:00", "since": "2026-01-01 00:00"}
    answer = client.post(page(endpoint, "send_again"), confirmed(**since))
    assert said(answer)[-1] == "1 message is sent again."
    assert states(endpoint) == ["waiting", "waiting"]


def test_the_list_of_deliveries_names_topic_endpoint_and_fault(sign_in):
    an_endpoint(URL)
    announce(an_organization())
    fan_out()
    client = sign_in("administrator")
    listed = client.get(reverse("admin:accounts_webhookdelivery_changelist"), {"q": "contract.signed"})
    assert "contract.signed" in listed.content.decode() and URL in listed.content.decode()
    delivery = the_delivery(WebhookEndpoint(pk=the_endpoint().pk))
    assert "contract.signed" in client.get(page(delivery, "change")).content.decode()
