"""Mails about erasures, holds and exports say whose data they are about: one person's is never the whole client's."""

from datetime import date

import pytest
from django.utils import translation

from accounts import tenancy
from accounts.enums import Role
from accounts.models import OutboxMessage
from accounts.operations import delivery
from retention.enums import HoldGround, RefusalGround, RequestKind, RequestStatus, RunPhase
from retention.operations import carrying_out, exports, holds, mail_scopes, people_requests, requests
from tests.accounts.parties import a_member, an_announcement
from tests.contracts.agreements import at
from tests.retention.test_life import a_leaving_client, decide_everything, live_until
from tests.retention.under_contract import AFTER_GRACE, CLIENT, NOW, a_client, approved, asked, person
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
SAID = {
    "person": "It is about the data of one person, not",
    "people": "It is about the data of some people, not",
    "department": "It is about the data of one department, not",
    "organization": "It is about all data of the organization.",
}


def mails(organization, topic):
    """Return what the client's contact is written under a topic."""
    with tenancy.vendor():
        found = OutboxMessage.objects.filter(organization=organization, topic=topic).order_by("pk")
        return [letter.body for message in found for letter in delivery.letters(message)]


def told_once(organization, topic):
    (body,) = mails(organization, topic)
    return body


def said(body):
    """Return the scopes that a mail names."""
    return [scope for scope, words in SAID.items() if words in body]


def named(organization):
    with tenancy.vendor():
        type(organization).objects.filter(pk=organization.pk).update(name="Acme")


@pytest.fixture
def client():
    organization = a_client()
    named(organization)
    a_member(Role.AUTHORISED_CONTACT, organization)
    return organization


@pytest.mark.parametrize(
    ("people", "department", "scope"),
    [
        pytest.param(("ann-1",), "", "person", id="one"),
        pytest.param(("ann-1", "cyd-1"), "", "people", id="some"),
        pytest.param((), "Sales", "department", id="department"),
    ],
)
def test_no_mail_of_an_erasure_of_some_people_speaks_of_the_whole_client(client, people, department, scope):
    request = approved(asked(client, *people, department=department))
    live_until(AFTER_GRACE)
    for topic in ("deletion_request.opened", "deletion_request.approved", "certificate.issued"):
        body = told_once(client, topic)
        assert said(body) == [scope], topic
        assert "the data of Acme" not in body and "retrieval period" not in body, topic
        assert "Sales" not in body and "ann" not in body.lower(), "neither a person nor a department is named"
    assert "An erasure of data of Acme is done" in told_once(client, "certificate.issued")
    assert request.scope == scope


def test_a_request_that_is_given_up_is_said_to_be_about_one_person(client):
    request = asked(client, "ann-1")
    with tenancy.vendor():
        requests.cancel(request, now=NOW, by=CLIENT)
    body = told_once(client, "deletion_request.cancelled")
    assert "A request to erase data of Acme is cancelled." in body and said(body) == ["person"]


def test_a_hold_says_what_it_covers(client):
    common = {"ground": HoldGround.LAW, "citation": "Art. 1", "review_on": date(2026, 1, 1), "now": NOW, "by": CLIENT}
    with tenancy.vendor():
        for covered in ({}, {"department": "Sales"}, {"person": person(client, "cyd-1").public_id}):
            holds.place(client, **common, **covered)
    bodies = mails(client, "legal_hold.placed")
    assert [said(body) for body in bodies] == [["organization"], ["department"], ["person"]]
    assert all("placed on data of Acme" in body for body in bodies)


def test_an_export_says_whether_it_is_of_everything(client):
    with tenancy.vendor():
        exports.make(client, request=None, now=NOW, by=CLIENT)
    request = asked(client, "ann-1", kind=RequestKind.EXPORT)
    with tenancy.vendor():
        carrying_out.export_people(request, now=NOW, by=CLIENT)
    assert [said(body) for body in mails(client, "export.made")] == [["organization"], ["person"]]


def test_a_whole_clients_erasure_is_said_to_be_of_everything():
    organization = a_leaving_client()
    named(organization)
    a_member(Role.AUTHORISED_CONTACT, organization)
    live_until(at("2026-01-02"))
    decide_everything(organization)
    live_until(at("2026-02-05"))
    for topic in ("deletion_request.opened", "deletion_request.approved", "certificate.issued"):
        assert said(told_once(organization, topic)) == ["organization"], topic
    assert "retrieval period is over" in told_once(organization, "deletion_request.approved")
    assert "The data of Acme are erased" in told_once(organization, "certificate.issued")


def test_of_what_is_gone_no_scope_is_said():
    organization = an_organization(name="Acme")
    a_member(Role.AUTHORISED_CONTACT, organization)
    an_announcement("certificate.issued", organization, subject_type="Certificate")
    body = told_once(organization, "certificate.issued")
    assert said(body) == [] and "An erasure of data of Acme is done" in body


def test_every_mail_of_requests_erasures_holds_and_certificates_is_told_its_scope():
    prefixes = ("deletion_request.", "erasure.", "legal_hold.", "certificate.", "manual_erasure.")
    assert {topic for topic in delivery.AUDIENCE if topic.startswith(prefixes)} <= set(mail_scopes.TOPICS)


@pytest.mark.parametrize(("language", "word"), [("en", "Complete"), ("fr", "Terminée"), ("pl", "Zakończone")])
def test_the_state_of_what_is_complete_is_no_command(language, word):
    with translation.override(language):
        assert {str(RequestStatus.COMPLETE.label), str(RunPhase.COMPLETE.label)} == {word}


@pytest.mark.parametrize("kind", [RequestKind.ERASE, RequestKind.EXPORT])
def test_that_a_request_is_refused_the_client_is_told_and_on_what_ground(client, kind):
    request = asked(client, "ann-1", kind=kind)
    ground = RefusalGround.LEGAL_OBLIGATION if kind is RequestKind.ERASE else RefusalGround.LEGAL_CLAIMS
    with tenancy.vendor():
        people_requests.refuse(request, ground=ground, now=NOW, by="user:staff", reason="ann-1 owes tax")
    body = told_once(client, "deletion_request.refused")
    assert f"data of {'people of ' * (kind is not RequestKind.ERASE)}Acme is refused: {ground.label}." in body
    assert said(body) == ["person"] and "ann" not in body.lower()
