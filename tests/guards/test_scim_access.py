"""Every address of SCIM and every role: only a client's own token opens them, and one address tells how to sign in."""

import re
import uuid

import pytest
from django.test import Client

from accounts.rules.permissions import MATRIX
from accounts.rules.roles import VENDOR
from tests.api.callers import caller
from tests.guards.test_access import SCIM, routes
from tests.workflows import walk

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
# Of SCIM's addresses, the only one that answers without a token, and why.
SCIM_OPEN = {f"{SCIM}ServiceProviderConfig": "a provider asks how to sign in before it does (RFC 7643, section 5)"}


def scim_paths():
    """Yield every address of SCIM, with ids that nobody has."""
    for route, _view in routes():
        if route.startswith(SCIM):
            yield re.sub("<[a-z]+:[a-z_]+>", str(uuid.uuid4()), route)


@pytest.mark.parametrize("role", sorted(MATRIX))
def test_scim_lets_in_who_may_provision_one_client_and_nobody_else(role):
    administrator = caller("administrator")
    home = None if role in VENDOR else walk.register(administrator, 1, "one")
    call = caller(role, home)
    let_in = home is not None and "provision_users" in MATRIX[role]
    for path in scim_paths():
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            status, _raw = call._send(method, f"/{path}", {"Authorization": f"Bearer {call._token}"}, "{}")
            if path.removesuffix("/") not in SCIM_OPEN:
                assert (status != 403) == let_in, f"{role}: {method} {path} answered {status}"
            assert (status != 401 and status < 500) or status == 501, f"{role}: {method} {path} answered {status}"


def test_without_a_token_scim_tells_how_to_sign_in_and_no_more():
    for path in scim_paths():
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            answer = Client().generic(method, f"/{path}", "{}", content_type="application/scim+json")
            if path.removesuffix("/") in SCIM_OPEN:
                assert answer.status_code in (200, 401, 405), f"{method} {path} answered {answer.status_code} to nobody"
            else:
                assert answer.status_code == 401, f"{method} {path} answered {answer.status_code} to nobody"
