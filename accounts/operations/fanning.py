"""From the outbox to the webhooks: which endpoint hears which announcement, once each, in the order of the messages."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from accounts.enums import CallFault, DeliveryState
from accounts.models import LostMessage, OutboxMessage, WebhookDelivery, WebhookEndpoint
from accounts.operations import sent
from accounts.operations.delivery import AUDIENCE
from accounts.operations.states import EVENTS

TEST = "webhook.test"
# What a client's endpoint may hear: what its people are told by mail, what becomes of its own users and licences, and
# where the chain of the trail that it reads stands.
CLIENTS_TOPICS = frozenset(topic for topic, audience in AUDIENCE.items() if audience.client) | {
    *(f"licensed_user.{what}" for what in EVENTS.values()),
    "access_policy.changed",
    "certificate.addendum_issued",
    "correction.made",
    "deletion_request.decided",
    "deletion_request.done",
    "deletion_request.unblocked",
    "erasure.complete",
    "export.ended",
    "access_rule.changed",
    "access_rule.confirmed",
    "access_rule.created",
    "access_rule.enforced",
    "access_rule.observes",
    "access_rule.off",
    "bulk_job.finished",
    "licensed_user.warned",
    "contract.amended",
    "contract.amendment_applied",
    "contract.resumed",
    "contract.started",
    "contract.suspended",
    "licences.activated",
    "licensed_user.changed",
    "licensed_user.created",
    "licensed_users.put",
    "organization.changed",
    "processing.lifted",
    "processing.lifting_told",
    "processing.restricted",
    "trail.head",
}
# For so long what an endpoint misses while it is disabled is kept, to be sent when somebody asks for it.
KEPT_FOR_DISABLED = timedelta(days=30)
BATCH = 500


@transaction.atomic
def fan_out(*, now: datetime, heard: bool = True, limit: int = BATCH) -> int:
    """Give the next messages to the endpoints that hear them; return how many messages. In the scope of the vendor.

    With ``heard`` off they are given to nobody: that is how a rehearsal passes over them. A message that somebody
    else holds is left for the next time, with those behind it of its organization.
    """
    waiting = list(OutboxMessage.objects.to_fan_out().values_list("pk", "organization_id")[:limit])
    mine = OutboxMessage.objects.filter(pk__in=[pk for pk, _organization in waiting], fanned_out_at__isnull=True)
    locked = {message.pk: message for message in mine.select_for_update(skip_locked=True, of=("self",))}
    held = set()
    chosen = []
    for pk, organization_id in waiting:
        if pk not in locked:
            held.add(organization_id)
        elif organization_id not in held:
            chosen.append(locked[pk])
    if chosen and LostMessage.objects.exists():
        chosen = [message for message in chosen if sent.may_go(message, now=now)]
    if heard and chosen:
        endpoints = list(WebhookEndpoint.objects.hearing(disabled_after=now - KEPT_FOR_DISABLED))
        WebhookDelivery.objects.bulk_create(_deliveries(chosen, endpoints, now=now), ignore_conflicts=True)
    OutboxMessage.objects.filter(pk__in=[message.pk for message in chosen]).update(fanned_out_at=now)
    return len(chosen)


def hears(endpoint: WebhookEndpoint, message: OutboxMessage) -> bool:
    """Say whether an endpoint is told of a message.

    A test goes to the endpoint that it tests. Otherwise: what happened since the endpoint was made, of the topics that
    it asks for; a client's endpoint only what is about its own organization and is for clients to know. What is for
    one person only (their own sign-in) no endpoint hears.
    """
    if message.topic == TEST:
        return message.subject_id == endpoint.public_id
    if "only" in message.payload:
        return False
    if message.occurred_at < endpoint.created_at or (endpoint.topics and message.topic not in endpoint.topics):
        return False
    if endpoint.organization_id is None:
        return True
    return (
        message.organization_id == endpoint.organization_id
        and message.topic in CLIENTS_TOPICS
        and message.payload.get("tells_client", True) is not False
    )


def _deliveries(
    messages: Iterable[OutboxMessage], endpoints: Iterable[WebhookEndpoint], *, now: datetime
) -> Iterable[WebhookDelivery]:
    by_owner: dict[int | None, list[WebhookEndpoint]] = {}
    for endpoint in endpoints:
        by_owner.setdefault(endpoint.organization_id, []).append(endpoint)
    for message in messages:
        owners = {None, message.organization_id}
        for endpoint in (one for owner in owners for one in by_owner.get(owner, ())):
            if hears(endpoint, message):
                yield _delivery(endpoint, message, now=now)


def _delivery(endpoint: WebhookEndpoint, message: OutboxMessage, *, now: datetime) -> WebhookDelivery:
    return WebhookDelivery(
        organization_id=endpoint.organization_id,
        endpoint=endpoint,
        message=message,
        lane=message.organization_id or 0,
        state=DeliveryState.WAITING if endpoint.enabled else DeliveryState.GIVEN_UP,
        next_attempt_at=now,
        last_error="" if endpoint.enabled else CallFault.ENDPOINT_DISABLED,
        given_up_at=None if endpoint.enabled else now,
        created_at=now,
    )
