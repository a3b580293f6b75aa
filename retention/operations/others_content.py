"""What an erasure takes of others' content: listed when the keys go, in the ledger too, and told on the certificate.

After a restore the list of the ledger's entry stands in for the search and the decision, which may be lost.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import F

from accounts import tenancy
from retention.enums import RunPhase
from retention.models import DeletionRequest, ErasureRun, ErasureStep, RequestSubject
from retention.operations.sought import Sought
from retention.operations.stores import BY_NAME
from retention.operations.stores.mentioned import NAME, counting, decided, list_there, there
from retention.rules.certificate import REPLAYED

# What the verifier calls a row that the ledger lists and that is there.
KIND = "others_content"


def list_rows(run: ErasureRun) -> None:
    """List what goes of what the client decided on, and say what stays and why, while nobody can add a hold.

    In the transaction that closes the fence, whose caller has the run's row and the vault alone.
    """
    step = ErasureStep.objects.filter(run=run, store=NAME).first()
    if step is None:
        return
    step.run = run
    list_there(step)
    step.found = len(step.listed or ())
    step.save(update_fields=["found"])


def list_again(run: ErasureRun, refs: Sequence[UUID] | None) -> None:
    """List what the ledger's entry lists, in place of whatever was restored; likewise.

    ``None``, for an entry that is older than such lists: all of the decision that was restored, if it was. Whether a
    hold kept some of it then is not known, so what one keeps now is residue.
    """
    step = ErasureStep.objects.filter(run=run, store=NAME).first()
    if refs is None:
        refs = [row.ref for row in decided(run.organization_id, run.request_id)]
    if step is None and not refs:
        return
    if step is None:
        step = ErasureStep(organization_id=run.organization_id, run=run, store=NAME, position=_make_room(run))
    step.listed, step.found, step.kept = list(refs), len(refs), {}
    step.save()


def listed(run: ErasureRun) -> list[UUID] | None:
    """Return the public ids of what goes, in their order. Opens a scope of its own.

    ``None``: the keys went before such lists were kept. Where they are about to go, the list is made now.
    """
    with tenancy.vendor():
        found = ErasureStep.objects.filter(run=run.pk, store=NAME).exclude(run__phase=RunPhase.PLANNED)
        step = found.select_related("run").first()
        if step is not None and step.listed is None and step.run.phase == RunPhase.DESTROYING:
            list_rows(step.run)
            step.refresh_from_db(fields=["listed"])
        return [] if step is None else step.listed


def restored(organization: int, refs: Sequence[UUID] | None) -> bool:
    """Say whether any of these rows is there."""
    return bool(refs and there(organization, refs))


def said(run: ErasureRun, request: DeletionRequest) -> dict[str, Any] | None:
    """Return what became of others' content, as a certificate says it; ``None``: it was neither searched nor taken.

    ``kept_because``: rows that stayed, by reason; ``not_there``: rows that something else took before, or that a
    restore did not bring back. Of a walk that is older than such counts, what did not go counts as kept.
    """
    step = ErasureStep.objects.filter(run=run, store=NAME).first()
    scan = counting(request.organization_id, request.pk)
    erased = 0 if step is None else step.erased + step.anonymised
    kept = kept_of(step)
    if run.replayed_at is not None and step is not None:
        return {
            "state": REPLAYED,
            "searched_at": None,
            "opened": None,
            "did_not_open": None,
            "named_in": step.found,
            "to_be_erased": True,
            "erased": erased,
            "kept": kept.total(),
            "kept_because": dict(kept),
            "not_there": max(step.found - erased - kept.total(), 0),
        }
    if scan is None:
        return None
    to_be_erased = scan.taken_at is not None
    stayed = kept.total() if to_be_erased else scan.number
    if step is not None and step.listed is None:
        stayed = scan.number - erased
    return {
        "state": scan.state,
        "searched_at": None if scan.finished_at is None else scan.finished_at.isoformat(),
        "opened": scan.examined,
        "did_not_open": scan.unreadable,
        "named_in": scan.number,
        "to_be_erased": to_be_erased,
        "erased": erased,
        "kept": stayed,
        "kept_because": dict(kept),
        "not_there": max(scan.number - erased - stayed, 0),
    }


def search(sought: Iterable[Sought]) -> None:
    """Note what the ledger lists and is there still, for runs that were replayed. In the vendor's scope.

    It was gone before the restore, so whatever keeps it now is for people to look at. What an author wrote who is being
    erased goes with the author.
    """
    for one in sought:
        if one.run.replayed_at is None or one.whole:
            continue
        step = ErasureStep.objects.filter(run=one.run, store=NAME).first()
        rows = there(one.run.organization_id, [] if step is None else step.listed or [])
        going = RequestSubject.objects.filter(organization=one.run.organization_id, fenced_at__isnull=False)
        authors = set(going.values_list("licensed_user", flat=True)) if rows else set()
        for store, count in Counter(row.store for row in rows if row.author not in authors).items():
            one.found.note(f"{NAME}.{store}", KIND, count)


def kept_of(step: ErasureStep | None) -> Counter[str]:
    """Return how many of the rows that the client decided on stayed, by reason."""
    kept = {} if step is None else step.kept
    return Counter(kept.get("fenced", {})) + Counter(kept.get("walked", {}))


def report(runs: Sequence[str]) -> list[dict[str, Any]]:
    """Return what a replay took again of others' content, run by run; numbers only. In the vendor's scope."""
    found = ErasureRun.objects.filter(public_id__in=runs, replayed_at__isnull=False).select_related("request")
    told = []
    for run in found.order_by("pk"):
        one = said(run, run.request)
        if one is not None and one["state"] == REPLAYED:
            numbers = {name: one[name] for name in ("named_in", "erased", "kept", "kept_because", "not_there")}
            told.append({"run": str(run.public_id), **numbers})
    return told


def _make_room(run: ErasureRun) -> int:
    """Return the position of a step that the journal lacks: before the first one that needs it."""
    steps = ErasureStep.objects.filter(run=run).order_by("position")
    needing = {store.name for store in BY_NAME.values() if NAME in store.needs}
    behind = [step.position for step in steps if step.store in needing]
    position = min(behind, default=steps.count() + 1)
    steps.filter(position__gte=position).update(position=F("position") + 1)
    return position
