"""Time travel for people: the registry's own due/do pairs, driven from one due instant to the next."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from django.utils import timezone

from accounts import tenancy
from accounts.operations import clock
from accounts.operations.sweeping import Swept, by_whom
from config.sweep import Sweep
from config.sweeps import SWEEPS

# So often sweeps run at one instant: two that bring each other about for ever are given up.
TURNS = 20 * len(SWEEPS)


def travel(*, at: datetime, until: datetime | None, tell: Callable[[datetime, str, Swept], None]) -> None:
    """Live from ``at`` to ``until``: at every instant at which something falls due, run all sweeps until none is left.

    Must not run inside a transaction: each sweep commits as it does for real.
    """
    for instant, awaited in _instants(at, until or at):
        by = by_whom(instant, timezone.now())
        with tenancy.vendor():
            clock.move_to(instant, by=by)
        live(instant, by=by, awaited=awaited, tell=tell)


def live(
    instant: datetime,
    *,
    by: str,
    awaited: Sequence[Sweep] = (),
    tell: Callable[[datetime, str, Swept], object] = lambda *_what: None,
) -> bool:
    """Run what was awaited for the instant, then whatever has work, until every sweep since then has said it has none.

    Return whether they came to that end, and were not given up.

    What one brings about is found by those behind it, and by those before it the next time round, as far back as it
    may bring something about.
    """

    def run(sweep: Sweep) -> bool:
        swept = sweep.do(at=instant, by=by)
        if swept.done or swept.refused:
            tell(instant, sweep.name, swept)
        return bool(swept.done)

    for sweep in awaited:
        run(sweep)
    unasked: Sequence[Sweep] = SWEEPS
    for _turn in range(TURNS):
        place = _first_due(unasked, instant)
        if place is None:
            return True
        sweep, behind = unasked[place], unasked[place + 1 :]
        unasked = _woken_by(sweep, behind) if run(sweep) else behind
    return False


def _woken_by(sweep: Sweep, unasked: Sequence[Sweep]) -> Sequence[Sweep]:
    """Return what is to be asked after a sweep's work, beginning behind it: also what was not asked before it."""
    place = SWEEPS.index(sweep)
    names = [one.name for one in SWEEPS]
    back = names.index(sweep.back_to) if sweep.back_to else 0
    before = [one for number, one in enumerate(SWEEPS[: place + 1]) if number >= back or one in unasked]
    return [*SWEEPS[place + 1 :], *before]


def _first_due(sweeps: Sequence[Sweep], instant: datetime) -> int | None:
    """Return the place of the first sweep that has something to do."""
    with tenancy.vendor():
        return next((place for place, sweep in enumerate(sweeps) if sweep.due(at=instant).exists()), None)


def _instants(first: datetime, last: datetime) -> Iterator[tuple[datetime, Sequence[Sweep]]]:
    """Yield the first instant, then each later one at which time makes something due for a sweep, and the last.

    Each comes with the sweeps for which it does: the first one with none, as only asking tells.
    """
    at, awaited = first, list[Sweep]()
    while True:
        yield at, awaited
        if at >= last:
            return
        following = _following(after=at)
        at = min([last, *following.values()])
        awaited = [sweep for sweep in SWEEPS if following.get(sweep.name) == at]


def _following(*, after: datetime) -> dict[str, datetime]:
    """Return when time next makes something due for each sweep for which it will, by name."""
    with tenancy.vendor():
        found = {sweep.name: sweep.following(after=after) for sweep in SWEEPS}
    return {name: instant for name, instant in found.items() if instant is not None}
