"""Whose data a mail is about: facts for its template, so that nobody reads "all" where one person is meant.

No person and no department is named: one person may be all of a department.
"""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import OutboxMessage
from accounts.operations import delivery
from accounts.operations.delivery import Reader
from retention.enums import RefusalGround, RequestScope
from retention.models import Certificate, DeletionRequest, ErasureRun, Export, LegalHold, ManualErasure

TOPICS = (
    "deletion_request.opened",
    "deletion_request.approved",
    "deletion_request.cancelled",
    "deletion_request.refused",
    "deletion_request.blocked",
    "deletion_request.due_soon",
    "deletion_request.escalated",
    "export.made",
    "legal_hold.placed",
    "legal_hold.review_due",
    "certificate.issued",
    "erasure.residue_found",
    "erasure.stores_not_searched",
    "erasure.partially_done",
    "manual_erasure.asked",
    "manual_erasure.overdue",
)
# Values of RequestScope, and of HoldScope, which are among them.
SENTENCES = {
    RequestScope.ORGANIZATION.value: _("It is about all data of the organization."),
    RequestScope.DEPARTMENT.value: _("It is about the data of one department, not about all data of the organization."),
    RequestScope.PEOPLE.value: _("It is about the data of some people, not about all data of the organization."),
    RequestScope.PERSON.value: _("It is about the data of one person, not about all data of the organization."),
}


def register() -> None:
    """Tell the templates of the mails what they are about."""
    for topic in TOPICS:
        delivery.FACTS[topic] = _facts


def _facts(message: OutboxMessage, reader: Reader) -> dict[str, Any]:
    """Return the scope's code, a sentence that says it, and why it is refused; nothing where the subject is gone."""
    find = FINDERS.get(message.subject_type)
    scope = find(message) if find else None
    if scope is None:
        return {}
    said = {"scope": scope, "scope_said": SENTENCES[scope]}
    if message.topic == "deletion_request.refused":
        said["ground"] = RefusalGround(message.payload["ground"]).label
    return said


def _first(model: Any, path: str, message: OutboxMessage) -> str | None:
    value: str | None = _subject(model, message).values_list(path, flat=True).first()
    return value


def _by_hand(message: OutboxMessage) -> str | None:
    for people in _subject(ManualErasure, message).values_list("people", flat=True):
        if people is None:
            return RequestScope.ORGANIZATION
        return RequestScope.PERSON if people == 1 else RequestScope.PEOPLE
    return None


def _exported(message: OutboxMessage) -> str | None:
    for scope in _subject(Export, message).values_list("request__scope", flat=True):
        return scope or RequestScope.ORGANIZATION
    return None


def _subject(model: Any, message: OutboxMessage) -> Any:
    return model.objects.filter(organization=message.organization_id, public_id=message.subject_id).order_by("pk")


# What an announcement is about → where the scope is said.
FINDERS: dict[str, Callable[[OutboxMessage], str | None]] = {
    "DeletionRequest": lambda message: _first(DeletionRequest, "scope", message),
    "LegalHold": lambda message: _first(LegalHold, "scope", message),
    "ErasureRun": lambda message: _first(ErasureRun, "request__scope", message),
    "Certificate": lambda message: _first(Certificate, "run__request__scope", message),
    "ManualErasure": _by_hand,
    "Export": _exported,
}
