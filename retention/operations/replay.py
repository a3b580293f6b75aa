"""Bringing a restored database back to what the ledger says: each erased run stands at *destroying* again."""

from datetime import datetime
from uuid import uuid4

from django.db import connection

from accounts import tenancy
from accounts.models import LicensedUser, Organization
from accounts.operations import audit, users
from contracts.rules.periods import local_day
from retention import ledger
from retention.enums import Decision, RequestOrigin, RequestScope, RequestStatus, RunPhase, VaultState
from retention.models import DeletionRequest, ErasureEntry, ErasureRun, ErasureStep, LegalHold, RequestSubject, Vault
from retention.operations import gate, identifying, ledger_head, others_content, outside, runs
from retention.operations.stores import Target
from retention.querysets import OVER
from retention.rules.restores import LEDGER

DONE = (RunPhase.CERTIFIED, RunPhase.COMPLETE)


def to_replay() -> list[ErasureEntry]:
    """Return the ledger's entries whose run is absent here, or stands earlier than *destroying*; the oldest first."""
    with tenancy.vendor():
        head = ledger_head.known()
    with ledger.vendor():
        known = bool(head.digest) and ErasureEntry.objects.filter(pk=head.position, digest=head.digest).exists()
        found = ErasureEntry.objects.filter(purged_at__isnull=True).order_by("pk")
        entries = list(found.filter(pk__gt=head.position) if known else found)
    with tenancy.vendor():
        asked = ErasureRun.objects.filter(public_id__in=[entry.run for entry in entries if entry.run is not None])
        fenced = set(asked.exclude(phase__in=gate.EARLIER).values_list("public_id", flat=True))
    return [entry for entry in entries if entry.run not in fenced]


def adopt(entry: ErasureEntry, *, now: datetime, by: str) -> ErasureRun | None:
    """Let the run of an entry stand at *destroying* here, with what it needs to go on; make what was not restored.

    Two commits: what is missing is made, then the fence is closed as an ordinary run closes it. Nothing is asked that
    an erasure asks before: its keys are gone, so it was approved, and neither contract nor hold was in its way. A hold
    that the restore brought back is released. Killed in between, the next call goes on. ``None``: nothing that the
    entry is about was restored.
    """
    run_id, reference = entry.run, entry.organization_ref
    if run_id is None or reference is None:
        return None
    with tenancy.vendor():
        organization = Organization.objects.filter(public_id=reference).first()
        if organization is None:
            return None
        run = ErasureRun.objects.filter(organization=organization, public_id=run_id).first()
        if run is None or run.phase == RunPhase.CANCELLED:
            made = run or ErasureRun(organization=organization, public_id=run_id, planned_at=now)
            run = _made(made, entry, now=now, by=by)
        if run is None:
            return None
        _release_holds(run, now=now, by=by)
    _fence(run, entry, now=now, by=by)
    return run


def take_over(run: ErasureRun) -> None:
    """Take a run from whoever has it: behind the closed gate nobody works on it who is not stopped by that.

    What it finds is counted once its turn comes: all are fenced first, and those before it took what it shared with
    them.
    """
    with tenancy.vendor():
        ErasureRun.objects.filter(pk=run.pk).update(lease=None, leased_until=None, paused_at=None, paused_by="")
    with tenancy.eraser(run.organization_id):
        locked = ErasureRun.objects.select_for_update(of=("self",), no_key=True).get(pk=run.pk)
        if locked.phase == RunPhase.DESTROYING:
            runs.count_stores(locked)


def _made(run: ErasureRun, entry: ErasureEntry, *, now: datetime, by: str) -> ErasureRun | None:
    """Store the run as it was planned, under its own id; its request too, where that was not restored."""
    organization = run.organization
    people = list(LicensedUser.objects.filter(organization=organization, public_id__in=entry.subject_refs))
    if entry.subject_refs and not people and not others_content.restored(organization.pk, entry.others_refs):
        return None
    request = _request(run, entry, now=now, by=by)
    _list_people(request, people, now=now)
    Vault.objects.bulk_create([Vault(organization=organization, changed_at=now)], ignore_conflicts=True)
    run.request, run.phase = request, RunPhase.PLANNED
    target = Target.of(request)
    runs.seal(run, identifying.identifiers_of(target))
    run.save()
    if not ErasureStep.objects.filter(run=run).exists():
        runs.begin_journal(run, target, outside.names())
    return run


def _request(run: ErasureRun, entry: ErasureEntry, *, now: datetime, by: str) -> DeletionRequest:
    """Return the entry's request, approved: as it was restored, else the one that was open then, else a new one."""
    organization = run.organization
    whole = not entry.subject_refs
    found = DeletionRequest.objects.select_for_update(of=("self",), no_key=True).filter(organization=organization)
    of_kind = found.filter(scope=RequestScope.ORGANIZATION) if whole else found.exclude(scope=RequestScope.ORGANIZATION)
    request = None if entry.request_ref is None else of_kind.filter(public_id=entry.request_ref).first()
    if whole and (request is None or request.status in OVER):
        request = of_kind.exclude(status__in=OVER).first() or request
    if request is None or _another_has(request, run):
        request = _new_request(organization, entry, now=now, by=by)
    request.status, request.refusal, request.closed_at = RequestStatus.APPROVED, "", None
    if request.confirmed_at is None:
        request.confirmed_by, request.confirmed_at = by, entry.destroyed_at
    if request.approved_at is None:
        request.approved_by, request.approved_at = LEDGER, entry.destroyed_at
    request.save()
    return request


def _another_has(request: DeletionRequest, run: ErasureRun) -> bool:
    """Say whether another run erases the request already; one that was only planned gives way."""
    others = ErasureRun.objects.filter(request=request).exclude(public_id=run.public_id)
    others.filter(phase=RunPhase.PLANNED).update(
        phase=RunPhase.CANCELLED, identifiers=None, identifiers_key=None, identifiers_key_version=None
    )
    return others.exclude(phase=RunPhase.CANCELLED).exists()


def _new_request(organization: Organization, entry: ErasureEntry, *, now: datetime, by: str) -> DeletionRequest:
    whole, count = not entry.subject_refs, len(entry.subject_refs)
    some = RequestScope.PERSON if count == 1 else RequestScope.PEOPLE
    on = local_day(entry.destroyed_at, organization.time_zone)
    ref = entry.request_ref
    if ref is None or DeletionRequest.objects.filter(public_id=ref).exists():
        ref = uuid4()
    request = DeletionRequest.objects.create(
        public_id=ref,
        organization=organization,
        scope=RequestScope.ORGANIZATION if whole else some,
        origin=RequestOrigin.RESTORE,
        requested_by=by,
        received_at=now,
        service_ended_on=on if whole else None,
        retrieval_ends_on=on if whole else None,
        erase_from=entry.destroyed_at,
        erase_by=max(now, entry.destroyed_at),
        export_decision=Decision.DECLINED,
        archive_decision=Decision.DECLINED,
    )
    data = {"origin": request.origin, "scope": request.scope, "people": count}
    audit.record("deletion_request.opened", request, by=by, at=now, data=data)
    return request


def _list_people(request: DeletionRequest, people: list[LicensedUser], *, now: datetime) -> None:
    """List the people; another request that lists them lets them go, unless it is erasing them already."""
    theirs = RequestSubject.objects.filter(organization=request.organization_id, licensed_user__in=people)
    others = theirs.exclude(request=request)
    others.filter(let_go_at__isnull=True, fenced_at__isnull=True).update(
        let_go_at=now, correction=None, correction_key=None
    )
    busy = set(others.filter(let_go_at__isnull=True).values_list("licensed_user", flat=True))
    theirs.filter(request=request).exclude(licensed_user__in=busy).update(let_go_at=None)
    RequestSubject.objects.bulk_create(
        [
            RequestSubject(organization_id=request.organization_id, request=request, licensed_user=one, added_at=now)
            for one in people
            if one.pk not in busy
        ],
        ignore_conflicts=True,
    )


def _release_holds(run: ErasureRun, *, now: datetime, by: str) -> None:
    """Release the holds on the whole organization's data that the restore brought back: they had been, or no key went.

    People who are fenced are beyond holding in any case.
    """
    if not run.request.whole:
        return
    for hold in LegalHold.objects.filter(organization=run.organization_id).in_force():
        hold.released_by, hold.released_at, hold.listed = by, now, []
        hold.save(update_fields=["released_by", "released_at", "listed"])
        audit.record("legal_hold.released", hold, by=by, at=now, data={"replayed": str(run.public_id)})


def _fence(run: ErasureRun, entry: ErasureEntry, *, now: datetime, by: str) -> None:
    """Close the fence once nobody is inside it, count what there is, and let the run go on from there.

    What goes of others' content is what the entry lists: what a hold kept then is not in it.
    """
    with tenancy.eraser(run.organization_id):
        locked = ErasureRun.objects.select_for_update(of=("self",), no_key=True).get(pk=run.pk)
        if locked.phase != RunPhase.PLANNED:
            return
        request = DeletionRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=locked.request_id)
        vault = Vault.objects.select_for_update().get(organization=run.organization_id)
        organization = Organization.objects.select_for_update(no_key=True).get(pk=run.organization_id)
        users.wait_for_others(organization)
        runs.recount(locked)
        others_content.list_again(locked, entry.others_refs)
        if request.whole:
            vault.state, vault.changed_at = VaultState.DESTROYING, now
            vault.save(update_fields=["state", "changed_at"])
            organization.closed_at = now
            organization.save(update_fields=["closed_at"])
        else:
            RequestSubject.objects.filter(request=request, let_go_at__isnull=True).update(fenced_at=now)
        request.status = RequestStatus.DESTROYING
        request.save(update_fields=["status"])
        locked.phase, locked.lease, locked.leased_until = RunPhase.DESTROYING, None, None
        locked.paused_at, locked.paused_by, locked.replayed_at = None, "", now
        locked.save(update_fields=["phase", "lease", "leased_until", "paused_at", "paused_by", "replayed_at"])
        audit.record("erasure.replayed", locked, by=by, at=now, data={"request": str(request.public_id)})


def alone() -> bool:
    """Say whether this session is the only one that replays; it stays so until it ends, however it ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ledger.CHAIN + 1])
        return bool(cursor.fetchone()[0])


def let_others() -> None:
    """Let another session replay."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [ledger.CHAIN + 1])
