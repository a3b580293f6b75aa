"""Every state change in the admin: asked first, done by its operation, refused aloud."""

import json
from datetime import date

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts import tenancy
from accounts.enums import LicenceStatus, Role
from accounts.models import ApiToken, AuditDetail, AuditEvent, Document, LicensedUser, Membership
from contracts.enums import ContractStatus
from contracts.models import Contract, Notice
from retention.enums import Decision, RequestStatus
from retention.models import AggregateArchive, ArchiveAuthorization, Certificate, Export, LegalHold
from retention.operations import exports, requests
from retention.operations.certificates import public_pem
from tests.admin.people import a_member
from tests.admin.world import NOW, a_client_that_left, a_client_that_stays
from tests.contracts.agreements import a_draft, a_signed_contract, at
from tests.retention.test_life import a_leaving_client, live_until, the_request
from tests.retention.vaults import an_organization, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"])


def page(obj, action):
    return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_{action}", args=[obj.pk])


def fresh(obj):
    with tenancy.vendor():
        return type(obj)._default_manager.get(pk=obj.pk)


def said(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


def act(client, obj, action, name="", **data):
    """Ask, see the confirmation page that names the object and has changed nothing, then confirm."""
    before = fresh(obj).__dict__ | {"_state": None}
    for asked in (client.get(page(obj, action)), client.post(page(obj, action), data)):
        assert asked.status_code == 200
        assert (name or str(obj)) in asked.content.decode()
        assert 'name="confirmed"' in asked.content.decode()
    assert fresh(obj).__dict__ | {"_state": None} == before
    return client.post(page(obj, action), {**data, "confirmed": "yes"})


def buttons(client, obj):
    answer = client.get(reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk]))
    items = [one for item in answer.context["actions_detail"] for one in item.get("items", [item])]
    return {item["path"].rstrip("/").rsplit("/", 1)[-1] for item in items}


def last_event():
    with tenancy.vendor():
        return AuditEvent.objects.order_by("pk").last()


def test_a_draft_is_signed_and_then_cancelled_and_then_nothing_more(sign_in):
    draft = a_draft(an_organization(), starts_on=date(2098, 1, 1))
    client = sign_in("administrator")
    assert buttons(client, draft) == {"sign", "cancel"}
    answer = act(client, draft, "sign")
    assert (answer.status_code, said(answer)) == (302, ["Signed 1 contract."])
    assert (last_event().name, last_event().actor) == ("contract.signed", f"user:{client.user.public_id}")
    again = client.post(page(draft, "sign"), {"confirmed": "yes"})
    assert (again.status_code, said(again)[-1]) == (302, "The contract is not in a state that allows this.")
    binding = {"amend", "cancel", "give-notice", "quote", "terminate", "what-leaving-costs"}
    assert buttons(client, draft) == binding
    assert said(act(client, draft, "cancel"))[-1] == "Cancelled 1 contract."
    assert fresh(draft).status == ContractStatus.CANCELLED.value
    assert buttons(client, draft) == set()


def test_an_action_of_the_list_shows_whom_it_touches_and_counts_what_was_done(sign_in):
    organization = an_organization()
    drafts = [a_draft(organization, reference=f"C-{number}") for number in range(3)]
    signed = a_signed_contract(organization, reference="C-9")
    client = sign_in("contract_manager")
    ticked = {"action": "sign_selected", "_selected_action": [one.pk for one in (*drafts[:2], signed)]}
    listed = reverse("admin:contracts_contract_changelist")
    asked = client.post(listed, ticked)
    text = asked.content.decode()
    assert asked.status_code == 200
    assert [f"C-{number}" in text for number in (0, 1, 2, 9)] == [True, True, False, False]
    assert fresh(drafts[0]).status == ContractStatus.DRAFT.value
    answer = client.post(listed, {**ticked, "confirmed": "yes"})
    assert said(answer) == ["Signed 2 contracts."]
    assert [fresh(one).status for one in drafts] == ["signed", "signed", "draft"]
    nothing = client.post(listed, {**ticked, "confirmed": "yes"})
    assert said(nothing)[-1] == "None of the selected can be changed in this way."


def test_a_list_action_reports_what_was_refused(sign_in):
    ann, ben = people_of(an_organization(), "ann", "ben", status=LicenceStatus.SUSPENDED, **SUSPENDED)
    with tenancy.vendor():
        LicensedUser.objects.filter(pk=ann.pk).update(status="active", suspended_at=None, suspension_reason="")
    client = sign_in("support")
    ticked = {"action": "reinstate_selected", "_selected_action": [ann.pk, ben.pk], "confirmed": "yes"}
    answer = client.post(reverse("admin:accounts_licenseduser_changelist"), ticked)
    assert said(answer) == ["Ben: No licence of the organization is in force."]


SUSPENDED = {"suspended_at": NOW, "suspension_reason": "client_decision"}
NOTICE = {"kind": "non_renewal", "channel": "email", "entitled": "on"}


def test_notice_is_given_with_its_proof_and_withdrawn(sign_in):
    contract = a_signed_contract(an_organization())
    live_until(at("2025-01-02"))
    client = sign_in("contract_manager")
    proof = SimpleUploadedFile("fax żółty.pdf", b"%PDF", content_type="application/pdf")
    asked = client.get(page(contract, "give_notice"))
    assert asked.status_code == 200 and "C-1" in asked.content.decode()
    form = {**NOTICE, "sent_on": "2025-06-01", "received_on": "2025-06-02", "proof": proof, "confirmed": "yes"}
    answer = client.post(page(contract, "give_notice"), form)
    assert said(answer) == ["Notice recorded: In time. The contract's last day is 31 Dec 2025."]
    with tenancy.vendor():
        notice, document = Notice.objects.get(), Document.objects.get()
    assert notice.proof_id == document.pk and document.filename == "fax żółty.pdf"
    refused = client.post(page(contract, "give_notice"), {**form, "proof": SimpleUploadedFile("again.pdf", b"%PDF")})
    assert refused.status_code == 200
    assert "This side has given notice already." in refused.content.decode()
    # The sweeps have not ended it yet, so the notice may still be taken back while its end lies ahead.
    with tenancy.vendor():
        Contract.objects.filter(pk=contract.pk).update(ends_at=at("2099-01-01"))
    agreed = {"proof": SimpleUploadedFile("agreed.pdf", b"%PDF"), "confirmed": "yes"}
    assert "proof" in client.post(page(contract, "withdraw_notice"), {"confirmed": "yes"}).context["form"].errors
    assert said(client.post(page(contract, "withdraw_notice"), agreed))[-1] == "Withdrew 1 notice."
    assert fresh(notice).withdrawn_at is not None


def test_faults_of_a_notice_stand_beside_their_fields_and_leave_no_document(sign_in):
    contract = a_signed_contract(an_organization())
    proof = SimpleUploadedFile("p.pdf", b"%PDF")
    form = {**NOTICE, "sent_on": "2099-06-01", "received_on": "2099-06-01", "proof": proof, "confirmed": "yes"}
    answer = sign_in("contract_manager").post(page(contract, "give_notice"), form)
    assert answer.status_code == 200
    assert "contract's zone" in answer.context["form"].errors["sent_on"][0]
    with tenancy.vendor():
        assert not Document.objects.exists() and not Notice.objects.exists()


def test_a_client_gives_its_own_notice_here_and_now_whatever_it_posts(sign_in):
    organization = an_organization()
    contract = a_signed_contract(organization)
    live_until(at("2025-01-02"))
    client = sign_in("authorised_contact", organization)
    form = {**NOTICE, "party": "vendor", "sent_on": "2025-01-01", "confirmed": "yes"}
    assert client.post(page(contract, "give_notice"), form).status_code == 302
    with tenancy.vendor():
        notice = Notice.objects.get()
    assert (notice.party, notice.channel, notice.entitled) == ("client", "portal", True)
    assert notice.sent_on == notice.received_on > date(2026, 1, 1)
    assert client.get(page(contract, "withdraw_notice")).status_code == 403


def test_users_are_suspended_for_a_reason_and_reinstated(sign_in):
    organization = an_organization()
    a_signed_contract(organization)
    live_until(at("2025-01-02"))
    (ann,) = people_of(organization, "ann", status=LicenceStatus.ACTIVE)
    client = sign_in("client_administrator", organization)
    assert said(act(client, ann, "suspend", reason="client_rule")) == ["Suspended 1 user."]
    assert (fresh(ann).status, fresh(ann).suspension_reason) == ("suspended", "client_rule")
    again = client.post(page(ann, "suspend"), {"reason": "client_rule", "confirmed": "yes"})
    assert "The user&#x27;s state has changed meanwhile." in again.content.decode()
    assert said(act(client, ann, "reinstate"))[-1] == "Reinstated 1 user."
    assert fresh(ann).status == "active"
    wrong = client.post(page(ann, "suspend"), {"reason": "licence_ended", "confirmed": "yes"})
    assert wrong.context["form"].errors["reason"]


@pytest.fixture
def request_():
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    found = the_request(organization)
    found.organization = organization  # outside a scope it cannot be looked up
    return found


def test_a_request_goes_its_way_through_two_people(request_, sign_in):
    manager, officer = sign_in("contract_manager"), sign_in("privacy_officer")
    assert officer.get(page(request_, "confirm_end")).status_code == 403
    refused = officer.post(page(request_, "approve"), {"confirmed": "yes"})
    assert said(refused) == ["The request is not in a state that allows this."]
    assert said(act(manager, request_, "confirm_end")) == ["Confirmed 1 end."]
    again = manager.post(page(request_, "confirm_end"), {"confirmed": "yes"})
    assert said(again)[-1] == "The request is not in a state that allows this."
    assert said(act(officer, request_, "approve"))[-1] == "Approved 1 erasure."
    assert fresh(request_).status == RequestStatus.APPROVED


def test_who_confirmed_cannot_approve(request_, sign_in):
    officer = sign_in("privacy_officer")
    with tenancy.vendor():
        requests.confirm_end(request_, now=NOW, by=f"user:{officer.user.public_id}")
    answer = officer.post(page(request_, "approve"), {"confirmed": "yes"})
    assert "Another person must approve" in said(answer)[0]
    assert fresh(request_).status == RequestStatus.CONFIRMED


def test_a_request_is_given_up_for_a_reason_that_can_be_erased(request_, sign_in):
    alone = sign_in("privacy_officer").post(page(request_, "cancel"), {"confirmed": "yes"})
    assert "no ground to stay" in alone.content.decode()
    a_signed_contract(request_.organization, reference="C-2", starts_on=date(2026, 3, 1))
    answer = act(sign_in("privacy_officer"), request_, "cancel", reason="A successor is signed")
    assert said(answer) == ["Gave up 1 request."]
    with tenancy.vendor():
        assert AuditDetail.objects.get(event_id=last_event().pk).text == {"reason": "A successor is signed"}
    refused = sign_in("privacy_officer").post(page(request_, "cancel"), {"confirmed": "yes"})
    assert "not in a state" in refused.content.decode()


def test_the_export_is_made_and_fetched(request_, sign_in):
    client = sign_in("privacy_officer")
    assert said(act(client, request_, "make_export")) == ["Made 1 export."]
    with tenancy.vendor():
        export = Export.objects.get(request=request_)
    assert client.get(page(export, "download")).status_code == 403, "the vendor's staff never open an export"
    client = sign_in("client_privacy_officer", request_.organization)
    answer = client.get(page(export, "download"))
    data = b"".join(answer.streaming_content)
    assert (answer["Content-Type"], data[:2], len(data)) == ("application/zip", b"PK", export.size)
    assert fresh(export).first_fetched_at is not None
    refused = client.post(page(request_, "waive_export"), {"confirmed": "yes"})
    assert "decided otherwise" in refused.content.decode()
    exports.remove_file(export.public_id)
    gone = client.get(page(export, "download"))
    assert (gone.status_code, said(gone)[-1]) == (302, "The file of this export is not there any more.")
    assert sign_in("support").get(page(export, "download")).status_code == 403


def test_the_export_is_waived_by_the_clients_word(request_, sign_in):
    officer = sign_in("privacy_officer")
    asked = officer.post(page(request_, "waive_export"), {"confirmed": "yes"})
    assert set(asked.context["form"].errors) == {"proof", "sender"}, "both are named at once"
    with tenancy.vendor():
        contact = a_member("authorised_contact", request_.organization)
    for given, wrong in (
        ({"proof": SimpleUploadedFile("letter.txt", b"no copy")}, "sender"),
        ({"sender": contact.email}, "proof"),
    ):
        asked = officer.post(page(request_, "waive_export"), {**given, "confirmed": "yes"})
        assert wrong in asked.context["form"].errors
    assert fresh(request_).export_decision == Decision.PENDING
    form = {"proof": SimpleUploadedFile("letter.txt", b"no copy"), "sender": contact.email, "confirmed": "yes"}
    assert said(officer.post(page(request_, "waive_export"), form)) == ["Waived 1 export."]
    with tenancy.vendor():
        waived = type(request_).objects.select_related("export_proof").get(pk=request_.pk)
    assert (waived.export_decision, waived.export_proof.given_by) == (Decision.DECLINED, contact.actor)


def test_the_clients_own_member_waives_the_export_without(request_, sign_in):
    client = sign_in("client_privacy_officer", request_.organization)
    assert said(act(client, request_, "waive_export")) == ["Waived 1 export."]
    assert fresh(request_).export_decision == Decision.DECLINED


def test_the_archive_is_authorised_with_proof_and_made(request_, sign_in):
    client = sign_in("privacy_officer")
    refused = client.post(page(request_, "make_archive"), {"confirmed": "yes"})
    assert said(refused) == ["The client has not authorised that aggregated reports are kept."]
    proof = SimpleUploadedFile("letter.pdf", b"%PDF")
    with tenancy.vendor():
        contact = a_member("authorised_contact", request_.organization).email
    form = {"proof": proof, "sender": contact, "confirmed": "yes"}
    answer = client.post(page(request_, "authorise_archive"), form)
    assert said(answer)[-1] == "Recorded 1 authorisation."
    with tenancy.vendor():
        assert ArchiveAuthorization.objects.get().proof.filename == "letter.pdf"
    assert said(act(client, request_, "make_archive"))[-1] == "Made 1 archive."
    with tenancy.vendor():
        assert AggregateArchive.objects.filter(request=request_).count() == 1
    again = client.post(page(request_, "decline_archive"), {"confirmed": "yes"})
    assert "decided already" in said(again)[-1]


def test_the_client_decides_about_the_archive_but_does_not_make_it(request_, sign_in):
    with tenancy.vendor():
        organization = request_.organization
    client = sign_in("client_privacy_officer", organization)
    assert said(act(client, request_, "refuse_archive")) == ["Recorded 1 refusal."]
    assert client.post(page(request_, "make_archive"), {"confirmed": "yes"}).status_code == 403
    assert "make-archive" not in buttons(client, request_)
    assert said(act(client, request_, "decline_archive"))[-1] == "Declined 1 archive."
    assert fresh(request_).archive_decision == Decision.DECLINED


HOLD = {"ground": "law", "citation": "Art. 145", "review_on": "2099-01-01"}


def test_a_hold_is_placed_on_a_request_and_released(request_, sign_in):
    client = sign_in("privacy_officer")
    assert said(act(client, request_, "hold", **HOLD)) == ["Placed 1 hold."]
    with tenancy.vendor():
        hold = LegalHold.objects.get()
    text = client.get(reverse("admin:retention_deletionrequest_change", args=[request_.pk])).content.decode()
    assert "A legal hold is in force." in text and "The erasure is not approved." in text
    kept = client.post(page(hold, "keep"), {"review_on": "2020-01-01", "confirmed": "yes"})
    assert kept.context["form"].errors["review_on"] == ["The review date must lie ahead."]
    assert said(act(client, hold, "keep", review_on="2099-06-01"))[-1] == "Kept 1 hold."
    assert last_event().data == {"review_on": "2099-06-01", "before": HOLD["review_on"]}
    assert said(act(client, hold, "release"))[-1] == "Released 1 hold."
    again = client.post(page(hold, "release"), {"confirmed": "yes"})
    assert said(again)[-1] == "The hold was released already."
    past = client.post(page(request_, "hold"), {**HOLD, "review_on": "2020-01-01", "confirmed": "yes"})
    assert past.context["form"].errors["review_on"] == ["The review date must lie ahead."]


def test_a_hold_that_comes_too_late_is_said_and_recorded(sign_in):
    organization = a_client_that_left()
    form = {**HOLD, "organization": organization.pk, "confirmed": "yes"}
    answer = sign_in("privacy_officer").post(reverse("admin:retention_legalhold_add"), form)
    assert answer.status_code == 302 and "too late" in said(answer)[0]
    assert last_event().name == "legal_hold.refused"


def test_the_certificate_and_its_public_key_are_files(sign_in):
    a_client_that_left()
    with tenancy.vendor():
        certificate = Certificate.objects.get()
    client = sign_in("auditor")
    answer = client.get(page(certificate, "download"))
    assert json.loads(answer.content) == certificate.document
    assert f"certificate-{certificate.public_id}.json" in answer["Content-Disposition"]
    key = client.get(reverse("admin:retention_certificate_public_key"))
    assert key.content.decode() == public_pem() and "attachment" in key["Content-Disposition"]


def test_a_document_is_fetched_in_pieces_and_missed_aloud(sign_in, settings):
    a_client_that_stays()
    with tenancy.vendor():
        document = Document.objects.get()
    client = sign_in("auditor")
    answer = client.get(page(document, "download"))
    assert b"".join(answer.streaming_content) == b"%PDF proof"
    assert "proof of fax.pdf" in answer["Content-Disposition"] and "attachment" in answer["Content-Disposition"]
    (file,) = settings.DOCUMENTS_DIR.rglob("*.bin")
    file.write_bytes(b"changed")
    broken = client.get(page(document, "download"))
    assert broken.status_code == 302 and "changed" in said(broken)[0]
    assert sign_in("finance").get(page(document, "download")).status_code == 403


def test_a_token_is_revoked(sign_in):
    a_client_that_stays()
    with tenancy.vendor():
        token = ApiToken.objects.get()
    client = sign_in("administrator")
    assert said(act(client, token, "revoke")) == ["Revoked 1 token."]
    assert fresh(token).revoked_at is not None and buttons(client, token) == set()
    assert sign_in("privacy_officer").get(page(token, "revoke")).status_code == 403


def test_a_role_is_taken_away_but_the_last_administrator_stays(sign_in):
    client = sign_in("administrator")
    other = a_member("support")
    with tenancy.vendor():
        mine, theirs = Membership.objects.get(user=client.user), Membership.objects.get(user=other)
    asked = client.get(page(theirs, "remove"))
    assert other.name in asked.content.decode()
    assert said(client.post(page(theirs, "remove"), {"confirmed": "yes"})) == ["Took 1 role away."]
    with tenancy.vendor():
        assert not Membership.objects.filter(user=other).exists()
    refused = client.post(page(mine, "remove"), {"confirmed": "yes"})
    assert said(refused)[-1] == "The last administrator stays."
    assert fresh(mine).role == Role.ADMINISTRATOR
