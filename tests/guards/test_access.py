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
from tests.workflows import walk

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)

ANYBODY = None
# method and route → the right that is asked for (ANYBODY: whoever is signed in).
EXPECTED = {
    "GET schema": ANYBODY,
    "GET docs": ANYBODY,
    "GET public-key": ANYBODY,
    "POST certificates/verify": ANYBODY,
    "POST deadlines/compute": ANYBODY,
    "GET organizations": "view_organization",
    "POST organizations": "change_organization",
    "GET organizations/<uuid>": "view_organization",
    "PATCH organizations/<uuid>": "change_organization",
    "POST organizations/<uuid>/licensed-users": "change_licensed_user",
    "POST organizations/<uuid>/content": "ingest_content",
    "POST organizations/<uuid>/exports": "export_content",
    "POST organizations/<uuid>/archive-authorization": "authorise_archive",
    "GET exports/<uuid>": "export_content",
    "GET exports/<uuid>/download": "view_content",
    "GET licensed-users": "view_licensed_user",
    "GET licensed-users/<uuid>": "view_licensed_user",
    "GET licensed-users/<uuid>/changes": "view_licensed_user",
    "POST licensed-users/<uuid>/restrict": "change_licensed_user",
    "POST licensed-users/<uuid>/lift-restriction": "change_licensed_user",
    "POST licensed-users/<uuid>/schedule-deletion": "delete_licensed_user",
    "POST licensed-users/<uuid>/cancel-deletion": "delete_licensed_user",
    "POST licensed-users/<uuid>/restrict-processing": "restrict_processing",
    "POST licensed-users/<uuid>/tell-of-lifting": "restrict_processing",
    "POST licensed-users/<uuid>/lift-processing": "restrict_processing",
    "GET organizations/<uuid>/access-policy": "view_licensed_user",
    "PATCH organizations/<uuid>/access-policy": "change_access_policy",
    "POST organizations/<uuid>/activity": "report_activity",
    "POST organizations/<uuid>/bulk-jobs": "change_licensed_user",
    "GET bulk-jobs": "view_licensed_user",
    "GET bulk-jobs/<uuid>": "view_licensed_user",
    "GET bulk-jobs/<uuid>/failures": "view_licensed_user",
    "POST bulk-jobs/<uuid>/undo": "change_licensed_user",
    "GET access-rules": "view_licensed_user",
    "POST access-rules": "manage_access_rules",
    "GET access-rules/<uuid>": "view_licensed_user",
    "PATCH access-rules/<uuid>": "manage_access_rules",
    "GET access-rules/<uuid>/preview": "view_licensed_user",
    "GET access-rules/<uuid>/people": "view_licensed_user",
    "GET access-rules/<uuid>/findings": "view_licensed_user",
    "POST access-rules/<uuid>/enforce": "manage_access_rules",
    "POST access-rules/<uuid>/confirm": "manage_access_rules",
    "POST access-rules/<uuid>/observe": "manage_access_rules",
    "POST access-rules/<uuid>/switch-off": "manage_access_rules",
    "POST access-rules/<uuid>/exempt": "manage_access_rules",
    "POST access-rules/<uuid>/lift-exemption": "manage_access_rules",
    "POST entitlements": "check_entitlement",
    "GET entitlements/<path:external_id>": "check_entitlement",
    "POST licensed-users/<uuid>/suspend": "change_licensed_user",
    "POST licensed-users/<uuid>/reinstate": "change_licensed_user",
    "GET contracts": "view_contract",
    "POST contracts": "sign_contract",
    "GET contracts/<uuid>": "view_contract",
    "POST contracts/<uuid>/sign": "sign_contract",
    "POST contracts/<uuid>/cancel": "sign_contract",
    "GET contracts/<uuid>/terms": "view_contract",
    "GET contracts/<uuid>/notices": "view_contract",
    "GET contracts/<uuid>/deadlines": "view_contract",
    "POST contracts/<uuid>/give-notice": "give_notice",
    "GET contracts/<uuid>/amendments": "view_contract",
    "POST contracts/<uuid>/suspend": "suspend_contract",
    "POST contracts/<uuid>/resume": "suspend_contract",
    "GET contracts/<uuid>/forecast": "view_contract",
    "GET forecast": "view_contract",
    "GET revenue-forecast": "view_contract",
    "POST contracts/<uuid>/amend": "amend_contract",
    "POST contracts/<uuid>/void-amendment": "amend_contract",
    "POST contracts/<uuid>/withdraw-notice": "withdraw_notice",
    "GET contracts/<uuid>/statement": "view_statement",
    "POST contracts/<uuid>/credits": "manage_statements",
    "POST contracts/<uuid>/payments": "manage_statements",
    "POST payments/import": "manage_statements",
    "GET statement-lines/export": "view_statement",
    "POST contracts/<uuid>/quotes": "make_quote",
    "GET quotes": "view_contract",
    "GET quotes/<uuid>": "view_contract",
    "POST quotes/<uuid>/accept": "accept_quote",
    "GET quotes/<uuid>/page": "view_contract",
    "POST contracts/<uuid>/terminate": "end_contract",
    "GET terminations": "view_contract",
    "GET terminations/<uuid>": "view_contract",
    "POST terminations/<uuid>/revert": "end_contract",
    "GET contracts/<uuid>/leaving": "view_contract",
    "GET contracts/<uuid>/commitment": "view_contract",
    "GET commitments": "view_contract",
    "GET commitments/xlsx": "view_contract",
    "GET calendar-feeds": "manage_feeds",
    "POST calendar-feeds": "manage_feeds",
    "GET calendar-feeds/<uuid>": "manage_feeds",
    "POST calendar-feeds/<uuid>/revoke": "manage_feeds",
    "GET deadlines": "view_contract",
    "GET deadlines/<uuid>": "view_contract",
    "POST deadlines/<uuid>/meet": "renew_contract",
    "GET contracts/<uuid>/offers": "view_contract",
    "POST contracts/<uuid>/offers": "amend_contract",
    "POST contracts/<uuid>/stay": "amend_contract",
    "GET offers": "view_contract",
    "GET offers/<uuid>": "view_contract",
    "POST offers/<uuid>/send": "amend_contract",
    "POST offers/<uuid>/accept": "accept_offer",
    "POST offers/<uuid>/withdraw": "amend_contract",
    "GET uplifts": "manage_indices",
    "GET uplifts/<uuid>": "manage_indices",
    "POST uplifts/<uuid>/apply": "amend_contract",
    "POST uplifts/<uuid>/reject": "amend_contract",
    "GET index-series": "view_contract",
    "POST index-series": "manage_indices",
    "GET index-series/<uuid>": "view_contract",
    "POST index-series/<uuid>/link": "manage_indices",
    "GET index-values": "view_contract",
    "GET index-values/<uuid>": "view_contract",
    "POST index-values/import": "manage_indices",
    "GET contracts/<uuid>/checklist": "view_contract",
    "GET contracts/<uuid>/clauses": "view_contract",
    "POST contracts/<uuid>/clauses": "amend_contract",
    "GET switching-cases": "view_contract",
    "POST switching-cases": "request_switching",
    "GET switching-cases/<uuid>": "view_contract",
    "POST switching-cases/<uuid>/tell-unfeasible": "manage_switching",
    "POST switching-cases/<uuid>/extend": "request_switching",
    "POST switching-cases/<uuid>/complete": "request_switching",
    "POST switching-cases/<uuid>/withdraw": "manage_switching",
    "POST switching-cases/<uuid>/choose": "request_deletion",
    "POST switching-cases/<uuid>/record-charge": "manage_switching",
    "GET contracts/<uuid>/reminders": "view_contract",
    "PUT contracts/<uuid>/reminders": "amend_contract",
    "POST contracts/<uuid>/reminders": "amend_contract",
    "GET intakes": "handle_intake",
    "POST intakes": "handle_intake",
    "GET intakes/<uuid>": "handle_intake",
    "POST intakes/<uuid>/confirm": "handle_intake",
    "POST intakes/<uuid>/ask-back": "handle_intake",
    "POST intakes/<uuid>/reject": "handle_intake",
    "GET outgoing-notices": "approve_notice",
    "POST outgoing-notices": "approve_notice",
    "GET outgoing-notices/<uuid>": "approve_notice",
    "POST outgoing-notices/<uuid>/approve": "approve_notice",
    "POST outgoing-notices/<uuid>/send": "approve_notice",
    "POST outgoing-notices/<uuid>/receive": "approve_notice",
    "POST outgoing-notices/<uuid>/cancel": "approve_notice",
    "GET deletion-requests": "view_deletion_request",
    "POST deletion-requests": "request_deletion",
    "GET deletion-requests/<uuid>": "view_deletion_request",
    "POST deletion-requests/<uuid>/confirm-end": "confirm_end",
    "POST deletion-requests/<uuid>/approve": "approve_erasure",
    "POST deletion-requests/<uuid>/erase-again": "approve_erasure",
    "POST deletion-requests/<uuid>/accept-hit": "approve_erasure",
    "POST deletion-requests/<uuid>/check-again": "approve_erasure",
    "GET certificates": "view_deletion_request",
    "GET certificates/<uuid>": "view_deletion_request",
    "GET certificates/<uuid>/paper": "view_deletion_request",
    "POST deletion-requests/<uuid>/cancel": "request_deletion",
    "GET deletion-requests/<uuid>/impact": "view_deletion_request",
    "POST deletion-requests/<uuid>/decide": "request_deletion",
    "POST deletion-requests/<uuid>/refuse": "request_deletion",
    "POST deletion-requests/<uuid>/take-back": "request_deletion",
    "POST deletion-requests/<uuid>/pause": "approve_erasure",
    "POST deletion-requests/<uuid>/resume": "approve_erasure",
    "POST deletion-requests/<uuid>/slow-down": "approve_erasure",
    "POST deletion-requests/<uuid>/retry-stores": "approve_erasure",
    "POST deletion-requests/<uuid>/waive-export": "export_content",
    "POST deletion-requests/<uuid>/waive-retrieval": "view_content",
    "POST deletion-requests/<uuid>/decline-archive": "authorise_archive",
    "POST deletion-requests/<uuid>/make-archive": "authorise_archive",
    "GET deletion-requests/<uuid>/archives": "view_deletion_request",
    "GET deletion-requests/<uuid>/verifications": "view_deletion_request",
    "GET deletion-requests/<uuid>/certificate": "view_deletion_request",
    "GET legal-holds": "view_deletion_request",
    "POST legal-holds": "place_hold",
    "GET legal-holds/<uuid>": "view_deletion_request",
    "POST legal-holds/<uuid>/release": "place_hold",
    "GET retention-rules": "view_deletion_request",
    "POST retention-rules": "request_deletion",
    "GET retention-rules/<uuid>": "view_deletion_request",
    "POST retention-rules/<uuid>/preview": "request_deletion",
    "POST retention-rules/<uuid>/enforce": "approve_erasure",
    "POST retention-rules/<uuid>/end": "request_deletion",
    "GET retention-nights": "view_deletion_request",
    "GET retention-nights/<uuid>": "view_deletion_request",
    "GET held-messages": "view_operation",
    "GET held-messages/<uuid>": "view_operation",
    "POST held-messages/<uuid>/release": "manage_keys",
    "POST held-messages/<uuid>/drop": "manage_keys",
    "GET restores": "view_operation",
    "GET restores/<uuid>": "view_operation",
    "GET key-rotations": "view_operation",
    "POST key-rotations": "manage_keys",
    "GET key-rotations/<uuid>": "view_operation",
    "POST key-rotations/<uuid>/stop": "manage_keys",
    "GET audit-package": "view_trail",
    "GET key-versions": "view_operation",
    "GET external-stores": "view_operation",
    "POST external-stores": "manage_identity_providers",
    "GET external-stores/<uuid>": "view_operation",
    "PATCH external-stores/<uuid>": "manage_identity_providers",
    "POST external-stores/<uuid>/test": "manage_identity_providers",
    "POST external-stores/<uuid>/enable": "manage_identity_providers",
    "POST external-stores/<uuid>/disable": "manage_identity_providers",
    "GET manual-erasures": "view_deletion_request",
    "GET manual-erasures/<uuid>": "view_deletion_request",
    "POST manual-erasures/<uuid>/attest": "approve_erasure",
    "GET factor-requirements": "manage_members",
    "POST factor-requirements": "manage_members",
    "GET factor-requirements/<uuid>": "manage_members",
    "POST factor-requirements/<uuid>/lift": "manage_members",
    "GET identity-providers": "manage_identity_providers",
    "POST identity-providers": "manage_identity_providers",
    "GET identity-providers/<uuid>": "manage_identity_providers",
    "PATCH identity-providers/<uuid>": "manage_identity_providers",
    "POST identity-providers/<uuid>/enable": "manage_identity_providers",
    "POST identity-providers/<uuid>/disable": "manage_identity_providers",
    "GET audit-events": "view_trail",
    "GET audit-events/<uuid>": "view_trail",
    "GET trail/head": "view_trail",
    "GET trail/links": "view_trail",
    "GET tokens": "manage_tokens",
    "POST tokens": "manage_tokens",
    "GET tokens/<uuid>": "manage_tokens",
    "POST tokens/<uuid>/rotate": "manage_tokens",
    "POST tokens/<uuid>/revoke": "manage_tokens",
    "GET webhook-endpoints": "manage_webhooks",
    "POST webhook-endpoints": "manage_webhooks",
    "GET webhook-endpoints/<uuid>": "manage_webhooks",
    "PATCH webhook-endpoints/<uuid>": "manage_webhooks",
    "POST webhook-endpoints/<uuid>/rotate-secret": "manage_webhooks",
    "POST webhook-endpoints/<uuid>/disable": "manage_webhooks",
    "POST webhook-endpoints/<uuid>/enable": "manage_webhooks",
    "POST webhook-endpoints/<uuid>/test": "manage_webhooks",
    "POST webhook-endpoints/<uuid>/redeliver": "manage_webhooks",
    "GET webhook-endpoints/<uuid>/deliveries": "manage_webhooks",
    "POST webhook-endpoints/<uuid>/deliveries/<uuid:delivery>/redeliver": "manage_webhooks",
}
# The only addresses that answer without sign-in, and why.
OPEN = {"health/live": "a probe has no account", "health/ready": "a probe has no account"}
# Likewise, for anybody who was given a certificate.
FOR_ANYBODY = {"verify": "whoever has a certificate checks it"}
CALLS_FOR_ANYBODY = {"POST certificates/verify": "whoever has a certificate checks it"}

# Addresses that answer without sign-in to whoever knows a secret part of them, and why.
BY_SECRET = {
    "calendar/<str:token>.ics": "a calendar program cannot sign in: the token is the credential (256 bits, revocable)"
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


def test_the_open_addresses_exist_and_say_nothing_of_clients():
    for route in OPEN:
        answer = Client().get(f"/{route}")
        assert answer.status_code == 200 and set(answer.json()) <= {"status", "parts"}


def test_an_address_with_a_secret_part_is_listed_and_says_nothing_without_it():
    found = {r for r, _view in routes() if "<" in r and not r.startswith(("api/", "admin/", "account/", SCIM))}
    assert found == BY_SECRET.keys(), "say why it answers without sign-in"
    for route in BY_SECRET:
        answer = Client().get("/" + route.replace("<str:token>", "guessed"))
        assert (answer.status_code, answer.content) == (404, b"Not found.\n")


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
