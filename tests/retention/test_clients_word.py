"""By REST the vendor's staff record what the client decided, with a proof and who gave it; its members need none."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts import tenancy
from accounts.models import Document, LicensedUser
from accounts.operations import clock
from retention.enums import RequestKind, RequestOrigin
from retention.models import ArchiveAuthorization, DeletionRequest, SubjectRequest
from retention.operations import requests
from retention.operations.audit_package import instructions as log
from retention.rules.audit_package import Span
from tests.accounts.parties import at_once
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.contracts.agreements import at
from tests.retention import asking, under_contract
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


class Act:
    """A decision of the client by REST: where it is sent, with what, and which event tells of it."""

    def __init__(self, organization, path, event, values=None, *, answer=200):
        self.organization, self.path, self.event = organization, path, event
        self.values, self.answer = values or {}, answer
        self.sender = a_member("authorised_contact", organization)

    def with_proof(self, by, *, sender=None, expect=None, **values):
        given = {**self.values, **values} | ({"sender": sender} if sender else {})
        return by.with_file(self.path, given, expect=expect or self.answer)

    def logged(self):
        """Return the rows of the instruction log that tell of it."""
        today = clock.instant().date()
        with tenancy.vendor():
            rows = list(log.part(Span(today, today + timedelta(days=1)), self.organization).rows)
        return [row for row in rows if row["name"] == self.event]


def everything():
    organization = an_organization()
    values = {"organization": str(organization.public_id)}
    return Act(organization, "deletion-requests", "deletion_request.opened", values, answer=201)


def decision():
    organization = under_contract.a_client()
    request = under_contract.asked(organization, "ann-1", decided=False)
    return Act(organization, f"deletion-requests/{request.public_id}/decide", "deletion_request.decided")


def agreement():
    organization = an_organization()
    path = f"organizations/{organization.public_id}/archive-authorization"
    return Act(organization, path, "archive.authorised", {"granted": "true"}, answer=201)


def a_forwarded_one(organization):
    now = clock.instant()
    return asking.forwarded(organization, asking.taken(received_at=now, now=now), now=now)


def subject():
    organization = asking.a_client()
    a_member("authorised_contact", organization)
    row = a_forwarded_one(organization)
    with tenancy.vendor():
        one = LicensedUser.objects.get(organization=organization, external_id="ann-1").public_id
    path = f"subject-requests/{row.public_id}/grant"
    return Act(organization, path, "deletion_request.opened", {"licensed_users": str(one)})


def waiver():
    organization = an_organization()
    with tenancy.vendor():
        request = requests.open_request(organization, origin=RequestOrigin.CLIENT, now=at("2026-01-05"), by="user:c")
    return Act(organization, f"deletion-requests/{request.public_id}/waive-export", "export.waived")


def withdrawal():
    organization = under_contract.a_client()
    request = under_contract.asked(organization, "ann-1")
    return Act(organization, f"deletion-requests/{request.public_id}/cancel", "deletion_request.cancelled")


def refusal():
    organization = under_contract.a_client()
    path = f"deletion-requests/{under_contract.asked(organization, 'ann-1').public_id}/refuse"
    return Act(organization, path, "deletion_request.refused", {"ground": "client_refused"})


ACTS = [everything, decision, agreement, subject, waiver, withdrawal, refusal]
EACH = pytest.mark.parametrize("made", ACTS, ids=lambda made: made.__name__)


def body_of(act):
    """Return what is sent as JSON: lists as such."""
    values = dict(act.values)
    if "licensed_users" in values:
        values["licensed_users"] = [values["licensed_users"]]
    return values


@EACH
def test_with_its_proof_it_is_done_and_stands_in_the_instruction_log(made):
    act, officer = made(), caller("privacy_officer")
    act.with_proof(officer, sender=act.sender.email.upper())
    (row,) = act.logged()
    assert row["data"]["proof"] is True
    with tenancy.vendor():
        document = Document.objects.get()
    assert (document.given_by, document.kind) == (act.sender.actor, "authorisation")


@EACH
def test_without_a_proof_it_is_refused_and_nothing_is_written(made):
    act, officer = made(), caller("privacy_officer")
    assert officer("POST", act.path, body_of(act), expect=409)["code"] == "proof_needed"
    assert act.logged() == []


@EACH
def test_what_is_wrong_with_the_word_is_said_at_its_field(made):
    act, officer = made(), caller("privacy_officer")

    def wrong(answer):
        return [(error["attr"], error["code"]) for error in answer["errors"]]

    assert wrong(act.with_proof(officer, expect=400)) == [("sender", "required")]
    reader = a_member("client_finance", act.organization).email
    for sender in ("nobody@else.example", reader, caller_of_a_neighbour()):
        assert wrong(act.with_proof(officer, sender=sender, expect=400)) == [("sender", "not_authorised")]
    assert wrong(act.with_proof(officer, sender="no address", expect=400)) == [("sender", "invalid")]
    alone = {**body_of(act), "sender": act.sender.email}
    assert wrong(officer("POST", act.path, alone, expect=400)) == [("proof", "required")]
    assert wrong(officer("POST", act.path, {**alone, "proof": "a text"}, expect=400)) == [("proof", "invalid")]
    assert act.logged() == []
    with tenancy.vendor():
        assert not Document.objects.exists()


def caller_of_a_neighbour():
    return a_member("authorised_contact", an_organization()).email


@EACH
def test_a_member_of_the_client_needs_none_and_may_send_one(made):
    act = made()
    contact = caller("client_privacy_officer", str(act.organization.public_id))
    contact("POST", act.path, body_of(act), expect=act.answer)
    (row,) = act.logged()
    assert not row["data"].get("proof")
    other = made()
    contact = caller("client_privacy_officer", str(other.organization.public_id))
    other.with_proof(contact)
    with tenancy.vendor():
        assert Document.objects.get(organization=other.organization).given_by == "", "who calls is in the trail"


@pytest.mark.parametrize(
    "made", [everything, decision, subject, waiver, withdrawal, refusal], ids=lambda made: made.__name__
)
def test_two_at_once_are_one_act_with_one_instruction(made):
    act, officer = made(), caller("privacy_officer")
    done, refused = sorted(
        at_once(*[lambda: act.with_proof(officer, sender=act.sender.email)] * 2), key=lambda one: type(one) is not dict
    )
    assert type(done) is dict and ": 409 " in str(refused), refused
    assert len(act.logged()) == 1
    with tenancy.vendor():
        assert Document.objects.filter(organization=act.organization).count() == 1


def test_where_the_documents_stand():
    """The proof is found from what it proves, and each thing has its own."""
    officer = caller("privacy_officer")
    for made in (everything, agreement, subject):
        act = made()
        act.with_proof(officer, sender=act.sender.email)
        with tenancy.vendor():
            proof = Document.objects.get(organization=act.organization)
            if made is agreement:
                assert ArchiveAuthorization.objects.get(organization=act.organization).proof == proof
            else:
                assert DeletionRequest.objects.get(organization=act.organization).proof == proof
            if made is subject:
                assert SubjectRequest.objects.get(organization=act.organization).proof == proof


def test_the_word_that_asked_stays_beside_the_one_that_waives():
    act, officer = everything(), caller("privacy_officer")
    opened = act.with_proof(officer, sender=act.sender.email)
    path = f"deletion-requests/{opened['public_id']}/waive-export"
    waived = officer.with_file(path, {"sender": act.sender.email}, content="no copy, please")
    assert waived["export_decision"] == "declined"
    with tenancy.vendor():
        request = DeletionRequest.objects.select_related("proof", "export_proof").get()
        assert request.proof != request.export_proof and request.export_proof.size == len("no copy, please")
    again = officer.with_file(path, {"sender": act.sender.email}, expect=409)
    assert again["code"] == "export_not_decidable"


def test_about_people_a_proof_is_kept_and_the_client_still_decides():
    organization, officer = under_contract.a_client(), caller("privacy_officer")
    sender = a_member("authorised_contact", organization).email
    one = str(under_contract.person(organization, "ann-1").public_id)
    values = {"organization": str(organization.public_id), "licensed_users": one, "sender": sender}
    made = officer.with_file("deletion-requests", values, expect=201)
    assert (made["status"], made["scope"]) == ("received", "person")
    with tenancy.vendor():
        assert DeletionRequest.objects.get().proof.given_by


class TestInAForm:
    """What a multipart body says otherwise than JSON."""

    def test_corrections_are_json_as_text(self):
        organization, officer = under_contract.a_client(), caller("privacy_officer")
        sender = a_member("authorised_contact", organization).email
        request = under_contract.asked(
            organization, "ann-1", decided=False, kind=RequestKind.CORRECT, corrections={"display_name": "Ann"}
        )
        path = f"deletion-requests/{request.public_id}/decide"
        for text in ("display_name = Ann Lee", "[1]", "[" * 100_000, '"x"'):
            answer = officer.with_file(path, {"sender": sender, "corrections": text}, expect=400)
            assert [error["attr"] for error in answer["errors"]] == ["corrections"], text[:20]
        decided = officer.with_file(path, {"sender": sender, "corrections": '{"display_name": "Ann Lee"}'})
        assert decided["status"] == "confirmed"
        assert under_contract.person(organization, "ann-1").display_name == "Ann Lee"

    def test_an_agreement_that_is_left_out_is_no_refusal(self):
        act, officer = agreement(), caller("privacy_officer")
        answer = officer.with_file(act.path, {"sender": act.sender.email}, expect=400)
        assert [(error["attr"], error["code"]) for error in answer["errors"]] == [("granted", "required")]
        with tenancy.vendor():
            assert not ArchiveAuthorization.objects.exists()

    def test_a_refusal_of_the_archive_keeps_the_letter_too(self):
        act, officer = agreement(), caller("privacy_officer")
        act.with_proof(officer, sender=act.sender.email, granted="false")
        with tenancy.vendor():
            found = ArchiveAuthorization.objects.select_related("proof").get()
        assert (found.granted, found.proof.given_by) == (False, act.sender.actor)


@pytest.mark.parametrize(
    ("way", "values", "outcome"),
    [
        ("refuse", {"ground": "legal_claims", "reasons": "We need them in court."}, "refused"),
        ("not-held", {}, "not_held"),
    ],
)
def test_what_the_client_answers_a_person_otherwise_is_recorded_with_its_word(way, values, outcome):
    organization, officer = asking.a_client(address="somebody@else.example"), caller("privacy_officer")
    sender = a_member("authorised_contact", organization)
    path = f"subject-requests/{a_forwarded_one(organization).public_id}/{way}"
    assert officer("POST", path, values, expect=409)["code"] == "proof_needed"
    answer = officer.with_file(path, values, expect=400)
    assert [error["attr"] for error in answer["errors"]] == ["sender"]
    answered = officer.with_file(path, {**values, "sender": sender.email})
    assert (answered["state"], answered["outcome"]) == ("answered", outcome)
    with tenancy.vendor():
        assert SubjectRequest.objects.select_related("proof").get().proof.given_by == sender.actor


def test_a_persons_request_that_no_client_has_is_not_decided_for_one():
    organization = asking.a_client()
    sender = a_member("authorised_contact", organization)
    now = clock.instant()
    row = asking.taken(received_at=now, now=now)
    values = {"licensed_users": "00000000-0000-4000-8000-000000000000", "sender": sender.email}
    path = f"subject-requests/{row.public_id}/grant"
    answer = caller("privacy_officer").with_file(path, values, expect=409)
    assert answer["code"] == "subject_request_not_in_that_state"
    with tenancy.vendor():
        assert not Document.objects.exists()


def test_a_call_that_is_repeated_with_another_proof_is_refused():
    act = everything()
    staff = caller("privacy_officer")

    def opened(content, expect):
        headers = {"Authorization": f"Bearer {staff._token}", "Idempotency-Key": "once"}
        proof = SimpleUploadedFile("word.pdf", content, content_type="application/pdf")
        given = {**act.values, "sender": act.sender.email, "proof": proof}
        answer = Client(headers=headers).post(f"/api/v1/{act.path}", given)
        assert answer.status_code == expect, answer.json()
        return answer.json()

    first = opened(b"%PDF they ask", 201)
    assert opened(b"%PDF they ask", 201) == first
    assert opened(b"%PDF they ask for something else", 409)["code"] == "idempotency_key_reused"
    with tenancy.vendor():
        assert Document.objects.count() == DeletionRequest.objects.count() == 1
