"""The engine: one run from its plan to emptied stores, in small transactions that each carry their own journal."""

import time
from datetime import datetime, timedelta

import structlog
from django.conf import settings

from accounts import tenancy
from accounts.models import Organization
from accounts.operations import audit, outbox
from retention.enums import RequestStatus, RunPhase, StepStatus
from retention.models import DeletionRequest, ErasureRun, ErasureStep, LegalHold
from retention.operations import runs, saga
from retention.operations.stores import BY_NAME, Store

log = structlog.get_logger(__name__)
SMALLEST_CHUNK = 50
LARGEST_CHUNK = 20_000


class Pace:
    """How many rows a transaction takes: so many that it lasts about as long as it should, measured as it goes."""

    def __init__(self, rows: int, milliseconds: int) -> None:
        self.rows = rows
        self._least = min(rows, SMALLEST_CHUNK)
        self._seconds = milliseconds / 1000

    def note(self, seconds: float, erased: int) -> None:
        """Take a full chunk's duration into account: at most twice, at least half as many rows next time."""
        if erased < self.rows:
            return
        wanted = int(self.rows * self._seconds / max(seconds, 0.001))
        wanted = min(max(wanted, self.rows // 2), self.rows * 2)
        self.rows = max(self._least, min(wanted, LARGEST_CHUNK))


def advance(run: ErasureRun, *, now: datetime, by: str, budget: timedelta | None = None) -> bool:
    """Take a run as far as it goes: fence, destroy keys, empty the stores. Return whether the stores are empty.

    Killed at any instant, the next call goes on from the last commit. With a ``budget`` it stops in time and leaves
    the rest to the next call.

    :raises LeaseLost: another worker has the run.
    :raises Refused: a hold or a contract is in the way, before keys are destroyed; the data stay readable.
    """
    with runs.working_on(run, now=now) as lease:
        return _advance(run, lease, by=by, until=None if budget is None else now + budget)


def _advance(run: ErasureRun, lease: runs.Lease, *, by: str, until: datetime | None) -> bool:
    saga.fence(run, lease, by=by)
    reference = saga.organization_ref_of(run)
    if _phase(run) == RunPhase.DESTROYING:
        found = saga.destroy(run, reference, now=lease.now())
        saga.catch_up(run, lease, found, by=by)
    if _phase(run) != RunPhase.KEYS_DESTROYED:
        return True
    pace = Pace(settings.ERASURE_CHUNK_ROWS, settings.ERASURE_CHUNK_MILLISECONDS)
    with tenancy.eraser(run.organization_id):
        steps = list(ErasureStep.objects.filter(run=run).order_by("position"))
    while True:
        for step in steps:
            while not _one_chunk(run, step, lease, pace):
                if until is not None and lease.now() >= until:
                    return False
                if settings.ERASURE_PAUSE:
                    time.sleep(settings.ERASURE_PAUSE.total_seconds())
        if _finish(run, lease, by=by):
            return True


def _one_chunk(run: ErasureRun, step: ErasureStep, lease: runs.Lease, pace: Pace) -> bool:
    """Erase one chunk and write its journal row, in one transaction. Return whether the step is done."""
    store = BY_NAME[step.store]
    began = time.monotonic()
    with tenancy.eraser(run.organization_id):
        runs.held(run, lease)
        journal = ErasureStep.objects.select_for_update(of=("self",), no_key=True).get(pk=step.pk)
        if journal.status == StepStatus.DONE:
            return True
        _refuse_under_hold(run)
        journal.started_at = journal.started_at or lease.now()
        journal.status = StepStatus.RUNNING
        limit = pace.rows
        chunk = store.erase(run.organization_id, after=journal.checkpoint, limit=limit)
        journal.erased += chunk.erased
        journal.checkpoint = chunk.checkpoint
        if chunk.erased < limit:
            _end_of_store(run, journal, store, lease)
        journal.save(update_fields=["status", "erased", "checkpoint", "started_at", "finished_at"])
    pace.note(time.monotonic() - began, chunk.erased)
    return journal.status == StepStatus.DONE


def _end_of_store(run: ErasureRun, journal: ErasureStep, store: Store, lease: runs.Lease) -> None:
    """The walk reached the end: done if the store says that it is empty, else walk again from the start."""
    if store.count(run.organization_id):
        journal.checkpoint = 0
    else:
        journal.status = StepStatus.DONE
        journal.finished_at = lease.now()


def _refuse_under_hold(run: ErasureRun) -> None:
    """Every chunk looks again, though no hold can be placed once keys are being destroyed."""
    if LegalHold.objects.filter(organization=run.organization_id).in_force().exists():
        raise saga.HoldInForce("A legal hold covers this organization.")


def _finish(run: ErasureRun, lease: runs.Lease, *, by: str) -> bool:
    """Close the run if every store is still empty; else open those steps again and say so."""
    with tenancy.eraser(run.organization_id):
        locked = runs.held(run, lease)
        if locked.phase != RunPhase.KEYS_DESTROYED:
            return True
        late = [name for name, store in BY_NAME.items() if store.count(run.organization_id)]
        if late:  # an answer of the API was kept meanwhile, or a reason was written down
            ErasureStep.objects.filter(run=run, store__in=late).update(
                status=StepStatus.WAITING, checkpoint=0, finished_at=None
            )
            return False
        now = lease.now()
        locked.phase = RunPhase.ERASED
        locked.erased_at = now
        locked.save(update_fields=["phase", "erased_at"])
        DeletionRequest.objects.filter(pk=locked.request_id).update(status=RequestStatus.ERASED)
        Organization.objects.filter(pk=run.organization_id).update(content_erased_at=now)
        steps = ErasureStep.objects.filter(run=run).values_list("store", "erased")
        audit.record("erasure.erased", locked, by=by, at=now, data={"erased": dict(steps)})
        outbox.publish("erasure.erased", locked, at=now)
        return True


def _phase(run: ErasureRun) -> str:
    with tenancy.eraser(run.organization_id):
        return ErasureRun.objects.values_list("phase", flat=True).get(pk=run.pk)
