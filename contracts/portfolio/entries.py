"""What a portfolio file says, typed: organizations with their contracts and licensed users, each with its row."""

from dataclasses import dataclass, field
from typing import Any

from accounts.errors import FieldError


@dataclass(frozen=True, slots=True)
class UserEntry:
    """A licensed user and the first row that names it."""

    row: int
    external_id: str
    email: str
    display_name: str
    department: str


@dataclass(frozen=True, slots=True)
class ContractEntry:
    """A contract and the first row that names it; ``values`` are the terms that drafting a contract takes."""

    row: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class OrganizationEntry:
    """An organization and the first row that names it; ``values`` are the fields that registering a client takes."""

    row: int
    values: dict[str, str]
    contracts: list[ContractEntry] = field(default_factory=list)
    users: list[UserEntry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Portfolio:
    """The entries of a file, in its order, and its faults by row.

    Each entry is complete: what has a fault is left out of ``organizations`` and named in ``errors``. So a portfolio
    with errors is not the whole file.
    """

    organizations: list[OrganizationEntry]
    errors: list[FieldError]
