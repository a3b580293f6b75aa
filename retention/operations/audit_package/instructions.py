"""The instruction log: who instructed, approved and decided what about personal data in the period, from the trail."""

from collections.abc import Iterator
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet

from accounts.models import AuditEvent, Organization
from retention.operations.audit_package.parts import EVENT, Part, Row, event, in_batches, public_ids
from retention.rules.audit_package import Span

# The beginnings of the names of such events. A refusal, an attempt and a withdrawal are told like what was done.
NAMES = (
    "access_rule.",
    "archive.",
    "audit_package.",
    "certificate.",
    "correction.",
    "data_request.",
    "deletion_request.",
    "erasure.",
    "export.",
    "legal_hold.",
    "licensed_users.deleted",
    "licensed_users.deletion_",
    "manual_erasure.",
    "mentions.",
    "processing.",
    "request.",
    "retention",
    # What the client decided about a person's request; how it got there is told with the requests of people.
    "subject_request.doubt",
    "subject_request.extended",
    "subject_request.granted",
    "subject_request.not_held",
    "subject_request.refused",
    "subject_request.taken_back",
    "subject_request.withdrawn",
    "switching.",
    "vault.",
)
# What is no decision of anybody, and comes by the thousand.
SILENT = ("access_rule.looked", "retention_night.done")


def part(span: Span, organization: Organization | None) -> Part:
    """Return the log of the period."""
    wanted = reduce(or_, (Q(name__startswith=name) for name in NAMES))
    rows = AuditEvent.objects.filter(wanted, occurred_at__gte=span.begins_at, occurred_at__lt=span.ends_at)
    if organization is not None:
        rows = rows.filter(organization_id=organization.pk)
    return Part("instruction-log", EVENT, _rows(rows.exclude(name__in=SILENT).order_by("occurred_at", "pk")))


def _rows(rows: QuerySet[AuditEvent]) -> Iterator[Row]:
    for batch in in_batches(rows):
        organizations = public_ids(batch)
        for one in batch:
            yield event(one, organizations)
