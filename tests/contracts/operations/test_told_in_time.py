"""The deadline of the reminder that the Loi Chatel asks for: met by what reached the client in its window."""

import smtplib
from datetime import date, timedelta

import pytest
from django.core.mail import EmailMessage

from accounts import sweeps as accounts_sweeps
from accounts import tenancy
from accounts.models import OutboxMessage
from accounts.operations.sweeping import SYSTEM
from contracts import sweeps
from contracts.models import Contract, Deadline
from contracts.operations import chatel, deadlines
from tests.contracts.agreements import at
from tests.contracts.operations.lives import at_once, live_until
from tests.contracts.operations.switches import a_proof
from tests.contracts.operations.test_waiting_deadlines import CHATEL, ORDER, an_association, done, states

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def announced():
    """Return a contract whose reminder was announced on the first day of its window, 30 June, and not delivered yet."""
    contract = an_association()
    live_until("2025-06-30", ORDER)
    with tenancy.vendor():
        assert contract.reminders.get().sent_at == at("2025-06-30")
    return contract


def deliver(day):
    accounts_sweeps.deliver_all(at=at(day), by=SYSTEM)


def give_up(monkeypatch):
    """Let the mail server be gone until the announcements are given up, early in July."""

    def gone(*_args, **_kwargs):
        raise smtplib.SMTPServerDisconnected("gone")

    monkeypatch.setattr(EmailMessage, "send", gone)
    for hours in range(40):
        accounts_sweeps.deliver_all(at=at("2025-06-30") + timedelta(hours=hours), by=SYSTEM)
    with tenancy.vendor():
        assert OutboxMessage.objects.get(topic=chatel.TOPIC).failed_at is not None


def due(now):
    with tenancy.vendor():
        return list(Contract.objects.due_for_deadlines(at=at(now)).values_list("pk", flat=True))


def left_for_free(contract):
    with tenancy.vendor():
        return bool(chatel.missed(contract, on=date(2025, 10, 15)))


@pytest.mark.parametrize(
    ("delivered_on", "state"),
    [
        pytest.param(None, "open", id="not-yet"),
        pytest.param("2025-06-30", "met", id="on-its-day"),
        pytest.param("2025-08-30", "met", id="on-the-last-day"),
        pytest.param("2025-08-31", "open", id="a-day-late"),
    ],
)
def test_met_by_what_was_delivered_in_the_window_and_by_nothing_else(delivered_on, state):
    contract = announced()
    assert states(contract, "2025-06-30") == [(*CHATEL, "open")]
    if delivered_on is not None:
        deliver(delivered_on)
        assert due("2025-09-01") == [contract.pk], "its delivery is what its deadlines depend on"
    assert states(contract, "2025-09-01") == [(*CHATEL, state)]
    assert left_for_free(contract) is (state == "open"), "one rule for the deadline and for the free exit"
    with tenancy.vendor():
        row = Deadline.objects.get(contract=contract, kind="chatel_reminder")
        assert [late.pk for late in Deadline.objects.late(at=at("2025-09-01"))] == ([row.pk] if state == "open" else [])
    assert row.met_at == (at(delivered_on) if state == "met" else None)
    assert due("2025-09-01") == [], "a second run finds nothing"


def test_one_that_was_given_up_still_waits_for_somebody_to_post_a_letter(monkeypatch):
    contract = announced()
    give_up(monkeypatch)
    assert due("2025-07-03") == [contract.pk]
    assert states(contract, "2025-07-03") == [(*CHATEL, "open")]
    assert due("2025-07-03") == [] and left_for_free(contract)
    proof = a_proof(contract.organization, "2025-07-04")
    done(chatel.record, contract, sent_on=date(2025, 7, 4), proof=proof, now="2025-07-05")
    assert states(contract, "2025-07-05") == [(*CHATEL, "met")] and not left_for_free(contract)


def test_what_an_earlier_version_took_for_met_when_it_was_sent_is_asked_again(monkeypatch):
    contract = announced()
    give_up(monkeypatch)
    with tenancy.vendor():
        Deadline.objects.filter(contract=contract).update(met_at=at("2025-06-30"), met_by=SYSTEM)
    assert states(contract, "2025-07-03") == [(*CHATEL, "superseded"), (*CHATEL, "open")]


def test_two_workers_at_once_meet_it_once():
    contract = announced()
    deliver("2025-07-01")
    assert at_once(lambda: deadlines.refresh([contract.pk], now=at("2025-07-01"), by=SYSTEM)) == (2, [])
    assert sweeps.refresh_all_deadlines(at=at("2025-07-01"), by=SYSTEM).done == 0
    assert states(contract, "2025-07-01") == [(*CHATEL, "met")]
