"""What ``default`` remembers of the ledger: its last entry, and the pulse that both databases count together."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from accounts import tenancy
from retention import ledger
from retention.models import ErasureEntry, LedgerHead, LedgerPulse

EVERY = timedelta(seconds=60)
# A pulse that lies so far ahead was counted in simulated time.
AHEAD = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Pulse:
    """A database's count, and when it last counted."""

    number: int
    at: datetime | None


def known() -> LedgerHead:
    """Return what this database has seen; nothing yet, if it has never seen the ledger. In the vendor's scope."""
    return LedgerHead.objects.filter(pk=1).first() or LedgerHead()


def pulse() -> Pulse:
    """Return the ledger's own count. In the ledger's scope of the vendor."""
    found = LedgerPulse.objects.filter(pk=1).first()
    return Pulse(0, None) if found is None else Pulse(found.number, found.beaten_at)


def note(position: int, digest: str) -> None:
    """Remember an entry of the ledger, unless a later one is known.

    Its run, and those of all entries before it, stand at *destroying* here at least: that was committed before they
    were appended. So a database that knows an entry needs no replay of any before it. Opens the vendor's scope.
    """
    with tenancy.vendor():
        _row()
        LedgerHead.objects.filter(pk=1, position__lt=position).update(position=position, digest=digest)


def due(*, at: datetime) -> QuerySet[LedgerHead]:
    """Return the head if the next pulse is due. (Before the first there is no row: :func:`first` makes it.)"""
    return LedgerHead.objects.filter(
        Q(beaten_at__isnull=True) | Q(beaten_at__lte=at - EVERY) | Q(beaten_at__gt=at + AHEAD)
    )


def beat(*, now: datetime) -> bool:
    """Count on in both databases, this one first; say whether it was due. The databases are in step.

    Killed in between, the next beat begins with the ledger: it never lags by two.
    """
    with tenancy.vendor():
        _row()
        if not due(at=now).exists():
            return False
        locked = LedgerHead.objects.select_for_update(no_key=True).get(pk=1)
        number = locked.pulse + 1
        with ledger.vendor():
            behind = pulse().number
        if behind < locked.pulse:
            _follow(locked.pulse, now=now)
        locked.pulse, locked.beaten_at = number, now
        locked.save(update_fields=["pulse", "beaten_at"])
    _follow(number, now=now)
    _remember_last()
    return True


def resume(number: int, *, now: datetime) -> None:
    """Let both count on from one number, after a restore of either."""
    with tenancy.vendor():
        _row()
        LedgerHead.objects.filter(pk=1).update(pulse=number, beaten_at=now)
    _follow(number, now=now)


def accept() -> None:
    """Take the ledger's last entry for the head, whatever was known: a restore has been dealt with."""
    with ledger.vendor():
        found = ErasureEntry.objects.order_by("-pk").values_list("pk", "digest").first()
    position, digest = found or (0, "")
    with tenancy.vendor():
        _row()
        LedgerHead.objects.filter(pk=1).update(position=position, digest=digest)


def _remember_last() -> None:
    with ledger.vendor():
        found = ErasureEntry.objects.order_by("-pk").values_list("pk", "digest").first()
    if found is not None:
        note(*found)


def _row() -> None:
    LedgerHead.objects.bulk_create([LedgerHead(pk=1)], ignore_conflicts=True)


def _follow(number: int, *, now: datetime) -> None:
    with ledger.vendor():
        LedgerPulse.objects.bulk_create([LedgerPulse(pk=1, number=0, beaten_at=now)], ignore_conflicts=True)
        # Never back: who was held up between its two commits comes after others.
        LedgerPulse.objects.filter(pk=1, number__lt=number).update(number=number, beaten_at=now)
