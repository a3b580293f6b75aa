"""Which acts ask for a recent proof of who somebody is: written here once more, apart from the code, and tried."""

import time
import uuid
from datetime import timedelta

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import recent, tenancy
from accounts.models import Membership
from accounts.operations import endpoints, tokens
from accounts.rules.permissions import Permission
from tests.accounts.signin.people import GOOD, sign_in, somebody
from tests.api.callers import caller
from tests.guards.test_access import routes

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)

# Acts of the admin, and what makes each worth a second look.
ACTS = {
    "DeletionRequest.approve": "content is destroyed, and nobody brings it back",
    "DeletionRequest.decide": "people's content is on its way to be destroyed",
    "ErasureRun.accept_hit": "the certificate stands though something stays",
    "ErasureRun.erase_again": "what is there now is destroyed, too",
    "ExternalStore.alter": "other data would be erased, or a secret sent elsewhere",
    "ExternalStore.disable": "an erasure would leave it out",
    "ExternalStore.enable": "what is in it is erased from now on",
    "FactorRequirement.lift": "sign-ins get weaker",
    "IdentityProvider.alter": "who answers for people changes",
    "IdentityProvider.disable": "passwords open again",
    "IdentityProvider.enable": "others answer for people",
    "ManualErasure.attest": "a certificate goes by it",
    "LegalHold.release": "what was held may be erased at once",
    "Membership.remove": "somebody loses access",
    "MentionScan.erase_too": "what others wrote is destroyed",
    "RetentionRule.enforce": "content is destroyed every night from now on",
    "SubjectRequest.grant": "people's data are erased by it, or handed out",
    "User.drop_factors": "a sign-in gets weaker",
    "User.unlink": "somebody else at the provider may become this person",
}
# Tables whose adding is sensitive.
ADDING = {
    "ApiToken": "whoever has its text may act without signing in",
    "ExternalStore": "what is in it is erased from now on",
    "FactorRequirement": "whoever has no factor is kept out",
    "IdentityProvider": "others answer for people",
    "KeyRotation": "every key of the service is written anew",
    "Membership": "somebody gets rights",
    "User": "somebody gets rights",
}
# The same by REST: method and route.
CALLS = {
    "POST identity-providers": "others answer for people",
    "PATCH identity-providers/<uuid>": "who answers for people changes",
    "POST identity-providers/<uuid>/enable": "others answer for people",
    "POST identity-providers/<uuid>/disable": "passwords open again",
    "POST external-stores": "what is in it is erased from now on",
    "PATCH external-stores/<uuid>": "other data would be erased, or a secret sent elsewhere",
    "POST subject-requests/<uuid>/grant": "people's data are erased by it, or handed out",
    "POST external-stores/<uuid>/enable": "what is in it is erased from now on",
    "POST external-stores/<uuid>/disable": "an erasure would leave it out",
    "POST manual-erasures/<uuid>/attest": "a certificate goes by it",
    "POST factor-requirements": "whoever has no factor is kept out",
    "POST factor-requirements/<uuid>/lift": "sign-ins get weaker",
    "POST deletion-requests/<uuid>/approve": "content is destroyed",
    "POST deletion-requests/<uuid>/decide": "people's content is on its way to be destroyed",
    "POST deletion-requests/<uuid>/accept-hit": "the certificate stands though something stays",
    "POST deletion-requests/<uuid>/erase-again": "content is destroyed",
    "POST legal-holds/<uuid>/release": "what was held may be erased at once",
    "POST mention-scans/<uuid>/take": "what others wrote is destroyed",
    "POST retention-rules/<uuid>/enforce": "content is destroyed every night from now on",
    "POST key-rotations": "every key of the service is written anew",
    "POST tokens": "whoever has its text may act without signing in",
    "POST tokens/<uuid>/rotate": "whoever has its text may act without signing in",
    "POST webhook-endpoints/<uuid>/rotate-secret": "who has the secret can pose as this service",
}


def declared_acts():
    return {f"{p.model.__name__}.{s.name}" for p in admin.site._registry.values() for s in p.acts() if s.sensitive}


def declared_calls():
    for route, view in routes():
        if not route.startswith("api/v1/"):
            continue
        actions = getattr(view, "actions", None) or {m: m for m in ("get", "post", "put", "patch", "delete")}
        for method, action in actions.items():
            if action in getattr(view.cls, "sensitive", ()):
                yield f"{method.upper()} {route.removeprefix('api/v1/').replace('<uuid:public_id>', '<uuid>')}"


def test_the_sensitive_acts_are_these_and_no_others():
    assert declared_acts() == ACTS.keys()
    adding = {p.model.__name__ for p in admin.site._registry.values() if getattr(p, "adding_is_sensitive", False)}
    assert adding == ADDING.keys()
    assert set(declared_calls()) == CALLS.keys()


def grown_old(browser):
    """Let five minutes pass since the owner of the session proved who they are."""
    session = browser.session
    session[recent.PROVEN] = time.time() - 301
    session.save()


@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_session_is_told_to_prove_it_and_a_token_is_let_through(name):
    method, route = name.split(" ", 1)
    path = f"/api/v1/{route.replace('<uuid>', str(uuid.uuid4()))}"
    for role in ("administrator", "privacy_officer"):
        browser, _ = sign_in(somebody(role))
        allowed = browser.generic(method, path, "{}", content_type="application/json").status_code
        grown_old(browser)
        answer = browser.generic(method, path, "{}", content_type="application/json")
        if allowed == 403:  # the right comes first
            assert answer.json()["code"] == "permission_denied"
            continue
        assert allowed in (400, 404, 409)
        assert (answer.status_code, answer.json()["code"]) == (403, "reauthentication_required")
        call = caller(role)
        status, _raw = call._send(method, path, {"Authorization": f"Bearer {call._token}"}, "{}")
        assert status in (400, 404, 409)


def test_a_page_leads_to_the_proof_and_back_and_keeps_nothing():
    somebody("administrator")
    administrator, colleague = somebody("administrator"), somebody("support")
    with tenancy.vendor():
        membership = Membership.objects.get(user=colleague)
    browser, _ = sign_in(administrator)
    page = reverse("admin:accounts_membership_changelist") + f"{membership.pk}/remove/"
    assert browser.get(page).status_code == 200, "signing in counts"
    grown_old(browser)
    asked = browser.post(page, {"confirmed": "yes"})
    assert asked["Location"] == recent.page(page)
    assert browser.get(page)["Location"] == recent.page(page)
    assert b"Nothing was changed yet" in browser.get(asked["Location"]).content
    assert browser.post(asked["Location"], {"password": "wrong"}).status_code == 200
    assert browser.get(page).status_code == 302
    back = browser.post(asked["Location"], {"password": GOOD, "next": page})
    assert back["Location"] == page
    assert browser.get(page).status_code == 200
    assert browser.post(page, {"confirmed": "yes"}).status_code == 302
    assert browser.get(reverse("admin:accounts_user_add")).status_code == 200
    grown_old(browser)
    add = reverse("admin:accounts_user_add")
    assert browser.get(add)["Location"] == recent.page(add)
    assert browser.post(add, {"confirmed": "yes", "email": "x@terme.example"})["Location"] == recent.page(add)


def an_endpoint_of_the_vendor():
    return endpoints.make(organization=None, url="https://8.8.8.8/hook", now=timezone.now(), by="system")[0]


def a_token_of_the_vendor():
    now = timezone.now()
    (row, _text) = tokens.issue_to_program(
        None,
        name="Robot",
        permissions=["view_contract"],
        held=frozenset(Permission),
        expires_at=now + timedelta(days=1),
        now=now,
        by="system",
    )
    return row


@pytest.mark.parametrize(
    ("page", "made"),
    [("apitoken", a_token_of_the_vendor), ("webhookendpoint", an_endpoint_of_the_vendor)],
)
def test_a_page_that_tells_another_secret_asks_too(page, made):
    with tenancy.vendor():
        row = made()
    act = "rotate" if page == "apitoken" else "rotate-secret"
    address = reverse(f"admin:accounts_{page}_changelist") + f"{row.pk}/{act}/"
    browser, _ = sign_in(somebody("administrator"))
    assert browser.get(address).status_code == 200
    grown_old(browser)
    assert browser.get(address)["Location"] == recent.page(address)
    given = {"confirmed": "yes", "overlap_hours": "1", "expires_at": ""}
    assert browser.post(address, given)["Location"] == recent.page(address)
    with tenancy.vendor():
        before = {name: value for name, value in vars(row).items() if not name.startswith("_")}
        row.refresh_from_db()
        assert before == {name: value for name, value in vars(row).items() if name in before}


@pytest.mark.parametrize("proven", [None, "yesterday", True, 10**12, -1])
def test_a_proof_that_is_none_counts_for_nothing(proven):
    browser, _ = sign_in(somebody("administrator"))
    session = browser.session
    session[recent.PROVEN] = proven
    session.save()
    assert browser.get(reverse("admin:accounts_user_add")).status_code == 302


def test_nobody_proves_it_for_somebody_else():
    browser, _ = sign_in(somebody("administrator"))
    grown_old(browser)
    Client().post(reverse("account_reauthenticate"), {"password": GOOD})
    sign_in(somebody("administrator"))
    assert browser.get(reverse("admin:accounts_user_add")).status_code == 302
