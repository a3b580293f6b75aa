"""Every address of the REST interface and every role: who is let in is written here once more, apart from the code."""

import re
import uuid

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts import labels
from accounts.operations import bulk, states
from accounts.rules.permissions import MATRIX, Permission
from accounts.rules.roles import VENDOR
from tests.api.callers import caller
from tests.guards.expected_access import ANYBODY, EXPECTED
from tests.workflows import walk

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)

# The only addresses that answer without sign-in, and why.
OPEN = {"health/live": "a probe has no account", "health/ready": "a probe has no account"}
# Likewise, for anybody who was given a certificate.
FOR_ANYBODY = {
    "favicon.ico": "the icon that a browser asks for beside any page",
    "verify": "whoever has a certificate checks it",
    "privacy/": "whoever uses a product through a client asks about their data",
    "privacy/again": "whoever has asked has a new link sent to their own address",
    "privacy/own": "says to ask for a link first (403), until one was opened here",
}
CALLS_FOR_ANYBODY = {
    "POST certificates/verify": "whoever has a certificate checks it",
    "GET public-key": "whoever has a certificate checks it without us",
}

# Addresses that answer without sign-in to whoever knows a secret part of them, and why.
BY_SECRET = {
    "calendar/<str:token>.ics": "a calendar program cannot sign in: the token is the credential (256 bits, revocable)",
    "privacy/link/<str:token>": "the person has no account: the link came by mail, is signed, and opens once",
    "privacy/decide/<str:token>": "a contact decides from a mail: the link is theirs, signed, and opens one decision",
    "privacy/own/letters/<slug:name>.pdf": "of the person whose link was opened here in the last half hour",
}


SCIM = "scim/v2/"

# The pages of sign-in: what they answer to somebody who is not signed in, and why they are there.
SIGN_IN = {
    "account/login/": (200, "the page itself"),
    "account/sso/": (200, "asks for the short name of an organization's sign-in"),
    "account/sso/<slug:provider_id>/": (404, "a provider's page, for whoever knows its name"),
    "account/sso/<slug:provider_id>/callback/": (404, "takes the provider's answer, bound to a state of the browser"),
    "account/logout/": (302, "ends a session, so it may come after one has ended"),
    "account/inactive/": (200, "says that somebody has no role"),
    "account/reauthenticate/": (302, "proves again who is signed in"),
    "account/password/change/": (302, "of who is signed in"),
    "account/password/set/": (302, "leads to the mailed link"),
    "account/password/reset/": (200, "whoever forgot a password cannot sign in"),
    "account/password/reset/done/": (200, "the same answer for every address"),
    "account/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": (
        200,
        "the link of the mail, signed, an hour",
    ),
    "account/password/reset/key/done/": (200, "says that it worked"),
    "account/factors/": (302, "of who is signed in"),
    "account/factors/authenticate/": (302, "the second step of signing in, after the first"),
    "account/factors/reauthenticate/": (302, "proves again who is signed in"),
    "account/factors/totp/activate/": (302, "of who is signed in"),
    "account/factors/totp/deactivate/": (302, "of who is signed in"),
    "account/factors/recovery-codes/": (302, "of who is signed in"),
    "account/factors/recovery-codes/generate/": (302, "of who is signed in"),
    "account/factors/recovery-codes/download/": (302, "of who is signed in"),
    "account/factors/keys/": (302, "of who is signed in"),
    "account/factors/keys/add/": (302, "of who is signed in"),
    "account/factors/keys/login/": (302, "signs in with a passkey; a page only to its script"),
    "account/factors/keys/reauthenticate/": (302, "proves again who is signed in"),
    "account/factors/keys/<int:pk>/remove/": (302, "of who is signed in"),
    "account/factors/keys/<int:pk>/edit/": (302, "of who is signed in"),
}


def routes(resolver=None, prefix=""):
    """Yield every route and its view, under the whole service."""
    for one in (resolver or get_resolver()).url_patterns:
        route = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from routes(one, route)
        elif isinstance(one, URLPattern):
            yield route, one.callback


def api_calls():
    """Yield "METHOD route" of everything the interface answers."""
    for route, view in routes():
        if not route.startswith("api/v1/"):
            continue
        actions = getattr(view, "actions", None)
        methods = actions or [m for m in ("get", "post", "put", "patch", "delete") if hasattr(view.cls, m)]
        for method in methods:
            if method in ("head", "options"):
                continue
            yield f"{method.upper()} {route.removeprefix('api/v1/').replace('<uuid:public_id>', '<uuid>')}"


def test_the_table_names_every_address_and_no_other():
    found = set(api_calls())
    assert not found - EXPECTED.keys(), f"say here which right is asked for: {sorted(found - EXPECTED.keys())}"
    assert not EXPECTED.keys() - found, f"these are gone, take them out: {sorted(EXPECTED.keys() - found)}"


@pytest.mark.parametrize("role", sorted(MATRIX))
def test_a_role_gets_in_where_the_matrix_says_and_nowhere_else(role):
    administrator = caller("administrator")
    home = None if role in VENDOR else walk.register(administrator, 1, "one")
    call = caller(role, home)
    for name, right in EXPECTED.items():
        method, route = name.split(" ", 1)
        path = re.sub("<uuid(:[a-z]+)?>", str(uuid.uuid4()), route)
        status, _raw = call._send(method, f"/api/v1/{path}", {"Authorization": f"Bearer {call._token}"}, "{}")
        allowed = right is ANYBODY or right in MATRIX[role]
        assert (status != 403) == allowed, f"{role}: {name} answered {status}"
        assert status != 401 and status < 500, f"{role}: {name} answered {status}"


def test_without_sign_in_nothing_answers_but_health():
    for name in EXPECTED.keys() - CALLS_FOR_ANYBODY.keys():
        method, route = name.split(" ", 1)
        path = re.sub("<uuid(:[a-z]+)?>", str(uuid.uuid4()), route)
        answer = Client().generic(method, f"/api/v1/{path}", "{}", content_type="application/json")
        assert answer.status_code in (401, 403), f"{name} answered {answer.status_code} to nobody"
    for route, _view in routes():
        if (
            "<" in route
            or "(" in route
            or route.startswith(("api/", "admin/", SCIM))
            or route in {**OPEN, **SIGN_IN, **FOR_ANYBODY}
        ):
            continue
        answer = Client().get(f"/{route}")
        assert answer.status_code in (302, 405), f"/{route} answered {answer.status_code} to nobody"


def test_the_calls_for_anybody_ask_for_no_token_and_mind_none():
    for name in CALLS_FOR_ANYBODY:
        method, route = name.split(" ", 1)
        for headers in ({}, {"authorization": "Bearer terme_of_nobody"}):
            answer = Client().generic(
                method, f"/api/v1/{route}", "{}", content_type="application/json", headers=headers
            )
            assert answer.status_code == 200, f"{name} answered {answer.status_code} with {headers}"


def test_the_open_addresses_exist_and_say_nothing_of_clients():
    for route in OPEN:
        answer = Client().get(f"/{route}")
        assert answer.status_code == 200 and set(answer.json()) <= {"status", "parts"}


def test_an_address_with_a_secret_part_is_listed_and_says_nothing_without_it():
    found = {r for r, _view in routes() if "<" in r and not r.startswith(("api/", "admin/", "account/", SCIM))}
    assert found == BY_SECRET.keys(), "say why it answers without sign-in"
    for route in BY_SECRET:
        answers = [Client().get("/" + re.sub("<.*?>", guess, route)) for guess in ("guessed", "answered")]
        assert all(answer.status_code in (404, 410) for answer in answers), route
        assert len({answer.content for answer in answers}) == 1, f"{route}: what is wrong with a guess is told apart"


def test_the_pages_of_sign_in_are_listed_and_answer_nobody_as_written():
    assert {route for route, _view in routes() if route.startswith("account/")} == SIGN_IN.keys(), "say why it is open"
    for route, (status, _reason) in SIGN_IN.items():
        path = (
            "account/password/reset/key/1-guessed/"
            if "(" in route
            else route.replace("<int:pk>", "1").replace("<slug:provider_id>", "guessed")
        )
        answer = Client().get(f"/{path}")
        assert answer.status_code == status, f"/{path} answered {answer.status_code} to nobody"


def test_every_refusal_of_bulk_work_has_words():
    assert labels.WHY_NOT.keys() == {*states.MESSAGES, bulk.CHANGED_SINCE}, (
        "say it in accounts/labels.py: the job's page lists whom it did not change, and why"
    )


def test_every_right_has_words():
    assert labels.PERMISSIONS.keys() == set(Permission), (
        "say it in accounts/labels.py: forms offer rights by their words"
    )
