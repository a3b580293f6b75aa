"""An example that breaks each constraint of webhooks, and only it: read by tests/accounts/test_constraints.py."""

from uuid import UUID

from accounts.models import OutboxMessage, WebhookDelivery, WebhookEndpoint
from tests.accounts.parties import NOW

ID = UUID(int=1)


def an_endpoint(**values):
    return WebhookEndpoint.objects.create(
        **{
            "url": "https://hooks.example/",
            "secret": b"s",
            "secret_version": 1,
            "created_by": "user:1",
            "created_at": NOW,
            **values,
        }
    )


def a_message():
    return OutboxMessage.objects.create(
        topic="t", subject_type="T", subject_id=ID, occurred_at=NOW, next_attempt_at=NOW
    )


def a_delivery(endpoint=None, message=None, **values):
    return WebhookDelivery.objects.create(
        **{
            "endpoint": endpoint or an_endpoint(),
            "message": message or a_message(),
            "lane": 0,
            "next_attempt_at": NOW,
            "created_at": NOW,
            **values,
        }
    )


BREAKS = {
    "webhook_endpoint_url_is_http": [
        lambda: an_endpoint(url=""),
        lambda: an_endpoint(url="ftp://x.example/"),
        lambda: an_endpoint(url=" https://x.example/"),
    ],
    "webhook_endpoint_disabled_with_reason": [
        lambda: an_endpoint(enabled=False),
        lambda: an_endpoint(enabled=False, disabled_at=NOW),
        lambda: an_endpoint(enabled=False, disabled_at=NOW, disabled_reason="mood"),
        lambda: an_endpoint(enabled=False, disabled_reason="gone"),
        lambda: an_endpoint(disabled_at=NOW),
        lambda: an_endpoint(disabled_reason="gone"),
    ],
    "webhook_endpoint_failing_since_a_failure": [
        lambda: an_endpoint(failures=1),
        lambda: an_endpoint(failing_since=NOW),
    ],
    "webhook_endpoint_old_secret_whole": [
        lambda: an_endpoint(old_secret=b"s"),
        lambda: an_endpoint(old_secret=b"s", old_secret_version=1),
        lambda: an_endpoint(old_secret=b"s", old_secret_until=NOW),
        lambda: an_endpoint(old_secret_until=NOW),
        lambda: an_endpoint(old_secret_version=1, old_secret_until=NOW),
    ],
    "accounts_webhookendpoint_public_id_key": [lambda: (an_endpoint(public_id=ID), an_endpoint(public_id=ID))],
    "webhook_delivery_once": [
        lambda: (a_delivery(endpoint := an_endpoint(), message := a_message()), a_delivery(endpoint, message))
    ],
    "webhook_delivery_state_with_its_instant": [
        lambda: a_delivery(state="lost"),
        lambda: a_delivery(state="delivered"),
        lambda: a_delivery(state="given_up"),
        lambda: a_delivery(delivered_at=NOW),
        lambda: a_delivery(given_up_at=NOW),
        lambda: a_delivery(state="delivered", delivered_at=NOW, given_up_at=NOW),
        lambda: a_delivery(state="given_up", delivered_at=NOW),
    ],
    "webhook_delivery_claimed_while_waiting": [
        lambda: a_delivery(claim=ID),
        lambda: a_delivery(claimed_until=NOW),
        lambda: a_delivery(state="delivered", delivered_at=NOW, claim=ID, claimed_until=NOW),
    ],
    "webhook_delivery_error_known": [lambda: a_delivery(last_error="bad_luck")],
    "webhook_delivery_status_is_http": [lambda: a_delivery(last_status=99), lambda: a_delivery(last_status=1000)],
    "accounts_webhookdelivery_public_id_key": [lambda: (a_delivery(public_id=ID), a_delivery(public_id=ID))],
}


def sound_neighbours():
    """Store what stands beside the broken examples."""
    an_endpoint(url="http://127.0.0.1:1/")
    an_endpoint(enabled=False, disabled_at=NOW, disabled_reason="gone")
    an_endpoint(failures=1, failing_since=NOW, old_secret=b"s", old_secret_version=1, old_secret_until=NOW)
    a_delivery(claim=ID, claimed_until=NOW, last_error="timeout", last_status=599)
    a_delivery(state="delivered", delivered_at=NOW)
    a_delivery(state="given_up", given_up_at=NOW)
