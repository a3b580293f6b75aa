"""Delivery of announcements: what has a mail template is mailed to those whom it concerns."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils import translation

from accounts.enums import Role
from accounts.errors import Refused
from accounts.models import OutboxMessage, User
from accounts.operations import audit

log = structlog.get_logger(__name__)
ATTEMPTS = 10
FIRST_DELAY = timedelta(minutes=1)
CLIENT_ROLES = (Role.CLIENT_ADMINISTRATOR, Role.AUTHORISED_CONTACT, Role.CLIENT_PRIVACY_OFFICER)
VENDOR_ROLES = (Role.CONTRACT_MANAGER, Role.PRIVACY_OFFICER)


class NotDeliverable(Refused):
    """The message was delivered or given up meanwhile, or another worker has it."""

    code = "not_deliverable"


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail, ready to be sent."""

    to: str
    subject: str
    body: str


@transaction.atomic
def deliver(message: OutboxMessage, *, now: datetime) -> OutboxMessage:
    """Deliver one message, at least once: a crash between sending and the commit sends it again.

    A failure is noted and tried again later, each time twice as late; after ten attempts it is given up, with an
    event in the trail that an operator sees.

    :raises NotDeliverable: there is nothing (more) to do for this caller.
    """
    due = OutboxMessage.objects.due_for_delivery(at=now).filter(pk=message.pk)
    locked = due.select_for_update(skip_locked=True, of=("self",)).first()
    if locked is None:
        raise NotDeliverable("The message is delivered, given up, or with another worker.")
    try:
        for letter in letters(locked):
            EmailMessage(letter.subject, letter.body, settings.DEFAULT_FROM_EMAIL, [letter.to]).send()
    except OSError as error:  # the mail server: its errors are OSErrors (smtplib's too)
        _failed(locked, error, now=now)
    else:
        locked.delivered_at = now
    locked.attempts += 1
    locked.save(update_fields=["attempts", "delivered_at", "failed_at", "next_attempt_at", "last_error"])
    return locked


def letters(message: OutboxMessage) -> list[Letter]:
    """Return the mails that a message becomes, each in its reader's language; none if its topic has no template."""
    try:
        template = get_template(f"mail/{message.topic}.txt")
    except TemplateDoesNotExist:
        return []
    found = []
    for user in _recipients(message):
        with translation.override(user.language):
            text = template.render(
                {
                    "message": message,
                    "payload": message.payload,
                    "organization": message.organization,
                    "user": user,
                    "url": settings.PUBLIC_URL,
                }
            )
        subject, _, body = text.lstrip().partition("\n")
        found.append(Letter(user.email, " ".join(subject.split()), body.lstrip("\n")))
    return found


def _recipients(message: OutboxMessage) -> list[User]:
    """Return the client's contacts, where the message is about a client, and the vendor's own, by e-mail."""
    people = User.objects.filter(is_active=True)
    vendor = people.filter(memberships__organization__isnull=True, memberships__role__in=VENDOR_ROLES)
    client = people.none()
    if message.organization_id is not None:
        client = people.filter(memberships__organization=message.organization_id, memberships__role__in=CLIENT_ROLES)
    return list((vendor | client).distinct().order_by("email"))


def _failed(message: OutboxMessage, error: OSError, *, now: datetime) -> None:
    message.last_error = type(error).__name__
    log.warning("delivery.failed", topic=message.topic, error=message.last_error, attempt=message.attempts + 1)
    if message.attempts + 1 >= ATTEMPTS:
        message.failed_at = now
        audit.record("delivery.given_up", message, by="system", at=now, data={"topic": message.topic})
    else:
        message.next_attempt_at = now + FIRST_DELAY * 2**message.attempts
