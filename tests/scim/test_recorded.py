"""What Entra ID, Okta, OneLogin, JumpCloud and Google send in a person's life, in their order and their spelling."""

import pytest

from tests.scim.world import CORE, ENTERPRISE, GROUP, PATCH, a_provider

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
JSON = "application/json; charset=utf-8"


def operations(*ops):
    return {"schemas": [PATCH], "Operations": list(ops)}


def test_entra_id():
    call = a_provider()
    nobody = call.search(filter='userName eq "non-existent-6ab1"')
    assert (nobody["totalResults"], nobody["Resources"], nobody["startIndex"]) == (0, [], 1)
    assert call.search(filter='externalId eq "58342554"', excludedAttributes="")["totalResults"] == 0
    made = call(
        "POST",
        "Users",
        {
            "schemas": [CORE, ENTERPRISE],
            "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
            "userName": "Test_User_ab6490ee@contoso.example",
            "active": True,
            "emails": [{"primary": True, "type": "work", "value": "Test_User_fd0ea19b@contoso.example"}],
            "meta": {"resourceType": "User"},
            "name": {"formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName"},
            "roles": [],
            ENTERPRISE: {"employeeNumber": "99", "department": "Sales"},
        },
        expect=201,
        media="application/scim+json; charset=utf-8",
    )
    place = f"Users/{made['id']}"
    (again,) = call.search(filter='userName eq "test_user_AB6490EE@contoso.example"')["Resources"]
    assert again == made
    found = call(
        "PATCH",
        place,
        operations(
            {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "updated@contoso.example"},
            {"op": "Replace", "path": "name.familyName", "value": "updatedFamilyName"},
            {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "+1 555"},
            {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": "3f2a"},
            {"op": "Remove", "path": f"{ENTERPRISE}:employeeNumber"},
        ),
    )
    assert found["emails"] == [{"primary": True, "type": "work", "value": "updated@contoso.example"}]
    assert found["name"]["familyName"] == "updatedFamilyName"
    assert found[ENTERPRISE] == {"department": "Sales", "manager": {"value": "3f2a"}}
    assert call.row(made).email == "updated@contoso.example"
    off = call("PATCH", place, operations({"op": "Replace", "path": "active", "value": "False"}))
    assert (off["active"], call.row(made).status) == (False, "suspended")
    on = call("PATCH", place, operations({"op": "Replace", "path": "active", "value": "True"}))
    assert (on["active"], call.row(made).status) == (True, "active")
    group = call(
        "POST",
        "Groups",
        {
            "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
            "externalId": "8aa1a0c0",
            "displayName": "displayName",
            "meta": {"resourceType": "Group"},
        },
        expect=201,
    )
    listed = call.search("Groups", excludedAttributes="members", filter='displayName eq "displayName"')
    assert listed["Resources"][0]["id"] == group["id"]
    call(
        "PATCH",
        f"Groups/{group['id']}",
        operations({"op": "Add", "path": "members", "value": [{"$ref": None, "value": made["id"]}]}),
        expect=204,
    )
    member = f'id eq "{group["id"]}" and members eq "{made["id"]}"'
    assert call.search("Groups", excludedAttributes="members", filter=member)["totalResults"] == 1
    call(
        "PATCH",
        f"Groups/{group['id']}",
        operations({"op": "Remove", "path": "members", "value": [{"$ref": None, "value": made["id"]}]}),
        expect=204,
    )
    assert call.search("Groups", excludedAttributes="members", filter=member)["totalResults"] == 0
    call("DELETE", f"Groups/{group['id']}", expect=204)
    call("DELETE", place, expect=204)
    call("GET", place, expect=404)


def test_okta():
    call = a_provider()
    assert call.search(startIndex=1, count=2)["Resources"] == []
    assert call.search("Groups", startIndex=1, count=100)["Resources"] == []
    assert call.search(filter='userName eq "test.user@okta.local"', startIndex=1, count=100)["totalResults"] == 0
    body = {
        "schemas": [CORE],
        "userName": "test.user@okta.local",
        "name": {"givenName": "Test", "familyName": "User"},
        "emails": [{"primary": True, "value": "test.user@okta.local", "type": "work"}],
        "displayName": "Test User",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
    }
    made = call("POST", "Users", body, expect=201, media=JSON)
    assert "password" not in made and "groups" not in made and made["emails"] == body["emails"]
    place = f"Users/{made['id']}"
    profile = {**call("GET", place), "name": {"givenName": "Another", "familyName": "User"}}
    assert call("PUT", place, profile)["name"]["givenName"] == "Another"
    off = call("PATCH", place, operations({"op": "replace", "value": {"active": False}}))
    assert off["active"] is False and call("PUT", place, {**off, "active": True})["active"] is True
    group = call("POST", "Groups", {"schemas": [GROUP], "displayName": "Test SCIMv2", "members": []}, expect=201)
    there = f"Groups/{group['id']}"
    rename = {"op": "replace", "value": {"id": group["id"], "displayName": "Renamed"}}
    call("PATCH", there, operations(rename), expect=204)
    add = {"op": "add", "path": "members", "value": [{"value": made["id"], "display": "test.user@okta.local"}]}
    call("PATCH", there, operations({"op": "remove", "path": f'members[value eq "{made["id"]}"]'}, add), expect=204)
    found = call("PUT", there, {**call("GET", there), "displayName": "Put"})
    assert (found["displayName"], [one["value"] for one in found["members"]]) == ("Put", [made["id"]])
    call("PATCH", there, operations({"op": "replace", "path": "members", "value": []}), expect=204)
    call("DELETE", there, expect=204)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        pytest.param(
            {
                "schemas": [CORE, ENTERPRISE],
                "userName": "jdoe",
                "displayName": "J Doe",
                "name": {"familyName": "Doe", "givenName": "J", "formatted": "J Doe"},
                "title": "CEO",
                "emails": [{"value": "j@onelogin.example", "type": "work", "primary": True}],
                "phoneNumbers": [{"value": "", "type": "work"}],
                ENTERPRISE: {"department": "", "manager": {"managerId": None, "displayName": None}},
            },
            "J Doe",
            id="OneLogin",
        ),
        pytest.param(
            {
                "schemas": [CORE],
                "userName": "jdoe",
                "active": True,
                "name": {"givenName": "J", "familyName": "Doe"},
                "emails": [{"value": "jdoe@jumpcloud.example", "primary": True}],
                "addresses": [{"type": "work", "primary": False, "streetAddress": "", "locality": ""}],
                "externalId": "5f1",
            },
            "J Doe",
            id="JumpCloud",
        ),
        pytest.param(
            {
                "schemas": [CORE, ENTERPRISE],
                "userName": "jdoe@google.example",
                "name": {"familyName": "Doe", "givenName": "J"},
                "emails": [{"type": "work", "value": "jdoe@google.example", "primary": True}],
                "phoneNumbers": [{"type": "work", "value": "+1"}],
                "externalId": "1084",
                "active": True,
            },
            "J Doe",
            id="Google",
        ),
    ],
)
def test_others_create_replace_and_deactivate(body, name):
    call = a_provider()
    made = call("POST", "Users", body, expect=201, media="application/json")
    row = call.row(made)
    assert (row.display_name, row.email) == (name, body["emails"][0]["value"])
    place = f"Users/{made['id']}"
    assert call("PUT", place, {**body, "active": False})["active"] is False
    assert call("PATCH", place, operations({"op": "replace", "path": "active", "value": True}))["active"] is True
    call("DELETE", place, expect=204)
    assert call("POST", "Users", body, expect=201)["id"] != made["id"]
