"""What the tables of the admin's first page are made of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

LONGEST = 10


@dataclass(frozen=True, slots=True)
class Row:
    """A line: where its first cell leads, the cells, and whether it is late."""

    url: str
    cells: tuple[str, ...]
    late: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A small table. ``more`` says that the list holds further rows."""

    title: str
    url: str
    headers: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)
    more: bool = False


def table_of(
    title: str, model: str, headers: tuple[str, ...], found: QuerySet[Any], row: Callable[[Any], Row]
) -> Table:
    """Read one row more than is shown, to know whether there are more."""
    made = [row(one) for one in found.select_related("organization")[: LONGEST + 1]]
    return Table(title, reverse(f"admin:{model}_changelist"), headers, made[:LONGEST], len(made) > LONGEST)


def row_of(obj: Any, *cells: str, late: bool = False) -> Row:
    meta = obj._meta
    return Row(reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[obj.pk]), cells, late)
