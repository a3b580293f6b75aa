"""Wrapping anew what is under an older key-encryption key: a job in chunks, resumable at any instant."""

import time
import uuid
from datetime import datetime, timedelta
from enum import Enum, auto

from django.db import transaction

from accounts import tenancy
from accounts.errors import Refused, phrase
from accounts.operations import audit
from retention.enums import RotationState
from retention.models import KeyRotation, KeyRotationStep
from retention.operations import key_checks, keys
from retention.operations.sealed_places import BY_NAME, PLACES, Place

CHUNK = 500
REST = timedelta(minutes=10)
NOT_OPENED, HELD, OLD_KEYS = "values_do_not_open", "rows_are_held", "newest_key_is_older_than_the_target"


class _End(Enum):
    """How a walk through a place ended: nothing is left, another worker has it, the time is up, something stays."""

    DONE = auto()
    ELSEWHERE = auto()
    TIME = auto()
    LEFT = auto()


class NotRunning(Refused):
    """The job is over."""

    code = "key_rotation_over"


def start(*, now: datetime, by: str) -> KeyRotation:
    """Open the job that wraps everything anew under the newest key; the sweep works on it.

    The caller is in the vendor's scope.

    :raises Refused: a job runs; nothing is under an older key; the configured keys are not the right ones.
    """
    if wrong := key_checks.faults(now=now):
        raise Refused(wrong[0], code="keys_wrong")
    target = keys.key_encryption_keys().newest
    totals = {}
    for place in PLACES:
        with place.scope():
            totals[place.name] = place.older(target)
    if not any(totals.values()):
        raise Refused(
            phrase("Nothing is under a key older than version %(version)s.", version=target), code="nothing_to_rewrap"
        )
    return _open(target, totals, now=now, by=by)


@transaction.atomic
def _open(target: int, totals: dict[str, int], *, now: datetime, by: str) -> KeyRotation:
    public_id = uuid.uuid4()
    made = KeyRotation(public_id=public_id, target_version=target, started_at=now, started_by=by)
    # Who starts at the same time waits here for the first one's end, and then adds nothing.
    KeyRotation.objects.bulk_create([made], ignore_conflicts=True)
    rotation = KeyRotation.objects.filter(public_id=public_id).first()
    if rotation is None:
        raise Refused("A key rotation runs already.", code="key_rotation_running")
    KeyRotationStep.objects.bulk_create(
        KeyRotationStep(rotation=rotation, place=name, total=total, finished_at=None if total else now)
        for name, total in totals.items()
    )
    audit.record("keys.rewrap_started", rotation, by=by, at=now, data={"version": target, "values": totals})
    return rotation


@transaction.atomic
def stop(rotation: KeyRotation, *, now: datetime, by: str) -> KeyRotation:
    """Give a job up; what it wrapped anew stays so. :raises NotRunning: it is over."""
    return _over(rotation, RotationState.STOPPED, "keys.rewrap_stopped", now=now, by=by)


def work(rotation: KeyRotation, *, now: datetime, by: str, budget: timedelta | None = None) -> bool:
    """Go on with a job until it is finished or the budget is spent; say whether it is finished.

    Each chunk is a transaction of its own, under the lock of its step: two workers share the places, and none does a
    chunk twice. Call it outside of any transaction.

    :raises NotRunning: it was stopped, or another worker has finished it.
    """
    until = None if budget is None else time.monotonic() + budget.total_seconds()
    if keys.key_encryption_keys().newest < rotation.target_version:
        _rest(rotation, OLD_KEYS, now=now)
        return False
    with tenancy.vendor():
        KeyRotation.objects.running().filter(pk=rotation.pk).exclude(last_error="").update(last_error="", retry_at=None)
        waiting = list(rotation.steps.filter(finished_at__isnull=True).order_by("pk").values_list("place", flat=True))
    ends = set()
    for name in waiting:
        ends.add(_walk(rotation, BY_NAME[name], now=now, until=until))
        if _End.TIME in ends:
            return False
    if _End.LEFT in ends:
        _look_again_later(rotation, now=now)
        return False
    with tenancy.vendor():
        if rotation.steps.filter(finished_at__isnull=True).exists():
            return False
        _finish(rotation, now=now, by=by)
    return True


def _walk(rotation: KeyRotation, place: Place, *, now: datetime, until: float | None) -> _End:
    """Walk a place from where its step stands to its end, and again as long as that changes something."""
    moved, whole = 0, _recount(rotation, place)
    while until is None or time.monotonic() < until:
        chunk = _chunk(rotation, place, now=now)
        if chunk is None:
            return _End.ELSEWHERE
        changed, rows, left = chunk
        moved += changed
        if rows:
            continue
        if not left:
            return _End.DONE
        if whole and not moved:
            return _End.LEFT
        moved, whole = 0, True
    return _End.TIME


def _recount(rotation: KeyRotation, place: Place) -> bool:
    """Set a step's counts by what is there: a chunk of the ledger may have ended without its step. From the start?"""
    with tenancy.vendor():
        step = _locked(rotation, place)
        if step is None:
            return True
        with place.scope():
            left = place.older(rotation.target_version)
        step.total = max(step.total, left)
        step.done = step.total - left
        step.save(update_fields=["total", "done"])
        return step.checkpoint == ""


def _chunk(rotation: KeyRotation, place: Place, *, now: datetime) -> tuple[int, int, int] | None:
    """Do a chunk; return how many values it wrapped anew, rows it met, values are left; none: another worker has it.

    A walk that has come to the end begins again, unless nothing is left.
    """
    own = keys.key_encryption_keys()
    with tenancy.vendor():
        step = _locked(rotation, place)
        if step is None:
            return None
        if step.checkpoint == "":
            step.failed = 0
        with place.scope():  # the ledger's part ends here, before the step is written: it is counted again after a kill
            met = place.rewrap(step.checkpoint, target=rotation.target_version, limit=CHUNK, own=own)
            left = 0 if met.rows else place.older(rotation.target_version)
        step.done += met.changed
        step.failed += met.failed
        step.checkpoint = met.last
        if not met.rows:
            step.checkpoint = ""
            step.done = max(step.total, step.done, left) - left
            step.finished_at = None if left else now
        step.total = max(step.total, step.done + left)
        step.save(update_fields=["done", "total", "failed", "checkpoint", "finished_at"])
        return met.changed, met.rows, left


def _locked(rotation: KeyRotation, place: Place) -> KeyRotationStep | None:
    """Lock the step of a job that runs; none if it is finished, or another worker has it."""
    steps = KeyRotationStep.objects.filter(
        rotation=rotation, rotation__state=RotationState.RUNNING, place=place.name, finished_at__isnull=True
    )
    return steps.select_for_update(of=("self",), skip_locked=True).first()


@transaction.atomic
def _finish(rotation: KeyRotation, *, now: datetime, by: str) -> KeyRotation:
    return _over(rotation, RotationState.FINISHED, "keys.rewrap_finished", now=now, by=by)


def _over(rotation: KeyRotation, state: RotationState, event: str, *, now: datetime, by: str) -> KeyRotation:
    locked = KeyRotation.objects.select_for_update().get(pk=rotation.pk)
    if locked.state != RotationState.RUNNING:
        raise NotRunning("This key rotation is over.")
    locked.state, locked.finished_at, locked.retry_at = state, now, None
    locked.last_error = "" if state == RotationState.FINISHED else locked.last_error
    locked.save(update_fields=["state", "finished_at", "retry_at", "last_error"])
    done = {step.place: step.done for step in locked.steps.all()}
    audit.record(event, locked, by=by, at=now, data={"version": locked.target_version, "values": done})
    return locked


def _look_again_later(rotation: KeyRotation, *, now: datetime) -> None:
    """Note why a walk left something: it does not open, or others hold it."""
    with tenancy.vendor():
        broken = rotation.steps.filter(finished_at__isnull=True, failed__gt=0).exists()
    _rest(rotation, NOT_OPENED if broken else HELD, now=now)


def _rest(rotation: KeyRotation, error: str, *, now: datetime) -> None:
    with tenancy.vendor():
        running = KeyRotation.objects.running().filter(pk=rotation.pk)
        running.update(last_error=error, retry_at=now + REST)
