"""Which state may follow which in a switch, and which states still hold the client's data back."""

from collections.abc import Mapping
from types import MappingProxyType

from contracts.enums import SwitchStatus

# A transition that has run out without completion is unfinished: only the client's written choice leads out of it.
ALLOWED: Mapping[SwitchStatus, frozenset[SwitchStatus]] = MappingProxyType(
    {
        SwitchStatus.NOTIFIED: frozenset(
            {SwitchStatus.IN_TRANSITION, SwitchStatus.COMPLETED, SwitchStatus.WITHDRAWN},
        ),
        SwitchStatus.IN_TRANSITION: frozenset(
            {SwitchStatus.COMPLETED, SwitchStatus.UNFINISHED, SwitchStatus.WITHDRAWN},
        ),
        SwitchStatus.UNFINISHED: frozenset({SwitchStatus.IN_TRANSITION, SwitchStatus.COMPLETED, SwitchStatus.ENDED}),
        SwitchStatus.ERASE_ONLY: frozenset({SwitchStatus.ENDED, SwitchStatus.WITHDRAWN}),
        SwitchStatus.COMPLETED: frozenset(),
        SwitchStatus.ENDED: frozenset(),
        SwitchStatus.WITHDRAWN: frozenset(),
    }
)
FINAL = frozenset(status for status, following in ALLOWED.items() if not following)
# The client's data are still on their way: nothing is erased by itself (Article 25(2)(h)).
HOLDING = frozenset({SwitchStatus.NOTIFIED, SwitchStatus.IN_TRANSITION, SwitchStatus.UNFINISHED})


def may_become(status: SwitchStatus, following: SwitchStatus) -> bool:
    """Tell whether a switch in ``status`` may be moved to ``following``."""
    return following in ALLOWED[status]
