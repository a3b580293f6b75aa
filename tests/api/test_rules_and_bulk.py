"""Clients' rules and bulk work by REST: the whole way, bad input by field, neighbours not there."""

import pytest
from django.utils import timezone

from accounts import sweeps
from tests.accounts.parties import a_licence
from tests.api.callers import caller
from tests.retention.vaults import an_organization, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
ACTIVE = {"status": "active"}
RULE = {"name": "Idle", "action": "suspend", "inactive_days": 30, "warning_days": 0, "most_percent": 100}


def a_client(*names):
    organization = an_organization()
    a_licence(organization)
    people = people_of(organization, *names, **ACTIVE)
    return organization, people, caller("client_administrator", str(organization.public_id))


def test_a_rule_is_made_seen_enforced_and_acts():
    organization, _people, call = a_client("ann", "ben", "cyd")
    rule = call("POST", "access-rules", {**RULE, "organization": str(organization.public_id)}, expect=201)
    path = f"access-rules/{rule['public_id']}"
    assert rule["mode"] == "observe"
    call("POST", f"{path}/exempt", {"external_id": "cyd"}, expect=200)
    seen = call("GET", f"{path}/preview")
    assert (seen["count"], seen["population"], seen["too_many"]) == (2, 3, False)
    listed = [person["external_id"] for person in call("GET", f"{path}/people?page_size=1")["results"]]
    assert listed == ["ann"]
    assert call("POST", f"{path}/enforce", {"digest": "0-0-0"}, expect=409)["code"] == "preview_stale"
    assert call("POST", f"{path}/enforce", {"digest": seen["digest"]})["mode"] == "enforced"
    sweeps.look_by_rules(at=timezone.now(), by="system")
    found = call("GET", f"{path}/findings")["results"]
    assert [(one["external_id"], one["state"]) for one in found] == [("ann", "acted"), ("ben", "acted")]
    assert call("GET", "entitlements/ann")["reasons"] == ["suspended", "client_rule"]
    assert call("GET", "entitlements/cyd")["allowed"] is True
    call("POST", f"{path}/lift-exemption", {"external_id": "cyd"})
    assert call("GET", f"{path}/preview")["count"] == 1
    assert call("POST", f"{path}/switch-off")["mode"] == "off"
    assert call("POST", f"{path}/switch-off", expect=409)["code"] == "access_rule_not_in_that_mode"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"inactive_days": None}, "inactive_days"),
        ({"inactive_days": 0}, "inactive_days"),
        ({"action": "fly"}, "action"),
        ({"name": "a\x00"}, "name"),
        ({"departments": ["a\x00"]}, "departments"),
        ({"statuses": ["deleted"]}, "statuses"),
        ({"statuses": []}, "statuses"),
        ({"most_percent": 101}, "most_percent"),
        ({"organization": "00000000-0000-4000-8000-000000000000"}, "organization"),
    ],
)
def test_a_wrong_rule_is_refused_by_field(changed, field):
    organization, _people, call = a_client("ann")
    body = {**RULE, "organization": str(organization.public_id), **changed}
    found = call("POST", "access-rules", body, expect=400)
    assert found["errors"][0]["attr"].startswith(field)


def test_a_neighbours_rule_person_and_organization_are_not_there():
    organization, _people, call = a_client("ann")
    neighbour, _zoe, other = a_client("zoe")
    rule = other("POST", "access-rules", {**RULE, "organization": str(neighbour.public_id)}, expect=201)
    for verb, given in (("enforce", "digest"), ("confirm", "digest"), ("exempt", "external_id")):
        call("POST", f"access-rules/{rule['public_id']}/{verb}", {given: "zoe"}, expect=404)
    body = {**RULE, "organization": str(neighbour.public_id)}
    assert call("POST", "access-rules", body, expect=400)["errors"][0]["attr"] == "organization"
    call("POST", f"organizations/{neighbour.public_id}/bulk-jobs", {"act": "suspend"}, expect=404)
    mine = call("POST", "access-rules", {**RULE, "organization": str(organization.public_id)}, expect=201)
    answer = call("POST", f"access-rules/{mine['public_id']}/exempt", {"external_id": "zoe"}, expect=400)
    assert answer["errors"][0]["code"] == "unknown_person"


def test_thousands_are_changed_as_one_job_and_taken_back():
    organization, people, call = a_client(*(f"p{number}" for number in range(1200)))
    path = f"organizations/{organization.public_id}/bulk-jobs"
    body = {"act": "suspend", "reason": "client_decision", "external_ids": [person.external_id for person in people]}
    job = call("POST", path, body, expect=202, key="once")
    assert call("POST", path, body, expect=202, key="once")["public_id"] == job["public_id"]
    assert (job["state"], job["total"], job["percent"]) == ("waiting", 1200, 0)
    call("POST", f"licensed-users/{people[0].public_id}/suspend", {"reason": "client_decision"})
    sweeps.work_in_bulk(at=timezone.now(), by="system")
    done = call("GET", f"bulk-jobs/{job['public_id']}")
    assert (done["state"], done["done"], done["refused"], done["percent"]) == ("finished", 1199, 1, 100)
    failures = call("GET", f"bulk-jobs/{job['public_id']}/failures")["results"]
    assert [(one["external_id"], one["code"]) for one in failures] == [("p0", "licensed_user_not_in_that_state")]
    back = call("POST", f"bulk-jobs/{job['public_id']}/undo", expect=201)
    assert call("POST", f"bulk-jobs/{job['public_id']}/undo", expect=409)["code"] == "bulk_job_has_no_undo"
    sweeps.work_in_bulk(at=timezone.now(), by="system")
    assert call("GET", f"bulk-jobs/{back['public_id']}")["done"] == 1199


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"act": "delete", "external_ids": ["ann"]}, "act"),
        ({"act": "suspend", "external_ids": ["ann"]}, "reason"),
        ({"act": "suspend", "reason": "licence_ended", "external_ids": ["ann"]}, "reason"),
        ({"act": "reinstate", "external_ids": ["who"]}, "row 1.external_ids"),
        ({"act": "reinstate", "external_ids": ["a\x00"]}, "external_ids"),
        ({"act": "reinstate", "public_ids": ["x"]}, "public_ids"),
        ({"act": "reinstate"}, "external_ids"),
        ({"act": "reinstate", "external_ids": ["x"] * 50_001}, "external_ids"),
    ],
)
def test_a_wrong_job_is_refused_by_field(body, field):
    organization, _people, call = a_client("ann")
    found = call("POST", f"organizations/{organization.public_id}/bulk-jobs", body, expect=400)
    assert found["errors"][0]["attr"].startswith(field)


def test_support_suspends_in_bulk_but_deletes_nobody():
    organization, _people, _call = a_client("ann")
    support = caller("support")
    path = f"organizations/{organization.public_id}/bulk-jobs"
    support("POST", path, {"act": "schedule_deletion", "external_ids": ["ann"]}, expect=403)
    support("POST", path, {"act": "suspend", "reason": "client_decision", "external_ids": ["ann"]}, expect=202)
