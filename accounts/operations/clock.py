"""Time travel: where the simulated clock stands, and that nothing real runs while it is ahead."""

from datetime import datetime

from django.utils import timezone

from accounts import tenancy
from accounts.errors import Refused
from accounts.models import SimulatedClock


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


def move_to(at: datetime) -> None:
    """Put the simulated clock at the instant."""
    SimulatedClock.objects.update_or_create(pk=1, defaults={"stands_at": at})


def give_back() -> None:
    """Leave simulated time."""
    SimulatedClock.objects.all().delete()
