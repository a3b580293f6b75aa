"""Entries of the ledger in time: when each expires, and that it is purged then; what stays is a link of the chain."""

from datetime import datetime

from django.conf import settings
from django.db.models import F, Q

from accounts import tenancy
from accounts.operations import audit
from accounts.operations.sweeping import earliest
from retention import ledger
from retention.enums import RunPhase
from retention.models import ErasureEntry, ErasureRun, ErasureStep
from retention.operations import saga
from retention.querysets import ErasureRunQuerySet

EMPTIED = [RunPhase.VERIFIED.value, RunPhase.CERTIFIED.value, RunPhase.COMPLETE.value]


def to_date() -> ErasureRunQuerySet:
    """Return the runs whose entry does not say yet when it expires, or says too early.

    The last backup that can hold the data was made just before the stores were emptied for the last time, and expires
    a horizon later. It is told once a verification has found nothing since: until then something may have been left.
    A run that is sent through its stores again, or replayed, empties them later, and its entry stays longer. A horizon
    that is made shorter takes nothing back: the backups are there.
    """
    found = ErasureRun.objects.filter(phase__in=EMPTIED, erased_at__isnull=False, ledger_purged_at__isnull=True)
    later = Q(erased_at__gt=F("ledger_expires_at") - settings.BACKUP_HORIZON)
    return found.filter(Q(ledger_expires_at__isnull=True) | later)


def due(*, at: datetime) -> ErasureRunQuerySet:
    """Return the runs whose entry is to be told when it expires, or to be purged."""
    expired = ErasureRun.objects.filter(ledger_expires_at__lte=at, ledger_purged_at__isnull=True)
    return (to_date() | expired).order_by("pk")


def following(*, after: datetime) -> datetime | None:
    """Return when the next entry expires."""
    kept = ErasureRun.objects.filter(ledger_purged_at__isnull=True)
    return earliest(kept, "ledger_expires_at", after=after)


def tend(*, now: datetime, by: str) -> int:
    """Tell the ledger when its entries expire, and purge those that have; return how many entries changed.

    The ledger first, each time: killed in between, the next call tells this database.
    """
    with tenancy.vendor():
        undated = [(run.public_id, run.erased_at + settings.BACKUP_HORIZON) for run in to_date() if run.erased_at]
    for run, expires_at in undated:
        with ledger.vendor():
            ErasureEntry.objects.filter(run=run).update(expires_at=expires_at)
        with tenancy.vendor():
            ErasureRun.objects.filter(public_id=run).update(ledger_expires_at=expires_at)
    return len(undated) + _purge(now=now, by=by)


def nobody_left(entry: ErasureEntry, *, now: datetime) -> None:
    """Let an entry expire whose run this database does not have: from now on no backup is made that holds the data."""
    with ledger.vendor():
        found = ErasureEntry.objects.filter(pk=entry.pk, purged_at__isnull=True)
        found.update(expires_at=now + settings.BACKUP_HORIZON)


def broken_links() -> list[int]:
    """Return the positions of entries that do not follow from the one before, or are not what their digest says.

    Of a purged entry only the link can be checked: its digest stands in the entry behind it, and on its certificate.
    """
    with ledger.vendor():
        entries = list(ErasureEntry.objects.order_by("pk"))
    broken, previous = [], ""
    for entry in entries:
        if entry.previous_digest != previous or (entry.purged_at is None and entry.digest != _digest(entry)):
            broken.append(entry.pk)
        previous = entry.digest
    return broken


def _digest(entry: ErasureEntry) -> str:
    if entry.run is None or entry.organization_ref is None:
        return ""
    return saga.digest(
        entry.run,
        entry.organization_ref,
        entry.subject_refs,
        entry.keys_destroyed,
        entry.destroyed_at,
        previous=entry.previous_digest,
        request=entry.request_ref,
        others=entry.others_refs,
    )


def _purge(*, now: datetime, by: str) -> int:
    with ledger.vendor():
        expired = ErasureEntry.objects.filter(purged_at__isnull=True, expires_at__lte=now).order_by("pk")
        digests = list(expired.values_list("digest", flat=True))
    with tenancy.vendor():  # what was purged before, and this database was not told of
        told = ErasureRun.objects.filter(ledger_expires_at__lte=now, ledger_purged_at__isnull=True)
        digests = [*digests, *(one for one in told.values_list("ledger_digest", flat=True) if one not in digests)]
    for digest in digests:
        with ledger.vendor():
            found = ErasureEntry.objects.filter(digest=digest, purged_at__isnull=True, expires_at__lte=now)
            found.update(
                run=None, organization_ref=None, request_ref=None, subject_refs=[], others_refs=[], purged_at=now
            )
            gone = ErasureEntry.objects.filter(digest=digest, purged_at__isnull=False).exists()
        if gone:
            _tell(digest, now=now, by=by)
    return len(digests)


def _tell(digest: str, *, now: datetime, by: str) -> None:
    with tenancy.vendor():
        for run in ErasureRun.objects.filter(ledger_digest=digest, ledger_purged_at__isnull=True):
            run.ledger_purged_at = now
            run.save(update_fields=["ledger_purged_at"])
            # The same list: nothing that was restored is compared with it any more. Null stays, for not known.
            ErasureStep.objects.filter(run=run, listed__len__gt=0).update(listed=[])
            audit.record("ledger.entry_purged", run, by=by, at=now, data={"ledger_digest": digest})
