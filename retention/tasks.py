"""The scheduled jobs of retention: each reads the clock and makes one call."""

from contextlib import suppress
from datetime import datetime, timedelta

from celery import shared_task
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import tenancy
from accounts.errors import Refused
from accounts.operations.clock import ClockAhead, sweep_instant
from accounts.operations.sweeping import SYSTEM, run
from retention import sweeps
from retention.models import ErasureRun, MentionScan, NightBeyond, RetentionRule
from retention.operations import (
    endings,
    lateness,
    mentions,
    nights,
    nights_beyond,
    old_exports,
    orphan_files,
    overdue,
    own_acts,
)


@shared_task(throws=(ClockAhead,))
def sweep_departures(*, now: str | None = None, **_future: object) -> None:
    """Open the requests of organizations that have left."""
    run(sweeps.open_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_deleted_people(*, now: str | None = None, **_future: object) -> None:
    """Open the requests that deletions of licensed users bring."""
    run(sweeps.request_all_deleted, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_carrying_out(*, now: str | None = None, **_future: object) -> None:
    """Carry out the requests that are no erasure, once the client has decided."""
    run(sweeps.carry_out_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_subject_requests(*, now: str | None = None, **_future: object) -> None:
    """Do what is due on the requests of people."""
    run(sweeps.step_all_subjects, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_blocks(*, now: str | None = None, **_future: object) -> None:
    """Note what holds requests up, and until when."""
    run(sweeps.note_blocks, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_returns(*, now: str | None = None, **_future: object) -> None:
    """Give up the requests of organizations that came back."""
    run(sweeps.cancel_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_reopenings(*, now: str | None = None, **_future: object) -> None:
    """Let content in again where a client came back after its erasure."""
    run(sweeps.reopen_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_switch_windows(*, now: str | None = None, **_future: object) -> None:
    """Move the dates of the requests whose client's switch was settled since."""
    run(sweeps.follow_switches, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_plans(*, now: str | None = None, **_future: object) -> None:
    """Make the run of every request that is due."""
    run(sweeps.plan_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_erasures(*, now: str | None = None, **_future: object) -> None:
    """Hand every unfinished run that nobody works on to a worker."""
    at = sweep_instant(now)
    with tenancy.vendor():
        found = [(one.pk, one.organization_id) for one in sweeps.runs_due(at=at)]
    for pk, organization_id in found:
        work_on_run.delay(run_id=pk, organization_id=organization_id, now=at.isoformat())


@shared_task(throws=(ClockAhead,))
def sweep_checks(*, now: str | None = None, **_future: object) -> None:
    """Look again for all certified runs that are due, in one pass."""
    run(sweeps.check_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_vacuums(*, now: str | None = None, **_future: object) -> None:
    """Take the dead rows out of the tables that runs emptied."""
    run(sweeps.vacuum_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_completions(*, now: str | None = None, **_future: object) -> None:
    """Say of every certificate whose windows have closed that it is complete."""
    run(sweeps.complete_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_rewraps(*, now: str | None = None, **_future: object) -> None:
    """Go on with the key rotation that runs."""
    run(sweeps.rewrap_all, at=sweep_instant(now))


@shared_task
def work_on_run(*, run_id: int, organization_id: int, now: str, **_future: object) -> None:
    """Take one run as far as it goes. Another worker's run, or a finished one, is left alone."""
    with tenancy.vendor():
        found = ErasureRun.objects.filter(pk=run_id, organization_id=organization_id).first()
    if found is None:
        return
    # A message may have waited: what is certified is dated by when it was done, never by when it was due.
    at = max(datetime.fromisoformat(now), timezone.now())
    with suppress(Refused):  # what is in the way is noted on the run; the next sweep asks again
        sweeps.work(found, at=at, by=SYSTEM, budget=timedelta(seconds=settings.CELERY_TASK_SOFT_TIME_LIMIT / 2))


@shared_task(throws=(ClockAhead,))
def sweep_ledger_pulse(*, now: str | None = None, **_future: object) -> None:
    """Let both databases beat together, or notice that one was restored."""
    run(sweeps.beat, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_ledger_entries(*, now: str | None = None, **_future: object) -> None:
    """Purge the ledger's entries that have expired."""
    run(sweeps.tend_entries, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_orphan_keys(*, now: str | None = None, **_future: object) -> None:
    """Destroy the keys of nobody."""
    run(sweeps.destroy_orphans, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_nights(*, now: str | None = None, **_future: object) -> None:
    """Hand every retention rule whose night may begin, or is not over, to a worker."""
    at = sweep_instant(now)
    with tenancy.vendor():
        found = [(one.pk, one.organization_id) for one in sweeps.nights_due(at=at)]
    for pk, organization_id in found:
        work_on_night.delay(rule_id=pk, organization_id=organization_id, now=at.isoformat())


@shared_task(throws=(ClockAhead,))
def sweep_exports(*, now: str | None = None, **_future: object) -> None:
    """Destroy the exports that are old enough, or of which the clients' rules have erased everything."""
    run(old_exports.end_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_mentions(*, now: str | None = None, **_future: object) -> None:
    """Hand every search of others' content that is not over to a worker."""
    at = sweep_instant(now)
    with tenancy.vendor():
        found = [(one.pk, one.organization_id) for one in mentions.due(at=at)]
    for pk, organization_id in found:
        work_on_mentions.delay(scan_id=pk, organization_id=organization_id, now=at.isoformat())


@shared_task
def work_on_mentions(*, scan_id: int, organization_id: int, now: str, **_future: object) -> None:
    """Take one search as far as it goes. What is left, the next sweep hands out again."""
    with tenancy.vendor():
        found = MentionScan.objects.filter(pk=scan_id, organization_id=organization_id).first()
    if found is not None:
        at = max(datetime.fromisoformat(now), timezone.now())
        mentions.work(found, now=at, by=SYSTEM, budget=timedelta(seconds=settings.CELERY_TASK_SOFT_TIME_LIMIT / 2))


@shared_task(throws=(ClockAhead,))
def sweep_files(*, now: str | None = None, **_future: object) -> None:
    """Let go of what was kept on a basis until its period was over.

    By the real clock, whatever a rehearsal's says: sign-ins that have expired, files of which no row is left.
    """
    run(endings.end_all, at=sweep_instant(now))
    with tenancy.vendor():
        Session.objects.filter(expire_date__lte=timezone.now()).delete()
    orphan_files.sweep(now=timezone.now(), by=SYSTEM)


@shared_task(throws=(ClockAhead,))
def sweep_hold_reviews(*, now: str | None = None, **_future: object) -> None:
    """Remind of holds that are to be reviewed."""
    run(overdue.ask_for_all_reviews, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_lateness(*, now: str | None = None, **_future: object) -> None:
    """Tell of requests whose day is near or over."""
    run(lateness.warn_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_attestations(*, now: str | None = None, **_future: object) -> None:
    """Remind of erasures by hand that nobody attests."""
    run(overdue.press_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_own_acts(*, now: str | None = None, **_future: object) -> None:
    """Let go of what belongs to no client, and was kept until its period was over."""
    run(own_acts.end_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_nights_beyond(*, now: str | None = None, **_future: object) -> None:
    """Hand every store beyond the vault in which a night is not over to a worker."""
    at = sweep_instant(now)
    with tenancy.vendor():
        found = [(one.pk, one.organization_id) for one in nights_beyond.due(at=at)]
    for pk, organization_id in found:
        work_on_night_beyond.delay(beyond_id=pk, organization_id=organization_id, now=at.isoformat())


@shared_task
def work_on_night_beyond(*, beyond_id: int, organization_id: int, now: str, **_future: object) -> None:
    """Take one night as far as it goes in one store. What is left, the next sweep hands out again."""
    with tenancy.vendor():
        found = NightBeyond.objects.filter(pk=beyond_id, organization_id=organization_id).first()
    if found is None:
        return
    at = max(datetime.fromisoformat(now), timezone.now())
    budget = timedelta(seconds=settings.CELERY_TASK_SOFT_TIME_LIMIT / 2)
    with suppress(Refused):  # it is over, or another worker asks the store
        nights_beyond.work(found, now=at, by=SYSTEM, budget=budget)


@shared_task
def work_on_night(*, rule_id: int, organization_id: int, now: str, **_future: object) -> None:
    """Take one rule's night as far as it goes. What is left, the next sweep hands out again."""
    with tenancy.vendor():
        found = RetentionRule.objects.filter(pk=rule_id, organization_id=organization_id).first()
    if found is None:
        return
    at = max(datetime.fromisoformat(now), timezone.now())
    budget = timedelta(seconds=settings.CELERY_TASK_SOFT_TIME_LIMIT / 2)
    with suppress(Refused):  # the rule ended, or another worker was faster
        nights.work(found, now=at, by=SYSTEM, budget=budget)
