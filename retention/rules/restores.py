"""When a database is the older one of the two, and what follows: pure rules."""

from dataclasses import dataclass
from enum import StrEnum

# Who approved what is replayed: the ledger says that it was approved, and no longer by whom.
LEDGER = "ledger"


class FaultCode(StrEnum):
    """Why nothing is served."""

    TO_REPLAY = "erasures_to_replay"
    REPLAYING = "replay_unfinished"
    LEDGER_OLDER = "ledger_older"
    TOO_OLD = "backup_too_old"
    UNKNOWN = "ledger_unknown"


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason, and how many erasures it is about."""

    code: FaultCode
    count: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How the two databases stand to each other.

    With ``faults`` nothing is served. ``default_behind`` and ``ledger_behind``: that database was restored, though no
    erasure is concerned: the service goes on, but nothing is sent until it is known what was sent before.
    """

    faults: tuple[Fault, ...] = ()
    default_behind: bool = False
    ledger_behind: bool = False

    @property
    def closed(self) -> bool:
        """Whether nothing is served."""
        return bool(self.faults)

    @property
    def in_step(self) -> bool:
        """Whether neither database was restored, as far as can be seen."""
        return not (self.faults or self.default_behind or self.ledger_behind)


def judge(
    *,
    to_replay: int,
    too_old: int,
    ledger_lacks_head: bool,
    replaying: bool,
    default_behind: bool,
    ledger_behind: bool,
) -> Standing:
    """Judge what was seen.

    ``to_replay``: entries of the ledger whose run is absent from ``default`` or stands earlier than *destroying*.
    ``too_old``: entries that were purged since, so that nobody knows any more what they were about.
    ``ledger_lacks_head``: the last entry that ``default`` knows is not there. ``replaying``: a replay began and has not
    ended. The last two: whose pulse lags behind.
    """
    found = [
        Fault(FaultCode.REPLAYING) if replaying else None,
        Fault(FaultCode.TO_REPLAY, to_replay) if to_replay else None,
        Fault(FaultCode.LEDGER_OLDER) if ledger_lacks_head else None,
        Fault(FaultCode.TOO_OLD, too_old) if too_old else None,
    ]
    faults = tuple(fault for fault in found if fault is not None)
    return Standing(faults, default_behind=default_behind, ledger_behind=ledger_behind)


_SENTENCES = {
    FaultCode.TO_REPLAY: "The main database was restored from a backup that is older than {count} erasure(s): what was "
    "erased is back. Run: manage.py replay_erasures",
    FaultCode.REPLAYING: "Erasures are being replayed after a restore. Run manage.py replay_erasures to its end.",
    FaultCode.LEDGER_OLDER: "The ledger was restored from a backup that is older than erasures which the main database "
    "knows: destroyed keys are back. Run: manage.py replay_erasures --ledger-older",
    FaultCode.TOO_OLD: "The main database was restored from a backup that is older than the backup horizon: {count} "
    "erasure(s) were purged from the ledger since, and cannot be replayed. Restore a younger backup.",
    FaultCode.UNKNOWN: "The ledger or the main database does not answer, so nobody knows whether one was restored.",
}


def sentence(fault: Fault) -> str:
    """Say a reason to operators, with what to do."""
    return _SENTENCES[fault.code].format(count=fault.count)
