"""The restore gate: nothing is served while one of the two databases is older than the other one remembers."""

import threading
import time
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.db import DatabaseError

from accounts import tenancy
from retention import ledger
from retention.enums import RunPhase
from retention.models import ErasureEntry, ErasureRun, Restore
from retention.operations import ledger_head
from retention.rules import restores as rules
from retention.rules.restores import Fault, FaultCode, Standing

log = structlog.get_logger(__name__)
# Phases that a run has before its keys are destroyed: with an entry in the ledger, this database is the older one.
EARLIER = (RunPhase.PLANNED, RunPhase.CANCELLED)
_lock = threading.Lock()


@dataclass(slots=True)
class _Believed:
    """What this process saw last, and until when it believes that (of the monotonic clock)."""

    standing: Standing | None = None
    until: float = 0.0


_believed = _Believed()


def standing() -> Standing:
    """Return how the databases stand to each other, as seen some seconds ago at most (``RESTORE_GATE``).

    Where a database does not answer, what was seen last counts; a process that never saw them serves nothing.
    """
    with _lock:
        if _believed.standing is not None and time.monotonic() < _believed.until:
            return _believed.standing
    try:
        found = look()
    except DatabaseError as error:
        log.warning("gate.not_looked", error=type(error).__name__)
        with _lock:
            return _believed.standing or Standing((Fault(FaultCode.UNKNOWN),))
    believe(found, seconds=settings.RESTORE_GATE.total_seconds())
    return found


def believe(found: Standing, *, seconds: float) -> None:
    """Let this process believe it for so many seconds."""
    with _lock:
        was = _believed.standing
        _believed.standing, _believed.until = found, time.monotonic() + seconds
    if found.faults and (was is None or was.faults != found.faults):
        log.error("gate.closed", faults=[fault.code.value for fault in found.faults])
    elif was is not None and was.closed and not found.closed:
        log.info("gate.opened")


def forget() -> None:
    """Look anew at the next question."""
    with _lock:
        _believed.standing, _believed.until = None, 0.0


def look() -> Standing:
    """Compare the databases. Opens scopes of its own on both; must not run in a scope of the ledger.

    What changes in between is no fault: a run is fenced here before its entry is there, an entry is there before it is
    known here; so what is known here is read first, and how runs stand last.

    :raises DatabaseError: one of them does not answer.
    """
    with tenancy.vendor():
        head = ledger_head.known()
        replaying = Restore.objects.filter(finished_at__isnull=True).exists()
    with ledger.vendor():
        holds_head = not head.digest or ErasureEntry.objects.filter(pk=head.position, digest=head.digest).exists()
        beyond = ErasureEntry.objects.all() if not holds_head else ErasureEntry.objects.filter(pk__gt=head.position)
        newer = list(beyond.order_by("pk").values_list("run", "digest"))
        there = ledger_head.pulse()
    with tenancy.vendor():
        here = ledger_head.known()
        asked = ErasureRun.objects.filter(public_id__in=[run for run, _digest in newer if run is not None])
        fenced = set(asked.exclude(phase__in=EARLIER).values_list("public_id", flat=True))
        gone = [digest for run, digest in newer if run is None]
        told = set(ErasureRun.objects.filter(ledger_digest__in=gone).values_list("ledger_digest", flat=True))
    return rules.judge(
        to_replay=len({run for run, _digest in newer if run is not None} - fenced),
        too_old=len(set(gone) - told),
        ledger_lacks_head=not holds_head,
        replaying=replaying,
        # Each count was read when the other could only be ahead of what is allowed if its database is no older.
        default_behind=there.number > here.pulse,
        ledger_behind=head.pulse > there.number + 1,
    )
