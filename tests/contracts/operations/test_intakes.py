"""The inbox: a letter is dropped, found to be somebody's, and decided by a person once; nothing is half-written."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import date

import pytest

from accounts import tenancy
from accounts.enums import Role
from accounts.errors import InvalidInput, Refused
from accounts.models import Document, Organization, OutboxMessage
from accounts.operations import documents
from contracts.enums import IntakeKind
from contracts.letters import reader
from contracts.letters.reader import Letter
from contracts.models import Intake, Notice, SwitchingCase
from contracts.operations import intakes
from tests.accounts.parties import a_member
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import MANAGER, at_once, fresh, give, live_until
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
CANARY = "zoe-canary@client.example"


def a_client(language="fr", **terms):
    organization = an_organization(name="Société Zoé", language=language)
    contracts = [a_signed_contract(organization, reference=f"ZOE-{number}", **terms) for number in (1, 2)]
    live_until("2025-06-01")
    return organization, [fresh(contract) for contract in contracts]


def drop(text="We terminate contract ZOE-1 and ZOE-2.", *, now="2025-06-10", **values):
    letter = reader.pasted(text) if isinstance(text, str) else text
    with tenancy.vendor():
        return intakes.drop(letter, now=at(now), by=MANAGER, **values)


def a_mail(text="We terminate ZOE-1", sender=CANARY):
    return Letter(text, "message/rfc822", "n.eml", text.encode(), "Zoé", sender, "S", None, at("2025-06-05"))


def confirm(intake, organization, contracts, *, kind=IntakeKind.TERMINATION, entitled=True, now="2025-06-11"):
    with tenancy.vendor():
        return intakes.confirm(
            intake,
            organization=organization,
            contracts=contracts,
            kind=kind,
            entitled=entitled,
            channel=None,
            sent_on=None,
            now=at(now),
            by=MANAGER,
        )


def test_a_letter_ends_every_contract_that_it_names_with_itself_as_proof_and_is_acknowledged():
    organization, contracts = a_client()
    intake = drop()
    (best,) = intake.candidates
    assert best["organization"] == str(organization.public_id)
    assert best["contracts"] == [str(contract.public_id) for contract in contracts]
    assert intake.suggested == "termination"
    intake = confirm(intake, organization, contracts)
    with tenancy.vendor():
        given = list(Notice.objects.order_by("pk"))
        assert [(one.judgment, one.received_on, one.proof_id) for one in given] == [
            ("in_time", date(2025, 6, 10), intake.document_id)
        ] * 2
        assert b"".join(documents.read(intake.document)) == b"We terminate contract ZOE-1 and ZOE-2."
        answer = b"".join(documents.read(intake.acknowledgement)).decode()
        message = OutboxMessage.objects.get(topic="intake.acknowledged")
    assert "ZOE-1" in answer and "31 décembre 2025" in answer
    assert [one["ends_on"] for one in message.payload["notices"]] == ["2026-01-01"] * 2
    assert (intake.state, intake.sealed_file) == ("confirmed", None)
    assert [fresh(contract).ends_on for contract in contracts] == [date(2026, 1, 1)] * 2


def test_where_one_contract_refuses_nothing_is_written():
    organization, contracts = a_client()
    give(contracts[1], "2025-06-05")
    intake = drop()
    with pytest.raises(Refused) as raised:
        confirm(intake, organization, contracts)
    assert raised.value.code == "notice_stands"
    with tenancy.vendor():
        assert Notice.objects.count() == 1
        assert not Document.objects.exists()
        assert Intake.objects.get().state == "new"


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        pytest.param({"kind": IntakeKind.UNCLEAR}, ("kind", "unclear"), id="unclear"),
        pytest.param({"contracts": []}, ("contracts", "blank"), id="no-contract"),
        pytest.param({"entitled": None}, ("entitled", "not_verified"), id="sender-not-verified"),
        pytest.param(
            {"entitled": False, "kind": IntakeKind.SWITCHING}, ("entitled", "not_entitled"), id="switch-not-entitled"
        ),
    ],
)
def test_what_a_person_must_say(values, fault):
    organization, contracts = a_client()
    intake = drop()
    with pytest.raises(InvalidInput) as raised:
        confirm(intake, organization, **{"contracts": contracts, **values})
    assert [(error.field, error.code) for error in raised.value.errors] == [fault]


def test_another_clients_contract_is_refused():
    organization, _contracts = a_client()
    _other, theirs = a_client()
    with pytest.raises(InvalidInput):
        confirm(drop(), organization, theirs)


@pytest.mark.parametrize(
    ("role", "entitled"), [(Role.AUTHORISED_CONTACT, True), (Role.CLIENT_FINANCE, False), (None, False)]
)
def test_a_member_with_the_right_is_entitled_by_the_address(role, entitled):
    organization, contracts = a_client()
    if role:
        a_member(role, organization, email=CANARY.upper())
    intake = drop(a_mail())
    if entitled:
        confirm(intake, organization, contracts[:1], entitled=None)
        with tenancy.vendor():
            assert (Notice.objects.get().channel, Notice.objects.get().received_on) == ("email", date(2025, 6, 5))
    else:
        with pytest.raises(InvalidInput):
            confirm(intake, organization, contracts[:1], entitled=None)


def test_one_asked_back_keeps_its_receipt():
    organization, contracts = a_client()
    asked = drop("What about our contract?", now="2025-09-29")
    assert asked.suggested == "unclear"
    with tenancy.vendor():
        intakes.ask_back(asked, organization=organization, now=at("2025-10-01"), by=MANAGER)
        message = OutboxMessage.objects.get(topic="intake.asked_back")
    assert message.payload == {"received_on": "2025-09-29"}
    answer = drop("We terminate ZOE-1", now="2025-10-20", answers=asked)
    confirm(answer, organization, contracts[:1], now="2025-10-21")
    with tenancy.vendor():
        assert Intake.objects.get(pk=asked.pk).state == "answered"
        assert (Notice.objects.get().judgment, Notice.objects.get().received_on) == ("in_time", date(2025, 9, 29))
    with pytest.raises(intakes.IntakeNotInThatState):
        drop("Again", answers=asked)


def test_switching_opens_a_case_of_every_contract():
    organization, contracts = a_client()
    intake = confirm(drop(), organization, contracts, kind=IntakeKind.SWITCHING)
    with tenancy.vendor():
        assert SwitchingCase.objects.count() == len(intake.cases) == 2
    assert intake.state == "handed_over"


def test_rejected_its_words_are_dropped():
    intake = drop(a_mail("An advertisement"))
    with tenancy.vendor():
        rejected = intakes.reject(intake, reason="spam", now=at("2025-06-11"), by=MANAGER)
        assert (rejected.sealed_file, rejected.sealed_facts) == (None, None)
        assert intakes.opened(rejected).text == ""


@pytest.mark.parametrize(
    ("received_on", "refused"),
    [
        pytest.param("2025-06-10", False, id="today-in-utc"),
        pytest.param("2025-06-11", False, id="today-in-kiritimati"),
        pytest.param("2025-06-12", True, id="today-nowhere"),
    ],
)
def test_a_day_of_receipt_that_has_come_nowhere_is_refused(received_on, refused):
    with pytest.raises(InvalidInput) if refused else nullcontext():
        drop(received_on=date.fromisoformat(received_on))


def test_whose_letter_it_is_known_the_day_is_that_of_the_contract():
    organization, contracts = a_client()
    intake = drop(received_on=date(2025, 6, 11))
    with pytest.raises(InvalidInput, match="in the contract's zone"):
        confirm(intake, organization, contracts, now="2025-06-10")


def test_a_letter_dated_today_where_it_was_written_keeps_its_date():
    letter = replace(a_mail(), sent_on=date(2025, 6, 11))
    assert drop(letter).sent_on == date(2025, 6, 11)
    assert drop(replace(letter, sent_on=date(2025, 6, 12))).sent_on is None


def test_the_acknowledgement_has_the_clients_day_in_its_name():
    organization, contracts = a_client()
    with tenancy.vendor():
        Organization.objects.filter(pk=organization.pk).update(time_zone="Pacific/Auckland")
        organization.refresh_from_db()
    intake = confirm(drop(), organization, contracts)
    with tenancy.vendor():
        assert Document.objects.get(pk=intake.acknowledgement_id).filename == "acknowledgement-2025-06-12.txt"


def test_the_sender_is_sealed():
    drop(a_mail())
    with tenancy.vendor():
        (row,) = Intake.objects.values()
    assert CANARY not in str(row) and "Zoé" not in str(row)
    assert CANARY.encode() not in bytes(row["sealed_facts"])


@pytest.mark.parametrize("act", ["confirm", "reject", "ask_back"])
def test_two_at_once(act):
    organization, contracts = a_client()
    intake = drop()
    acts = {
        "confirm": lambda: intakes.confirm(
            intake,
            organization=organization,
            contracts=contracts,
            kind=IntakeKind.TERMINATION,
            entitled=True,
            channel=None,
            sent_on=None,
            now=at("2025-06-11"),
            by=MANAGER,
        ),
        "reject": lambda: intakes.reject(intake, now=at("2025-06-11"), by=MANAGER),
        "ask_back": lambda: intakes.ask_back(intake, organization=organization, now=at("2025-06-11"), by=MANAGER),
    }
    assert at_once(acts[act]) == (1, ["intake_not_in_that_state"])
    with tenancy.vendor():
        assert Notice.objects.count() == (2 if act == "confirm" else 0)


def test_a_client_sees_none_of_it():
    organization, _contracts = a_client()
    intake = drop()
    with tenancy.vendor():
        intakes.ask_back(intake, organization=organization, now=at("2025-06-11"), by=MANAGER)
    with tenancy.tenant(organization.pk):
        assert not Intake.objects.exists()
