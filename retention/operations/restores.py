"""Restores that were noticed: begun, their outcome noted entry by entry, finished with a report."""

from contextlib import suppress
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts import tenancy
from accounts.operations import audit, outbox, sent
from retention import ledger
from retention.enums import RestoreKind, RestoreOutcome
from retention.models import ErasureRun, Restore
from retention.operations import gate, ledger_head, others_content, restore_report, verification
from retention.rules.restores import FaultCode, Standing


def kind_of(standing: Standing) -> RestoreKind:
    """Return which database is the older one."""
    codes = {fault.code for fault in standing.faults}
    default = standing.default_behind or FaultCode.TO_REPLAY in codes
    if standing.ledger_behind or FaultCode.LEDGER_OLDER in codes:
        return RestoreKind.BOTH if default else RestoreKind.LEDGER
    return RestoreKind.DEFAULT


def notice(*, now: datetime, by: str) -> bool:
    """Let the databases beat together; where one was restored by which no erasure is concerned, write its report.

    Behind the closed gate nothing happens: that is for people (``manage.py replay_erasures``). Return whether anything
    was written.
    """
    standing = gate.look()
    if standing.closed:
        return False
    if standing.in_step:
        return ledger_head.beat(now=now)
    finish(begin(kind_of(standing), now=now, by=by), now=now, by=by)
    return True


def begin(kind: RestoreKind, *, now: datetime, by: str) -> Restore:
    """Note that a database was restored: until this restore is finished nothing is served. One that began goes on."""
    with tenancy.vendor():
        unfinished = Restore.objects.filter(finished_at__isnull=True).first()
        if unfinished is not None:
            return unfinished
        head = ledger_head.known()
        since = head.beaten_at
    if kind is RestoreKind.LEDGER:
        with ledger.vendor():
            since = ledger_head.pulse().at
    with tenancy.vendor():
        try:
            with transaction.atomic():
                made = Restore.objects.create(kind=kind, known_until=since, noticed_at=now, noticed_by=by)
        except IntegrityError:  # a replay beside this one was faster
            return Restore.objects.get(finished_at__isnull=True)
        audit.record("restore.noticed", made, by=by, at=now, data={"kind": kind.value})
    return made


def note(restore: Restore, run: str, outcome: RestoreOutcome) -> None:
    """Write down what became of one entry, in place of what was written down for it before."""
    with tenancy.vendor():
        locked = Restore.objects.select_for_update().get(pk=restore.pk)
        kept = [one for one in locked.replayed if one["run"] != run]
        locked.replayed = [*kept, {"run": run, "outcome": outcome.value}]
        locked.save(update_fields=["replayed"])


def finish(restore: Restore, *, now: datetime, by: str) -> Restore:
    """End a restore: look at everything that was erased again, write the report, and let both databases go on."""
    with tenancy.vendor():
        # What was erased longer ago than a backup is kept was in none that could be restored.
        checked = ErasureRun.objects.certified().filter(erased_at__gt=now - settings.BACKUP_HORIZON)
        for run in checked.order_by("pk"):
            with suppress(verification.NothingKnown):
                verification.ask_again([run], now=now, by=by)
        noted = Restore.objects.get(pk=restore.pk)
        known_until = noted.known_until
        taken_again = others_content.report([one["run"] for one in noted.replayed])
    report = restore_report.of(known_until, now=now)
    report["others_content"] = taken_again
    report["sent"] = sent.note_lost(known_until, now=restore.noticed_at)
    with tenancy.vendor():
        here = ledger_head.known().pulse
    with ledger.vendor():
        there = ledger_head.pulse().number
    ledger_head.accept()
    ledger_head.resume(max(here, there) + 1, now=now)
    with tenancy.vendor():
        locked = Restore.objects.select_for_update().get(pk=restore.pk)
        if locked.finished_at is None:
            locked.finished_at, locked.report = max(now, locked.noticed_at), report
            locked.save(update_fields=["finished_at", "report"])
            data = {"kind": locked.kind, "replayed": len(locked.replayed), "events_missing": report["trail"]["missing"]}
            audit.record("restore.finished", locked, by=by, at=now, data=data)
            outbox.publish("restore.finished", locked, at=now, payload=data)
    gate.forget()
    return locked
