"""May this person use the product now, with which features, until when, and why not?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.rules.licence_states import DELETED, INVITED, RESTRICTED, SCHEDULED, SEATED, SUSPENDED, Standing

EVERYTHING = "*"
# Why not, as codes; `interfaces.md` tells them to programs.
NO_LICENCE = "no_licence"
NOT_ACTIVATED = "not_activated"
UNKNOWN = "unknown_person"
CODES = {SUSPENDED: "suspended", SCHEDULED: "scheduled_for_deletion", DELETED: "deleted", INVITED: NOT_ACTIVATED}


@dataclass(frozen=True, slots=True)
class Grant:
    """What one contract grants: from an instant to before another (``None``: open), these features (none: all)."""

    valid_from: datetime
    valid_until: datetime | None
    features: tuple[str, ...] = ()

    def in_force(self, at: datetime) -> bool:
        return self.valid_from <= at and (self.valid_until is None or at < self.valid_until)


@dataclass(frozen=True, slots=True)
class Entitlement:
    """An answer. ``until`` is the instant until which it holds by what is known; the caller keeps it at most ``keep``.

    ``features`` is ``("*",)`` for all that the product has. ``reasons`` are codes, empty where ``allowed``.
    """

    allowed: bool
    features: tuple[str, ...]
    until: datetime | None
    reasons: tuple[str, ...]
    keep: timedelta


def judge(standing: Standing, grants: Sequence[Grant], *, at: datetime, keep: timedelta) -> Entitlement:
    """Return what a person may do at an instant. A yes is never kept beyond the instant at which it could end."""
    allowed, features, reasons = _at(standing, grants, at)
    until = _until(standing, grants, at)
    if until is not None:
        keep = min(keep, until - at)
    return Entitlement(allowed, features, until, reasons, keep)


def unknown() -> Entitlement:
    """Return the answer about somebody whom nobody licensed: it is not kept, for they may be added now."""
    return Entitlement(False, (), None, (UNKNOWN,), timedelta())


def _at(standing: Standing, grants: Iterable[Grant], at: datetime) -> tuple[bool, tuple[str, ...], tuple[str, ...]]:
    in_force = [grant for grant in grants if grant.in_force(at)]
    reasons = []
    if not in_force:
        reasons.append(NO_LICENCE)
    if standing.status not in SEATED:
        reasons.append(CODES[standing.status])
        if standing.status == SUSPENDED:
            reasons.append(standing.suspension_reason)
    if reasons:
        return False, (), tuple(reasons)
    return True, _features(standing, in_force), ()


def _features(standing: Standing, in_force: Sequence[Grant]) -> tuple[str, ...]:
    """Return what all grants together open, and of it what a restriction leaves."""
    granted = (
        None if any(not grant.features for grant in in_force) else {f for grant in in_force for f in grant.features}
    )
    left = set(standing.features or ()) if standing.status == RESTRICTED else None
    if granted is None:
        return (EVERYTHING,) if left is None else tuple(sorted(left))
    return tuple(sorted(granted if left is None else granted & left))


def _until(standing: Standing, grants: Sequence[Grant], at: datetime) -> datetime | None:
    """Return the next instant at which the answer becomes another by itself."""
    answer = _at(standing, grants, at)
    instants = {instant for grant in grants for instant in (grant.valid_from, grant.valid_until) if instant is not None}
    changes = [instant for instant in instants if instant > at and _at(standing, grants, instant) != answer]
    if standing.status == SUSPENDED and standing.suspended_until is not None and standing.suspended_until > at:
        changes.append(standing.suspended_until)
    if standing.status == SCHEDULED and standing.delete_at is not None and standing.delete_at > at:
        changes.append(standing.delete_at)
    return min(changes, default=None)
