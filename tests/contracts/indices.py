"""Price indices for tests: a series, its successor, and values by the import."""

from datetime import date
from decimal import Decimal

from accounts import tenancy
from contracts.models import IndexSeries
from contracts.operations import indices
from tests.contracts.agreements import at

HEADER = "series,period,value,published_on"
NOW = at("2026-02-01")
FINANCE = "user:finance"


def a_series(code="SYN", **values):
    named = {"name": f"Index {code}", "publisher": "An institute", "country": "FR", "periodicity": "month"}
    with tenancy.vendor():
        return indices.create(code=code, now=at("2024-01-01"), by=FINANCE, **{**named, **values})


def import_rows(*rows, now=NOW, by=FINANCE):
    """Import rows written as ``SYN,2026-01,131.2,2026-01-31``."""
    with tenancy.vendor():
        return indices.run("\n".join([HEADER, *rows]).encode(), now=now, by=by)


def an_index(code="SYN"):
    """Return a series with a value, linked to the one that replaces it."""
    found, successor = a_series(code), a_series(f"{code}-2")
    import_rows(f"{code},2025-11,130.5,2025-12-15", f"{code}-2,2025-12,100.0,2026-01-15")
    with tenancy.vendor():
        indices.link(
            found,
            to=successor,
            coefficient=Decimal("1.31"),
            from_period=date(2025, 12, 1),
            now=NOW,
            by=FINANCE,
        )
        return IndexSeries.objects.get(pk=found.pk)
