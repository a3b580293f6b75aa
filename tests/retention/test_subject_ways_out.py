"""Ways out of a person's request beside grant and refusal: nothing is held, the wrong client, erased meanwhile."""

import pytest
import time_machine
from django.core.cache import cache

from accounts import tenancy
from accounts.models import AuditEvent
from retention.enums import DoubtReason, ExtensionReason, RequestKind, SubjectOutcome
from retention.operations import people_requests, subject_decisions, subject_mistakes, subject_requests
from retention.operations.instructions import ProofNeeded
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.contracts.agreements import at
from tests.retention import under_contract
from tests.retention.asking import NOW, a_client, again, browser, forwarded, link_in, posted, sent, swept, taken
from tests.retention.test_life import live_until
from tests.retention.under_contract import AFTER_GRACE, CLIENT, OFFICER

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture(autouse=True)
def noon():
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield


def with_a_contact(organization, email="dpo@client.example"):
    a_member("client_privacy_officer", organization, email=email)
    return organization


def not_held(row, organization, *, now=NOW, for_client=False):
    with tenancy.tenant(organization.pk):
        return subject_decisions.not_held(row, now=now, by=CLIENT, for_client=for_client)


def taken_back(row, *, now=NOW):
    with tenancy.vendor():
        return subject_mistakes.take_back(row, now=now, by=OFFICER)


# Nothing is held.


def test_a_client_without_data_of_the_person_says_so_by_its_link():
    client = with_a_contact(a_client(address="somebody@else.example"))
    forwarded(client)
    path = link_in(posted()["dpo@client.example"][0])
    contact = browser()
    assert "Nothing is held" in sent(contact, path, action="show").content.decode()
    assert sent(contact, path, action="not_held").status_code == 200
    letter = posted()["Ann@canary.example"][0].body
    assert f"We keep no data about you for {client.name}." in letter and "decided against" not in letter
    assert contact.get(path).status_code == 410, "the link decided once"


def test_a_client_with_people_of_the_address_decides_about_them():
    client = with_a_contact(a_client())
    row = forwarded(client)
    path = link_in(posted()["dpo@client.example"][0])
    contact = browser()
    assert "Nothing is held" not in sent(contact, path, action="show").content.decode()
    assert sent(contact, path, action="not_held").status_code == 409
    with pytest.raises(subject_decisions.SomebodyMeant):
        not_held(row, client)
    assert again(row).state == "forwarded" and contact.get(path).status_code == 200


def test_staff_say_for_the_client_that_nothing_is_held_with_proof_only():
    client = with_a_contact(a_client(address="somebody@else.example"))
    row = forwarded(client)
    with pytest.raises(ProofNeeded):
        not_held(row, client, for_client=True)
    path = f"subject-requests/{row.public_id}/not-held"
    assert caller("privacy_officer")("POST", path, expect=409)["code"] == "proof_needed"
    answered = caller("client_privacy_officer", str(client.public_id))("POST", path)
    assert (answered["state"], answered["outcome"], answered["decided_at"]) == ("answered", "not_held", None)


def test_who_was_erased_by_another_request_meanwhile_is_told_that_nothing_is_held():
    client = with_a_contact(under_contract.a_client())
    ann = under_contract.person(client, "ann-1").public_id
    facts = subject_requests.Facts("Ann", "ann-1@client.example")
    row = forwarded(client, taken(facts=facts, now=under_contract.NOW, received_at=under_contract.NOW))
    request = under_contract.asked(client, "ann-1")
    with tenancy.tenant(client.pk), pytest.raises(people_requests.PersonInRequest):
        subject_decisions.grant(row, people=[ann], now=under_contract.NOW, by=CLIENT, for_client=False)
    under_contract.approved(request)
    live_until(AFTER_GRACE)
    answered = not_held(row, client, now=AFTER_GRACE)
    assert (answered.state, answered.outcome) == ("answered", "not_held")


def test_what_was_granted_and_lapsed_is_no_refusal():
    client = with_a_contact(under_contract.a_client())
    now = under_contract.NOW
    row = forwarded(client, taken(RequestKind.CORRECT, now=now, received_at=now), now=now)
    with tenancy.tenant(client.pk):
        row = subject_decisions.grant(
            row,
            people=[under_contract.person(client, "ann-1").public_id],
            corrections={"birthday": "1 May"},  # waits for the product
            now=now,
            by=CLIENT,
            for_client=False,
        )
    under_contract.approved(under_contract.asked(client, "ann-1"))
    live_until(AFTER_GRACE)
    swept(AFTER_GRACE)
    row = again(row)
    assert row.request.status == "cancelled"
    assert (row.state, row.outcome, row.granted) == ("answered", "not_held", True)


# The wrong client.


def test_a_wrong_forwarding_is_taken_back_and_the_right_client_decides():
    wrong = with_a_contact(a_client(address="other@canary.example"), "dpo@wrong.example")
    right = with_a_contact(a_client())
    row = forwarded(wrong)
    link = link_in(posted()["dpo@wrong.example"][0])
    assert taken_back(row).state == "received"
    mails = posted()
    assert list(mails) == ["dpo@wrong.example"] and "by mistake" in mails["dpo@wrong.example"][0].body
    assert browser().get(link).status_code == 410
    forwarded(right, again(row))
    mails = posted()
    assert set(mails) == {"dpo@client.example", "Ann@canary.example"}
    assert right.name in mails["Ann@canary.example"][0].body
    assert browser().get(link).status_code == 410, "no link of the first client opens what is with the second"
    assert caller("client_privacy_officer", str(wrong.public_id))("GET", "subject-requests")["results"] == []
    with tenancy.tenant(wrong.pk):
        told = AuditEvent.objects.filter(subject_id=row.public_id, organization_id=wrong.pk)
        assert [one.name.rpartition(".")[2] for one in told.order_by("pk")] == ["forwarded", "taken_back"]


def test_what_the_wrong_client_did_to_the_clock_counts_for_nothing():
    wrong, right = with_a_contact(a_client(), "dpo@wrong.example"), with_a_contact(a_client())
    row = forwarded(wrong)
    first = row.due_on
    with tenancy.tenant(wrong.pk):
        subject_decisions.doubt(row, reason=DoubtReason.ADDRESS_UNKNOWN, now=at("2025-03-05"), by=CLIENT)
        subject_decisions.settle_doubt(row, now=at("2025-03-15"), by=CLIENT)
        subject_decisions.extend(row, reason=ExtensionReason.COMPLEX, now=at("2025-03-15"), by=CLIENT)
        row = subject_decisions.doubt(row, reason=DoubtReason.DATA_DIFFER, now=at("2025-03-16"), by=CLIENT)
    assert row.due_on > first and row.identity == "client"
    back = taken_back(row, now=at("2025-03-17"))
    assert (back.due_on, back.identity, back.extended_at, back.forwarded_at) == (first, "unchecked", None, None)
    anew = forwarded(right, again(row), now=at("2025-03-17"))
    assert anew.due_on == first and anew.next_at < at("2025-03-25"), "nobody is asked any more who they are"
    with tenancy.tenant(right.pk):
        refreshed = subject_decisions.doubt(again(row), reason=DoubtReason.DATA_DIFFER, now=at("2025-03-18"), by=CLIENT)
    assert refreshed.state == "forwarded"


def test_what_is_taken_back_may_be_answered_without_a_client():
    row = taken_back(forwarded(with_a_contact(a_client())))
    with tenancy.vendor():
        subject_requests.close_without_client(row, outcome=SubjectOutcome.NOT_HELD, now=NOW, by=OFFICER)
        with pytest.raises(subject_requests.SubjectRequestNotInThatState):
            subject_mistakes.take_back(row, now=NOW, by=OFFICER)
    assert again(row).outcome == "not_held"


def test_what_was_written_before_it_was_taken_back_names_whom_it_was_with():
    client = with_a_contact(a_client())
    row = taken_back(forwarded(client))
    mails = posted()
    assert any(client.name in one.body for one in mails["Ann@canary.example"])
    link = next(link_in(one) for one in mails["dpo@client.example"] if "Decide here" in one.body)
    forwarded(client, again(row))
    assert browser().get(link).status_code == 410, "who decides after all has a new link"


@pytest.mark.parametrize(("day", "reminded"), [("2025-03-04", "2025-03-05T23:00"), ("2025-03-06", "2025-03-12T23:00")])
def test_what_is_taken_back_is_to_be_forwarded_by_the_same_day_and_who_is_late_knows_it(day, reminded):
    row = taken_back(forwarded(with_a_contact(a_client())), now=at(day))
    assert f"{row.next_at:%Y-%m-%dT%H:%M}" == reminded


def test_officers_take_back_and_nobody_else():
    client = with_a_contact(a_client())
    path = f"subject-requests/{forwarded(client).public_id}/take-back"
    caller("client_privacy_officer", str(client.public_id))("POST", path, expect=403)
    assert caller("privacy_officer")("POST", path)["organization"] is None
    assert caller("privacy_officer")("POST", path, expect=409)["code"] == "subject_request_not_in_that_state"
