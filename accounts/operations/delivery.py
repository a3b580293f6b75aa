"""Delivery of announcements: what has a mail template is mailed to those whom it concerns."""

import smtplib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.db import transaction
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils import translation

from accounts.enums import FindingState, Role, SentKind
from accounts.errors import Refused
from accounts.models import AuditEvent, LicensedUser, OutboxMessage, RuleFinding, User
from accounts.operations import audit, outbox, sent

log = structlog.get_logger(__name__)
ATTEMPTS = 10
FIRST_DELAY = timedelta(minutes=1)
GIVEN_UP = "delivery.given_up"
INTERRUPTED = "delivery.interrupted"


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is told: which roles of the client that the message is about, and which of the vendor.

    What is ``one_sided`` the vendor is told only where it is about no client.
    """

    client: tuple[Role, ...]
    vendor: tuple[Role, ...]
    one_sided: bool = False


_CONTRACT = Audience(
    (Role.CLIENT_ADMINISTRATOR, Role.AUTHORISED_CONTACT, Role.CLIENT_FINANCE), (Role.CONTRACT_MANAGER,)
)
_LICENCES = Audience((Role.CLIENT_ADMINISTRATOR, Role.AUTHORISED_CONTACT), (Role.CONTRACT_MANAGER, Role.SUPPORT))
_REQUEST = Audience(
    (Role.CLIENT_ADMINISTRATOR, Role.AUTHORISED_CONTACT, Role.CLIENT_PRIVACY_OFFICER),
    (Role.CONTRACT_MANAGER, Role.PRIVACY_OFFICER),
)
_ESCALATED = Audience(_REQUEST.client, (*_REQUEST.vendor, Role.ADMINISTRATOR))
_DATA = Audience(_REQUEST.client, (Role.PRIVACY_OFFICER,))
_CLIENT = Audience(_REQUEST.client, ())
_INTERNAL = Audience((), (Role.PRIVACY_OFFICER,))
_ADMINISTRATORS = Audience((Role.CLIENT_ADMINISTRATOR,), (Role.ADMINISTRATOR,), one_sided=True)
# Told to the licensed user whom it is about, in the organization's language.
PERSON_WARNED = "licensed_user.warned"
# Told to the person who asked about data of theirs, and to nobody else.
TO_PEOPLE = (
    "subject_request.address_asked",
    "subject_request.link_asked",
    "subject_request.acknowledged",
    "subject_request.told_where",
    "subject_request.identity_asked",
    "subject_request.extension_told",
    "subject_request.answered",
)
# On mails of these topics: what they are about, so that one that is kept as a file is known for what it is.
TOPIC_HEADER = "X-Terme-Topic"
# Topic → who is told. What is not named here goes to nobody on the client's side.
DEFAULT_AUDIENCE = _INTERNAL
AUDIENCE = {
    "contract.signed": _CONTRACT,
    "contract.notice_given": _CONTRACT,
    "contract.notice_withdrawn": _CONTRACT,
    "contract.renewal_certain": _CONTRACT,
    "contract.renewed": _CONTRACT,
    "contract.ended": _CONTRACT,
    "contract.notice_reminder": _CONTRACT,
    "contract.chatel_reminder": _CONTRACT,
    "contract.chatel_missed": _CONTRACT,
    "contract.chatel_unreachable": _CONTRACT,
    "intake.acknowledged": _CONTRACT,
    "intake.asked_back": _CONTRACT,
    "offer.sent": _CONTRACT,
    "offer.accepted": _CONTRACT,
    "switching.opened": _REQUEST,
    "switching.unfeasible_told": _REQUEST,
    "switching.extended": _REQUEST,
    "switching.completed": _REQUEST,
    "switching.withdrawn": _REQUEST,
    "switching.unfinished": _REQUEST,
    "switching.choice_asked": _REQUEST,
    "licences.suspended": _LICENCES,
    "deletion_request.opened": _REQUEST,
    "deletion_request.approved": _REQUEST,
    "deletion_request.cancelled": _REQUEST,
    "deletion_request.refused": _REQUEST,
    "deletion_request.blocked": _REQUEST,
    "deletion_request.due_soon": _REQUEST,
    "deletion_request.escalated": _ESCALATED,
    "export.made": _DATA,
    "archive.made": _DATA,
    "legal_hold.placed": _DATA,
    "retention_rule.enforced": _DATA,
    "retention_rule.ended": _DATA,
    "certificate.issued": _REQUEST,
    "subject_request.received": _INTERNAL,
    "subject_request.not_forwarded": _INTERNAL,
    "subject_request.forwarded": _CLIENT,
    "subject_request.chased": _CLIENT,
    "subject_request.decided": _DATA,
    "subject_request.withdrawn": _DATA,
    "subject_request.taken_back": _CLIENT,
    "subject_request.due_soon": _DATA,
    "subject_request.late": _DATA,
    "subject_request.nobody_decides": _INTERNAL,
    "subject_request.to_post": _INTERNAL,
    **dict.fromkeys(TO_PEOPLE, Audience((), ())),
    "webhook_endpoint.disabled": _ADMINISTRATORS,
    "erasure.residue_found": _INTERNAL,
    "erasure.partially_done": _INTERNAL,
    "erasure.stores_not_searched": _INTERNAL,
    "manual_erasure.asked": _INTERNAL,
    "manual_erasure.overdue": _INTERNAL,
    "legal_hold.review_due": _INTERNAL,
    "access_rule.found": _ADMINISTRATORS,
    "access_rule.stopped": _ADMINISTRATORS,
    PERSON_WARNED: Audience((), ()),
    GIVEN_UP: _INTERNAL,
}


class NotDeliverable(Refused):
    """The message was delivered or given up meanwhile, or another worker has it."""

    code = "not_deliverable"


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail, ready to be sent. ``reader`` is the public id of the user whom it tells."""

    reader: str
    to: str
    subject: str
    body: str
    topic: str

    @property
    def headers(self) -> dict[str, str]:
        """The headers beside the usual ones."""
        return {TOPIC_HEADER: self.topic} if self.topic in TO_PEOPLE else {}


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a mail tells: ``id`` is an opaque id of theirs, ``who`` is greeted."""

    id: str
    email: str
    language: str
    who: object


# Topic → who is told beside members and licensed users, for the apps that stand above this one.
OUTSIDERS: dict[str, Callable[[OutboxMessage], list[Reader]]] = {}
# Topic → what its template is told besides, for one reader.
FACTS: dict[str, Callable[[OutboxMessage, Reader], dict[str, Any]]] = {}


@transaction.atomic
def deliver(message: OutboxMessage, *, now: datetime) -> OutboxMessage:
    """Deliver one message, at least once: a crash between a mail and its record sends that one again.

    After a restore who was told before is not told again, and what is like something that was lost is held instead. A
    failure is noted and tried again later, each time twice as late, for those readers who have not been told yet.
    After ten attempts it is given up, with an event in the trail and a mail to the vendor's privacy officers.

    :raises NotDeliverable: there is nothing (more) to do for this caller.
    """
    due = OutboxMessage.objects.due_for_delivery(at=now).filter(pk=message.pk)
    locked = due.select_for_update(skip_locked=True, of=("self",)).first()
    if locked is None:
        raise NotDeliverable("The message is delivered, given up, or with another worker.")
    if not sent.may_go(locked, now=now):
        return locked
    earlier = _told_earlier(locked)
    told: list[str]
    trouble: Exception | None
    try:
        written = letters(locked)
    except Exception as error:  # a payload that its template cannot tell: noted and given up like any other failure
        told, trouble = [], error
    else:
        asked = [(locked.public_id, letter.reader) for letter in written]
        earlier |= {reader for _message, reader in sent.told(SentKind.MAIL, asked)}

        def note(letter: Letter) -> None:
            sent.write(locked, SentKind.MAIL, letter.reader, now=now)

        told, trouble = _send((letter for letter in written if letter.reader not in earlier), note)
    if trouble is None:
        locked.delivered_at = now
    else:
        _failed(locked, trouble, told, now=now)
    locked.attempts += 1
    locked.save(update_fields=["attempts", "delivered_at", "failed_at", "next_attempt_at", "last_error"])
    return locked


def letters(message: OutboxMessage) -> list[Letter]:
    """Return the mails that a message becomes, each in its reader's language; none if its topic has no template.

    A language that the screens do not speak falls back to English, dates and numbers included.
    """
    template = template_of(message.topic)
    if template is None:
        return []
    spoken = dict(settings.LANGUAGES)
    found = []
    outsiders, facts = OUTSIDERS.get(message.topic), FACTS.get(message.topic)
    for reader in [*map(_member, readers(message)), *_person(message), *(outsiders(message) if outsiders else ())]:
        with translation.override(reader.language if reader.language in spoken else settings.LANGUAGE_CODE):
            text = template.render(
                {
                    "message": message,
                    "payload": message.payload,
                    "organization": message.organization,
                    "user": reader.who,
                    "url": settings.PUBLIC_URL,
                    **(facts(message, reader) if facts else {}),
                }
            )
        subject, _, body = text.lstrip().partition("\n")
        found.append(Letter(reader.id, reader.email, _one_line(subject), without_gaps(body), message.topic))
    return found


def readers(message: OutboxMessage) -> list[User]:
    """Return who is told: the client's contacts, where it is about a client, and the vendor's own, by e-mail.

    An announcement may name the vendor's person in charge (``owner``, a public id), who is told whatever their role,
    and say that the client's side is not (``tells_client``).
    """
    audience = told_by_role(message)
    people = User.objects.filter(is_active=True)
    if only := message.payload.get("only"):
        return list(people.filter(public_id=only))
    found = people.filter(memberships__organization__isnull=True, memberships__role__in=audience.vendor)
    if owner := message.payload.get("owner"):
        found |= people.filter(memberships__organization__isnull=True, public_id=owner)
    if audience.client:
        found |= people.filter(memberships__organization=message.organization_id, memberships__role__in=audience.client)
    return list(found.distinct().order_by("email"))


def told_by_role(message: OutboxMessage) -> Audience:
    """Return which roles are told, of the client that the message is about and of the vendor.

    What is for one person only (``only``: their own sign-in) is told to nobody for their role.
    """
    if message.payload.get("only"):
        return Audience((), ())
    audience, of_client = AUDIENCE.get(message.topic, DEFAULT_AUDIENCE), message.organization_id is not None
    return Audience(
        audience.client if of_client and message.payload.get("tells_client", True) else (),
        () if of_client and audience.one_sided else audience.vendor,
    )


def template_of(topic: str) -> Any:
    """Return the template of a topic's mails; none: it is not mailed."""
    try:
        return get_template(f"mail/{topic}.txt")
    except TemplateDoesNotExist:
        return None


def _member(user: User) -> Reader:
    return Reader(str(user.public_id), user.email, user.language, user)


def _person(message: OutboxMessage) -> list[Reader]:
    """Return the licensed user whom the message warns; nobody if they are gone, or on their way out, by now.

    Nor one whom the rule has let go of before the mail went out, nor one without an address: identity providers need
    not send one.
    """
    if message.topic != PERSON_WARNED or message.organization is None:
        return []
    people = LicensedUser.objects.live().filter(organization=message.organization, public_id=message.subject_id)
    if rule := message.payload.get("rule"):
        warned = RuleFinding.objects.filter(organization=message.organization, rule__public_id=rule)
        people = people.filter(pk__in=warned.filter(state=FindingState.OPEN).values("licensed_user"))
    language = message.organization.language
    return [Reader(str(one.public_id), one.email, language, one) for one in people if one.email]


def _send(wanted: Iterable[Letter], note: Callable[[Letter], None]) -> tuple[list[str], Exception | None]:
    """Send; return who was told, and what went wrong. One reader's bad address does not silence the others."""
    told: list[str] = []
    trouble: Exception | None = None
    for letter in wanted:
        try:
            mail = EmailMessage(letter.subject, letter.body, settings.DEFAULT_FROM_EMAIL, [letter.to])
            mail.extra_headers = letter.headers
            mail.send()
        except (smtplib.SMTPRecipientsRefused, ValueError) as error:
            trouble = error
        except (OSError, ImproperlyConfigured) as error:  # the mail server: smtplib's errors are OSErrors too
            return told, error
        else:
            told.append(letter.reader)
            note(letter)
    return told, trouble


def _told_earlier(message: OutboxMessage) -> set[str]:
    if not message.attempts:
        return set()
    events = AuditEvent.objects.filter(subject_id=message.public_id, name=INTERRUPTED)
    return {reader for data in events.values_list("data", flat=True) for reader in data["told"]}


def _failed(message: OutboxMessage, error: Exception, told: list[str], *, now: datetime) -> None:
    message.last_error = type(error).__name__
    log.warning("delivery.failed", topic=message.topic, error=message.last_error, attempt=message.attempts + 1)
    if told:
        audit.record(INTERRUPTED, message, by="system", at=now, data={"topic": message.topic, "told": told})
    if message.attempts + 1 < ATTEMPTS:
        message.next_attempt_at = now + FIRST_DELAY * 2**message.attempts
        return
    message.failed_at = now
    audit.record(GIVEN_UP, message, by="system", at=now, data={"topic": message.topic})
    if message.topic != GIVEN_UP:  # else mail about mail would never end
        outbox.publish(GIVEN_UP, message, at=now, payload={"topic": message.topic})


def without_gaps(text: str) -> str:
    """Return a text without the blank lines that a template's branches leave: one at most between two paragraphs."""
    lines: list[str] = []
    for line in text.strip("\n").splitlines():
        if line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip())
    return "\n".join(lines).rstrip("\n") + "\n"


def _one_line(text: str) -> str:
    """Return a text fit for a header: blanks and control characters become one blank each time."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
