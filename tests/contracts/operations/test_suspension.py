"""Suspension: the licence stops and the users with it; the calendar goes on; resumed by hand or on the agreed day."""

from datetime import date

import pytest

from accounts import tenancy
from accounts.enums import SuspensionReason
from accounts.errors import InvalidInput
from accounts.models import LicenceGrant, LicensedUser
from accounts.operations import access
from accounts.operations.sweeping import SYSTEM
from contracts import sweeps
from contracts.enums import ContractSuspension
from contracts.operations import suspension
from tests.api.callers import caller
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
from tests.retention.vaults import an_organization, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
SUSPENDED_AT = at("2025-03-01")


def an_active_contract(**values):
    organization = an_organization()
    contract = a_signed_contract(organization, **values)
    people_of(organization, "ann", "bob")
    live_until("2025-01-02")
    return fresh(contract)


def suspend(contract, on="2025-03-01", reason=ContractSuspension.NON_PAYMENT, resumes_on=None):
    resumes = date.fromisoformat(resumes_on) if resumes_on else None
    with tenancy.vendor():
        return suspension.suspend(contract, reason=reason, resumes_on=resumes, now=at(on), by=MANAGER)


def resume(contract, on="2025-04-01"):
    with tenancy.vendor():
        return suspension.resume(contract, now=at(on), by=MANAGER)


def people(contract):
    with tenancy.vendor():
        rows = LicensedUser.objects.filter(organization_id=contract.organization_id).order_by("external_id")
        return [(row.status, row.suspension_reason) for row in rows]


def days_of(contract):
    found = fresh(contract)
    return found.term_ends_on, found.last_notice_on, found.certain_at, found.renews_at, found.next_reminder_at


def test_the_users_stop_and_go_on_and_others_stay_as_they_were():
    contract = an_active_contract()
    with tenancy.vendor():
        bob = LicensedUser.objects.get(external_id="bob")
        access.suspend(bob, reason=SuspensionReason.CLIENT_DECISION, now=at("2025-02-01"), by=MANAGER)
    suspend(contract)
    assert licence_of(contract)[1] == SUSPENDED_AT
    assert people(contract) == [("suspended", "licence_ended"), ("suspended", "client_decision")]
    resume(contract)
    assert licence_of(contract)[1] is None
    assert people(contract) == [("active", ""), ("suspended", "client_decision")]
    events, topics = trail(contract)
    assert events["contract.suspended"] == events["contract.resumed"] == topics["contract.suspended"] == 1


def test_another_contract_keeps_the_users_in():
    contract = an_active_contract()
    a_signed_contract(contract.organization, reference="C-2")
    live_until("2025-01-02")
    suspend(contract)
    assert people(contract) == [("active", "")] * 2


def test_the_calendar_goes_on():
    contract = an_active_contract()
    suspend(contract)
    live_until("2026-02-01")
    found = fresh(contract)
    assert [number for number, *_days in terms_of(contract)] == [1, 2] and found.term_number == 2
    assert found.suspended_at == SUSPENDED_AT and licence_of(contract)[1] == SUSPENDED_AT
    give(contract, "2026-05-01")
    assert licence_of(contract)[1] == SUSPENDED_AT, "a notice does not bring the licence back"
    live_until("2027-02-01")
    assert (fresh(contract).status, licence_of(contract)[1]) == ("ended", SUSPENDED_AT)


def test_the_client_is_reminded_of_the_last_day_for_notice_all_the_same():
    contract = an_active_contract()
    suspend(contract)
    live_until("2025-07-02", order=(*IN_ORDER, sweeps.remind_all))
    with tenancy.vendor():
        assert [(row.lead, row.sent_at) for row in contract.reminders.all()] == [(90, at("2025-07-02"))]


def test_resumed_it_has_the_days_that_it_had():
    contract = an_active_contract()
    days = days_of(contract)
    suspend(contract)
    assert days_of(contract) == days
    resume(contract, on="2025-06-01")
    assert days_of(contract) == days
    live_until(utc("2025-12-31 22:59"))
    assert fresh(contract).term_number == 1
    live_until(utc("2025-12-31 23:00"))
    assert terms_of(contract) == [(1, "2025-01-01", "2026-01-01"), (2, "2026-01-01", "2027-01-01")]


def test_it_resumes_by_itself_at_the_midnight_of_the_agreed_day():
    contract = an_active_contract()
    suspend(contract, reason=ContractSuspension.AGREEMENT, resumes_on="2025-05-01")
    assert sweeps.resume_all(at=utc("2025-04-30 21:59"), by=SYSTEM).done == 0
    assert sweeps.resume_all(at=utc("2025-04-30 22:00"), by=SYSTEM).done == 1
    assert sweeps.resume_all(at=utc("2025-04-30 22:00"), by=SYSTEM).done == 0
    assert (fresh(contract).suspended_at, people(contract)[0]) == (None, ("active", ""))


def test_a_seat_count_stands_on_the_licence():
    contract = an_active_contract(seats=7)
    with tenancy.vendor():
        assert LicenceGrant.objects.get(source=contract.public_id).seats == 7


def test_what_is_over_or_suspended_is_not_suspended():
    contract = an_active_contract(auto_renews=False)
    suspend(contract)
    with pytest.raises(suspension.NotSuspendable):
        suspend(contract)
    resume(contract)
    with pytest.raises(suspension.NotSuspended):
        resume(contract)
    with pytest.raises(suspension.NotSuspendable):
        suspend(contract, on="2026-01-02")  # its end has come, though no sweep saw it
    live_until("2026-02-01")
    for act in (suspend, resume):
        with pytest.raises((suspension.NotSuspendable, suspension.NotSuspended)):
            act(contract, on="2026-02-01")
    with pytest.raises(InvalidInput):
        suspend(an_active_contract(), resumes_on="2025-03-01")


def test_two_at_once_suspend_once():
    contract = an_active_contract()
    done, refused = at_once(
        lambda: suspension.suspend(contract, reason=ContractSuspension.NON_PAYMENT, now=SUSPENDED_AT, by=MANAGER)
    )
    assert (done, refused) == (1, ["contract_not_suspendable"])


def test_by_rest(monkeypatch):
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: SUSPENDED_AT)
    contract, call = an_active_contract(), caller("contract_manager")
    path = f"contracts/{contract.public_id}"
    for body in ({}, {"reason": "whim"}, {"reason": "agreement", "resumes_on": "2025-03-01"}):
        call("POST", f"{path}/suspend", body, expect=400)
    assert call("POST", f"{path}/suspend", {"reason": "agreement"})["suspended_at"]
    call("POST", f"{path}/suspend", {"reason": "agreement"}, expect=409)
    assert call("POST", f"{path}/resume")["suspended_at"] is None
    call("POST", f"{path}/resume", expect=409)
