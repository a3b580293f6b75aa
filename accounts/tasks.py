"""The scheduled jobs of accounts: each reads the clock and makes one call."""

from celery import shared_task

from accounts import sweeps
from accounts.operations.clock import ClockAhead, sweep_instant
from accounts.operations.sweeping import run


@shared_task(throws=(ClockAhead,))
def sweep_licences(*, now: str | None = None, **_future: object) -> None:
    """Let users' states follow their organizations' licences."""
    run(sweeps.align_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_suspension_ends(*, now: str | None = None, **_future: object) -> None:
    """Let in those whose suspension has its end."""
    run(sweeps.end_all_suspensions, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_user_deletions(*, now: str | None = None, **_future: object) -> None:
    """Delete the licensed users whose grace is over."""
    run(sweeps.delete_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_access_rules(*, now: str | None = None, **_future: object) -> None:
    """Let clients' rules find, warn and act."""
    run(sweeps.look_by_rules, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_bulk_jobs(*, now: str | None = None, **_future: object) -> None:
    """Do what bulk jobs ask for."""
    run(sweeps.work_in_bulk, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_outbox(*, now: str | None = None, **_future: object) -> None:
    """Deliver what the outbox holds."""
    run(sweeps.deliver_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_idempotency_keys(*, now: str | None = None, **_future: object) -> None:
    """Forget old answers of the API."""
    run(sweeps.drop_keys, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_seals(*, now: str | None = None, **_future: object) -> None:
    """Chain the trail's new events."""
    run(sweeps.seal_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_trail_heads(*, now: str | None = None, **_future: object) -> None:
    """Carry away the head of the trail."""
    run(sweeps.export_heads, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_webhook_fan_out(*, now: str | None = None, **_future: object) -> None:
    """Give announcements to the webhooks that hear them."""
    run(sweeps.fan_out_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_webhooks(*, now: str | None = None, **_future: object) -> None:
    """Call the webhooks for what waits."""
    run(sweeps.call_all, at=sweep_instant(now))
