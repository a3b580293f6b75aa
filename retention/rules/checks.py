"""When it is looked again whether an erased person is gone: after an hour, a day, a week, and every night between."""

from datetime import UTC, datetime, time, timedelta

AFTER = (timedelta(hours=1), timedelta(days=1), timedelta(days=7))
# The pass of the night, in which all open certificates are looked at together (UTC).
NIGHT = time(2, 0)


def next_check(certified_at: datetime, *, after: datetime) -> datetime | None:
    """Return the first scheduled check later than ``after``; ``None``: the last has been.

    A check that was late covers all those before it.
    """
    last = certified_at + AFTER[-1]
    scheduled = [certified_at + wait for wait in AFTER]
    moment = after.astimezone(UTC)
    night = datetime.combine(moment.date(), NIGHT, tzinfo=UTC)
    if night <= moment:
        night += timedelta(days=1)
    later = [instant for instant in (*scheduled, night) if after < instant <= last]
    return min(later, default=None)
