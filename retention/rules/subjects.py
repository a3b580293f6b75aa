"""Requests of people: by when they are forwarded and answered, and what is due on them when. Pure rules.

For what is in a client's product the answer is the client's duty (Art. 12(3) GDPR): the vendor forwards the request
without undue delay (Art. 28(3)(e)) and reminds the client until it decides.
"""

import contextlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from contracts.enums import NoticeUnit
from contracts.rules import gdpr, periods, workdays
from contracts.rules.days import ONE_DAY, shift
from contracts.rules.periods import Deadline

# Days before the last day to answer on which lateness is told; below zero: it has passed.
LEADS = (14, 7, 2, -1)
# A page's request whose address nobody confirms is forgotten after so long.
UNCONFIRMED = timedelta(days=7)
# While the person must say who they are, the client is reminded so many times more seldom.
DOUBTED_LONGER = 4


def mailbox(email: str) -> str:
    """Return an address in the one form in which mailboxes are compared and counted.

    Letters that look alike, and that a mail program or the name of a host takes for one another (a long s, wide
    letters, capitals), are one; so is a host's name in its own letters and in ASCII (RFC 3490).
    """
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", email.strip()).casefold())
    local, at, host = plain.rpartition("@")
    with contextlib.suppress(UnicodeError):  # no host's name: it is compared as it stands
        host = host.encode("idna").decode("ascii")
    return local + at + host


class Due(StrEnum):
    """What is to be done on a request, because time has passed."""

    LAPSE = "lapse"
    FORWARD = "forward"
    CHASE = "chase"
    WARN = "warn"
    PURGE = "purge"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Clock:
    """What the steps of a request go by. ``zone`` and ``country`` are the client's, the vendor's before it is known.

    ``forward_by`` is the vendor's own day to find the client. ``reminded_at``: when whoever is to act was told last,
    the client, or the privacy officers that it is not forwarded. ``doubted``: a question about identity is open, so no
    clock runs.
    """

    state: str
    received_at: datetime
    due_on: date
    zone: str
    country: str
    chase_days: int
    forward_by: date | None = None
    reminded_at: datetime | None = None
    warnings: int = 0
    doubted: bool = False
    purge_at: datetime | None = None
    drop_at: datetime | None = None


def working_days_after(day: date, count: int, country: str) -> date:
    """Return the ``count``-th day after ``day`` on which people work in the country; ``day`` itself is not counted.

    :raises InvalidInput: an unknown country, or a result outside the calendar.
    """
    for _ in range(count):
        day = workdays.on_or_after(day + ONE_DAY, country).to
    return day


def answer_due(
    received_at: datetime,
    *,
    zone: str,
    country: str,
    extended_at: datetime | None = None,
    doubts: Sequence[tuple[date, date]] = (),
) -> Deadline:
    """Return by when the person is answered, in local days of whoever decides (Art. 12(3) and (6) GDPR).

    ``doubts``: for each question about identity the day it was asked and the day it was answered.
    """
    return gdpr.response_due(
        periods.local_day(received_at, zone),
        country=country,
        extension_told_on=None if extended_at is None else periods.local_day(extended_at, zone),
        pauses=[gdpr.Pause(*days) for days in doubts],
    )


def kept_until(closed_at: datetime, *, years: int, zone: str) -> datetime:
    """Return the midnight at which a request that was answered has been kept so many years, its own day not counted.

    :raises InvalidInput: a result outside the calendar.
    """
    after = periods.local_day(closed_at, zone) + ONE_DAY
    return periods.midnight(shift(after, years * 12, NoticeUnit.MONTHS), zone)


def steps(clock: Clock) -> dict[Due, datetime]:
    """Return what time will bring on a request as it stands, with the instant of each."""
    if clock.state == "unconfirmed":
        return {Due.LAPSE: clock.received_at + UNCONFIRMED}
    if clock.purge_at is not None:
        return {Due.PURGE: clock.purge_at}
    if clock.drop_at is not None:
        return {Due.DROP: clock.drop_at}
    found: dict[Due, datetime] = {}
    again = _reminded_again(clock)
    if clock.state == "received" and clock.forward_by is not None:
        found[Due.FORWARD] = periods.midnight(again or clock.forward_by + ONE_DAY, clock.zone)
    if clock.state == "forwarded" and again is not None:
        found[Due.CHASE] = periods.midnight(again, clock.zone)
    if clock.doubted:  # no answer is due while the person must say who they are
        return found
    if clock.state in ("received", "forwarded", "granted") and clock.warnings < len(LEADS):
        on = clock.due_on - timedelta(days=LEADS[clock.warnings])
        found[Due.WARN] = periods.midnight(on, clock.zone)
    return found


def _reminded_again(clock: Clock) -> date | None:
    """Return the day on which whoever is to act is reminded again; ``None``: nobody was reminded yet."""
    if clock.reminded_at is None:
        return None
    told_on = periods.local_day(clock.reminded_at, clock.zone)
    days = max(clock.chase_days, 1) * (DOUBTED_LONGER if clock.doubted else 1)
    return working_days_after(told_on, days, clock.country)


def due(clock: Clock, *, now: datetime) -> list[Due]:
    """Return what is due by the instant."""
    return [one for one, at in steps(clock).items() if at <= now]


def next_at(clock: Clock) -> datetime | None:
    """Return the first instant at which time brings something; ``None``: it brings nothing as things stand."""
    return min(steps(clock).values(), default=None)


def is_late(due_on: date, today: date) -> bool:
    """Say whether the last day to answer is over."""
    return today > due_on


def warnings_by(due_on: date, today: date) -> int:
    """Return how many warnings of lateness are due by a day: whoever comes late warns once, not of each lead."""
    return sum(due_on - timedelta(days=lead) <= today for lead in LEADS)
