"""What the tests of SCIM share: a client whose identity provider has a token, and a provider that calls with it."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from django.test import Client
from django.utils import timezone

from accounts import tenancy
from accounts.enums import Role
from accounts.models import LicensedUser
from accounts.operations import tokens
from accounts.rules.permissions import Permission
from tests.accounts.parties import NOW, a_licence, a_member
from tests.retention.vaults import an_organization

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def a_crowd(organization, count):
    """Add active people ``p0``, ``p1`` and so on to a client at once; return them."""
    with tenancy.tenant(organization.pk):
        return LicensedUser.objects.bulk_create(
            LicensedUser(
                organization=organization,
                external_id=f"p{number}",
                user_name=f"p{number}",
                display_name=f"P{number}",
                status="active",
                status_at=NOW,
                status_by="user:x",
                changed_at=NOW,
                created_at=NOW,
            )
            for number in range(count)
        )


class Provider:
    """Calls SCIM with a token; answers are checked for what every answer must be."""

    def __init__(self, token, organization=None):
        self.token = token
        self.organization = organization
        self.answer = None

    def __call__(self, method, path, body=None, *, expect=200, media="application/scim+json", **headers):
        raw = body if isinstance(body, (str, bytes)) else "" if body is None else json.dumps(body)
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        target = path if path.startswith("/") else f"/scim/v2/{path}"
        self.answer = Client(headers=sent).generic(method, target, raw, content_type=media)
        found = self.answer
        assert found.status_code == expect, f"{method} {path}: {found.status_code} {found.content[:600]!r}"
        if not found.content:
            return None
        assert found.headers["Content-Type"].startswith("application/scim+json")
        told = json.loads(found.content)
        if expect >= 400:
            assert told["schemas"] == [ERROR] and told["status"] == str(expect) and told["detail"]
        return told

    def search(self, kind="Users", **parameters):
        return self("GET", f"{kind}?{urlencode(parameters)}")

    def names(self, **parameters):
        return [one["userName"] for one in self.search(**parameters)["Resources"]]

    def add(self, user_name="ann@client.example", *, expect=201, **values):
        return self("POST", "Users", {"schemas": [CORE], "userName": user_name, **values}, expect=expect)

    def patch(self, found, *operations, kind="Users", expect=200, **headers):
        body = {"schemas": [PATCH], "Operations": list(operations)}
        return self("PATCH", f"{kind}/{found['id']}", body, expect=expect, **headers)

    def add_group(self, name="Sales", *people, expect=201, **values):
        members = [{"value": one["id"]} for one in people]
        body = {"schemas": [GROUP], "displayName": name, "members": members, **values}
        return self("POST", "Groups", body, expect=expect)

    def row(self, found):
        with tenancy.vendor():
            return LicensedUser.objects.get(public_id=found["id"])


def a_token(organization, *, role=Role.CLIENT_ADMINISTRATOR, permissions=(Permission.PROVISION_USERS,)):
    """Make a token of somebody with a role."""
    user = a_member(role, organization)
    now = timezone.now()
    with tenancy.vendor():
        row, text = tokens.issue(
            user, name="SCIM", permissions=permissions, expires_at=now + timedelta(days=30), now=now, by="system"
        )
    return row, text


def a_program(organization, permissions=(Permission.PROVISION_USERS,)):
    """Make a token of the organization's own."""
    now = timezone.now()
    with tenancy.vendor():
        return tokens.issue_to_program(
            organization,
            name="SCIM",
            permissions=permissions,
            held=frozenset(Permission),
            expires_at=now + timedelta(days=30),
            now=now,
            by="system",
        )


def a_provider(*, licensed=True, **licence):
    """Make a client with a licence, and its identity provider."""
    organization = an_organization()
    if licensed:
        a_licence(organization, since=LONG_AGO, **licence)
    return Provider(a_token(organization)[1], organization)
