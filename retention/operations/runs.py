"""Erasure runs: planned from an approved request, claimed by lease, and their journal."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import orjson
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from accounts import crypto, tenancy
from accounts.errors import Refused
from accounts.operations import audit
from retention.enums import Decision, StepStatus
from retention.models import DeletionRequest, ErasureRun, ErasureStep
from retention.operations import blocking, identifying, keys, vault
from retention.operations.stores import BY_NAME, STORES, Target
from retention.rules.terms import Identifiers


class NotDue(Refused):
    """The request may not be erased now; the message says what is in the way."""

    code = "erasure_not_due"


class RunPaused(Refused):
    """Somebody paused the run: it goes on when it is resumed."""

    code = "run_paused"


class LeaseLost(Refused):
    """Another worker has the run: this one stops at once."""

    code = "lease_lost"


@dataclass(slots=True)
class Lease:
    """The right to work on a run, for a while. Its clock goes on from the instant that the caller was given."""

    id: UUID
    started_at: datetime
    _monotonic: float
    # Where there is nothing to do before: when the run is taken up again.
    rest_until: datetime | None = None

    @classmethod
    def starting(cls, now: datetime) -> "Lease":
        """Return a new lease whose clock stands at ``now``."""
        return cls(uuid4(), now, time.monotonic())

    def now(self) -> datetime:
        """Return the instant: the caller's, plus the time that has passed since."""
        return self.started_at + timedelta(seconds=time.monotonic() - self._monotonic)


@transaction.atomic
def plan(request: DeletionRequest, *, now: datetime, by: str, beyond: Sequence[str] = ()) -> ErasureRun:
    """Make the run of an approved request: what the verifier will search for is sealed first, the steps counted.

    ``beyond`` names the steps beyond the vault. The caller is in the vendor's scope. Nothing is destroyed yet.

    :raises NotDue: something is in the way; a run exists already.
    """
    locked = (
        DeletionRequest.objects.due_for_erasure(at=now)
        .filter(pk=request.pk)
        .select_related("organization")
        .select_for_update(of=("self",), no_key=True)
        .first()
    )
    if locked is None:
        raise NotDue("The request is not due: " + ", ".join(blocking.blocks(request, now=now)))
    in_the_way = blocking.blocks(locked, now=now)
    if in_the_way:
        raise NotDue("The request is blocked: " + ", ".join(in_the_way))
    if locked.archive_decision == Decision.PENDING:
        locked.archive_decision = Decision.DECLINED
        locked.save(update_fields=["archive_decision"])
        audit.record("archive.lapsed", locked, by=by, at=now)
    organization = locked.organization
    with tenancy.tenant(organization.pk):
        vault.enter(organization, now=now)  # makes the fence's row, which the eraser may close but not make
    run = ErasureRun(organization=organization, public_id=uuid4(), request=locked, planned_at=now)
    target = Target.of(locked)
    seal(run, identifying.identifiers_of(target))
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError as error:
        raise NotDue("The request has its run already.") from error
    data = {"request": str(locked.public_id), "stores": begin_journal(run, target, beyond)}
    audit.record("erasure.planned", run, by=by, at=now, data=data)
    return run


def begin_journal(run: ErasureRun, target: Target, beyond: Sequence[str] = ()) -> list[str]:
    """Make the journal's row of every store that holds such data, with its count; return the stores' names."""
    found = [(store.name, store.count(target)) for store in STORES if store.covers(target)]
    found += [(name, 0) for name in beyond]
    steps = [
        ErasureStep(organization_id=run.organization_id, run=run, position=position, store=name, found=count)
        for position, (name, count) in enumerate(found, start=1)
    ]
    ErasureStep.objects.bulk_create(steps)
    return [step.store for step in steps]


def claim(run: ErasureRun, *, now: datetime, lasting: timedelta | None = None) -> Lease:
    """Take the run. :raises LeaseLost: another worker has it, or it is done."""
    lease = Lease.starting(now)
    with tenancy.vendor():
        taken = (
            ErasureRun.objects.due(at=now)
            .filter(pk=run.pk)
            .update(lease=lease.id, leased_until=now + (lasting or settings.ERASURE_LEASE))
        )
    if taken != 1:
        raise LeaseLost("Another worker has this run, or it is done.")
    return lease


def held(run: ErasureRun, lease: Lease) -> ErasureRun:
    """Lock the run in the caller's transaction and prolong the lease: the heartbeat is part of every commit.

    :raises LeaseLost: the lease ran out and another worker took the run.
    :raises RunPaused: somebody paused it.
    """
    locked = ErasureRun.objects.select_for_update(of=("self",), no_key=True).filter(pk=run.pk, lease=lease.id).first()
    if locked is None:
        raise LeaseLost("Another worker has this run.")
    if locked.paused_at is not None:
        raise RunPaused("The run is paused.")
    locked.leased_until = lease.now() + settings.ERASURE_LEASE
    locked.save(update_fields=["leased_until"])
    return locked


def give_back(run: ErasureRun, lease: Lease, *, error: str = "") -> None:
    """End the lease; note what went wrong, if something did."""
    with tenancy.vendor():
        mine = ErasureRun.objects.select_for_update(no_key=True).filter(pk=run.pk, lease=lease.id).first()
        if mine is None:
            return
        mine.lease, mine.leased_until = None, lease.rest_until
        if error:
            mine.failures += 1
            # Tried again, each time later; an operator sees the count and the last error.
            mine.leased_until = lease.now() + min(
                timedelta(seconds=15) * 2 ** min(mine.failures, 8), timedelta(hours=1)
            )
        mine.last_error = error[:120]
        mine.save(update_fields=["lease", "leased_until", "failures", "last_error"])


@contextmanager
def working_on(run: ErasureRun, *, now: datetime, lasting: timedelta | None = None) -> Iterator[Lease]:
    """Claim a run, work on it, give it back; what went wrong is noted on it.

    ``lasting`` is for work without a heartbeat. :raises LeaseLost: another has it.
    """
    lease = claim(run, now=now, lasting=lasting)
    error = ""
    try:
        yield lease
    except (LeaseLost, RunPaused):
        raise
    except Refused as refused:
        error = refused.code
        raise
    except Exception as failure:
        error = type(failure).__name__
        raise
    finally:
        give_back(run, lease, error=error)


def seal(run: ErasureRun, identifiers: Identifiers) -> None:
    """Put the identifiers on the run, sealed under a key of their own that goes with the last check."""
    key, place = crypto.new_data_key(), _context(run)
    wrapped = keys.key_encryption_keys().wrap(key, context=place)
    run.identifiers = crypto.encrypt(key, orjson.dumps(identifiers.to_json()), context=place)
    run.identifiers_key = wrapped.ciphertext
    run.identifiers_key_version = wrapped.version


def unseal(run: ErasureRun) -> Identifiers:
    """Return what the verifier searches for. :raises Refused: it was destroyed with the last scheduled check."""
    if run.identifiers is None or run.identifiers_key is None or run.identifiers_key_version is None:
        raise Refused("The identifiers of this run were destroyed.", code="identifiers_destroyed")
    wrapped = crypto.WrappedKey(run.identifiers_key_version, bytes(run.identifiers_key))
    key = keys.key_encryption_keys().unwrap(wrapped, context=_context(run))
    return Identifiers.from_json(orjson.loads(crypto.decrypt(key, bytes(run.identifiers), context=_context(run))))


def _context(run: ErasureRun) -> bytes:
    return crypto.context("erasure identifiers", str(run.public_id))


def forget_identifiers(run: ErasureRun, *, now: datetime) -> None:
    """Destroy what the verifier searched for, after its last check; the caller saves the run.

    Backups hold it until then. What is looked for again once all is complete was read from rows that a restore brought.
    """
    run.identifiers = run.identifiers_key = run.identifiers_key_version = None
    if run.completed_at is None:
        run.forgotten_at = now


def recount(run: ErasureRun) -> None:
    """Seal the identifiers and count the stores again, as they stand once nobody can add anything any more.

    Which holds it met is noted too: afterwards nobody tells whom they covered.
    """
    target = Target.of(run.request)
    seal(run, identifying.identifiers_of(target))
    met = blocking.holds_met(target, since=run.request.received_at)
    run.holds_met = [str(one) for one in met.values_list("public_id", flat=True)]
    run.save(update_fields=["identifiers", "identifiers_key", "identifiers_key_version", "holds_met"])
    count_stores(run)


def count_stores(run: ErasureRun) -> None:
    """Count the stores again, as they stand before any of them is walked."""
    target = Target.of(run.request)
    for step in ErasureStep.objects.filter(run=run, store__in=BY_NAME):
        step.found = BY_NAME[step.store].count(target)
        step.save(update_fields=["found"])


def reopen(steps: QuerySet[ErasureStep]) -> None:
    """Let stores be walked from their beginning again, whatever became of the walk before."""
    steps.update(
        status=StepStatus.WAITING,
        sent_again=F("sent_again") + 1,
        checkpoint_person=0,
        checkpoint=0,
        cursor="",
        finished_at=None,
        vacuumed_at=None,
        vacuumed_how="",
        held_by="",
        rewritten_at=None,
        failures=0,
        last_error="",
        again_at=None,
    )


def give_leases_back(*, now: datetime) -> int:
    """End the leases that stand in the future because their workers lived in simulated time; say how many."""
    late = now + settings.ERASURE_LEASE + timedelta(hours=2)
    return ErasureRun.objects.filter(leased_until__gt=late).update(lease=None, leased_until=None)
