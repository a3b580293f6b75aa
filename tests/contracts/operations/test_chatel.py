"""The reminder of the Loi Chatel: who is owed one, its window, its proof, and the way out where it was missed."""

from datetime import date
from io import BytesIO

import pytest

from accounts import tenancy
from accounts.enums import DocumentKind, Role
from accounts.errors import InvalidInput, Refused
from accounts.models import AuditEvent, OutboxMessage
from accounts.operations import delivery, documents
from contracts import sweeps
from contracts.enums import NoticeParty
from contracts.models import Contract
from contracts.operations import chatel, exits, foreseeing, quotes
from tests.accounts.parties import a_member
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import (
    IN_ORDER,
    MANAGER,
    NON_RENEWAL,
    TERMINATION,
    at_once,
    fresh,
    give,
    live_until,
)
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
# Last day for notice 2025-09-30; window 2025-06-30 to 2025-08-30.
SWEEPS = (*IN_ORDER, sweeps.remind_all)


def live(day):
    live_until(day, order=SWEEPS)


def an_association(*, reachable=True, category="association", **terms):
    organization = an_organization(legal_category=category)
    if reachable:
        a_member(Role.AUTHORISED_CONTACT, organization)
    contract = a_signed_contract(organization, reminder_leads=[], **terms)
    live("2025-01-02")
    return fresh(contract)


def topics():
    with tenancy.vendor():
        found = OutboxMessage.objects.filter(topic__startswith="contract.chatel").order_by("pk")
        return [(row.topic, str(row.occurred_at.date())) for row in found]


def deliver(day):
    with tenancy.vendor():
        for message in OutboxMessage.objects.due_for_delivery(at=at(day)):
            delivery.deliver(message, now=at(day))


@pytest.mark.parametrize("category", ["association", "works_council", "other_non_professional"])
def test_a_non_professional_is_reminded_in_the_window_with_proof(category):
    contract = an_association(category=category)
    live("2025-06-29")
    assert topics() == []
    live("2025-06-30")
    live("2025-07-15")
    assert topics() == [(chatel.TOPIC, "2025-06-30")]
    deliver("2025-06-30")
    with tenancy.vendor():
        row = contract.reminders.get()
        message = OutboxMessage.objects.get(public_id=row.message)
        (letter,) = delivery.letters(message)
        assert chatel.missed(contract, on=date(2025, 10, 15)) == ()
    assert message.delivered_at == at("2025-06-30")
    assert "30 Sep 2025" in letter.body and "L215-1" in letter.body
    assert (row.kind, row.due_on, row.last_notice_on) == ("chatel", date(2025, 6, 30), date(2025, 9, 30))


@pytest.mark.parametrize(
    ("category", "terms"),
    [
        pytest.param("company", {}, id="a-company"),
        pytest.param("public_body", {}, id="a-public-body"),
        pytest.param("association", {"governing_law": "DE"}, id="another-law"),
        pytest.param("association", {"auto_renews": False}, id="nothing-renews"),
    ],
)
def test_who_is_owed_none(category, terms):
    contract = an_association(category=category, **terms)
    live("2025-09-01")
    assert topics() == []
    with tenancy.vendor():
        assert chatel.missed(contract, on=date(2025, 11, 1)) == ()


def test_nobody_to_tell_is_said_to_the_vendor_and_tried_again_every_day():
    contract = an_association(reachable=False)
    for day in ("2025-06-30", "2025-07-01", "2025-07-07"):
        live(day)
    assert topics() == [(chatel.UNREACHABLE, "2025-06-30"), (chatel.UNREACHABLE, "2025-07-07")]
    a_member(Role.CLIENT_ADMINISTRATOR, contract.organization)
    live("2025-07-08")
    assert topics()[2:] == [(chatel.TOPIC, "2025-07-08")]


def test_missed_it_is_recorded_and_the_client_leaves_on_the_day_free_of_charge():
    contract = an_association(reachable=False)
    live("2025-07-01")
    live("2025-08-31")
    with tenancy.vendor():
        row = contract.reminders.get()
        event = AuditEvent.objects.get(name=chatel.MISSED)
    assert (row.sent_at, row.skipped_at) == (None, at("2025-08-31"))
    assert event.data == {"term": 1, "closes": "2025-08-30", "free_from": "2026-01-01"}
    live("2026-03-01")
    notice = give(contract, "2026-03-01", kind=TERMINATION)
    assert (notice.judgment, notice.ends_on, notice.free_of_charge) == ("in_time", date(2026, 3, 2), True)
    assert "L215-1" in notice.why["source"]
    live("2026-03-02")
    assert fresh(contract).status == "ended"


@pytest.mark.parametrize(
    ("on", "kind", "ends_on"),
    [
        pytest.param("2025-09-15", NON_RENEWAL, "2026-01-01", id="in-time-anyway"),
        pytest.param("2025-12-15", NON_RENEWAL, "2026-01-01", id="late-but-it-prevents-the-renewal"),
        pytest.param("2026-06-01", TERMINATION, "2026-06-02", id="at-any-time"),
    ],
)
def test_missed_while_the_service_was_down(on, kind, ends_on):
    """Nothing ran between the first day and the notice: the right rests on what was not sent, not on a sweep."""
    contract = an_association()
    live_until(on)
    notice = give(contract, on, kind=kind)
    assert str(notice.ends_on) == ends_on


def test_who_was_not_reminded_is_told_so_wherever_leaving_is_asked_about():
    contract = an_association(reachable=False)
    live("2026-03-01")
    on = date(2026, 3, 1)
    with tenancy.vendor():
        quote = quotes.make(contract, exit_on=date(2026, 5, 20), ground=None, now=at(on), by=MANAGER)
        series = exits.series(contract, on=on, months=2)
        (commitment,) = exits.commitments([contract], now=at(on), year_starts_in=1)
        revenue = foreseeing.revenue_of_all(Contract.objects.all(), now=at(on), until=date(2026, 5, 31))
    assert (quote.right_to_leave, quote.penalty) == (True, 0)
    assert {(one.own.cost.amount, one.own.bound_until == one.exit_on) for one in series} == {(0, True)}
    assert commitment.bound_until == on
    assert [(one.month, str(one.sureness)) for one in revenue if one.sureness.value == "locked_in"] == [
        (date(2026, 3, 1), "locked_in")
    ]


def test_a_window_that_has_not_closed_yet_is_missed_by_nobody():
    contract = an_association()
    live("2025-02-01")
    with tenancy.vendor():
        series = exits.series(contract, on=date(2025, 12, 1), months=1, today=date(2025, 2, 1))
    assert series[0].own.bound_until == date(2026, 12, 31)


def test_many_contracts_are_asked_at_once(django_assert_num_queries):
    contracts = [an_association() for _each in range(3)]
    with tenancy.vendor(), django_assert_num_queries(2):
        found = chatel.missed_of(contracts, on=lambda _one: date(2025, 12, 1))
    assert [len(found[one.pk]) for one in contracts] == [1, 1, 1]


def test_a_reminder_that_was_never_delivered_reminds_nobody():
    contract = an_association()
    live("2025-06-30")
    with tenancy.vendor():
        (missed,) = chatel.missed(contract, on=date(2025, 12, 1))
    assert missed.reminded.free_exit_from == date(2026, 1, 1)


def test_the_vendors_own_notice_gains_nothing():
    contract = an_association(reachable=False)
    live("2026-03-01")
    assert not give(contract, "2026-03-01", kind=TERMINATION, party=NoticeParty.VENDOR).free_of_charge


def a_proof(contract):
    return documents.store(
        contract.organization,
        BytesIO(b"posted"),
        kind=DocumentKind.NOTICE_PROOF,
        filename="slip.txt",
        content_type="text/plain",
        now=at("2025-07-20"),
        by=MANAGER,
    )


def record(contract, sent_on, now="2025-09-01"):
    with tenancy.vendor():
        return chatel.record(
            contract, sent_on=date.fromisoformat(sent_on), proof=a_proof(contract), now=at(now), by=MANAGER
        )


@pytest.mark.parametrize(
    ("sent_on", "free"),
    [("2025-06-29", True), ("2025-06-30", False), ("2025-08-30", False), ("2025-08-31", True)],
)
def test_a_letter_is_recorded_with_its_proof_and_counts_in_its_window(sent_on, free):
    contract = an_association(reachable=False)
    record(contract, sent_on)
    with tenancy.vendor():
        assert bool(chatel.missed(contract, on=date(2025, 12, 1))) is free


def test_a_recorded_letter_spares_the_mail():
    contract = an_association()
    record(contract, "2025-07-01", now="2025-07-02")
    live("2025-07-05")
    assert [topic for topic, _on in topics()] == ["contract.chatel_recorded"]


@pytest.mark.parametrize("sent_on", ["2025-09-02", "2024-12-31"])
def test_a_day_to_come_or_before_the_contract_is_refused(sent_on):
    with pytest.raises(InvalidInput):
        record(an_association(), sent_on)


def test_recorded_once_by_two_at_once_and_not_for_a_company():
    contract = an_association(reachable=False)
    assert at_once(
        lambda: chatel.record(
            contract, sent_on=date(2025, 7, 1), proof=a_proof(contract), now=at("2025-09-01"), by=MANAGER
        )
    ) == (1, ["reminded_already"])
    with pytest.raises(Refused) as raised:
        record(an_association(category="company"), "2025-07-01")
    assert raised.value.code == "chatel_does_not_apply"
