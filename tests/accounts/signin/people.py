"""What the tests of sign-in share: somebody with a password, a browser, codes of an authenticator app."""

import itertools
import time

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import tenancy
from accounts.enums import Role
from accounts.models import AuditEvent
from accounts.operations import members

GOOD = "a correct horse and its battery"
_numbers = itertools.count(1)


def somebody(role=Role.CONTRACT_MANAGER, organization=None, *, password=GOOD, **values):
    """Make a member who can sign in."""
    with tenancy.vendor():
        return members.add(
            **{
                "email": f"Somebody-{next(_numbers)}@terme.example",
                "name": "Ann Quercus",
                "role": Role(role),
                "organization": organization,
                "password": password,
                "now": timezone.now(),
                "by": "system",
                **values,
            }
        )


def sign_in(user, password=GOOD, *, client=None, follow=None, address=None):
    """Post the page of sign-in; return the browser and the answer."""
    client = client or Client()
    page = reverse("account_login") + (f"?next={follow}" if follow else "")
    extra = {"REMOTE_ADDR": address} if address else {}
    data = {"login": user if isinstance(user, str) else user.email, "password": password}
    if follow:
        data["next"] = follow
    return client, client.post(page, data, **extra)


def with_totp(user):
    """Give somebody an authenticator app; return its secret."""
    secret = generate_totp_secret()
    with tenancy.vendor():
        TOTP.activate(user, secret)
    return secret


def code(secret, *, steps=0):
    """Return the code that an authenticator app shows, or showed some steps of 30 seconds away."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def events(*names):
    """Return (name, subject, data) of the trail's events with these names, oldest first."""
    with tenancy.vendor():
        found = AuditEvent.objects.filter(name__in=names).order_by("pk")
        return [(event.name, event.subject_id, event.data) for event in found]


def factors(user):
    """Return the kinds of somebody's factors."""
    with tenancy.vendor():
        return sorted(Authenticator.objects.filter(user=user).values_list("type", flat=True))


def signed_in(client):
    """Say whether a browser is signed in."""
    return client.get("/admin/").status_code == 200
