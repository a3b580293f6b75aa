"""The engine: one run from its plan to emptied stores, in small transactions that each carry their own journal."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError

from accounts import tenancy
from accounts.errors import Refused
from accounts.models import Organization
from accounts.operations import audit, outbox
from retention.connectors.protocol import StoreError, StoreMisconfigured
from retention.enums import RequestStatus, RunPhase, StepStatus
from retention.models import DeletionRequest, ErasureRun, ErasureStep
from retention.operations import blocking, identifying, lasting, outside, runs, saga, vacuuming
from retention.operations.chunks import SMALLEST_CHUNK, Pace, commit_without_waiting, rest, share_fence
from retention.operations.stores import BY_NAME, Chunk, Place, Store, Target

log = structlog.get_logger(__name__)
# A store whose chunk failed so often in a row is given up, until an operator sends it again.
MOST_FAILURES = 8
LONGEST_WAIT = timedelta(hours=1)


def advance(run: ErasureRun, *, now: datetime, by: str, budget: timedelta | None = None) -> bool:
    """Take a run as far as it goes: fence, destroy keys, empty the stores. Return whether the stores are empty.

    Killed at any instant, the next call goes on from the last commit. With a ``budget`` it stops in time and leaves
    the rest to the next call. A store that fails is tried again later, while the others go on.

    :raises LeaseLost: another worker has the run.
    :raises RunPaused: somebody paused it.
    :raises Refused: a hold or a contract is in the way, before keys are destroyed; the data stay readable.
    """
    with runs.working_on(run, now=now) as lease:
        return _Work(run, lease, by=by, until=None if budget is None else now + budget).go_on()


class _Work:
    """One worker's turn on a run that it holds by a lease."""

    def __init__(self, run: ErasureRun, lease: runs.Lease, *, by: str, until: datetime | None) -> None:
        self.run = run
        self.lease = lease
        self.by = by
        self.until = until
        self.paces: dict[str, Pace] = {}
        # Stores that a later store's rows need no more vacuum of, in this turn.
        self.cleared: set[str] = set()

    def go_on(self) -> bool:
        saga.fence(self.run, self.lease, by=self.by)
        reference = saga.organization_ref_of(self.run)
        self.target = self._target()
        if self._phase() == RunPhase.DESTROYING:
            subjects = saga.subjects_of(self.run, self.target)
            found = saga.destroy(self.run, self.lease, reference, subjects, now=self.lease.now())
            saga.catch_up(self.run, self.lease, found, by=self.by)
        if self._phase() != RunPhase.KEYS_DESTROYED:
            return True
        while True:
            outcome = self._empty_stores()
            if outcome is not None:
                return outcome
            if self._finish():
                return True

    def _empty_stores(self) -> bool | None:
        """Walk every store that can be walked now. ``False``: the rest is for later; ``None``: all are done.

        What needs a store that was given up waits for people, like that one.
        """
        done: set[str] = set()
        waiting: set[str] = set()
        given_up: set[str] = set()
        self._empty_what_is_small()
        for step in self._steps():
            if step.status == StepStatus.DONE:
                done.add(step.store)
            elif step.status == StepStatus.FAILED or given_up & self._needs(step):
                given_up.add(step.store)
            elif not self._ready(step, done):
                waiting.add(step.store)
            else:
                emptied = self._walk(step)
                failed = step.status == StepStatus.FAILED
                (done if emptied else given_up if failed else waiting).add(step.store)
                if self._time_is_over():
                    return False
        if waiting:
            self.lease.rest_until = self._next_try(waiting)
            return False
        if given_up:
            self._give_up()
            return True
        return None

    def _empty_what_is_small(self) -> None:
        """Take the first chunk of each store in one transaction, while its time lasts: of most people that is all.

        Only where a run begins. If anything stands in the way, nothing of it happened: each store has its own walk.
        """
        steps = self._steps()
        if self._time_is_over() or any(step.started_at is not None or step.failures for step in steps):
            return
        began, until = time.monotonic(), self._first_pace(steps[0]).seconds / 2
        done: set[str] = set()
        rows = 0
        try:
            with self._chunk() as locked:
                for step in steps:
                    if not outside.is_beyond(step) and self._needs(step) <= done:
                        chunk = self._take(step, self._first_pace(step), began)
                        rows += chunk.erased + chunk.anonymised
                        done |= {step.store} if chunk.finished else set()
                    if time.monotonic() - began > until:
                        break
        except Refused:
            raise
        except Exception as error:  # whose it is will be noted by the store's own walk
            log.info("erasure.each_store_by_itself", error=type(error).__name__)
        else:
            rest(rows, time.monotonic() - began, rate=_rate_of(locked))

    def _next_try(self, waiting: set[str]) -> datetime | None:
        """Return when the first of the stores that failed, and are not given up, is tried again."""
        asked = (step.again_at for step in self._steps() if step.store in waiting)
        return min((again_at for again_at in asked if again_at is not None), default=None)

    def _ready(self, step: ErasureStep, done: set[str]) -> bool:
        if step.again_at is not None and step.again_at > self.lease.now():
            return False
        return self._needs(step) <= done

    def _needs(self, step: ErasureStep) -> set[str]:
        """Return which of the run's stores must be empty before this one."""
        if outside.is_beyond(step):
            return set()
        return {one.store for one in self._all}.intersection(BY_NAME[step.store].needs)

    def _walk(self, step: ErasureStep) -> bool:
        """Empty one store; say whether it is empty."""
        pace = self.paces.setdefault(step.store, self._first_pace(step))
        beyond = outside.is_beyond(step)
        try:
            self._clear_before(step)
            while not (self._one_chunk_beyond(step) if beyond else self._one_chunk(step, pace)):
                if self._time_is_over() or (beyond and step.again_at is not None):
                    return False
        except Refused:
            raise
        except Exception as error:  # the store's failure is noted on its step; the other stores go on
            log.warning("erasure.store_failed", store=step.store, error=type(error).__name__)
            self._note_failure(step, error)
            return False
        return True

    @staticmethod
    def _first_pace(step: ErasureStep) -> Pace:
        """Return the pace that a store begins with: a parent's is small, for its commit looks at every dead child."""
        parent = getattr(BY_NAME.get(step.store), "referred_to", False)
        rows = min(settings.ERASURE_CHUNK_ROWS, SMALLEST_CHUNK) if parent else settings.ERASURE_CHUNK_ROWS
        return Pace(rows, settings.ERASURE_CHUNK_MILLISECONDS)

    def _clear_before(self, step: ErasureStep) -> None:
        """Take the many dead rows out that this store's rows are still referred to by, before it is begun."""
        if step.started_at is not None or not getattr(BY_NAME.get(step.store), "referred_to", False):
            return
        with tenancy.eraser(self.run.organization_id):
            runs.held(self.run, self.lease)
            steps = ErasureStep.objects.filter(run=self.run, store__in=self._needs(step) - self.cleared)
            emptied = dict(steps.values_list("store", "erased"))
        self.cleared |= emptied.keys()
        vacuuming.vacuum_before_parents(emptied, within=settings.ERASURE_LEASE / 2)

    def _time_is_over(self) -> bool:
        return self.until is not None and self.lease.now() >= self.until

    def _one_chunk(self, step: ErasureStep, pace: Pace) -> bool:
        """Erase one chunk and write its journal row, in one transaction. Return whether the step is done."""
        began = time.monotonic()
        with self._chunk() as locked:
            chunk = self._take(step, pace, began)
        seconds = time.monotonic() - began
        pace.note(seconds, chunk.erased + chunk.anonymised)
        rest(chunk.erased + chunk.anonymised, seconds, rate=_rate_of(locked))
        return chunk.finished

    @contextmanager
    def _chunk(self) -> Iterator[ErasureRun]:
        """Run the block as one transaction of the engine: with its lease, behind the fence and its holds."""
        with tenancy.eraser(self.run.organization_id):
            locked = runs.held(self.run, self.lease)
            self._share_fence()
            commit_without_waiting()
            yield locked

    def _take(self, step: ErasureStep, pace: Pace, began: float) -> Chunk:
        """Erase the next rows of a store, and write its journal row; nothing, if it is done."""
        journal = ErasureStep.objects.select_for_update(of=("self",), no_key=True).get(pk=step.pk)
        place = Place(journal.checkpoint_person, journal.checkpoint)
        if journal.status == StepStatus.DONE:
            return Chunk(0, place, finished=True)
        store = BY_NAME[step.store]
        chunk = store.erase(self.target, after=place, limit=pace.rows, until=began + pace.seconds)
        self._write_down(journal, chunk.erased, chunk.anonymised, chunk.place, finished=chunk.finished)
        return chunk

    def _one_chunk_beyond(self, step: ErasureStep) -> bool:
        """Have a store beyond the vault erase on, then write down how far it came. Return whether it is done.

        The store is asked while nothing is locked. Killed in between, the next call asks again from where it stood.
        """
        with tenancy.eraser(self.run.organization_id):
            runs.held(self.run, self.lease)
            self._share_fence()
            step.refresh_from_db()
        progress, found = outside.erase(self.run, step, now=self.lease.now())
        with tenancy.eraser(self.run.organization_id):
            runs.held(self.run, self.lease)
            step.found = step.found if found is None else found
            step.cursor = progress.checkpoint
            self._write_down(step, progress.erased, 0, Place(), finished=progress.finished)
            step.again_at = progress.ask_again_at
            step.save(update_fields=["found", "cursor", "again_at"])
        return progress.finished

    def _share_fence(self) -> None:
        """Share the fence until the commit. :raises Refused: a hold covers what goes, or the client came back."""
        vault = share_fence(self.run.organization_id)
        blocking.refuse_under_hold(self.target)
        blocking.refuse_in_open_vault(self.target, vault)

    def _write_down(self, journal: ErasureStep, erased: int, anonymised: int, place: Place, *, finished: bool) -> None:
        now = self.lease.now()
        journal.started_at = journal.started_at or now
        journal.status = StepStatus.DONE if finished else StepStatus.RUNNING
        journal.finished_at = now if finished else None
        journal.erased += erased
        journal.anonymised += anonymised
        # Whose rows say in their texts alone whom they are about, nobody counted beforehand.
        journal.found = max(journal.found, journal.erased + journal.anonymised)
        journal.checkpoint_person, journal.checkpoint = place.person, place.key
        journal.failures, journal.last_error, journal.again_at = 0, "", None
        journal.save(
            update_fields=[
                "status",
                "found",
                "erased",
                "anonymised",
                "checkpoint_person",
                "checkpoint",
                "failures",
                "last_error",
                "again_at",
                "started_at",
                "finished_at",
            ]
        )

    def _note_failure(self, step: ErasureStep, error: Exception) -> None:
        """Try the store again later, each time later; give it up after :data:`MOST_FAILURES` in a row."""
        with tenancy.eraser(self.run.organization_id):
            runs.held(self.run, self.lease)
            journal = ErasureStep.objects.select_for_update(of=("self",), no_key=True).get(pk=step.pk)
            journal.failures += 1
            journal.last_error = str(error if isinstance(error, StoreError) else type(error).__name__)[:120]
            if journal.failures >= MOST_FAILURES or isinstance(error, StoreMisconfigured):
                journal.status = StepStatus.FAILED
            wait = min(timedelta(seconds=5) * 2 ** min(journal.failures, 10), LONGEST_WAIT)
            # Not before: a walk that begins anew gets on, and would count as one that does not fail.
            if journal.status == StepStatus.FAILED and isinstance(error, StoreError) and error.from_the_front:
                journal.cursor = ""
            asked = getattr(error, "retry_at", None)
            journal.again_at = max(self.lease.now() + wait, asked) if asked else self.lease.now() + wait
            journal.save(update_fields=["status", "failures", "last_error", "again_at", "cursor"])
            step.status, step.again_at = journal.status, journal.again_at
            if isinstance(error, IntegrityError) and step.store in BY_NAME:  # a row came that refers to what goes
                self._reopen([BY_NAME[name] for name in BY_NAME[step.store].needs])

    def _finish(self) -> bool:
        """Close the run if every store is still empty; else open those steps again and say so."""
        with tenancy.eraser(self.run.organization_id):
            locked = runs.held(self.run, self.lease)
            if locked.phase != RunPhase.KEYS_DESTROYED:
                return True
            if self._reopen([BY_NAME[step.store] for step in self._all if step.store in BY_NAME]):
                return False  # an answer of the API was kept meanwhile, or a reason was written down
            now = self.lease.now()
            locked.phase = RunPhase.ERASED
            locked.erased_at = now
            locked.save(update_fields=["phase", "erased_at"])
            request = DeletionRequest.objects.get(pk=locked.request_id)
            request.status, request.department = RequestStatus.ERASED, ""
            request.save(update_fields=["status", "department"])
            if self.target.whole:
                Organization.objects.filter(pk=self.run.organization_id).update(content_erased_at=now)
                with tenancy.vendor():  # the eraser ends no rule
                    lasting.end_with_everything(self.run.organization_id, now=now, by=self.by)
            steps = ErasureStep.objects.filter(run=self.run).values_list("store", "erased")
            audit.record("erasure.erased", locked, by=self.by, at=now, data={"erased": dict(steps)})
            outbox.publish("erasure.erased", locked, at=now)
            return True

    def _reopen(self, stores: list[Store]) -> bool:
        """Open the steps of those stores again that are not empty any more; say whether there are any."""
        late = [store.name for store in stores if store.covers(self.target) and store.left(self.target)]
        runs.reopen(ErasureStep.objects.filter(run=self.run, store__in=late, status=StepStatus.DONE))
        return bool(late)

    def _give_up(self) -> None:
        """All stores but those given up are empty: say so, once, and wait for people."""
        with tenancy.eraser(self.run.organization_id):
            locked = runs.held(self.run, self.lease)
            found = DeletionRequest.objects.filter(pk=locked.request_id, status=RequestStatus.ERASING)
            if found.update(status=RequestStatus.PARTIALLY_DONE):
                now = self.lease.now()
                stores = [step.store for step in self._all if step.status == StepStatus.FAILED]
                off = set(outside.switched_off(self._all)) & set(stores)
                audit.record("erasure.partially_done", locked, by=self.by, at=now, data={"stores": stores})
                payload = {"stores": len(stores), "switched_off": len(off)}
                outbox.publish("erasure.partially_done", locked, at=now, payload=payload)

    def _steps(self) -> list[ErasureStep]:
        with tenancy.eraser(self.run.organization_id):
            self._all = list(ErasureStep.objects.filter(run=self.run).order_by("position"))
        return self._all

    def _target(self) -> Target:
        """Return whose data go, ready to be looked for in texts: of many people that takes longer than a chunk."""
        target = self._about()
        if target.terms.emails:
            target.named_by(anywhere=True)
        return target

    def _about(self) -> Target:
        with tenancy.eraser(self.run.organization_id):
            run = ErasureRun.objects.select_related("request").get(pk=self.run.pk)
            target = Target.of(run.request)
            if target.whole and run.identifiers is None:
                return target
            terms = runs.unseal(run)
            if target.whole:
                return Target(target.organization_id, terms=terms)
            others = identifying.of_living_others(target.organization_id, terms, whole=False)
            return Target(target.organization_id, target.request_id, terms, others)

    def _phase(self) -> str:
        with tenancy.eraser(self.run.organization_id):
            return ErasureRun.objects.values_list("phase", flat=True).get(pk=self.run.pk)


def _rate_of(run: ErasureRun) -> int | None:
    """Return the rate that a run was given. While a restore is replayed nobody else is served: there is no limit."""
    return 0 if run.rate is None and run.replayed_at is not None else run.rate
