"""What the tests of people's requests share: somebody asks, mails are read, links are opened, time passes."""

import re

from django.core import mail
from django.test import Client

from accounts import tenancy
from accounts.enums import Language
from accounts.models import LicensedUser, OutboxMessage
from accounts.operations import delivery
from config.sweeps import SWEEPS
from retention.enums import RequestKind, SubjectChannel
from retention.models import SubjectRequest
from retention.operations import subject_requests
from retention.operations.subject_facts import Facts
from tests.contracts.agreements import at
from tests.retention.vaults import an_organization, people_of

NOW = at("2025-03-03")  # a Monday
LINK = re.compile(r"https?://[^/\s]+(/privacy/\S+)")
WHO = Facts("Ann Lee", "Ann@canary.example", "Please erase what you know of me.")


def a_client(address="ann@canary.example", **values):
    """Return a client with somebody of this address."""
    organization = an_organization(**values)
    people_of(organization, "ann-1", "ben-1", department="Sales")
    with tenancy.vendor():
        LicensedUser.objects.filter(organization=organization, external_id="ann-1").update(email=address)
    return organization


def taken(kind=RequestKind.ERASE, facts=WHO, *, channel=SubjectChannel.MAIL, received_at=NOW, now=NOW, language="en"):
    with tenancy.vendor():
        return subject_requests.take_down(
            facts,
            kind=kind,
            channel=channel,
            language=Language(language),
            received_at=received_at,
            now=now,
            by="user:officer",
        )


def forwarded(organization, row=None, *, now=NOW):
    with tenancy.vendor():
        return subject_requests.forward(row or taken(), organization=organization, now=now, by="user:officer")


def again(row):
    """Return the request as it is stored now."""
    with tenancy.vendor():
        return SubjectRequest.objects.select_related("organization", "request").get(pk=row.pk)


def posted():
    """Deliver what waits; return the mails that went out, by address."""
    mail.outbox.clear()
    while True:
        with tenancy.vendor():
            due = OutboxMessage.objects.filter(delivered_at__isnull=True, failed_at__isnull=True).order_by("pk").first()
            if due is None:
                break
            delivery.deliver(due, now=max(due.next_attempt_at, NOW))
    found = {}
    for one in mail.outbox:
        found.setdefault(one.to[0], []).append(one)
    return found


def link_in(letter):
    """Return the path of the one link that a mail holds."""
    (path,) = LINK.findall(letter.body)
    return path


def swept(now):
    """Run the sweep of people's requests at an instant."""
    (sweep,) = [one for one in SWEEPS if one.name == "subject_requests"]
    return sweep.do(at=now, by="system")


def browser():
    """Return a browser that checks forms as a real one does."""
    return Client(enforce_csrf_checks=True, raise_request_exception=True)


def sent(visitor, path, **values):
    """Open a page and send its form."""
    shown = visitor.get(path)
    assert shown.status_code == 200, shown.content.decode()
    token = visitor.cookies["csrftoken"].value
    return visitor.post(path, {**values, "csrfmiddlewaretoken": token})
