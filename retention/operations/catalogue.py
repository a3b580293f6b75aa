"""The databases' catalogues: which tables and views there are, with which columns, and what may be read of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.apps import apps
from django.db import connections

from retention.policy import NO_RESIDUE, POLICY, Table
from retention.rules import views

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
    SELECT c.oid, a.attnum, n.nspname, c.relname, c.relkind, a.attname,
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

# What each plain view asks.
VIEWS = """
    SELECT v.oid, r.ev_action::text
    FROM pg_class v
    JOIN pg_namespace n ON n.oid = v.relnamespace
    JOIN pg_rewrite r ON r.ev_class = v.oid AND r.ev_type = '1'
    WHERE v.relkind = 'v' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
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

    ``excused``: columns that the policy exempts, and of a plain view those that it shows of them as they are.
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
    def named(self) -> str:
        """The table's name for people: with its schema, unless it is where our tables are."""
        return self.name if self.schema == "public" else f"{self.schema}.{self.name}"

    @property
    def shown(self) -> str:
        """The table's name in a report."""
        return f"{self.alias}.{self.named}"

    @property
    def declared(self) -> tuple[str, Table] | None:
        """What the policy says of it; nothing, for a table in another schema, or one that no model has."""
        return fates().get(self.name) if self.schema == "public" else None

    def exempt(self, column: Column) -> bool:
        """Say whether what a departed person also had may stand in the column on another ground."""
        return column.name in self.excused

    def column(self, *names: str) -> str | None:
        """Return the first of these columns that it has."""
        return next((name for name in names if any(column.name == name for column in self.columns)), None)


def places(alias: str, unreadable: Callable[[Place], None]) -> list[Place]:
    """Return every table and view of a database that can be read; call ``unreadable`` with each that cannot."""
    with connections[alias].cursor() as cursor:
        cursor.execute(CATALOGUE)
        rows = cursor.fetchall()
        cursor.execute(VIEWS)
        origins = {
            (view, number): origin
            for view, query in cursor.fetchall()
            for number, origin in views.origins(query).items()
        }
    exempt = {
        (oid, number)
        for oid, number, schema, table, _kind, column, *_rest in rows
        if schema == "public" and f"{table}.{column}" in NO_RESIDUE
    }
    tables: dict[tuple[str, str, str], list[Column]] = {}
    excused: dict[tuple[str, str, str], set[str]] = {}
    closed = set()
    for oid, number, schema, table, kind, column, type_, category, readable in rows:
        tables.setdefault((schema, table, kind), []).append(Column(column, type_, category))
        if _beginning(origins, (oid, number)) in exempt:
            excused.setdefault((schema, table, kind), set()).add(column)
        if not readable:
            closed.add((schema, table))
    found = [
        Place(alias, *named, tuple(columns), frozenset(excused.get(named, ()))) for named, columns in tables.items()
    ]
    for place in found:
        if (place.schema, place.name) in closed:
            unreadable(place)
    return [place for place in found if (place.schema, place.name) not in closed]


def _beginning(origins: Mapping[views.Origin, views.Origin], column: views.Origin) -> views.Origin:
    """Follow a column through the views that show it to where it is kept, or computed; views may go in a circle."""
    seen: set[views.Origin] = set()
    while column in origins and column not in seen:
        seen.add(column)
        column = origins[column]
    return column


def fates() -> dict[str, tuple[str, Table]]:
    """Return the declared fate by table name."""
    return {apps.get_model(label)._meta.db_table: (label, policy) for label, policy in POLICY.items()}


def quoted(name: str) -> str:
    """Return a name as a statement takes it."""
    return '"' + name.replace('"', '""') + '"'
