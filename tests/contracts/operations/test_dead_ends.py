"""No dead ends: a notice that never arrived, a letter whose answer was none, one that waits, a switch acknowledged."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from accounts import tenancy
from accounts.errors import InvalidInput
from accounts.models import AuditDetail, OutboxMessage
from accounts.operations import documents
from contracts.enums import IntakeKind
from contracts.models import Intake
from contracts.operations import intakes, outgoing
from tests.admin.people import a_member
from tests.contracts.agreements import at
from tests.contracts.operations.lives import MANAGER
from tests.contracts.operations.test_intakes import a_client, confirm, drop
from tests.contracts.operations.test_outgoing import a_contract, approve, draft, send

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def test_a_notice_that_was_sent_and_never_arrived_is_given_up_with_a_reason_and_another_is_drafted():
    contract = a_contract()
    row = send(approve(draft(contract)))
    assert row.status == "sent"
    with tenancy.vendor(), pytest.raises(InvalidInput) as wrong:
        outgoing.cancel(row, now=at("2025-07-01"), by=MANAGER, reason=" ")
    assert [(one.field, one.code) for one in wrong.value.errors] == [("reason", "missing")]
    with tenancy.vendor():
        lost = outgoing.cancel(row, now=at("2025-07-01"), by=MANAGER, reason="Returned by the post.")
        lost.refresh_from_db()
        assert (lost.status, lost.sent_on) == ("cancelled", date(2025, 6, 3)) and lost.proof_id is not None
        assert AuditDetail.objects.get().text == {"reason": "Returned by the post."}
    assert draft(contract, now="2025-07-01").status == "draft"
    with tenancy.vendor(), pytest.raises(outgoing.OutgoingNotInThatState):
        outgoing.receive(lost, received_on=date(2025, 7, 1), now=at("2025-07-01"), by=MANAGER)


def test_what_was_given_is_not_given_up():
    given = send(approve(draft(a_contract())), received_on="2025-06-05")
    with tenancy.vendor(), pytest.raises(outgoing.OutgoingNotInThatState):
        outgoing.cancel(given, now=at("2025-07-01"), by=MANAGER, reason="Changed our mind.")


def asked_back(now="2025-10-01"):
    organization, contracts = a_client()
    asked = drop("What about our contract?", now="2025-09-29")
    with tenancy.vendor():
        intakes.ask_back(asked, organization=organization, now=at(now), by=MANAGER)
    return organization, contracts, asked


def test_a_letter_whose_answer_is_rejected_still_waits_for_its_answer_with_its_receipt():
    organization, contracts, asked = asked_back()
    spam = drop("Our summer sale", now="2025-10-10", answers=asked)
    with tenancy.vendor():
        intakes.reject(spam, now=at("2025-10-11"), by=MANAGER)
        asked.refresh_from_db()
    assert asked.state == "asked_back"
    answer = drop("We terminate ZOE-1", now="2025-10-20", answers=asked)
    confirm(answer, organization, contracts[:1], now="2025-10-21")
    with tenancy.vendor():
        (notice,) = contracts[0].notices.all()
    assert (notice.judgment, notice.received_on) == ("in_time", date(2025, 9, 29))


@pytest.mark.parametrize(("on", "late"), [("2025-10-11", False), ("2025-10-12", True)])
def test_a_letter_that_was_asked_back_is_shown_until_it_is_answered(on, late, monkeypatch):
    asked_back()
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: at(on))
    client = Client()
    client.force_login(a_member("contract_manager"))
    tables = client.get(reverse("admin:index")).context["tables"]
    (row,) = next(table for table in tables if table.title == "Letters to decide on").rows
    assert (row.cells[3], row.late) == ("Asked back", late)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        pytest.param(IntakeKind.SWITCHING, "changez de fournisseur", id="switch"),
        pytest.param(IntakeKind.ERASURE_ONLY, "sans transfert", id="erasure"),
    ],
)
def test_a_letter_that_opens_a_switch_is_acknowledged_with_its_days(kind, said):
    organization, contracts = a_client()
    intake = confirm(drop(), organization, contracts, kind=kind)
    with tenancy.vendor():
        found = Intake.objects.select_related("acknowledgement").get(pk=intake.pk)
        answer = b"".join(documents.read(found.acknowledgement)).decode()
        message = OutboxMessage.objects.get(topic="intake.acknowledged")
        (case, _other) = contracts[0].switching_cases.model.objects.order_by("pk")
    assert said in answer and "ZOE-1" in answer and "ZOE-2" in answer
    first = message.payload["notices"][0]
    assert (first["notice_end"], first["erase_from"]) == (case.notice_end.isoformat(), case.erase_from.isoformat())
