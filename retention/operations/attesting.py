"""A store that is emptied by hand: its people are asked once a run, and one of them attests it with a document."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts import tenancy
from accounts.enums import DocumentKind
from accounts.errors import FieldError, InvalidInput, Refused
from accounts.models import Organization
from accounts.operations import audit, documents, outbox
from accounts.operations.sweeping import SYSTEM
from retention.connectors.protocol import Older, Progress, Record, Residue, StoreMisconfigured, Target
from retention.enums import StoreFault
from retention.models import ErasureRun, ErasureStep, ExternalStore, ManualErasure
from retention.rules.stores.manual import Settings

LOOKS_AGAIN_AFTER = timedelta(hours=1)
NOT_ATTESTED = "not_attested"


class ManualStore:
    """A connector that asks people. What they erased is not counted here: their document says it."""

    def __init__(self, store: ExternalStore, settings: Settings) -> None:
        self._store, self._settings = store, settings

    def close(self) -> None:
        """It holds nothing."""

    def check(self) -> list[FieldError]:
        return []

    def inventory(self, target: Target) -> dict[str, int]:
        return {}

    def export(self, target: Target) -> Iterator[Record]:
        return iter(())

    def erase_chunk(
        self, target: Target, *, run: UUID, checkpoint: str, limit: int, now: datetime, sent_again: int = 0
    ) -> Progress:
        """Ask, once a run, and wait until it is attested."""
        with tenancy.vendor():
            row = ask(self._store, target, run=run, days=self._settings.days, now=now, by=SYSTEM)
        if row.attested_at is not None:
            return Progress(0, "attested", finished=True)
        return Progress(0, "asked", finished=False, ask_again_at=now + LOOKS_AGAIN_AFTER)

    def erase_older(
        self, target: Target, older: Older, *, run: UUID, checkpoint: str, limit: int, now: datetime
    ) -> Progress:
        """Nobody is asked to look for what is old every night."""
        raise StoreMisconfigured(StoreFault.NOT_BY_AGE)

    def verify(self, target: Target, *, run: UUID) -> list[Residue]:
        """Return what was asked for this run and not attested. Where nothing was asked, there is nothing to say."""
        with tenancy.vendor():
            rows = ManualErasure.objects.filter(
                store=self._store, organization__public_id=target.organization_ref, run=run, attested_at__isnull=True
            )
            count = rows.count()
        return [Residue(self._store.code, NOT_ATTESTED, count)] if count else []


@transaction.atomic
def ask(store: ExternalStore, target: Target, *, run: UUID, days: int, now: datetime, by: str) -> ManualErasure:
    """Ask that a store be emptied by hand for a run, or return what was asked already. In the vendor's scope.

    :raises StoreMisconfigured: there is no such organization.
    """
    organization = Organization.objects.filter(public_id=target.organization_ref).first()
    if organization is None:
        raise StoreMisconfigured(StoreFault.UNNAMED_TENANT)
    known = ManualErasure.objects.filter(organization=organization, run=run, store=store)
    if (found := known.first()) is not None:
        return found
    # Two workers at once: the second waits here for the first one's row, and finds it.
    made = ManualErasure(
        organization=organization,
        store=store,
        store_name=store.name,
        run=run,
        people=None if target.people is None else len(target.people),
        asked_at=now,
        due_at=now + timedelta(days=days),
    )
    ManualErasure.objects.bulk_create([made], ignore_conflicts=True)
    row = known.get()
    if row.public_id == made.public_id:
        data = {"store": store.code, "due_at": row.due_at.isoformat()}
        audit.record("manual_erasure.asked", row, by=by, at=now, data=data)
        outbox.publish("manual_erasure.asked", row, at=now, payload=data)
    return row


@transaction.atomic
def attest(erasure: ManualErasure, upload: documents.Upload, *, now: datetime, by: str) -> ManualErasure:
    """Attest, with a document, that the store was emptied. Who did it and when is kept.

    :raises Refused: it was attested already.
    :raises InvalidInput: the document is empty, or too large.
    """
    row = ManualErasure.objects.select_for_update(of=("self",)).select_related("organization").get(pk=erasure.pk)
    if row.attested_at is not None:
        raise Refused("This was attested already.", code="already_attested")
    if now < row.asked_at:
        raise InvalidInput([FieldError("document", "too_early", "It was not asked for yet.")])
    kept = documents.keep_upload(row.organization, upload, kind=DocumentKind.OTHER, now=now, by=by)
    row.attested_by, row.attested_at, row.document = by, now, kept
    row.save(update_fields=["attested_by", "attested_at", "document"])
    # The run need not wait until it would look again.
    ErasureStep.objects.filter(run__public_id=row.run, store__endswith=f":{row.store.code}").update(again_at=now)
    ErasureRun.objects.filter(public_id=row.run, lease__isnull=True).update(leased_until=None)
    data = {"store": row.store.code, "document": str(kept.public_id)}
    audit.record("manual_erasure.attested", row, by=by, at=now, data=data)
    outbox.publish("manual_erasure.attested", row, at=now, payload=data)
    return row
