"""The vault: content is let in behind the fence, sealed under its owner's key, and opened again batch by batch."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from accounts import crypto, tenancy
from accounts.errors import Refused
from accounts.models import LicensedUser, Organization
from accounts.operations import audit, outbox
from retention.content.lines import ContentLine, Kind, RejectedLine
from retention.enums import MessageRole, RequestScope, VaultState
from retention.models import (
    ContextItem,
    Conversation,
    DeletionRequest,
    Diagnostic,
    Message,
    RequestSubject,
    Vault,
)
from retention.models.vault import Content as Sealed
from retention.operations import keys

LARGEST_BATCH = 1000

type Content = Conversation | Message | ContextItem | Diagnostic
# Stores prepared rows and returns the internal key of each one that was new, by external id.
type Insert = Callable[[type[Content], Sequence[str], Sequence[tuple[Any, ...]]], dict[str, int]]

MODELS: dict[Kind, type[Content]] = {
    Kind.CONVERSATION: Conversation,
    Kind.MESSAGE: Message,
    Kind.CONTEXT_ITEM: ContextItem,
    Kind.DIAGNOSTIC: Diagnostic,
}
COLUMNS = (
    "organization_id",
    "public_id",
    "external_id",
    "subject_id",
    "key_id",
    "sealed",
    "occurred_at",
    "recorded_at",
)
KINDS: dict[type[Sealed], Kind] = {model: kind for kind, model in MODELS.items()}
OWN_COLUMNS: dict[Kind, tuple[str, ...]] = {
    Kind.CONVERSATION: (),
    Kind.MESSAGE: ("conversation_id", "role"),
    Kind.CONTEXT_ITEM: (),
    Kind.DIAGNOSTIC: ("type",),
}
# What is sealed of each kind; an export writes the same names, so that it can be loaded again.
SEALED: dict[Kind, tuple[str, ...]] = {
    Kind.CONVERSATION: ("title",),
    Kind.MESSAGE: ("text",),
    Kind.CONTEXT_ITEM: ("name", "text"),
    Kind.DIAGNOSTIC: ("payload",),
}
TYPES = {
    "organization_id": "bigint",
    "public_id": "uuid",
    "external_id": "text",
    "subject_id": "bigint",
    "key_id": "uuid",
    "sealed": "bytea",
    "occurred_at": "timestamptz",
    "recorded_at": "timestamptz",
    "conversation_id": "bigint",
    "role": "text",
    "type": "text",
}


PERSON = ("external_id", "public_id", "processing_restricted_at")
FENCED = "The data of this person are being erased: nothing new is stored."
RESTRICTED = "Processing of this person's data is restricted (Art. 18 GDPR): nothing new is stored."


class VaultClosed(Refused):
    """The organization's content is being destroyed, or is destroyed: nothing more is written."""

    code = "vault_closed"


class ProcessingRestricted(Refused):
    """The content belongs to somebody whose processing is restricted: it is kept, and not used (Art. 18(2) GDPR)."""

    code = "processing_restricted"


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of a batch: stored now, stored already (the same external id), not stored and why."""

    created: int = 0
    existing: int = 0
    rejected: list[RejectedLine] = field(default_factory=list)


def enter(organization: Organization, *, now: datetime) -> Vault:
    """Lock the organization's vault ``FOR SHARE`` until the caller's transaction ends; make its row the first time.

    Writers share the fence; who closes the vault takes it ``FOR UPDATE`` and so waits for every writer that is inside.

    :raises VaultClosed: the vault is not open.
    """
    vault = _locked(organization)
    if vault is None:
        Vault.objects.bulk_create([Vault(organization=organization, changed_at=now)], ignore_conflicts=True)
        vault = _locked(organization)
    if vault is None or vault.state != VaultState.OPEN:
        raise VaultClosed("The content of this organization is being destroyed, or is destroyed.")
    return vault


def reopen(organization: Organization, *, now: datetime, by: str) -> None:
    """Let content in again, after an erasure was certified and the client came back. Opens the eraser's scope.

    :raises VaultClosed: the vault is not destroyed, or was opened meanwhile.
    """
    with tenancy.eraser(organization.pk):
        count = Vault.objects.filter(organization=organization, state=VaultState.DESTROYED).update(
            state=VaultState.OPEN, changed_at=now
        )
        # Whoever sends an erasure again shares the fence, so its request is seen here, or it sees the open vault.
        unfinished = DeletionRequest.objects.open().filter(organization=organization, scope=RequestScope.ORGANIZATION)
        if count != 1 or unfinished.exists():
            raise VaultClosed("The vault is open, or an erasure is not finished.")
        Organization.objects.filter(pk=organization.pk).update(closed_at=None, content_erased_at=None)
        audit.record("vault.reopened", organization, by=by, at=now)
        outbox.publish("vault.reopened", organization, at=now)


@transaction.atomic
def write(organization: Organization, lines: Sequence[ContentLine], *, now: datetime, by: str) -> WriteResult:
    """Seal and store a batch of lines. A wrong line is rejected with its field and reason; the others are stored.

    The same external id again counts as existing, and the first one stands. New content by (or answering) a person
    whose processing is restricted is rejected: Art. 18(2) GDPR lets what is there be stored, not more be used.

    :raises VaultClosed: the vault is not open. Nothing is written.
    :raises ValueError: more than :data:`LARGEST_BATCH` lines.
    """
    if len(lines) > LARGEST_BATCH:
        raise ValueError(f"lines: at most {LARGEST_BATCH} in a batch, not {len(lines)}")
    result = store(organization, lines, now=now, insert=insert_rows)
    record(organization, result, now=now, by=by)
    return result


def fenced(organization: Organization) -> frozenset[int]:
    """Return the internal keys of the people whose data are being erased, while their organization goes on."""
    listed = RequestSubject.objects.filter(organization=organization, fenced_at__isnull=False)
    return frozenset(listed.values_list("licensed_user", flat=True))


def record(organization: Organization, result: WriteResult, *, now: datetime, by: str) -> None:
    """Leave the batch's audit event: counts only. A batch that stored nothing changed nothing and leaves none."""
    if result.created:
        counts = {"created": result.created, "existing": result.existing, "rejected": len(result.rejected)}
        audit.record("content.ingested", organization, by=by, at=now, data=counts)


def store(organization: Organization, lines: Sequence[ContentLine], *, now: datetime, insert: Insert) -> WriteResult:
    """Do what :func:`write` does, with a way of storing rows of one's own, and without the audit event."""
    enter(organization, now=now)
    batch = _Batch(organization, now, insert)
    lines = batch.without_contradictions(lines)
    people = _people(organization, lines)
    lines = batch.by_people_in_use(lines, people)
    conversations = [line for line in lines if line.kind is Kind.CONVERSATION]
    batch.add([_Entry(line, _author(line, people)) for line in conversations])
    # Read back rather than remembered: another writer's row may stand where this one's was to go.
    places = _conversations(organization, lines)
    others = [line for line in lines if line.kind is not Kind.CONVERSATION]
    batch.add(batch.in_their_places(others, people, places))
    batch.rejected.sort(key=lambda line: line.number)
    return WriteResult(batch.created, batch.accepted - batch.created, batch.rejected)


def usable[Row: Sealed](rows: QuerySet[Row]) -> QuerySet[Row]:
    """Leave out the content of people whose processing is restricted (Art. 18 GDPR): it is kept, and not used."""
    return rows.filter(Q(subject__isnull=True) | Q(subject__processing_restricted_at__isnull=True))


def read(organization: Organization, rows: Iterable[Sealed], *, restricted_too: bool = False) -> list[dict[str, Any]]:
    """Return what each row holds sealed, in the rows' order. Their keys are fetched once; call it batch by batch.

    A conversation whose owner was erased, and in which others wrote, holds nothing any more: its texts are empty.
    Content under restriction of processing opens only to be handed back to the controller or to the person
    (``restricted_too``, Art. 18(2) GDPR); whoever reads for any other use asks for :func:`usable` rows.

    :raises ProcessingRestricted: a row belongs to somebody whose processing is restricted.
    :raises keys.ContentDestroyed: a key is gone from the ledger.
    :raises crypto.DecryptionFailed: a row was changed, or sealed for another place.
    """
    batch = list(rows)
    if not restricted_too:
        owners = {row.subject_id for row in batch if row.subject_id is not None}
        if LicensedUser.objects.filter(pk__in=owners, processing_restricted_at__isnull=False).exists():
            raise ProcessingRestricted("Processing of this person's data is restricted (Art. 18 GDPR): kept, not used.")
    secrets = keys.for_reading(organization, {row.key_id for row in batch if row.sealed})
    opened = []
    for row in batch:
        if not row.sealed:
            opened.append(dict.fromkeys(SEALED[KINDS[type(row)]], ""))
            continue
        context = _context(type(row), organization, row.public_id, row.key_id)
        opened.append(orjson.loads(crypto.decrypt(secrets[row.key_id], bytes(row.sealed), context=context)))
    return opened


def insert_rows(model: type[Content], columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> dict[str, int]:
    """Insert rows in one statement, leaving those whose external id is there; return the new ones' internal keys."""
    arrays = ", ".join(f"%s::{TYPES[column]}[]" for column in columns)
    statement = (
        f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) SELECT * FROM unnest({arrays}) "
        "ON CONFLICT (organization_id, external_id) DO NOTHING RETURNING external_id, id"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(values) for values in zip(*rows, strict=True)])
        return dict(cursor.fetchall())


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line, the person whose key seals it (``None``: the organization's), and its conversation's internal key."""

    line: ContentLine
    subject: LicensedUser | None
    conversation_id: int | None = None


class _Batch:
    """One batch on its way into the vault: how many lines were accepted, how many were new, which were rejected."""

    def __init__(self, organization: Organization, now: datetime, insert: Insert) -> None:
        self.organization = organization
        self.now = now
        self.insert = insert
        # Read inside the vault: whoever fences people waits for every writer there, and is seen by the next.
        self.fenced = fenced(organization)
        self.accepted = 0
        self.created = 0
        self.rejected: list[RejectedLine] = []

    def without_contradictions(self, lines: Iterable[ContentLine]) -> list[ContentLine]:
        """Reject a line whose external id stands earlier in the batch with other content; the first one stands."""
        first: dict[tuple[Kind, str], ContentLine] = {}
        kept = []
        for line in lines:
            earlier = first.setdefault((line.kind, line.external_id), line)
            if replace(line, number=earlier.number) != earlier:
                self._reject(line, "id", "duplicate", f"Line {earlier.number} has this id, with other content.")
            else:
                kept.append(line)
        return kept

    def by_people_in_use(self, lines: Iterable[ContentLine], people: Mapping[str, LicensedUser]) -> list[ContentLine]:
        """Reject a line whose author is unknown, or whose processing is restricted."""
        kept = []
        for line in lines:
            author = people.get(line.author) if line.author else None
            if line.author and author is None:
                self._reject(line, "author", "unknown_author", "No licensed user has this external id.")
            elif author is not None and author.pk in self.fenced:
                self._reject(line, "author", "being_erased", FENCED)
            elif author is not None and author.processing_restricted_at is not None:
                self._reject(line, "author", "processing_restricted", RESTRICTED)
            else:
                kept.append(line)
        return kept

    def in_their_places(
        self,
        lines: Iterable[ContentLine],
        people: Mapping[str, LicensedUser],
        places: Mapping[str, Conversation],
    ) -> list[_Entry]:
        """Reject a message whose conversation is unknown, or answers a person whose processing is restricted."""
        entries = []
        for line in lines:
            if line.kind is not Kind.MESSAGE:
                entries.append(_Entry(line, _author(line, people)))
                continue
            place = places.get(line.conversation or "")
            if place is None:
                self._reject(line, "conversation", "unknown_conversation", "No conversation has this external id.")
                continue
            if place.subject_id in self.fenced:
                self._reject(line, "conversation", "being_erased", FENCED)
                continue
            # An answer belongs to the person it names, else to the one whose conversation it is.
            unnamed = line.role == MessageRole.ASSISTANT and not line.author
            subject = place.subject if unnamed else _author(line, people)
            if subject is not None and subject.processing_restricted_at is not None:
                self._reject(line, "conversation", "processing_restricted", RESTRICTED)
                continue
            entries.append(_Entry(line, subject, place.pk))
        return entries

    def add(self, entries: Sequence[_Entry]) -> None:
        """Seal the entries and store them, kind by kind."""
        self.accepted += len(entries)
        found = keys.for_writing(self.organization, [entry.subject for entry in entries], now=self.now)
        for kind, model in MODELS.items():
            # In one order for everybody: two writers of the same lines wait for each other, and would deadlock.
            chosen = sorted((e for e in entries if e.line.kind is kind), key=lambda e: e.line.external_id)
            if chosen:
                rows = [self._row(model, entry, found) for entry in chosen]
                self.created += len(self.insert(model, (*COLUMNS, *OWN_COLUMNS[kind]), rows))

    def _row(self, model: type[Content], entry: _Entry, found: Mapping[int | None, keys.Key]) -> tuple[Any, ...]:
        line, public_id = entry.line, uuid4()
        subject_id = None if entry.subject is None else entry.subject.pk
        key = found[subject_id]
        context = _context(model, self.organization, public_id, key.id)
        own = {"conversation_id": entry.conversation_id, "role": line.role, "type": line.type}
        return (
            self.organization.pk,
            public_id,
            line.external_id,
            subject_id,
            key.id,
            crypto.encrypt(key.secret, orjson.dumps(_payload(line)), context=context),
            line.occurred_at,
            self.now,
            *(own[column] for column in OWN_COLUMNS[line.kind]),
        )

    def _reject(self, line: ContentLine, name: str, code: str, message: str) -> None:
        self.rejected.append(RejectedLine(line.number, name, code, message))


def _locked(organization: Organization) -> Vault | None:
    query = "SELECT * FROM retention_vault WHERE organization_id = %s FOR SHARE"
    return next(iter(Vault.objects.raw(query, [organization.pk])), None)


def _people(organization: Organization, lines: Iterable[ContentLine]) -> dict[str, LicensedUser]:
    authors = {line.author for line in lines if line.author}
    if not authors:
        return {}
    people = LicensedUser.objects.live().filter(organization=organization, external_id__in=authors)
    return {person.external_id: person for person in people.only(*PERSON)}


def _conversations(organization: Organization, lines: Iterable[ContentLine]) -> dict[str, Conversation]:
    wanted = {line.conversation for line in lines if line.kind is Kind.MESSAGE}
    if not wanted:
        return {}
    rows = Conversation.objects.filter(organization=organization, external_id__in=wanted)
    rows = rows.select_related("subject").only("external_id", *(f"subject__{name}" for name in PERSON))
    return {row.external_id: row for row in rows}


def _author(line: ContentLine, people: Mapping[str, LicensedUser]) -> LicensedUser | None:
    return people[line.author] if line.author else None


def _context(model: type[Sealed], organization: Organization, public_id: UUID, key_id: UUID) -> bytes:
    return crypto.context(model._meta.db_table, str(organization.public_id), str(public_id), str(key_id))


def _payload(line: ContentLine) -> dict[str, Any]:
    """Return what is sealed: everything the line says beyond its place, its time and its kind."""
    return {name: getattr(line, name) for name in SEALED[line.kind]}
