"""The way of single sign-on, step by step: to the provider, and back with what it gives."""

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import tenancy
from accounts.enums import Role
from accounts.operations import providers
from tests.accounts.signin.idp import CLIENT, SECRET
from tests.accounts.signin.people import events, somebody

NOW = timezone.now()


def a_provider(idp, organization=None, slug="house", **values):
    with tenancy.vendor():
        return providers.create(
            **{
                "organization": organization,
                "slug": slug,
                "name": "House sign-in",
                "issuer": idp.issuer,
                "client_id": CLIENT,
                "client_secret": SECRET,
                "now": NOW,
                "by": "user:one",
                **values,
            }
        )


def ann(role=Role.CONTRACT_MANAGER, organization=None, **values):
    return somebody(role, organization, email="ann@client.example", **values)


def leave(browser, slug="house", **data):
    """Begin at the service; return the address at the provider to which the browser is led."""
    answer = browser.post(reverse("openid_connect_login", args=[slug]), data)
    assert answer.status_code == 200 and "address" in answer.context, answer.content[-600:]
    return answer.context["address"]


def come_back(browser, brought, slug="house"):
    return browser.get(reverse("openid_connect_callback", args=[slug]), brought)


def through(idp, browser=None, slug="house", **data):
    """Go all the way; return the browser and the service's last answer."""
    browser = browser or Client()
    return browser, come_back(browser, idp.authorize(leave(browser, slug, **data)), slug)


def refusals():
    return [data["why"] for _, _, data in events("sign_in.refused")]
