"""Which stores a retention rule reaches: the vault, and of those beyond it the ones that can tell what is old."""

from typing import Any

from accounts import tenancy
from retention.enums import StoreKind
from retention.operations import external

BY_HAND, NOT_BY_AGE = "by_hand", "not_by_age"


def of(_category: str) -> list[dict[str, Any]]:
    """Return each enabled store beyond the vault by its code, whether a rule of a category reaches it, and why not.

    Reads in the vendor's scope.
    """
    with tenancy.vendor():
        stores = list(external.enabled().values_list("code", "kind"))
    return [
        {"store": code, "reached": False, "why": BY_HAND if kind == StoreKind.MANUAL else NOT_BY_AGE}
        for code, kind in stores
    ]
