"""The mapping of a PostgreSQL database held against its catalogue: what is missing, of another kind, or unmapped."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import psycopg

from accounts.errors import FieldError
from retention.connectors.conditions import Types
from retention.enums import StoreFault
from retention.rules.stores.postgresql import Names, Settings, Table

# What a column may be: a domain counts as what it is based on, citext as the text that it is.
KINDS = {
    "text": "text",
    "varchar": "text",
    "bpchar": "text",
    "citext": "text",
    "name": "text",
    "uuid": "uuid",
    "int2": "integer",
    "int4": "integer",
    "int8": "integer",
}
# A column's name → its type, whether it is NOT NULL, whether it leads an index.
type Columns = dict[str, tuple[str, bool, bool]]
KEYS = frozenset({"text", "varchar", "uuid", "int2", "int4", "int8"})

TABLES = """
    SELECT n.nspname || '.' || c.relname, c.oid::bigint, c.relkind,
           has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'DELETE'), row_security_active(c.oid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN unnest(%s::text[], %s::text[]) AS wanted(nspname, relname) USING (nspname, relname)
"""
# A domain may be based on another one.
COLUMNS = """
    WITH RECURSIVE base AS (
        SELECT a.attrelid, a.attname, a.attnum, a.attnotnull, t.typname, t.typtype, t.typbasetype, t.typcategory
        FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = ANY(%s::bigint[]) AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT b.attrelid, b.attname, b.attnum, b.attnotnull, t.typname, t.typtype, t.typbasetype, t.typcategory
        FROM base b JOIN pg_type t ON t.oid = b.typbasetype WHERE b.typtype = 'd'
    )
    SELECT b.attrelid::bigint, b.attname, b.typname, b.typcategory, b.attnotnull, EXISTS (
        SELECT FROM pg_index i WHERE i.indrelid = b.attrelid AND i.indisvalid AND i.indkey[0] = b.attnum
        AND i.indpred IS NULL AND 'btree' = (
            SELECT m.amname FROM pg_class x JOIN pg_am m ON m.oid = x.relam WHERE x.oid = i.indexrelid
        )
    )
    FROM base b WHERE b.typtype <> 'd' ORDER BY b.attrelid, b.attnum
"""
# What inherits from a mapped table, or is a part of it, is erased with it: it stands for that table here.
MAPPED = """
    WITH RECURSIVE mapped(root, oid) AS (
        SELECT one, one FROM unnest(%s::bigint[]) AS one
        UNION
        SELECT m.root, i.inhrelid::bigint FROM mapped m JOIN pg_inherits i ON i.inhparent = m.oid
    )
"""
PARTS = f"{MAPPED} SELECT root, oid FROM mapped WHERE oid <> root AND oid = ANY(%s::bigint[])"
# Of one constraint PostgreSQL keeps a row for each part of a table: the topmost of those that lead to what is mapped.
TOPMOST = """
    f.contype = 'f' AND NOT EXISTS (
        SELECT FROM pg_constraint above JOIN mapped m ON m.oid = above.confrelid WHERE above.oid = f.conparentid
    )
"""
REFERENCES = f"""
    {MAPPED}
    SELECT DISTINCT coalesce(source.root, -1), n.nspname || '.' || c.relname, target.root
    FROM pg_constraint f
    JOIN mapped target ON target.oid = f.confrelid
    JOIN pg_class c ON c.oid = f.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN mapped source ON source.oid = f.conrelid
    WHERE {TOPMOST}
"""
# Which columns of which table refer to which of a mapped one, or of its parts; a part refers as the whole does.
REFERRING = f"""
    {MAPPED}
    SELECT DISTINCT source.nspname || '.' || child.relname,
           ARRAY(SELECT a.attname::text FROM unnest(f.conkey) WITH ORDINALITY AS k(number, place)
                 JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.number ORDER BY k.place),
           ARRAY(SELECT a.attname::text FROM unnest(f.confkey) WITH ORDINALITY AS k(number, place)
                 JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.number ORDER BY k.place)
    FROM pg_constraint f
    JOIN pg_class child ON child.oid = f.conrelid JOIN pg_namespace source ON source.oid = child.relnamespace
    JOIN mapped target ON target.oid = f.confrelid
    WHERE {TOPMOST}
"""
# Who may update some column may lock rows (PostgreSQL documentation, SELECT, The Locking Clause).
MAY_LOCK = """
    SELECT has_any_column_privilege(c.oid, 'UPDATE') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relname = %s
"""
# What a column of instants is: one that names no place on the time line would be another instant in another zone.
INSTANT = "timestamptz"
# What refers to a table: the place, its columns, the table's columns.
type Reference = tuple[str, list[str], list[str]]


class Catalogue:
    """What the database says of the mapped tables. ``faults`` are what the mapping has wrong."""

    def __init__(self, settings: Settings, cursor: psycopg.Cursor[Any]) -> None:
        self._settings = settings
        self.faults: list[tuple[StoreFault, FieldError]] = []
        self._types: dict[tuple[str, str], str] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._searchable: dict[str, list[str]] = {}
        cursor.execute(TABLES, [[t.schema for t in settings.tables], [t.name for t in settings.tables]])
        found = {str(place): (int(oid), str(kind), bool(may), bool(rls)) for place, oid, kind, may, rls in cursor}
        places = {oid: place for place, (oid, *_rest) in found.items()}
        self._columns = self._read_columns(cursor, places)
        for number, table in enumerate(settings.tables):
            path = f"tables[{number}]"
            if table.place not in found or found[table.place][1] not in ("r", "p"):
                self._note(StoreFault.MISSING, f"{path}.table", f"There is no table {table.place}.")
                continue
            if not found[table.place][2]:
                message = f"{table.place}: these credentials may not read and delete."
                self._note(StoreFault.DENIED, f"{path}.table", message)
            if found[table.place][3]:
                message = f"{table.place}: row security hides rows from these credentials; they need BYPASSRLS."
                self._note(StoreFault.ROW_SECURITY, f"{path}.table", message)
            self._check_columns(path, table, self._columns.get(table.place, {}))
        self._check_parts(cursor, places)
        self._check_parents()
        self._check_references(cursor, places)
        # By place, of the tables of which rows go by age.
        self.references = {
            table.place: self._read_references(cursor, number, table, found[table.place][0])
            for number, table in enumerate(settings.tables)
            if table.age is not None and table.place in found
        }
        self._check_locks(cursor)

    @property
    def types(self) -> Types:
        """Return what each column that the mapping names is: text, uuid or integer."""
        return self._types

    def type_name(self, table: Table, column: str) -> str:
        """Return the name of a column's type, of which there is no other in ``pg_catalog``."""
        return self._names[table.place, column]

    def searchable(self, table: Table) -> list[str]:
        """Return the columns of a table that could hold an identifier: texts, JSON, UUIDs, arrays and what else."""
        return self._searchable.get(table.place, [])

    def _read_columns(self, cursor: psycopg.Cursor[Any], places: Mapping[int, str]) -> dict[str, Columns]:
        cursor.execute(COLUMNS, [list(places)])
        found: dict[str, Columns] = {}
        for oid, name, kind, category, not_null, indexed in cursor:
            place = places[int(oid)]
            found.setdefault(place, {})[name] = (kind, not_null, indexed)
            # Booleans, dates, geometry, numbers, ranges of them, durations and bits hold nobody's identifier.
            if category not in "BDEGNRTV" and kind != "bytea":
                self._searchable.setdefault(place, []).append(name)
        return found

    def _check_columns(self, path: str, table: Table, columns: Columns) -> None:
        named = [(f"{path}.key", table.key)]
        named += [(f"{path}.{what}.column", part[0]) for what, part in _parts(table)]
        if table.via is not None:
            named.append((f"{path}.via.column", table.via.column))
        if table.age is not None:
            named.append((f"{path}.time", table.age[1]))
        missing = False
        for field, column in named:
            if column not in columns:
                missing = True
                self._note(StoreFault.MISSING, field, f"{table.place} has no column {column}.")
                continue
            kind = columns[column][0]
            self._types[table.place, column] = KINDS.get(kind, "other")
            self._names[table.place, column] = kind
        if missing:
            return
        kind, not_null, indexed = columns[table.key]
        if kind not in KEYS or not not_null:
            message = f"{table.place}.{table.key} is {kind}: a key is text, uuid or an integer, and NOT NULL."
            self._note(StoreFault.WRONG_TYPE, f"{path}.key", message)
        elif not indexed:
            self._note(StoreFault.SETTINGS, f"{path}.key", f"{table.place}.{table.key} does not lead an index.")
        self._check_kinds(path, table)

    def _check_parts(self, cursor: psycopg.Cursor[Any], places: Mapping[int, str]) -> None:
        """See that no row belongs to two of the mapped tables: it would be counted twice."""
        cursor.execute(PARTS, [list(places), list(places)])
        whole = {places[oid]: places[root] for root, oid in cursor}
        for number, table in enumerate(self._settings.tables):
            if table.place in whole:
                message = f"{table.place} is a part of {whole[table.place]}: its rows go with that."
                self._note(StoreFault.SETTINGS, f"tables[{number}].table", message)

    def _check_kinds(self, path: str, table: Table) -> None:
        """See that each column can hold what the mapping says that it holds."""
        if table.tenant is not None:
            column, names = table.tenant
            allowed = {Names.PUBLIC_ID: {"uuid", "text"}, Names.REGISTRATION_NUMBER: {"text"}}.get(
                names, {"text", "uuid", "integer"}
            )
            self._kind(f"{path}.tenant.column", table, column, allowed)
            if names is Names.MAPPED:
                self._check_clients(self._types[table.place, column])
        if table.age is not None and self._names[table.place, table.age[1]] != INSTANT:
            name = self._names[table.place, table.age[1]]
            message = f"{table.place}.{table.age[1]} is {name}; it must be timestamp with time zone."
            self._note(StoreFault.WRONG_TYPE, f"{path}.time", message)
        if table.subject is not None:
            column, holds = table.subject
            self._kind(f"{path}.subject.column", table, column, {"uuid", "text"} if holds == "public_id" else {"text"})

    def _check_clients(self, kind: str) -> None:
        for name in self._settings.tenants.values():
            if (kind == "integer" and not _is_integer(name)) or (kind == "uuid" and not _is_uuid(name)):
                self._note(StoreFault.WRONG_TYPE, "tenants", f"A client's name there is no {kind}, as the column is.")
                return
        # 17 and 017 are two texts, and one integer.
        meant = {"integer": int, "uuid": UUID}.get(kind, str)
        if len({meant(name) for name in self._settings.tenants.values()}) < len(self._settings.tenants):
            message = "Two clients have the same name there: neither could be erased."
            self._note(StoreFault.SETTINGS, "tenants", message)

    def _kind(self, field: str, table: Table, column: str, allowed: set[str]) -> None:
        if self._types[table.place, column] not in allowed:
            name = self._names[table.place, column]
            message = f"{table.place}.{column} is {name}; it must be {' or '.join(sorted(allowed))}."
            self._note(StoreFault.WRONG_TYPE, field, message)

    def _check_parents(self) -> None:
        """See that what a row and its parent are joined by is there on both sides, and of one kind."""
        for number, table in enumerate(self._settings.tables):
            if table.via is None or (table.place, table.via.column) not in self._types:
                continue
            parent, column = table.via.parent, table.via.parent_column
            known = self._columns.get(parent, {}).get(column)
            field = f"tables[{number}].via.parent_column"
            if known is None:
                self._note(StoreFault.MISSING, field, f"{parent} has no column {column}.")
            elif KINDS.get(known[0]) is None or KINDS[known[0]] != self._types[table.place, table.via.column]:
                self._note(StoreFault.WRONG_TYPE, field, f"{parent}.{column} and {table.via.column} are of two kinds.")

    def _check_references(self, cursor: psycopg.Cursor[Any], places: Mapping[int, str]) -> None:
        """See that whatever refers to a mapped table is mapped, and before it: else it would block, or go unseen."""
        order = {table.place: number for number, table in enumerate(self._settings.tables)}
        cursor.execute(REFERENCES, [list(places)])
        for of, name, target in cursor.fetchall():
            field = f"tables[{order[places[target]]}].table"
            if of == -1:
                message = f"{name} refers to {places[target]} and is not mapped."
                self._note(StoreFault.UNMAPPED, field, message)
            elif order[places[of]] > order[places[target]]:
                self._note(StoreFault.ORDER, field, f"{places[of]} refers to {places[target]} and must come before it.")

    def _read_references(self, cursor: psycopg.Cursor[Any], number: int, table: Table, oid: int) -> list[Reference]:
        """Return what refers to a table or its parts: by the database's constraints, and by the mapping."""
        cursor.execute(REFERRING, [[oid]])
        found = [(str(place), list(columns), list(referred)) for place, columns, referred in cursor.fetchall()]
        for place, _columns, referred in found:
            if not self._columns.get(table.place, {}).keys() >= set(referred):
                message = f"{place} refers to columns that only a part of {table.place} has: map that part."
                self._note(StoreFault.UNMAPPED, f"tables[{number}].category", message)
        mapped = [
            (one.place, [one.via.column], [one.via.parent_column])
            for one in self._settings.tables
            if one.via is not None and one.via.parent == table.place
        ]
        return [*found, *(one for one in mapped if one not in found)]

    def _check_locks(self, cursor: psycopg.Cursor[Any]) -> None:
        """See that rows to which others refer can be locked: else something could come to refer to what goes by age."""
        for number, table in enumerate(self._settings.tables):
            if not self.references.get(table.place):
                continue
            cursor.execute(MAY_LOCK, [table.schema, table.name])
            row: Any = cursor.fetchone()
            if not row[0]:
                message = f"{table.place}: to erase by age these credentials need UPDATE on some column of it too."
                self._note(StoreFault.DENIED, f"tables[{number}].category", message)

    def _note(self, fault: StoreFault, field: str, message: str) -> None:
        self.faults.append((fault, FieldError(field, fault.value, message)))


def _parts(table: Table) -> Iterator[tuple[str, tuple[str, str]]]:
    if table.tenant is not None:
        yield "tenant", table.tenant
    if table.subject is not None:
        yield "subject", table.subject


def _is_integer(text: str) -> bool:
    return text.isascii() and text.removeprefix("-").isdigit() and len(text) <= 18


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False
