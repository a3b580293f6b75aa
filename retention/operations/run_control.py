"""What people do with a run: pause and resume it, slow it down, send it again after its failures or its residue."""

from datetime import datetime

from django.db import transaction

from accounts.errors import FieldError, InvalidInput, Refused, phrase
from accounts.operations import audit, outbox
from retention.enums import RequestStatus, RunPhase, StepStatus
from retention.models import DeletionRequest, ErasureRun, ErasureStep
from retention.operations import blocking, runs
from retention.operations.chunks import share_fence
from retention.operations.stores import Target
from retention.querysets import RESTING

FASTEST = 1_000_000


@transaction.atomic
def pause(run: ErasureRun, *, now: datetime, by: str) -> ErasureRun:
    """Stop a run at its next commit; what is done stays done. The caller is in the vendor's scope.

    :raises Refused: it is paused, or done.
    """
    locked = _locked(run)
    if locked.paused_at is not None or locked.phase in RESTING:
        raise Refused("The run is paused already, or there is nothing left to pause.", code="run_not_running")
    locked.paused_at, locked.paused_by = now, by
    locked.save(update_fields=["paused_at", "paused_by"])
    audit.record("erasure.paused", locked, by=by, at=now)
    outbox.publish("erasure.paused", locked, at=now)
    return locked


@transaction.atomic
def resume(run: ErasureRun, *, now: datetime, by: str) -> ErasureRun:
    """Let a paused run go on. The caller is in the vendor's scope. :raises Refused: it is not paused."""
    locked = _locked(run)
    if locked.paused_at is None:
        raise Refused("The run is not paused.", code="run_not_paused")
    locked.paused_at, locked.paused_by = None, ""
    locked.lease = locked.leased_until = None
    locked.save(update_fields=["paused_at", "paused_by", "lease", "leased_until"])
    audit.record("erasure.resumed", locked, by=by, at=now)
    outbox.publish("erasure.resumed", locked, at=now)
    return locked


@transaction.atomic
def slow_down(run: ErasureRun, *, rate: int | None, now: datetime, by: str) -> ErasureRun:
    """Let a run erase so many rows a second at most; ``None``: as the setting says. It counts from the next chunk.

    :raises InvalidInput: the rate is not between 1 and :data:`FASTEST`.
    :raises Refused: it has nothing left to erase.
    """
    if rate is not None and not 1 <= rate <= FASTEST:
        raise InvalidInput(
            [FieldError("rate", "out_of_range", phrase("Between 1 and %(most)s rows a second.", most=FASTEST))]
        )
    locked = _locked(run)
    if locked.phase in RESTING:
        raise Refused("The run has nothing left to erase.", code="run_not_running")
    locked.rate = rate
    locked.save(update_fields=["rate"])
    audit.record("erasure.rate_set", locked, by=by, at=now, data={"rate": rate})
    return locked


@transaction.atomic
def retry_stores(run: ErasureRun, *, now: datetime, by: str) -> ErasureRun:
    """Try the stores again that were given up, from where each stood. The caller is in the vendor's scope.

    :raises Refused: no store was given up.
    """
    locked = _locked(run)
    count = ErasureStep.objects.filter(run=locked, status=StepStatus.FAILED).update(
        status=StepStatus.RUNNING, failures=0, last_error="", again_at=None
    )
    if not count:
        raise Refused("No store of this run was given up.", code="no_store_given_up")
    found = DeletionRequest.objects.filter(pk=locked.request_id, status=RequestStatus.PARTIALLY_DONE)
    found.update(status=RequestStatus.ERASING)
    locked.lease = locked.leased_until = None
    locked.save(update_fields=["lease", "leased_until"])
    audit.record("erasure.stores_retried", locked, by=by, at=now, data={"stores": count})
    outbox.publish("erasure.stores_retried", locked, at=now)
    return locked


@transaction.atomic
def erase_again(run: ErasureRun, *, now: datetime, by: str) -> ErasureRun:
    """Send a run whose verification found residue through all stores again, then to a new verification.

    Not where everything of an organization went that is a client again: what it has now would go too. There residue is
    mended by hand and searched for again, or accepted. The caller is in the vendor's scope.

    :raises blocking.ClientCameBack: the organization is a client again.
    :raises Refused: the run did not find residue, or was sent again meanwhile; or a later request for the whole
        organization is open.
    """
    locked = _locked(run)
    if locked.phase != RunPhase.RESIDUE_FOUND:
        raise Refused("No residue was found: there is nothing to erase again.", code="no_residue")
    request = DeletionRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=locked.request_id)
    blocking.refuse_in_open_vault(Target.of(request), share_fence(locked.organization_id))
    blocking.refuse_beside_another(request)
    locked.phase = RunPhase.KEYS_DESTROYED
    locked.lease = locked.leased_until = None
    locked.save(update_fields=["phase", "lease", "leased_until"])
    runs.reopen(ErasureStep.objects.filter(run=locked))
    request.status, request.closed_at = RequestStatus.ERASING, None
    request.save(update_fields=["status", "closed_at"])
    audit.record("erasure.sent_again", locked, by=by, at=now)
    outbox.publish("erasure.sent_again", locked, at=now)
    return locked


def _locked(run: ErasureRun) -> ErasureRun:
    return ErasureRun.objects.select_for_update(of=("self",), no_key=True).get(pk=run.pk)
