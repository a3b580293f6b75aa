"""A rehearsed stretch of time is lived as it would be for real: each thing happens at its own instant."""

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from accounts import tenancy
from accounts.enums import Role
from accounts.models import AuditEvent
from config import time_travel
from config.sweeps import SWEEPS
from contracts.models import Contract, Deadline, StatementLine
from contracts.operations import offers
from tests.accounts.parties import a_member
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import MANAGER, utc
from tests.contracts.operations.switches import opened
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def happened(contract, name):
    """Return the instants, in UTC, at which something happened to a contract or to what belongs to it."""
    with tenancy.vendor():
        rows = AuditEvent.objects.filter(organization_id=contract.organization_id, name=name).order_by("occurred_at")
        return [f"{instant:%Y-%m-%d %H:%M}" for instant in rows.values_list("occurred_at", flat=True)]


def test_a_rehearsed_year_is_lived_at_each_instant_that_counts():
    association = an_organization(legal_category="association")
    a_member(Role.AUTHORISED_CONTACT, association)
    reminded = a_signed_contract(association, reference="R-1", reminder_leads=[90, 30])
    earlier = {"concluded_on": date(2024, 9, 1), "starts_on": date(2024, 10, 1)}
    indefinite = a_signed_contract(
        an_organization(), reference="I-1", first_term_months=3, renewal_term_months=None, **earlier
    )
    switched = a_signed_contract(an_organization(), reference="S-1")
    time_travel.travel(at=at("2025-01-02"), until=None, tell=lambda *_what: None)
    with tenancy.vendor():
        contract = Contract.objects.select_related("organization").get(pk=reminded.pk)
        until = date(2025, 8, 15)
        offers.make(contract, values={"seats": 3}, valid_until=until, now=at("2025-01-02"), by=MANAGER)
    opened(switched, received="2025-01-02")

    time_travel.travel(at=at("2025-01-02"), until=at("2026-01-02"), tell=lambda *_what: None)

    with tenancy.vendor():
        sent = [(one.kind, one.lead, f"{one.sent_at:%Y-%m-%d %H:%M}") for one in reminded.reminders.order_by("sent_at")]
        (year,) = StatementLine.objects.filter(contract=indefinite, starts_on=date(2026, 1, 1))
        granted = Deadline.objects.get(contract=reminded, kind="last_notice", occurrence=1)
    # The last day for notice is 30 September; the renewal is certain from the midnight after it.
    assert sent == [
        ("chatel", 92, "2025-06-29 22:00"),
        ("notice", 90, "2025-07-01 22:00"),
        ("notice", 30, "2025-08-30 22:00"),
    ]
    assert happened(reminded, "contract.chatel_missed") == []
    assert happened(reminded, "offer.expired") == ["2025-08-15 22:00"]
    assert happened(reminded, "contract.renewal_certain") == ["2025-09-30 22:00"]
    assert granted.met_at == utc("2025-09-30 22:00")
    assert year.recorded_at == utc("2026-01-01 12:00")
    # Notice until 2 March, transition until 1 April: nobody completed it.
    assert happened(switched, "switching.in_transition") == ["2025-03-02 23:00"]
    assert happened(switched, "switching.unfinished") == ["2025-04-01 22:00"]


def test_no_sweep_makes_anything_due_farther_back_than_it_says(monkeypatch):
    names = [sweep.name for sweep in SWEEPS]
    worked = Counter()

    def watched(sweep):
        before = SWEEPS[: names.index(sweep.back_to)]

        def due(instant):
            with tenancy.vendor():
                return {one.name for one in before if one.due(at=instant).exists()}

        def looking(*, at, by):
            already = due(at)
            swept = sweep.do(at=at, by=by)
            assert due(at) <= already, f"{sweep.name}: let back_to in config/sweeps.py begin with what it makes due"
            worked[sweep.name] += swept.done
            return swept

        return replace(sweep, do=looking)

    monkeypatch.setattr(time_travel, "SWEEPS", tuple(watched(sweep) if sweep.back_to else sweep for sweep in SWEEPS))
    organization = an_organization()
    a_member(Role.AUTHORISED_CONTACT, organization)
    a_signed_contract(organization, reference="R-2", reminder_leads=[90, 30])
    time_travel.travel(at=at("2025-01-02"), until=at("2025-11-02"), tell=lambda *_what: None)

    assert all(worked[sweep.name] > 3 for sweep in SWEEPS if sweep.back_to), worked
