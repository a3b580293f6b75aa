"""Endpoints of webhooks: made, changed, their secrets rotated, disabled, enabled, tested; deliveries sent again."""

import base64
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction

from accounts import crypto, outbound
from accounts.enums import CallFault, DeliveryState, DisabledReason
from accounts.errors import FieldError, InvalidInput, Refused, phrase
from accounts.models import Organization, OutboxMessage, WebhookDelivery, WebhookEndpoint
from accounts.operations import audit, outbox
from accounts.operations.fanning import CLIENTS_TOPICS, TEST
from accounts.querysets import WebhookDeliveryQuerySet
from accounts.rules import addresses, checks, webhooks

DISABLED = "webhook_endpoint.disabled"
PREFIX = "whsec_"
SECRET_BYTES = 32
MOST_ENDPOINTS = 20
MOST_TOPICS = 100
_TOPIC = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


class EndpointDisabled(Refused):
    """The endpoint is disabled, or not any more."""

    code = "endpoint_disabled"


@transaction.atomic
def make(
    *,
    organization: Organization | None,
    url: str,
    description: str = "",
    topics: Sequence[str] = (),
    now: datetime,
    by: str,
) -> tuple[WebhookEndpoint, str]:
    """Make an endpoint, of a client or of the vendor (no organization). Its secret is returned this once.

    :raises InvalidInput: the URL is none that is called, or leads to an address inside; a topic is unknown.
    :raises Refused: the owner has as many as it may have, or its data are being erased.
    """
    faults = [*_url_faults(url), *_other_faults(organization is not None, description, topics)]
    if faults:
        raise InvalidInput(faults)
    if organization is not None and Organization.objects.filter(pk=organization.pk, closed_at__isnull=False).exists():
        raise Refused("The data of this organization are being erased, or are erased.", code="organization_closed")
    _refuse_too_many(organization)
    public_id, secret = uuid4(), secrets.token_bytes(SECRET_BYTES)
    sealed = _keys().wrap(secret, context=secret_context(str(public_id)))
    endpoint = WebhookEndpoint.objects.create(
        public_id=public_id,
        organization=organization,
        url=url,
        description=description,
        topics=sorted(set(topics)),
        secret=sealed.ciphertext,
        secret_version=sealed.version,
        created_by=by,
        created_at=now,
    )
    audit.record(
        "webhook_endpoint.made", endpoint, by=by, at=now, data={"topics": endpoint.topics}, detail=_whither(url)
    )
    return endpoint, _text(secret)


@transaction.atomic
def change(
    endpoint: WebhookEndpoint,
    *,
    url: str | None = None,
    description: str | None = None,
    topics: Sequence[str] | None = None,
    now: datetime,
    by: str,
) -> WebhookEndpoint:
    """Change what is given. What waits goes to the new URL, whose failures are counted anew. The same writes nothing.

    :raises InvalidInput: as :func:`make` does.
    """
    locked = _locked(endpoint)
    wanted: dict[str, Any] = {
        "url": locked.url if url is None else url,
        "description": locked.description if description is None else description,
        "topics": locked.topics if topics is None else sorted(set(topics)),
    }
    changed = [name for name, value in wanted.items() if getattr(locked, name) != value]
    faults = _other_faults(locked.organization_id is not None, wanted["description"], wanted["topics"])
    if "url" in changed:
        faults += _url_faults(wanted["url"])
    if faults:
        raise InvalidInput(faults)
    if not changed:
        return locked
    for name in changed:
        setattr(locked, name, wanted[name])
    if "url" in changed:
        locked.failing_since, locked.failures, locked.rests_until = None, 0, None
    locked.save()
    detail = _whither(locked.url) if "url" in changed else None
    audit.record("webhook_endpoint.changed", locked, by=by, at=now, data={"changed": changed}, detail=detail)
    return locked


@transaction.atomic
def rotate_secret(
    endpoint: WebhookEndpoint, *, overlap: timedelta = webhooks.OVERLAP, now: datetime, by: str
) -> tuple[WebhookEndpoint, str]:
    """Give the endpoint another secret, returned this once. The old one signs beside it for the overlap.

    A still older one, of a rotation before, signs no more.

    :raises InvalidInput: the overlap is below zero, or longer than seven days.
    """
    if not timedelta(0) <= overlap <= webhooks.LONGEST_OVERLAP:
        raise InvalidInput([FieldError("overlap_hours", "out_of_range", "Between 0 and 168 hours.")])
    locked = _locked(endpoint)
    locked.old_secret, locked.old_secret_version = locked.secret, locked.secret_version
    locked.old_secret_until = now + overlap
    if not overlap:
        locked.old_secret = locked.old_secret_version = locked.old_secret_until = None
    secret = secrets.token_bytes(SECRET_BYTES)
    sealed = _keys().wrap(secret, context=secret_context(str(locked.public_id)))
    locked.secret, locked.secret_version = sealed.ciphertext, sealed.version
    locked.save()
    hours = overlap / timedelta(hours=1)
    audit.record("webhook_endpoint.secret_rotated", locked, by=by, at=now, data={"overlap_hours": hours})
    return locked, _text(secret)


@transaction.atomic
def disable(endpoint: WebhookEndpoint, *, reason: DisabledReason, now: datetime, by: str) -> WebhookEndpoint:
    """Call an endpoint no more. What waits is given up; it can be sent again once the endpoint is enabled.

    Where nobody did it by hand, the administrators of its owner are told by mail.

    :raises EndpointDisabled: it is disabled already.
    """
    locked = _locked(endpoint)
    if not locked.enabled:
        raise EndpointDisabled("This endpoint is disabled already.")
    locked.enabled, locked.disabled_at, locked.disabled_reason = False, now, reason.value
    locked.save()
    given_up = locked.deliveries.waiting().update(
        state=DeliveryState.GIVEN_UP,
        given_up_at=now,
        claim=None,
        claimed_until=None,
        last_error=CallFault.ENDPOINT_DISABLED,
    )
    data = {"reason": reason.value, "given_up": given_up}
    audit.record(DISABLED, locked, by=by, at=now, data=data)
    if reason is not DisabledReason.BY_HAND:
        outbox.publish(DISABLED, locked, at=now, payload=data)
    return locked


@transaction.atomic
def enable(endpoint: WebhookEndpoint, *, now: datetime, by: str) -> WebhookEndpoint:
    """Call an endpoint again; its failures are forgotten. :raises Refused: it is enabled."""
    locked = _locked(endpoint)
    if locked.enabled:
        raise Refused("This endpoint is enabled already.", code="endpoint_enabled")
    locked.enabled, locked.disabled_at, locked.disabled_reason = True, None, ""
    locked.failing_since, locked.failures, locked.rests_until = None, 0, None
    locked.save()
    audit.record("webhook_endpoint.enabled", locked, by=by, at=now)
    return locked


@transaction.atomic
def send_test(endpoint: WebhookEndpoint, *, now: datetime, by: str) -> OutboxMessage:
    """Announce a test to this endpoint alone, whatever its topics. :raises EndpointDisabled:"""
    locked = _enabled(endpoint)
    audit.record("webhook_endpoint.tested", locked, by=by, at=now)
    return outbox.publish(TEST, locked, at=now)


@transaction.atomic
def redeliver(delivery: WebhookDelivery, *, now: datetime, by: str) -> WebhookDelivery:
    """Send one message again, or now if it waits. It keeps its id, and goes before what waits behind it.

    :raises EndpointDisabled: its endpoint is.
    :raises Refused: it is being sent at this moment.
    """
    endpoint = _enabled(delivery.endpoint)
    locked = WebhookDelivery.objects.select_for_update(of=("self",)).get(pk=delivery.pk)
    if locked.claimed_until is not None and locked.claimed_until > now:
        raise Refused("This message is being sent at this moment.", code="delivery_claimed")
    _again(endpoint.deliveries.filter(pk=locked.pk), now=now)
    audit.record("webhook_delivery.sent_again", locked, by=by, at=now, data={"endpoint": str(endpoint.public_id)})
    locked.refresh_from_db()
    return locked


@transaction.atomic
def redeliver_failed(endpoint: WebhookEndpoint, *, since: datetime, now: datetime, by: str) -> int:
    """Send again what was given up since the instant; return how many. :raises EndpointDisabled: it is disabled."""
    locked = _enabled(endpoint)
    count = _again(locked.deliveries.filter(state=DeliveryState.GIVEN_UP, given_up_at__gte=since), now=now)
    data = {"since": since.isoformat(), "messages": count}
    audit.record("webhook_endpoint.sent_again", locked, by=by, at=now, data=data)
    return count


def opened_secrets(endpoint: WebhookEndpoint, *, at: datetime) -> list[bytes]:
    """Return the secrets that sign at the instant, the newest first.

    :raises UnknownKeyVersion: a key-encryption key is not configured any more.
    :raises DecryptionFailed: a secret was changed, or belongs to another endpoint.
    """
    context = secret_context(str(endpoint.public_id))
    found = [crypto.WrappedKey(endpoint.secret_version, bytes(endpoint.secret))]
    if endpoint.old_secret is not None and endpoint.old_secret_until is not None and at < endpoint.old_secret_until:
        found.append(crypto.WrappedKey(endpoint.old_secret_version or 0, bytes(endpoint.old_secret)))
    keys = _keys()
    return [keys.unwrap(one, context=context) for one in found]


def _again(rows: WebhookDeliveryQuerySet, *, now: datetime) -> int:
    done = rows.exclude(state=DeliveryState.WAITING).update(
        state=DeliveryState.WAITING,
        attempts=0,
        delivered_at=None,
        given_up_at=None,
        next_attempt_at=now,
        asked_again_at=now,
    )
    return done or rows.filter(state=DeliveryState.WAITING).update(next_attempt_at=now)


def _locked(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    return WebhookEndpoint.objects.select_for_update(no_key=True, of=("self",)).get(pk=endpoint.pk)


def _enabled(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    locked = _locked(endpoint)
    if not locked.enabled:
        raise EndpointDisabled("This endpoint is disabled: enable it first.")
    return locked


def _url_faults(url: str) -> list[FieldError]:
    private = settings.WEBHOOK_ALLOW_PRIVATE
    faults = addresses.check("url", url, allow_private=private)
    if not faults and not private and outbound.leads_inside(url):
        return [addresses.forbidden("url")]
    return faults


def _other_faults(of_client: bool, description: str, topics: Sequence[str]) -> list[FieldError]:
    faults = checks.text("description", description, may_be_empty=True)
    if len(topics) > MOST_TOPICS:
        return [*faults, FieldError("topics", "too_many", phrase("At most %(most)s topics.", most=MOST_TOPICS))]
    for topic in topics:
        if of_client and topic not in CLIENTS_TOPICS:
            faults += checks.one_of("topics", topic, sorted(CLIENTS_TOPICS))
        elif len(topic) > 80 or not _TOPIC.fullmatch(topic):
            faults.append(FieldError("topics", "unknown", "A topic is written like contract.signed."))
    return faults


def _whither(url: str) -> dict[str, str]:
    """Return what the trail says of a URL: its host. A path may be a secret, or name somebody."""
    return {"host": addresses.target(url).authority}


def _refuse_too_many(organization: Organization | None) -> None:
    owner = "vendor" if organization is None else str(organization.public_id)
    with connection.cursor() as cursor:  # one after the other, or two would each find the last place free
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"webhooks:{owner}"])
    if WebhookEndpoint.objects.filter(organization=organization).count() >= MOST_ENDPOINTS:
        raise Refused(
            phrase("There are %(most)s endpoints: change one of them.", most=MOST_ENDPOINTS), code="too_many_endpoints"
        )


def _text(secret: bytes) -> str:
    return PREFIX + base64.b64encode(secret).decode()


def secret_context(public_id: str) -> bytes:
    """Return what the secrets of an endpoint are bound to."""
    return crypto.context("webhook secret", public_id)


def _keys() -> crypto.KeyEncryptionKeys:
    return crypto.KeyEncryptionKeys.from_text(settings.KEY_ENCRYPTION_KEYS)
