"""Content and exports over REST: who may, for whom, and what the answer says about each line."""

import io
import json
import uuid
import zipfile
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import path
from django.utils import timezone

from accounts import tenancy
from accounts.enums import Role
from accounts.models import AuditEvent, IdempotencyKey, Membership, User
from accounts.operations import tokens
from accounts.rules.permissions import Permission
from retention.api.content import ContentView
from retention.api.exports import ExportDownloadView, ExportView, OrganizationExportsView
from retention.enums import Decision, VaultState
from retention.models import DeletionRequest, Export, Message, Vault
from tests.retention.test_exports import a_request
from tests.retention.vaults import a_talk, an_organization, people_of

urlpatterns = [
    path("api/v1/organizations/<uuid:public_id>/content", ContentView.as_view()),
    path("api/v1/organizations/<uuid:public_id>/exports", OrganizationExportsView.as_view()),
    path("api/v1/exports/<uuid:public_id>", ExportView.as_view()),
    path("api/v1/exports/<uuid:public_id>/download", ExportDownloadView.as_view()),
]
# Real transactions: a refused call rolls its own back, and a download is streamed after its scope has ended.
pytestmark = [
    pytest.mark.django_db(databases=["default", "ledger"], transaction=True),
    pytest.mark.urls(__name__),
]


@pytest.fixture(autouse=True)
def apart(settings, tmp_path):
    settings.EXPORTS_DIR = tmp_path / "exports"
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


@pytest.fixture
def organization():
    made = an_organization()
    people_of(made, "ann")
    return made


def caller(role, organization=None, permissions=None):
    """Return a client of the API that calls with a token of a new user with this role."""
    now = timezone.now()
    with tenancy.vendor():
        user = User.objects.create(email=f"{uuid.uuid4()}@example.org", created_at=now)
        Membership.objects.create(user=user, organization=organization, role=role, created_at=now)
        held = [permission for permission in Permission if user.has_perm(permission)]
        _token, text = tokens.issue(
            user,
            name="test",
            permissions=held if permissions is None else permissions,
            expires_at=now + timedelta(days=1),
            now=now,
            by="system",
        )
    return Client(headers={"authorization": f"Bearer {text}"})


def post(client, organization, what, body, **headers):
    return client.post(
        f"/api/v1/organizations/{organization.public_id}/{what}",
        json.dumps(body),
        content_type="application/json",
        headers=headers,
    )


def messages(organization):
    with tenancy.tenant(organization.pk):
        return Message.objects.count()


@pytest.mark.parametrize("side", ["client", "vendor"])
def test_content_is_taken_in_from_either_side(organization, side):
    client = caller(Role.CLIENT_ADMINISTRATOR, organization) if side == "client" else caller(Role.ADMINISTRATOR)
    answer = post(client, organization, "content", a_talk())
    assert (answer.status_code, answer.json()) == (200, {"created": 3, "existing": 0, "rejected": []})
    assert post(client, organization, "content", a_talk()).json()["existing"] == 3
    assert messages(organization) == 2
    with tenancy.tenant(organization.pk):
        assert AuditEvent.objects.get(name="content.ingested").actor.startswith("user:")


@pytest.mark.parametrize(
    ("line", "field", "code"),
    [
        pytest.param({**a_talk()[1], "id": "m", "author": "nobody"}, "author", "unknown_author", id="unknown-author"),
        pytest.param(
            {**a_talk()[1], "organization": str(uuid.uuid4())}, "organization", "other_organization", id="other-home"
        ),
        pytest.param({**a_talk()[1], "kind": "poem"}, "kind", None, id="unknown-kind"),
        pytest.param("text", None, None, id="not-an-object"),
        pytest.param(None, None, None, id="null"),
    ],
)
def test_each_line_stands_for_itself(organization, line, field, code):
    answer = post(caller(Role.ADMINISTRATOR), organization, "content", [*a_talk(), line])
    assert answer.status_code == 200
    assert answer.json()["created"] == 3
    (rejected,) = answer.json()["rejected"]
    assert rejected["number"] == 4
    assert field in (None, rejected["field"]) and code in (None, rejected["code"])


def test_every_line_rejected_is_still_an_answer(organization):
    answer = post(caller(Role.ADMINISTRATOR), organization, "content", [{}, {}])
    assert (answer.status_code, len(answer.json()["rejected"])) == (200, 2)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="an-object"),
        pytest.param([], id="an-empty-list"),
        pytest.param([{}] * 1001, id="more-than-1000-lines"),
        pytest.param("text", id="a-string"),
        pytest.param(None, id="null"),
    ],
)
def test_a_body_that_is_no_batch_is_400(organization, body):
    answer = post(caller(Role.ADMINISTRATOR), organization, "content", body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")


def test_a_closed_vault_is_409(organization):
    client = caller(Role.ADMINISTRATOR)
    post(client, organization, "content", a_talk())
    with tenancy.eraser(organization.pk):
        Vault.objects.update(state=VaultState.DESTROYING)
    for what, body in (("content", a_talk(place="c2")), ("exports", {})):
        answer = post(client, organization, what, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "vault_closed")
    assert messages(organization) == 2


@pytest.mark.parametrize("what", ["content", "exports"])
@pytest.mark.parametrize(
    ("role", "home", "permissions", "status"),
    [
        pytest.param(Role.CLIENT_ADMINISTRATOR, "neighbour", None, 404, id="another-client"),
        pytest.param(Role.CLIENT_FINANCE, "own", None, 403, id="a-role-without-the-right"),
        pytest.param(Role.SUPPORT, None, None, 403, id="vendor-support"),
        pytest.param(Role.CLIENT_ADMINISTRATOR, "own", [Permission.VIEW_CONTRACT], 403, id="a-token-without-the-right"),
    ],
)
def test_who_may_not(organization, role, home, permissions, status, what):
    neighbour = an_organization()
    place = {"own": organization, "neighbour": neighbour, None: None}[home]
    answer = post(caller(role, place, permissions), organization, what, a_talk() if what == "content" else {})
    assert answer.status_code == status
    assert messages(organization) == 0


@pytest.mark.parametrize("what", ["content", "exports"])
def test_without_a_token_it_is_401(organization, what):
    assert post(Client(), organization, what, []).status_code == 401


def test_the_same_idempotency_key_stores_once_and_answers_the_same(organization):
    client = caller(Role.ADMINISTRATOR)
    first = post(client, organization, "content", a_talk(), idempotency_key="k")
    again = post(client, organization, "content", a_talk(), idempotency_key="k")
    assert again.json() == first.json() and again.headers["Idempotency-Replayed"] == "true"
    one = post(client, organization, "exports", {}, idempotency_key="e")
    two = post(client, organization, "exports", {}, idempotency_key="e")
    assert one.json()["public_id"] == two.json()["public_id"]
    with tenancy.tenant(organization.pk):
        assert Export.objects.count() == 1


def test_an_idempotency_key_used_again_after_its_day_keeps_the_answer_with_whom_it_is_about(organization):
    client, other = caller(Role.ADMINISTRATOR), an_organization()
    people_of(other, "ann")
    post(client, organization, "content", a_talk(), idempotency_key="k")
    with tenancy.vendor():
        IdempotencyKey.objects.update(expires_at=timezone.now())
    assert post(client, other, "content", a_talk(), idempotency_key="k").status_code == 200
    with tenancy.vendor():
        assert IdempotencyKey.objects.get().organization_id == other.pk


@pytest.mark.parametrize("side", ["client", "vendor"])
@pytest.mark.parametrize("accept", ["*/*", "application/zip"])
def test_an_export_is_made_seen_and_fetched(organization, side, accept):
    client = caller(Role.CLIENT_PRIVACY_OFFICER, organization) if side == "client" else caller(Role.PRIVACY_OFFICER)
    post(caller(Role.ADMINISTRATOR), organization, "content", a_talk())
    request = a_request(organization)
    made = post(client, organization, "exports", {"request": str(request.public_id)})
    assert made.status_code == 201
    assert made.json()["rows"]["messages"] == 2
    assert (made.json()["request"], made.json()["organization"]) == (
        str(request.public_id),
        str(organization.public_id),
    )
    with tenancy.tenant(organization.pk):
        assert DeletionRequest.objects.get().export_decision == Decision.DONE
    place = f"/api/v1/exports/{made.json()['public_id']}"
    assert client.get(place).json()["first_fetched_at"] is None
    if side == "vendor":  # the vendor's staff make exports, and never open one
        assert client.get(f"{place}/download", headers={"accept": accept}).status_code == 403
        client = caller(Role.CLIENT_PRIVACY_OFFICER, organization)
    download = client.get(f"{place}/download", headers={"accept": accept})
    data = b"".join(download.streaming_content)
    assert (download.status_code, download.headers["Content-Type"]) == (200, "application/zip")
    assert int(download.headers["Content-Length"]) == len(data) == made.json()["size"]
    assert "messages.jsonl" in zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert client.get(place).json()["first_fetched_at"] is not None
    with tenancy.tenant(organization.pk):
        assert AuditEvent.objects.filter(name="export.fetched").count() == 1


def test_an_export_of_another_organization_does_not_exist(organization):
    made = post(caller(Role.PRIVACY_OFFICER), organization, "exports", {}).json()
    stranger = caller(Role.CLIENT_ADMINISTRATOR, an_organization())
    place = f"/api/v1/exports/{made['public_id']}"
    for address in (place, f"{place}/download", f"/api/v1/exports/{uuid.uuid4()}"):
        answer = stranger.get(address, headers={"accept": "*/*"})
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(lambda: str(uuid.uuid4()), id="unknown"),
        pytest.param(lambda: str(a_request(an_organization()).public_id), id="of-another-organization"),
        pytest.param(lambda: "no-uuid", id="not-an-id"),
    ],
)
def test_an_export_for_a_request_that_is_not_there_is_400(organization, wanted):
    answer = post(caller(Role.PRIVACY_OFFICER), organization, "exports", {"request": wanted()})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == "request"
    with tenancy.tenant(organization.pk):
        assert not Export.objects.exists()


def test_a_download_whose_file_is_gone_is_409(organization, settings):
    client = caller(Role.CLIENT_PRIVACY_OFFICER, organization)
    made = post(client, organization, "exports", {}).json()
    (settings.EXPORTS_DIR / f"{made['public_id']}.bin").unlink()
    answer = client.get(f"/api/v1/exports/{made['public_id']}/download", headers={"accept": "application/zip"})
    assert (answer.status_code, answer.json()["code"]) == (409, "export_file_missing")
    assert client.get(f"/api/v1/exports/{made['public_id']}").json()["first_fetched_at"] is None
