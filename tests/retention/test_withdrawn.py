"""What a client without a signed contract asks for goes ahead once no draft is negotiated, and can be taken back."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts import tenancy
from accounts.models import AuditEvent
from contracts.operations import signing
from retention.enums import RefusalGround, RequestKind, RequestOrigin, RequestStatus
from retention.models import DeletionRequest
from retention.operations import blocking, exports, instructions, requests
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.contracts.agreements import a_draft, at
from tests.retention.test_life import (
    CONTRACT_MANAGER,
    PRIVACY_OFFICER,
    a_leaving_client,
    live_until,
    the_request,
)
from tests.retention.under_contract import a_client, asked
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
NOW = at("2026-01-05")
KINDS = (RequestKind.ERASE, RequestKind.EXPORT, RequestKind.RESTRICT, RequestKind.CORRECT)


@pytest.fixture
def negotiating():
    """Return a client with a draft and nothing else, and the draft."""
    organization = an_organization()
    return organization, a_draft(organization)


def the_client_asks(organization):
    with tenancy.vendor():
        return requests.open_request(organization, origin=RequestOrigin.CLIENT, now=NOW, by="user:client")


def test_beside_a_draft_it_says_what_to_do_and_goes_ahead_without_the_draft(negotiating):
    organization, draft = negotiating
    request = the_client_asks(organization)
    with tenancy.vendor():
        assert "contract_drafted" in blocking.blocks(request, now=NOW)
        assert "contract_open" not in blocking.blocks(request, now=NOW)
        with pytest.raises(blocking.ContractDrafted, match="Cancel the draft"):
            requests.confirm_end(request, now=NOW, by=CONTRACT_MANAGER)
        signing.cancel(draft, now=NOW, by=CONTRACT_MANAGER)
        requests.confirm_end(request, now=NOW, by=CONTRACT_MANAGER)
        requests.approve(request, now=NOW, by=PRIVACY_OFFICER)
        exports.waive(the_request(organization), now=NOW, by="user:client")
    live_until(at("2026-03-05"))
    assert the_request(organization).status == RequestStatus.CERTIFIED


def test_the_client_takes_it_back_by_rest_and_staff_only_with_its_word(negotiating):
    organization, _draft = negotiating
    contact = caller("client_privacy_officer", str(organization.public_id))
    made = contact("POST", "deletion-requests", {"organization": str(organization.public_id)}, expect=201)
    path = f"deletion-requests/{made['public_id']}"
    assert "contract_drafted" in made["blocked_by"]
    assert caller("privacy_officer")("POST", f"{path}/cancel", {}, expect=409)["code"] == "proof_needed"
    taken_back = contact("POST", f"{path}/cancel", {"reason": "we stay"})
    assert taken_back["status"] == "cancelled"
    contact("POST", "deletion-requests", {"organization": str(organization.public_id)}, expect=201)


def test_staff_take_it_back_in_the_admin_with_the_clients_letter(negotiating):
    organization, _draft = negotiating
    request, officer = the_client_asks(organization), Client()
    officer.force_login(a_member("privacy_officer"), backend="config.backends.EmailBackend")
    page = reverse("admin:retention_deletionrequest_cancel", args=[request.pk])
    officer.post(page, {"confirmed": "yes", "reason": "we stay"})
    assert the_request(organization).status == RequestStatus.RECEIVED
    contact = a_member("authorised_contact", organization)
    letter = SimpleUploadedFile("letter.txt", b"please keep all")
    officer.post(page, {"confirmed": "yes", "reason": "", "sender": contact.email, "proof": letter})
    with tenancy.vendor():
        cancelled = DeletionRequest.objects.select_related("end_proof").get(pk=request.pk)
        assert cancelled.status == RequestStatus.CANCELLED and cancelled.end_proof.given_by == contact.actor
        event = AuditEvent.objects.get(name="deletion_request.cancelled", subject_id=request.public_id)
        assert event.data == {"kind": "erase", "proof": True}


def test_what_the_end_of_a_contract_asks_for_is_not_taken_back_beside_a_draft():
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    a_draft(organization, reference="C-2")
    with tenancy.vendor(), pytest.raises(requests.NoContract):
        requests.cancel(the_request(organization), now=NOW, by="user:client")


def test_nor_what_the_client_asked_for_after_the_end_before_a_sweep_saw_it():
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    with tenancy.vendor():
        DeletionRequest.objects.filter(organization=organization).update(origin=RequestOrigin.CLIENT)
        with pytest.raises(requests.NoContract):
            requests.cancel(the_request(organization), now=NOW, by="user:client")


def test_who_wrote_the_word_is_asked_for(negotiating):
    organization, _draft = negotiating
    request = the_client_asks(organization)
    with tenancy.vendor(), pytest.raises(instructions.ProofNeeded):
        requests.cancel(request, now=NOW, by="user:staff", for_client=True)


def test_nor_what_asks_again_for_an_end_whose_first_request_was_given_up():
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    with tenancy.vendor():
        DeletionRequest.objects.filter(organization=organization).update(
            status=RequestStatus.CANCELLED, closed_at=at("2026-01-03")
        )
        again = the_client_asks(organization)
        with pytest.raises(requests.NoContract):
            requests.cancel(again, now=NOW, by="user:client")


@pytest.fixture
def about_ann():
    """Return a client, and its decided request that ann be erased."""
    client = a_client()
    return client, asked(client, "ann-1")


def test_what_the_client_decided_about_people_staff_give_up_only_with_its_word(about_ann):
    client, request = about_ann
    path = f"deletion-requests/{request.public_id}"
    assert caller("privacy_officer")("POST", f"{path}/cancel", {}, expect=409)["code"] == "proof_needed"
    officer = Client()
    officer.force_login(a_member("privacy_officer"), backend="config.backends.EmailBackend")
    contact = a_member("authorised_contact", client)
    letter = SimpleUploadedFile("letter.txt", b"please keep ann")
    page = reverse("admin:retention_deletionrequest_cancel", args=[request.pk])
    officer.post(page, {"confirmed": "yes", "reason": "", "sender": contact.email, "proof": letter})
    with tenancy.vendor():
        cancelled = DeletionRequest.objects.select_related("end_proof").get(pk=request.pk)
    assert cancelled.status == RequestStatus.CANCELLED and cancelled.end_proof.given_by == contact.actor


def test_the_client_itself_needs_no_proof_nor_do_staff_for_what_it_did_not_decide(about_ann):
    client, request = about_ann
    contact, officer = caller("client_privacy_officer", str(client.public_id)), caller("privacy_officer")
    assert contact("POST", f"deletion-requests/{request.public_id}/cancel", {})["status"] == "cancelled"
    undecided = asked(client, "ben-1", decided=False)
    assert officer("POST", f"deletion-requests/{undecided.public_id}/cancel", {})["status"] == "cancelled"


def test_what_the_client_decided_staff_refuse_only_with_its_word_or_where_a_law_makes_the_vendor_keep_the_data(
    about_ann,
):
    client, erasure = about_ann
    officer, contact = caller("privacy_officer"), caller("client_privacy_officer", str(client.public_id))
    export, other = asked(client, "ann-1", kind=RequestKind.EXPORT), asked(client, "ben-1")
    path = "deletion-requests/{}/refuse"
    for ground in RefusalGround:
        said = {"ground": ground.value}
        assert officer("POST", path.format(export.public_id), said, expect=409)["code"] == "proof_needed", ground
        if ground is not RefusalGround.LEGAL_OBLIGATION:
            assert officer("POST", path.format(erasure.public_id), said, expect=409)["code"] == "proof_needed", ground
    assert officer("POST", path.format(erasure.public_id), {"ground": "legal_obligation"})["status"] == "refused"
    assert contact("POST", path.format(other.public_id), {"ground": "legal_claims"})["status"] == "refused"
    sender = a_member("authorised_contact", client)
    body = {"ground": "legal_claims", "sender": sender.email}
    assert officer.with_file(path.format(export.public_id), body)["status"] == "refused"
    with tenancy.vendor():
        assert DeletionRequest.objects.select_related("end_proof").get(pk=export.pk).end_proof.given_by == sender.actor


def test_that_the_client_decided_against_it_is_its_word_and_of_what_it_did_not_decide_another_ground_is_not():
    client = a_client()
    officer, contact = caller("privacy_officer"), caller("client_privacy_officer", str(client.public_id))
    one, two, three, four = (asked(client, "ann-1", kind=kind, decided=False) for kind in KINDS)
    path = "deletion-requests/{}/refuse"
    said = {"ground": "client_refused"}
    assert officer("POST", path.format(one.public_id), said, expect=409)["code"] == "proof_needed"
    assert officer("POST", path.format(one.public_id), {"ground": "legal_claims"})["status"] == "refused"
    assert contact("POST", path.format(two.public_id), said)["refusal"] == "client_refused"
    sender = a_member("authorised_contact", client)
    body = {**said, "sender": sender.email}
    assert officer.with_file(path.format(three.public_id), body)["status"] == "refused"
    page = reverse("admin:retention_deletionrequest_refuse", args=[four.pk])
    browser = Client()
    browser.force_login(a_member("privacy_officer"), backend="config.backends.EmailBackend")
    browser.post(page, {"confirmed": "yes", **said, "reason": ""})
    with tenancy.vendor():
        assert DeletionRequest.objects.get(pk=four.pk).status == RequestStatus.RECEIVED
    letter = SimpleUploadedFile("letter.txt", b"nor this")
    browser.post(page, {"confirmed": "yes", **said, "reason": "", "sender": sender.email, "proof": letter})
    with tenancy.vendor():
        found = DeletionRequest.objects.select_related("end_proof").filter(end_proof__isnull=False).order_by("pk")
        assert [(request.pk, request.end_proof.given_by) for request in found] == [
            (three.pk, sender.actor),
            (four.pk, sender.actor),
        ]
