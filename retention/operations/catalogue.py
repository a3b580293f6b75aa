"""The databases' catalogues: which tables and views there are, with which columns, and what may be read of them."""

from collections.abc import Callable
from dataclasses import dataclass

from django.apps import apps
from django.db import connections

from retention.policy import NO_RESIDUE, POLICY, Table

TENANT_COLUMNS = ("organization_id", "organization_ref")
# What points to a person holds its internal key here; what the ledger holds is found by the person's opaque id.
PERSON_COLUMNS = ("subject_id", "licensed_user_id")
INTEGERS = frozenset({"int2", "int4", "int8"})
# Columns of these categories hold no identifier of anybody: booleans, dates, enums, geometry, numbers, ranges of them,
# bits, durations. Whatever is not among them is read as text.
HARMLESS = frozenset("BDEGNRVT")
JSON = frozenset({"json", "jsonb"})
UUIDS = frozenset({"uuid", "_uuid"})
BYTES = frozenset({"bytea", "_bytea"})

# Views and foreign tables: whether they can be read is known only once they are.
COMPUTED = frozenset({"v", "f"})

# A domain is what it is based on. A table under row security without a policy for who asks shows nothing: unreadable.
# A materialized view that was not filled yet holds nothing, and reading it would be an error.
CATALOGUE = """
    SELECT n.nspname, c.relname, c.relkind, a.attname,
           coalesce(b.typname, t.typname), coalesce(b.typcategory, t.typcategory),
           has_table_privilege(c.oid, 'SELECT') AND (NOT c.relrowsecurity OR EXISTS (
               SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd IN ('*', 'r')
               AND (p.polroles = '{0}' OR EXISTS (
                   SELECT 1 FROM unnest(p.polroles) AS role WHERE pg_has_role(current_user, role, 'USAGE')))))
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND c.relispopulated
      AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
    ORDER BY n.nspname, c.relname, a.attnum
"""

# Which columns of our tables each plain view is computed from.
SOURCES = """
    SELECT n.nspname, v.relname, t.relname || '.' || a.attname, a.attname
    FROM pg_class v
    JOIN pg_namespace n ON n.oid = v.relnamespace
    JOIN pg_rewrite r ON r.ev_class = v.oid
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
        AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
    JOIN pg_class t ON t.oid = d.refobjid AND t.relnamespace = 'public'::regnamespace
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
    WHERE v.relkind = 'v'
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the catalogue has it."""

    name: str
    type: str
    category: str


@dataclass(frozen=True, slots=True)
class Place:
    """A table or view of one of the databases, with its columns.

    ``excused``: of a plain view, columns that it shows of a table in which the policy exempts them.
    """

    alias: str
    schema: str
    name: str
    kind: str
    columns: tuple[Column, ...]
    excused: frozenset[str] = frozenset()

    @property
    def computed(self) -> bool:
        """Say whether reading it may fail though the catalogue says that it can be read."""
        return self.kind in COMPUTED

    @property
    def shows_others(self) -> bool:
        """Say whether it is a plain view: it holds nothing, and the tables beneath it are looked at by themselves."""
        return self.kind == "v"

    @property
    def sql(self) -> str:
        """The table's name in a statement."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    @property
    def shown(self) -> str:
        """The table's name in a report."""
        return f"{self.alias}.{self.name}" if self.schema == "public" else f"{self.alias}.{self.schema}.{self.name}"

    @property
    def declared(self) -> tuple[str, Table] | None:
        """What the policy says of it; nothing, for a table in another schema, or one that no model has."""
        return fates().get(self.name) if self.schema == "public" else None

    def exempt(self, column: Column) -> bool:
        """Say whether what a departed person also had may stand in the column on another ground."""
        return column.name in self.excused or (self.schema == "public" and f"{self.name}.{column.name}" in NO_RESIDUE)

    def column(self, *names: str) -> str | None:
        """Return the first of these columns that it has."""
        return next((name for name in names if any(column.name == name for column in self.columns)), None)


def places(alias: str, unreadable: Callable[[Place], None]) -> list[Place]:
    """Return every table and view of a database that can be read; call ``unreadable`` with each that cannot."""
    with connections[alias].cursor() as cursor:
        cursor.execute(CATALOGUE)
        rows = cursor.fetchall()
        cursor.execute(SOURCES)
        shown: dict[tuple[str, str], set[str]] = {}
        for schema, view, source, column in cursor.fetchall():
            if source in NO_RESIDUE:
                shown.setdefault((schema, view), set()).add(column)
    tables: dict[tuple[str, str, str], list[Column]] = {}
    closed = set()
    for schema, table, kind, column, type_, category, readable in rows:
        tables.setdefault((schema, table, kind), []).append(Column(column, type_, category))
        if not readable:
            closed.add((schema, table))
    found = [
        Place(alias, *named, tuple(columns), frozenset(shown.get(named[:2], ()))) for named, columns in tables.items()
    ]
    for place in found:
        if (place.schema, place.name) in closed:
            unreadable(place)
    return [place for place in found if (place.schema, place.name) not in closed]


def fates() -> dict[str, tuple[str, Table]]:
    """Return the declared fate by table name."""
    return {apps.get_model(label)._meta.db_table: (label, policy) for label, policy in POLICY.items()}


def quoted(name: str) -> str:
    """Return a name as a statement takes it."""
    return '"' + name.replace('"', '""') + '"'
