"""Restriction of processing as a request (Art. 18 GDPR): at once with the decision, kept and not used, then lifted."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts import tenancy
from accounts.errors import Refused
from accounts.models import AuditDetail, AuditEvent, LicensedUser, OutboxMessage
from accounts.operations import processing
from retention.enums import HoldGround, RequestKind, RequestStatus
from retention.models import Message
from retention.operations import erasure, holds, people_requests, requests, runs, vault
from tests.accounts.parties import at_once
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.retention.test_life import live_until
from tests.retention.under_contract import AFTER_GRACE, CLIENT, NOW, STAFF, a_client, approved, asked, person, state_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
RESTRICT = RequestKind.RESTRICT


@pytest.fixture
def client_():
    return a_client()


def browser_of(role, organization=None):
    browser = Client(raise_request_exception=True)
    browser.force_login(a_member(role, organization), backend="config.backends.EmailBackend")
    return browser


def restricted(organization):
    with tenancy.vendor():
        found = LicensedUser.objects.filter(organization=organization, processing_restricted_at__isnull=False)
        return {one.external_id: (one.processing_restricted_at, one.processing_request) for one in found}


def test_a_restriction_takes_effect_with_the_decision_and_under_a_hold(client_):
    with tenancy.vendor():
        holds.place(client_, ground=HoldGround.LAW, citation="Art. 145", review_on=date(2099, 1, 1), now=NOW, by=STAFF)
    request = asked(client_, kind=RESTRICT, department="Sales")
    assert (request.status, request.closed_at) == (RequestStatus.DONE, NOW)
    assert restricted(client_) == dict.fromkeys(("ann-1", "ben-1"), (NOW, request.public_id))
    with tenancy.vendor():
        event = AuditEvent.objects.get(name="processing.restricted")
        assert event.data == {"request": str(request.public_id), "users": 2}
        assert (
            str(person(client_, "ann-1").public_id) in AuditDetail.objects.get(event_id=event.pk).text["licensed_users"]
        )
        told = OutboxMessage.objects.filter(topic="processing.restricted")
        assert {one.subject_id for one in told} == {person(client_, who).public_id for who in ("ann-1", "ben-1")}
        assert {one.payload["request"] for one in told} == {str(request.public_id)}
        done = AuditEvent.objects.get(name="deletion_request.done")
        assert done.data == {"kind": "restrict", "people": 2, "restricted": 2}


def test_what_staff_take_down_restricts_nobody_before_the_client_decides(client_):
    request = asked(client_, "ann-1", kind=RESTRICT, decided=False)
    live_until(NOW)
    assert (state_of(request), restricted(client_)) == (RequestStatus.RECEIVED, {})
    with tenancy.vendor():
        people_requests.decide(request, now=NOW, by=CLIENT, for_client=False)
    assert (state_of(request), restricted(client_)) == (
        RequestStatus.DONE,
        {"ann-1": (NOW, request.public_id)},
    )


def test_who_is_restricted_already_stays_so_since_when_they_were(client_):
    with tenancy.vendor():
        processing.restrict(person(client_, "ann-1"), now=NOW.replace(day=1, month=2), by=CLIENT)
    request = asked(client_, "ann-1", "ben-1", kind=RESTRICT)
    found = restricted(client_)
    assert found["ann-1"] == (NOW.replace(day=1, month=2), None)
    assert found["ben-1"] == (NOW, request.public_id)


def test_content_under_restriction_opens_for_nobodys_use(client_):
    asked(client_, "ann-1", kind=RESTRICT)
    with tenancy.vendor():
        rows = Message.objects.filter(organization=client_)
        with pytest.raises(vault.ProcessingRestricted):
            vault.read(client_, rows)
        left = list(vault.usable(rows).order_by("pk"))
        assert {one.subject_id for one in left} == {person(client_, who).pk for who in ("ben-1", "cyd-1")}
        assert len(vault.read(client_, left)) == 9
        assert len(vault.read(client_, rows, restricted_too=True)) == 16


def test_it_is_lifted_after_the_person_was_told_and_names_no_request_then(client_):
    asked(client_, "ann-1", kind=RESTRICT)
    ann = person(client_, "ann-1")
    with tenancy.vendor():
        with pytest.raises(Refused, match="told"):
            processing.lift(ann, now=NOW, by=CLIENT)
        processing.tell_of_lifting(ann, now=NOW, by=CLIENT)
        processing.lift(ann, now=NOW, by=CLIENT)
        told = AuditEvent.objects.get(name="processing.lifting_told")
        assert told.actor == CLIENT
    assert restricted(client_) == {}
    ann = person(client_, "ann-1")
    assert (ann.processing_request, ann.processing_lift_told_at) == (None, None)


def test_two_decisions_at_once_restrict_once(client_):
    request = asked(client_, "ann-1", kind=RESTRICT, decided=False)

    def decide():
        with tenancy.vendor():
            return people_requests.decide(request, now=NOW, by=CLIENT, for_client=False)

    found = at_once(decide, decide)
    assert sorted(type(one).__name__ for one in found) == ["DeletionRequest", "RequestNotInThatState"]
    with tenancy.vendor():
        assert OutboxMessage.objects.filter(topic="processing.restricted").count() == 1


def test_an_erasure_takes_who_is_restricted_and_a_neighbour_stays_restricted(client_):
    asked(client_, "ann-1", "ben-1", kind=RESTRICT)
    erased = approved(asked(client_, "ann-1"))
    live_until(AFTER_GRACE)
    assert state_of(erased) == RequestStatus.CERTIFIED
    assert set(restricted(client_)) == {"ben-1"}


def test_by_rest_support_passes_over_them_and_the_client_lifts(client_):
    contact, support = caller("client_privacy_officer", str(client_.public_id)), caller("support")
    officer = caller("privacy_officer")
    ann = str(person(client_, "ann-1").public_id)
    body = {"organization": str(client_.public_id), "kind": "restrict", "licensed_users": [ann]}
    made = contact("POST", "deletion-requests", body, expect=201)
    assert (made["status"], made["blocked_by"]) == ("done", [])
    assert support("GET", f"licensed-users/{ann}", expect=404)["errors"]
    seen = support("GET", f"licensed-users?organization={client_.public_id}")["results"]
    assert {one["external_id"] for one in seen} == {"ben-1", "cyd-1"}
    assert officer("GET", f"licensed-users/{ann}")["processing_request"] == made["public_id"]
    assert contact("GET", f"licensed-users/{ann}")["processing_restricted_at"] is not None
    assert contact("POST", f"licensed-users/{ann}/lift-processing", {}, expect=409)["code"] == "person_not_told"
    contact("POST", f"licensed-users/{ann}/tell-of-lifting", {})
    lifted = contact("POST", f"licensed-users/{ann}/lift-processing", {})
    assert (lifted["processing_restricted_at"], lifted["processing_request"]) == (None, None)
    assert support("GET", f"licensed-users/{ann}")["external_id"] == "ann-1"


def test_in_the_browser_it_is_asked_for_and_shown_to_those_who_see_to_it(client_):
    officer, contact, support = (
        browser_of("privacy_officer"),
        browser_of("client_privacy_officer", client_),
        browser_of("support"),
    )
    form = {"organization": client_.pk, "kind": "restrict", "people": "ann-1", "department": "", "note": "disputed"}
    page = contact.post(reverse("admin:retention_deletionrequest_add"), {**form, "confirmed": "yes"}, follow=True)
    assert page.status_code == 200 and "Carried out" in page.text and "Restriction of processing" in page.text
    listed = reverse("admin:accounts_licenseduser_changelist")
    assert "ann-1@client.example" in officer.get(listed).text
    assert "ann-1@client.example" not in support.get(listed).text
    ann = reverse("admin:accounts_licenseduser_change", args=[person(client_, "ann-1").pk])
    assert support.get(ann).status_code == 302 and officer.get(ann).status_code == 200


def test_who_is_being_erased_is_not_restricted_any_more_and_nothing_is_done_of_nobody(client_):
    alone, both = (asked(client_, *who, kind=RESTRICT, decided=False) for who in (("ann-1",), ("cyd-1", "ben-1")))
    erasing = approved(asked(client_, "ann-1", "cyd-1"))
    with tenancy.vendor():
        run = runs.plan(erasing, now=AFTER_GRACE, by="system")
    assert not erasure.advance(run, now=AFTER_GRACE, by="system", budget=timedelta()), "fenced, and not yet gone"
    with tenancy.vendor():
        with pytest.raises(requests.NobodyLeft):
            people_requests.decide(alone, now=AFTER_GRACE, by=CLIENT, for_client=False)
        people_requests.decide(both, now=AFTER_GRACE, by=CLIENT, for_client=False)
        done = AuditEvent.objects.get(name="deletion_request.done", subject_id=both.public_id)
    assert done.data == {"kind": "restrict", "people": 1, "restricted": 1}
    assert restricted(client_) == {"ben-1": (AFTER_GRACE, both.public_id)}
    live_until(AFTER_GRACE + timedelta(hours=1))
    assert (state_of(erasing), state_of(alone)) == (RequestStatus.CERTIFIED, RequestStatus.CANCELLED)
