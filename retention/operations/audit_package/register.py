"""The request register: every deletion request that touches the period, its states from the trail, and holds."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import Exists, ForeignKey, OuterRef, Q, QuerySet

from accounts.models import AuditEvent, Organization
from retention.models import CertificateAddendum, DeletionRequest, ErasureRun, LegalHold
from retention.operations.audit_package.parts import (
    BATCH,
    EVENT,
    Part,
    Row,
    event,
    fact,
    in_batches,
    instant,
    public_ids,
)
from retention.rules import audit_package as rules
from retention.rules.audit_package import Span

# Of a request, in this order; what a version does not have is left out. Free texts are in no package.
FACTS = (
    "kind",
    "scope",
    "origin",
    "status",
    "refusal",
    "received_at",
    "blocked_since",
    "service_ended_on",
    "retrieval_ends_on",
    "retrieval_waived_at",
    "erase_from",
    "erase_by",
    "promised_by",
    "grace_until",
    "confirmed_at",
    "carried_out_at",
    "approved_at",
    "export_decision",
    "export_waived_at",
    "archive_decision",
    "closed_at",
)
ACTORS = ("requested_by", "confirmed_by", "approved_by")
HOLD = ("hold", "organization", "ground", "review_on", "placed_at", "placed_by", "released_at", "released_by")


def parts(span: Span, organization: Organization | None) -> Iterator[Part]:
    """Yield the register, the events of its requests, and the holds of the period."""
    own = {} if organization is None else {"organization": organization}
    # A certificate closes a request; that every window has closed, or that residue was found, is said of it later.
    said = CertificateAddendum.objects.filter(
        certificate__run__request=OuterRef("pk"), issued_at__gte=span.begins_at, issued_at__lt=span.ends_at
    )
    touched = Q(closed_at__isnull=True) | Q(closed_at__gte=span.begins_at) | Q(Exists(said))
    requests = DeletionRequest.objects.filter(touched, received_at__lt=span.ends_at, **own).order_by("pk")
    names = {field.name for field in DeletionRequest._meta.concrete_fields}
    facts = tuple(name for name in FACTS if name in names)
    yield Part("request-register", ("request", "organization", *facts, *ACTORS), _register(requests, facts))
    yield Part("request-events", ("request", *EVENT), _events(requests))
    holds = LegalHold.objects.filter(
        Q(released_at__isnull=True) | Q(released_at__gte=span.begins_at), placed_at__lt=span.ends_at, **own
    ).order_by("pk")
    yield Part("legal-holds", HOLD, _holds(holds))


def _register(requests: QuerySet[DeletionRequest], facts: tuple[str, ...]) -> Iterator[Row]:
    for batch in in_batches(requests):
        organizations = public_ids(batch)
        for row in batch:
            yield {
                "request": str(row.public_id),
                "organization": organizations[row.organization_id],
                **{name: fact(getattr(row, name)) for name in facts},
                **{name: rules.actor(getattr(row, name)) for name in ACTORS},
            }


def _events(requests: QuerySet[DeletionRequest]) -> Iterator[Row]:
    for batch in in_batches(requests):
        organizations = public_ids(batch)
        subjects = _subjects(batch)
        rows = AuditEvent.objects.filter(subject_id__in=subjects).order_by("pk")
        for found in rows.iterator(chunk_size=BATCH):
            yield {"request": subjects[found.subject_id], **event(found, organizations)}


def _subjects(batch: tuple[DeletionRequest, ...]) -> dict[Any, str]:
    """Return what belongs to requests, by public id: they themselves, their runs, exports, archives, certificates."""
    requests = {row.pk: str(row.public_id) for row in batch}
    found: dict[Any, str] = {row.public_id: str(row.public_id) for row in batch}
    runs = {}
    for pk, public_id, request in ErasureRun.objects.filter(request__in=requests).values_list(
        "pk", "public_id", "request_id"
    ):
        runs[pk] = requests[request]
        found[public_id] = requests[request]
    for model in apps.get_app_config("retention").get_models():
        if model is ErasureRun or model.__name__ in rules.PEOPLE or model.__name__ == "ErasureStep":
            continue
        for name, owner, owners in (("request", DeletionRequest, requests), ("run", ErasureRun, runs)):
            field = next((one for one in model._meta.concrete_fields if one.name == name), None)
            if isinstance(field, ForeignKey) and field.related_model is owner and hasattr(model, "public_id"):
                rows = model._default_manager.filter(**{f"{name}__in": owners})
                found |= {public_id: owners[key] for public_id, key in rows.values_list("public_id", f"{name}_id")}
    return found


def _holds(holds: QuerySet[LegalHold]) -> Iterator[Row]:
    for batch in in_batches(holds):
        organizations = public_ids(batch)
        for row in batch:
            yield {
                "hold": str(row.public_id),
                "organization": organizations[row.organization_id],
                "ground": row.ground,
                "review_on": str(row.review_on),
                "placed_at": instant(row.placed_at),
                "placed_by": rules.actor(row.placed_by),
                "released_at": instant(row.released_at),
                "released_by": rules.actor(row.released_by),
            }
