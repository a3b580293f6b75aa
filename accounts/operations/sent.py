"""The record of what was sent, kept apart from the main database: asked before anything is sent, written after.

It stands beside the ledger, so a restored database sends nothing again that had left before: neither what it still has
in its outbox, nor what is done again since the deed itself was lost.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Q

from accounts import tenancy
from accounts.enums import SentKind
from accounts.errors import Refused
from accounts.models import LostMessage, OutboxMessage, SentRecord
from accounts.operations import audit
from accounts.rules import sent as rules

DATABASE = "ledger"
# The clocks of several machines differ by less.
MARGIN = timedelta(hours=1)
BATCH = 2000
DROPPED = "dropped"


class NotHeld(Refused):
    """The message is not held any more: somebody released or dropped it."""

    code = "message_not_held"


@contextmanager
def beside_ledger(role: str = tenancy.VENDOR_ROLE) -> Iterator[None]:
    """Open a scope on the database of the records: the vendor's, to read and add; the eraser's, to forget."""
    with transaction.atomic(using=DATABASE):
        with connections[DATABASE].cursor() as cursor:
            cursor.execute("SELECT set_config('role', %s, true)", [role])
        yield


def write(message: OutboxMessage, kind: SentKind, reader: str, *, now: datetime) -> None:
    """Write down that a message was sent to a reader (a random id). Right after it was sent; again changes nothing."""
    row = SentRecord(
        kind=kind,
        message=message.public_id,
        reader=rules.reader(kind, reader),
        topic=message.topic,
        meaning=_meaning(message),
        matter=_matter(message),
        sent_at=now,
    )
    with beside_ledger():
        SentRecord.objects.bulk_create([row], ignore_conflicts=True)


def told(kind: SentKind, wanted: Iterable[tuple[UUID, str]]) -> set[tuple[UUID, str]]:
    """Return those of the messages and readers to whom they were sent."""
    asked = {(message, rules.reader(kind, reader)): (message, reader) for message, reader in wanted}
    if not asked:
        return set()
    with beside_ledger():
        found = SentRecord.objects.filter(message__in={message for message, _reader in asked})
        return {asked[one] for one in found.values_list("message", "reader") if one in asked}


def may_go(message: OutboxMessage, *, now: datetime) -> bool:
    """Say whether a message may be sent now, as far as restores are concerned. It is locked, in the vendor's scope.

    One that says what a lost one said counts as sent to whom that was sent. One on the same matter as a lost one that
    says something else is held: people release it or drop it.
    """
    if message.released_at is not None:
        return True
    since = LostMessage.objects.filter(lost_at__lte=message.recorded_at)
    if not since.exists():
        return True
    if since.filter(repeated_by=message.public_id).exists():
        return True
    alike = since.filter(Q(matter=_matter(message)), repeated_by__isnull=True).exclude(message=message.public_id)
    if not alike.exists():
        return True
    same = alike.filter(meaning=_meaning(message)).select_for_update(skip_locked=True).order_by("pk").first()
    if same is None:
        message.held_at = now
        message.save(update_fields=["held_at"])
        audit.record("outbox.held", message, by="system", at=now, data={"topic": message.topic})
        return False
    _repeat(same, message, now=now)
    return True


def _repeat(lost: LostMessage, message: OutboxMessage, *, now: datetime) -> None:
    """Count a message as sent to everybody to whom a lost one was."""
    with beside_ledger():
        kinds = dict(SentRecord.objects.filter(message=lost.message).values_list("reader", "kind"))
        rows = [
            SentRecord(
                kind=kinds.get(reader, SentKind.MAIL),
                message=message.public_id,
                reader=reader,
                topic=message.topic,
                meaning=lost.meaning,
                matter=lost.matter,
                sent_at=lost.sent_at,
            )
            for reader in lost.readers
        ]
        SentRecord.objects.bulk_create(rows, ignore_conflicts=True)
    lost.repeated_by = message.public_id
    lost.save(update_fields=["repeated_by"])
    audit.record("outbox.not_repeated", message, by="system", at=now, data={"topic": message.topic})


@transaction.atomic
def release(message: OutboxMessage, *, now: datetime, by: str) -> OutboxMessage:
    """Let a held message go out. In the vendor's scope. :raises NotHeld:"""
    locked = _held(message)
    locked.held_at, locked.released_at = None, now
    locked.save(update_fields=["held_at", "released_at"])
    audit.record("outbox.released", locked, by=by, at=now, data={"topic": locked.topic})
    return locked


@transaction.atomic
def drop(message: OutboxMessage, *, now: datetime, by: str) -> OutboxMessage:
    """Give a held message up: it is neither mailed nor told to webhooks. In the vendor's scope. :raises NotHeld:"""
    locked = _held(message)
    locked.held_at, locked.last_error = None, DROPPED
    locked.failed_at = now if locked.delivered_at is None else None
    locked.fanned_out_at = locked.fanned_out_at or now
    locked.save(update_fields=["held_at", "last_error", "failed_at", "fanned_out_at"])
    audit.record("outbox.dropped", locked, by=by, at=now, data={"topic": locked.topic})
    return locked


def _held(message: OutboxMessage) -> OutboxMessage:
    found = OutboxMessage.objects.select_for_update(of=("self",)).filter(pk=message.pk, held_at__isnull=False).first()
    if found is None:
        raise NotHeld("The message is not held (any more).")
    return found


def note_lost(since: datetime | None, *, now: datetime) -> dict[str, Any]:
    """Note what was sent since and is not in the outbox; return the counts for a report. Opens scopes of its own."""
    mails, webhooks, topics = 0, 0, Counter[str]()
    for rows in _sent_since(since):
        ids = {row.message for row in rows}
        with tenancy.vendor():
            here = set(OutboxMessage.objects.filter(public_id__in=ids).values_list("public_id", flat=True))
            found: dict[UUID, LostMessage] = {}
            for row in rows:
                if row.message in here:
                    continue
                mail = row.kind == SentKind.MAIL
                mails, webhooks = mails + mail, webhooks + (not mail)
                topics[row.topic] += 1
                one = found.setdefault(row.message, _lost(row, now=now))
                one.readers.append(row.reader)
                one.mails += mail
            LostMessage.objects.bulk_create(found.values(), ignore_conflicts=True)
    return {"mails": mails, "webhooks": webhooks, "by_topic": dict(topics)}


def _lost(row: SentRecord, *, now: datetime) -> LostMessage:
    return LostMessage(
        message=row.message,
        topic=row.topic,
        meaning=row.meaning,
        matter=row.matter,
        readers=[],
        sent_at=row.sent_at,
        lost_at=now,
    )


def _sent_since(since: datetime | None) -> Iterator[list[SentRecord]]:
    """Yield the records since, by message, a batch of whole messages at a time."""
    last: UUID | None = None
    while True:
        with beside_ledger():
            found = SentRecord.objects.all() if since is None else SentRecord.objects.filter(sent_at__gt=since - MARGIN)
            ids = found if last is None else found.filter(message__gt=last)
            batch = list(ids.values_list("message", flat=True).distinct().order_by("message")[:BATCH])
            rows = list(found.filter(message__in=batch).order_by("message", "pk"))
        if not batch:
            return
        last = batch[-1]
        yield rows


def forget(*, before: datetime) -> int:
    """Forget what was sent before: no backup from then can be restored any more. Return how many records."""
    with beside_ledger(tenancy.ERASER_ROLE):
        count, _by_model = SentRecord.objects.filter(sent_at__lte=before).delete()
    with tenancy.vendor():
        LostMessage.objects.filter(sent_at__lte=before).delete()
    return int(count)


def _meaning(message: OutboxMessage) -> str:
    return rules.meaning(message.topic, message.subject_type, message.subject_id, message.payload)


def _matter(message: OutboxMessage) -> str:
    organization = None if message.organization is None else message.organization.public_id
    return rules.matter(message.topic, organization, message.subject_id)
