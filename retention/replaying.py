"""Driving a replay after a restore: every erasure that is missing, to its verification; then the gate opens."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts import tenancy
from accounts.errors import Refused
from retention import sweeps
from retention.enums import RequestStatus, RestoreOutcome, RunPhase, StepStatus
from retention.models import ErasureEntry, ErasureRun, ErasureStep, Restore
from retention.operations import (
    gate,
    ledger_entries,
    ledger_older,
    outside,
    replay,
    restores,
    run_control,
    verification,
)
from retention.rules.restores import FaultCode

# So often a run is taken up again that something stands in the way of, and so long (seconds) it is waited for at most.
TURNS, LONGEST_WAIT = 20, 15.0

type Tell = Callable[[str, str], None]


class ReplayRunning(Refused):
    """Another session replays: it goes on with everything."""

    code = "replay_running"


class LedgerOlder(Refused):
    """The ledger is the older database: keys that were destroyed are back. That has to be said to be wanted."""

    code = "ledger_older"


class BackupTooOld(Refused):
    """Erasures were purged from the ledger since the backup: nobody can replay them."""

    code = "backup_too_old"


class NotReplayed(Refused):
    """Some erasures are not finished, or residue was found: the gate stays closed."""

    code = "not_replayed"


@dataclass(slots=True)
class Replayed:
    """What a replay did: the outcome of each entry by its run, and the restore with its report (none: none needed)."""

    restore: Restore | None = None
    outcomes: dict[str, RestoreOutcome] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return it as the command prints it."""
        counted = {one.value: list(self.outcomes.values()).count(one) for one in RestoreOutcome}
        return {
            "state": "nothing_to_do" if self.restore is None else "replayed",
            "restore": None if self.restore is None else str(self.restore.public_id),
            "kind": None if self.restore is None else self.restore.kind,
            "erasures": counted,
            "runs": {run: outcome.value for run, outcome in self.outcomes.items()},
            "report": {} if self.restore is None else self.restore.report,
        }


def replay_all(
    *, now: datetime, by: str, tell: Tell, ledger_older_too: bool, with_residue: bool, with_beyond: bool = False
) -> Replayed:
    """Replay what is missing, look at it, write the report, open the gate. Killed at any instant, it goes on again.

    :raises ReplayRunning: another session does it.
    :raises LedgerOlder: the ledger is older, and ``ledger_older_too`` is not given.
    :raises BackupTooOld: what was erased before the horizon is back.
    :raises NotReplayed: something is left; ``with_residue`` takes residue for an end, which people then look at, and
        ``with_beyond`` that everything is empty here while stores beyond the vault wait: for people who cannot act
        before the service serves. Nothing of these stores came back with a restore. The runs go on then, are verified
        and certified.
    """
    if not replay.alone():
        raise ReplayRunning("Another replay runs: it does everything.")
    try:
        accepted = {RestoreOutcome.RESIDUE: with_residue, RestoreOutcome.BEYOND: with_beyond}
        return _replay(now=now, by=by, tell=tell, ledger_older_too=ledger_older_too, accepted=accepted)
    finally:
        replay.let_others()
        gate.forget()


def _replay(
    *, now: datetime, by: str, tell: Tell, ledger_older_too: bool, accepted: Mapping[RestoreOutcome, bool]
) -> Replayed:
    standing = gate.look()
    if standing.in_step:
        return Replayed()
    codes = {fault.code for fault in standing.faults}
    if FaultCode.TOO_OLD in codes:
        raise BackupTooOld("Erasures were purged from the ledger since this backup was made. Restore a younger one.")
    if FaultCode.LEDGER_OLDER in codes and not ledger_older_too:
        raise LedgerOlder(
            "The ledger is older than the main database: destroyed keys are back. If there is no younger backup of the "
            "ledger, run: manage.py replay_erasures --ledger-older. It destroys them again; content that was written "
            "since the ledger's backup, under keys made since, stays unreadable."
        )
    found = Replayed(restores.begin(restores.kind_of(standing), now=now, by=by))
    gate.forget()
    _destroy_again(found, by=by, tell=tell, since=now)
    for entry in replay.to_replay():
        _adopt(found, entry, now=now, by=by, tell=tell)
    _to_their_end(found, by=by, tell=tell)
    left = [run for run, outcome in found.outcomes.items() if outcome is RestoreOutcome.UNFINISHED]
    residue = [run for run, outcome in found.outcomes.items() if outcome is RestoreOutcome.RESIDUE]
    beyond = [run for run, outcome in found.outcomes.items() if outcome is RestoreOutcome.BEYOND]
    if left or any(outcome in found.outcomes.values() and not accepted[outcome] for outcome in accepted):
        text = (
            f"{len(left)} erasure(s) are not finished, in {len(residue)} residue was found. Run it again; "
            "--with-residue opens the service with residue, for people to look at."
        )
        if beyond:
            text += (
                f" {len(beyond)} more wait for external stores alone; --with-beyond opens the service meanwhile, "
                "for people to attest, or to mend what these stores need."
            )
        raise NotReplayed(text, unfinished=left, residue=residue, beyond=beyond)
    if found.restore is not None:
        found.restore = restores.finish(found.restore, now=_since(now), by=by)
    return found


def _destroy_again(found: Replayed, *, by: str, tell: Tell, since: datetime) -> None:
    for run in ledger_older.forgotten(found.restore) if found.restore is not None else ():
        _note(found, str(run.public_id), RestoreOutcome.KEYS, tell)  # before: later it is not forgotten
        ledger_older.destroy_again(run, now=_since(since), by=by)


def _adopt(found: Replayed, entry: ErasureEntry, *, now: datetime, by: str, tell: Tell) -> None:
    """Let the entry's run stand where the ledger says; what there is nothing of is noted as such.

    It is noted before: what a replay that was killed had adopted is known by it, and goes on.
    """
    _note(found, str(entry.run), RestoreOutcome.UNFINISHED, tell)
    if replay.adopt(entry, now=_since(now), by=by) is None:
        ledger_entries.nobody_left(entry, now=_since(now))
        _note(found, str(entry.run), RestoreOutcome.NOBODY, tell)


def _to_their_end(found: Replayed, *, by: str, tell: Tell) -> None:
    """Take every adopted run to its certificate, as an ordinary worker does."""
    if found.restore is None:
        return
    with tenancy.vendor():
        noted = Restore.objects.get(pk=found.restore.pk).replayed
    found.outcomes = {one["run"]: RestoreOutcome(one["outcome"]) for one in noted}
    for run_id, outcome in list(found.outcomes.items()):
        if outcome not in (RestoreOutcome.UNFINISHED, RestoreOutcome.RESIDUE, RestoreOutcome.BEYOND):
            continue
        with tenancy.vendor():
            run = ErasureRun.objects.filter(public_id=run_id).first()
        _note(found, run_id, RestoreOutcome.NOBODY if run is None else _work(run, by=by), tell)


def _work(run: ErasureRun, *, by: str) -> RestoreOutcome:
    replay.take_over(run)
    with tenancy.vendor():
        run.refresh_from_db()
        if run.phase == RunPhase.RESIDUE_FOUND:
            try:
                run_control.erase_again(run, now=timezone.now(), by=by)
            except Refused:  # the client is back, or a later erasure of it is open: people look at it
                return RestoreOutcome.RESIDUE
        if run.request.status == RequestStatus.PARTIALLY_DONE:
            run_control.retry_stores(run, now=timezone.now(), by=by)
    for _turn in range(TURNS):
        try:
            sweeps.work(run, at=timezone.now(), by=by)
        except Refused:
            time.sleep(0.2)
        with tenancy.vendor():
            run = ErasureRun.objects.select_related("request").get(pk=run.pk)
        if run.phase in replay.DONE:
            return RestoreOutcome.ERASED
        if run.phase == RunPhase.RESIDUE_FOUND:
            return RestoreOutcome.RESIDUE
        if run.request.status == RequestStatus.PARTIALLY_DONE or _waits_for_people(run):
            break
        rest = 0.0 if run.leased_until is None else (run.leased_until - timezone.now()).total_seconds()
        time.sleep(min(max(rest, 0.0), LONGEST_WAIT))
    if not _left_beyond(run):
        return RestoreOutcome.UNFINISHED
    # Nobody verifies it before the others are empty, and the service serves until then.
    return RestoreOutcome.RESIDUE if verification.left_here(run) else RestoreOutcome.BEYOND


def _left_beyond(run: ErasureRun) -> list[ErasureStep]:
    """Return the stores beyond the vault that are not empty, where every store of the vault is; else nothing."""
    if run.phase != RunPhase.KEYS_DESTROYED:
        return []
    with tenancy.vendor():
        left = list(ErasureStep.objects.filter(run=run).exclude(status=StepStatus.DONE))
    return left if all(outside.is_beyond(step) for step in left) else []


def _waits_for_people(run: ErasureRun) -> bool:
    """Say whether nothing is left but what people empty by hand: nobody can attest it while nothing is served."""
    left = _left_beyond(run)
    return bool(left) and {step.store for step in left} <= outside.by_hand()


def _note(found: Replayed, run: str, outcome: RestoreOutcome, tell: Tell) -> None:
    found.outcomes[run] = outcome
    if found.restore is not None:
        restores.note(found.restore, run, outcome)
    tell(run, outcome.value)


def _since(now: datetime) -> datetime:
    """Return the instant: this one, or the caller's where that lies ahead of it."""
    return max(now, timezone.now())
