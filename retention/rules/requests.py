"""When a departed client's data may go, and what stands in the way: pure rules."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from contracts.enums import NoticeUnit
from contracts.rules import periods
from contracts.rules.days import ONE_DAY
from contracts.rules.explanation import Explanation


@dataclass(frozen=True, slots=True)
class Window:
    """The retrieval window after the service's end; ``ends_on`` is the first day after it.

    ``erase_from`` is the local midnight of that day, ``erase_by`` the instant by which erasure must have happened.
    ``agreed``: the contract has a figure of its own for that. ``promised_by``: another contract promised an earlier
    instant, at which erasure is not allowed yet; somebody has to know of that clash.
    """

    ends_on: date
    erase_from: datetime
    erase_by: datetime
    explanation: Explanation
    agreed: bool = False
    promised_by: datetime | None = None


def retrieval_window(
    service_ended_on: date, *, days: int, country: str, zone: str, erase_within: timedelta, agreed: bool = False
) -> Window:
    """Return the window that a client has to fetch its data, counted from the last day of service.

    It is a minimum granted to the customer, so it moves forward from a day on which nobody works in the client's
    country, and never back (Regulation 1182/71; rulebook §1 and §6). ``service_ended_on`` is the first day without
    service, ``erase_within`` whole days.

    :raises InvalidInput: an unknown country or zone, a negative length, or a day outside the calendar.
    """
    deadline = periods.count_forward(
        service_ended_on - ONE_DAY,
        length=days,
        unit=NoticeUnit.DAYS,
        regime=periods.Regime.EU,
        calendar_country=country,
        purpose=periods.Purpose.GRANT,
    )
    ends_on = deadline.latest + ONE_DAY
    erase_from = periods.midnight(ends_on, zone)
    return Window(ends_on, erase_from, periods.midnight(ends_on + erase_within, zone), deadline.explanation, agreed)


def switch_window(
    erase_from: date, *, zone: str, erase_within: timedelta, explanation: Explanation, agreed: bool = False
) -> Window:
    """Return the window of a client that switched away: it was computed with the switch, from its agreed transition.

    Where only erasure was asked for there is none: erasure is allowed from the day after the notice.
    """
    erase_by = periods.midnight(erase_from + erase_within, zone)
    return Window(erase_from, periods.midnight(erase_from, zone), erase_by, explanation, agreed)


def longest(windows: Iterable[Window]) -> Window:
    """Return the window that leaves a client longest, by the earliest instant that a contract's own figure promises.

    One that is promised for before anything may be erased cannot be kept: ``promised_by`` says so, and the erasure has
    the first day on which it may (rulebook §6).

    :raises ValueError: no window.
    """
    every = list(windows)
    found = max(every, key=lambda window: window.erase_from)
    promised = min((one.erase_by for one in every if one.agreed), default=found.erase_by)
    if promised <= found.erase_from:
        return replace(found, erase_by=found.erase_from + FIRST_DAY, promised_by=promised)
    return replace(found, erase_by=min(found.erase_by, promised))


def waived(windows: Iterable[Window], *, now: datetime, erase_by: datetime) -> tuple[datetime, datetime | None]:
    """Return by when everything is erased once the client waives the rest of its window, and a promise that is past.

    The figure of the longest window counts from now on, and never beyond the instant that holds already; what other
    contracts promise stays as it is.
    """
    every = list(windows)
    found = max(every, key=lambda window: window.erase_from)
    due = min(max(erase_by, now), now + (found.erase_by - found.erase_from))
    promised = min((one.erase_by for one in every if one.agreed and one is not found), default=due)
    if promised <= now:
        return now + FIRST_DAY, promised
    return min(due, promised), None


def erasable_from(erase_from: datetime, *, waived: bool, switch_erase_at: datetime | None) -> datetime:
    """Return from when a request may be erased: a switch whose dates moved since counts, unless the client waived."""
    if waived or switch_erase_at is None:
        return erase_from
    return max(erase_from, switch_erase_at)


# What must be erased as soon as it may be has so long for it.
FIRST_DAY = timedelta(days=1)
# What holds up a request that is due otherwise, though nobody who works on it decided so: evidence is kept of it.
IN_THE_WAY = frozenset(
    {"contract_open", "contract_drafted", "switch_unfinished", "legal_hold", "correction_unconfirmed"}
)
# What others have to do first: while it stands, a request is not due.
TO_COME = frozenset({"end_not_confirmed", "client_undecided", "grace_runs", "retrieval_period_runs"})


def held_up_by(codes: Iterable[str]) -> tuple[str, ...]:
    """Return, of what :func:`blocks` said, what holds up a request that is due otherwise; empty: nothing does.

    One that the client decided on counts as due: it need not be approved to be evident that it could not be carried
    out.
    """
    found = tuple(codes)
    return () if TO_COME & set(found) else tuple(code for code in found if code in IN_THE_WAY)


def unconfirmed(carried_out_at: datetime | None, *, now: datetime, within: timedelta) -> bool:
    """Say whether a correction was made here that long ago, and the product has not said that it made it too."""
    return carried_out_at is not None and carried_out_at + within <= now


def blocks(
    *,
    kind: str,
    whole: bool,
    status: str,
    now: datetime,
    erase_from: datetime,
    grace_until: datetime | None,
    contracts_binding: bool,
    contracts_drafted: bool,
    switch_unfinished: bool,
    holds: int,
    export_decided: bool,
    archive_decided: bool,
    unconfirmed: bool = False,
) -> tuple[str, ...]:
    """Return what holds a request up, as codes in the order in which people resolve them; empty: nothing.

    A draft binds nobody, but the collaboration has not definitively ended while one is negotiated (rulebook §2): it is
    signed, or cancelled.

    An archive that nobody decided on delays nothing: once the retrieval period is over it lapses (rulebook §7). What
    contracts and switches say, and the retrieval period, are about an organization's end; of some people (not
    ``whole``) the client decides while its contract goes on. What is no erasure waits for the client's decision alone:
    no hold stands in the way of a restriction; a correction waits for the product, too (``unconfirmed``: too long).
    """
    found: Iterable[tuple[bool, str]] = (
        (whole and contracts_binding, "contract_open"),
        (whole and contracts_drafted, "contract_drafted"),
        (whole and switch_unfinished, "switch_unfinished"),
        (status == "received", "end_not_confirmed" if whole else "client_undecided"),
        (status in ("received", "confirmed"), "not_approved"),
        (grace_until is not None and now < grace_until, "grace_runs"),
        (whole and now < erase_from, "retrieval_period_runs"),
        (whole and not export_decided, "export_not_decided"),
        (whole and not archive_decided and now < erase_from, "archive_not_decided"),
        (holds > 0, "legal_hold"),
    )
    if status not in ("received", "confirmed", "approved"):
        return ()
    if kind != "erase":
        others = ((status == "received", "client_undecided"), (unconfirmed, "correction_unconfirmed"))
        return tuple(code for applies, code in others if applies)
    return tuple(code for applies, code in found if applies)
