"""Taking dead rows out of the tables that runs emptied, and telling honestly whether none is left.

``VACUUM`` runs in no transaction, so the caller has none open. It removes no row that a snapshot may still see: what
the server says it could not remove, and from which transaction on, is compared with the run's own deletions.
"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import DatabaseError, connection
from django.db.models import QuerySet
from psycopg.errors import Diagnostic

from accounts import tenancy
from retention.enums import RowsHeldBy, StepStatus, Vacuumed
from retention.models import ErasureStep
from retention.operations.stores import BY_NAME
from retention.operations.stores.mentioned import TABLES as MENTIONED

log = structlog.get_logger(__name__)
# Tables that a store empties beside its own.
BESIDE = {
    "mentions": tuple(MENTIONED.values()),
    "webhook_endpoints": ("accounts_webhookdelivery",),
    "outbox_of_people": ("accounts_webhookdelivery",),
    "licensed_users": ("retention_requestsubject", "retention_legalhold"),
}
# Of so many rows, and of such a part of its table, a store is vacuumed before what its rows referred to is erased.
MANY_ROWS, LARGE_PART = 10_000, 0.1
# From this version on the statistics of a column can be cleared.
CLEARS_SINCE = 180000
_LEFT = re.compile(r"(\d+) (?:are dead but not yet removable|dead row versions cannot be removed yet)")
_CUTOFF = re.compile(r"(?:removable cutoff|oldest xmin): (\d+)")


def due() -> QuerySet[ErasureStep]:
    """Return the emptied stores, of runs that have emptied all, in whose tables dead rows may be left."""
    return (
        ErasureStep.objects.filter(status=StepStatus.DONE, vacuumed_at__isnull=True, run__erased_at__isnull=False)
        .select_related("run")
        .order_by("pk")
    )


def vacuum(*, now: datetime) -> int:
    """Vacuum each table that a run emptied, once however many runs did; return how many stores are free of dead rows.

    Where rows are held the store says by what, and is tried again with the next sweep. Without the right to vacuum
    (PostgreSQL before 17) it is left to autovacuum, and claimed by the server's statistics. Inside a transaction, where
    nothing can be vacuumed, nothing is done.
    """
    if connection.in_atomic_block:
        return 0
    with tenancy.vendor():
        steps = list(due())
    tables = sorted({table for step in steps for table in tables_of(step.store)})
    done: dict[str, tuple[int, int] | None] = {table: vacuumed(table) for table in tables}
    count = 0
    for step in steps:
        with tenancy.vendor():
            locked = ErasureStep.objects.select_for_update(of=("self",), no_key=True).get(pk=step.pk)
            if locked.status == StepStatus.DONE and locked.vacuumed_at is None:
                count += _note(locked, [done[table] for table in tables_of(locked.store)], now=now)
    return count


def vacuum_before_parents(emptied: Mapping[str, int], *, within: timedelta) -> list[str]:
    """Vacuum the tables of stores that were just emptied of many rows: how many, by store. Return the tables.

    A parent's deletion looks at its children at commit, at dead ones too, each at its own place in the table and in an
    index. A vacuum takes them out in the order in which they lie; under an old snapshot, where it cannot, it notes at
    least on each that it is dead, which the looks would write one by one. It is given up after ``within``, and nothing
    depends on it. Inside a transaction nothing is done.
    """
    if connection.in_atomic_block:
        return []
    tables = {table: rows for store, rows in emptied.items() if rows >= MANY_ROWS for table in tables_of(store)}
    wanted = [table for table, rows in tables.items() if rows >= LARGE_PART * _rows_about(table)]
    done, until = [], time.monotonic() + within.total_seconds()
    for table in sorted(wanted):
        left = until - time.monotonic()
        if left > 0 and _vacuumed_within(table, left):
            done.append(table)
    return done


def _rows_about(table: str) -> float:
    """Return the server's estimate of a table's live and dead rows, from its last look; 0 where it never looked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table])
        return max(0.0, float(cursor.fetchone()[0]))


def _vacuumed_within(table: str, seconds: float) -> bool:
    """Vacuum a table for so long at most; whatever stands in the way is the vacuum's alone."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, false)", [str(int(seconds * 1000) + 1)])
            try:
                return vacuumed(table, analyze=False) is not None
            finally:
                cursor.execute("RESET statement_timeout")
    except DatabaseError as error:
        log.warning("erasure.vacuum_given_up", table=table, seconds=seconds, error=type(error).__name__)
        connection.close_if_unusable_or_obsolete()
        return False


def tables_of(store: str) -> Sequence[str]:
    """Return the tables that a store empties; none, for one outside the database."""
    table = getattr(BY_NAME.get(store), "table", "")
    return (*((table,) if table else ()), *BESIDE.get(store, ()))


def _note(step: ErasureStep, outcomes: Sequence[tuple[int, int] | None], *, now: datetime) -> bool:
    """Write down whether a store's tables are free of its dead rows."""
    if not outcomes:
        step.vacuumed_at, step.vacuumed_how, step.held_by = now, Vacuumed.NO_TABLE, ""
    elif all(outcome is not None and free(step, outcome) for outcome in outcomes):
        step.vacuumed_at, step.vacuumed_how, step.held_by = now, Vacuumed.ENGINE, ""
    elif any(outcome is None for outcome in outcomes):
        by_itself = _by_itself(step)
        step.vacuumed_at, step.vacuumed_how = by_itself, Vacuumed.AUTOVACUUM if by_itself else ""
        step.held_by = "" if by_itself else RowsHeldBy.AUTOVACUUM
    else:
        held_by = _holder()
        if step.held_by == held_by:
            return False
        step.held_by = held_by
    step.save(update_fields=["vacuumed_at", "vacuumed_how", "held_by"])
    return step.vacuumed_at is not None


def vacuumed(table: str, *, full: bool = False, analyze: bool = True) -> tuple[int, int] | None:
    """Vacuum a table; return how many dead rows could not be removed, and the first transaction that may see them.

    It is analysed too, unless told otherwise: the planner's statistics keep values of rows, addresses as well.

    ``None``: the role may not. A number is -1 where the server's words were not understood.
    """
    way = "FULL, VERBOSE" if full else "VERBOSE, SKIP_LOCKED off, PARALLEL 0"
    with _heard() as words, connection.cursor() as cursor:
        cursor.execute("SET ROLE terme_eraser")
        try:
            cursor.execute(f"VACUUM ({way}) {table}")
            if analyze:
                _forget_statistics(cursor, table)
        finally:
            cursor.execute("RESET ROLE")
    said = "\n".join(words)
    if not words or "WARNING" in said:  # it was passed over: the role may not
        return None
    # Of the table, and of the one beside it that holds its long values; the first was the longer ago.
    left, cutoff = _LEFT.findall(said), _CUTOFF.search(said)
    return max(map(int, left)) if left else -1, int(cutoff[1]) if cutoff else -1


def _forget_statistics(cursor: Any, table: str) -> None:
    """Make a table's statistics anew. Of an empty one none are made: the old ones are cleared (PostgreSQL 18)."""
    cursor.execute(f"ANALYZE {table}")
    if cursor.connection.info.server_version < CLEARS_SINCE:
        return
    cursor.execute(
        "SELECT pg_clear_attribute_stats(n.nspname, c.relname, a.attname, false) FROM pg_class t "
        "JOIN pg_class c ON c.oid = t.oid OR c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = t.oid) "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
        "WHERE t.oid = %s::regclass AND t.reltuples = 0",
        [table],
    )


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Collect what the server says meanwhile, each with how grave it is."""
    words: list[str] = []

    def hear(said: Diagnostic) -> None:
        words.append(f"{said.severity_nonlocalized}: {said.message_primary or ''}\n{said.message_detail or ''}")

    connection.ensure_connection()
    driver = connection.connection
    driver.add_notice_handler(hear)
    try:
        yield words
    finally:
        driver.remove_notice_handler(hear)


def free(step: ErasureStep, outcome: tuple[int, int] | None) -> bool:
    """Say whether none of the store's own dead rows is left.

    Its journal row was last written with its last deletions: if that transaction is older than whatever the server
    had to keep for others, all of them were removed.
    """
    if outcome is None:
        return False
    left, cutoff = outcome
    if left == 0:
        return True
    if cutoff < 0:
        return False
    with connection.cursor() as cursor:
        query = f"SELECT age(xmin) > age(%s::text::xid) FROM {ErasureStep._meta.db_table} WHERE id = %s"
        cursor.execute(query, [str(cutoff), step.pk])
        return bool(cursor.fetchone()[0])


def _by_itself(step: ErasureStep) -> datetime | None:
    """Return when the server vacuumed the store's tables by itself, if it left no dead row since."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(greatest(last_vacuum, last_autovacuum)), count(greatest(last_vacuum, last_autovacuum)), "
            "sum(n_dead_tup) FROM pg_stat_all_tables WHERE schemaname = 'public' AND relname = ANY(%s)",
            [list(tables_of(step.store))],
        )
        at, count, dead = cursor.fetchone()
    if at is None or count < len(tables_of(step.store)) or dead or step.finished_at is None:
        return None
    return at if at > step.finished_at else None


def _holder() -> str:
    """Say what keeps the oldest rows, as far as this role is told."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind FROM ("
            "SELECT 'prepared' AS kind, age(transaction) AS age FROM pg_prepared_xacts "
            "UNION ALL SELECT 'replication_slot', greatest(age(xmin), age(catalog_xmin)) FROM pg_replication_slots "
            "UNION ALL SELECT 'snapshot', age(backend_xmin) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            ") AS holders WHERE age IS NOT NULL ORDER BY age DESC LIMIT 1"
        )
        found = cursor.fetchone()
    return RowsHeldBy(found[0]) if found else RowsHeldBy.SNAPSHOT
