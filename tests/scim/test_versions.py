"""Versions of people and groups: asked for, told, counted each, and changed by what is read of others."""

import threading
from uuid import UUID

import pytest
from django.utils import timezone

from accounts import tenancy
from accounts.operations import access, provisioned_groups, users
from accounts.operations.provisioned_groups import Sheet, Step
from tests.accounts.parties import at_once, wait_for_somebody
from tests.scim.test_groups import names_in, people
from tests.scim.world import Provider, a_provider

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def test_a_groups_versions_are_asked_for_and_told():
    call = a_provider()
    (ann,) = people(call, "ann")
    made = call.add_group("Sales")
    place = f"Groups/{made['id']}"
    call("GET", place, expect=304, If_None_Match='W/"1"')
    joins = {"op": "add", "path": "members", "value": [{"value": ann["id"]}]}
    call.patch(made, joins, kind="Groups", expect=412, If_Match='W/"7"')
    call.patch(made, joins, kind="Groups", expect=412, If_None_Match='W/"1"')
    call.patch(made, joins, kind="Groups", expect=204, If_Match='W/"1"')
    assert call.answer.headers["ETag"] == 'W/"2"'
    call.patch(made, joins, kind="Groups", expect=412, If_Match='W/"1"')
    call("PUT", place, {"displayName": "S"}, expect=412, If_Match='W/"1"')
    call("DELETE", place, expect=412, If_Match='W/"1"')
    assert call("GET", place)["displayName"] == "Sales" and names_in(call, made) == ["ann"]
    assert call("PUT", place, {"displayName": "S"}, If_Match='W/"2"')["meta"]["version"] == 'W/"3"'
    call("DELETE", place, expect=204, If_Match='W/"3"')


def test_who_changes_a_group_comes_after_whoever_changes_it_now():
    call = a_provider()
    ann, ben = people(call, "ann", "ben")
    group = call.add_group("Sales")

    def joins(person):
        step = {"op": "add", "path": "members", "value": [{"value": person["id"]}]}
        return lambda: Provider(call.token).patch(group, step, kind="Groups", expect=204)

    late = threading.Thread(target=lambda: at_once(joins(ben)))
    with tenancy.tenant(call.organization.pk):
        row = provisioned_groups.find(call.organization, UUID(group["id"]), to_change=True)
        late.start()
        wait_for_somebody()
        steps = [Step("add", frozenset({UUID(ann["id"])}))]
        provisioned_groups.change(row, Sheet("Sales", "", steps), now=timezone.now(), by="user:x")
    late.join(60)
    assert call("GET", f"Groups/{group['id']}")["meta"]["version"] == 'W/"3"', "each change counted"
    assert names_in(call, group) == ["ann", "ben"]


def by_the_client(act):
    """Return what does an act of the client's own to a person."""

    def done(call, person, _group):
        with tenancy.tenant(call.organization.pk):
            act(call.row(person), now=timezone.now(), by="user:x")

    return done


def put_by_rest(call, person, _group):
    row = call.row(person)
    with tenancy.tenant(call.organization.pk):
        new = users.Person(row.external_id, "ann@client.example", "Anna")
        users.put(call.organization, [new], now=timezone.now(), by="user:x")


READ_OF_OTHERS = {
    "a group is renamed": (
        lambda call, person, group: call(
            "PUT", f"Groups/{group['id']}", {"displayName": "S", "members": [{"value": person["id"]}]}
        ),
        "person",
    ),
    "a group goes": (lambda call, _person, group: call("DELETE", f"Groups/{group['id']}", expect=204), "person"),
    "a person is renamed": (
        lambda call, person, _group: call.patch(person, {"op": "replace", "path": "displayName", "value": "Anna"}),
        "group",
    ),
    "a person is renamed by REST": (put_by_rest, "group"),
    "a person is let go by the provider": (
        lambda call, person, _group: call("DELETE", f"Users/{person['id']}", expect=204),
        "group",
    ),
    "a person is let go by the client": (by_the_client(access.schedule_deletion), "group"),
}


@pytest.mark.parametrize("name", READ_OF_OTHERS)
def test_a_tag_changes_with_what_is_read_of_others(name):
    act, whose = READ_OF_OTHERS[name]
    call = a_provider()
    ann, ben = people(call, "ann", "ben")
    group, other = call.add_group("Sales", ann), call.add_group("Other", ben)
    places = {"person": f"Users/{ann['id']}", "group": f"Groups/{group['id']}"}
    before = call("GET", places[whose])
    call("GET", places[whose], expect=304, If_None_Match=before["meta"]["version"])
    untouched = [call("GET", place) for place in (f"Users/{ben['id']}", f"Groups/{other['id']}")]
    act(call, ann, group)
    after = call("GET", places[whose], If_None_Match=before["meta"]["version"])
    assert without_meta(after) != without_meta(before)
    assert after["meta"]["lastModified"] >= before["meta"]["lastModified"]
    assert untouched == [call("GET", place) for place in (f"Users/{ben['id']}", f"Groups/{other['id']}")]


def test_who_is_let_go_is_no_member_until_they_come_back():
    call = a_provider()
    (ann,) = people(call, "ann")
    group = call.add_group("Sales", ann)
    place = f"Groups/{group['id']}"
    by_the_client(access.schedule_deletion)(call, ann, group)
    alone = call("GET", place)
    assert "members" not in alone
    for text in ("members pr", f'members.value eq "{ann["id"]}"', 'members.display co "ann"'):
        assert call.search("Groups", filter=text)["totalResults"] == 0, text
    joins = {"op": "add", "path": "members", "value": [{"value": ann["id"]}]}
    assert call.patch(alone, joins, kind="Groups", expect=400)["scimType"] == "invalidValue", "nobody to a provider"
    by_the_client(access.cancel_deletion)(call, ann, group)
    assert call("GET", place, If_None_Match=alone["meta"]["version"])["members"] == group["members"]


def test_whom_the_provider_deletes_leaves_their_groups_for_good():
    call = a_provider()
    ann, ben = people(call, "ann", "ben")
    group = call.add_group("Sales", ann, ben)
    row = call.row(ann)
    call("DELETE", f"Users/{ann['id']}", expect=204)
    with tenancy.tenant(call.organization.pk):
        access.cancel_deletion(row, now=timezone.now(), by="user:x")
    assert call("GET", f"Users/{ann['id']}").get("groups") is None
    assert names_in(call, group) == ["ben"]


def test_who_is_let_go_leaves_a_group_when_the_provider_says_so():
    call = a_provider()
    ann, ben = people(call, "ann", "ben")
    group = call.add_group("Sales", ann, ben)
    by_the_client(access.schedule_deletion)(call, ann, group)
    leaves = {"op": "remove", "path": f'members[value eq "{ann["id"]}"]'}
    call.patch(group, leaves, kind="Groups", expect=204)
    by_the_client(access.cancel_deletion)(call, ann, group)
    assert names_in(call, group) == ["ben"] and call("GET", f"Users/{ann['id']}").get("groups") is None


def without_meta(found):
    return {name: value for name, value in found.items() if name != "meta"}
