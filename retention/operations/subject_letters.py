"""What people and clients are written about a request: the mails' facts, and the same letters on paper."""

from datetime import date
from typing import Any

from django.conf import settings
from django.template.loader import get_template
from django.utils import translation

from accounts.models import Organization, OutboxMessage
from accounts.operations import delivery
from accounts.operations.delivery import Reader
from contracts.rules.periods import local_day
from retention.enums import DoubtReason, ExtensionReason, RefusalGround, SubjectState
from retention.models import SubjectDoubt, SubjectRequest
from retention.operations import subject_facts, subject_links

PATHS = {"person": "privacy/link", "client": "privacy/decide"}
TO_CLIENTS = (
    "subject_request.forwarded",
    "subject_request.chased",
    "subject_request.received",
    "subject_request.not_forwarded",
    "subject_request.due_soon",
    "subject_request.late",
    "subject_request.decided",
    "subject_request.withdrawn",
    "subject_request.taken_back",
    "subject_request.nobody_decides",
    "subject_request.to_post",
)
REASONS = {**dict(DoubtReason.choices), **dict(ExtensionReason.choices)}
LETTERS = ("acknowledged", "forwarding", "identity_asked", "extension_told", "answered")


def register() -> None:
    """Let mails be written to people who are no members, and tell their templates what the letters say."""
    for topic in delivery.TO_PEOPLE:
        delivery.OUTSIDERS[topic] = _person
        delivery.FACTS[topic] = _of_person
    for topic in TO_CLIENTS:
        delivery.FACTS[topic] = _of_client


def facts(row: SubjectRequest) -> dict[str, Any]:
    """Return what letters about a request are told, in the language in force."""
    # What was granted may be refused after all: a law may forbid to erase.
    ground = row.refusal or ("" if row.request is None else row.request.refusal)
    return {
        "request": row,
        "reference": row.reference,
        "facts": subject_facts.opened(row),
        "client": _client(row),
        "kind": row.get_kind_display(),
        "identity": row.get_identity_display(),
        "received_on": _received_on(row),
        "forward_by": row.forward_by,
        "due_on": row.due_on,
        "doubted": row.doubts.filter(answered_on__isnull=True).exists(),
        "outcome": row.outcome,
        "ground": RefusalGround(ground).label if ground else "",
        "vendor": settings.VENDOR_NAME or "Terme",
    }


def text(row: SubjectRequest, name: str) -> str:
    """Return one of :data:`LETTERS` in the language of its reader, English where the program does not speak it.

    :raises KeyError: there is no such letter.
    """
    if name not in LETTERS:
        raise KeyError(name)
    spoken = dict(settings.LANGUAGES)
    client = row.organization
    language = client.language if name == "forwarding" and client is not None else row.language
    with translation.override(language if language in spoken else settings.LANGUAGE_CODE):
        written = get_template(f"letters/subject_{name}.txt").render(facts(row) | {"reason": _reason(row, name)})
    return delivery.without_gaps(written)


def of(row: SubjectRequest) -> list[str]:
    """Return the letters that exist of a request as it stands, the latest last; none, once its words are gone."""
    if row.purged_at is not None or row.state == SubjectState.UNCONFIRMED:
        return []
    found = ["acknowledged"]
    if row.forwarded_at is not None:
        found.append("forwarding")
    written = []
    if (asked := _asked(row)) is not None:
        written.append((asked.asked_on, "identity_asked"))
    if row.extended_at is not None and row.organization is not None:
        written.append((local_day(row.extended_at, row.organization.time_zone), "extension_told"))
    found += [name for _day, name in sorted(written, key=lambda one: one[0])]
    if row.state == SubjectState.ANSWERED:
        found.append("answered")
    return found


def _asked(row: SubjectRequest) -> SubjectDoubt | None:
    """Return the question about identity that is not answered yet."""
    return row.doubts.filter(answered_on__isnull=True).first()


def _reason(row: SubjectRequest, name: str) -> Any:
    """Return why the person is asked who they are, while they are, or why it takes longer; nothing otherwise."""
    if name == "identity_asked":
        asked = _asked(row)
        return "" if asked is None else REASONS.get(asked.reason, "")
    return REASONS.get(row.extended_for, "") if name == "extension_told" else ""


def _person(message: OutboxMessage) -> list[Reader]:
    row = _row(message)
    known = None if row is None else subject_facts.opened(row)
    if row is None or known is None or not known.email:
        return []
    return [Reader(str(row.public_id), known.email, row.language, known)]


def _of_person(message: OutboxMessage, reader: Reader) -> dict[str, Any]:
    link = message.payload.get("link")
    return {**_told(message), "link": None if link is None else _address("person", link)}


def _of_client(message: OutboxMessage, reader: Reader) -> dict[str, Any]:
    link = message.payload.get("links", {}).get(reader.id)
    return {**_told(message), "link": None if link is None else _address("client", link)}


def _told(message: OutboxMessage) -> dict[str, Any]:
    row = _row(message)
    if row is None:
        return {}
    payload = message.payload
    due = payload.get("due_on")
    known = facts(row)
    return known | {
        "client": message.organization or known["client"],  # whom it was with then
        "due_on": date.fromisoformat(due) if due else row.due_on,
        "reason": REASONS.get(payload.get("reason", ""), ""),
        "letter": payload.get("letter", ""),
    }


def _row(message: OutboxMessage) -> SubjectRequest | None:
    return SubjectRequest.objects.select_related("organization").filter(public_id=message.subject_id).first()


def _address(whose: str, link: str) -> str:
    return f"{settings.PUBLIC_URL}/{PATHS[whose]}/{subject_links.token(link)}"


def _received_on(row: SubjectRequest) -> date:
    client = row.organization
    return local_day(row.received_at, settings.VENDOR_TIME_ZONE if client is None else client.time_zone)


def _client(row: SubjectRequest) -> Organization | str:
    return row.organization or ""
