"""How a sweep walks what is due: one transaction an item, so that one refusal holds up nothing else."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from accounts import tenancy
from accounts.errors import Refused

log = structlog.get_logger(__name__)
SYSTEM = "system"
BATCH = 500


@dataclass(slots=True)
class Swept:
    """What a sweep did: how many items were done, and which were refused, by code."""

    done: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    def refuse(self, code: str) -> None:
        self.refused[code] = self.refused.get(code, 0) + 1


def walk[Item](due: Callable[[], Iterable[Item]], act: Callable[[Item], object]) -> Swept:
    """Do every due item, in rounds until none is due: a contract several terms behind is caught up in one sweep.

    ``due`` returns the next items (at most a batch); ``act`` does one and raises :class:`Refused` if it may not. An
    item that was refused is not tried again in this sweep.
    """
    swept = Swept()
    refused: set[Item] = set()
    while True:
        with tenancy.vendor():
            items = [item for item in due() if item not in refused]
        if not items:
            return swept
        for item in items:
            try:
                with tenancy.vendor():
                    act(item)
            except Refused as error:
                refused.add(item)
                swept.refuse(error.code)
                log.info("sweep.refused", code=error.code)
            else:
                swept.done += 1


def by_whom(at: datetime, now: datetime) -> str:
    """Name the actor of a sweep: the system, or the system in simulated time."""
    return SYSTEM if at <= now else f"{SYSTEM}:simulated"
