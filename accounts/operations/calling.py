"""Calling the endpoints of webhooks: claimed under a lease, sent outside of any transaction, recorded afterwards."""

import json
import math
import random
import ssl
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db import connection, transaction
from standardwebhooks import Webhook

from accounts import outbound, tenancy
from accounts.enums import CallFault, DeliveryState, DisabledReason, SentKind
from accounts.models import OutboxMessage, WebhookDelivery, WebhookEndpoint
from accounts.operations import endpoints, sent
from accounts.operations.sweeping import SYSTEM, Swept
from accounts.outbound import Answer, CallFailed
from accounts.rules import webhooks

log = structlog.get_logger(__name__)
# How many calls a sweep makes at once, how many of them to one endpoint, and to one that is failing.
AT_ONCE, TO_ONE, TO_A_FAILING_ONE = 16, 4, 1
# Longer than a call may take: while it lasts nobody else sends the message.
LEASE = timedelta(seconds=60)
# For so long a sweep takes up new calls; what is left is the next one's.
SHIFT = timedelta(seconds=120)
LOOKS_AGAIN_EVERY = 1.0  # second

# The first waiting message of each lane, by jumping from lane to lane in the index: the cost goes by the number of
# lanes, not of messages. Of each endpoint as many as may be under way at once, beside those that are.
CANDIDATES = """
    WITH RECURSIVE head AS (
        (SELECT endpoint_id, lane, message_id, id FROM accounts_webhookdelivery
         WHERE state = 'waiting' ORDER BY endpoint_id, lane, message_id LIMIT 1)
        UNION ALL
        SELECT following.* FROM head, LATERAL (
            SELECT d.endpoint_id, d.lane, d.message_id, d.id FROM accounts_webhookdelivery d
            WHERE d.state = 'waiting' AND (d.endpoint_id, d.lane) > (head.endpoint_id, head.lane)
            ORDER BY d.endpoint_id, d.lane, d.message_id LIMIT 1
        ) AS following
    ), placed AS (
        SELECT d.id, d.message_id, e.failures > 0 AS failing,
               row_number() OVER (PARTITION BY d.endpoint_id ORDER BY d.message_id) + under_way.number AS place
        FROM head JOIN accounts_webhookdelivery d ON d.id = head.id
        JOIN accounts_webhookendpoint e ON e.id = d.endpoint_id AND e.enabled
             AND (e.rests_until IS NULL OR e.rests_until <= %(at)s)
        CROSS JOIN LATERAL (
            SELECT count(*) AS number FROM accounts_webhookdelivery other
            WHERE other.endpoint_id = e.id AND other.state = 'waiting' AND other.claimed_until > %(at)s
        ) AS under_way
        WHERE d.next_attempt_at <= %(at)s AND (d.claimed_until IS NULL OR d.claimed_until <= %(at)s)
    )
    SELECT id FROM placed WHERE place <= CASE WHEN failing THEN %(to_a_failing_one)s ELSE %(to_one)s END
    ORDER BY failing, place, message_id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Call:
    """One call to make: whose claim it is, and all that is needed to send it without the database."""

    delivery: int
    claim: UUID
    endpoint: WebhookEndpoint
    message: str
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Shift:
    """A sweep's time: its instant, and what has passed since."""

    started_at: datetime
    monotonic: float

    def now(self) -> datetime:
        return self.started_at + timedelta(seconds=time.monotonic() - self.monotonic)

    def is_over(self) -> bool:
        return self.now() - self.started_at >= SHIFT


def call_all(*, at: datetime) -> Swept:
    """Send what is due until nothing is, many at once, and record each as it ends. Outside of any transaction.

    Threads send and do nothing else: the database is this thread's. One endpoint has a few of the places at most, a
    failing one a single place, so a slow one holds up no other.
    """
    swept, shift, tls = Swept(), _Shift(at, time.monotonic()), None
    running: dict[Future[Answer | CallFault], Call] = {}
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as pool:
        while True:
            if len(running) < AT_ONCE and not shift.is_over():
                with tenancy.vendor():
                    calls = claim(now=shift.now(), limit=AT_ONCE - len(running))
                if calls:  # reading the authorities takes longer than finding nothing to do
                    tls = tls or ssl.create_default_context()
                    running |= {pool.submit(_send, call, tls): call for call in calls}
            if not running:
                return swept
            done, _others = wait(running, timeout=LOOKS_AGAIN_EVERY, return_when=FIRST_COMPLETED)
            for future in done:
                _note(running.pop(future), future.result(), swept, now=shift.now())


@transaction.atomic
def claim(*, now: datetime, limit: int) -> list[Call]:
    """Take the right to send the next messages, at most ``limit``, for the time of a lease. In the vendor's scope.

    Whoever comes at the same time gets others, or none.
    """
    with connection.cursor() as cursor:
        cursor.execute(CANDIDATES, {"at": now, "limit": limit, "to_one": TO_ONE, "to_a_failing_one": TO_A_FAILING_ONE})
        found = [pk for (pk,) in cursor.fetchall()]
    due = WebhookDelivery.objects.due_for_call(at=now).filter(pk__in=found)
    locked = list(
        due.select_related("endpoint", "message__organization").select_for_update(skip_locked=True, of=("self",))
    )
    # Whoever asks for a message again wants it though it was sent.
    once = [(one.message.public_id, str(one.endpoint.public_id)) for one in locked if one.asked_again_at is None]
    told = sent.told(SentKind.WEBHOOK, once)
    for delivery in locked:
        if (delivery.message.public_id, str(delivery.endpoint.public_id)) in told:
            # It arrived before a restore, or before its worker was killed.
            delivery.state, delivery.delivered_at = DeliveryState.DELIVERED, now
            delivery.claim = delivery.claimed_until = None
            delivery.save(update_fields=["state", "delivered_at", "claim", "claimed_until"])
    locked = [delivery for delivery in locked if delivery.state == DeliveryState.WAITING]
    if told and not locked:  # what stood behind them in their lanes is next
        return claim(now=now, limit=limit)
    calls = [
        Call(
            delivery=delivery.pk,
            claim=uuid4(),
            endpoint=delivery.endpoint,
            message=str(delivery.message.public_id),
            body=body_of(delivery.message, delivery.endpoint),
            at=now,
        )
        for delivery in locked
    ]
    for delivery, call in zip(locked, calls, strict=True):
        delivery.claim, delivery.claimed_until = call.claim, now + LEASE
    WebhookDelivery.objects.bulk_update(locked, ["claim", "claimed_until"])
    return calls


@transaction.atomic
def record(call: Call, outcome: Answer | CallFault, *, now: datetime) -> bool:
    """Write down how a call ended; say whether it arrived. A lost claim writes nothing: another has the message.

    A failure is tried again after a longer time each time, and given up after the last; 410 disables the endpoint, and
    so do five days without a success. In the scope of the vendor.
    """
    # The endpoint first, as everywhere: who disables it takes its deliveries afterwards.
    endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).filter(pk=call.endpoint.pk).first()
    mine = WebhookDelivery.objects.select_for_update(of=("self",)).filter(pk=call.delivery, claim=call.claim)
    delivery = mine.select_related("message__organization").first()
    status = outcome.status if isinstance(outcome, Answer) else None
    arrived = status is not None and 200 <= status < 300
    if endpoint is None or delivery is None:
        return arrived
    delivery.attempts += 1
    delivery.claim = delivery.claimed_until = None
    delivery.last_attempt_at, delivery.last_status = now, status
    if arrived:
        sent.write(delivery.message, SentKind.WEBHOOK, str(endpoint.public_id), now=now)
        delivery.state, delivery.delivered_at, delivery.last_error = DeliveryState.DELIVERED, now, ""
        _succeeded(endpoint, now=now)
    else:
        delivery.last_error = _fault(outcome)
        _failed(delivery, endpoint, outcome, now=now)
    delivery.save()
    if not arrived:
        _disable_if_hopeless(endpoint, status, now=now)
    return arrived


def body_of(message: OutboxMessage, endpoint: WebhookEndpoint) -> str:
    """Return what a call says of a message: the same text at every attempt."""
    organization = message.organization
    said = webhooks.body(
        topic=message.topic,
        occurred_at=message.occurred_at,
        message=str(message.public_id),
        organization=None if organization is None else str(organization.public_id),
        subject_type=message.subject_type,
        subject=str(message.subject_id),
        payload=message.payload,
        for_client=endpoint.organization_id is not None,
    )
    return json.dumps(said, separators=(",", ":"))


def signatures(keys: Sequence[bytes], message: str, body: str, *, at: datetime) -> str:
    """Return the header's value: one signature for each key, separated by blanks (Standard Webhooks)."""
    return " ".join(Webhook(key).sign(message, at.astimezone(UTC), body) for key in keys)


def _send(call: Call, tls: ssl.SSLContext) -> Answer | CallFault:
    """Sign and send; return the answer, or why there is none. Runs in a thread, without the database."""
    try:
        keys = endpoints.opened_secrets(call.endpoint, at=call.at)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Terme-Webhooks/1",
            "webhook-id": call.message,
            "webhook-timestamp": str(math.floor(call.at.timestamp())),
            "webhook-signature": signatures(keys, call.message, call.body, at=call.at),
        }
    except Exception as error:  # a key that is gone must not hold up the calls of others
        log.exception("webhook.unsigned", error=type(error).__name__)
        return CallFault.UNSIGNED
    try:
        private = settings.WEBHOOK_ALLOW_PRIVATE
        return outbound.post(call.endpoint.url, call.body.encode(), headers, tls=tls, allow_private=private)
    except CallFailed as failed:
        return failed.fault


def _note(call: Call, outcome: Answer | CallFault, swept: Swept, *, now: datetime) -> None:
    with tenancy.vendor():
        arrived = record(call, outcome, now=now)
    if arrived:
        swept.done += 1
        return
    fault = _fault(outcome)
    swept.refuse(fault.value)
    log.info("webhook.failed", endpoint=str(call.endpoint.public_id), fault=fault.value)


def _fault(outcome: Answer | CallFault) -> CallFault:
    if isinstance(outcome, CallFault):
        return outcome
    return CallFault.REDIRECT if 300 <= outcome.status < 400 else CallFault.STATUS


def _succeeded(endpoint: WebhookEndpoint, *, now: datetime) -> None:
    last = endpoint.last_success_at
    if endpoint.failures == 0 and last is not None and timedelta(0) <= now - last < timedelta(minutes=1):
        return  # noted to the minute: a row that is written at every call would be a queue
    endpoint.failing_since, endpoint.failures, endpoint.last_success_at = None, 0, now
    endpoint.save(update_fields=["failing_since", "failures", "last_success_at"])


def _failed(
    delivery: WebhookDelivery, endpoint: WebhookEndpoint, outcome: Answer | CallFault, *, now: datetime
) -> None:
    asked = None
    if isinstance(outcome, Answer) and outcome.status in webhooks.ASKS_TO_WAIT:
        asked = webhooks.retry_after(outcome.retry_after, now=now)
    later = webhooks.next_attempt(delivery.attempts, now=now, jitter=random.random(), retry_after=asked)
    if later is None:
        delivery.state, delivery.given_up_at = DeliveryState.GIVEN_UP, now
    else:
        delivery.next_attempt_at = later
    endpoint.failing_since = endpoint.failing_since or now
    endpoint.failures += 1
    if asked is not None:
        endpoint.rests_until = asked
    endpoint.save(update_fields=["failing_since", "failures", "rests_until"])


def _disable_if_hopeless(endpoint: WebhookEndpoint, status: int | None, *, now: datetime) -> None:
    if not endpoint.enabled:
        return
    if status == webhooks.GONE:
        endpoints.disable(endpoint, reason=DisabledReason.GONE, now=now, by=SYSTEM)
    elif endpoint.failing_since is not None and webhooks.is_over(endpoint.failing_since, now=now):
        endpoints.disable(endpoint, reason=DisabledReason.FAILING, now=now, by=SYSTEM)
