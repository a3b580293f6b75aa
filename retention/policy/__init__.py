"""What becomes of every field of every table, and of every store that is not a row, when a client leaves.

A guard (tests/guards/test_erasure_policy.py) fails on what is missing; ``docs/data-protection.md`` is written from it.
"""

from retention.policy import accounts, contracts, framework, retention
from retention.policy.bases import WORDS_OF_ERASURES
from retention.policy.kinds import Basis, Category, Fate, Kind, Period, Role, Start, Store, Table, Unit
from retention.policy.stores import STORES

__all__ = [
    "NO_RESIDUE",
    "OF_ERASURES",
    "POLICY",
    "STORES",
    "WORDS_OF_ERASURES",
    "Basis",
    "Category",
    "Fate",
    "Kind",
    "Period",
    "Role",
    "Start",
    "Store",
    "Table",
    "Unit",
]

POLICY: dict[str, Table] = {**accounts.TABLES, **contracts.TABLES, **retention.TABLES, **framework.TABLES}

# Columns that may hold an address which a departed user also had, and why that is no residue.
NO_RESIDUE: dict[str, str] = {
    "retention_erasureentry.subject_refs": "The ledger: random ids that point to nobody any more, for after a restore.",
    "accounts_user.email": "A contact of the client, or the vendor's staff, under the same address: its own basis.",
}

# Words beside these events are about an erasure, and may be said after it: they stay though their table is erased.
OF_ERASURES = ("erasure.hit_accepted", "legal_hold.refused")
