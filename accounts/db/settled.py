"""Rows in a settled order: which transaction wrote a row, and whether a running one can still write before it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class CurrentTransaction(models.Func):
    """The number of the transaction that writes, over its whole life (PostgreSQL's ``xid8``: 64 bits, never reused)."""

    template = "pg_current_xact_id()::text::bigint"
    output_field = models.BigIntegerField()


class OldestRunning(models.Func):
    """The oldest transaction that was running when the statement began: all before it have committed or failed."""

    template = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    output_field = models.BigIntegerField()


class NotYetBegun(models.Func):
    """The first transaction number that had not been given when the statement began."""

    template = "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
    output_field = models.BigIntegerField()


def written_in() -> "models.BigIntegerField[int, int]":
    """Return the field that says which transaction wrote the row. The database fills it in."""
    return models.BigIntegerField(_("written in transaction"), db_default=CurrentTransaction(), editable=False)


def settled(field: str = "written_in") -> Q:
    """Return the condition of rows that no running transaction can still precede: what was written before is seen.

    A number that was not given yet comes from another server, whose dump was restored here: such a row is settled too.
    A row that the asking transaction wrote itself may count as settled: ask before writing, or in another transaction.
    """
    return Q(**{f"{field}__lt": OldestRunning()}) | Q(**{f"{field}__gte": NotYetBegun()})
