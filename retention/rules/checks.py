"""When it is looked again whether an erased person is gone: after an hour, a day, a week, and every night between."""

from datetime import UTC, datetime, time, timedelta

AFTER = (timedelta(hours=1), timedelta(days=1), timedelta(days=7))
# The pass of the night, in which all open certificates are looked at together (UTC).
NIGHT = time(2, 0)
# So long a store that does not answer is asked for the last check.
PATIENCE = timedelta(days=1)


def last_check(certified_at: datetime) -> datetime:
    """Return when the last scheduled check is due: what was searched for is destroyed with it."""
    return certified_at + AFTER[-1]


def next_check(certified_at: datetime, *, after: datetime) -> datetime | None:
    """Return the first scheduled check later than ``after``; ``None``: the last has been.

    A check that was late covers all those before it.
    """
    last = last_check(certified_at)
    scheduled = [certified_at + wait for wait in AFTER]
    moment = after.astimezone(UTC)
    night = datetime.combine(moment.date(), NIGHT, tzinfo=UTC)
    if night <= moment:
        night += timedelta(days=1)
    later = [instant for instant in (*scheduled, night) if after < instant <= last]
    return min(later, default=None)


def gives_up_at(certified_at: datetime, *, asked_at: datetime | None = None) -> datetime:
    """Return from when a check no longer waits for a store that does not answer: a day past the last that is due.

    ``asked_at``: when a check was asked for, if one is owed.
    """
    last = last_check(certified_at)
    return max(last, asked_at or last) + PATIENCE
