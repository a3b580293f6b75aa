"""What the tests of webhooks share: endpoints at receivers, announcements that happen now, and the sweeps."""

import time
from datetime import timedelta

from django.utils import timezone

from accounts import sweeps, tenancy
from accounts.db.settled import settled
from accounts.models import OutboxMessage, WebhookDelivery, WebhookEndpoint
from accounts.operations import endpoints, outbox

MADE = timedelta(days=10)
PATIENCE = 20


def an_endpoint(url, organization=None, *, topics=(), since=MADE):
    """Make an endpoint, some time ago; return it with its secret."""
    with tenancy.vendor():
        return endpoints.make(
            organization=organization, url=url, topics=topics, now=timezone.now() - since, by="user:one"
        )


def announce(organization, topic="contract.signed", *, at=None, **payload):
    """Put a message into the outbox, about an organization."""
    with tenancy.vendor():
        return outbox.publish(topic, organization, at=at or timezone.now(), payload=payload)


def sweep(*, after=timedelta(0)):
    """Fan out and call, at this instant; ``after``: as if so much time had passed for what waits."""
    if after:
        with tenancy.vendor():
            for delivery in WebhookDelivery.objects.filter(state="waiting"):
                delivery.next_attempt_at -= after
                delivery.save()
            for endpoint in WebhookEndpoint.objects.all():
                endpoint.failing_since = endpoint.failing_since and endpoint.failing_since - after
                endpoint.rests_until = endpoint.rests_until and endpoint.rests_until - after
                endpoint.save()
    fan_out()
    return sweeps.call_all(at=timezone.now(), by="system")


def fan_out(*, at=None):
    """Fan out what is settled; what tests beside this one have open is waited for: it holds up the whole server."""
    given_up = time.monotonic() + PATIENCE
    while _unsettled() and time.monotonic() < given_up:
        time.sleep(0.05)
    sweeps.fan_out_all(at=at or timezone.now(), by="system")


def _unsettled():
    with tenancy.vendor():
        return OutboxMessage.objects.filter(fanned_out_at__isnull=True).exclude(settled()).exists()


def states(endpoint):
    """Return what became of each message, in their order."""
    with tenancy.vendor():
        return list(endpoint.deliveries.order_by("message").values_list("state", flat=True))


def the_delivery(endpoint):
    """Return the only delivery to an endpoint."""
    with tenancy.vendor():
        return endpoint.deliveries.select_related("endpoint", "message").get()


def fresh(row):
    with tenancy.vendor():
        return type(row)._default_manager.get(pk=row.pk)


def all_fanned_out():
    with tenancy.vendor():
        return not OutboxMessage.objects.filter(fanned_out_at__isnull=True).exists()
