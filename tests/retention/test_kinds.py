"""Exports of some people: whose they are, what is in them, who fetches them, and with whom they go."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from accounts import tenancy
from accounts.models import AuditEvent, OutboxMessage
from retention import sweeps
from retention.enums import RefusalGround, RequestKind, RequestStatus
from retention.models import DeletionRequest, ErasureStep, Export, RequestSubject, Verification
from retention.operations import carrying_out, erasure, exports, people_requests, requests, runs
from retention.operations.stores.searched import exports_of
from tests.accounts.parties import at_once
from tests.api.callers import caller
from tests.retention.test_exports import fetch, lines_of, opened
from tests.retention.test_life import live_until
from tests.retention.under_contract import (
    AFTER_GRACE,
    CLIENT,
    NOW,
    OFFICER,
    STAFF,
    a_client,
    approved,
    asked,
    person,
    state_of,
)

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
EXPORT = RequestKind.EXPORT


@pytest.fixture
def client_():
    return a_client()


def swept():
    return sweeps.carry_out_all(at=NOW, by="system")


def the_export(request):
    with tenancy.vendor():
        return Export.objects.get(request=request)


def events_of(request, name):
    with tenancy.vendor():
        return list(AuditEvent.objects.filter(subject_id=request.public_id, name=name).values_list("data", flat=True))


def test_an_export_of_people_holds_what_is_theirs_and_names_what_is_left_out(client_):
    request = asked(client_, "ben-1", kind=EXPORT)
    assert (request.status, request.export_decision) == (RequestStatus.CONFIRMED, "pending")
    assert swept().done == 1 and swept().done == 0
    export = the_export(request)
    files = opened(fetch(export))
    assert [one["id"] for one in lines_of(files["licensed_users.jsonl"])] == ["ben-1"]
    messages = lines_of(files["messages.jsonl"])
    assert (len(messages), {one["author"] for one in messages}) == (6, {"ben-1"})
    assert next(one for one in messages if one["id"] == "guest")["conversation"] == "ca", "by its id"
    assert [one["id"] for one in lines_of(files["conversations.jsonl"])] == ["cb"], "ann's has a title of hers"
    assert [one["id"] for one in lines_of(files["context_items.jsonl"])] == ["k-ben-1"]
    manifest = json.loads(files["manifest.json"])
    assert (manifest["scope"], manifest["left_out"]) == ("people", list(exports.LEFT_OUT))
    with tenancy.vendor():
        request.refresh_from_db()
        assert (request.status, request.export_decision, request.closed_at) == (RequestStatus.DONE, "done", NOW)
        assert OutboxMessage.objects.filter(topic="deletion_request.done", subject_id=request.public_id).count() == 1
    assert events_of(request, "deletion_request.done") == [{"kind": "export", "export": str(export.public_id)}]


def test_what_others_wrote_about_somebody_is_not_in_their_export(client_):
    request = asked(client_, "ann-1", kind=EXPORT)
    swept()
    data = b"".join(opened(fetch(the_export(request))).values())
    assert b"guest" not in data and b"ann-1 is on leave" not in data and b"ben-1" not in data


def test_the_clients_people_fetch_it_and_the_vendors_do_not(client_):
    contact, officer = caller("client_privacy_officer", str(client_.public_id)), caller("privacy_officer")
    body = {
        "organization": str(client_.public_id),
        "kind": "export",
        "licensed_users": [str(person(client_, "ann-1").public_id)],
    }
    made = contact("POST", "deletion-requests", body, expect=201)
    assert (made["kind"], made["status"], made["blocked_by"], made["exports"]) == ("export", "confirmed", [], [])
    path = f"deletion-requests/{made['public_id']}"
    assert officer("POST", f"{path}/approve", expect=409)["code"] == "request_not_in_that_state"
    export = officer("POST", f"organizations/{client_.public_id}/exports", {"request": made["public_id"]}, expect=201)
    done = contact("GET", path)
    assert (done["status"], done["exports"]) == ("done", [export["public_id"]])
    assert officer("GET", f"exports/{export['public_id']}/download", expect=403)["errors"]
    neighbour = caller("client_privacy_officer", str(a_client().public_id))
    assert neighbour("GET", f"exports/{export['public_id']}", expect=404)["errors"]
    assert contact("GET", f"exports/{export['public_id']}/download")[:2] == b"PK"
    listed = contact("GET", "deletion-requests?kind=export")["results"]
    assert [one["public_id"] for one in listed] == [made["public_id"]]
    again = contact("POST", f"organizations/{client_.public_id}/exports", {"request": made["public_id"]}, expect=409)
    assert again["code"] == "request_not_in_that_state"


def test_what_staff_take_down_waits_for_the_client_and_is_refused_with_a_ground(client_):
    with tenancy.vendor():
        people = [person(client_, "ann-1").public_id]
        request = people_requests.open_for_people(client_, people=people, kind=EXPORT, decided=False, now=NOW, by=STAFF)
        assert swept().done == 0
        with pytest.raises(requests.RequestNotInThatState):
            carrying_out.export_people(request, now=NOW, by=STAFF)
        refused = people_requests.refuse(request, ground=RefusalGround.NOT_IDENTIFIED, now=NOW, by=CLIENT, reason="who")
    assert (refused.status, refused.refusal) == (RequestStatus.REFUSED, RefusalGround.NOT_IDENTIFIED)
    assert events_of(request, "deletion_request.refused") == [{"kind": "export", "ground": "not_identified"}]


def test_two_workers_make_one_export(client_):
    request = asked(client_, "ann-1", kind=EXPORT)

    def make():
        with tenancy.vendor():
            return carrying_out.export_people(DeletionRequest.objects.get(pk=request.pk), now=NOW, by=STAFF)

    found = at_once(make, make)
    assert sorted(type(one).__name__ for one in found) == ["Export", "RequestNotInThatState"]
    with tenancy.vendor():
        assert Export.objects.count() == 1


def test_somebody_is_in_one_request_of_a_kind_and_may_be_in_others(client_):
    asked(client_, "ann-1", kind=EXPORT)
    with pytest.raises(people_requests.PersonInRequest):
        asked(client_, "ann-1", kind=EXPORT)
    assert asked(client_, "ann-1").kind == RequestKind.ERASE
    swept()
    asked(client_, "ann-1", kind=EXPORT)


def test_an_export_goes_with_the_first_of_its_people_and_others_exports_stay(client_, settings):
    both, other = asked(client_, "ann-1", "ben-1", kind=EXPORT), asked(client_, "cyd-1", kind=EXPORT)
    swept()
    gone, kept = the_export(both), the_export(other)
    files = Path(settings.EXPORTS_DIR)
    assert (files / f"{gone.public_id}.bin").exists()
    request = asked(client_, "ann-1")
    approved(request)
    live_until(AFTER_GRACE)
    assert state_of(request) == RequestStatus.CERTIFIED
    with tenancy.vendor():
        assert [one.pk for one in Export.objects.all()] == [kept.pk]
        assert Verification.objects.latest("pk").hits == []
    assert not (files / f"{gone.public_id}.bin").exists() and (files / f"{kept.public_id}.bin").exists()
    assert len(lines_of(opened(fetch(kept))["messages.jsonl"])) == 3


def test_an_export_that_is_made_once_the_people_are_gone_stays(client_):
    request = asked(client_, "ann-1")
    approved(request)
    live_until(AFTER_GRACE)
    with tenancy.vendor():
        gone_at = ErasureStep.objects.get(run__request=request, store="licensed_users").finished_at
    with tenancy.tenant(client_.pk):
        made = [
            exports.make(client_, request=None, now=gone_at + after, by=CLIENT)
            for after in (timedelta(), timedelta(minutes=5), timedelta(minutes=5, seconds=1))
        ]
    with tenancy.vendor():
        assert list(exports_of(client_.pk, request.pk).order_by("pk")) == made[:2]
        # Sent again, it erases people anew: whatever holds them goes.
        ErasureStep.objects.filter(run__request=request, store="licensed_users").update(
            status="pending", started_at=None, finished_at=None
        )
        assert list(exports_of(client_.pk, request.pk).order_by("pk")) == made


def test_who_is_being_erased_is_in_no_export_any_more(client_):
    wanted = asked(client_, "ann-1", "ben-1", kind=EXPORT)
    erasing = approved(asked(client_, "ann-1"))
    with tenancy.vendor():
        run = runs.plan(erasing, now=AFTER_GRACE, by="system")
    assert not erasure.advance(run, now=AFTER_GRACE, by="system", budget=timedelta()), "fenced, and not yet gone"
    assert swept().done == 1
    files = opened(fetch(the_export(wanted)))
    assert [one["id"] for one in lines_of(files["licensed_users.jsonl"])] == ["ben-1"]
    assert {one["author"] for one in lines_of(files["messages.jsonl"])} == {"ben-1"}


@pytest.mark.parametrize("kind", [RequestKind.ERASE, RequestKind.CORRECT])
def test_no_export_is_made_of_a_request_that_asks_for_something_else(client_, kind):
    more = {"corrections": {"display_name": "Ann"}} if kind is RequestKind.CORRECT else {}
    request = asked(client_, "ann-1", kind=kind, **more)
    with tenancy.vendor(), pytest.raises(requests.RequestNotInThatState):
        carrying_out.export_people(request, now=NOW, by=CLIENT)
    with tenancy.vendor():
        assert not Export.objects.exists()


def test_an_export_that_nobody_is_left_of_lapses(client_):
    waiting = asked(client_, "ann-1", kind=EXPORT, decided=False)
    erased = approved(asked(client_, "ann-1"))
    live_until(AFTER_GRACE)
    assert state_of(erased) == RequestStatus.CERTIFIED
    assert state_of(waiting) == RequestStatus.CANCELLED
    assert events_of(waiting, "deletion_request.cancelled") == [{"kind": "export", "why": "people_erased"}]
    with tenancy.vendor():
        assert not RequestSubject.objects.exists()


def test_nobody_approves_what_destroys_nothing(client_):
    request = asked(client_, "ann-1", kind=EXPORT)
    with tenancy.vendor(), pytest.raises(requests.RequestNotInThatState):
        requests.approve(request, now=NOW, by=OFFICER)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "forget"}, "kind"),
        ({"kind": "exp\x00rt"}, "kind"),
        ({"kind": "export"}, "licensed_users"),
        ({"kind": "export", "department": "Nowhere"}, "department"),
    ],
    ids=["unknown-kind", "a-nul", "nobody-named", "no-such-department"],
)
def test_bad_input_is_a_400_by_field(client_, values, field):
    officer = caller("privacy_officer")
    answer = officer("POST", "deletion-requests", {"organization": str(client_.public_id), **values}, expect=400)
    assert [error["attr"] for error in answer["errors"]] == [field]


@pytest.mark.parametrize("kind", sorted(set(RequestKind) - set(people_requests.KINDS)))
def test_a_kind_that_nothing_carries_out_is_not_taken(client_, kind):
    with pytest.raises(people_requests.KindNotCarriedOut):
        asked(client_, "ann-1", kind=kind)
