"""A sweep says when time alone makes something due, so that a rehearsal stops at each of these instants."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts import tenancy
from accounts.enums import SuspensionReason
from accounts.models import OutboxMessage
from accounts.operations import access, access_rules
from config.sweeps import SWEEPS
from contracts.enums import ContractSuspension
from contracts.models import Contract
from contracts.operations import amendments, suspension
from retention.models import DeletionRequest, ErasureRun, KeyRotation, NightBeyond, RetentionNight
from tests.accounts.parties import a_licence
from tests.admin.asked import somebody_waits
from tests.admin.world import NOW, a_whole_world
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.indices import a_series, import_rows
from tests.contracts.operations.switches import a_proof
from tests.retention.test_life import a_leaving_client, decide_everything, live_until
from tests.retention.vaults import an_organization, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
AS_LONG_AS = timedelta(days=3 * 366)
# What these find comes about by a change: another sweep's, or a person's.
NEVER_BY_TIME = {
    "renewal_plans",
    "evaluations",
    "deleted_people",
    "carrying_out",
    "mentions",
    "returns",
    "reopenings",
    "departures",
    "switch_windows",
    "seals",
    "webhook_fan_out",
    "bulk_jobs",
    # They follow the real clock: no rehearsal waits for them.
    "ledger_pulse",
    "orphan_keys",
    "vacuums",
    # Their periods are counted in years: what is over is found whenever somebody looks.
    "files",
    "own_acts",
}


def people_who_wait_for_a_day():
    """Somebody suspended until a day, somebody to be deleted on one, and a rule that looks every day."""
    organization = an_organization(name="Waiting")
    a_licence(organization)
    ann, ben = people_of(organization, "ann-w", "ben-w", status="active")
    with tenancy.tenant(organization.pk):
        reason = SuspensionReason.CLIENT_DECISION
        access.suspend(ann, reason=reason, until=NOW + timedelta(days=40), now=NOW, by="user:one")
        access.schedule_deletion(ben, now=NOW, by="user:one")
        access_rules.create(organization, name="Idle", action="suspend", inactive_days=90, now=NOW, by="user:one")


def a_world_with_something_ahead_of_every_sweep():
    """Rows of which each waits for a day of its own; two zones."""
    a_whole_world()
    people_who_wait_for_a_day()
    far = an_organization(name="Far", country="NZ", time_zone="Pacific/Auckland")
    series = a_series("AHEAD")
    import_rows("AHEAD,2024-10,100,2024-11-15", now=at("2024-11-20"))
    indexed = {"annual_fee": Decimal(10000), "index_series": series, "starts_on": date(2025, 7, 1)}
    for number, home in enumerate((far, an_organization(name="Near"))):
        a_signed_contract(home, reference=f"I-{number}", **indexed)
        a_signed_contract(home, reference=f"E-{number}", renewal_term_months=None)
        a_signed_contract(home, reference=f"S-{number}", starts_on=date(2026, 6, 1))
    live_until(at("2025-07-02"))
    live_until(NOW)
    leaving = a_leaving_client(reference="L-1", retrieval_days=90)
    live_until(at("2026-01-02"))
    decide_everything(leaving)
    live_until(NOW)
    somebody_waits(NOW)
    with tenancy.vendor():
        running = Contract.objects.select_related("organization").get(reference="I-0")
        amendments.record(
            running,
            values={"seats": 3},
            agreed_on=NOW.date(),
            valid_from=date(2026, 4, 1),
            proof=a_proof(running.organization, "2026-02-05"),
            now=NOW,
            by="user:one",
        )
        suspension.suspend(
            Contract.objects.get(reference="I-1"),
            reason=ContractSuspension.AGREEMENT,
            resumes_on=date(2026, 5, 1),
            now=NOW,
            by="user:one",
        )
        request = DeletionRequest.objects.get(organization=leaving)
        ErasureRun.objects.create(
            organization=leaving, request=request, planned_at=NOW, leased_until=NOW + timedelta(minutes=5)
        )
        KeyRotation.objects.create(
            target_version=2, started_at=NOW, started_by="user:one", retry_at=NOW + timedelta(minutes=9)
        )
        night = RetentionNight.objects.earliest("pk")
        NightBeyond.objects.create(
            organization_id=night.organization_id,
            night=night,
            store="later",
            started_at=NOW,
            again_at=NOW + timedelta(minutes=7),
        )
        last = OutboxMessage.objects.filter(delivered_at__isnull=True).latest("pk")
        OutboxMessage.objects.filter(pk=last.pk).update(next_attempt_at=NOW + timedelta(hours=1))


def due(sweep, instant):
    with tenancy.vendor():
        return set(sweep.due(at=instant).values_list("pk", flat=True))


def test_nothing_falls_due_between_the_instants_that_a_sweep_names():
    a_world_with_something_ahead_of_every_sweep()
    silent = set()
    for sweep in SWEEPS:
        instant, last = NOW, NOW + AS_LONG_AS
        while instant < last:
            known = due(sweep, instant)
            with tenancy.vendor():
                following = sweep.following(after=instant)
            if following is None and instant == NOW:
                silent.add(sweep.name)
            assert following is None or following > instant, f"{sweep.name}: what follows lies ahead"
            until = last if following is None else following - timedelta(microseconds=1)
            early = due(sweep, until) - known
            assert not early, (
                f"{sweep.name}: `following` in config/sweeps.py passes over what is due before {following}"
            )
            instant = last if following is None else following
    assert silent == NEVER_BY_TIME, "the world of this test has something ahead for every other sweep"
