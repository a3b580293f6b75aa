"""A PostgreSQL database of the product: emptied by its mapping, in key ranges, each in a transaction of its own.

A chunk reads at most a window of keys, whoever's rows they are, so a transaction is bounded however large the table
is and however few of its rows are meant. The checkpoint says where the walk stands; of keys that may be somebody's it
says no more than the beginning of a UUID, and of a text nothing: such a table is read again by whoever goes on.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Composable, Identifier, Literal

from accounts.errors import FieldError
from retention.connectors.catalogue import Catalogue
from retention.connectors.conditions import Condition
from retention.connectors.connecting import connect, field_of, translated
from retention.connectors.older import OlderRows
from retention.connectors.protocol import (
    Older,
    Person,
    Progress,
    Record,
    Residue,
    StoreError,
    StoreMisconfigured,
    StoreUnavailable,
    Target,
)
from retention.connectors.searching import search
from retention.connectors.writable import unwritable
from retention.enums import StoreFault
from retention.rules.stores.postgresql import Settings, Table

# Keys that one call reads at most, as a multiple of what it may erase; at least so many.
WINDOW, SMALLEST_WINDOW = 10, 10_000
# After so many walks that all found something the product still writes: somebody must stop it first.
MOST_WALKS = 10
FETCHED_AT_ONCE = 1000
# Keys that a checkpoint does not tell.
TEXTS = frozenset({"text", "varchar"})
# Of a UUID the first 48 bits are kept: 12 hexadecimal digits.
KEPT_OF_UUID = 12


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a walk stands: how often it went through all tables, whether it erased anything this time, and where."""

    walk: int = 0
    erased: bool = False
    table: int = 0
    after: str = ""

    @classmethod
    def read(cls, checkpoint: str, mark: str) -> "_Place":
        """Return what a checkpoint says; the beginning if it says nothing, or was of another mapping."""
        found, _, rest = checkpoint.partition(":")
        parts = rest.split(":", 3)
        if found != mark or len(parts) != 4 or not all(part.isdecimal() for part in parts[:3]):
            return cls()
        return cls(int(parts[0]), parts[1] == "1", int(parts[2]), parts[3])

    def written(self, mark: str, kind: str) -> str:
        """Return the checkpoint. Keys that are texts are not written down, of a UUID its beginning is."""
        after = "" if kind in TEXTS else self.after
        if kind == "uuid":
            after = after.replace("-", "")[:KEPT_OF_UUID]
        return f"{mark}:{self.walk}:{int(self.erased)}:{self.table}:{after}"


class PostgresStore:
    """A connector over one database connection. ``settings`` are read, ``password`` is empty where none is needed."""

    def __init__(self, settings: Settings, password: str) -> None:
        self._settings, self._password = settings, password
        self._connection: psycopg.Connection[Any] | None = None
        self._catalogue: Catalogue | None = None
        # The full place of the last chunk, where the checkpoint says less.
        self._last: tuple[str, _Place] | None = None
        said = repr(settings.tables).encode()
        self._mark = hashlib.sha256(said).hexdigest()[:8]

    def close(self) -> None:
        connection, self._connection, self._catalogue = self._connection, None, None
        if connection is not None:
            connection.close()

    def check(self) -> list[FieldError]:
        try:
            with self._working() as cursor:
                return [fault for _kind, fault in Catalogue(self._settings, cursor).faults]
        except StoreError as error:
            return [FieldError(field_of(error), error.fault.value, str(error.fault.label))]

    def inventory(self, target: Target) -> dict[str, int]:
        with self._mapped(target) as (cursor, condition, _catalogue):
            return {table.place: _count(cursor, table, condition) for table in self._settings.tables}

    def export(self, target: Target) -> Iterator[Record]:
        with self._mapped(target) as (cursor, condition, _catalogue):
            for table in self._settings.tables:
                query = SQL("SELECT to_json(t)::text FROM {} AS t WHERE {} ORDER BY {}").format(
                    _named(table), condition.rows(table, "t"), Identifier("t", table.key)
                )
                with cursor.connection.cursor(name="terme_export") as rows:
                    rows.itersize = FETCHED_AT_ONCE
                    for (row,) in rows.execute(query):
                        yield {"place": table.place, "row": json.loads(row)}

    def erase_chunk(
        self, target: Target, *, run: UUID, checkpoint: str, limit: int, now: datetime, sent_again: int = 0
    ) -> Progress:
        return self._go_on(target, None, checkpoint, limit)

    def erase_older(
        self, target: Target, older: Older, *, run: UUID, checkpoint: str, limit: int, now: datetime
    ) -> Progress:
        if older.category not in self._settings.categories:
            raise StoreMisconfigured(StoreFault.NOT_BY_AGE, "tables")
        return self._go_on(target, older, checkpoint, limit)

    def _go_on(self, target: Target, older: Older | None, checkpoint: str, limit: int) -> Progress:
        place = _Place.read(checkpoint, self._mark)
        if self._last is not None and self._last[0] == checkpoint:
            place = self._last[1]
        while True:
            place, erased, kind = self._chunk(target, older, place, limit)
            progress = self._progress(place, erased, kind, older)
            # Whoever goes on may know the checkpoint alone. Where that cannot say how far it got, this goes on itself
            # until it is further: else nobody would ever come past what is before.
            if erased or progress.finished or progress.checkpoint != checkpoint:
                return progress

    def _chunk(self, target: Target, older: Older | None, place: _Place, limit: int) -> tuple[_Place, int, str]:
        """Erase within one transaction; return where it got, how many rows went, and the kind of the key there."""
        tables = self._tables(older)
        left, erased = max(SMALLEST_WINDOW, WINDOW * limit), 0
        with self._mapped(target, () if older is None else older.spared) as (cursor, condition, catalogue):
            # Two workers on one store take turns; who comes second finds the rows gone.
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"terme:{target.organization_ref}"]
            )
            references = {} if older is None else catalogue.references
            rows = condition.rows if older is None else OlderRows(condition, older, references).rows
            while place.table < len(tables) and left > 0 and erased < limit:
                table = tables[place.table]
                kind = catalogue.type_name(table, table.key)
                walk = _Walk(table, kind, rows(table, "t"), place.after, locked=bool(references.get(table.place)))
                read, gone, end = walk.step(cursor, window=left, limit=limit - erased)
                left, erased = left - read, erased + gone
                went_on = place.erased or gone > 0
                if end is None:
                    place = replace(place, erased=went_on, table=place.table + 1, after="")
                else:
                    place = replace(place, erased=went_on, after=end)
            _as_the_product(cursor)  # its deferred triggers come with the commit
            return place, erased, self._kind_at(catalogue, tables, place)

    def _tables(self, older: Older | None) -> tuple[Table, ...]:
        """Return the tables that are walked, in their order: what a rule is about, or all of them."""
        tables = self._settings.tables
        return tables if older is None else tuple(one for one in tables if one.age and one.age[0] == older.category)

    def verify(self, target: Target, *, run: UUID) -> list[Residue]:
        found: list[Residue] = []
        with self._mapped(target) as (cursor, condition, catalogue):
            for table in self._settings.tables:
                count = _count(cursor, table, condition)
                found += [Residue(table.place, "rows", count)] if count else []
                for kind, number in search(cursor.connection, table, condition, catalogue.searchable(table)).items():
                    found.append(Residue(table.place, kind, number))
        return found

    def _progress(self, place: _Place, erased: int, kind: str, older: Older | None) -> Progress:
        """A walk is over at its last table; the store is done when a whole walk found nothing.

        By age also after so many walks: what is left goes in another night.
        """
        if place.table >= len(self._tables(older)):
            last = place.walk + 1 >= MOST_WALKS
            if not place.erased or (last and older is not None):
                return Progress(erased, place.written(self._mark, ""), finished=True)
            if last:  # from its checkpoint the last walk would have found something, however often it is walked
                raise StoreUnavailable(StoreFault.BUSY, from_the_front=True)
            place = _Place(walk=place.walk + 1)
        checkpoint = place.written(self._mark, kind)
        self._last = (checkpoint, place)
        return Progress(erased, checkpoint, finished=False)

    @staticmethod
    def _kind_at(catalogue: Catalogue, tables: tuple[Table, ...], place: _Place) -> str:
        if place.table >= len(tables):
            return ""
        table = tables[place.table]
        return catalogue.type_name(table, table.key)

    @contextmanager
    def _mapped(
        self, target: Target, spared: tuple[Person, ...] = ()
    ) -> Iterator[tuple[psycopg.Cursor[Any], Condition, Catalogue]]:
        """Work in a transaction, the mapping held against the catalogue. :raises StoreMisconfigured: it has faults."""
        with self._working() as cursor:
            if self._catalogue is None:
                found = Catalogue(self._settings, cursor)
                if found.faults:
                    kind, fault = found.faults[0]
                    raise StoreMisconfigured(kind, fault.field)
                self._catalogue = found
            condition = Condition(
                self._settings, self._catalogue.types, target, unwritable(cursor, target.people or spared)
            )
            yield cursor, condition, self._catalogue

    @contextmanager
    def _working(self) -> Iterator[psycopg.Cursor[Any]]:
        """Work in a transaction with time limits. What the driver raises may quote a row: it goes no further."""
        try:
            if self._connection is None or self._connection.closed:
                self.close()
                self._connection = connect(self._settings, self._password)
            milliseconds = str(self._settings.statement_seconds * 1000)
            with self._connection.transaction(), self._connection.cursor() as cursor:
                # A filter of row security would hide rows: off, it is an error.
                cursor.execute(
                    "SELECT set_config('statement_timeout', %(ms)s, true), set_config('lock_timeout', %(ms)s, true), "
                    "set_config('row_security', 'off', true)",
                    {"ms": milliseconds},
                )
                _by_the_catalogue(cursor)
                yield cursor
        except psycopg.Error as error:
            self.close()
            raise translated(error) from None


class _Walk:
    """One table, walked in the order of its key; backwards where its rows refer to earlier ones of it.

    ``locked``: rows are locked before they are looked at for the last time, so that nothing comes to refer to them.
    """

    def __init__(self, table: Table, kind: str, rows: Composable, after: str, *, locked: bool = False) -> None:
        self._table, self._kind, self._after = table, kind, after
        self._rows, self._locked = rows, locked
        self._key = Identifier("t", table.key)

    def step(self, cursor: psycopg.Cursor[Any], *, window: int, limit: int) -> tuple[int, int, str | None]:
        """Erase in the next range of keys. Return how many were read and erased, and the range's end; none: it is over.

        It ends with the last row that may still be erased, or with the window. Rows that share a key go together.
        """
        order = SQL("DESC") if self._table.backwards else SQL("ASC")
        cursor.execute(
            SQL(
                "WITH seen AS MATERIALIZED (SELECT {key} AS key, {rows} AS wanted FROM {table} AS t WHERE {past} "
                "ORDER BY {key} {order} LIMIT {window}), wanted AS (SELECT key FROM seen WHERE wanted), "
                "full_at AS (SELECT key FROM wanted ORDER BY key {order} OFFSET {last} LIMIT 1) "
                "SELECT (SELECT key::text FROM full_at), "
                "(SELECT key::text FROM seen ORDER BY seen.key {back} LIMIT 1), "
                "(SELECT count(*) FROM seen), (SELECT count(*) FROM wanted)"
            ).format(
                key=self._key,
                rows=self._rows,
                table=_named(self._table),
                past=self._past(),
                order=order,
                back=SQL("ASC") if self._table.backwards else SQL("DESC"),
                window=Literal(window),
                last=Literal(limit - 1),
            )
        )
        row: Any = cursor.fetchone()
        full_at, last, read, wanted = row
        if last is None:
            return 0, 0, None
        end = full_at or last
        erased = self._erase(cursor, end) if wanted else 0
        over = full_at is None and read < window
        return int(read), erased, None if over else end

    def _erase(self, cursor: psycopg.Cursor[Any], end: str) -> int:
        ranged = SQL("{} AND {} {} {} AND {}").format(
            self._past(), self._key, SQL(">=" if self._table.backwards else "<="), self._cast(end), self._rows
        )
        if self._locked:
            cursor.execute(SQL("SELECT FROM {} AS t WHERE {} FOR UPDATE").format(_named(self._table), ranged))
        _as_the_product(cursor)
        cursor.execute(SQL("DELETE FROM {} AS t WHERE {}").format(_named(self._table), ranged))
        erased = cursor.rowcount
        _by_the_catalogue(cursor)
        if not erased:
            cursor.execute(SQL("SELECT EXISTS (SELECT FROM {} AS t WHERE {})").format(_named(self._table), ranged))
            row: Any = cursor.fetchone()
            if row[0]:  # a trigger, or a rule, keeps them
                raise StoreMisconfigured(StoreFault.NOT_ERASED, self._table.place)
        return erased

    def _past(self) -> Composable:
        if not self._after:
            return SQL("true")
        sign = SQL("<" if self._table.backwards else ">")
        return SQL("{} {} {}").format(self._key, sign, self._cast(self._after))

    def _cast(self, value: str) -> Composable:
        if self._kind == "uuid":
            # Of a beginning the least UUID (backwards the greatest): the walk has come at least as far.
            value = value.replace("-", "").ljust(32, "f" if self._table.backwards else "0")
        return SQL("{}::{}").format(Literal(value), Identifier("pg_catalog", self._kind))


def _named(table: Table) -> Composable:
    return Identifier(table.schema, table.name)


def _by_the_catalogue(cursor: psycopg.Cursor[Any]) -> None:
    """Look no name up outside the catalogue but those that are qualified."""
    cursor.execute("SET LOCAL search_path TO pg_catalog")


def _as_the_product(cursor: psycopg.Cursor[Any]) -> None:
    """Look names up as the login does by itself: a trigger of the product's often leaves out the schema of a table."""
    cursor.execute("SET LOCAL search_path TO DEFAULT")


def _count(cursor: psycopg.Cursor[Any], table: Table, condition: Condition) -> int:
    cursor.execute(SQL("SELECT count(*) FROM {} AS t WHERE {}").format(_named(table), condition.rows(table, "t")))
    row: Any = cursor.fetchone()
    return int(row[0])
