"""Verification: looking, in both databases, in files and in the broker, for what should be gone.

Independent of the eraser: the tables and columns come from the databases' catalogues, never from the eraser's list.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from django.apps import apps
from django.db import connections, transaction

from accounts import tenancy
from accounts.models import User
from accounts.operations import audit, outbox
from retention import ledger
from retention.enums import RequestStatus, RunPhase
from retention.models import DeletionRequest, ErasureRun, Verification
from retention.operations import runs
from retention.operations.elsewhere import search_broker, search_files
from retention.policy import NO_RESIDUE, POLICY, Fate, Table
from retention.rules.terms import Identifiers, Searcher, texts_in_json

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
UUID_PATTERN = "[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}"
FETCHED_AT_ONCE = 2000

# A domain is what it is based on. A table under row security without a policy for who asks shows nothing: unreadable.
CATALOGUE = """
    SELECT n.nspname, c.relname, a.attname, coalesce(b.typname, t.typname), coalesce(b.typcategory, t.typcategory),
           has_table_privilege(c.oid, 'SELECT') AND (NOT c.relrowsecurity OR EXISTS (
               SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd IN ('*', 'r')
               AND (p.polroles = '{0}' OR EXISTS (
                   SELECT 1 FROM unnest(p.polroles) AS role WHERE pg_has_role(current_user, role, 'USAGE')))))
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
      AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
    ORDER BY n.nspname, c.relname, a.attnum
"""


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that should be gone: where, of what kind, how often. Never the value."""

    place: str
    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the catalogue has it."""

    name: str
    type: str
    category: str


@dataclass(frozen=True, slots=True)
class Place:
    """A table or view of one of the databases, with its columns."""

    alias: str
    schema: str
    name: str
    columns: tuple[Column, ...]

    @property
    def sql(self) -> str:
        """The table's name in a statement."""
        return f"{_quoted(self.schema)}.{_quoted(self.name)}"

    @property
    def shown(self) -> str:
        """The table's name in a report."""
        return f"{self.alias}.{self.name}" if self.schema == "public" else f"{self.alias}.{self.schema}.{self.name}"

    @property
    def declared(self) -> tuple[str, Table] | None:
        """What the policy says of it; nothing, for a table in another schema, or one that no model has."""
        return _fates().get(self.name) if self.schema == "public" else None

    def exempt(self, column: Column) -> bool:
        """Say whether what a departed person also had may stand in the column on another ground."""
        return self.schema == "public" and f"{self.name}.{column.name}" in NO_RESIDUE

    def column(self, *names: str) -> str | None:
        """Return the first of these columns that it has."""
        return next((name for name in names if any(column.name == name for column in self.columns)), None)


@dataclass(slots=True)
class Findings:
    """What was searched, and what was found."""

    tables: int = 0
    columns: int = 0
    files: int = 0
    broker_keys: int = 0
    terms: int = 0
    not_distinctive: int = 0
    ciphertext: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)

    def searched(self) -> dict[str, Any]:
        """Return the extent of the search, as it is stored and certified."""
        return {name: value for name, value in asdict(self).items() if name != "hits"}

    def note(self, place: str, kind: str, count: int) -> None:
        """Note a hit, if there is one."""
        if count:
            self.hits.append(Hit(place, kind, count))


def verify(run: ErasureRun, lease: runs.Lease, *, by: str) -> Verification:
    """Look everywhere for what the run should have erased, and record what was seen; a hit stops it, for people.

    The lease holds from before the search to its record, so no older search overrules a newer one.

    :raises LeaseLost: another worker has the run.
    :raises Refused: the identifiers were destroyed, so nothing can be searched for.
    """
    findings = search(run)
    with tenancy.vendor():
        return _record(run, lease, findings, by=by)


def search(run: ErasureRun) -> Findings:
    """Search both databases, the files and the broker. Writes nothing."""
    with tenancy.vendor():
        locked = ErasureRun.objects.select_related("organization", "request").get(pk=run.pk)
        terms = runs.unseal(locked)
        contacts = frozenset(email.lower() for email in User.objects.values_list("email", flat=True))
        organization = locked.organization
        found = Findings(not_distinctive=terms.not_distinctive)
        found.terms = len(terms.emails) + len(terms.searchable_ids) + len(terms.uuids)
        whole = locked.request.whole
        _search_database("default", organization.pk, terms, found, whole=whole)
    with ledger.vendor():
        _search_database("ledger", str(organization.public_id), terms, found, whole=whole)
    found.files = search_files(terms, contacts, found.note)
    found.broker_keys = search_broker(terms, found.note)
    return found


def _record(run: ErasureRun, lease: runs.Lease, findings: Findings, *, by: str) -> Verification:
    passed = not findings.hits
    with transaction.atomic():
        locked = runs.held(run, lease)
        now = lease.now()
        made = Verification.objects.create(
            organization_id=run.organization_id,
            run=locked,
            performed_at=now,
            passed=passed,
            searched=findings.searched(),
            hits=[asdict(hit) for hit in findings.hits],
        )
        if locked.phase == RunPhase.ERASED:
            locked.phase = RunPhase.VERIFIED if passed else RunPhase.RESIDUE_FOUND
            locked.save(update_fields=["phase"])
            DeletionRequest.objects.filter(pk=locked.request_id).update(
                status=RequestStatus.VERIFIED if passed else RequestStatus.FAILED
            )
        name = "erasure.verified" if passed else "erasure.residue_found"
        audit.record(name, locked, by=by, at=now, data={"hits": len(findings.hits), "tables": findings.tables})
        outbox.publish(name, locked, at=now, payload={"hits": len(findings.hits)})
    return made


def _search_database(alias: str, organization: int | str, terms: Identifiers, found: Findings, *, whole: bool) -> None:
    words = {"email": Searcher(terms.emails), "external_id": Searcher(terms.searchable_ids)}
    for place in _places(alias, found):
        found.tables += 1
        found.columns += len(place.columns)
        if whole:
            _count_rows(place, organization, found)
        else:
            _count_rows_of_people(place, organization, terms, found)
        _name_ciphertext(place, found)
        _search_uuids(place, terms, found)
        _search_words(place, organization, words, found)


def _places(alias: str, found: Findings) -> list[Place]:
    with connections[alias].cursor() as cursor:
        cursor.execute(CATALOGUE)
        rows = cursor.fetchall()
    tables: dict[tuple[str, str], list[Column]] = {}
    unreadable = set()
    for schema, table, column, type_, category, readable in rows:
        tables.setdefault((schema, table), []).append(Column(column, type_, category))
        if not readable:
            unreadable.add((schema, table))
    places = [Place(alias, schema, table, tuple(columns)) for (schema, table), columns in tables.items()]
    for place in places:
        found.note(place.shown, "unreadable", int((place.schema, place.name) in unreadable))
    return [place for place in places if (place.schema, place.name) not in unreadable]


def _fates() -> dict[str, tuple[str, Table]]:
    """Return the declared fate by table name."""
    return {apps.get_model(label)._meta.db_table: (label, policy) for label, policy in POLICY.items()}


def _scope(place: Place, organization: int | str) -> tuple[str, list[int | str]]:
    """Return which rows may hold this organization's people: its own, and those of nobody. Another's are its own."""
    if place.schema == "public" and place.name == "accounts_organization":
        return "t.id = %s", [organization]
    if place.schema == "public" and place.name == "accounts_user":
        members = "SELECT user_id FROM accounts_membership WHERE organization_id = %s OR organization_id IS NULL"
        return f"t.id IN ({members})", [organization]
    tenant = place.column(*TENANT_COLUMNS)
    if tenant is None:
        return "true", []
    return f"t.{_quoted(tenant)}::text = %s OR t.{_quoted(tenant)} IS NULL", [str(organization)]


def _count_rows(place: Place, organization: int | str, found: Findings) -> None:
    """Rows of the organization must be gone, unless the policy keeps that table on a basis."""
    tenant = "id" if place.name == "accounts_organization" else place.column(*TENANT_COLUMNS)
    if tenant is None:
        return
    with connections[place.alias].cursor() as cursor:
        query = f"SELECT count(*) FROM {place.sql} AS t WHERE t.{_quoted(tenant)}::text = %s"
        cursor.execute(query, [str(organization)])
        count = int(cursor.fetchone()[0])
    declared = place.declared
    if declared is not None and declared[1].rows is not Fate.ERASE:
        found.kept += [declared[0]] if count else []
    else:
        found.note(place.shown, "rows", count)


def _count_rows_of_people(place: Place, organization: int | str, terms: Identifiers, found: Findings) -> None:
    """No row of the organization may point to one of the people any more, whatever its table is there for."""
    tenant = place.column(*TENANT_COLUMNS)
    for column in place.columns:
        if tenant is None or column.name not in PERSON_COLUMNS or column.type not in INTEGERS:
            continue
        with connections[place.alias].cursor() as cursor:
            cursor.execute(
                f"SELECT count(*) FROM {place.sql} AS t WHERE t.{_quoted(tenant)}::text = %s "
                f"AND t.{_quoted(column.name)} = ANY(%s)",
                [str(organization), list(terms.people)],
            )
            found.note(f"{place.shown}.{column.name}", "rows_of_person", int(cursor.fetchone()[0]))


def _name_ciphertext(place: Place, found: Findings) -> None:
    """Bytes cannot be searched: each such column is declared as ciphertext, and named on the certificate."""
    for column in place.columns:
        if column.type not in BYTES:
            continue
        declared = place.declared
        if declared is not None and declared[1].fates.get(column.name) is Fate.CIPHERTEXT:
            found.ciphertext.append(f"{place.name}.{column.name}")
        else:
            found.note(f"{place.shown}.{column.name}", "undeclared_bytes", 1)


def _search_uuids(place: Place, terms: Identifiers, found: Findings) -> None:
    """Opaque ids are random: wherever one stands, in whosever row, it is that person's.

    What is found is named by its table alias: the searched table may have a column of any name.
    """
    texts = list(terms.uuid_texts())
    for column in place.columns:
        if place.exempt(column):
            continue
        name = f"t.{_quoted(column.name)}"
        with connections[place.alias].cursor() as cursor:
            if column.type in UUIDS:
                every = f"unnest(ARRAY[]::uuid[] || {name})"
                cursor.execute(
                    f"SELECT count(*) FROM {place.sql} AS t, LATERAL {every} AS found(one) WHERE found.one = ANY(%s)",
                    [list(terms.uuids)],
                )
            elif column.category in HARMLESS or column.type in BYTES:
                continue
            else:
                cursor.execute(
                    f"SELECT count(*) FROM {place.sql} AS t, "
                    f"LATERAL regexp_matches(lower({name}::text), %s, 'g') AS found(one) "
                    f"WHERE {name}::text ~* %s AND (found.one)[1] = ANY(%s)",
                    [f"({UUID_PATTERN})", UUID_PATTERN, texts],
                )
            found.note(f"{place.shown}.{column.name}", "person_id", int(cursor.fetchone()[0]))


def _search_words(place: Place, organization: int | str, words: dict[str, Searcher], found: Findings) -> None:
    """Addresses and external ids, read row by row in the rows of this organization, or of none."""
    searchers = {kind: searcher for kind, searcher in words.items() if searcher.count}
    for column in place.columns:
        if column.category in HARMLESS or column.type in BYTES | UUIDS or place.exempt(column):
            continue
        counts = dict.fromkeys(searchers, 0)
        for text in _texts(place, column, organization):
            pieces = list(texts_in_json(text)) if column.type in JSON else [text]
            for kind, searcher in searchers.items():
                counts[kind] += any(searcher.found_in(piece) for piece in pieces)
        for kind, count in counts.items():
            found.note(f"{place.shown}.{column.name}", kind, count)


def _texts(place: Place, column: Column, organization: int | str) -> Iterator[str]:
    """Yield a column's texts, a batch at a time: memory stays flat however long the table is."""
    scope, params = _scope(place, organization)
    name = f"t.{_quoted(column.name)}"
    with connections[place.alias].chunked_cursor() as cursor:
        cursor.execute(f"SELECT {name}::text FROM {place.sql} AS t WHERE ({scope}) AND {name} IS NOT NULL", params)
        while rows := cursor.fetchmany(FETCHED_AT_ONCE):
            for (text,) in rows:
                yield text


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
