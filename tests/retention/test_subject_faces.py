"""People's requests by REST and in the admin: who may read and do what, a pasted mail, bad input by field."""

import pytest
import time_machine
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts import tenancy
from accounts.models import LicensedUser
from retention.models import DeletionRequest, SubjectRequest
from retention.operations import subject_facts
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.retention.asking import NOW, a_client, again, forwarded, posted, taken

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
ASKED = {
    "kind": "erase",
    "channel": "mail",
    "received_at": NOW.isoformat(),
    "name": "Ann Lee",
    "email": "ann@canary.example",
    "words": "Please erase\neverything.",
}
MAIL = """Received: from mail.canary.example by mx.vendor.example; Mon, 3 Mar 2025 08:00:00 +0100
From: Ann Lee <Ann@canary.example>
To: privacy@vendor.example
Subject: my data
Date: Mon, 3 Mar 2025 08:00:00 +0100
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Qu'avez-vous sur moi ? Effacez-le.
"""


@pytest.fixture(autouse=True)
def noon():
    cache.clear()
    with time_machine.travel(NOW.replace(hour=12), tick=False):
        yield


@pytest.fixture
def client_():
    organization = a_client()
    a_member("client_privacy_officer", organization, email="dpo@client.example")
    return organization


def the_person(organization):
    with tenancy.vendor():
        return str(LicensedUser.objects.get(organization=organization, external_id="ann-1").public_id)


def signed_in(role, organization=None):
    browser = Client(raise_request_exception=True)
    browser.force_login(a_member(role, organization), backend="config.backends.EmailBackend")
    return browser


def page(act, row):
    return reverse(f"admin:retention_subjectrequest_{act}", args=[row.pk])


def test_by_rest_from_the_letter_to_the_decision(client_):
    officer, contact = caller("privacy_officer"), caller("client_privacy_officer", str(client_.public_id))
    made = officer("POST", "subject-requests", ASKED, expect=201)
    path = f"subject-requests/{made['public_id']}"
    assert (made["state"], made["due_on"], made["forward_by"]) == ("received", "2025-04-03", "2025-03-05")
    assert officer("GET", f"{path}/facts")["words"] == "Please erase\neverything."
    assert officer("GET", f"{path}/candidates") == [
        {"organization": str(client_.public_id), "name": client_.name, "people": 1}
    ]
    assert contact("GET", path, expect=404)["code"] == "not_found", "no client sees what is not forwarded to it"
    officer("POST", f"{path}/forward", {"organization": str(client_.public_id)})
    assert contact("GET", path)["state"] == "forwarded"
    assert contact("GET", f"{path}/facts")["email"] == "ann@canary.example"
    body = {"licensed_users": [the_person(client_)]}
    assert officer("POST", f"{path}/grant", body, expect=409)["code"] == "proof_needed"
    assert officer("POST", f"{path}/extend", {"reason": "complex"}, expect=409)["code"] == "clients_clock"
    assert contact("POST", f"{path}/doubt", {"reason": "address_unknown"})["state"] == "forwarded"
    assert contact("POST", f"{path}/grant", body, expect=409)["code"] == "doubt_open"
    assert contact("POST", f"{path}/settle-doubt")["identity"] == "client"
    assert contact("POST", f"{path}/extend", {"reason": "number"})["due_on"] == "2025-06-03"
    granted = contact("POST", f"{path}/grant", body)
    assert (granted["state"], granted["granted"]) == ("granted", True)
    opened = contact("GET", f"deletion-requests/{granted['request']}")
    assert (opened["origin"], opened["status"], opened["scope"]) == ("subject", "confirmed", "person")
    assert contact("POST", f"{path}/refuse", {"ground": "legal_claims", "reasons": "x"}, expect=409)
    letter = contact("GET", f"{path}/letter?name=forwarding")
    assert letter[:5] == b"%PDF-"
    assert contact("GET", f"{path}/letter?name=answered", expect=404)
    assert contact("GET", f"{path}/letter?name=love", expect=400)["errors"][0]["attr"] == "name"


def test_who_may_not_read_the_words_reads_the_register(client_):
    row = forwarded(client_)
    path = f"subject-requests/{row.public_id}"
    for role in ("auditor", "administrator"):
        assert caller(role)("GET", path)["state"] == "forwarded"
        for what in ("facts", "candidates", "letter?name=forwarding"):
            caller(role)("GET", f"{path}/{what}", expect=403)
    other = a_client(address="eve@elsewhere.example")
    neighbour = caller("client_privacy_officer", str(other.public_id))
    assert neighbour("GET", "subject-requests")["results"] == []
    for what in ("", "/facts", "/letter?name=forwarding"):
        neighbour("GET", f"{path}{what}", expect=404)
    neighbour("POST", f"{path}/refuse", {"ground": "legal_claims", "reasons": "x"}, expect=404)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "forget"}, "kind"),
        ({"channel": "page"}, "channel"),
        ({"received_at": "2025-03-04T12:00:00Z"}, "received_at"),
        ({"received_at": "yesterday"}, "received_at"),
        ({"name": " "}, "name"),
        ({"name": "x\x00"}, "name"),
        ({"email": "x"}, "email"),
        ({"channel": "letter", "email": ""}, "address"),
        ({"words": "x" * 5001}, "words"),
    ],
    ids=["kind", "channel", "future", "no-instant", "blank", "nul", "email", "no-address", "long"],
)
def test_bad_input_is_a_400_by_field_and_writes_nothing(values, field):
    answer = caller("privacy_officer")("POST", "subject-requests", {**ASKED, **values}, expect=400)
    assert [error["attr"] for error in answer["errors"]] == [field]
    with tenancy.vendor():
        assert not SubjectRequest.objects.exists()


@pytest.mark.parametrize(
    ("verb", "body", "field"),
    [
        ("grant", {"licensed_users": []}, "licensed_users"),
        ("grant", {"licensed_users": ["00000000-0000-4000-8000-000000000000"]}, "licensed_users"),
        ("refuse", {"ground": "legal_claims", "reasons": " "}, "reasons"),
        ("refuse", {"ground": "mood", "reasons": "x"}, "ground"),
        ("doubt", {}, "reason"),
        ("extend", {"reason": "holiday"}, "reason"),
    ],
    ids=["nobody", "a-stranger", "no-reasons", "no-ground", "no-doubt", "no-reason"],
)
def test_a_wrong_decision_is_a_400_by_field_and_decides_nothing(client_, verb, body, field):
    row = forwarded(client_)
    contact = caller("client_administrator", str(client_.public_id))
    answer = contact("POST", f"subject-requests/{row.public_id}/{verb}", body, expect=400)
    assert answer["errors"][0]["attr"].startswith(field)
    assert again(row).state == "forwarded"
    with tenancy.vendor():
        assert not DeletionRequest.objects.exists()


def test_what_is_right_about_a_person_is_no_grant_of_the_erasure_that_was_asked(client_):
    row, right = forwarded(client_), {"email": "new@canary.example"}
    contact = caller("client_administrator", str(client_.public_id))
    body = {"licensed_users": [the_person(client_)], "corrections": right}
    answer = contact("POST", f"subject-requests/{row.public_id}/grant", body, expect=400)
    assert [(error["attr"], error["code"]) for error in answer["errors"]] == [("corrections", "not_for_this_kind")]
    browser = signed_in("client_privacy_officer", client_)
    for lines in ("email: new@canary.example", "email: one@canary.example\nemail: two@canary.example"):
        form = {"confirmed": "yes", "people": "ann-1", "corrections": lines}
        assert "corrections" in browser.post(page("grant", row), form).context["form"].errors
    assert again(row).state == "forwarded"
    with tenancy.vendor():
        assert not DeletionRequest.objects.exists()


# The admin.


def test_a_pasted_mail_is_read_and_what_is_filled_in_counts_more(client_):
    officer = signed_in("privacy_officer")
    where = reverse("admin:retention_subjectrequest_add")
    form = {"confirmed": "yes", "kind": "erase", "channel": "mail", "language": "fr"}
    answer = officer.post(where, {**form, "mail": MAIL})
    assert answer.status_code == 302, answer.context["form"].errors
    with tenancy.vendor():
        row = SubjectRequest.objects.get()
    assert row.received_at.isoformat() == "2025-03-03T07:00:00+00:00"
    shown = officer.get(answer.headers["Location"]).content.decode()
    assert "Ann Lee" in shown and "Effacez-le" in shown
    offered = officer.get(page("forward", row)).content.decode()
    assert f"{client_.name} (1)" in offered and f'<option value="{client_.pk}" selected>' in offered
    answer = officer.post(where, {**form, "mail": "no mail at all"})
    assert answer.context["form"].errors["mail"][0].startswith("Paste the mail with its header")


@pytest.mark.parametrize(
    "more",
    [
        "",
        "Content-Type: text/plain\n",
        "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n",
    ],
    ids=["no-type", "no-charset", "another-charset"],
)
def test_letters_of_a_pasted_mail_stay_and_it_came_when_it_was_sent_where_nothing_says_more(client_, more):
    mail = f"From: Zoé Łąka <zoe@canary.example>\nDate: Sun, 2 Mar 2025 08:00:00 +0100\n{more}\nMes données, żółć."
    form = {"confirmed": "yes", "kind": "erase", "channel": "mail", "language": "fr", "mail": mail}
    answer = signed_in("privacy_officer").post(reverse("admin:retention_subjectrequest_add"), form)
    assert answer.status_code == 302, answer.context["form"].errors
    with tenancy.vendor():
        row = SubjectRequest.objects.get()
        known = subject_facts.opened(row)
    assert (known.name, known.words.strip()) == ("Zoé Łąka", "Mes données, żółć.")
    assert row.received_at.isoformat() == "2025-03-02T07:00:00+00:00"


def test_an_administrator_sees_the_register_and_nobody_in_it(client_):
    row = forwarded(client_)
    browser = signed_in("administrator")
    shown = browser.get(page("change", row)).content.decode()
    assert row.reference in shown
    for word in ("Ann Lee", "canary.example", "erase what you know"):
        assert word not in shown
    assert browser.get(reverse("admin:retention_subjectrequest_changelist")).status_code == 200
    assert browser.get(page("letter", row)).status_code == 404
    assert browser.get(page("forward", row)).status_code == 403


def test_staff_record_a_decision_with_proof_and_cannot_touch_the_clock(client_):
    row = forwarded(client_)
    browser = signed_in("privacy_officer")
    proof = SimpleUploadedFile("mail.txt", b"We grant it.", content_type="text/plain")
    answer = browser.post(page("doubt", row), {"confirmed": "yes", "reason": "data_differ"}, follow=True)
    assert [str(one) for one in answer.context["messages"]] == [
        "It is the client's clock: only the client stops or lengthens it."
    ]
    assert not again(row).doubts.exists()
    form = {"confirmed": "yes", "ground": "legal_claims", "reasons": "We need them."}
    form["sender"] = a_member("authorised_contact", client_).email
    assert "proof" in browser.post(page("refuse", row), form).context["form"].errors
    assert browser.post(page("refuse", row), {**form, "proof": proof}).status_code == 302
    row = again(row)
    assert (row.state, row.refusal) == ("answered", "legal_claims") and row.proof_id is not None
    assert "We need them." in posted()["Ann@canary.example"][-1].body


def test_a_late_request_is_red_in_the_list(client_):
    forwarded(client_)
    browser = signed_in("privacy_officer")
    where = reverse("admin:retention_subjectrequest_changelist")
    assert "text-red-600" not in browser.get(where).content.decode()
    with time_machine.travel("2025-04-04T12:00:00Z", tick=False):
        late = signed_in("privacy_officer").get(where).content.decode()
    assert "text-red-600" in late


def test_a_letter_is_downloaded_where_it_may_be_read(client_):
    row = forwarded(client_, taken(language="pl"))
    officer = signed_in("privacy_officer")
    answer = officer.get(page("letter", row) + "?name=acknowledged")
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/pdf"
    assert "no-store" in answer.headers["Cache-Control"] and row.reference in answer.headers["Content-Disposition"]
