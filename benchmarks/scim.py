"""Provisioning by SCIM, against a bare view that checks the same token and writes the same four rows."""

import json
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import Client, override_settings
from django.urls import include, path
from django.utils import timezone
from rest_framework.request import Request

from accounts import tenancy
from accounts.api.authentication import TokenAuthentication
from accounts.enums import LegalCategory, LicenceAct, LicenceStatus, Role
from accounts.models import (
    AuditEvent,
    LicenceGrant,
    LicensedUser,
    LicensedUserChange,
    Membership,
    Organization,
    OutboxMessage,
    User,
)
from accounts.operations import audit, outbox, tokens
from accounts.rules.permissions import Permission
from benchmarks import bench

TURNS = 3
SIZES = {"small": 500, "full": 5000}
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"


def bare(request: HttpRequest) -> HttpResponse:
    """Add a person with no question asked."""
    found = TokenAuthentication().authenticate(Request(request))
    if found is None or found[1].organization_id is None:
        return HttpResponse(status=401)
    user, token = found
    body, now, by = json.loads(request.body), timezone.now(), f"user:{user.public_id}"
    with tenancy.tenant(token.organization_id):
        row = LicensedUser.objects.create(
            organization_id=token.organization_id,
            external_id=body["externalId"],
            provisioned_id=body["externalId"],
            user_name=body["userName"],
            email=body["emails"][0]["value"],
            display_name=body["displayName"],
            profile={"emails": body["emails"], "displayName": body["displayName"], "name": body["name"]},
            status=LicenceStatus.ACTIVE,
            status_at=now,
            status_by=by,
            changed_at=now,
            created_at=now,
        )
        LicensedUserChange.objects.create(
            organization_id=token.organization_id,
            licensed_user=row,
            act=LicenceAct.ADD,
            status=row.status,
            by=by,
            occurred_at=now,
        )
        audit.record(
            "licensed_user.provisioning_created",
            Organization(pk=token.organization_id, public_id=row.public_id),
            by=by,
            at=now,
            detail={"licensed_users": str(row.public_id)},
        )
        outbox.publish("licensed_user.created", row, at=now)
    return JsonResponse({**body, "id": str(row.public_id)}, status=201)


bare.csrf_exempt = True
bare.login_required = False
bare.cls = None
urlpatterns = [path("bare", bare), path("", include("config.urls"))]


def measure(size: str) -> dict[str, Any]:
    """Add people one request each, both ways in turn, in one process and through the whole stack of middleware."""
    people, token = SIZES[size], _a_client()
    counts: dict[str, set[int]] = {"ours": set(), "bare": set()}

    def calls(name: str, address: str) -> Any:
        client = Client(headers={"Authorization": f"Bearer {token}"})

        def run() -> None:
            for number in range(people):
                body = json.dumps(_person(number))
                answer = client.post(address, body, content_type="application/scim+json")
                if answer.status_code != 201:
                    raise RuntimeError(f"{name}: {answer.status_code} {answer.content!r}")
            counts[name].add(_rows())

        return run

    with override_settings(ROOT_URLCONF="benchmarks.scim", ALLOWED_HOSTS=["*"]):
        ours, limit = calls("ours", "/scim/v2/Users"), calls("bare", "/bare")
        took = bench.alternate(ours, limit, reset=_reset, times=TURNS)
        _reset()
        ours()
        finds, pages = _reading(token)
    if counts["ours"] != counts["bare"]:
        raise RuntimeError(f"the two ways wrote different numbers of rows: {counts}")
    found = bench.result("scim", size, *took, people=people, find_ms=finds, page_of_100_ms=pages)
    return {**found, "per_s": round(people / found["ours_s"], 1), "bare_per_s": round(people / found["limit_s"], 1)}


def _reading(token: str) -> tuple[float, float]:
    client = Client(headers={"Authorization": f"Bearer {token}"})
    took = []
    for address in ('/scim/v2/Users?filter=userName eq "P7@client.example"', "/scim/v2/Users?count=100"):
        began = time.perf_counter()
        for _again in range(50):
            if client.get(address).status_code != 200:
                raise RuntimeError(address)
        took.append(round((time.perf_counter() - began) / 50 * 1000, 2))
    return took[0], took[1]


def _person(number: int) -> dict[str, Any]:
    address = f"p{number}@client.example"
    return {
        "schemas": [CORE],
        "externalId": f"00u{number}",
        "userName": address,
        "displayName": f"Person {number}",
        "name": {"givenName": "Person", "familyName": str(number)},
        "emails": [{"value": address, "type": "work", "primary": True}],
        "active": True,
    }


def _a_client() -> str:
    now = timezone.now()
    with tenancy.vendor():
        organization = Organization.objects.create(
            name="Client",
            country="FR",
            time_zone="Europe/Paris",
            legal_category=LegalCategory.COMPANY,
            registration_number="1",
            created_at=now,
        )
        LicenceGrant.objects.create(organization=organization, source=uuid4(), valid_from=now - timedelta(days=1))
        user = User.objects.create(email="it@client.example", name="IT", created_at=now)
        Membership.objects.create(
            user=user, organization=organization, role=Role.CLIENT_ADMINISTRATOR.value, created_at=now
        )
        _row, text = tokens.issue(
            user,
            name="SCIM",
            permissions=[Permission.PROVISION_USERS],
            expires_at=now + timedelta(days=1),
            now=now,
            by="system",
        )
    return text


def _rows() -> int:
    with tenancy.vendor():
        return (
            sum(model.objects.count() for model in (LicensedUser, LicensedUserChange, OutboxMessage))
            + AuditEvent.objects.filter(name="licensed_user.provisioning_created").count()
        )


def _reset() -> None:
    tables = ("accounts_licenseduserchange", "accounts_licenseduser", "accounts_outboxmessage", "accounts_auditevent")
    with bench.administrator() as connected:
        connected.execute("TRUNCATE " + ", ".join(tables) + " CASCADE")
        connected.execute("VACUUM ANALYZE accounts_licenseduser")
