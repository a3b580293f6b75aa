"""What a check of the trail can find, and the order in which events can only have been sealed."""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Fault(StrEnum):
    """One kind of damage. ``what`` of its finding says more: names of columns, a last position, a head's file."""

    EVENT_CHANGED = "event_changed"
    EVENT_REMOVED = "event_removed"
    EVENT_NOT_SEALED = "event_not_sealed"
    EVENT_INSERTED_LATE = "event_inserted_late"
    SEAL_CHANGED = "seal_changed"
    SEAL_MISSING = "seal_missing"
    SEAL_REPEATED = "seal_repeated"
    SEALS_REORDERED = "seals_reordered"
    HEAD_CUT_OFF = "head_cut_off"
    HEAD_DIFFERS = "head_differs"
    HEAD_NOT_SIGNED = "head_not_signed"
    DETAIL_CHANGED = "detail_changed"


SENTENCES = {
    Fault.EVENT_CHANGED: "the event was changed since it was sealed",
    Fault.EVENT_REMOVED: "the event is gone",
    Fault.EVENT_NOT_SEALED: "the event has no seal, though those after it have one: it was put in later, or its seal "
    "was taken away",
    Fault.EVENT_INSERTED_LATE: "the event was written after events with higher ids had been sealed",
    Fault.SEAL_CHANGED: "the seal was changed, or does not follow from the one before it",
    Fault.SEAL_MISSING: "seals are missing, from this position to",
    Fault.SEAL_REPEATED: "a position is there twice",
    Fault.SEALS_REORDERED: "the seal stands in another order than its event was written in",
    Fault.HEAD_CUT_OFF: "the chain ends before this head that was carried away",
    Fault.HEAD_DIFFERS: "the chain is another one than when this head was carried away",
    Fault.HEAD_NOT_SIGNED: "the head's signature does not hold",
    Fault.DETAIL_CHANGED: "the event's detail is not the one that was recorded with it",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One damage: at which position of the checked chain, of which event (public id), and what more is known."""

    fault: Fault
    position: int | None = None
    event: str | None = None
    what: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as programs read it."""
        return {
            "fault": str(self.fault),
            "position": self.position,
            "event": self.event,
            "what": list(self.what),
            "detail": self.sentence,
        }

    @property
    def sentence(self) -> str:
        """Say it in English, with its place."""
        places = [
            f"position {self.position}" if self.position is not None else "",
            f"event {self.event}" if self.event else "",
        ]
        place = ", ".join(one for one in places if one)
        more = f" ({', '.join(self.what)})" if self.what else ""
        return f"{place}{': ' if place else ''}{SENTENCES[self.fault]}{more}"


MOST = 1_000


@dataclass(slots=True)
class Report:
    """What a check saw. Of many findings the first ``MOST`` are kept; ``faults`` counts them all."""

    entries: int = 0
    waiting: int = 0
    details: int = 0
    heads: int = 0
    position: int = 0
    digest: str = ""
    faults: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Say whether nothing was found."""
        return not self.faults

    def add(self, *findings: Finding) -> None:
        """Count findings, and keep them while there are few."""
        self.faults += len(findings)
        self.findings += findings[: max(0, MOST - len(self.findings))]


@dataclass(slots=True)
class Order:
    """Follows (transaction, id) along the chain. Both grow, but for what ran at the same time.

    Each seal says before which transaction it was made: one with a higher number had not begun to write. So what such
    a transaction writes has a higher id than everything that was sealed by then. What another cluster wrote, and a
    restore brought here, bears a number that was not given out yet, and is not compared.
    """

    cluster: int = 0
    before: int = 0
    transaction: int = 0
    event_id: int = 0
    top: int = 0
    _floor: int = 0
    _tops: deque[tuple[int, int]] = field(default_factory=deque)

    def follow(self, event_id: int, transaction: int, before: int, cluster: int) -> Fault | None:
        """Take the next seal; return what is wrong with its place, if anything."""
        if cluster != self.cluster:
            self.cluster, self.before, self.transaction, self.event_id, self._floor = cluster, before, 0, 0, 0
            self._tops.clear()
        elif before != self.before:
            self._tops.append((self.before, self.top))
            self.before = before
        self.top = max(self.top, event_id)
        if transaction >= before:
            return None
        while self._tops and self._tops[0][0] <= transaction:
            self._floor = self._tops.popleft()[1]
        if (transaction, event_id) <= (self.transaction, self.event_id):
            return Fault.SEALS_REORDERED
        self.transaction, self.event_id = transaction, event_id
        return Fault.EVENT_INSERTED_LATE if event_id < self._floor else None
