"""Writing emptied tables anew, on an operator's demand: their files then hold no old bytes."""

from datetime import datetime

from django.db.models import Q

from accounts import tenancy
from retention.enums import AddendumKind, StepStatus
from retention.models import ErasureRun, ErasureStep
from retention.operations import addenda
from retention.operations.vacuuming import free, tables_of, vacuumed


def rewrite(*, now: datetime, by: str) -> tuple[list[str], int]:
    """Write every table anew that a run emptied (``VACUUM FULL``): each is locked meanwhile.

    Return the tables, and how many certificates say so. A store whose dead rows a snapshot held back is left out, and
    its run's certificate says nothing. The caller has no transaction open.

    :raises PermissionError: the role may not, of all or some tables.
    """
    with tenancy.vendor():
        emptied = ErasureStep.objects.filter(
            status=StepStatus.DONE, rewritten_at__isnull=True, run__erased_at__isnull=False
        )
        steps = list(emptied.order_by("pk"))
    tables = sorted({table for step in steps for table in tables_of(step.store)})
    done = {table: vacuumed(table, full=True) for table in tables}
    refused = [table for table, outcome in done.items() if outcome is None]
    if refused:
        raise PermissionError(f"Not allowed to write these tables anew: {', '.join(refused)}")
    for step in steps:
        with tenancy.vendor():
            locked = ErasureStep.objects.select_for_update(of=("self",), no_key=True).get(pk=step.pk)
            same = locked.status == StepStatus.DONE and locked.finished_at == step.finished_at
            if same and all(free(locked, done[table]) for table in tables_of(locked.store)):
                locked.rewritten_at = now
                locked.save(update_fields=["rewritten_at"])
    return tables, sum(_say(run_id, now=now, by=by) for run_id in sorted({step.run_id for step in steps}))


def _say(run_id: int, *, now: datetime, by: str) -> bool:
    """Add to the run's certificate that all its tables were written anew, if they were."""
    with tenancy.vendor():
        run = ErasureRun.objects.certified().select_for_update(of=("self",), no_key=True).filter(pk=run_id).first()
        if run is None or ErasureStep.objects.filter(Q(run=run) & ~Q(rewritten_at=now)).exists():
            return False
        return addenda.issue(run, AddendumKind.REWRITTEN, now=now, by=by) is not None
