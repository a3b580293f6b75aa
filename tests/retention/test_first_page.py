"""What the admin's first page and a request's page say of erasures, holds and people's requests: what is so."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
import time_machine

from accounts import tenancy
from accounts.operations.sweeping import SYSTEM
from config import dashboard_of_retention as tables
from retention import sweeps
from retention.admin.stepper import stepper
from retention.enums import DoubtReason, HoldGround
from retention.models import ErasureRun, LegalHold, ManualErasure
from retention.operations import holds, subject_decisions, subject_requests
from retention.operations.stores.rows import People
from tests.admin.people import a_member
from tests.contracts.agreements import at
from tests.retention import asking
from tests.retention.connectors.configured import paper
from tests.retention.test_life import a_leaving_client, decide_everything, live_until, the_request
from tests.retention.under_contract import AFTER_GRACE, NOW, OFFICER, a_client, approved, asked, person, state_of
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def shown(table, now):
    """Return the rows of a table of the first page: their cells, and whether each is late."""
    with tenancy.vendor():
        return [(row.cells, row.late) for row in table(now).rows]


# Runs.


def test_a_run_that_gave_a_store_up_needs_people(monkeypatch):
    request = approved(asked(a_client(), "ann-1"))

    def broken(*args, **values):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(People, "erase", broken)
    sweeps.plan_all(at=AFTER_GRACE, by=SYSTEM)
    for hours in range(20):
        sweeps.work_all(at=AFTER_GRACE + timedelta(hours=hours), by=SYSTEM)
    assert state_of(request) == "partially_done"
    assert len(shown(tables.stuck_runs, AFTER_GRACE)) == 1


def test_a_run_that_failed_once_and_is_complete_needs_nobody():
    organization = a_client()
    request = approved(asked(organization, "ann-1"))
    sweeps.plan_all(at=AFTER_GRACE, by=SYSTEM)
    with tenancy.vendor():
        hold = holds.place(
            organization,
            ground=HoldGround.LAW,
            citation="Art. 145",
            review_on=date(2030, 1, 1),
            now=AFTER_GRACE,
            by=OFFICER,
            person=person(organization, "ann-1").public_id,
        )
    sweeps.work_all(at=AFTER_GRACE, by=SYSTEM)
    assert len(shown(tables.stuck_runs, AFTER_GRACE)) == 1, "it met a hold"
    with tenancy.vendor():
        holds.release(hold, now=AFTER_GRACE, by=OFFICER)
    for days in (0.1, 1.1, 9, 60):
        live_until(AFTER_GRACE + timedelta(days=days))
    assert state_of(request) == "complete"
    assert shown(tables.stuck_runs, AFTER_GRACE) == []


def test_the_way_of_a_complete_request_is_dated_by_what_happened_when():
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    decide_everything(organization)
    for day in ("2026-02-05", "2026-02-13", "2026-05-01"):
        live_until(at(day))
    request = the_request(organization)
    with tenancy.vendor():
        run = ErasureRun.objects.get()
        stops = stepper(request)
    assert request.status == "complete"
    assert [stop.state for stop in stops] == ["done"] * 8 + ["current"], "no step between is left out"
    assert (stops[-2].at, stops[-1].at) == (run.certified_at, run.completed_at)
    assert run.completed_at > run.certified_at


# Holds, and what is done by hand.


def test_a_hold_is_listed_from_its_day_of_review_until_it_is_released():
    organization = an_organization()
    with tenancy.vendor():
        hold = holds.place(
            organization,
            ground=HoldGround.LAW,
            citation="Art. 145",
            review_on=date(2025, 6, 1),
            now=NOW,
            by=OFFICER,
        )
    assert shown(tables.held_too_long, at("2025-05-20")) == []
    ((cells, late),) = shown(tables.held_too_long, at("2025-06-01"))
    assert (cells[0], cells[3], late) == ("Art. 145", "1 Jun 2025", False)
    assert shown(tables.held_too_long, at("2025-06-02"))[0][1]
    with tenancy.vendor():
        holds.release(LegalHold.objects.get(pk=hold.pk), now=at("2025-06-02"), by=OFFICER)
    assert shown(tables.held_too_long, at("2025-06-02")) == []


def test_an_attestation_is_listed_once_it_is_due():
    organization, store = an_organization(), paper()
    with tenancy.vendor():
        ManualErasure.objects.create(
            organization=organization,
            store=store,
            store_name="Folder",
            run=uuid4(),
            asked_at=NOW,
            due_at=NOW + timedelta(days=10),
        )
    assert shown(tables.not_attested, NOW + timedelta(days=9)) == []
    ((cells, late),) = shown(tables.not_attested, NOW + timedelta(days=10))
    assert (cells[:2], late) == (("Folder", str(organization)), True)


# Requests of people.


def test_a_persons_request_is_listed_until_it_is_forwarded_and_again_when_its_answer_is_late():
    organization = asking.a_client()
    a_member("client_privacy_officer", organization)
    with time_machine.travel(asking.NOW, tick=False):
        row = asking.taken()
    ((cells, late),) = shown(tables.peoples_requests, at("2025-03-05"))
    assert (cells[1], cells[3:], late) == ("", ("5 Mar 2025", "3 Apr 2025"), False)
    assert shown(tables.peoples_requests, at("2025-03-06"))[0][1], "the vendor's own day is over"
    asking.forwarded(organization, row, now=at("2025-03-06"))
    assert shown(tables.peoples_requests, at("2025-04-03")) == []
    ((cells, late),) = shown(tables.peoples_requests, at("2025-04-04"))
    assert (cells[1], cells[3:], late) == (str(organization), ("", "3 Apr 2025"), True)
    with tenancy.tenant(organization.pk):
        subject_decisions.doubt(row, reason=DoubtReason.DATA_DIFFER, now=at("2025-04-02"), by="user:contact")
    assert shown(tables.peoples_requests, at("2025-04-04")) == [], "the clock stands still"
    with tenancy.vendor():
        subject_requests.withdraw(row, now=at("2025-04-04"), by=OFFICER)
    assert shown(tables.peoples_requests, at("2025-06-04")) == []
