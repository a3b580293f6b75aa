"""How a sweep walks what is due: one transaction an item, so that one refusal holds up nothing else."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import structlog
from django.db import models

from accounts import tenancy
from accounts.errors import Refused

log = structlog.get_logger(__name__)
SYSTEM = "system"
BATCH = 500


class Do(Protocol):
    """The work of a sweep."""

    def __call__(self, *, at: datetime, by: str) -> "Swept": ...


class Following(Protocol):
    """When will time alone make something due that is not due at the instant? Asked in the scope of the vendor."""

    def __call__(self, *, after: datetime) -> datetime | None: ...


def by_change(*, after: datetime) -> datetime | None:
    """Return nothing: what such a sweep finds comes about by a change, another sweep's or a person's."""
    return None


def earliest(rows: models.QuerySet[Any], field: str, *, after: datetime) -> datetime | None:
    """Return the first instant after the given one that rows have in a field."""
    found: datetime | None = rows.filter(**{f"{field}__gt": after}).aggregate(at=models.Min(field))["at"]
    return found


@dataclass(slots=True)
class Swept:
    """What a sweep did: how many items were done, and which were refused, by code."""

    done: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    def refuse(self, code: str) -> None:
        self.refused[code] = self.refused.get(code, 0) + 1

    def add(self, other: "Swept") -> None:
        """Count in what another part of the same sweep did."""
        self.done += other.done
        for code, count in other.refused.items():
            self.refused[code] = self.refused.get(code, 0) + count


def walk[Row: models.Model](due: Callable[[], models.QuerySet[Row]], act: Callable[[Row], object]) -> Swept:
    """Do every due row, in rounds until none is due: a contract several terms behind is caught up in one sweep.

    ``act`` does one, in its own transaction, and raises :class:`Refused` if it may not. What was refused, or failed
    with an error, is not tried again in this sweep and holds up nothing else.
    """
    swept = Swept()
    left: set[object] = set()
    while True:
        with tenancy.vendor():
            rows = list(due().exclude(pk__in=left)[:BATCH])
        if not rows:
            return swept
        for row in rows:
            try:
                with tenancy.vendor():
                    act(row)
            except Refused as error:
                left.add(row.pk)
                swept.refuse(error.code)
                log.info("sweep.refused", code=error.code)
            except Exception as error:  # a bug in one row must not stop the others: it is logged, and counted
                if type(error).__name__ == "SoftTimeLimitExceeded":
                    raise  # the worker's time is up: the next sweep goes on
                left.add(row.pk)
                swept.refuse("error")
                log.exception("sweep.failed", error=type(error).__name__)
            else:
                swept.done += 1


def run(do: Do, *, at: datetime) -> Swept:
    """Run a sweep's work at an instant as the system, and log what it did."""
    swept = do(at=at, by=SYSTEM)
    if swept.done or swept.refused:
        log.info("sweep.done", sweep=getattr(do, "__name__", "sweep"), done=swept.done, refused=swept.refused)
    return swept


def by_whom(at: datetime, now: datetime) -> str:
    """Name the actor of a sweep: the system, or the system in simulated time."""
    return SYSTEM if at <= now else f"{SYSTEM}:simulated"
