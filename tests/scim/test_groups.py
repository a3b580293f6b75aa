"""Groups by SCIM: members in sets, dialects of providers, and departments that the client maps groups to."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import tenancy
from accounts.errors import InvalidInput
from accounts.models import AuditDetail, AuditEvent, ProvisionedGroup
from accounts.operations import provisioned_groups
from tests.accounts.parties import NOW
from tests.scim.world import ENTERPRISE, GROUP, PATCH, a_crowd, a_provider

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def people(call, *names):
    return [call.add(f"{name}@client.example") for name in names]


def names_in(call, group):
    found = call("GET", f"Groups/{group['id']}")
    return sorted(one["display"].partition("@")[0] for one in found.get("members", []))


def test_a_group_comes_back_with_its_members_and_people_with_their_groups():
    call = a_provider()
    ann, ben = people(call, "ann", "ben")
    made = call.add_group("Sales", ann, externalId="g1")
    assert call.answer.headers["Location"] == made["meta"]["location"]
    assert (made["displayName"], made["externalId"], made["meta"]["resourceType"]) == ("Sales", "g1", "Group")
    (member,) = made["members"]
    assert member == {
        "value": ann["id"],
        "$ref": ann["meta"]["location"],
        "type": "User",
        "display": "ann@client.example",
    }
    found = call("GET", f"Users/{ann['id']}")
    assert [(one["value"], one["display"], one["type"]) for one in found["groups"]] == [(made["id"], "Sales", "direct")]
    assert found["meta"]["version"] != ann["meta"]["version"]
    assert "groups" not in call("GET", f"Users/{ben['id']}")
    assert call.names(filter=f'groups.value eq "{made["id"]}"') == ["ann@client.example"]
    assert call.names(filter='groups.display eq "sales"') == ["ann@client.example"]


MEMBERS = {
    "add": (lambda ids: [{"op": "add", "path": "members", "value": [{"value": ids["cy"]}]}], "ann ben cy"),
    "add again": (lambda ids: [{"op": "add", "path": "members", "value": [{"value": ids["ann"]}]}], "ann ben"),
    "add one, no list": (lambda ids: [{"op": "add", "path": "members", "value": {"value": ids["cy"]}}], "ann ben cy"),
    "replace": (lambda ids: [{"op": "replace", "path": "members", "value": [{"value": ids["cy"]}]}], "cy"),
    "replace by nobody": (lambda ids: [{"op": "replace", "path": "members", "value": []}], ""),
    "remove by filter": (lambda ids: [{"op": "remove", "path": f'members[value eq "{ids["ann"]}"]'}], "ben"),
    "remove by two ids": (
        lambda ids: [{"op": "remove", "path": f'members[value eq "{ids["ann"]}" or value eq "{ids["ben"]}"]'}],
        "",
    ),
    "remove by name": (lambda ids: [{"op": "remove", "path": 'members[display sw "ANN"]'}], "ben"),
    "remove who is not in": (lambda ids: [{"op": "remove", "path": f'members[value eq "{ids["cy"]}"]'}], "ann ben"),
    "remove nobody known": (lambda ids: [{"op": "remove", "path": 'members[value eq "nobody"]'}], "ann ben"),
    "remove all": (lambda ids: [{"op": "remove", "path": "members"}], ""),
    "Entra: remove by value": (
        lambda ids: [{"op": "Remove", "path": "members", "value": [{"value": ids["ann"]}]}],
        "ben",
    ),
    "Entra: add": (
        lambda ids: [{"op": "Add", "path": "members", "value": [{"$ref": None, "value": ids["cy"]}]}],
        "ann ben cy",
    ),
    "Okta: remove and add": (
        lambda ids: [
            {"op": "remove", "path": f'members[value eq "{ids["ann"]}"]'},
            {"op": "add", "path": "members", "value": [{"value": ids["cy"], "display": "c"}]},
        ],
        "ben cy",
    ),
    "in order": (
        lambda ids: [
            {"op": "replace", "path": "members", "value": []},
            {"op": "add", "path": "members", "value": [{"value": ids["cy"]}, {"value": ids["ann"]}]},
            {"op": "remove", "path": f'members[value eq "{ids["cy"]}"]'},
        ],
        "ann",
    ),
    "no path": (lambda ids: [{"op": "add", "value": {"members": [{"value": ids["cy"]}]}}], "ann ben cy"),
    "no path, replaced": (lambda ids: [{"op": "replace", "value": {"members": [{"value": ids["cy"]}]}}], "cy"),
    "qualified": (
        lambda ids: [{"op": "add", "path": f"{GROUP}:members", "value": [{"value": ids["cy"]}]}],
        "ann ben cy",
    ),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_members_come_and_go(name):
    operations, expected = MEMBERS[name]
    call = a_provider()
    ann, ben, cy = people(call, "ann", "ben", "cy")
    group = call.add_group("Sales", ann, ben)
    ids = {"ann": ann["id"], "ben": ben["id"], "cy": cy["id"]}
    assert call.patch(group, *operations(ids), kind="Groups", expect=204) is None
    assert names_in(call, group) == expected.split()
    found = call("GET", f"Groups/{group['id']}")
    changed = expected.split() != ["ann", "ben"]
    assert (found["meta"]["version"] != group["meta"]["version"]) is changed


def test_a_group_is_renamed_as_okta_does_and_answers_where_it_is_asked_to():
    call = a_provider()
    (ann,) = people(call, "ann")
    group = call.add_group("Sales", ann)
    call.patch(group, {"op": "replace", "value": {"id": group["id"], "displayName": "Sale"}}, kind="Groups", expect=204)
    assert call("GET", f"Groups/{group['id']}")["displayName"] == "Sale"
    change = {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": "displayName", "value": "S"}]}
    found = call("PATCH", f"Groups/{group['id']}?attributes=displayName", change)
    assert (found["displayName"], "members" in found) == ("S", False)
    found = call("PUT", f"Groups/{group['id']}", {"schemas": [GROUP], "displayName": "T"})
    assert (found["displayName"], "members" in found) == ("T", False), "a replacement without members has none"
    call("DELETE", f"Groups/{group['id']}", expect=204)
    call("GET", f"Groups/{group['id']}", expect=404)
    assert call("GET", f"Users/{ann['id']}").get("groups") is None
    call.add_group("Twin"), call.add_group("Twin")


REFUSED = {
    "nobody": (
        {"op": "add", "path": "members", "value": [{"value": "00000000-0000-4000-8000-000000000000"}]},
        "invalidValue",
    ),
    "no id": ({"op": "add", "path": "members", "value": [{"value": "x"}]}, "invalidValue"),
    "no value": ({"op": "add", "path": "members", "value": [{}]}, "invalidValue"),
    "a text": ({"op": "add", "path": "members", "value": ["x"]}, "invalidValue"),
    "a group": ({"op": "add", "path": "members", "value": [{"value": "x", "type": "Group"}]}, "invalidValue"),
    "no list": ({"op": "add", "path": "members"}, "invalidValue"),
    "a member changed": ({"op": "replace", "path": 'members[value eq "x"].value', "value": "y"}, "mutability"),
    "unknown path": ({"op": "replace", "path": "nothing", "value": "y"}, "invalidPath"),
    "unknown of a member": ({"op": "remove", "path": "members.nothing"}, "invalidPath"),
    "unknown in a filter": ({"op": "remove", "path": 'members[nothing eq "x"]'}, "invalidFilter"),
    "malformed": ({"op": "remove", "path": "members["}, "invalidPath"),
    "no name": ({"op": "remove", "path": "displayName"}, "mutability"),
    "an empty name": ({"op": "replace", "path": "displayName", "value": ""}, "invalidValue"),
    "no operation": ({"op": "frob", "path": "members", "value": []}, "invalidValue"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_to_a_group_is_told(name):
    operation, kind = REFUSED[name]
    call = a_provider()
    (ann,) = people(call, "ann")
    group = call.add_group("Sales", ann)
    found = call.patch(group, {"op": "remove", "path": "members"}, operation, kind="Groups", expect=400)
    assert found.get("scimType") == kind, found
    assert call("GET", f"Groups/{group['id']}")["members"] == group["members"]


def test_a_neighbours_people_are_nobody():
    call, neighbour = a_provider(), a_provider()
    zoe = neighbour.add("zoe@x.example")
    assert call.add_group("Sales", zoe, expect=400)["scimType"] == "invalidValue"
    group = neighbour.add_group("Sales", zoe)
    call("GET", f"Groups/{group['id']}", expect=404)
    call("DELETE", f"Groups/{group['id']}", expect=404)
    assert call.search("Groups")["totalResults"] == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('displayName eq "sales"', ["Sales"]),
        ('displayName sw "s"', ["Sales", "Support"]),
        ('externalId eq "g2"', ["Support"]),
        ('externalId eq "G2"', []),
        ('members.value eq "{ann}"', ["Sales"]),
        ('members eq "{ann}"', ["Sales"]),
        ('members[value eq "{ann}"]', ["Sales"]),
        ('id eq "{sales}" and members eq "{ann}"', ["Sales"]),
        ('id eq "{support}" and members eq "{ann}"', []),
        ("members pr", ["Sales"]),
        ("not (members pr)", ["Support"]),
        ('members.display co "ANN"', ["Sales"]),
    ],
)
def test_groups_are_found(text, expected):
    call = a_provider()
    (ann,) = people(call, "ann")
    sales, support = call.add_group("Sales", ann), call.add_group("Support", externalId="g2")
    found = call.search("Groups", filter=text.format(ann=ann["id"], sales=sales["id"], support=support["id"]))
    assert [one["displayName"] for one in found["Resources"]] == expected
    assert found["totalResults"] == len(expected)


def test_thousands_of_members_are_one_change_of_a_constant_number_of_queries():
    call = a_provider()
    rows = a_crowd(call.organization, 3000)
    group = call.add_group("All")
    values = [{"value": str(row.public_id)} for row in rows]
    with CaptureQueriesContext(
        connection,
    ) as seen:
        call.patch(group, {"op": "add", "path": "members", "value": values}, kind="Groups", expect=204)
    assert len(seen) < 40, len(seen)
    assert len(call("GET", f"Groups/{group['id']}")["members"]) == 3000
    light = call("GET", 'Groups?excludedAttributes=members&filter=displayName eq "all"')["Resources"][0]
    assert "members" not in light
    with CaptureQueriesContext(connection) as seen:
        call.patch(group, {"op": "remove", "path": "members"}, kind="Groups", expect=204)
    assert len(seen) < 40 and names_in(call, group) == []


def test_a_mapped_group_gives_its_members_their_department_and_takes_it_back():
    call = a_provider()
    ann = call.add("ann@x.example", **{ENTERPRISE: {"department": "Said"}})
    ben, cy = people(call, "ben", "cy")
    sales, other = call.add_group("Sales", ann, ben), call.add_group("Other")

    def departments():
        return [call.row(one).department for one in (ann, ben, cy)]

    def mapped(group, department):
        with tenancy.tenant(call.organization.pk):
            row = ProvisionedGroup.objects.get(public_id=group["id"])
            provisioned_groups.map_to_department(row, department=department, now=NOW, by="user:x")

    mapped(sales, "Field")
    mapped(other, "Late")
    assert departments() == ["Field", "Field", ""]
    assert call("GET", f"Users/{ann['id']}")[ENTERPRISE]["department"] == "Said", "the provider reads its own word"
    call.patch(ann, {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "Again"})
    call.patch(
        other,
        {"op": "add", "path": "members", "value": [{"value": ben["id"]}, {"value": cy["id"]}]},
        kind="Groups",
        expect=204,
    )
    assert departments() == ["Field", "Field", "Late"], "the oldest group of a person counts"
    call.patch(sales, {"op": "remove", "path": f'members[value eq "{ben["id"]}"]'}, kind="Groups", expect=204)
    assert departments() == ["Field", "Late", "Late"]
    call("DELETE", f"Groups/{other['id']}", expect=204)
    assert departments() == ["Field", "", ""]
    mapped(sales, "")
    assert departments() == ["Again", "", ""]
    for wrong in ("a\x00b", "x" * 121):
        with pytest.raises(InvalidInput):
            mapped(sales, wrong)


def test_the_trail_of_a_group_counts_people_and_names_them_only_where_it_can_be_erased():
    call = a_provider()
    ann, ben = people(call, "ann", "ben")
    group = call.add_group("Sales", ann)
    call.patch(group, {"op": "replace", "path": "members", "value": [{"value": ben["id"]}]}, kind="Groups", expect=204)
    with tenancy.vendor():
        event = AuditEvent.objects.get(name="provisioned_group.changed")
        detail = AuditDetail.objects.get(event_id=event.pk)
    assert event.data == {"added": 1, "removed": 1}
    assert detail.text == {"added": ben["id"], "removed": ann["id"]}
