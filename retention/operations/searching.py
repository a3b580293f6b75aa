"""One pass over a database for any number of runs: each table is read once, and each hit goes to its run."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError, connections, transaction

from retention.operations.catalogue import (
    BYTES,
    HARMLESS,
    INTEGERS,
    JSON,
    PERSON_COLUMNS,
    TENANT_COLUMNS,
    UUIDS,
    Column,
    Place,
    places,
    quoted,
)
from retention.operations.sought import SHORTEST_UUID, UUID_PATTERN, Sought, Terms, ids_in
from retention.policy import OF_ERASURES, Fate
from retention.rules.terms import texts_in_json

log = structlog.get_logger(__name__)
FETCHED_AT_ONCE = 2000
# Whom a row is about, where another row says it: a detail of the trail is about its event's subject.
ABOUT = {"accounts_auditdetail": "(SELECT e.subject_id::text FROM accounts_auditevent e WHERE e.id = t.event_id)"}
# Which of an organization's rows are too much by being there, with the statement's values: not what is said about its
# erasure, or about its contract file since it was closed, nor what a call was answered since, which is forgotten a day
# later. What they say is searched.
TOO_MUCH: dict[str, tuple[str, list[Any]]] = {
    "accounts_auditdetail": (
        "NOT EXISTS (SELECT 1 FROM accounts_auditevent e JOIN accounts_organization o ON o.id = t.organization_id "
        "WHERE e.id = t.event_id AND (e.name = ANY(%s) OR o.closed_at <= e.occurred_at))",
        [list(OF_ERASURES)],
    ),
    "accounts_idempotencykey": (
        "NOT EXISTS (SELECT 1 FROM accounts_organization o WHERE o.id = t.organization_id "
        "AND o.closed_at <= t.created_at)",
        [],
    ),
}
MEMBERS = "ARRAY(SELECT m.organization_id::text FROM accounts_membership m WHERE m.user_id = t.id)"


def search_database(alias: str, sought: Sequence[Sought]) -> None:
    """Read every table and view of a database once, and note for each run what of it is still there.

    Memory stays flat: rows are fetched a batch at a time. Of other tenants' rows only those are fetched that hold an
    opaque id. The caller is in the vendor's scope of that database.
    """

    def unreadable(place: Place) -> None:
        for one in sought:
            one.found.note(place.shown, "unreadable", 1)

    terms = {
        "email": Terms((one, term) for one in sought for term in one.terms.emails),
        "external_id": Terms((one, term) for one in sought for term in one.terms.searchable_ids),
    }
    uuids: dict[str, list[Sought]] = {}
    for one in sought:
        for uuid in one.terms.uuids:
            uuids.setdefault(uuid.hex, []).append(one)
    for place in places(alias, unreadable):
        _Look(place, sought, {kind: some for kind, some in terms.items() if some}, uuids).look()


class _Look:
    """One look at one table."""

    def __init__(
        self, place: Place, sought: Sequence[Sought], terms: dict[str, Terms], uuids: dict[str, list[Sought]]
    ) -> None:
        self.place = place
        self.sought = sought
        self.terms = terms
        self.uuids = uuids
        self.tenant = "id" if self._organizations else place.column(*TENANT_COLUMNS)
        # Organizations are named by their own key, users by their memberships.
        named_by = self.tenant if self.tenant in TENANT_COLUMNS else TENANT_COLUMNS[0]
        self.owners: dict[str, list[Sought]] = {}
        for one in sought:
            self.owners.setdefault(one.tenants[named_by], []).append(one)
        searched = [column for column in place.columns if not place.exempt(column)]
        self.id_columns = [column for column in searched if column.type in UUIDS]
        self.text_columns = [
            column
            for column in searched
            if column.category not in HARMLESS and column.type not in BYTES and column.type not in UUIDS
        ]
        self.person_columns = [
            column
            for column in place.columns
            if self.tenant is not None and column.name in PERSON_COLUMNS and column.type in INTEGERS
        ]
        self.rows: Counter[Sought] = Counter()
        self.hits: Counter[tuple[Sought, str, str]] = Counter()

    @property
    def _organizations(self) -> bool:
        return self.place.schema == "public" and self.place.name == "accounts_organization"

    @property
    def _users(self) -> bool:
        return self.place.schema == "public" and self.place.name == "accounts_user"

    def look(self) -> None:
        for one in self.sought:
            one.found.tables += 1
            one.found.columns += len(self.place.columns)
        self._name_ciphertext()
        self._name_exempt()
        if self.tenant is not None or self.id_columns or self.text_columns:
            self._read()
        self._note()

    def _read(self) -> None:
        """Look at every row. A view that cannot be computed is unreadable, and stops no look at anything else."""
        if not self.place.computed:
            for row in self._fetched():
                self._look_at(row)
            return
        try:
            with transaction.atomic(using=self.place.alias):
                for row in self._fetched():
                    self._look_at(row)
        except DatabaseError as error:
            log.warning("erasure.view_unreadable", place=self.place.shown, error=type(error).__name__)
            for one in self.sought:
                one.found.note(self.place.shown, "unreadable", 1)

    def _fetched(self) -> Iterator[tuple[Any, ...]]:
        statement, params = self._statement()
        with connections[self.place.alias].chunked_cursor() as cursor:
            cursor.execute(statement, params)
            while rows := cursor.fetchmany(FETCHED_AT_ONCE):
                yield from rows

    def _statement(self) -> tuple[str, list[Any]]:
        tenants = "ARRAY[NULL]::text[]"
        conditions: list[str] = ["true"]
        too_much, params = self._too_much()
        if self._users:
            tenants = MEMBERS
        elif self.tenant is not None:
            name = f"t.{quoted(self.tenant)}"
            whole_type = next(one.type for one in self.place.columns if one.name == self.tenant)
            numbers = whole_type in INTEGERS
            tenants = f"ARRAY[{name}::text]"
            conditions = [f"{name} = ANY(%s)" if numbers else f"{name}::text = ANY(%s)", f"{name} IS NULL"]
            params.append([int(tenant) if numbers else tenant for tenant in self.owners])
            self._add_ids(conditions, params)
        columns = [
            tenants,
            self._about(),
            too_much,
            *(f"t.{quoted(column.name)}::text" for column in self.person_columns),
            *(_ids(column) for column in self.id_columns),
            *(f"t.{quoted(column.name)}::text" for column in self.text_columns),
        ]
        return f"SELECT {', '.join(columns)} FROM {self.place.sql} AS t WHERE {' OR '.join(conditions)}", params

    def _about(self) -> str:
        """Whom a row is about is asked only where somebody came back."""
        about = ABOUT.get(self.place.name) if any(one.returned for one in self.sought) else None
        return about if about is not None and self.place.schema == "public" else "NULL::text"

    def _too_much(self) -> tuple[str, list[Any]]:
        """Whether a row is too much is asked only where rows of an organization are."""
        asked = TOO_MUCH.get(self.place.name) if any(one.nothing_stays for one in self.sought) else None
        return (asked[0], [*asked[1]]) if asked is not None and self.place.schema == "public" else ("true", [])

    def _add_ids(self, conditions: list[str], params: list[Any]) -> None:
        """Opaque ids are random: wherever one stands, in whosever row, it is that person's."""
        if not self.uuids:
            return
        wanted = [UUID(hex=one) for one in self.uuids]
        for column in self.id_columns:
            name = f"t.{quoted(column.name)}"
            conditions.append(f"{name} = ANY(%s)" if column.type == "uuid" else f"{name} && %s")
            params.append(wanted)
        for column in self.text_columns:
            name = f"t.{quoted(column.name)}::text"
            conditions.append(f"(octet_length({name}) >= {SHORTEST_UUID} AND {name} ~* %s)")
            params.append(UUID_PATTERN)

    def _look_at(self, row: tuple[Any, ...]) -> None:
        persons, ids = len(self.person_columns), len(self.id_columns)
        tenants, about, too_much, values = row[0], row[1], row[2], row[3:]
        owners = self._owners(tenants)
        if too_much and tenants and tenants[0] is not None:
            self.rows.update(owners)
        for column, value in zip(self.person_columns, values, strict=False):
            for one in owners:
                if value in one.people:
                    self.hits[one, column.name, "rows_of_person"] += 1
        texts = values[persons + ids :]
        for column, value in zip((*self.id_columns, *self.text_columns), values[persons:], strict=True):
            for id_ in ids_in(value) if value is not None else ():
                for one in self.uuids.get(id_, ()):
                    self.hits[one, column.name, "person_id"] += 1
        if owners and self.terms:
            whose, anybodys = set(owners), self.tenant is not None and None in tenants
            for column, text in zip(self.text_columns, texts, strict=True):
                if text:
                    self._look_for_words(column, text, whose, (about, *values), values[:persons], anybodys=anybodys)

    def _look_for_words(
        self,
        column: Column,
        text: str,
        whose: set[Sought],
        row: tuple[Any, ...],
        persons: tuple[Any, ...],
        *,
        anybodys: bool,
    ) -> None:
        """Note the words of a text. ``anybodys``: the row is no client's, so an external id may be any client's."""
        pieces = list(texts_in_json(text)) if column.type in JSON else [text]
        for kind, terms in self.terms.items():
            if kind == "external_id" and anybodys:
                continue
            found: dict[Sought, set[str]] = {}
            for piece in pieces:
                for one, some in terms.found_in(piece).items():
                    if one in whose:
                        found.setdefault(one, set()).update(some)
            for one, some in found.items():
                if one.returned:
                    named = {id_ for value in row if value for id_ in ids_in(value)}
                    some -= one.excused(set(persons), named)
                if some:
                    self.hits[one, column.name, kind] += 1

    def _owners(self, tenants: list[str | None]) -> list[Sought]:
        """Return the runs whose people the row may hold: its organization's, or all where it is nobody's."""
        if len(tenants) == 1 and tenants[0] is not None:
            return self.owners.get(tenants[0], [])
        if None in tenants:
            return list(self.sought)
        return [one for tenant in tenants for one in self.owners.get(tenant or "", [])]

    def _name_ciphertext(self) -> None:
        """Bytes cannot be searched: each such column is declared as ciphertext, and named on the certificate."""
        for column in self.place.columns:
            if column.type not in BYTES or self.place.shows_others:
                continue
            declared = self.place.declared
            known = declared is not None and declared[1].fates.get(column.name) is Fate.CIPHERTEXT
            for one in self.sought:
                if known:
                    one.found.ciphertext.append(f"{self.place.named}.{column.name}")
                else:
                    one.found.note(f"{self.place.shown}.{column.name}", "undeclared_bytes", 1)

    def _name_exempt(self) -> None:
        """What the policy exempts is not searched, and the certificate says so."""
        for column in self.place.columns:
            if self.place.exempt(column):
                for one in self.sought:
                    one.found.exempt.append(f"{self.place.named}.{column.name}")

    def _note(self) -> None:
        """Rows of an organization must be gone, unless the policy keeps that table on a basis."""
        declared = self.place.declared
        for one, count in self.rows.items():
            if self.tenant is None or not one.nothing_stays or self.place.shows_others:
                continue
            if declared is not None and declared[1].rows is not Fate.ERASE:
                one.found.kept.append(declared[0])
            else:
                one.found.note(self.place.shown, "rows", count)
        for (one, column, kind), count in sorted(self.hits.items(), key=lambda item: item[0][1:]):
            one.found.note(f"{self.place.shown}.{column}", kind, count)


def _ids(column: Column) -> str:
    name = f"t.{quoted(column.name)}"
    return f"{name}::text" if column.type == "uuid" else f"array_to_string({name}, ' ')"
