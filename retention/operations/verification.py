"""Verification: looking, in both databases, in files and in the broker, for what should be gone.

Independent of the eraser: the tables and columns come from the databases' catalogues, never from the eraser's list.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
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
from retention.policy import NO_RESIDUE, POLICY, Fate
from retention.rules.terms import Identifiers, is_word

TENANT_COLUMNS = ("organization_id", "organization_ref")
TEXTS = ("text", "varchar", "bpchar", "citext", "json", "jsonb", "xml", "_text", "_varchar", "name", "hstore")
UUIDS = ("uuid", "_uuid")
BYTES = ("bytea", "_bytea")
UUID_PATTERN = "[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}"

CATALOGUE = """
    SELECT c.relname, a.attname, t.typname, has_table_privilege(c.oid, 'SELECT')
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
      AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
    ORDER BY c.relname, a.attnum
"""


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that should be gone: where, of what kind, how often. Never the value."""

    place: str
    kind: str
    count: int


@dataclass(slots=True)
class Findings:
    """What was searched, and what was found."""

    tables: int = 0
    columns: int = 0
    rows: int = 0
    files: int = 0
    broker_keys: int = 0
    terms: int = 0
    too_short_to_search: int = 0
    also_contacts: int = 0
    ciphertext: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)

    def searched(self) -> dict[str, Any]:
        """Return the extent of the search, as it is stored and certified."""
        return {name: value for name, value in asdict(self).items() if name != "hits"}


def verify(run: ErasureRun, *, now: datetime, by: str) -> Verification:
    """Look everywhere for what run should have erased, and record what was seen; a hit stops the run, for people.

    :raises Refused: the identifiers were destroyed, so nothing can be searched for.
    """
    findings = search(run)
    with tenancy.vendor():
        return _record(run, findings, now=now, by=by)


def search(run: ErasureRun) -> Findings:
    """Search both databases, the files and the broker. Writes nothing."""
    with tenancy.vendor():
        locked = ErasureRun.objects.select_related("organization").get(pk=run.pk)
        identifiers = runs.unseal(locked)
        contacts = set(User.objects.values_list("email", flat=True))
        organization = locked.organization
        found = Findings(terms=0, too_short_to_search=identifiers.too_short)
        shared = identifiers.emails & {email.lower() for email in contacts}
        found.also_contacts = len(shared)
        terms = replace(identifiers, emails=identifiers.emails - shared)
        found.terms = len(terms.emails) + len(terms.searchable_ids) + len(terms.uuids)
        _search_database("default", organization.pk, terms, found)
    with ledger.vendor():
        _search_database("ledger", str(organization.public_id), terms, found)
    found.files = search_files(terms, found.hits, Hit)
    found.broker_keys = search_broker(terms, found.hits, Hit)
    return found


def _record(run: ErasureRun, findings: Findings, *, now: datetime, by: str) -> Verification:
    passed = not findings.hits
    with transaction.atomic():
        locked = ErasureRun.objects.select_for_update(of=("self",), no_key=True).get(pk=run.pk)
        made = Verification.objects.create(
            organization_id=run.organization_id,
            run=locked,
            performed_at=now,
            passed=passed,
            searched=findings.searched(),
            hits=[asdict(hit) for hit in findings.hits],
        )
        if locked.phase in (RunPhase.ERASED, RunPhase.VERIFIED, RunPhase.RESIDUE_FOUND):
            locked.phase = RunPhase.VERIFIED if passed else RunPhase.RESIDUE_FOUND
            locked.save(update_fields=["phase"])
            DeletionRequest.objects.filter(pk=locked.request_id).exclude(status=RequestStatus.CERTIFIED).update(
                status=RequestStatus.VERIFIED if passed else RequestStatus.FAILED
            )
        name = "erasure.verified" if passed else "erasure.residue_found"
        audit.record(name, locked, by=by, at=now, data={"hits": len(findings.hits), "tables": findings.tables})
        outbox.publish(name, locked, at=now, payload={"hits": len(findings.hits)})
    return made


def _search_database(alias: str, organization: int | str, terms: Identifiers, found: Findings) -> None:
    with connections[alias].cursor() as cursor:
        cursor.execute(CATALOGUE)
        tables: dict[str, list[tuple[str, str]]] = {}
        for table, column, type_, readable in cursor.fetchall():
            if not readable:
                found.hits.append(Hit(f"{alias}.{table}", "unreadable", 1))
                continue
            tables.setdefault(table, []).append((column, type_))
    for table, columns in tables.items():
        found.tables += 1
        found.columns += len(columns)
        tenant = _tenant_column(table, [name for name, _type in columns])
        _count_rows(alias, table, tenant, organization, found)
        _name_ciphertext(table, columns, found)
        _search_uuids(alias, table, [name for name, type_ in columns if type_ in UUIDS], terms, found)
        texts = [name for name, type_ in columns if type_ in TEXTS and f"{table}.{name}" not in NO_RESIDUE]
        _search_uuids_in_texts(alias, table, texts, terms, found)
        _search_words(alias, table, texts, tenant, organization, terms, found)


def _tenant_column(table: str, columns: Sequence[str]) -> str | None:
    if table == "accounts_organization":
        return "id"
    return next((name for name in TENANT_COLUMNS if name in columns), None)


def _fates() -> dict[str, tuple[str, Any]]:
    """Return the declared fate by table name."""
    return {apps.get_model(label)._meta.db_table: (label, policy) for label, policy in POLICY.items()}


def _count_rows(alias: str, table: str, tenant: str | None, organization: int | str, found: Findings) -> None:
    """Rows of the organization must be gone, unless the policy keeps that table on a basis."""
    with connections[alias].cursor() as cursor:
        cursor.execute(f'SELECT count(*) FROM "{table}"')
        found.rows += int(cursor.fetchone()[0])
        if tenant is None:
            return
        cursor.execute(f'SELECT count(*) FROM "{table}" WHERE "{tenant}" = %s', [organization])
        count = int(cursor.fetchone()[0])
    declared = _fates().get(table)
    if declared is not None and declared[1].rows is not Fate.ERASE:
        found.kept += [declared[0]] if count else []
    elif count:
        found.hits.append(Hit(f"{alias}.{table}", "rows", count))


def _name_ciphertext(table: str, columns: Sequence[tuple[str, str]], found: Findings) -> None:
    """Bytes cannot be searched: each such column is declared as ciphertext, and named on the certificate."""
    declared = _fates().get(table)
    for name, type_ in columns:
        if type_ not in BYTES:
            continue
        if declared is not None and declared[1].fates.get(name) is Fate.CIPHERTEXT:
            found.ciphertext.append(f"{table}.{name}")
        else:
            found.hits.append(Hit(f"{table}.{name}", "undeclared_bytes", 1))


def _search_uuids(alias: str, table: str, columns: Sequence[str], terms: Identifiers, found: Findings) -> None:
    """Opaque ids are random: wherever one stands, in whosever row, it is that person's."""
    for column in columns:
        with connections[alias].cursor() as cursor:
            cursor.execute(
                f'SELECT count(*) FROM "{table}" AS t, LATERAL unnest(ARRAY[]::uuid[] || t."{column}") AS value '
                "WHERE value = ANY(%s)",
                [list(terms.uuids)],
            )
            _note(found, f"{alias}.{table}.{column}", "person_id", cursor.fetchone())


def _search_uuids_in_texts(alias: str, table: str, columns: Sequence[str], terms: Identifiers, found: Findings) -> None:
    texts = list(terms.uuid_texts())
    for column in columns:
        with connections[alias].cursor() as cursor:
            cursor.execute(
                f'SELECT count(*) FROM "{table}" AS t, '
                f"LATERAL regexp_matches(lower(t.\"{column}\"::text), %s, 'g') AS match "
                f'WHERE t."{column}"::text ~* %s AND match[1] = ANY(%s)',
                [f"({UUID_PATTERN})", UUID_PATTERN, texts],
            )
            _note(found, f"{alias}.{table}.{column}", "person_id", cursor.fetchone())


def _search_words(
    alias: str,
    table: str,
    columns: Sequence[str],
    tenant: str | None,
    organization: int | str,
    terms: Identifiers,
    found: Findings,
) -> None:
    """Addresses and external ids: in rows of this organization, or of none; another client's people are its own."""
    scope, params = "true", []
    if tenant is not None:
        scope, params = f't."{tenant}" = %s OR t."{tenant}" IS NULL', [organization]
    for column in columns:
        for kind, wanted in (("email", terms.emails), ("external_id", terms.searchable_ids)):
            words = [term for term in wanted if is_word(term)]
            phrases = [term for term in wanted if not is_word(term)]
            # Numbers in JSON are counts, not ids: words are taken from texts, and JSON's own quotes split them.
            with connections[alias].cursor() as cursor:
                cursor.execute(
                    f'SELECT count(*) FROM "{table}" AS t, LATERAL regexp_split_to_table(lower(t."{column}"::text), '
                    f"'[^0-9a-z_@.+%%-]+') AS word WHERE ({scope}) AND btrim(word, '.-+%%') = ANY(%s)",
                    [*params, words],
                )
                _note(found, f"{alias}.{table}.{column}", kind, cursor.fetchone())
                if phrases:
                    cursor.execute(
                        f'SELECT count(*) FROM "{table}" AS t, unnest(%s::text[]) AS phrase '
                        f'WHERE ({scope}) AND position(phrase IN lower(t."{column}"::text)) > 0',
                        [phrases, *params],
                    )
                    _note(found, f"{alias}.{table}.{column}", kind, cursor.fetchone())


def _note(found: Findings, place: str, kind: str, row: tuple[Any, ...] | None) -> None:
    if row is not None and row[0]:
        found.hits.append(Hit(place, kind, int(row[0])))
