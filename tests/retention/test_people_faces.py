"""Requests about people by REST and in the browser: who decides, what is shown, bad input by field, two at once."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts import tenancy
from accounts.models import AuditDetail, LicensedUser
from retention.models import DeletionRequest, LegalHold, RequestSubject
from retention.operations import people_requests
from tests.accounts.parties import at_once
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.retention.under_contract import CLIENT, NOW, a_client, person
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def client_():
    return a_client()


@pytest.fixture
def sign_in():
    """Return a browser in which a new member of this role is signed in."""

    def make(role, organization=None):
        browser = Client(raise_request_exception=True)
        browser.force_login(a_member(role, organization), backend="config.backends.EmailBackend")
        return browser

    return make


def the_person(organization, external_id="ann-1"):
    return str(person(organization, external_id).public_id)


def test_by_rest_the_client_asks_staff_approve_and_it_is_taken_back_and_refused(client_):
    contact, officer = caller("client_privacy_officer", str(client_.public_id)), caller("privacy_officer")
    body = {"organization": str(client_.public_id), "licensed_users": [the_person(client_)], "note": "left us"}
    made = contact("POST", "deletion-requests", body, expect=201)
    assert (made["scope"], made["status"], made["blocked_by"]) == ("person", "confirmed", ["not_approved"])
    path = f"deletion-requests/{made['public_id']}"
    shown = officer("GET", f"{path}/impact")
    assert (shown["people"], shown["stores"]["messages"], shown["in_shared_conversations"]) == (1, 7, 1)
    approved = officer("POST", f"{path}/approve")
    assert approved["grace_until"] is not None and approved["blocked_by"] == ["grace_runs"]
    back = contact("POST", f"{path}/take-back", {"reason": "a mistake"})
    assert (back["status"], back["grace_until"]) == ("confirmed", None)
    assert contact("POST", f"{path}/take-back", {}, expect=409)["code"] == "request_not_in_that_state"
    refused = officer("POST", f"{path}/refuse", {"ground": "legal_obligation", "reason": "the tax office asks"})
    assert (refused["status"], refused["refusal"]) == ("refused", "legal_obligation")
    assert officer("GET", f"deletion-requests?scope=person&organization={client_.public_id}")["results"]


def test_what_staff_take_down_waits_for_the_client(client_):
    contact, officer = caller("client_privacy_officer", str(client_.public_id)), caller("privacy_officer")
    body = {"organization": str(client_.public_id), "department": "Sales"}
    made = officer("POST", "deletion-requests", body, expect=201)
    assert (made["scope"], made["status"]) == ("department", "received")
    path = f"deletion-requests/{made['public_id']}"
    assert officer("POST", f"{path}/decide", expect=409)["code"] == "proof_needed"
    assert officer("POST", f"{path}/approve", expect=409)["code"] == "request_not_in_that_state"
    assert contact("POST", f"{path}/decide")["status"] == "confirmed"
    assert contact("POST", f"{path}/approve", expect=403)["errors"]
    for act in ("pause", "resume", "retry-stores"):
        assert officer("POST", f"{path}/{act}", expect=409)["code"] == "no_run"


def a_letter():
    return SimpleUploadedFile("letter.txt", b"please erase all")


def test_for_everything_of_a_client_staff_need_its_word(sign_in):
    left = an_organization()
    body = {"organization": str(left.public_id)}
    assert caller("privacy_officer")("POST", "deletion-requests", body, expect=409)["code"] == "proof_needed"
    add, officer = reverse("admin:retention_deletionrequest_add"), sign_in("privacy_officer")
    form = {"organization": left.pk, "people": "", "department": "", "note": "", "confirmed": "yes"}
    assert "proof" in officer.post(add, form).context["form"].errors
    with tenancy.vendor():
        assert not DeletionRequest.objects.exists()
    for sender in ("", "somebody@else.example", a_member("client_finance", left).email):
        answer = officer.post(add, {**form, "sender": sender, "proof": a_letter()})
        assert "sender" in answer.context["form"].errors, "not everybody speaks for the client"
    contact = a_member("authorised_contact", left)
    officer.post(add, {**form, "sender": contact.email.upper(), "proof": a_letter()})
    with tenancy.vendor():
        request = DeletionRequest.objects.get()
        assert (request.origin, request.scope) == ("client", "organization")
        assert request.proof.given_by == contact.actor
    other = an_organization()
    contact = caller("client_privacy_officer", str(other.public_id))
    made = contact("POST", "deletion-requests", {"organization": str(other.public_id)}, expect=201)
    assert (made["origin"], made["scope"]) == ("client", "organization"), "its own member asks without"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"licensed_users": [NOBODY]}, "licensed_users"),
        ({"licensed_users": ["x"]}, "licensed_users.0"),
        ({"licensed_users": "ann-1"}, "licensed_users"),
        ({"department": "Nowhere"}, "department"),
        ({"department": "Sales", "note": "x\x00"}, "note"),
        ({"department": "D" * 121}, "department"),
    ],
    ids=["unknown", "no-id", "no-list", "no-such-department", "a-nul", "too-long"],
)
def test_bad_input_is_a_400_by_field_and_writes_nothing(client_, values, field):
    officer = caller("privacy_officer")
    answer = officer("POST", "deletion-requests", {"organization": str(client_.public_id), **values}, expect=400)
    assert [error["attr"] for error in answer["errors"]] == [field]
    with tenancy.vendor():
        assert not DeletionRequest.objects.exists() and not RequestSubject.objects.exists()


@pytest.mark.parametrize(
    "scope",
    [{"licensed_users": []}, {"department": ""}, {"department": " "}, {"licensed_users": [], "department": ""}],
)
def test_an_empty_list_of_people_is_never_taken_for_everything(client_, scope):
    contact = caller("client_privacy_officer", str(client_.public_id))
    body = {"organization": str(client_.public_id), **scope}
    errors = contact("POST", "deletion-requests", body, expect=400)["errors"]
    assert {(error["attr"], error["code"]) for error in errors} == {(name, "empty") for name in scope}
    with tenancy.vendor():
        assert not DeletionRequest.objects.exists()


def test_what_is_right_about_a_person_is_no_erasure_of_everything(sign_in):
    left = an_organization()
    contact = caller("client_privacy_officer", str(left.public_id))
    body = {"organization": str(left.public_id), "corrections": {"email": "new@client.example"}}
    codes = {error["code"] for error in contact("POST", "deletion-requests", body, expect=400)["errors"]}
    assert "not_for_this_kind" in codes
    form = {"organization": left.pk, "people": "", "department": "", "confirmed": "yes"}
    browser, add = sign_in("client_privacy_officer", left), reverse("admin:retention_deletionrequest_add")
    assert browser.post(add, {**form, "corrections": "email = new@client.example"}).context["form"].errors
    for name in ("people", "department"):
        assert name in browser.post(add, {**form, name: " \r\n "}).context["form"].errors
    with tenancy.vendor():
        assert not DeletionRequest.objects.exists()


def test_a_note_on_the_erasure_of_everything_is_kept(sign_in):
    one, two = an_organization(), an_organization()
    body = {"organization": str(one.public_id), "note": "as agreed"}
    made = caller("client_privacy_officer", str(one.public_id))("POST", "deletion-requests", body, expect=201)
    form = {"organization": two.pk, "people": "", "department": "", "note": "as agreed", "confirmed": "yes"}
    sign_in("client_privacy_officer", two).post(reverse("admin:retention_deletionrequest_add"), form)
    with tenancy.vendor():
        assert AuditDetail.objects.filter(text={"note": "as agreed"}).count() == 2
        assert DeletionRequest.objects.exclude(public_id=made["public_id"]).get().organization == two


@pytest.mark.parametrize("scope", [{"licensed_user": None}, {"department": ""}, {"department": " "}])
def test_a_hold_on_nobody_is_none_on_everybody(client_, sign_in, scope):
    body = {"organization": str(client_.public_id), "ground": "law", "citation": "x", "review_on": "2099-01-01"}
    errors = caller("privacy_officer")("POST", "legal-holds", {**body, **scope}, expect=400)["errors"]
    assert [(error["attr"], error["code"]) for error in errors] == [(next(iter(scope)), "empty")]
    form = {**body, "organization": client_.pk, "confirmed": "yes", "person": " "}
    page = sign_in("privacy_officer").post(reverse("admin:retention_legalhold_add"), form)
    assert "person" in page.context["form"].errors
    with tenancy.vendor():
        assert not LegalHold.objects.exists()


def test_in_the_browser_an_external_id_that_was_used_before_is_who_has_it_now(client_, sign_in):
    now = person(client_, "cyd-1")
    with tenancy.vendor():
        before = person(client_, "ann-1")
        LicensedUser.objects.filter(pk=before.pk).update(
            external_id="cyd-1", status="deleted", delete_at=NOW, deleted_at=NOW
        )
    form = {"organization": client_.pk, "people": "cyd-1", "department": "", "confirmed": "yes"}
    sign_in("client_privacy_officer", client_).post(reverse("admin:retention_deletionrequest_add"), form)
    with tenancy.vendor():
        assert RequestSubject.objects.get().licensed_user_id == now.pk


def test_a_client_reaches_no_neighbour(client_):
    neighbour = a_client()
    contact = caller("client_privacy_officer", str(client_.public_id))
    body = {"organization": str(client_.public_id), "licensed_users": [the_person(neighbour)]}
    assert contact("POST", "deletion-requests", body, expect=400)["errors"][0]["code"] == "unknown"
    body["organization"] = str(neighbour.public_id)
    assert contact("POST", "deletion-requests", body, expect=400)["errors"][0]["code"] == "unknown_organization"


@pytest.mark.parametrize(
    ("values", "field"),
    [({"ground": "because"}, "ground"), ({}, "ground"), ({"ground": "legal_claims", "reason": "\x00"}, "reason")],
    ids=["unknown-ground", "no-ground", "a-nul"],
)
def test_a_refusal_names_its_ground(client_, values, field):
    officer = caller("privacy_officer")
    body = {"organization": str(client_.public_id), "licensed_users": [the_person(client_)]}
    path = f"deletion-requests/{officer('POST', 'deletion-requests', body, expect=201)['public_id']}"
    assert officer("POST", f"{path}/refuse", values, expect=400)["errors"][0]["attr"] == field


def test_by_rest_a_hold_covers_a_person_or_a_department(client_):
    officer = caller("privacy_officer")
    body = {
        "organization": str(client_.public_id),
        "ground": "law",
        "citation": "Art. 145",
        "review_on": "2099-01-01",
    }
    one = officer("POST", "legal-holds", {**body, "licensed_user": the_person(client_)}, expect=201)
    assert (one["scope"], one["department"]) == ("person", "")
    two = officer("POST", "legal-holds", {**body, "department": "Sales"}, expect=201)
    assert (two["scope"], two["department"]) == ("department", "Sales")
    for values in ({"licensed_user": NOBODY}, {"department": "Nowhere"}):
        assert officer("POST", "legal-holds", {**body, **values}, expect=400)["errors"][0]["attr"] == next(iter(values))


def test_two_requests_about_one_person_at_once_become_one(client_):
    ann = person(client_, "ann-1").public_id

    def ask():
        with tenancy.vendor():
            return people_requests.open_for_people(client_, people=[ann], decided=True, now=NOW, by=CLIENT)

    found = at_once(ask, ask)
    assert sorted(type(one).__name__ for one in found) == ["DeletionRequest", "PersonInRequest"]
    with tenancy.vendor():
        assert (DeletionRequest.objects.count(), RequestSubject.objects.count()) == (1, 1)


class TestInTheBrowser:
    def added(self, browser, organization, **values):
        form = {"organization": organization.pk, "people": "", "department": "", "note": "", "confirmed": "yes"}
        return browser.post(reverse("admin:retention_deletionrequest_add"), {**form, **values})

    def test_people_are_named_as_the_client_calls_them(self, client_, sign_in):
        officer = sign_in("privacy_officer")
        unknown = self.added(officer, client_, people="ann-1\nzoe-9")
        assert "zoe-9" in str(unknown.context["form"].errors["people"])
        assert self.added(officer, client_, people="ann-1\nben-1").status_code == 302
        with tenancy.vendor():
            request = DeletionRequest.objects.get()
            assert (request.scope, request.status, request.subjects.count()) == ("people", "received", 2)
        text = officer.get(reverse("admin:retention_deletionrequest_change", args=[request.pk])).content.decode()
        assert "The client has not decided yet." in text and "What an erasure takes" in text
        decide = reverse("admin:retention_deletionrequest_decide", args=[request.pk])
        assert "proof" in officer.post(decide, {"confirmed": "yes"}).context["form"].errors
        contact = a_member("authorised_contact", client_).email
        officer.post(decide, {"confirmed": "yes", "sender": contact, "proof": a_letter()})
        with tenancy.vendor():
            request.refresh_from_db()
            assert (request.status, request.proof_id is not None) == ("confirmed", True)

    def test_a_hold_on_somebody_unknown_is_told_by_its_field(self, client_, sign_in):
        form = {
            "organization": client_.pk,
            "ground": "law",
            "citation": "Art. 145",
            "review_on": "2099-01-01",
            "person": "zoe-9",
            "department": "",
            "confirmed": "yes",
        }
        officer = sign_in("privacy_officer")
        wrong = officer.post(reverse("admin:retention_legalhold_add"), form)
        assert "person" in wrong.context["form"].errors
        assert officer.post(reverse("admin:retention_legalhold_add"), {**form, "person": "ann-1"}).status_code == 302
        with tenancy.vendor():
            assert LegalHold.objects.get().scope == "person"
