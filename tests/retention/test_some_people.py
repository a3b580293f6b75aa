"""Erasure of one person, of several, of a department, while the client's contract goes on: its way, and what stays."""

import json
from datetime import timedelta

import pytest

from accounts import tenancy
from accounts.errors import InvalidInput
from accounts.models import AuditDetail, BulkJob, IdempotencyKey, LicensedUser, OutboxMessage
from accounts.operations import access, audit, bulk
from accounts.operations.sweeping import SYSTEM
from accounts.rules.licence_states import Act
from retention import ledger, sweeps
from retention.enums import RefusalGround, RequestKind, RequestStatus, RunPhase
from retention.models import (
    Certificate,
    Conversation,
    DataKey,
    DeletionRequest,
    ErasureEntry,
    ErasureStep,
    Message,
    RequestSubject,
    Verification,
)
from retention.operations import (
    blocking,
    erasure,
    exports,
    impact,
    people_requests,
    requests,
    run_control,
    runs,
    vault,
)
from retention.operations.instructions import ProofNeeded
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
    rows,
    state_of,
)
from tests.retention.vaults import parsed, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def test_one_person_goes_and_the_others_stay_as_they_were():
    organization, neighbour = a_client(), a_client()
    before = rows(neighbour)
    request = asked(organization, "ann-1")
    assert (request.status, request.scope) == (RequestStatus.CONFIRMED, "person")
    approved(request)
    live_until(NOW + timedelta(hours=1))
    assert state_of(request) == RequestStatus.APPROVED, "it can still be taken back"
    with tenancy.vendor():
        assert not sweeps.plans_due(at=NOW + timedelta(hours=1)).exists(), "nor does it count as due"
        assert sweeps.plans_due(at=AFTER_GRACE).exists()
    live_until(AFTER_GRACE)
    with tenancy.vendor():
        check = Verification.objects.latest("pk")
        assert check.hits == []
    assert state_of(request) == RequestStatus.CERTIFIED
    assert rows(organization) == {"ben-1": 6, "cyd-1": 3}
    assert rows(neighbour) == before
    with tenancy.vendor():
        assert not LicensedUser.objects.filter(organization=organization, external_id="ann-1").exists()
        steps = {step.store: (step.erased, step.anonymised) for step in ErasureStep.objects.all()}
        assert (steps["messages"], steps["conversations"], steps["licensed_users"]) == ((7, 0), (0, 1), (1, 0))
        assert "intakes" not in steps, "what is the organization's stays"
        kept = Conversation.objects.get(organization=organization, external_id="ca")
        assert (kept.subject_id, bytes(kept.sealed)) == (None, b"")
        assert vault.read(organization, [kept]) == [{"title": ""}]
        guest = Message.objects.get(organization=organization, external_id="guest")
        assert vault.read(organization, [guest]) == [{"text": "ann-1 is on leave"}], "it is ben's, under ben's key"
        assert not RequestSubject.objects.exists()
        document = Certificate.objects.get().document
    assert document["request"]["scope"] == "person"
    assert "ann" not in json.dumps(document)
    with ledger.vendor():
        entry = ErasureEntry.objects.get()
        assert len(entry.subject_refs) == entry.keys_destroyed == 1
        assert DataKey.objects.filter(organization_ref=organization.public_id).count() == 2


def test_a_department_goes_with_those_who_were_in_it_when_it_was_asked_for():
    organization = a_client()
    request = asked(organization, department="Sales")
    people_of(organization, "dov-1", department="Sales")
    approved(request)
    live_until(AFTER_GRACE)
    assert state_of(request) == RequestStatus.CERTIFIED
    with tenancy.vendor():
        assert DeletionRequest.objects.get().department == "", "one person may have been all of it"
        left = LicensedUser.objects.filter(organization=organization).values_list("external_id", flat=True)
        assert set(left) == {"cyd-1", "dov-1"}
        assert not Conversation.objects.filter(organization=organization, external_id__in=["ca", "cb"]).exists()
    assert rows(organization) == {"cyd-1": 3}


def test_what_names_the_person_in_a_text_alone_goes_too():
    organization = a_client()
    ann, ben = person(organization, "ann-1"), person(organization, "ben-1")
    with tenancy.vendor():
        for who in (ann, ben):
            audit.record("x", organization, by="x", at=NOW, detail={"licensed_users": str(who.public_id)})
            for key, answer in ((f"invite-{who.external_id}", {"created": 1}), ("again", {"email": who.email})):
                IdempotencyKey.objects.create(
                    organization=organization,
                    actor=f"user:{who.pk}",
                    key=key,
                    response_body=answer,
                    created_at=NOW,
                    expires_at=NOW + timedelta(days=400),
                )
            OutboxMessage.objects.create(
                organization=organization,
                topic="licensed_user.changed",
                subject_type="LicensedUser",
                subject_id=who.public_id,
                occurred_at=NOW,
                next_attempt_at=NOW,
            )
    request = asked(organization, "ann-1")
    approved(request)
    live_until(AFTER_GRACE)
    assert state_of(request) == RequestStatus.CERTIFIED
    with tenancy.vendor():
        details = json.dumps(list(AuditDetail.objects.values_list("text", flat=True)))
        assert str(ben.public_id) in details and str(ann.public_id) not in details
        assert sorted(one.key for one in IdempotencyKey.objects.all()) == ["again", "invite-ben-1"]
        assert not OutboxMessage.objects.filter(subject_id=ann.public_id).exists()
        assert OutboxMessage.objects.filter(subject_id=ben.public_id).exists()
        stores = {one["store"]: one for one in Certificate.objects.get().document["stores"]}
    assert all(one["before"] >= one["erased"] + one["anonymised"] for one in stores.values())
    assert stores["audit_details"]["before"] >= 1, "nobody counts beforehand what only a search finds"


def test_what_was_noted_with_jobs_about_the_person_alone_goes_and_jobs_about_others_stay():
    organization = a_client()
    ann, both = [[person(organization, one).public_id for one in some] for some in (["ann-1"], ["ann-1", "ben-1"])]
    with tenancy.tenant(organization.pk):
        LicensedUser.objects.update(status="active")
        for people, note in ((ann, "She took the van"), (both, "Holidays"), (ann, "A second time")):
            job = bulk.request(
                organization, Act.SCHEDULE, bulk.Chosen(public_ids=people), now=NOW, by="user:one", note=note
            )
            bulk.work(job, now=NOW, by=SYSTEM)
            bulk.work(bulk.undo(job, now=NOW, by="user:one"), now=NOW, by=SYSTEM)
        waits = bulk.request(organization, Act.RESTRICT, bulk.Chosen(public_ids=ann), now=NOW, by="user:one")
    request = approved(asked(organization, "ann-1"))
    live_until(AFTER_GRACE)
    assert state_of(request) == RequestStatus.CERTIFIED
    with tenancy.vendor():
        left = BulkJob.objects.filter(organization=organization).order_by("pk")
        assert [(one.note, one.act) for one in left] == [("Holidays", Act.SCHEDULE), ("", Act.CANCEL)]
        assert not BulkJob.objects.filter(pk=waits.pk).exists()
        step = ErasureStep.objects.get(store="bulk_jobs")
    assert (step.found, step.erased) == (5, 5)
    live_until(AFTER_GRACE + timedelta(days=8))
    assert state_of(request) == RequestStatus.CERTIFIED


def test_an_export_of_everything_is_a_copy_and_goes_with_the_first_person():
    organization = a_client()
    with tenancy.tenant(organization.pk):
        exports.make(organization, request=None, now=NOW, by=CLIENT)
    request = asked(organization, "ann-1")
    approved(request)
    live_until(AFTER_GRACE)
    with tenancy.vendor():
        steps = {step.store: step.erased for step in ErasureStep.objects.all()}
    assert (steps["exports"], state_of(request)) == (1, RequestStatus.CERTIFIED)


class TestWhoDecides:
    def test_what_staff_take_down_waits_for_the_clients_decision_with_its_proof(self):
        organization = a_client()
        request = asked(organization, "ann-1", decided=False)
        assert request.status == RequestStatus.RECEIVED
        with tenancy.vendor():
            assert blocking.blocks(request, now=NOW) == ("client_undecided", "not_approved")
            with pytest.raises(requests.RequestNotInThatState):
                requests.approve(request, now=NOW, by=OFFICER)
            with pytest.raises(ProofNeeded):
                people_requests.decide(request, now=NOW, by=STAFF, for_client=True)
            decided = people_requests.decide(request, now=NOW, by="user:contact", for_client=False)
        assert decided.status == RequestStatus.CONFIRMED

    def test_who_decided_does_not_approve(self):
        request = asked(a_client(), "ann-1")
        with tenancy.vendor(), pytest.raises(requests.SamePerson):
            requests.approve(request, now=NOW, by=CLIENT)

    def test_a_refusal_leaves_evidence_and_frees_the_person(self):
        organization = a_client()
        request = asked(organization, "ann-1", decided=False)
        with tenancy.vendor():
            people_requests.refuse(
                request, ground=RefusalGround.LEGAL_CLAIMS, now=NOW, by=OFFICER, reason="a dispute with ann"
            )
            found = DeletionRequest.objects.get()
            assert (found.status, found.refusal, found.closed_at) == ("refused", "legal_claims", NOW)
        assert asked(organization, "ann-1").status == RequestStatus.CONFIRMED

    def test_a_person_is_in_one_open_request(self):
        organization = a_client()
        asked(organization, "ann-1")
        with pytest.raises(people_requests.PersonInRequest):
            asked(organization, department="Sales")
        with tenancy.vendor():
            assert DeletionRequest.objects.count() == 1, "nothing is half-written"

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({}, "licensed_users"),
            ({"people": ["00000000-0000-4000-8000-000000000000"]}, "licensed_users"),
            ({"department": "Nowhere"}, "department"),
            ({"department": "Sales", "note": "x\x00"}, "note"),
        ],
        ids=["nobody", "unknown", "an-empty-department", "a-nul"],
    )
    def test_bad_input_is_named_by_its_field(self, values, field):
        organization = a_client()
        with tenancy.vendor(), pytest.raises(InvalidInput) as caught:
            people_requests.open_for_people(organization, decided=True, now=NOW, by=CLIENT, **values)
        assert [fault.field for fault in caught.value.errors] == [field]

    def test_a_neighbours_person_is_unknown(self):
        organization, neighbour = a_client(), a_client()
        stranger = person(neighbour, "ann-1").public_id
        with tenancy.vendor(), pytest.raises(InvalidInput):
            people_requests.open_for_people(organization, people=[stranger], decided=True, now=NOW, by=CLIENT)


class TestTheGrace:
    def test_an_approval_is_taken_back_even_after_the_run_was_planned(self):
        organization = a_client()
        request = approved(asked(organization, "ann-1"))
        with tenancy.vendor():
            run = runs.plan(request, now=AFTER_GRACE, by=SYSTEM)
            taken = requests.take_back(request, now=AFTER_GRACE, by=CLIENT, reason="a mistake")
            assert (taken.status, taken.approved_by, taken.grace_until) == (RequestStatus.CONFIRMED, "", None)
            run.refresh_from_db()
            assert (run.phase, run.identifiers) == (RunPhase.CANCELLED, None)
        live_until(AFTER_GRACE + timedelta(days=2))
        assert rows(organization)["ann-1"] == 7
        with tenancy.vendor():
            requests.approve(request, now=AFTER_GRACE, by=OFFICER)
        live_until(AFTER_GRACE + timedelta(days=2))
        assert state_of(request) == RequestStatus.CERTIFIED

    def test_once_keys_are_destroyed_nothing_is_taken_back(self):
        organization = a_client()
        request = approved(asked(organization, "ann-1"))
        with tenancy.vendor():
            run = runs.plan(request, now=AFTER_GRACE, by=SYSTEM)
        assert erasure.advance(run, now=AFTER_GRACE, by=SYSTEM)
        for act in (requests.take_back, requests.cancel):
            with tenancy.vendor(), pytest.raises(requests.RequestNotInThatState):
                act(request, now=AFTER_GRACE, by=CLIENT)

    def test_the_approver_is_shown_what_goes_and_it_is_kept(self):
        request = approved(asked(a_client(), "ann-1"))
        assert request.impact["stores"] == {
            "messages": 7,
            "context_items": 1,
            "conversations": 1,
            "licence_changes": 1,
            "licensed_users": 1,
        }
        assert (request.impact["people"], request.impact["in_shared_conversations"]) == (1, 1)
        assert request.impact["open_exports"] == 0

    def test_the_approver_is_told_of_exports_that_the_erasure_does_not_wait_for(self):
        organization = a_client()
        of_ann, of_ben = asked(organization, "ann-1"), asked(organization, "ben-1")
        wanted = asked(organization, "ann-1", kind=RequestKind.EXPORT)
        with tenancy.vendor():
            assert (impact.of(of_ann)["open_exports"], impact.of(of_ben)["open_exports"]) == (1, 0)
            people_requests.refuse(wanted, ground=RefusalGround.CLIENT_REFUSED, now=NOW, by=CLIENT)
            assert impact.of(of_ann)["open_exports"] == 0


class TestMeanwhile:
    def half_way(self, organization, *external_ids):
        request = approved(asked(organization, *external_ids))
        with tenancy.vendor():
            run = runs.plan(request, now=AFTER_GRACE, by=SYSTEM)
        assert not erasure.advance(run, now=AFTER_GRACE, by=SYSTEM, budget=timedelta())
        return request, run

    def test_new_content_of_the_person_is_refused_and_the_others_go_on(self):
        organization = a_client()
        self.half_way(organization, "ann-1")
        at_ = "2026-02-01T10:00:00+00:00"
        message = {"kind": "message", "at": at_, "role": "user", "text": "x"}
        lines = [
            {**message, "id": "n1", "conversation": "cb", "author": "ann-1"},
            {**message, "id": "n2", "conversation": "ca", "author": "ben-1"},
            {**message, "id": "n3", "conversation": "ca", "role": "assistant"},
            {**message, "id": "n4", "conversation": "cb", "author": "ben-1"},
        ]
        with tenancy.tenant(organization.pk):
            result = vault.write(organization, parsed(lines), now=AFTER_GRACE, by="user:product")
        assert [(one.number, one.code) for one in result.rejected] == [(n, "being_erased") for n in (1, 2, 3)]
        assert result.created == 1

    def test_an_export_meanwhile_leaves_the_person_out(self):
        organization = a_client()
        request, _run = self.half_way(organization, "ann-1")
        with tenancy.tenant(organization.pk):
            export = exports.make(organization, request=None, now=AFTER_GRACE, by=CLIENT)
        assert (export.rows["messages"], export.rows["licensed_users"]) == (9, 2)
        live_until(AFTER_GRACE + timedelta(hours=1))
        assert state_of(request) == RequestStatus.CERTIFIED

    def test_a_change_of_the_person_meanwhile_is_erased_with_it(self):
        organization = a_client()
        request, _run = self.half_way(organization, "ann-1")
        ann = person(organization, "ann-1")
        with tenancy.tenant(organization.pk):
            access.schedule_deletion(ann, now=AFTER_GRACE, by=CLIENT)
        live_until(AFTER_GRACE + timedelta(hours=1))
        assert state_of(request) == RequestStatus.CERTIFIED

    def test_who_comes_back_under_a_new_id_is_no_residue(self):
        organization = a_client()
        request, _run = self.half_way(organization, "ann-1")
        live_until(AFTER_GRACE + timedelta(hours=1))
        people_of(organization, "ann-1")
        assert state_of(request) == RequestStatus.CERTIFIED

    def test_a_run_is_paused_at_its_next_commit_and_goes_on_when_it_is_resumed(self):
        organization = a_client()
        request, run = self.half_way(organization, "ann-1")
        with tenancy.vendor():
            run_control.pause(run, now=AFTER_GRACE, by=OFFICER)
        live_until(AFTER_GRACE + timedelta(hours=2))
        assert state_of(request) == RequestStatus.ERASING
        with pytest.raises(runs.LeaseLost):
            erasure.advance(run, now=AFTER_GRACE, by=SYSTEM)
        with tenancy.vendor():
            run_control.resume(run, now=AFTER_GRACE, by=OFFICER)
        live_until(AFTER_GRACE + timedelta(hours=2))
        assert state_of(request) == RequestStatus.CERTIFIED
