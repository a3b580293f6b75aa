"""API tokens over REST: issued and told once, used, rotated, revoked; whose they are, and bad input."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import tenancy
from accounts.models import ApiToken, AuditEvent
from tests.api.callers import caller, send
from tests.retention.vaults import an_organization
from tests.workflows.walk import Caller

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture
def home():
    return an_organization()


@pytest.fixture
def client(home):
    return caller("client_administrator", str(home.public_id))


@pytest.fixture
def administrator():
    return caller("administrator")


def in_days(days):
    return (timezone.now() + timedelta(days=days)).isoformat()


def issued(call, *permissions, days=30, expect=201, **body):
    return call(
        "POST",
        "tokens",
        {"name": "Sync", "permissions": permissions, "expires_at": in_days(days), **body},
        expect=expect,
    )


def people_of(organization):
    return f"organizations/{organization.public_id}/licensed-users"


def a_person(external_id):
    return {"external_id": external_id, "email": f"{external_id}@client.example", "display_name": "P"}


def program(answer):
    return Caller(send, answer["token"])


def test_a_clients_program_works_in_its_organization_and_nowhere_else(client, home):
    neighbour = an_organization()
    answer = issued(client, "view_organization")
    assert (answer["organization"], answer["user"], answer["token"][:12]) == (
        str(home.public_id),
        None,
        answer["prefix"],
    )
    call = program(answer)
    assert [one["public_id"] for one in call("GET", "organizations")["results"]] == [str(home.public_id)]
    call("GET", f"organizations/{neighbour.public_id}", expect=404)
    call("GET", "contracts", expect=403)
    call("POST", "tokens", {}, expect=403)


def test_its_text_is_told_once(client):
    body = {"name": "Sync", "permissions": ["view_contract"], "expires_at": in_days(3)}
    answer = client("POST", "tokens", body, expect=201, key="k1")
    again = client("POST", "tokens", body, expect=201, key="k1")
    assert again == {name: value for name, value in answer.items() if name != "token"}
    assert "token" not in client("GET", f"tokens/{answer['public_id']}")


def test_what_a_program_does_is_in_the_trail_by_its_own_name(administrator, home):
    answer = issued(administrator, "change_licensed_user", organization=str(home.public_id))
    program(answer)("POST", people_of(home), [a_person("e-1")])
    with tenancy.vendor():
        assert AuditEvent.objects.filter(actor=f"token:{answer['series']}", organization_id=home.pk).exists()


def test_a_program_keeps_its_idempotency_keys_apart(client, home):
    one, two = program(issued(client, "change_licensed_user")), program(issued(client, "change_licensed_user"))
    first = one("POST", people_of(home), [a_person("e-1")], key="same")
    assert one("POST", people_of(home), [a_person("e-1")], key="same") == first
    assert two("POST", people_of(home), [a_person("e-2")], key="same")["created"] == 1


def test_rotation_lets_both_open_and_revocation_closes_at_once(client):
    answer = issued(client, "view_organization")
    nxt = client("POST", f"tokens/{answer['public_id']}/rotate", {"overlap_hours": 1}, expect=201)
    assert nxt["series"] == answer["series"] and nxt["token"] != answer["token"]
    old, new = program(answer), program(nxt)
    old("GET", "organizations"), new("GET", "organizations")
    client("POST", f"tokens/{answer['public_id']}/revoke")
    assert client("POST", f"tokens/{answer['public_id']}/revoke")["revoked_at"]
    old("GET", "organizations", expect=401)
    new("GET", "organizations")
    again = client("POST", f"tokens/{answer['public_id']}/rotate", expect=409)
    assert again["code"] == "token_revoked"


def test_a_personal_one_acts_for_its_person(client):
    answer = issued(client, "give_notice", "view_organization", personal=True)
    assert answer["user"]
    program(answer)("GET", "organizations")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"name": ""}, ["name"]),
        ({"name": "a\x00"}, ["name"]),
        ({"permissions": []}, ["permissions"]),
        ({"permissions": ["no_such"]}, ["permissions"]),
        ({"permissions": "view_contract"}, ["permissions"]),
        ({"expires_at": "soon"}, ["expires_at"]),
        ({"expires_at": in_days(800)}, ["expires_at"]),
        ({"organization": str(uuid.uuid4())}, ["organization"]),
        ({"organization": "x", "personal": "maybe"}, ["organization", "personal"]),
    ],
)
def test_bad_input_is_told_by_field(body, fields, client):
    good = {"name": "x", "permissions": ["view_contract"], "expires_at": in_days(3)}
    answer = client("POST", "tokens", {**good, **body}, expect=400)
    assert {one["attr"].split(".")[0] for one in answer["errors"]} == set(fields)
    with tenancy.vendor():
        assert ApiToken.objects.count() == 1, "the caller's own"


@pytest.mark.parametrize(
    ("permissions", "extra", "code"),
    [
        (["view_document"], {}, "permission_not_held"),
        (["give_notice"], {}, "not_for_programs"),
        (["approve_erasure"], {"personal": True}, "permission_not_held"),
        (["view_contract"], {"days": -1}, "expiry_past"),
    ],
)
def test_refusals_have_their_codes(permissions, extra, code, client):
    assert issued(client, *permissions, expect=409, **extra)["code"] == code


def test_a_neighbours_token_is_not_there(client, administrator):
    other = an_organization()
    theirs = issued(administrator, "view_contract", organization=str(other.public_id))
    vendors = issued(administrator, "view_contract")
    for one in (theirs, vendors):
        client("GET", f"tokens/{one['public_id']}", expect=404)
        client("POST", f"tokens/{one['public_id']}/rotate", expect=404)
        client("POST", f"tokens/{one['public_id']}/revoke", expect=404)
    issued(client, "view_contract", organization=str(other.public_id), expect=400)
    mine = client("GET", "tokens")["results"]
    assert {one["organization"] for one in mine} == {mine[0]["organization"]}


def test_a_narrow_token_does_not_make_a_wider_one(administrator):
    narrow = issued(administrator, "manage_tokens", "view_contract", personal=True)
    refused = issued(program(narrow), "view_trail", expect=409)
    assert refused["code"] == "permission_not_held"
    issued(program(narrow), "view_contract", days=20)


def test_a_token_makes_none_that_outlives_it(administrator):
    short = issued(administrator, "manage_tokens", "view_contract", personal=True, days=2)
    assert issued(program(short), "view_contract", days=3, expect=409)["code"] == "outlives_its_issuer"
    made = issued(program(short), "view_contract", days=1)
    path = f"tokens/{made['public_id']}/rotate"
    assert program(short)("POST", path, {"expires_at": in_days(3)}, expect=409)["code"] == "outlives_its_issuer"
    long = issued(administrator, "view_contract", days=300)
    assert program(short)("POST", f"tokens/{long['public_id']}/rotate", expect=201)["expires_at"] == short["expires_at"]
    assert (
        program(short)("POST", f"tokens/{short['public_id']}/rotate", expect=201)["expires_at"] == short["expires_at"]
    )


def test_lists_are_narrowed(administrator, home):
    one = issued(administrator, "view_contract", organization=str(home.public_id))
    two = issued(administrator, "view_contract")
    administrator("POST", f"tokens/{two['public_id']}/revoke")

    def listed(query):
        return [row["public_id"] for row in administrator("GET", f"tokens?{query}")["results"]]

    assert listed(f"organization={home.public_id}") == [one["public_id"]]
    assert listed("revoked=true") == [two["public_id"]]
    assert two["public_id"] not in listed("revoked=false")
    assert listed(f"series={two['series']}") == [two["public_id"]]
