"""A letter that was asked back and answered otherwise, or never: decided with a reason, once, by browser and REST."""

import threading
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from accounts import tenancy
from accounts.errors import InvalidInput
from accounts.models import AuditDetail, AuditEvent, Organization, OutboxMessage
from accounts.operations import documents
from contracts.enums import IntakeKind
from contracts.letters import reader
from contracts.models import Intake, Notice, SwitchingCase
from contracts.operations import intakes
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.contracts.agreements import at
from tests.contracts.operations.lives import MANAGER, at_once
from tests.contracts.operations.test_intakes import a_client, drop

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
SAID = "On the phone: they end both contracts."


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: at("2025-10-20"))


def asked_back():
    """Return a client, its contracts, and its unclear letter of 29 September, about which it was asked."""
    organization, contracts = a_client()
    asked = drop("What about our contract?", now="2025-09-29")
    with tenancy.vendor():
        intakes.ask_back(asked, organization=organization, now=at("2025-10-01"), by=MANAGER)
    return organization, contracts, asked


def confirm(asked, organization, contracts, reason=SAID, kind=IntakeKind.TERMINATION):
    return intakes.confirm(
        asked,
        organization=organization,
        contracts=contracts,
        kind=kind,
        entitled=True,
        channel=None,
        sent_on=None,
        reason=reason,
        now=at("2025-10-20"),
        by=MANAGER,
    )


def the_trail(name):
    """Return what the trail says of one event, and what it says in its erasable part."""
    with tenancy.vendor():
        event = AuditEvent.objects.get(name=name)
        detail = AuditDetail.objects.filter(event_id=event.pk).first()
        assert OutboxMessage.objects.get(topic=name).payload["was"] == event.data["was"]
    return event.data, detail.text if detail else None


def test_a_client_whose_data_are_erased_gets_no_letter_of_its_own_again():
    organization, _contracts = a_client()
    letter = drop("What about our contract?", now="2025-09-29")
    with tenancy.vendor():
        Organization.objects.filter(pk=organization.pk).update(closed_at=at("2025-10-01"))
    body = {"organization": str(organization.public_id)}
    refused = caller("contract_manager")("POST", f"intakes/{letter.public_id}/ask-back", body, expect=409)
    assert refused["code"] == "organization_closed"
    with tenancy.vendor():
        letter.refresh_from_db()
        assert (letter.organization_id, letter.state) == (None, "new")


def test_one_answered_by_telephone_is_confirmed_with_its_day_of_receipt_and_what_was_said():
    organization, contracts, asked = asked_back()
    with tenancy.vendor():
        found = confirm(asked, organization, contracts)
        assert [(one.judgment, one.received_on) for one in Notice.objects.all()] == [("in_time", date(2025, 9, 29))] * 2
        assert b"".join(documents.read(found.document)) == b"What about our contract?"
    assert (found.state, found.sealed_file) == ("confirmed", None)
    data, said = the_trail("intake.confirmed")
    assert (data["was"], said) == ("asked_back", {"reason": SAID})


@pytest.mark.parametrize(("kind", "model"), [(IntakeKind.TERMINATION, Notice), (IntakeKind.SWITCHING, SwitchingCase)])
def test_the_day_stamped_on_a_letter_is_that_of_its_answer_too(kind, model):
    organization, contracts = a_client()
    asked = drop("What about our contract?", now="2025-10-02", received_on=date(2025, 9, 29))
    with tenancy.vendor():
        intakes.ask_back(asked, organization=organization, now=at("2025-10-02"), by=MANAGER)
    answer = drop("We mean ZOE-1", now="2025-10-20", answers=asked)
    with tenancy.vendor():
        confirm(answer, organization, contracts[:1], reason="", kind=kind)
        assert model.objects.get().received_on == date(2025, 9, 29)


def test_one_never_answered_is_rejected_with_a_reason_and_its_words_are_dropped():
    _organization, _contracts, asked = asked_back()
    with tenancy.vendor():
        found = intakes.reject(asked, reason="No answer in three weeks.", now=at("2025-10-20"), by=MANAGER)
        assert (found.state, found.sealed_file, found.sealed_facts) == ("rejected", None, None)
    data, said = the_trail("intake.rejected")
    assert (data["was"], said) == ("asked_back", {"reason": "No answer in three weeks."})


@pytest.mark.parametrize("reason", ["", "  "])
@pytest.mark.parametrize("act", ["confirm", "reject"])
def test_without_a_reason_neither(act, reason):
    organization, contracts, asked = asked_back()
    with tenancy.vendor(), pytest.raises(InvalidInput) as wrong:
        if act == "confirm":
            confirm(asked, organization, contracts, reason=reason)
        else:
            intakes.reject(asked, reason=reason, now=at("2025-10-20"), by=MANAGER)
    assert [(one.field, one.code) for one in wrong.value.errors] == [("reason", "missing")]
    with tenancy.vendor():
        assert Intake.objects.get().state == "asked_back" and not Notice.objects.exists()


def test_a_new_letter_needs_none():
    organization, contracts = a_client()
    with tenancy.vendor():
        confirm(drop(now="2025-09-29"), organization, contracts, reason="")
    data, said = the_trail("intake.confirmed")
    assert (data["was"], said) == ("new", None)


def test_an_answer_that_was_asked_back_too_and_is_rejected_leaves_the_first_waiting():
    organization, _contracts, asked = asked_back()
    answer = drop("Which contract?", now="2025-10-10", answers=asked)
    with tenancy.vendor():
        intakes.ask_back(answer, organization=organization, now=at("2025-10-11"), by=MANAGER)
        intakes.reject(answer, reason="Says nothing.", now=at("2025-10-20"), by=MANAGER)
        asked.refresh_from_db()
    assert asked.state == "asked_back"


@pytest.mark.parametrize("acts", ["confirm confirm", "reject reject", "confirm reject", "reject answer"])
def test_two_at_once(acts):
    organization, contracts, asked = asked_back()
    possible = {
        "confirm": lambda: confirm(asked, organization, contracts),
        "reject": lambda: intakes.reject(asked, reason="No answer.", now=at("2025-10-20"), by=MANAGER),
        "answer": lambda: intakes.drop(reader.pasted("We terminate"), answers=asked, now=at("2025-10-20"), by=MANAGER),
    }
    left, lock = acts.split(), threading.Lock()

    def one():
        with lock:
            act = left.pop()
        possible[act]()

    assert at_once(one) == (1, ["intake_not_in_that_state"])
    with tenancy.vendor():
        letters = dict(Intake.objects.values_list("pk", "state"))
        assert Notice.objects.count() == (2 if letters[asked.pk] == "confirmed" else 0)
    assert letters[asked.pk] != "asked_back" and len(letters) == (2 if letters[asked.pk] == "answered" else 1)


def test_by_rest():
    organization, contracts, asked = asked_back()
    call, path = caller("contract_manager"), f"intakes/{asked.public_id}"
    body = {
        "organization": str(organization.public_id),
        "contracts": [str(contract.public_id) for contract in contracts],
        "kind": "termination",
        "entitled": True,
    }
    for act in ("confirm", "reject"):
        wrong = call("POST", f"{path}/{act}", body if act == "confirm" else {}, expect=400)
        assert [(error["attr"], error["code"]) for error in wrong["errors"]] == [("reason", "missing")]
    done = call("POST", f"{path}/confirm", {**body, "reason": SAID})
    assert (done["state"], len(done["notices"])) == ("confirmed", 2)
    again = call("POST", f"{path}/reject", {"reason": "Twice."}, expect=409)
    assert again["code"] == "intake_not_in_that_state"


def test_by_rest_rejected():
    _organization, _contracts, asked = asked_back()
    call = caller("contract_manager")
    assert call("POST", f"intakes/{asked.public_id}/reject", {"reason": "No answer."})["state"] == "rejected"


def test_in_the_admin_off_the_dashboard():
    organization, contracts, asked = asked_back()
    client = Client()
    client.force_login(a_member("contract_manager"))

    def waiting():
        tables = client.get(reverse("admin:index")).context["tables"]
        return [row.late for row in next(one for one in tables if one.title == "Letters to decide on").rows]

    assert waiting() == [True]
    page = client.get(reverse("admin:contracts_intake_change", args=[asked.pk])).content.decode()
    confirm, reject = (reverse(f"admin:contracts_intake_{act}", args=[asked.pk]) for act in ("confirm", "reject"))
    assert confirm in page and reject in page
    shown = client.get(confirm).context["form"].fields
    assert shown["organization"].initial == organization.pk and shown["reason"].required
    form = {"organization": organization.pk, "contracts": [one.pk for one in contracts], "kind": "termination"}
    form |= {"entitled": "yes", "confirmed": "yes"}
    assert set(client.post(confirm, form).context["form"].errors) == {"reason"}
    assert set(client.post(reject, {"confirmed": "yes"}).context["form"].errors) == {"reason"}
    assert client.post(confirm, {**form, "reason": SAID}).status_code == 302
    assert waiting() == []
