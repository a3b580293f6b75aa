"""Which status may follow which, in the life of a contract."""

from collections.abc import Mapping
from types import MappingProxyType

from contracts.enums import ContractStatus

# A signed contract that was never begun may still be cancelled by both sides; one that has begun can only end.
ALLOWED: Mapping[ContractStatus, frozenset[ContractStatus]] = MappingProxyType(
    {
        ContractStatus.DRAFT: frozenset({ContractStatus.SIGNED, ContractStatus.CANCELLED}),
        ContractStatus.SIGNED: frozenset({ContractStatus.ACTIVE, ContractStatus.CANCELLED}),
        ContractStatus.ACTIVE: frozenset({ContractStatus.ENDED}),
        ContractStatus.ENDED: frozenset(),
        ContractStatus.CANCELLED: frozenset(),
    }
)
# Both sides are bound: it can be given notice of, amended, left.
BINDING = (ContractStatus.SIGNED, ContractStatus.ACTIVE)


def may_become(status: ContractStatus, following: ContractStatus) -> bool:
    """Tell whether a contract in ``status`` may be moved to ``following``."""
    return following in ALLOWED[status]
