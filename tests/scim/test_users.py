"""People by SCIM: created, read, replaced, let go; what stands in columns and profile, and what a state says."""

import pytest
from django.utils import timezone

from accounts import sweeps, tenancy
from accounts.enums import SuspensionReason
from accounts.models import AuditEvent, BulkJob, OutboxMessage
from accounts.operations import access, bulk, users
from accounts.rules.licence_states import Act
from tests.accounts.parties import NOW
from tests.scim.world import CORE, ENTERPRISE, a_provider

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)

FULL = {
    "schemas": [CORE, ENTERPRISE],
    "externalId": "00u1abc",
    "userName": "Ann.Lee@client.example",
    "name": {"formatted": "Ms. Ann Lee", "givenName": "Ann", "familyName": "Lee", "honorificPrefix": "Ms."},
    "displayName": "Ann Lee",
    "nickName": "Annie",
    "profileUrl": "https://client.example/ann",
    "title": "Buyer",
    "userType": "Employee",
    "preferredLanguage": "fr",
    "locale": "fr-FR",
    "timezone": "Europe/Paris",
    "active": True,
    "emails": [
        {"value": "Ann.Private@HOME.example", "type": "home"},
        {"value": "ann.lee@client.example", "type": "work", "primary": True},
    ],
    "phoneNumbers": [{"value": "+33 1 23 45 67 89", "type": "work"}],
    "addresses": [{"type": "work", "formatted": "1 rue X\n75001 Paris", "country": "FR", "primary": True}],
    "entitlements": [{"value": "editor"}],
    "roles": [{"value": "buyer", "primary": True}],
    ENTERPRISE: {
        "employeeNumber": "701984",
        "costCenter": "4130",
        "organization": "Client",
        "division": "North",
        "department": "Purchasing",
        "manager": {"value": "26118915-6090-4610-87e4-49d8ca9f808d"},
    },
}


def without(found, *names):
    return {name: value for name, value in found.items() if name not in names}


def test_a_person_comes_back_as_they_were_sent_with_id_meta_location_and_tag():
    call = a_provider()
    made = call(
        "POST", "Users", {**FULL, "password": "t1meMa$heen", "groups": [], "id": "mine", "meta": {}}, expect=201
    )
    assert without(made, "id", "meta") == FULL
    assert call.answer.headers["Location"] == made["meta"]["location"]
    assert call.answer.headers["Location"].endswith(f"/scim/v2/Users/{made['id']}")
    assert call.answer.headers["ETag"] == made["meta"]["version"] == 'W/"1"'
    assert made["meta"]["resourceType"] == "User" and made["meta"]["created"] == made["meta"]["lastModified"]
    assert call("GET", f"Users/{made['id']}") == made
    assert call("GET", made["meta"]["location"].removeprefix("http://testserver")) == made
    row = call.row(made)
    assert (row.external_id, row.user_name, row.provisioned_id) == ("00u1abc", "Ann.Lee@client.example", "00u1abc")
    assert (row.email, row.display_name, row.department) == ("ann.lee@client.example", "Ann Lee", "Purchasing")
    assert (row.status, row.status_by[:5]) == ("active", "user:")
    assert "t1meMa$heen" not in str(row.profile)


@pytest.mark.parametrize(
    ("said", "email", "display_name"),
    [
        pytest.param({"userName": "bjensen"}, "", "bjensen", id="the RFC's shortest: a user name alone"),
        pytest.param({"userName": "b@client.example"}, "b@client.example", "b@client.example", id="a name like one"),
        pytest.param(
            {
                "userName": "b",
                "emails": [{"value": "h@x.example", "type": "home"}, {"value": "w@x.example", "type": "work"}],
            },
            "w@x.example",
            "b",
            id="work before the first",
        ),
        pytest.param(
            {"userName": "b", "emails": [{"value": "b@corp.local"}], "name": {"givenName": "Bo", "familyName": "Je"}},
            "b@corp.local",
            "Bo Je",
            id="an internal domain, given and family name",
        ),
        pytest.param(
            {"userName": "b", "name": {"formatted": "Dr. B", "givenName": "x"}}, "", "Dr. B", id="the formatted name"
        ),
        pytest.param({"userName": "b", "displayName": "", "title": None, "emails": []}, "", "b", id="empty values"),
    ],
)
def test_what_is_not_said_follows_from_what_is_and_is_not_given_back(said, email, display_name):
    call = a_provider()
    made = call("POST", "Users", {"schemas": [CORE], **said}, expect=201)
    row = call.row(made)
    assert (row.email, row.display_name) == (email, display_name)
    assert ("displayName" in made) == bool(said.get("displayName") or said.get("displayName") == "")
    assert ("emails" in made) == bool(said.get("emails"))


def test_the_product_knows_a_person_by_the_first_id_that_is_free():
    call = a_provider()
    first = call.add("a@client.example", externalId="e1")
    second = call.add("b@client.example", externalId="e1")
    third = call.add("c@client.example")
    fourth = call.add("x" * 220)
    assert [call.row(one).external_id for one in (first, second, third, fourth)] == [
        "e1",
        "b@client.example",
        "c@client.example",
        fourth["id"],
    ]
    assert second["externalId"] == "e1", "ids of the provider are its own: not unique, not changed (RFC 7643 §3.1)"
    call("PUT", f"Users/{first['id']}", {"schemas": [CORE], "userName": "z@client.example"})
    assert call.row(first).external_id == "e1"


def test_a_replacement_clears_what_it_does_not_say_and_keeps_id_state_and_key():
    call = a_provider()
    made = call("POST", "Users", FULL, expect=201)
    found = call("PUT", f"Users/{made['id']}", {"schemas": [CORE], "id": "other", "userName": "ann2@client.example"})
    assert without(found, "meta") == {
        "schemas": [CORE],
        "id": made["id"],
        "userName": "ann2@client.example",
        "active": True,
    }
    assert found["meta"]["version"] != made["meta"]["version"]
    again = call("PUT", f"Users/{made['id']}", {"schemas": [CORE], "userName": "ann2@client.example"})
    assert again == found, "the same again changes nothing"


def test_the_provider_keeps_people_out_and_lets_them_in_again():
    call = a_provider()
    made = call.add()
    for _twice in range(2):
        found = call.patch(made, {"op": "replace", "path": "active", "value": False})
        assert found["active"] is False
        row = call.row(made)
        assert (row.status, row.suspension_reason) == ("suspended", "provisioning")
    assert call("PUT", f"Users/{made['id']}", {"userName": "ann@client.example"})["active"] is False, "not said: stays"
    for _twice in range(2):
        assert call.patch(made, {"op": "replace", "value": {"active": True}})["active"] is True
        assert call.row(made).status == "active"
    out = call.add("out@client.example", active=False)
    assert (out["active"], call.row(out).status) == (False, "suspended")


def test_what_the_client_decided_stays_and_the_provider_reads_its_own_word():
    call = a_provider()
    made = call.add()
    with tenancy.tenant(call.organization.pk):
        access.suspend(call.row(made), reason=SuspensionReason.CLIENT_DECISION, now=NOW, by="user:x")
    assert call("GET", f"Users/{made['id']}")["active"] is True
    for word in (True, False, True, False):
        assert call.patch(made, {"op": "replace", "path": "active", "value": word})["active"] is word
        row = call.row(made)
        assert (row.status, row.suspension_reason) == ("suspended", "client_decision")
        assert call.names(filter=f"active eq {'true' if word else 'false'}") == ["ann@client.example"]
        assert "active" not in row.profile or word is False


@pytest.mark.parametrize("way", ["by-hand", "by-undo"])
def test_whom_the_client_lets_go_stays_out_if_the_provider_has_said_so_meanwhile(way):
    call = a_provider(seats=1)
    made = call.add()
    organization = call.organization
    with tenancy.tenant(organization.pk):
        chosen = bulk.Chosen(public_ids=[call.row(made).public_id])
        job = bulk.request(organization, Act.SUSPEND, chosen, reason="client_decision", now=timezone.now(), by="user:x")
    sweeps.work_in_bulk(at=timezone.now(), by="system")
    call.patch(made, {"op": "replace", "path": "active", "value": False})
    ben = call.add("ben@client.example")  # who has the only seat now
    with tenancy.tenant(organization.pk):
        if way == "by-hand":
            access.reinstate(call.row(made), now=timezone.now(), by="user:x")
        else:
            bulk.undo(BulkJob.objects.get(pk=job.pk), now=timezone.now(), by="user:x")
    sweeps.work_in_bulk(at=timezone.now(), by="system")
    row = call.row(made)
    assert (row.status, row.suspension_reason) == ("suspended", "provisioning")
    assert call("GET", f"Users/{made['id']}")["active"] is False
    call("DELETE", f"Users/{ben['id']}", expect=204)
    assert call.patch(made, {"op": "replace", "path": "active", "value": True})["active"] is True
    assert call.row(made).status == "active"


def test_a_suspension_with_an_end_gives_way_to_the_providers_which_has_none():
    call = a_provider()
    made = call.add()
    later = NOW.replace(year=2999)
    with tenancy.tenant(call.organization.pk):
        row = call.row(made)
        access.suspend(row, reason=SuspensionReason.CLIENT_RULE, until=later, now=NOW, by="user:x")
    call.patch(made, {"op": "replace", "path": "active", "value": False})
    row = call.row(made)
    assert (row.suspension_reason, row.suspended_until) == ("provisioning", None)


def test_without_a_free_seat_people_wait_and_are_active_to_their_provider():
    call = a_provider(seats=1)
    first, second = call.add("a@client.example"), call.add("b@client.example")
    assert (call.row(first).status, call.row(second).status) == ("active", "invited")
    assert second["active"] is True
    call.patch(second, {"op": "replace", "path": "active", "value": False})
    assert call.patch(second, {"op": "replace", "path": "active", "value": True})["active"] is True
    assert call.row(second).suspension_reason == "licence_ended", "waits for a seat"
    bare = a_provider(licensed=False)
    assert bare.row(bare.add()).status == "invited"


def test_a_deleted_person_is_gone_for_the_provider_and_their_name_is_free():
    call = a_provider()
    made = call.add(externalId="e1")
    group = call.add_group("Sales", made)
    call("DELETE", f"Users/{made['id']}", expect=204)
    for method, body in (("GET", None), ("DELETE", None), ("PUT", {"userName": "x"})):
        call(method, f"Users/{made['id']}", body, expect=404)
    call.patch(made, {"op": "replace", "path": "title", "value": "x"}, expect=404)
    row = call.row(made)
    assert row.status == "scheduled" and (row.delete_at - row.status_at).days == 30
    assert call.search()["totalResults"] == 0
    assert "members" not in call("GET", f"Groups/{group['id']}")
    again = call.add(externalId="e1")
    assert again["id"] != made["id"] and call.row(again).external_id == "e1"


def test_a_name_is_one_persons_without_regard_to_case():
    call = a_provider()
    call.add("Ann@client.example")
    assert call.add("ann@CLIENT.example", expect=409)["scimType"] == "uniqueness"
    other = call.add("ben@client.example")
    body = {"userName": "ANN@client.example"}
    assert call("PUT", f"Users/{other['id']}", body, expect=409)["scimType"] == "uniqueness"
    change = {"op": "replace", "path": "userName", "value": "ann@client.example"}
    assert call.patch(other, change, expect=409)["scimType"] == "uniqueness"
    assert call("GET", f"Users/{other['id']}")["userName"] == "ben@client.example"
    a_provider().add("Ann@client.example")


@pytest.mark.parametrize(("first", "second"), [("\u039d\u03a3", "\u039d\u03a3"), ("ivan", "\u0130van")])
def test_a_name_is_one_persons_in_whatever_alphabet(first, second):
    call = a_provider()
    call.add(first)
    assert call.add(second, expect=409)["scimType"] == "uniqueness"


def test_what_the_client_changes_by_other_ways_the_provider_reads():
    call = a_provider()
    made = call("POST", "Users", FULL, expect=201)
    person = users.Person("00u1abc", "new@client.example", "Ann New", "Sales")
    other = users.Person("by-rest", "ben@client.example", "Ben", "")
    with tenancy.tenant(call.organization.pk):
        users.put(call.organization, [person, other], now=NOW, by="user:x")
    found = call("GET", f"Users/{made['id']}")
    assert found["displayName"] == "Ann New" and found[ENTERPRISE]["department"] == "Sales"
    assert [one["value"] for one in found["emails"]] == ["Ann.Private@HOME.example", "new@client.example"]
    assert found["meta"]["version"] != made["meta"]["version"]
    (ben,) = call.search(filter='userName eq "ben@client.example"')["Resources"]
    assert (ben["displayName"], ben["emails"][0]["value"]) == ("Ben", "ben@client.example")
    assert call.names(filter='emails.value eq "NEW@client.example"') == ["Ann.Lee@client.example"]


def test_every_change_leaves_its_trail_without_personal_data_and_is_announced():
    call = a_provider()
    made = call("POST", "Users", FULL, expect=201)
    call.patch(made, {"op": "replace", "path": "title", "value": "Head"})
    call("DELETE", f"Users/{made['id']}", expect=204)
    with tenancy.vendor():
        events = list(AuditEvent.objects.filter(organization_id=call.organization.pk).order_by("pk"))
        topics = list(OutboxMessage.objects.order_by("pk").values_list("topic", flat=True))
    names = [event.name for event in events if "token" not in event.name]
    assert names == [
        "licensed_user.provisioning_created",
        "licensed_user.provisioning_changed",
        "licensed_user.provisioning_deleted",
        "licensed_users.deletion_scheduled",
    ]
    sealed = " ".join(f"{event.data}{event.subject_id}" for event in events)
    assert made["id"] not in sealed and "ann" not in sealed.lower()
    assert topics[-3:] == ["licensed_user.created", "licensed_user.changed", "licensed_user.deletion_scheduled"]


def test_nobody_is_added_to_a_client_whose_data_are_being_erased():
    call = a_provider()
    made = call.add()
    with tenancy.vendor():
        type(call.organization).objects.filter(pk=call.organization.pk).update(closed_at=NOW)
    assert "erased" in call.add("b@client.example", expect=403)["detail"]
    call.add_group(expect=403)
    assert call("GET", f"Users/{made['id']}")["id"] == made["id"]


def test_versions_are_asked_for_and_told():
    call = a_provider()
    made = call.add()
    place = f"Users/{made['id']}"
    call("GET", place, expect=304, If_None_Match='W/"1"')
    call("GET", place, expect=304, If_None_Match='"7", W/"1"')
    call("GET", place, If_None_Match='W/"7"')
    change = {"op": "replace", "path": "title", "value": "x"}
    call.patch(made, change, expect=412, If_Match='W/"7"')
    assert call.patch(made, change, If_Match='W/"1"')["meta"]["version"] == 'W/"2"'
    call.patch(made, change, If_Match='W/"1"', expect=412)
    assert call.patch(made, change, If_Match="*")["meta"]["version"] == 'W/"2"', "nothing changed"
    call("PUT", place, {"userName": "b"}, expect=412, If_Match='W/"1"')
    call("DELETE", place, expect=412, If_Match='W/"1"')
    call("DELETE", place, expect=204, If_Match='W/"2"')


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ("attributes=userName", {"schemas", "id", "userName"}),
        ("attributes=name.givenName,title", {"schemas", "id", "name", "title"}),
        ("attributes=NICKNAME", {"schemas", "id", "nickName"}),
        (f"attributes={ENTERPRISE}:department", {"schemas", "id", ENTERPRISE}),
        ("attributes=password", {"schemas", "id"}),
        ("attributes=nothingKnown", {"schemas", "id"}),
    ],
)
def test_only_what_is_asked_for_is_returned(query, there):
    call = a_provider()
    made = call("POST", "Users", FULL, expect=201)
    assert set(call("GET", f"Users/{made['id']}?{query}")) == there
    (found,) = call("GET", f"Users?{query}")["Resources"]
    assert set(found) == there


def test_what_is_excluded_is_left_out_but_not_what_always_is_returned():
    call = a_provider()
    made = call("POST", "Users", FULL, expect=201)
    found = call("GET", f"Users/{made['id']}?excludedAttributes=emails,name,id")
    assert set(made) - set(found) == {"emails", "name"}
    call("GET", f"Users/{made['id']}?attributes=title&excludedAttributes=name", expect=400)
