"""Time travel for people: the registry's own due/do pairs, driven from one due instant to the next."""

from collections.abc import Callable, Iterator
from datetime import datetime

from django.utils import timezone

from accounts import tenancy
from accounts.operations import clock
from accounts.operations.sweeping import Swept, by_whom
from config.sweeps import SWEEPS, Sweep

ROUNDS = 20


def travel(*, at: datetime, until: datetime | None, tell: Callable[[datetime, str, Swept], None]) -> None:
    """Live from ``at`` to ``until``: at every instant at which something falls due, run all sweeps until none is left.

    Must not run inside a transaction: each sweep commits as it does for real.
    """
    for instant in _instants(at, until or at):
        with tenancy.vendor():
            clock.move_to(instant, by=by_whom(instant, timezone.now()))
        _live(instant, tell)


def _live(instant: datetime, tell: Callable[[datetime, str, Swept], None]) -> None:
    by = by_whom(instant, timezone.now())
    for _round in range(ROUNDS):
        done = 0
        for sweep in _due(instant):
            swept = sweep.do(at=instant, by=by)
            done += swept.done
            if swept.done or swept.refused:
                tell(instant, sweep.name, swept)
        if not done:
            return


def _due(instant: datetime) -> list[Sweep]:
    """Return the sweeps that have something to do, in their order; what they bring about is seen the next time."""
    with tenancy.vendor():
        return [sweep for sweep in SWEEPS if sweep.due(at=instant).exists()]


def _instants(first: datetime, last: datetime) -> Iterator[datetime]:
    """Yield the first instant, then each later one at which time makes something due for a sweep, and the last."""
    at = first
    while True:
        yield at
        if at >= last:
            return
        following = _next_due(after=at)
        at = min(following, last) if following is not None else last


def _next_due(*, after: datetime) -> datetime | None:
    found = [instant for sweep in SWEEPS if (instant := sweep.following(after=after)) is not None]
    return min(found, default=None)
