"""Tacit renewal: certain first, then lived; once, however often and late it is asked for."""

from datetime import date, timedelta

import pytest

from accounts import tenancy
from accounts.models import AuditEvent
from contracts.models import Contract
from contracts.operations import renewal
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import (
    IN_ORDER,
    MANAGER,
    at_once,
    fresh,
    give,
    licence_of,
    live_until,
    terms_of,
    trail,
    utc,
)
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
BLINK = timedelta(microseconds=1)
FIRST_END = date(2026, 1, 1)


def an_active_contract(until="2025-01-02", **values):
    contract = a_signed_contract(an_organization(), **values)
    live_until(until)
    return fresh(contract)


def renew(contract, now, ending=FIRST_END):
    with tenancy.vendor():
        return renewal.renew(contract, ending=ending, now=now, by=MANAGER)


def make_certain(contract, now, ending=FIRST_END):
    with tenancy.vendor():
        return renewal.make_certain(contract, ending=ending, now=now, by=MANAGER)


def test_it_becomes_certain_first_and_starts_later():
    contract = an_active_contract()
    assert contract.last_notice_on == date(2025, 9, 30)
    assert (contract.certain_at, contract.renews_at) == (utc("2025-09-30 22:00"), utc("2025-12-31 23:00"))

    live_until(utc("2025-09-30 22:00") - BLINK)
    assert len(terms_of(contract)) == 1
    live_until(utc("2025-09-30 22:00"))
    contract = fresh(contract)
    assert terms_of(contract)[1:] == [(2, "2026-01-01", "2027-01-01")]
    assert (contract.term_number, contract.term_ends_on, contract.certain_at) == (1, FIRST_END, None)

    live_until(utc("2025-12-31 23:00") - BLINK)
    assert fresh(contract).term_number == 1
    live_until(utc("2025-12-31 23:00"))
    contract = fresh(contract)
    assert (contract.term_number, contract.term_ends_on) == (2, date(2027, 1, 1))
    with tenancy.vendor():
        second = contract.terms.get(number=2)
    assert (second.certain_at, second.started_at) == (utc("2025-09-30 22:00"), utc("2025-12-31 23:00"))


@pytest.mark.parametrize(
    ("zone", "midnight"),
    [
        pytest.param("Pacific/Auckland", "2025-12-31 11:00", id="auckland"),
        pytest.param("Europe/Paris", "2025-12-31 23:00", id="paris"),
    ],
)
def test_nothing_renews_before_midnight_in_the_contracts_zone(zone, midnight):
    contract = an_active_contract(time_zone=zone)
    with pytest.raises(renewal.RenewalNotDue):
        renew(contract, utc(midnight) - BLINK)
    assert renew(contract, utc(midnight)).term_number == 2


def test_a_term_is_a_copy_of_what_was_agreed():
    contract = an_active_contract("2026-01-02")
    with tenancy.vendor():
        first, second = contract.terms.order_by("number")
    assert (second.fee, second.currency, second.clauses) == (first.fee, first.currency, first.clauses)
    assert second.clauses["notice_length"] == 3 and second.clauses["governing_law"] == "FR"


def test_asked_a_hundred_times_it_renews_once():
    contract = an_active_contract()
    renew(contract, at("2026-01-01"))
    for _again in range(99):
        with pytest.raises(renewal.RenewalNotDue):
            renew(contract, at("2026-01-01"))
    assert fresh(contract).term_number == 2
    events, topics = trail(contract)
    assert events["contract.renewed"] == events["contract.renewal_certain"] == topics["contract.renewed"] == 1


def test_a_late_message_finds_nothing_even_if_the_contract_is_terms_behind():
    """The call names the very term that it replaces: a duplicate does not renew the next one."""
    contract = an_active_contract()
    renew(contract, at("2029-06-01"))
    with pytest.raises(renewal.RenewalNotDue):
        renew(contract, at("2029-06-01"))
    assert fresh(contract).term_number == 2
    assert renew(contract, at("2029-06-01"), ending=date(2027, 1, 1)).term_number == 3


def test_two_workers_renew_once():
    contract = an_active_contract()
    done, refused = at_once(
        lambda: renewal.renew(contract, ending=FIRST_END, now=at("2026-01-01"), by=MANAGER), workers=4
    )
    assert (done, refused) == (1, ["renewal_not_due"] * 3)
    assert [number for number, *_days in terms_of(contract)] == [1, 2]


def test_two_workers_make_certain_once():
    contract = an_active_contract()
    done, refused = at_once(lambda: renewal.make_certain(contract, ending=FIRST_END, now=at("2025-10-02"), by=MANAGER))
    assert (done, refused) == (1, ["renewal_not_due"])


def test_certain_and_renewed_at_once_make_one_term():
    contract = an_active_contract()
    acts = iter(
        [
            lambda: renewal.make_certain(contract, ending=FIRST_END, now=at("2026-01-01"), by=MANAGER),
            lambda: renewal.renew(contract, ending=FIRST_END, now=at("2026-01-01"), by=MANAGER),
        ]
    )
    done, _refused = at_once(lambda: next(acts)())
    assert done in (1, 2), "certainty may come too late, never the renewal"
    assert fresh(contract).term_number == 2
    assert trail(contract)[0]["contract.renewal_certain"] == 1


@pytest.mark.parametrize("reversed_order", [False, True], ids=["in-order", "in-reverse-order"])
def test_missed_runs_are_caught_up_term_by_term(reversed_order):
    contract = an_active_contract()
    live_until("2028-06-15", order=IN_ORDER[::-1] if reversed_order else IN_ORDER)
    assert terms_of(contract) == [
        (1, "2025-01-01", "2026-01-01"),
        (2, "2026-01-01", "2027-01-01"),
        (3, "2027-01-01", "2028-01-01"),
        (4, "2028-01-01", "2029-01-01"),
    ]
    contract = fresh(contract)
    assert (contract.term_number, contract.last_notice_on) == (4, date(2028, 9, 30))
    with tenancy.vendor():
        stamps = list(contract.terms.order_by("number").values_list("certain_at", "started_at"))[1:]
        found = AuditEvent.objects.filter(subject_id=contract.public_id).order_by("pk").values_list("name", "data")
        events = [(name, data["number"]) for name, data in found if "number" in data]
    assert stamps == [(utc(f"{year}-09-30 22:00"), utc(f"{year}-12-31 23:00")) for year in (2025, 2026, 2027)]
    assert sorted(events) == sorted(
        (name, number) for number in (2, 3, 4) for name in ("contract.renewal_certain", "contract.renewed")
    )


def test_swept_late_or_in_time_it_ends_up_the_same():
    in_time = an_active_contract()
    for day in ("2025-10-05", "2026-01-05", "2026-10-05", "2027-01-05", "2027-05-05"):
        live_until(day)
    late = a_signed_contract(an_organization())
    live_until("2027-05-05")
    assert terms_of(in_time) == terms_of(late)
    stored = ("term_number", "term_ends_on", "last_notice_on", "certain_at", "renews_at", "ends_on")
    assert [getattr(fresh(in_time), name) for name in stored] == [getattr(fresh(late), name) for name in stored]


def test_a_leap_day_comes_back_to_itself():
    contract = an_active_contract("2029-01-01", concluded_on=date(2024, 1, 1), starts_on=date(2024, 2, 29))
    assert terms_of(contract) == [
        (1, "2024-02-29", "2025-02-28"),
        (2, "2025-02-28", "2026-02-28"),
        (3, "2026-02-28", "2027-02-28"),
        (4, "2027-02-28", "2028-02-29"),
        (5, "2028-02-29", "2029-02-28"),
        (6, "2029-02-28", "2030-02-28"),  # certain already
    ]
    assert fresh(contract).term_number == 5


def test_thirty_six_months_then_yearly():
    contract = an_active_contract("2030-01-15", first_term_months=36, starts_on=date(2024, 12, 31))
    assert terms_of(contract) == [
        (1, "2024-12-31", "2027-12-31"),
        (2, "2027-12-31", "2028-12-31"),
        (3, "2028-12-31", "2029-12-31"),
        (4, "2029-12-31", "2030-12-31"),
    ]


def test_without_a_renewal_term_it_becomes_indefinite():
    contract = an_active_contract("2027-06-01", renewal_term_months=None)
    assert terms_of(contract) == [(1, "2025-01-01", "2026-01-01"), (2, "2026-01-01", None)]
    found = fresh(contract)
    assert (found.status, found.term_number, found.term_ends_on) == ("active", 2, None)
    assert found.last_notice_on is found.certain_at is found.renews_at is found.ends_on is None
    assert licence_of(contract)[1] is None
    live_until("2040-01-01")
    assert len(terms_of(contract)) == 2


def test_a_contract_that_does_not_renew_has_nothing_to_renew():
    contract = an_active_contract(auto_renews=False)
    assert contract.renews_at is contract.certain_at is contract.last_notice_on is None
    for act in (renew, make_certain):
        with pytest.raises(renewal.RenewalNotDue):
            act(contract, at("2026-01-02"))


def test_under_notice_nothing_renews():
    contract = an_active_contract()
    give(contract, "2025-09-30")
    for act in (renew, make_certain):
        with pytest.raises(renewal.RenewalNotDue):
            act(contract, at("2026-01-02"))


def test_what_has_not_started_does_not_renew():
    contract = a_signed_contract(an_organization())
    for act in (renew, make_certain):
        with pytest.raises(renewal.RenewalNotDue):
            act(contract, at("2027-01-01"))


def test_certain_once_and_not_on_the_last_day_for_notice():
    contract = an_active_contract()
    with pytest.raises(renewal.RenewalNotDue):
        make_certain(contract, utc("2025-09-30 21:59"))
    make_certain(contract, utc("2025-09-30 22:00"))
    with pytest.raises(renewal.RenewalNotDue):
        make_certain(contract, utc("2025-09-30 22:00"))
    assert len(terms_of(contract)) == 2


def test_the_disputed_polish_reading_puts_certainty_off():
    """The last day for notice, 30 September 2028, is a Saturday: a notice of Monday is not treated as late."""
    organization = an_organization(country="PL", time_zone="Europe/Warsaw")
    a_signed_contract(organization, governing_law="PL", starts_on=date(2028, 1, 1))
    live_until("2028-01-02")
    with tenancy.vendor():
        contract = Contract.objects.get(organization=organization)
    assert contract.last_notice_on == date(2028, 10, 2)
    assert contract.certain_at == utc("2028-10-02 22:00")


def test_a_commitment_that_outlasts_the_term_makes_its_renewal_certain_at_once():
    contract = an_active_contract(minimum_commitment_months=18)
    assert contract.last_notice_on is None
    assert terms_of(contract)[1:] == [(2, "2026-01-01", "2027-01-01")]
    live_until("2026-01-02")
    assert fresh(contract).last_notice_on == date(2026, 9, 30)
