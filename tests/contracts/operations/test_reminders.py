"""Reminders: sent once a term before the last day for notice, to whom they concern; after an outage only the last."""

from datetime import date, timedelta

import pytest

from accounts import tenancy
from accounts.enums import Role
from accounts.errors import InvalidInput, Refused
from accounts.models import AuditEvent, OutboxMessage
from accounts.operations import delivery
from accounts.operations.sweeping import SYSTEM
from contracts import sweeps
from contracts.models import Reminder
from contracts.operations import reminders
from tests.accounts.parties import a_member
from tests.contracts.agreements import a_draft, a_signed_contract, at
from tests.contracts.operations.lives import IN_ORDER, MANAGER, at_once, fresh, give, live_until, utc, withdraw
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
SWEEPS = (*IN_ORDER, sweeps.remind_all)


def live(day):
    live_until(day, order=SWEEPS)


def live_daily(first, last):
    day = date.fromisoformat(first)
    while day <= date.fromisoformat(last):
        live(day.isoformat())
        day += timedelta(days=1)


def an_active_contract(**terms):
    contract = a_signed_contract(an_organization(), **terms)
    live("2025-01-02")
    return fresh(contract)


def rows(contract):
    """Return (term, lead, local day of sending or None) of the contract's reminders."""
    with tenancy.vendor():
        found = contract.reminders.order_by("pk")
        return [(row.term_number, row.lead, row.sent_at and str(row.sent_at.date())) for row in found]


def announced():
    with tenancy.vendor():
        return list(OutboxMessage.objects.filter(topic=reminders.TOPIC).order_by("pk"))


def test_the_ladder_is_climbed_once_a_term_and_armed_again_for_the_next():
    contract = an_active_contract()
    assert contract.next_reminder_at == utc("2025-07-01 22:00"), "local midnight of 2 July in Paris"
    live_daily("2025-06-30", "2025-10-02")
    assert rows(contract) == [
        (1, 90, "2025-07-02"),
        (1, 60, "2025-08-01"),
        (1, 30, "2025-08-31"),
        (1, 7, "2025-09-23"),
    ]
    assert fresh(contract).next_reminder_at is None
    live("2026-01-01")
    assert fresh(contract).next_reminder_at == utc("2026-07-01 22:00")
    live("2026-07-02")
    live("2026-07-02")
    assert rows(contract)[4:] == [(2, 90, "2026-07-02")]
    assert [message.payload["days_left"] for message in announced()] == [91, 61, 31, 8, 91]


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        ("Pacific/Auckland", "2025-07-01 11:59", "2025-07-01 12:00"),
        ("America/Lima", "2025-07-02 04:59", "2025-07-02 05:00"),
    ],
)
def test_midnight_is_the_contracts_own(zone, before, after):
    contract = an_active_contract(time_zone=zone)
    assert sweeps.remind_all(at=utc(before), by=SYSTEM).done == 0
    assert sweeps.remind_all(at=utc(after), by=SYSTEM).done == 1
    assert [lead for _term, lead, _on in rows(contract)] == [90]


@pytest.mark.parametrize(
    ("back_on", "sent", "skipped"),
    [
        pytest.param("2025-08-15", [60], [90], id="two-were-due"),
        pytest.param("2025-09-30", [7], [90, 60, 30], id="on-the-last-day"),
        pytest.param("2025-10-01", [], [], id="after-it-the-renewal-is-certain"),
        pytest.param("2026-08-15", [60], [90], id="a-term-later"),
    ],
)
def test_after_an_outage_only_the_most_recent_is_sent(back_on, sent, skipped):
    contract = an_active_contract()
    live(back_on)
    live(back_on)
    found = rows(contract)
    assert ([lead for _t, lead, on in found if on], [lead for _t, lead, on in found if not on]) == (sent, skipped)
    assert len(announced()) == len(sent)


def test_when_the_sweep_comes_after_the_last_day_before_certainty_nothing_is_sent():
    contract = an_active_contract()
    assert sweeps.remind_all(at=at("2025-10-05"), by=SYSTEM).done == 1
    assert rows(contract) == [(1, 90, None), (1, 60, None), (1, 30, None), (1, 7, None)]
    assert announced() == []
    with tenancy.vendor():
        assert AuditEvent.objects.filter(name="contract.reminders_skipped").count() == 1


@pytest.mark.parametrize(
    "terms",
    [
        pytest.param({"auto_renews": False}, id="does-not-renew"),
        pytest.param({"reminder_leads": []}, id="wants-none"),
        pytest.param({"reminder_leads": [300]}, id="before-the-term"),
        pytest.param({"minimum_commitment_months": 18}, id="no-day-is-the-last"),
    ],
)
def test_contracts_that_get_none(terms):
    contract = an_active_contract(**terms)
    assert contract.next_reminder_at is None
    live("2025-09-01")
    assert rows(contract) == []


def test_a_notice_ends_the_reminders_and_its_withdrawal_brings_them_back():
    contract = an_active_contract()
    live("2025-07-02")
    give(contract, "2025-07-10")
    assert fresh(contract).next_reminder_at is None
    live("2025-08-02")
    withdraw(contract, "2025-08-03")
    live("2025-08-04")
    assert [(lead, bool(on)) for _term, lead, on in rows(contract)] == [(90, True), (60, True)]


def test_an_indefinite_term_has_none():
    contract = an_active_contract(renewal_term_months=None)
    live("2026-01-02")
    contract = fresh(contract)
    assert (contract.term_ends_on, contract.next_reminder_at) == (None, None)


def test_two_at_once_send_one():
    contract = an_active_contract()
    done, refused = at_once(lambda: reminders.remind(contract, now=at("2025-07-02"), by=SYSTEM))
    assert (done, refused) == (1, ["reminder_not_due"])
    assert len(rows(contract)) == len(announced()) == 1


@pytest.mark.parametrize("opted_in", [False, True])
def test_the_owner_and_the_managers_are_told_and_the_client_where_the_contract_says_so(opted_in):
    manager = a_member(Role.CONTRACT_MANAGER, email="manager@example.org")
    owner = a_member(Role.FINANCE, email="owner@example.org")
    a_member(Role.FINANCE, email="other@example.org")
    contract = an_active_contract(owner=owner, reminds_client=opted_in)
    contact = a_member(Role.AUTHORISED_CONTACT, contract.organization, email="contact@client.example")
    live("2025-07-02")
    (message,) = announced()
    with tenancy.vendor():
        found = delivery.letters(message)
    expected = {manager.email, owner.email} | ({contact.email} if opted_in else set())
    assert {letter.to for letter in found} == expected
    assert all("C-1" in letter.body and "30 Sep 2025" in letter.body for letter in found)


def test_leads_are_set_again_in_the_middle_of_a_term():
    contract = an_active_contract()
    live("2025-08-02")
    with tenancy.vendor():
        reminders.set_leads(
            contract, reminder_leads=[1, 90, 80, 14], reminds_client=True, now=at("2025-08-03"), by=MANAGER
        )
    live("2025-08-04")
    assert len(announced()) == 1, "a lead that is over does not bring an older reminder back"
    live_daily("2025-09-15", "2025-09-30")
    assert [lead for _term, lead, on in rows(contract) if on] == [60, 14, 1]


@pytest.mark.parametrize(
    ("leads", "code"), [([0], "out_of_range"), ([7, 7], "duplicate"), (list(range(1, 20)), "too_many")]
)
def test_wrong_leads_are_refused_everywhere(leads, code):
    contract = an_active_contract()
    with pytest.raises(InvalidInput) as raised, tenancy.vendor():
        reminders.set_leads(contract, reminder_leads=leads, reminds_client=False, now=at("2025-02-01"), by=MANAGER)
    assert [(error.field, error.code) for error in raised.value.errors] == [("reminder_leads", code)]
    with pytest.raises(InvalidInput) as raised:
        a_draft(an_organization(), reminder_leads=leads)
    assert [(error.field, error.code) for error in raised.value.errors] == [("reminder_leads", code)]


def test_what_is_over_reminds_no_more():
    contract = an_active_contract(auto_renews=False)
    live("2026-01-02")
    with pytest.raises(Refused), tenancy.vendor():
        reminders.set_leads(contract, reminder_leads=[7], reminds_client=False, now=at("2026-01-03"), by=MANAGER)
    with tenancy.vendor():
        assert not Reminder.objects.exists()
