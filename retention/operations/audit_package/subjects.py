"""The register of people's requests: what was asked, by when it was to be answered, what became of it. No names."""

from collections.abc import Iterator
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import AuditEvent, Organization
from retention.enums import SubjectState
from retention.models import SubjectRequest
from retention.operations.audit_package.parts import BATCH, EVENT, Part, Row, event, fact, in_batches, public_ids
from retention.rules import audit_package as rules
from retention.rules.audit_package import Span

FACTS = (
    "kind",
    "channel",
    "state",
    "identity",
    "received_at",
    "forward_by",
    "due_on",
    "forwarded_at",
    "chases",
    "extended_at",
    "extended_for",
    "decided_at",
    "granted",
    "refusal",
    "outcome",
    "told",
    "told_at",
    "closed_at",
    "purged_at",
)
ACTORS = ("forwarded_by", "decided_by")
DOUBTED = "subject_request.doubted"
COLUMNS = ("subject_request", "organization", "request", *FACTS, *ACTORS, "doubts")


def parts(span: Span, organization: Organization | None) -> Iterator[Part]:
    """Yield the register of what touches the period, and its events. What nobody confirmed is no request."""
    own = {} if organization is None else {"organization": organization}
    requests = (
        SubjectRequest.objects.filter(
            Q(closed_at__isnull=True) | Q(closed_at__gte=span.begins_at), received_at__lt=span.ends_at, **own
        )
        .exclude(state__in=[SubjectState.UNCONFIRMED, SubjectState.LAPSED])
        .select_related("request")
        .order_by("pk")
    )
    yield Part("subject-requests", COLUMNS, _register(requests))
    yield Part("subject-request-events", ("subject_request", *EVENT), _events(requests))


def _register(requests: QuerySet[SubjectRequest]) -> Iterator[Row]:
    for batch in in_batches(requests):
        organizations = public_ids(batch)
        doubts: dict[UUID, int] = {}
        # From the trail: the questions themselves go with the words.
        asked = AuditEvent.objects.filter(name=DOUBTED, subject_id__in=[row.public_id for row in batch])
        for key in asked.values_list("subject_id", flat=True):
            doubts[key] = doubts.get(key, 0) + 1
        for row in batch:
            yield {
                "subject_request": str(row.public_id),
                "organization": organizations.get(row.organization_id or 0),
                "request": None if row.request is None else str(row.request.public_id),
                **{name: fact(getattr(row, name)) for name in FACTS},
                **{name: rules.actor(getattr(row, name)) for name in ACTORS},
                "doubts": doubts.get(row.public_id, 0),
            }


def _events(requests: QuerySet[SubjectRequest]) -> Iterator[Row]:
    for batch in in_batches(requests):
        organizations = public_ids(batch)
        ids = {row.public_id: str(row.public_id) for row in batch}
        rows = AuditEvent.objects.filter(subject_id__in=ids).order_by("pk")
        for found in rows.iterator(chunk_size=BATCH):
            yield {"subject_request": ids[found.subject_id], **event(found, organizations)}
