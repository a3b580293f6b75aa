"""PATCH of people: the RFC's operations, the dialects of providers, and what cannot be done."""

import pytest

from tests.scim.world import CORE, ENTERPRISE, PATCH, a_provider

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)

BEGIN = {
    "schemas": [CORE, ENTERPRISE],
    "userName": "ann@client.example",
    "externalId": "e1",
    "displayName": "Ann",
    "title": "Buyer",
    "name": {"givenName": "Ann", "familyName": "Lee"},
    "emails": [
        {"value": "ann@work.example", "type": "work", "primary": True},
        {"value": "ann@home.example", "type": "home"},
    ],
    ENTERPRISE: {"department": "Sales", "employeeNumber": "7"},
}
MANAGER = f"{ENTERPRISE}:manager"
# Operations, and what of the user is as expected afterwards (None: not there).
DONE = {
    "replace by path": ([{"op": "replace", "path": "title", "value": "Head"}], {"title": "Head"}),
    "add by path": ([{"op": "add", "path": "nickName", "value": "A"}], {"nickName": "A"}),
    "remove by path": ([{"op": "remove", "path": "title"}], {"title": None}),
    "remove a name shown": ([{"op": "remove", "path": "displayName"}], {"displayName": None}),
    "remove what is not there": ([{"op": "remove", "path": "nickName"}], {"nickName": None}),
    "replace with null": ([{"op": "replace", "path": "title", "value": None}], {"title": None}),
    "sub-attribute": (
        [{"op": "replace", "path": "name.givenName", "value": "Anna"}],
        {"name": {"givenName": "Anna", "familyName": "Lee"}},
    ),
    "complex keeps the rest": (
        [{"op": "replace", "path": "name", "value": {"givenName": "Z"}}],
        {"name": {"givenName": "Z", "familyName": "Lee"}},
    ),
    "several in order": (
        [
            {"op": "add", "path": "title", "value": "1"},
            {"op": "replace", "path": "title", "value": "2"},
            {"op": "remove", "path": "name.givenName"},
        ],
        {"title": "2", "name": {"familyName": "Lee"}},
    ),
    "names have no case": ([{"op": "REPLACE", "path": "TITLE", "value": "Head"}], {"title": "Head"}),
    "qualified path": ([{"op": "replace", "path": f"{CORE}:title", "value": "Head"}], {"title": "Head"}),
    "value of a typed entry": (
        [{"op": "replace", "path": 'emails[type eq "work"].value', "value": "w@x.example"}],
        {
            "emails": [
                {"value": "w@x.example", "type": "work", "primary": True},
                {"value": "ann@home.example", "type": "home"},
            ]
        },
    ),
    "entries replaced": (
        [{"op": "replace", "path": "emails", "value": [{"value": "n@x.example"}]}],
        {"emails": [{"value": "n@x.example"}]},
    ),
    "entry added": (
        [{"op": "add", "path": "emails", "value": [{"value": "n@x.example", "type": "other"}]}],
        {"emails": [*BEGIN["emails"], {"value": "n@x.example", "type": "other"}]},
    ),
    "a new primary unmarks the other": (
        [{"op": "add", "path": "emails", "value": [{"value": "n@x.example", "primary": True}]}],
        {
            "emails": [
                {"value": "ann@work.example", "type": "work", "primary": False},
                {"value": "ann@home.example", "type": "home"},
                {"value": "n@x.example", "primary": True},
            ]
        },
    ),
    "entry removed": ([{"op": "remove", "path": 'emails[type eq "home"]'}], {"emails": BEGIN["emails"][:1]}),
    "no entry to remove": ([{"op": "remove", "path": 'emails[type eq "other"]'}], {"emails": BEGIN["emails"]}),
    "all removed": ([{"op": "remove", "path": "emails"}], {"emails": None}),
    "extension by path": (
        [{"op": "replace", "path": f"{ENTERPRISE}:department", "value": "IT"}],
        {ENTERPRISE: {"department": "IT", "employeeNumber": "7"}},
    ),
    "extension as a whole": (
        [{"op": "add", "path": ENTERPRISE, "value": {"division": "N"}}],
        {ENTERPRISE: {"department": "Sales", "employeeNumber": "7", "division": "N"}},
    ),
    "a password is taken and not kept": (
        [{"op": "replace", "path": "password", "value": "s3cret"}],
        {"password": None},
    ),
    # Entra ID
    "Entra: capitals, a boolean as text": ([{"op": "Replace", "path": "active", "value": "False"}], {"active": False}),
    "Entra: a text True": (
        [{"op": "Replace", "path": "active", "value": "False"}, {"op": "Replace", "path": "active", "value": "True"}],
        {"active": True},
    ),
    "Entra: adds where nothing of the type is": (
        [{"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "+33 6"}],
        {"phoneNumbers": [{"value": "+33 6", "type": "mobile"}]},
    ),
    "Entra: replaces where nothing of the type is": (
        [{"op": "Replace", "path": 'addresses[type eq "work"].locality', "value": "Paris"}],
        {"addresses": [{"locality": "Paris", "type": "work"}]},
    ),
    "Entra: two attributes of one new entry": (
        [
            {"op": "Add", "path": 'addresses[type eq "work"].locality', "value": "Paris"},
            {"op": "Add", "path": 'addresses[type eq "work"].country', "value": "FR"},
        ],
        {"addresses": [{"locality": "Paris", "country": "FR", "type": "work"}]},
    ),
    "Entra: a role by its mark": (
        [{"op": "Add", "path": 'roles[primary eq "True"].value', "value": "admin"}],
        {"roles": [{"value": "admin", "primary": True}]},
    ),
    "Entra: dotted and qualified keys without a path": (
        [
            {
                "op": "Replace",
                "value": {
                    "displayName": "A",
                    "name.givenName": "B",
                    f"{ENTERPRISE}:department": "IT",
                    'emails[type eq "work"].value': "w@x.example",
                    "active": "False",
                },
            }
        ],
        {
            "displayName": "A",
            "name": {"givenName": "B", "familyName": "Lee"},
            "active": False,
            ENTERPRISE: {"department": "IT", "employeeNumber": "7"},
            "emails": [{"value": "w@x.example", "type": "work", "primary": True}, BEGIN["emails"][1]],
        },
    ),
    "Entra: a manager as an id": (
        [{"op": "Add", "path": MANAGER, "value": "m1"}],
        {ENTERPRISE: {"department": "Sales", "employeeNumber": "7", "manager": {"value": "m1"}}},
    ),
    "Entra: a manager as a list of one": (
        [{"op": "Add", "path": MANAGER, "value": [{"$ref": "https://x.example/Users/m1", "value": "m1"}]}],
        {
            ENTERPRISE: {
                "department": "Sales",
                "employeeNumber": "7",
                "manager": {"value": "m1", "$ref": "https://x.example/Users/m1"},
            }
        },
    ),
    "Entra: no manager any more": (
        [{"op": "Add", "path": MANAGER, "value": "m1"}, {"op": "Remove", "path": MANAGER}],
        {ENTERPRISE: {"department": "Sales", "employeeNumber": "7"}},
    ),
    # Okta
    "Okta: no path": ([{"op": "replace", "value": {"active": False}}], {"active": False}),
    "Okta: no path, a qualified object": (
        [{"op": "replace", "value": {ENTERPRISE: {"department": "IT"}}}],
        {ENTERPRISE: {"department": "IT", "employeeNumber": "7"}},
    ),
    "JumpCloud, OneLogin: path": ([{"op": "replace", "path": "active", "value": True}], {"active": True}),
}
REFUSED = {
    "unknown path": ([{"op": "replace", "path": "nothing", "value": "x"}], "invalidPath"),
    "unknown sub-attribute": ([{"op": "replace", "path": "name.nothing", "value": "x"}], "invalidPath"),
    "unknown schema": ([{"op": "replace", "path": "urn:example:2.0:User:title", "value": "x"}], "invalidPath"),
    "malformed path": ([{"op": "replace", "path": "emails[type eq", "value": "x"}], "invalidPath"),
    "path of a number": ([{"op": "replace", "path": 7, "value": "x"}], None),
    "unknown key": ([{"op": "replace", "value": {"nothing": "x"}}], "invalidValue"),
    "no target by the RFC": (
        [{"op": "replace", "path": 'emails[type eq "other"].value', "value": "x@y.example"}],
        "noTarget",
    ),
    "no target by value": (
        [{"op": "Add", "path": 'emails[value eq "no@x.example"].type', "value": "work"}],
        "noTarget",
    ),
    "remove without path": ([{"op": "remove"}], "noTarget"),
    "read-only": ([{"op": "replace", "path": "id", "value": "x"}], "mutability"),
    "read-only in a value": ([{"op": "replace", "value": {"id": "x"}}], "mutability"),
    "groups are the groups'": ([{"op": "add", "path": "groups", "value": [{"value": "x"}]}], "mutability"),
    "meta": ([{"op": "replace", "path": "meta.created", "value": "2020-01-01T00:00:00Z"}], "mutability"),
    "a required one removed": ([{"op": "remove", "path": "userName"}], "mutability"),
    "a required one nulled": ([{"op": "replace", "path": "userName", "value": None}], "mutability"),
    "an empty user name": ([{"op": "replace", "path": "userName", "value": ""}], "invalidValue"),
    "no boolean": ([{"op": "replace", "path": "active", "value": "perhaps"}], "invalidValue"),
    "no text": ([{"op": "replace", "path": "title", "value": {"a": 1}}], "invalidValue"),
    "no address": ([{"op": "replace", "path": 'emails[type eq "work"].value', "value": "nobody"}], "invalidValue"),
    "two primaries": (
        [
            {
                "op": "add",
                "path": "emails",
                "value": [{"value": "a@x.example", "primary": True}, {"value": "b@x.example", "primary": True}],
            }
        ],
        "invalidValue",
    ),
    "no value": ([{"op": "add", "path": "title"}], "invalidValue"),
    "no operation": ([{"op": "frob", "path": "title", "value": "x"}], "invalidValue"),
    "op missing": ([{"path": "title", "value": "x"}], "invalidValue"),
    "op a number": ([{"op": 1, "path": "title", "value": "x"}], "invalidValue"),
    "empty": ([], "invalidSyntax"),
    "no objects": (["x"], "invalidSyntax"),
    "too many": ([{"op": "add", "path": "title", "value": "x"}] * 1001, "invalidSyntax"),
    "NUL": ([{"op": "add", "path": "title", "value": "a\x00b"}], "invalidSyntax"),
    "NUL in a path": ([{"op": "add", "path": "title\x00", "value": "a"}], "invalidSyntax"),
    "HTML": ([{"op": "replace", "path": "displayName", "value": "<b>x"}], "invalidValue"),
    "too long": ([{"op": "replace", "path": "userName", "value": "x" * 255}], "invalidValue"),
}


@pytest.mark.parametrize("name", DONE)
def test_operations_do_what_they_say(name):
    operations, expected = DONE[name]
    call = a_provider()
    made = call("POST", "Users", BEGIN, expect=201)
    found = call.patch(made, *operations)
    assert {key: found.get(key) for key in expected} == expected
    kept = {key for key in made if key not in expected and key not in ("meta", "active")}
    assert {key: found.get(key) for key in kept} == {key: made[key] for key in kept}
    assert call("GET", f"Users/{made['id']}") == found
    version = found["meta"]["version"]
    if not any("value" in one and one["op"] == "Add" for one in operations):
        assert call.patch(made, *operations)["meta"]["version"] >= version


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_told_and_nothing_is_half_done(name):
    operations, kind = REFUSED[name]
    call = a_provider()
    made = call("POST", "Users", BEGIN, expect=201)
    first = [{"op": "replace", "path": "nickName", "value": "half"}] if name not in ("empty",) else []
    found = call.patch(made, *first, *operations, expect=400)
    assert kind is None or found.get("scimType") == kind, found
    assert call("GET", f"Users/{made['id']}") == made


def test_a_body_that_says_it_is_something_else_is_refused():
    call = a_provider()
    made = call.add()
    body = {"schemas": [CORE], "Operations": [{"op": "add", "path": "title", "value": "x"}]}
    assert call("PATCH", f"Users/{made['id']}", body, expect=400)["scimType"] == "invalidSyntax"
    body["schemas"] = [PATCH.upper()]
    call("PATCH", f"Users/{made['id']}", body)
