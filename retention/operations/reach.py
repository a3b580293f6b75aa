"""Which stores a retention rule reaches: the vault, and of those beyond it the ones that can tell what is old."""

from typing import Any

from accounts import tenancy
from accounts.errors import InvalidInput
from retention.enums import StoreKind
from retention.models import ExternalStore
from retention.operations import external

BY_HAND, NOT_BY_AGE = "by_hand", "not_by_age"
CONNECTION_FAILED = "connection_failed"


def of(category: str) -> list[dict[str, Any]]:
    """Return each enabled store beyond the vault by its code, whether a rule of a category reaches it, and why not.

    ``spares``: it can leave out single people; where it cannot, nothing goes there while anybody is to be spared.
    ``fault``: the last test of its connection failed (``connection_failed``), at ``tested_at``. Such a store is asked
    all the same: it may answer by now. Reads in the vendor's scope.
    """
    with tenancy.vendor():
        stores = list(external.enabled())
    return [_one(store, category) for store in stores]


def _one(store: ExternalStore, category: str) -> dict[str, Any]:
    spares = _spares(store, category)
    why = BY_HAND if store.kind == StoreKind.MANUAL else NOT_BY_AGE
    return {
        "store": store.code,
        "reached": spares is not None,
        "spares": bool(spares),
        "why": "" if spares is not None else why,
        "fault": CONNECTION_FAILED if store.check_faults else "",
        "tested_at": None if store.checked_at is None else store.checked_at.isoformat(),
    }


def _spares(store: ExternalStore, category: str) -> bool | None:
    """Say whether a store that erases a category by age can leave out single people; ``None``: it does not erase it."""
    try:
        return external.spares(store, category)
    except InvalidInput:  # settings of before a rule that came later: the store's test says so
        return None
