"""The pages without sign-in, as somebody meets them who means no good: bad input, floods, made-up links."""

from dataclasses import replace

import pytest
import time_machine
from django.core.cache import cache

from accounts import tenancy
from accounts.models import LicensedUser
from accounts.operations import delivery
from retention.models import RequestSubject, SubjectRequest
from tests.admin.people import a_member
from tests.retention.asking import NOW, WHO, a_client, browser, forwarded, link_in, posted, sent, taken

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture(autouse=True)
def nobody_has_tried():
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def client_():
    organization = a_client()
    a_member("client_privacy_officer", organization, email="dpo@client.example")
    return organization


# The page, for everybody.


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"kind": "nothing", "name": "A", "email": "a@b.example"}, 400),
        ({"kind": "erase", "name": "", "email": "a@b.example"}, 400),
        ({"kind": "erase", "name": "A", "email": "a b"}, 400),
        ({"kind": "erase", "name": "A", "email": "a@b.example", "words": "x" * 5001}, 400),
        ({}, 400),
    ],
    ids=["kind", "name", "email", "words", "empty"],
)
def test_the_page_names_what_is_wrong_and_takes_nothing_down(values, status):
    assert sent(browser(), "/privacy/", **values).status_code == status
    with tenancy.vendor():
        assert not SubjectRequest.objects.exists()


def test_one_mailbox_is_mailed_three_times_an_hour_at_most():
    values = {"kind": "erase", "name": "A", "email": "Victim@b.example"}
    statuses = [sent(browser(), "/privacy/", **values).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert sent(browser(), "/privacy/", **{**values, "email": "victim@b.example"}).status_code == 429


def test_a_new_link_goes_to_the_address_of_the_request_only_and_the_answer_tells_nothing():
    row = taken()
    posted()
    answers = [
        sent(browser(), "/privacy/again", reference=reference, email=email)
        for reference, email in (
            (row.reference, "ann@canary.example"),
            (row.reference, "eve@elsewhere.example"),
            ("FFFFFFFF", "ann@canary.example"),
            ("no reference", "x"),
        )
    ]
    assert len({(answer.status_code, len(answer.content)) for answer in answers}) == 1
    mails = posted()
    assert list(mails) == ["Ann@canary.example"] and len(mails["Ann@canary.example"]) == 1


def test_links_are_sent_again_three_times_an_hour_at_most_however_the_address_is_written():
    row = taken(facts=replace(WHO, email="sassis@canary.example"))
    posted()
    for email in ("sassis", "\u017fassis", "sa\u017fsis", "SAS\u017fIS", "\uff53assis"):
        for host in ("canary.example", "CANARY.example"):
            sent(browser(), "/privacy/again", reference=row.reference, email=f"{email}@{host}")
    assert len(posted()["sassis@canary.example"]) == 3


@pytest.mark.parametrize("token", ["x", "a.b", "00000000-0000-4000-8000-000000000000.AAAA", "%00", "é" * 50])
def test_a_made_up_link_opens_nothing(token):
    for path in (f"/privacy/link/{token}", f"/privacy/decide/{token}"):
        assert browser().get(path).status_code == 410


def test_a_contacts_link_is_no_persons_and_the_other_way_round(client_):
    forwarded(client_)
    mails = posted()
    decide, person = link_in(mails["dpo@client.example"][0]), link_in(mails["Ann@canary.example"][-1])
    assert browser().get(decide.replace("decide", "link")).status_code == 410
    assert browser().get(person.replace("link", "decide")).status_code == 410


@pytest.mark.parametrize("others", ["\r\n \r\na\0b", "\r\n\r\nnobody@client.example"], ids=["nul", "unknown"])
def test_a_line_that_names_nobody_is_said_by_its_number_on_the_contacts_page(client_, others):
    forwarded(client_)
    decide = link_in(posted()["dpo@client.example"][0])
    answer = sent(browser(), decide, action="grant", others=others)
    assert answer.status_code == 400 and "Line 3: nobody of yours" in answer.content.decode()
    with tenancy.vendor():
        assert SubjectRequest.objects.get().granted is None


@pytest.mark.parametrize("action", ["grant", "refuse"])
def test_who_hears_of_the_decision_is_told_by_its_reference_which_request_it_is(client_, action):
    officer = a_member("privacy_officer")
    row = forwarded(client_)
    decide = link_in(posted()["dpo@client.example"][0])
    with tenancy.vendor():
        person = str(LicensedUser.objects.get(email="ann@canary.example").public_id)
    chosen = {"people": person, "ground": "legal_claims", "reasons": "A dispute."}
    assert sent(browser(), decide, action=action, **chosen).status_code == 200
    mails = posted()
    subject = f"Decided: a person's request ({row.reference})"
    assert [subject in [one.subject for one in mails[to]] for to in ("dpo@client.example", officer.email)] == [True] * 2


def test_every_mail_about_a_persons_request_is_told_what_its_letters_say():
    topics = {topic for topic in delivery.AUDIENCE if topic.startswith("subject_request.")}
    assert topics and topics <= delivery.FACTS.keys()


def test_without_the_link_the_own_page_is_closed():
    taken()
    visitor = browser()
    assert visitor.get("/privacy/own").status_code == 403
    assert visitor.get("/privacy/own/letters/acknowledged.pdf").status_code == 404
    visitor.cookies["terme_privacy"] = str(taken().public_id)
    assert visitor.get("/privacy/own").status_code == 403


def test_nobody_keeps_the_pages_and_they_load_nothing_from_elsewhere():
    answer = browser().get("/privacy/")
    assert answer.headers["Cache-Control"] == "no-store" and answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_an_external_id_that_was_used_before_is_who_has_it_now_on_the_contacts_page(client_):
    with tenancy.vendor():
        now = LicensedUser.objects.get(organization=client_, external_id="ben-1")
        before = LicensedUser.objects.filter(organization=client_, pk__lt=now.pk).earliest("pk")
        gone = {"status": "deleted", "delete_at": NOW, "deleted_at": NOW}
        LicensedUser.objects.filter(pk=before.pk).update(external_id="ben-1", **gone)
    forwarded(client_)
    sent(browser(), link_in(posted()["dpo@client.example"][0]), action="grant", others="ben-1")
    with tenancy.vendor():
        assert [one.licensed_user_id for one in RequestSubject.objects.all()] == [now.pk]
