"""The scheduled jobs of contracts: each reads the clock and makes one call."""

from celery import shared_task

from accounts.operations.clock import ClockAhead, sweep_instant
from accounts.operations.sweeping import run
from contracts import sweeps


@shared_task(throws=(ClockAhead,))
def sweep_starts(*, now: str | None = None, **_future: object) -> None:
    """Start the contracts whose first day has come."""
    run(sweeps.start_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_amendments(*, now: str | None = None, **_future: object) -> None:
    """Apply the amendments whose day has come."""
    run(sweeps.amend_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_certainties(*, now: str | None = None, **_future: object) -> None:
    """Record the renewals that no notice can prevent any more."""
    run(sweeps.make_all_certain, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_renewals(*, now: str | None = None, **_future: object) -> None:
    """Renew the contracts whose term is over."""
    run(sweeps.renew_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_renewal_plans(*, now: str | None = None, **_future: object) -> None:
    """Plan the next renewal of the contracts that have none planned."""
    run(sweeps.plan_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_switches(*, now: str | None = None, **_future: object) -> None:
    """Take the switches on whose notice or transition is over."""
    run(sweeps.step_all_switches, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_reminders(*, now: str | None = None, **_future: object) -> None:
    """Remind of the last days for notice."""
    run(sweeps.remind_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_charges(*, now: str | None = None, **_future: object) -> None:
    """Charge the next year of the terms of indefinite duration."""
    run(sweeps.charge_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_resumptions(*, now: str | None = None, **_future: object) -> None:
    """Resume the suspended contracts whose agreed day has come."""
    run(sweeps.resume_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_ends(*, now: str | None = None, **_future: object) -> None:
    """End the contracts whose last day is over."""
    run(sweeps.end_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_deadlines(*, now: str | None = None, **_future: object) -> None:
    """Bring the stored deadlines up to what the rules say."""
    run(sweeps.refresh_all_deadlines, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_calendars(*, now: str | None = None, **_future: object) -> None:
    """Bring the events of the calendars up to what the rules foresee."""
    run(sweeps.refresh_all_calendars, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_uplifts(*, now: str | None = None, **_future: object) -> None:
    """Propose the indexed prices of the next terms."""
    run(sweeps.propose_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_evaluations(*, now: str | None = None, **_future: object) -> None:
    """Compute anew the proposed prices whose inputs changed."""
    run(sweeps.evaluate_all, at=sweep_instant(now))


@shared_task(throws=(ClockAhead,))
def sweep_offers(*, now: str | None = None, **_future: object) -> None:
    """Close the offers whose validity is over."""
    run(sweeps.expire_all, at=sweep_instant(now))
