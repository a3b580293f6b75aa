"""The levels of being gone that a certificate names: each with its instant or none, and how it is known."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """What is known of one emptied store: since when its pages are free of dead rows, or what holds these."""

    vacuumed_at: datetime | None
    vacuumed_how: str
    held_by: str
    rewritten_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the levels follow from. ``clean_at``: the first verification that passed after the last that did not.

    ``forgotten_at``: when the identifiers that the verifier searched for were destroyed, none while it keeps them;
    ``forgotten_by``: when they will be, if nothing is found.

    ``keys_gone_at``: when the keys were destroyed last; a ledger restored from an older backup brings them back.

    A window of the model's vendor of no length: there is none.
    """

    keys_destroyed_at: datetime
    keys_gone_at: datetime
    exports_gone_at: datetime | None
    erased_at: datetime
    forgotten_at: datetime | None
    forgotten_by: datetime
    clean_at: datetime | None
    stores: tuple[Store, ...]
    key_cache: timedelta
    backup_horizon: timedelta
    ledger_horizon: timedelta
    model_window: timedelta


# Without these a certificate stays provisional. Tables are written anew by operators who want it so.
NEEDED = ("unreadable", "logically_absent", "vacuumed", "log", "backups", "unreadable_in_backups", "model_vendor")


@dataclass(frozen=True, slots=True)
class Level:
    """``at`` is claimed; ``expected_at`` only foreseen, by the calendar. ``how`` it is known, as a code."""

    code: str
    at: datetime | None
    how: str
    expected_at: datetime | None = None
    held_by: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the level as the certificate says it."""
        return {
            "level": self.code,
            "at": _iso(self.at),
            "expected_at": _iso(self.expected_at),
            "how": self.how,
            "held_by": list(self.held_by),
        }


def levels(facts: Facts, *, now: datetime) -> list[Level]:
    """Return every level as it stands at the instant."""
    unreadable = max(_known([facts.keys_gone_at + facts.key_cache, facts.exports_gone_at]))
    vacuumed = [store.vacuumed_at for store in facts.stores]
    rewritten = [store.rewritten_at for store in facts.stores]
    ways = sorted({store.vacuumed_how for store in facts.stores if store.vacuumed_how not in ("", "no_table")})
    holders = tuple(sorted({store.held_by for store in facts.stores if store.held_by}))
    # The rows are in backups until they are erased, what is searched for afterwards until it is forgotten.
    kept = max(facts.erased_at, facts.forgotten_at or facts.forgotten_by)
    backups, sure = kept + facts.backup_horizon, facts.forgotten_at is not None
    return [
        _by_calendar("unreadable", unreadable, now, "keys_destroyed_and_caches_expired"),
        Level("logically_absent", facts.clean_at, "verification"),
        Level("vacuumed", _all(vacuumed), "+".join(ways) or "not_yet", held_by=holders),
        Level("rewritten", _all(rewritten), "operator" if _all(rewritten) else "not_done"),
        _by_calendar("log", backups, now, sure=sure),
        _by_calendar("backups", backups, now, sure=sure),
        # Content in a backup opens with a key out of a backup of the ledger, as long as there is one.
        _by_calendar("unreadable_in_backups", facts.keys_gone_at + facts.ledger_horizon, now),
        _by_calendar("model_vendor", facts.keys_destroyed_at + facts.model_window, now)
        if facts.model_window
        else Level("model_vendor", facts.keys_destroyed_at, "no_model_vendor"),
    ]


def complete(found: Iterable[Level]) -> bool:
    """Say whether every window has closed."""
    reached = {level.code for level in found if level.at is not None}
    return reached.issuperset(NEEDED)


def _by_calendar(code: str, at: datetime, now: datetime, how: str = "calendar", *, sure: bool = True) -> Level:
    """Return a level that the calendar closes; one that is not ``sure`` is expected, and never reached."""
    if at > now:
        return Level(code, None, how, at)
    return Level(code, at if sure else None, how)


def _all(instants: Iterable[datetime | None]) -> datetime | None:
    """Return the last of the instants, if none is missing."""
    found = list(instants)
    known = [one for one in found if one is not None]
    return max(known) if found and len(known) == len(found) else None


def _known(instants: Iterable[datetime | None]) -> list[datetime]:
    return [one for one in instants if one is not None]


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
