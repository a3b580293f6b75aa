"""What recipients were told of erasures, restrictions and corrections (Art. 19 GDPR), when, and what they answered."""

from collections.abc import Collection, Iterable, Iterator
from functools import reduce
from operator import or_
from urllib.parse import urlsplit
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import Organization, OutboxMessage, WebhookDelivery
from accounts.operations.delivery import TO_PEOPLE, template_of, told_by_role
from retention.operations.audit_package.parts import Part, Row, in_batches, instant, public_ids
from retention.rules import audit_package as rules
from retention.rules.audit_package import Span

TOPICS = (
    "archive.",
    "certificate.",
    "correction.",
    "data_request.",
    "deletion_request.",
    "erasure.",
    "export.",
    "legal_hold.",
    "licensed_user.changed",
    "licensed_user.deleted",
    "licensed_user.deletion_",
    "manual_erasure.",
    "processing.",
    "request.",
    "subject_request.",
)
# Who asked about data of theirs, and is written to outside the program.
PERSON = "person"
COLUMNS = (
    "message",
    "topic",
    "organization",
    "subject_type",
    "subject",
    "occurred_at",
    "channel",
    "recipient",
    "state",
    "attempts",
    "told_at",
    "given_up_at",
    "answer",
    "fault",
)


def part(span: Span, organization: Organization | None) -> Part:
    """Return the notifications of the period: a row for each call, and one for the mails of a message.

    The list of a client's own endpoints goes when its data are erased: of calls to them nothing is told afterwards.
    """
    wanted = reduce(or_, (Q(topic__startswith=topic) for topic in TOPICS))
    rows = OutboxMessage.objects.filter(wanted, occurred_at__gte=span.begins_at, occurred_at__lt=span.ends_at)
    if organization is not None:
        rows = rows.filter(organization=organization)
    return Part("notifications", COLUMNS, _rows(rows.order_by("pk")))


def _rows(messages: QuerySet[OutboxMessage]) -> Iterator[Row]:
    for batch in in_batches(messages):
        organizations = public_ids(batch)
        calls: dict[int, list[WebhookDelivery]] = {}
        for call in WebhookDelivery.objects.filter(message__in=batch).select_related("endpoint").order_by("pk"):
            calls.setdefault(call.message_id, []).append(call)
        posted = _without_address(batch)
        for message in batch:
            known = _known(message, organizations)
            yield {**known, **_mails(message, posted)}
            for call in calls.get(message.pk, ()):
                yield {**known, **_call(call)}


def _known(message: OutboxMessage, organizations: dict[int, str]) -> Row:
    return {
        "message": str(message.public_id),
        "topic": message.topic,
        "organization": organizations.get(message.organization_id or 0),
        "subject_type": message.subject_type,
        "subject": None if message.subject_type in rules.PEOPLE else str(message.subject_id),
        "occurred_at": instant(message.occurred_at),
    }


def _without_address(batch: Iterable[OutboxMessage]) -> frozenset[UUID]:
    """Return, by the ids of their requests, the people who have no address: they are written to by post."""
    asked = [message.subject_id for message in batch if message.topic in TO_PEOPLE]
    posted = OutboxMessage.objects.filter(subject_id__in=asked, topic="subject_request.to_post") if asked else ()
    return frozenset(message.subject_id for message in posted)


def _mails(message: OutboxMessage, posted: Collection[UUID]) -> Row:
    """Tell of the mails of a message: to whom by their roles, never by their addresses."""
    roles = _recipients(message, posted)
    gone = "delivered" if message.delivered_at else "given_up" if message.failed_at else "waiting"
    return {
        "channel": "mail",
        "recipient": " ".join(str(role) for role in roles),
        "state": gone if roles else "not_mailed",
        "attempts": message.attempts,
        "told_at": instant(message.delivered_at) if roles else None,
        "given_up_at": instant(message.failed_at),
        "answer": None,
        "fault": rules.told(message.last_error),
    }


def _recipients(message: OutboxMessage, posted: Collection[UUID]) -> list[str]:
    """Return who is told by mail; or the person."""
    if message.topic in TO_PEOPLE:
        return [] if message.subject_id in posted else [PERSON]
    if template_of(message.topic) is None:
        return []
    audience = told_by_role(message)
    return [*audience.client, *audience.vendor]


def _call(call: WebhookDelivery) -> Row:
    """Tell of a call: the endpoint's host says who was told; the path may be a secret."""
    owner = "vendor" if call.organization_id is None else "client"
    return {
        "channel": "webhook",
        "recipient": f"{owner} {call.endpoint.public_id} {urlsplit(call.endpoint.url).hostname or ''}".strip(),
        "state": call.state,
        "attempts": call.attempts,
        "told_at": instant(call.delivered_at),
        "given_up_at": instant(call.given_up_at),
        "answer": call.last_status,
        "fault": rules.told(call.last_error),
    }
