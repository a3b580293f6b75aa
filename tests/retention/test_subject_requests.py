"""The life of a person's request: asked on the page, confirmed, forwarded, decided by a link, carried out, answered."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache

from accounts import tenancy
from accounts.enums import Language
from accounts.errors import InvalidInput
from accounts.models import AuditEvent, LicensedUser, OutboxMessage
from config.sweeps import SWEEPS
from retention.enums import RefusalGround, RequestKind, SubjectChannel, SubjectOutcome
from retention.models import DeletionRequest, SubjectRequest
from retention.operations import people_requests, subject_decisions, subject_requests
from retention.operations.instructions import ProofNeeded
from retention.operations.subject_facts import Facts
from tests.accounts.parties import at_once
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.retention.asking import (
    NOW,
    WHO,
    a_client,
    again,
    browser,
    forwarded,
    link_in,
    posted,
    sent,
    swept,
    taken,
)

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
BY = "user:contact"


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


def the_row():
    with tenancy.vendor():
        return SubjectRequest.objects.select_related("organization", "request").get()


def events(row):
    with tenancy.vendor():
        found = AuditEvent.objects.filter(subject_id=row.public_id).order_by("pk")
        return [event.name.removeprefix("subject_request.") for event in found]


def granted(row, organization, *, people=("ann-1",), now=NOW):
    with tenancy.vendor():
        keys = LicensedUser.objects.filter(organization=organization, external_id__in=people)
        keys = list(keys.values_list("public_id", flat=True))
    with tenancy.tenant(organization.pk):
        return subject_decisions.grant(row, people=keys, now=now, by=BY, for_client=False)


# The way from the page to the answer, as a person and a contact walk it.


def test_from_the_page_to_the_answer(client_):
    visitor = browser()
    answer = sent(
        visitor,
        "/privacy/?language=fr",
        kind="erase",
        name="Ann Lee",
        email="ann@canary.example",
        words="Effacez tout.",
    )
    assert answer.status_code == 200 and "ann@canary.example" not in answer.content.decode()
    row = the_row()
    assert (row.state, row.language, row.organization_id) == ("unconfirmed", "fr", None)
    mails = posted()
    assert list(mails) == ["ann@canary.example"], "nobody else hears of it before the address is confirmed"
    path = link_in(mails["ann@canary.example"][0])
    for _ in range(2):  # a program that reads mail follows links
        assert visitor.get(path).status_code == 200 and the_row().state == "unconfirmed"
    opened = sent(visitor, path)
    assert opened.status_code == 302
    assert (the_row().state, the_row().identity) == ("received", "mailbox")
    own = visitor.get(opened.headers["Location"])
    assert own.status_code == 200 and row.reference in own.content.decode() and client_.name not in own.content.decode()
    assert browser().get(path).status_code == 410, "the link worked once"
    officer = a_member("privacy_officer", email="officer@vendor.example")
    assert set(posted()) == {"ann@canary.example", officer.email}

    forwarded(client_, the_row())
    mails = posted()
    assert set(mails) == {"ann@canary.example", "dpo@client.example"}
    contact = browser()
    path = link_in(mails["dpo@client.example"][0])
    assert "Ann Lee" not in contact.get(path).content.decode(), "a program that reads mail sees nobody's name"
    shown = sent(contact, path, action="show").content.decode()
    assert "Ann Lee" in shown and "Effacez tout." in shown and "ann-1" not in shown
    with tenancy.vendor():
        person = LicensedUser.objects.get(organization=client_, external_id="ann-1").public_id
    assert sent(contact, path, action="grant", people=str(person)).status_code == 200
    row = the_row()
    assert (row.state, row.granted, row.identity) == ("granted", True, "client")
    assert (row.request.origin, row.request.status, row.request.kind) == ("subject", "confirmed", "erase")
    assert contact.get(path).status_code == 410, "a decision is made once"

    swept(NOW)
    assert the_row().state == "granted", "nobody is told before it is carried out"
    with tenancy.vendor():
        DeletionRequest.objects.filter(pk=row.request_id).update(
            status="certified", approved_by="user:x", approved_at=NOW, confirmed_by="user:y"
        )
    swept(NOW)
    row = the_row()
    assert (row.state, row.outcome, row.told) == ("answered", "granted", "mail")
    (letter,) = posted()["ann@canary.example"]
    assert row.reference in letter.subject and client_.name in letter.body
    own = visitor.get("/privacy/own")
    assert client_.name in own.content.decode()
    assert "<dd>Réponse donnée : Acceptée" in visitor.get("/privacy/own?language=fr").content.decode()
    pdf = visitor.get("/privacy/own/letters/answered.pdf")
    assert pdf.status_code == 200 and b"".join(pdf)[:5] == b"%PDF-"
    assert events(row) == [
        "asked",
        "address_confirmed",
        "received",
        "forwarded",
        "granted",
        "answered",
    ]


def test_nothing_of_the_person_stands_in_the_trail_the_outbox_or_the_row_in_clear(client_):
    row = forwarded(client_)
    with tenancy.tenant(client_.pk):
        subject_decisions.refuse(
            row, ground=RefusalGround.LEGAL_CLAIMS, reasons="We sue Ann Lee.", now=NOW, by=BY, for_client=False
        )
    posted()
    with tenancy.vendor():
        said = [str(one) for one in AuditEvent.objects.values_list("data")]
        said += [str(one) for one in OutboxMessage.objects.values_list("payload")]
        said += [str({**one, "sealed_facts": b"", "wrapped_key": b""}) for one in SubjectRequest.objects.values()]
    assert not [text for text in said if any(word in text.lower() for word in ("canary", "ann lee", "sue "))]


# Who decides.


def test_the_client_refuses_and_the_person_is_told_why_and_where_to_complain(client_):
    row = forwarded(client_, taken(language="fr"))
    posted()
    with tenancy.tenant(client_.pk):
        subject_decisions.refuse(
            row,
            ground=RefusalGround.LEGAL_OBLIGATION,
            reasons="Nous devons les garder.",
            now=NOW,
            by=BY,
            for_client=False,
        )
    row = again(row)
    assert (row.state, row.outcome, row.refusal) == ("answered", "refused", "legal_obligation")
    body = posted()["Ann@canary.example"][0].body
    assert "Nous devons les garder." in body and client_.name in body


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"action": "grant"}, "who it is"),
        ({"action": "grant", "people": "x"}, "who it is"),
        ({"action": "grant", "others": "nobody@x.example"}, "Line 1"),
        ({"action": "refuse", "ground": "mood", "reasons": "x"}, "Choose one"),
        ({"action": "refuse", "ground": "legal_claims", "reasons": " "}, "must be told why"),
        ({"action": "doubt", "doubt": "dislike"}, "Choose one"),
        ({"action": "extend", "extension": ""}, "Choose one"),
        ({"action": "erase_all"}, "Choose what you decide"),
    ],
    ids=["nobody", "no-id", "unknown", "no-ground", "no-reasons", "no-doubt", "no-extension", "no-action"],
)
def test_a_wrong_decision_is_told_by_field_and_the_link_still_works(client_, values, field):
    forwarded(client_)
    path = link_in(posted()["dpo@client.example"][0])
    visitor = browser()
    answer = sent(visitor, path, **values)
    assert answer.status_code == 400 and field in answer.content.decode()
    assert the_row().state == "forwarded" and visitor.get(path).status_code == 200


def test_a_contact_who_has_left_decides_nothing(client_):
    member = a_member("client_administrator", client_, email="gone@client.example")
    forwarded(client_)
    path = link_in(posted()["gone@client.example"][0])
    with tenancy.vendor():
        member.memberships.all().delete()
    assert browser().get(path).status_code == 410


def test_a_neighbours_person_is_nobody_here(client_):
    other = a_client(address="eve@elsewhere.example")
    with tenancy.vendor():
        theirs = LicensedUser.objects.get(organization=other, external_id="ann-1").public_id
    forwarded(client_)
    path = link_in(posted()["dpo@client.example"][0])
    answer = sent(browser(), path, action="grant", people=str(theirs))
    assert answer.status_code == 400
    with tenancy.vendor():
        assert not DeletionRequest.objects.exists()


def test_two_contacts_decide_at_once_and_one_is_heard(client_):
    a_member("client_administrator", client_, email="admin@client.example")
    row = forwarded(client_)

    def decide() -> None:
        with tenancy.tenant(client_.pk):
            subject_decisions.refuse(
                row, ground=RefusalGround.LEGAL_CLAIMS, reasons="No.", now=NOW, by=BY, for_client=False
            )

    outcomes = at_once(decide, decide)
    assert sorted(type(one).__name__ for one in outcomes) == ["NoneType", "SubjectRequestNotInThatState"]
    assert events(row).count("answered") == 1


def test_a_link_opens_once_however_often_it_is_opened_at_once(client_):
    with tenancy.vendor():
        subject_requests.ask(WHO, kind=RequestKind.ERASE, language=Language.ENGLISH, now=NOW)
    path = link_in(posted()["Ann@canary.example"][0])
    visitors = [browser(), browser()]
    for visitor in visitors:
        visitor.get(path)
    tokens = [visitor.cookies["csrftoken"].value for visitor in visitors]

    def opened(place):
        return visitors[place].post(path, {"csrfmiddlewaretoken": tokens[place]}).status_code

    assert sorted(at_once(lambda: opened(0), lambda: opened(1))) == [302, 410]
    assert events(the_row()).count("received") == 1


def test_staff_record_the_clients_decision_with_proof_only(client_):
    row = forwarded(client_)
    with tenancy.vendor(), pytest.raises(ProofNeeded):
        subject_decisions.grant(row, people=[], now=NOW, by="user:officer", for_client=True)
    assert again(row).state == "forwarded"


def test_a_client_without_a_contact_is_not_forwarded_to():
    organization = a_client()
    row = taken()
    with pytest.raises(subject_requests.NobodyDecides):
        forwarded(organization, row)
    assert again(row).state == "received"


# What staff take down.


def test_a_letter_without_an_address_is_answered_by_post(client_):
    who = Facts("Ann Lee", "", "By letter.", address="1 rue X\n75001 Paris")
    row = taken(facts=who, channel=SubjectChannel.LETTER)
    assert not posted()
    with tenancy.vendor():
        subject_requests.close_without_client(row, outcome=SubjectOutcome.NOT_HELD, now=NOW, by=BY)
        assert not again(row).told
        subject_requests.mark_posted(row, now=NOW, by=BY)
        with pytest.raises(subject_requests.SubjectRequestNotInThatState):
            subject_requests.mark_posted(row, now=NOW, by=BY)
    assert again(row).told == "post"


@pytest.mark.parametrize(
    ("facts", "values", "fields"),
    [
        (Facts("", "a@b.example"), {}, {"name"}),
        (Facts("A", "no address"), {}, {"email"}),
        (Facts("A", ""), {}, {"email"}),
        (Facts("A", ""), {"channel": SubjectChannel.PHONE}, {"address"}),
        (Facts("A", "a@b.example", "x" * 5001), {}, {"words"}),
        (Facts("A", "a@b.example", "a\x00b"), {}, {"words"}),
        (Facts("<b>A</b>", "a@b.example"), {}, {"name"}),
        (Facts("A", "a@b.example"), {"received_at": NOW + timedelta(days=1)}, {"received_at"}),
        (Facts("A", "a@b.example"), {"channel": SubjectChannel.PAGE}, {"channel"}),
    ],
    ids=["no-name", "no-email", "mail-without", "phone-without", "long", "nul", "html", "future", "page"],
)
def test_wrong_input_is_told_by_field_and_writes_nothing(facts, values, fields):
    with pytest.raises(InvalidInput) as caught:
        taken(facts=facts, **values)
    assert {fault.field for fault in caught.value.errors} == fields
    with tenancy.vendor():
        assert not SubjectRequest.objects.exists()


def test_candidates_are_the_clients_with_people_of_the_very_address(client_):
    other = a_client(address="ANN@canary.example")
    a_client(address="anna@canary.example")
    a_client(address="\u0131nn@canary.example")
    with tenancy.vendor():
        found = subject_requests.candidates(taken())
    assert {organization.pk for organization, _count in found} == {client_.pk, other.pk}


def test_the_person_gives_it_up_before_the_decision_only(client_):
    row = forwarded(client_)
    posted()
    with tenancy.vendor():
        subject_requests.withdraw(row, now=NOW, by=BY)
    assert again(row).state == "withdrawn" and "dpo@client.example" in posted()
    row = granted(forwarded(client_), client_)
    with tenancy.vendor(), pytest.raises(subject_requests.SubjectRequestNotInThatState):
        subject_requests.withdraw(row, now=NOW, by=BY)


def carried_out():
    (sweep,) = [one for one in SWEEPS if one.name == "carrying_out"]
    sweep.do(at=NOW, by="system")
    swept(NOW)


@pytest.mark.parametrize("kind", [RequestKind.EXPORT, RequestKind.RESTRICT])
def test_what_is_no_erasure_is_carried_out_and_answered(client_, kind):
    row = granted(forwarded(client_, taken(kind)), client_)
    carried_out()
    row = again(row)
    assert (row.request.kind, row.request.status) == (kind, "done")
    assert (row.state, row.outcome) == ("answered", "granted")


def test_a_correction_is_decided_by_the_link_and_answered_once_the_product_has_it(client_):
    row = forwarded(client_, taken(RequestKind.CORRECT))
    path = link_in(posted()["dpo@client.example"][0])
    with tenancy.vendor():
        person = LicensedUser.objects.get(organization=client_, external_id="ann-1")
    values = {"action": "grant", "people": str(person.public_id)}
    assert sent(browser(), path, **values).status_code == 400, "it is not said what is right"
    assert sent(browser(), path, **values, correct_email="no address").status_code == 400
    assert sent(browser(), path, **values, correct_display_name="Anne Lee").status_code == 200
    carried_out()
    with tenancy.vendor():
        person.refresh_from_db()
    assert (person.display_name, again(row).state) == ("Anne Lee", "granted")
    call = caller("client_administrator", str(client_.public_id))
    call("POST", f"deletion-requests/{again(row).request.public_id}/confirm-correction")
    swept(NOW)
    assert (again(row).state, again(row).outcome) == ("answered", "granted")


def test_what_was_granted_and_then_refused_is_answered_as_refused(client_):
    row = granted(forwarded(client_), client_)
    with tenancy.vendor():
        people_requests.refuse(row.request, ground=RefusalGround.LEGAL_CLAIMS, now=NOW, by="user:officer")
    swept(NOW)
    assert (again(row).state, again(row).outcome) == ("answered", "refused")
    body = posted()["Ann@canary.example"][-1].body
    assert f"{client_.name} decided for your request, but it is not carried out." in body
    assert "decided against" not in body and str(RefusalGround.LEGAL_CLAIMS.label) in body, "and why (Art. 12(4) GDPR)"
