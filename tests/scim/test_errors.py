"""What must be refused: tokens, bodies, methods, addresses; each in SCIM's own shape, with nothing half-written."""

import json
import threading
from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from accounts import tenancy
from accounts.enums import Role
from accounts.models import ApiToken, LicensedUser, LicensedUserChange, Membership
from accounts.operations import provisioning, tokens
from accounts.operations.provisioning import Account
from accounts.rules.permissions import MATRIX, Permission
from tests.accounts.parties import at_once, wait_for_somebody
from tests.scim.world import CORE, Provider, a_program, a_provider, a_token

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def test_without_a_usable_token_nobody_comes_in():
    call = a_provider()
    for token in ("", "terme_nothing", "x y", "\u00e9"):
        stranger = Provider(token)
        stranger("GET", "Users", expect=401)
        assert stranger.answer.headers["WWW-Authenticate"].startswith("Bearer")
        stranger("POST", "Users", "{", expect=401)
        stranger("GET", "nothing/there", expect=401)
        stranger("GET", "Schemas", expect=401)
    Provider("")("GET", "ServiceProviderConfig")
    basic = Client(headers={"Authorization": "Basic YTpi"}).get("/scim/v2/Users")
    assert basic.status_code == 401
    row, text = a_token(call.organization)
    other = Provider(text)
    other("GET", "Users")
    with tenancy.vendor():
        tokens.revoke(row, now=timezone.now(), by="system")
    other("GET", "Users", expect=401)
    row, text = a_token(call.organization)
    with tenancy.vendor():
        past = timezone.now() - timedelta(seconds=1)
        ApiToken.objects.filter(pk=row.pk).update(created_at=past - timedelta(seconds=1), expires_at=past)
    Provider(text)("GET", "Users", expect=401)
    row, text = a_token(call.organization)
    with tenancy.vendor():
        Membership.objects.filter(user=row.user).delete()
    Provider(text)("GET", "Users", expect=401)


def test_a_token_of_the_vendor_or_without_the_permission_is_refused():
    _row, text = a_token(None, role=Role.ADMINISTRATOR)
    assert "vendor" in Provider(text)("GET", "Users", expect=403)["detail"]
    organization = a_provider().organization
    _row, text = a_token(organization, permissions=[Permission.VIEW_LICENSED_USER])
    assert "provision_users" in Provider(text)("GET", "Users", expect=403)["detail"]
    _row, text = a_token(organization, role=Role.CLIENT_PRIVACY_OFFICER, permissions=[Permission.VIEW_LICENSED_USER])
    Provider(text)("POST", "Users", {"userName": "x"}, expect=403)


def test_a_program_of_the_client_provisions_and_none_of_the_vendor_or_without_the_permission_does():
    organization = a_provider().organization
    row, text = a_program(organization)
    call = Provider(text, organization)
    ann = call.add("ann@x.example")
    with tenancy.vendor():
        by = LicensedUserChange.objects.filter(licensed_user__public_id=ann["id"]).latest("pk").by
    assert by == f"token:{row.series}"
    assert "vendor" in Provider(a_program(None)[1])("GET", "Users", expect=403)["detail"]
    _row, text = a_program(organization, [Permission.VIEW_LICENSED_USER])
    assert "provision_users" in Provider(text)("GET", "Users", expect=403)["detail"]


def test_only_administrators_hold_the_permission():
    holders = {role for role, rights in MATRIX.items() if Permission.PROVISION_USERS in rights}
    assert holders == {"administrator", "client_administrator"}


def test_a_neighbours_people_are_not_there():
    call, neighbour = a_provider(), a_provider()
    zoe = neighbour.add("zoe@x.example")
    place = f"Users/{zoe['id']}"
    for method, body in (("GET", None), ("PUT", {"userName": "x"}), ("DELETE", None)):
        call(method, place, body, expect=404)
    call.patch(zoe, {"op": "replace", "path": "active", "value": False}, expect=404)
    assert call.search()["totalResults"] == 0 and call.names(filter=f'id eq "{zoe["id"]}"') == []
    call.add("zoe@x.example")
    assert neighbour("GET", place) == zoe


def test_a_session_opens_nothing():
    client = Client()
    assert client.get("/scim/v2/Users").status_code == 401


BODIES = {
    "nothing": ("", "invalidSyntax"),
    "no JSON": ("{", "invalidSyntax"),
    "a list": ("[]", "invalidSyntax"),
    "a number": ("7", "invalidSyntax"),
    "null": ("null", "invalidSyntax"),
    "not UTF-8": (b'{"userName": "\xff"}', "invalidSyntax"),
    "NaN": ('{"userName": "x", "title": NaN}', "invalidSyntax"),
    "a huge number": ('{"userName": "x", "title": 1' + "0" * 6000 + "}", "invalidSyntax"),
    "a member twice": ('{"userName": "x", "userName": "y"}', "invalidSyntax"),
    "a member twice by case": ('{"userName": "x", "USERNAME": "y"}', "invalidSyntax"),
    "deep": ('{"userName": "x", "title": ' + "[" * 100_000 + "]" * 100_000 + "}", "invalidSyntax"),
    "rather deep": ('{"userName": "x", "foo": ' + "[" * 900 + "]" * 900 + "}", None),
    "NUL": ('{"userName": "a\\u0000b"}', "invalidSyntax"),
    "NUL deep down": ('{"userName": "x", "name": {"givenName": "\\u0000"}}', "invalidSyntax"),
    "half a character": ('{"userName": "x", "title": "\\ud800"}', "invalidSyntax"),
    "another schema": (
        '{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "userName": "x"}',
        "invalidSyntax",
    ),
    "no user name": ("{}", "invalidValue"),
    "null as user name": ('{"userName": null}', "invalidValue"),
    "an empty user name": ('{"userName": " "}', "invalidValue"),
    "a number as user name": ('{"userName": 7}', "invalidValue"),
    "a control character": ('{"userName": "a\\u0007"}', "invalidValue"),
    "no addresses": ('{"userName": "x", "emails": "a@b.example"}', "invalidValue"),
    "no address": ('{"userName": "x", "emails": [{"value": "nobody"}]}', "invalidValue"),
    "two primaries": (
        json.dumps({"userName": "x", "emails": [{"value": f"{n}@b.example", "primary": True} for n in "ab"]}),
        "invalidValue",
    ),
    "no boolean": ('{"userName": "x", "active": "perhaps"}', "invalidValue"),
    "no object": ('{"userName": "x", "name": "Ann"}', "invalidValue"),
    "a long department": (
        json.dumps(
            {"userName": "x", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "x" * 121}}
        ),
        "invalidValue",
    ),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_cannot_be_stored_is_told(name):
    body, kind = BODIES[name]
    call = a_provider()
    if kind is None:
        call("POST", "Users", body, expect=201)
        return
    for method, place in (("POST", "Users"), ("PUT", f"Users/{call.add('there')['id']}")):
        found = call(method, place, body, expect=400)
        assert found["scimType"] == kind, found
    with tenancy.vendor():
        assert LicensedUser.objects.count() == 1


def test_media_types():
    call = a_provider()
    body = {"schemas": [CORE], "userName": "a"}
    call("POST", "Users", body, expect=201, media="application/json; charset=utf-8")
    call("POST", "Users", {**body, "userName": "b"}, expect=201, media="application/scim+json;charset=UTF-8")
    for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        call("POST", "Users", {**body, "userName": "c"}, expect=415, media=media)


def test_a_body_that_is_too_large_is_refused(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    call = a_provider()
    call("POST", "Users", {"userName": "x", "title": "x" * 2000}, expect=413)


def test_unknown_attributes_are_passed_over():
    call = a_provider()
    custom = "urn:ietf:params:scim:schemas:extension:custom:2.0:User"
    made = call.add("x", **{"schemas": [CORE, custom], "shoeSize": 7, custom: {"worksiteId": "180"}})
    assert "shoeSize" not in made and custom not in made and made["schemas"] == [CORE]
    members = [{"value": made["id"], "shoeSize": 7}]
    group = call("POST", "Groups", {"displayName": "Sales", "shoeSize": 7, "members": members}, expect=201)
    assert "shoeSize" not in group and "shoeSize" not in group["members"][0]
    again = call("PUT", f"Groups/{group['id']}", {"displayName": "Sales", "members": members})
    assert again["members"] == group["members"]


@pytest.mark.parametrize(
    ("method", "place", "status"),
    [
        ("GET", "nothing", 404),
        ("POST", "", 404),
        ("GET", "Users/a/b", 404),
        ("GET", "Users/not-an-id", 404),
        ("GET", "Users/a%00b", 404),
        ("DELETE", "Users", 405),
        ("PATCH", "Users", 405),
        ("POST", "Users/00000000-0000-4000-8000-000000000000", 405),
        ("POST", "Schemas", 405),
        ("GET", "Users/.search", 405),
        ("OPTIONS", "Users", 405),
        ("GET", "Me", 501),
        ("POST", "Bulk", 501),
        ("POST", ".search", 501),
    ],
)
def test_what_is_not_there_is_told_in_scims_shape(method, place, status):
    a_provider()(method, place, expect=status)


def test_of_those_who_take_a_name_at_once_one_gets_it():
    call = a_provider()

    def post():
        other = Provider(call.token)
        body = json.dumps({"schemas": [CORE], "userName": "Same@client.example"})
        headers = {"Authorization": f"Bearer {other.token}"}
        return Client(headers=headers).post("/scim/v2/Users", body, content_type="application/scim+json").status_code

    assert sorted(at_once(*[post] * 6)) == [201, 409, 409, 409, 409, 409]


def test_who_comes_while_a_name_is_being_taken_holds_nobody_and_is_told_so():
    call = a_provider()
    ann, ben = call.add("ann@client.example"), call.add("ben@client.example")
    rename = {"op": "replace", "path": "userName", "value": "new@client.example"}
    told = []

    def patch():
        told.extend(at_once(lambda: Provider(call.token).patch(ben, rename, expect=409)))

    late = threading.Thread(target=patch)
    with tenancy.tenant(call.organization.pk):
        row = provisioning.find(call.organization, UUID(ann["id"]), to_change=True)
        provisioning.change(row, Account("new@client.example", "", None, {}), now=timezone.now(), by="user:x")
        late.start()
        wait_for_somebody()
        assert LicensedUser.objects.select_for_update(nowait=True).get(public_id=ben["id"]), "held by who waits"
    late.join(60)
    assert [one["scimType"] for one in told] == ["uniqueness"]


def test_changes_at_once_are_all_kept_and_seats_are_not_taken_twice():
    call = a_provider(seats=2)
    made = call.add()
    names = ["title", "nickName", "userType", "locale", "timezone"]

    def patch(name):
        return lambda: Provider(call.token).patch(made, {"op": "replace", "path": name, "value": name})

    assert not [one for one in at_once(*[patch(name) for name in names]) if isinstance(one, Exception)]
    found = call("GET", f"Users/{made['id']}")
    assert [found.get(name) for name in names] == names and found["meta"]["version"] == 'W/"6"'
    at_once(*[lambda n=n: Provider(call.token).add(f"n{n}") for n in range(4)])
    with tenancy.vendor():
        states = sorted(LicensedUser.objects.values_list("status", flat=True))
    assert states == ["active", "active", "invited", "invited", "invited"]
    with_tag = [
        lambda: Provider(call.token).patch(made, {"op": "replace", "path": "title", "value": "t"}, If_Match='W/"6"')
    ] * 3
    assert sum(not isinstance(one, Exception) for one in at_once(*with_tag)) == 1
