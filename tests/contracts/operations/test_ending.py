"""The end: by notice or by itself, at midnight, with its licence, its users, and what comes after it."""

from datetime import date, timedelta

import pytest

from accounts import tenancy
from accounts.enums import SuspensionReason
from accounts.models import LicensedUser
from accounts.operations import access
from contracts.operations import ending
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import (
    IN_ORDER,
    MANAGER,
    TERMINATION,
    at_once,
    fresh,
    give,
    licence_of,
    live_until,
    terms_of,
    trail,
    utc,
)
from tests.retention.vaults import an_organization, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
BLINK = timedelta(microseconds=1)
MIDNIGHT = utc("2025-12-31 23:00")


def end(contract, now):
    with tenancy.vendor():
        return ending.end(contract, now=now, by=MANAGER)


def statuses(organization):
    with tenancy.vendor():
        rows = LicensedUser.objects.filter(organization=organization).order_by("external_id")
        return list(rows.values_list("external_id", "status"))


def an_ending_contract(organization=None, **terms):
    """Return an active contract that ends with 2025 by a notice of 1 June."""
    contract = a_signed_contract(organization or an_organization(), **terms)
    live_until("2025-06-01")
    give(contract, "2025-06-01")
    return contract


def test_it_ends_at_midnight_in_its_own_zone_and_not_before():
    for zone, midnight in (("Pacific/Auckland", "2025-12-31 11:00"), ("Europe/Paris", "2025-12-31 23:00")):
        contract = an_ending_contract(time_zone=zone)
        with pytest.raises(ending.EndNotDue):
            end(contract, utc(midnight) - BLINK)
        ended = end(contract, utc(midnight))
        assert (ended.status, ended.ended_at, ended.end_reason) == ("ended", utc(midnight), "notice")


def test_however_late_it_ended_at_midnight():
    contract = an_ending_contract()
    live_until("2026-04-01")
    assert fresh(contract).ended_at == MIDNIGHT
    assert licence_of(contract) == (utc("2024-12-31 23:00"), MIDNIGHT)


def test_ended_once():
    contract = an_ending_contract()
    end(contract, MIDNIGHT)
    for _again in range(9):
        with pytest.raises(ending.EndNotDue):
            end(contract, MIDNIGHT)
    assert trail(contract)[0]["contract.ended"] == 1


def test_two_workers_end_it_once():
    organization = an_organization()
    contract = an_ending_contract(organization)
    people_of(organization, "ann-1", status="active")
    done, refused = at_once(lambda: ending.end(contract, now=MIDNIGHT, by=MANAGER), workers=3)
    assert (done, refused) == (1, ["end_not_due"] * 2)
    assert trail(organization)[0]["licences.suspended"] == 1


def test_without_tacit_renewal_it_expires():
    contract = a_signed_contract(an_organization(), auto_renews=False)
    live_until("2026-01-02")
    found = fresh(contract)
    assert (found.status, found.end_reason, found.ended_at) == ("ended", "expiry", MIDNIGHT)
    assert len(terms_of(contract)) == 1


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: a_signed_contract(an_organization()), id="not-begun"),
        pytest.param(lambda: an_active_contract(), id="renews"),
        pytest.param(lambda: an_active_contract(renewal_term_months=None), id="indefinite"),
    ],
)
def test_what_has_no_end_does_not_end(make):
    contract = make()
    with pytest.raises(ending.EndNotDue):
        end(contract, at("2035-01-01"))


def an_active_contract(**terms):
    contract = a_signed_contract(an_organization(), **terms)
    live_until("2025-01-02")
    return contract


@pytest.mark.parametrize("order", [IN_ORDER, IN_ORDER[::-1]], ids=["renewals-first", "ends-first"])
def test_terms_that_were_missed_are_lived_before_the_end(order):
    """A late notice ends term 2; nothing ran since term 1: term 2 is caught up, whichever sweep comes first."""
    contract = an_active_contract()
    give(contract, "2025-11-01")
    live_until("2027-02-01", order=order)
    found = fresh(contract)
    assert (found.status, found.term_number, found.ended_at) == ("ended", 2, utc("2026-12-31 23:00"))
    assert terms_of(contract) == [(1, "2025-01-01", "2026-01-01"), (2, "2026-01-01", "2027-01-01")]
    with tenancy.vendor():
        assert contract.terms.get(number=2).started_at == MIDNIGHT
    events, _topics = trail(contract)
    assert (events["contract.renewal_certain"], events["contract.renewed"], events["contract.ended"]) == (1, 1, 1)


def test_an_indefinite_contract_ends_with_notice_given_on_a_day():
    contract = an_active_contract(renewal_term_months=None)
    live_until("2026-05-01")
    give(contract, "2026-05-10", kind=TERMINATION)
    live_until("2026-08-10")
    assert fresh(contract).status == "active", "10 August is its last day"
    live_until("2026-08-11")
    found = fresh(contract)
    assert (found.status, found.ended_at, found.term_number) == ("ended", utc("2026-08-10 22:00"), 2)


def test_with_the_last_licence_the_users_are_suspended_at_once():
    organization = an_organization()
    people_of(organization, "ann-1", "ben-1")
    contract = an_ending_contract(organization)
    assert statuses(organization) == [("ann-1", "active"), ("ben-1", "active")]
    end(contract, at("2026-01-01"))
    assert statuses(organization) == [("ann-1", "suspended"), ("ben-1", "suspended")]
    with tenancy.vendor():
        reasons = set(LicensedUser.objects.values_list("suspension_reason", "suspended_at"))
    assert reasons == {(SuspensionReason.LICENCE_ENDED, at("2026-01-01"))}


def test_a_neighbour_is_not_suspended():
    neighbour = an_organization()
    people_of(neighbour, "zoe-1")
    a_signed_contract(neighbour)
    end(an_ending_contract(), at("2026-01-01"))
    assert statuses(neighbour) == [("zoe-1", "active")]


def test_a_second_contract_keeps_the_users_in():
    organization = an_organization()
    people_of(organization, "ann-1")
    a_signed_contract(organization, reference="C-2")
    end(an_ending_contract(organization), at("2026-01-01"))
    assert statuses(organization) == [("ann-1", "active")]


def test_a_successor_reinstates_in_one_act_those_whom_the_end_suspended():
    organization = an_organization()
    ann, ben = people_of(organization, "ann-1", "ben-1")
    contract = an_ending_contract(organization)
    with tenancy.vendor():
        access.suspend(ben, reason=SuspensionReason.CLIENT_DECISION, now=at("2025-07-01"), by="user:client")
    live_until("2026-01-02")
    assert statuses(organization) == [("ann-1", "suspended"), ("ben-1", "suspended")]
    assert fresh(contract).status == "ended"

    a_signed_contract(organization, reference="C-2", starts_on=date(2026, 2, 1))
    live_until("2026-01-31")
    assert statuses(organization) == [("ann-1", "suspended"), ("ben-1", "suspended")]
    live_until("2026-02-01")
    assert statuses(organization) == [("ann-1", "active"), ("ben-1", "suspended")], "the client's decision stands"
    assert trail(organization)[0]["licences.activated"] == 2, "at the first start and at this one"
    with tenancy.vendor():
        ann.refresh_from_db()
    assert (ann.suspension_reason, ann.suspended_at) == ("", None)


@pytest.mark.parametrize("order", [IN_ORDER, IN_ORDER[::-1]], ids=["start-first", "end-first"])
def test_a_successor_without_a_gap_suspends_nobody(order):
    organization = an_organization()
    people_of(organization, "ann-1")
    an_ending_contract(organization)
    a_signed_contract(organization, reference="C-2", starts_on=date(2026, 1, 1))
    live_until("2026-01-01", order=order)
    assert statuses(organization) == [("ann-1", "active")]
    assert trail(organization)[0]["licences.suspended"] == 0


def test_it_ends_where_nobody_is_licensed():
    contract = an_ending_contract()
    end(contract, MIDNIGHT)
    assert trail(fresh(contract).organization)[0]["licences.suspended"] == 0
