"""While a client's people are being erased nobody writes about them: a row that points to one would keep the person."""

from datetime import timedelta

import pytest

from accounts import tenancy
from accounts.enums import SuspensionReason
from accounts.models import AccessRule, LicensedUser
from accounts.operations import access, access_rules, bulk, rule_runs, users
from accounts.operations.sweeping import SYSTEM
from accounts.rules.licence_states import Act
from config.sweeps import SWEEPS
from retention.enums import RequestStatus
from retention.operations import erasure, runs
from tests.contracts.agreements import at
from tests.retention.test_life import a_leaving_client, decide_everything, live_until, the_request
from tests.retention.vaults import people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def a_rule_looks(organization, _person):
    rule_runs.look(AccessRule.objects.get(), now=at("2026-02-05"), by=SYSTEM)


def a_suspension_by_hand(_organization, person):
    access.suspend(person, reason=SuspensionReason.CLIENT_DECISION, now=at("2026-02-05"), by="user:client")


def a_job(organization, person):
    chosen = bulk.Chosen(public_ids=[person.public_id])
    bulk.request(organization, Act.SUSPEND, chosen, reason="client_decision", now=at("2026-02-05"), by="user:client")


def an_exemption(_organization, person):
    access_rules.exempt(AccessRule.objects.get(), person, now=at("2026-02-05"), by="user:client")


def half_erased(settings):
    """Return a client of whose four people one is erased by now; a rule means the others, and two are to be deleted."""
    settings.ERASURE_CHUNK_ROWS = 1
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    decide_everything(organization)
    people_of(organization, "cyd", "dov", status="scheduled", delete_at=at("2026-02-05"))
    with tenancy.vendor():
        conditions = {"inactive_days": 1, "statuses": ["suspended"], "action": "schedule_deletion"}
        access_rules.create(organization, name="Idle", **conditions, now=at("2026-01-03"), by="user:client")
        run = runs.plan(the_request(organization), now=at("2026-02-05"), by=SYSTEM)
        people = LicensedUser.objects.filter(organization=organization)
    while True:
        assert not erasure.advance(run, now=at("2026-02-05"), by=SYSTEM, budget=timedelta())
        with tenancy.vendor():
            if people.count() == 3:
                return organization


@pytest.mark.parametrize("write", [a_rule_looks, a_suspension_by_hand, a_job, an_exemption])
def test_nothing_is_written_about_people_who_are_being_erased(write, settings):
    organization = half_erased(settings)
    with tenancy.vendor(), pytest.raises(users.OrganizationClosed):
        write(organization, LicensedUser.objects.order_by("pk")[0])
    live_until(at("2026-02-05") + timedelta(hours=1))
    assert the_request(organization).status == RequestStatus.CERTIFIED


def test_sweeps_pass_over_people_who_are_being_erased(settings):
    organization = half_erased(settings)
    for sweep in SWEEPS:
        if sweep.name in ("licences", "suspension_ends", "user_deletions", "access_rules", "bulk_jobs"):
            swept = sweep.do(at=at("2026-02-05"), by=SYSTEM)
            assert (swept.done, swept.refused) == (0, {}), sweep.name
    live_until(at("2026-02-05") + timedelta(hours=1))
    assert the_request(organization).status == RequestStatus.CERTIFIED


def test_a_job_that_takes_another_back_is_erased_whole_even_where_a_chunk_ends_between_them(settings):
    settings.ERASURE_CHUNK_ROWS, settings.ERASURE_CHUNK_MILLISECONDS = 1, 0
    organization = a_leaving_client()
    with tenancy.vendor():
        chosen = bulk.Chosen(external_ids=["ann-1"])
        given = {"reason": "client_decision", "now": at("2025-03-01"), "by": "user:client"}
        job = bulk.request(organization, Act.SUSPEND, chosen, **given)
        bulk.undo(bulk.work(job, now=at("2025-03-02"), by=SYSTEM), now=at("2025-03-02"), by="user:client")
    live_until(at("2026-01-02"))
    decide_everything(organization)
    live_until(at("2026-02-05"))
    assert the_request(organization).status == RequestStatus.CERTIFIED
