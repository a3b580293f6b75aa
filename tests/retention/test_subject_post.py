"""Who asks without an e-mail address: each letter that must reach them is told to who posts it, and can be printed."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache

from accounts import tenancy
from retention.enums import DoubtReason, ExtensionReason, RefusalGround, SubjectChannel
from retention.operations import subject_decisions, subject_letters, subject_requests
from retention.operations.subject_facts import Facts
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.contracts.agreements import at
from tests.retention.asking import NOW, a_client, again, forwarded, posted, taken
from tests.retention.under_contract import CLIENT

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
OFFICER = "officer@vendor.example"
ON_PAPER = Facts("Ann Lee", "", "Please erase what you know of me.", address="1 rue du Port, Brest")


@pytest.fixture(autouse=True)
def noon():
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def row():
    a_member("privacy_officer", email=OFFICER)
    organization = a_client()
    a_member("client_privacy_officer", organization, email="dpo@client.example")
    return forwarded(organization, taken(facts=ON_PAPER, channel=SubjectChannel.LETTER, language="fr"))


def told_to_post():
    """Deliver what waits; return what the privacy officer is to post."""
    mails = posted().get(OFFICER, [])
    return [one.body for one in mails if one.subject.startswith("A letter to post")]


def decided(row, do, **values):
    with tenancy.tenant(row.organization_id):
        return do(row, now=NOW, by=CLIENT, **values)


def letter(row, name):
    with tenancy.vendor():
        return subject_letters.text(again(row), name)


def letters(row):
    with tenancy.vendor():
        return subject_letters.of(again(row))


def test_each_letter_that_must_reach_them_is_told_to_who_posts_it(row):
    (body,) = told_to_post()
    assert "Acknowledgement" in body and "Ann" not in body and "Brest" not in body
    decided(row, subject_decisions.doubt, reason=DoubtReason.DATA_DIFFER)
    (body,) = told_to_post()
    assert "Question about identity" in body
    decided(row, subject_decisions.settle_doubt)
    decided(row, subject_decisions.extend, reason=ExtensionReason.COMPLEX)
    (body,) = told_to_post()
    assert "Notice that it takes longer" in body and "within the first month" in body
    ground = RefusalGround.LEGAL_OBLIGATION
    decided(row, subject_decisions.refuse, ground=ground, reasons="We must.", for_client=False)
    (body,) = told_to_post()
    assert "Answer" in body and "note there that it was posted" in body


def test_who_has_an_address_is_written_to_and_nobody_posts_anything():
    a_member("privacy_officer", email=OFFICER)
    organization = a_client()
    a_member("client_privacy_officer", organization, email="dpo@client.example")
    found = forwarded(organization)
    decided(found, subject_decisions.doubt, reason=DoubtReason.DATA_DIFFER)
    assert told_to_post() == []


def test_the_letters_say_what_the_mails_say_in_the_persons_language(row):
    assert letters(row) == ["acknowledged", "forwarding"]
    decided(row, subject_decisions.doubt, reason=DoubtReason.DATA_DIFFER)
    assert letters(row)[2:] == ["identity_asked"]
    text = letter(row, "identity_asked")
    assert "pièce d'identité" in text and row.reference in text and str(DoubtReason.DATA_DIFFER.label) not in text
    decided(row, subject_decisions.settle_doubt)
    found = decided(row, subject_decisions.extend, reason=ExtensionReason.COMPLEX)
    assert letters(row)[2:] == ["extension_told"], "the question is answered"
    assert str(found.due_on.year) in letter(row, "extension_told")


@pytest.mark.parametrize("name", ["identity_asked", "extension_told"])
def test_they_are_printed_by_rest_once_there_are_any(row, name):
    officer, path = caller("privacy_officer"), f"subject-requests/{row.public_id}/letter?name={name}"
    officer("GET", path, expect=404)
    decided(row, subject_decisions.doubt, reason=DoubtReason.DATA_DIFFER)
    decided(row, subject_decisions.extend, reason=ExtensionReason.COMPLEX)
    assert officer("GET", path)[:5] == b"%PDF-"


def test_of_what_is_over_and_was_never_posted_nobody_is_told_twice(row):
    told_to_post()
    with tenancy.vendor():
        subject_requests.withdraw(row, now=at("2025-03-05"), by="user:officer")
    assert told_to_post() == []


def test_the_letter_that_is_not_named_is_the_one_that_was_written_last(row):
    later, who = NOW + timedelta(days=1), {"by": CLIENT}
    with tenancy.tenant(row.organization_id):
        subject_decisions.extend(row, reason=ExtensionReason.COMPLEX, now=NOW, **who)
        subject_decisions.doubt(row, reason=DoubtReason.DATA_DIFFER, now=later, **who)
    assert letters(row)[2:] == ["extension_told", "identity_asked"]
    decided(row, subject_decisions.settle_doubt)
    assert letters(row)[2:] == ["extension_told"]
