"""Time travel: where the simulated clock stands, and that nothing real runs while it is ahead."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from accounts import tenancy
from accounts.errors import Refused
from accounts.models import OutboxMessage, SimulatedClock
from accounts.operations import audit

NOBODY = UUID(int=0)
MOVED, GIVEN_BACK = "clock.moved", "clock.given_back"
NEAR = timedelta(minutes=15)


class ClockAhead(Refused):
    """The simulated clock stands in the future: real sweeps would undo the order of things."""

    code = "clock_ahead"


def sweep_instant(now: str | None) -> datetime:
    """Return the instant a sweep looks from: the one it was given, else this one.

    :raises ClockAhead: none was given and the simulated clock is ahead of the real one.
    """
    if now is not None:
        return datetime.fromisoformat(now)
    at = timezone.now()
    with tenancy.vendor():
        refuse_if_ahead(at)
    return at


def refuse_if_ahead(at: datetime) -> None:
    """:raises ClockAhead: the simulated clock stands after the instant."""
    ahead = SimulatedClock.objects.filter(stands_at__gt=at).first()
    if ahead is not None:
        raise ClockAhead(
            f"The simulated clock is ahead, at {ahead.stands_at.isoformat()}. Undo: manage.py run_sweeps --return",
            stands_at=ahead.stands_at.isoformat(),
        )


def instant() -> datetime:
    """Return the instant at which people's actions happen: now, or where the simulated clock stands if it is ahead."""
    at = timezone.now()
    ahead = SimulatedClock.objects.filter(stands_at__gt=at).values_list("stands_at", flat=True).first()
    return ahead or at


def is_real(at: datetime) -> bool:
    """Say whether an instant is about this one: what leaves the house, to be believed there, happens in real time only.

    A rehearsal stands elsewhere; a sweep's message that was long on its way still counts.
    """
    return abs(timezone.now() - at) <= NEAR


@dataclass(slots=True)
class _Clock:
    """What the trail says was moved."""

    public_id: UUID = NOBODY


def move_to(at: datetime, *, by: str) -> None:
    """Put the simulated clock at the instant, and leave a trace in the trail."""
    SimulatedClock.objects.update_or_create(pk=1, defaults={"stands_at": at})
    audit.record(MOVED, _Clock(), by=by, at=at)


def give_back(*, now: datetime, by: str) -> bool:
    """Leave simulated time; say whether it had been entered. What happens in it only is announced to no webhook."""
    OutboxMessage.objects.filter(fanned_out_at__isnull=True, occurred_at__gt=now).update(fanned_out_at=now)
    count, _by_model = SimulatedClock.objects.all().delete()
    if count:
        audit.record(GIVEN_BACK, _Clock(), by=by, at=now)
    return bool(count)
