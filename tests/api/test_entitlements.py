"""The entitlement check by REST: one read, right at once after every change, nothing of neighbours, no cache server."""

from datetime import timedelta
from urllib.parse import quote

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import tenancy
from accounts.enums import SuspensionReason
from accounts.models import LicenceGrant, LicensedUserChange
from accounts.operations import access, activity, policies
from tests.accounts.parties import NOW, a_licence, at_once
from tests.api.callers import caller
from tests.engines import admin_dsn
from tests.retention.vaults import an_organization, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
ACTIVE = {"status": "active"}


def a_client(*names, **values):
    organization = an_organization()
    a_licence(organization)
    people = people_of(organization, *names, **(values or ACTIVE))
    return organization, people, caller("client_administrator", str(organization.public_id))


def ask(call, external_id):
    return call("GET", f"entitlements/{quote(external_id, safe='')}", expect=200)


def test_a_person_may_use_the_product_until_what_is_known_ends():
    _organization, _people, call = a_client("ann")
    found = ask(call, "ann")
    assert found | {"checked_at": ""} == {
        "external_id": "ann",
        "allowed": True,
        "features": ["*"],
        "until": None,
        "reasons": [],
        "keep_seconds": 60,
        "checked_at": "",
    }


def test_a_no_is_told_at_once_after_the_act_that_brought_it():
    organization, (ann,), call = a_client("ann")
    assert ask(call, "ann")["allowed"] is True
    call("POST", f"licensed-users/{ann.public_id}/suspend", {"reason": "client_decision"}, expect=200)
    found = ask(call, "ann")
    assert (found["allowed"], found["reasons"]) == (False, ["suspended", "client_decision"])
    call("POST", f"licensed-users/{ann.public_id}/reinstate", {}, expect=200)
    assert ask(call, "ann")["allowed"] is True
    call("POST", f"licensed-users/{ann.public_id}/schedule-deletion", {}, expect=200)
    assert ask(call, "ann")["reasons"] == ["scheduled_for_deletion"]
    people_of(organization, "ann", **ACTIVE)
    assert ask(call, "ann")["allowed"] is True


def test_blanks_around_an_external_id_are_part_of_it_wherever_somebody_is_named():
    organization, _people, call = a_client(" ann ", **{**ACTIVE, "email": "x@client.example"})
    assert ask(call, " ann ")["allowed"] is True
    (found,) = call("POST", "entitlements", {"external_ids": [" ann "]}, expect=200)["results"]
    assert (found["external_id"], found["allowed"]) == (" ann ", True)
    path = f"organizations/{organization.public_id}"
    uses = [{"external_id": " ann ", "at": "2026-03-01T10:00:00Z"}]
    assert call("POST", f"{path}/activity", uses, expect=200) == {"noted": 1, "unknown": []}
    job = {"act": "suspend", "reason": "client_decision", "external_ids": [" ann "]}
    assert call("POST", f"{path}/bulk-jobs", job, expect=202)["total"] == 1


def test_a_yes_to_many_is_not_kept_for_who_asks_again_with_the_same_key():
    _organization, (ann,), call = a_client("ann")
    for allowed in (True, False):
        (found,) = call("POST", "entitlements", {"external_ids": ["ann"]}, expect=200, key="once")["results"]
        assert found["allowed"] is allowed
        if allowed:
            call("POST", f"licensed-users/{ann.public_id}/suspend", {"reason": "client_decision"}, expect=200)


def test_the_answer_says_how_long_it_may_be_kept_and_never_beyond_its_end():
    organization, _people, call = a_client("ann")
    call("PATCH", f"organizations/{organization.public_id}/access-policy", {"keep_seconds": 300}, expect=200)
    assert ask(call, "ann")["keep_seconds"] == 300
    with tenancy.vendor():
        LicenceGrant.objects.update(valid_until=timezone.now() + timedelta(seconds=20))
    assert 15 <= ask(call, "ann")["keep_seconds"] <= 20


@pytest.mark.parametrize("external_id", ["a/b", "a b", "ann@client.example", "%2F", "é", "a?b=c", "."])
def test_an_external_id_is_taken_as_it_is_written(external_id):
    _organization, _people, call = a_client(external_id, **{**ACTIVE, "email": "x@client.example"})
    assert ask(call, external_id)["external_id"] == external_id


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("entitlements/nobody", 404, None),
        ("entitlements/a%00b", 400, "external_id"),
        ("entitlements/" + "x" * 201, 400, "external_id"),
        ("entitlements/ann?organization=x", 400, "organization"),
        ("entitlements/ann?organization=%00", 400, "organization"),
        ("entitlements/ann?at=yesterday", 400, "at"),
        ("entitlements/ann?at=%00", 400, "at"),
        ("entitlements/ann?at=2999-01-01T00:00:00Z", 400, "at"),
    ],
)
def test_what_cannot_be_answered_is_said(path, status, field):
    _organization, _people, call = a_client("ann")
    found = call("GET", path, expect=status)
    assert found["status"] == status and (field is None or found["errors"][0]["attr"] == field)


def test_a_neighbours_people_are_not_there_and_the_vendor_names_the_organization():
    organization, _people, call = a_client("ann")
    neighbour = an_organization()
    people_of(neighbour, "zoe", **ACTIVE)
    call("GET", "entitlements/zoe", expect=404)
    call("GET", f"entitlements/zoe?organization={neighbour.public_id}", expect=404)
    vendor = caller("support")
    assert vendor("GET", "entitlements/ann", expect=400)["errors"][0]["attr"] == "organization"
    found = vendor("GET", f"entitlements/ann?organization={organization.public_id}", expect=200)
    assert found["allowed"] is True
    vendor("GET", f"entitlements/zoe?organization={organization.public_id}", expect=404)


def test_many_are_answered_in_the_order_of_the_question_and_strangers_too():
    _organization, _people, call = a_client("ann", "ben")
    found = call("POST", "entitlements", {"external_ids": ["ben", "who", "ann", "ben"]}, expect=200)["results"]
    assert [(one["external_id"], one["allowed"], one["reasons"]) for one in found] == [
        ("ben", True, []),
        ("who", False, ["unknown_person"]),
        ("ann", True, []),
        ("ben", True, []),
    ]


@pytest.mark.parametrize(
    "body", [{}, {"external_ids": []}, {"external_ids": ["x"] * 1001}, {"external_ids": ["a\x00"]}, []]
)
def test_a_wrong_question_is_refused(body):
    _organization, _people, call = a_client("ann")
    assert call("POST", "entitlements", body, expect=400)["code"] == "invalid_input"


def test_with_the_cache_server_down_the_answer_is_the_same(settings):
    _organization, _people, call = a_client("ann")
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:9"}}
    assert ask(call, "ann")["allowed"] is True


def test_the_answer_is_one_read_by_an_index():
    organization, _people, call = a_client("ann", *(f"other-{number}" for number in range(500)))
    with psycopg.connect(admin_dsn("default"), autocommit=True) as admin:
        admin.execute("ANALYZE accounts_licenseduser")  # another test's figures choose no index here
    with CaptureQueriesContext(connection) as captured:
        ask(call, "ann")
    reads = [one["sql"] for one in captured if "accounts_licenseduser" in one["sql"]]
    assert len(reads) == 1
    with tenancy.tenant(organization.pk), connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + reads[0])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Scan using licensed_user_external_id_once on accounts_licenseduser" in plan, plan


# What was right at an instant that has passed.


def test_the_past_is_answered_from_history():
    organization, (ann,), call = a_client("ann")
    first = timezone.now() - timedelta(days=9)
    with tenancy.tenant(organization.pk):
        LicensedUserChange.objects.create(
            organization=organization, licensed_user=ann, act="add", status="active", by="user:x", occurred_at=first
        )
        access.suspend(ann, reason=SuspensionReason.CLIENT_DECISION, now=first + timedelta(days=2), by="user:x")
        access.reinstate(ann, now=first + timedelta(days=4), by="user:x")
    days = [(1, True), (2, False), (3, False), (4, True), (8, True)]
    for day, allowed in days:
        at = (first + timedelta(days=day)).isoformat()
        assert call("GET", f"entitlements/ann?at={quote(at)}", expect=200)["allowed"] is allowed, day
    before = (first - timedelta(days=1)).isoformat()
    call("GET", f"entitlements/ann?at={quote(before)}", expect=404)


# Activity.


def test_the_latest_use_counts_and_strangers_are_named():
    organization, (ann, _ben), call = a_client("ann", "ben")
    path = f"organizations/{organization.public_id}/activity"
    uses = [("ann", "2026-03-02T10:00:00Z"), ("ann", "2026-03-01T10:00:00Z"), ("who", "2026-03-01T10:00:00Z")]
    body = [{"external_id": one, "at": at} for one, at in uses]
    assert call("POST", path, body, expect=200) == {"noted": 1, "unknown": ["who"]}
    assert call("POST", path, body, expect=200) == {"noted": 0, "unknown": ["who"]}
    found = call("GET", f"licensed-users/{ann.public_id}", expect=200)
    assert found["last_active_at"] == "2026-03-02T10:00:00Z"
    late = [{"external_id": "ben", "at": "2999-01-01T00:00:00Z"}]
    assert call("POST", path, late, expect=400)["errors"][0]["attr"] == "row 1.at"
    neighbour = an_organization()
    call("POST", f"organizations/{neighbour.public_id}/activity", body, expect=404)


def test_reports_at_once_do_not_block_each_other_and_the_latest_counts():
    organization, people, _call = a_client(*(f"p{number}" for number in range(40)))

    def report(order, minutes):
        uses = [activity.Use(person.external_id, NOW + timedelta(minutes=minutes)) for person in order]
        with tenancy.tenant(organization.pk):
            return activity.note(organization, uses, now=NOW + timedelta(days=1), by="user:product")

    results = at_once(*(lambda n=n: report(people if n % 2 else people[::-1], n) for n in range(4)))
    assert not [result for result in results if isinstance(result, Exception)]
    with tenancy.vendor():
        found = set(type(people[0]).objects.values_list("last_active_at", flat=True))
    assert found == {NOW + timedelta(minutes=3)}


# Terms of access.


def test_the_clients_administrator_sets_the_terms_and_bad_ones_are_named():
    organization, _people, call = a_client("ann")
    path = f"organizations/{organization.public_id}/access-policy"
    assert call("GET", path, expect=200) == {
        "keep_seconds": policies.DEFAULT.keep_seconds,
        "restricted_features": [],
        "deletion_grace_days": 30,
    }
    found = call("PATCH", path, {"restricted_features": ["read", "read"]}, expect=200)
    assert found["restricted_features"] == ["read"]
    for body, field in (
        ({"keep_seconds": 3601}, "keep_seconds"),
        ({"restricted_features": ["a b"]}, "restricted_features"),
    ):
        assert call("PATCH", path, body, expect=400)["errors"][0]["attr"].startswith(field)
    assert Client().get(f"/api/v1/{path}").status_code == 401
