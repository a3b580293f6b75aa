"""Verification: looking, in both databases, in files and in the broker, for what should be gone: at once, and again.

Independent of the eraser: the tables and columns come from the databases' catalogues, never from the eraser's list.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts import tenancy
from accounts.errors import Refused
from accounts.models import LicensedUser, User
from accounts.operations import audit, outbox
from retention import ledger
from retention.enums import AddendumKind, RequestStatus, RunPhase
from retention.models import DeletionRequest, ErasureEntry, ErasureRun, ErasureStep, Verification
from retention.operations import addenda, blocking, identifying, others_content, runs
from retention.operations.elsewhere import search_broker, search_files
from retention.operations.outside import BEYOND
from retention.operations.searching import search_database
from retention.operations.searching_beyond import search_beyond
from retention.operations.sought import Findings, Hit, Sought
from retention.operations.stores import Target
from retention.rules.acceptance import open_hits
from retention.rules.checks import gives_up_at, next_check
from retention.rules.terms import Identifiers

__all__ = ["Findings", "Hit", "NothingKnown", "StoreSilent", "ask_again", "check_due", "search", "verify"]


class StoreSilent(Refused):
    """A store beyond the vault does not answer whether anything is left in it."""

    code = "store_silent"


class NothingKnown(Refused):
    """What was searched for is destroyed, here and in the ledger: a search would find nothing, whatever is there."""

    code = "nothing_known"


# How long after a pass a store that did not answer is asked again.
ASKED_AGAIN = timedelta(hours=1)


def verify(run: ErasureRun, lease: runs.Lease, *, by: str) -> Verification:
    """Look everywhere for what the run should have erased, and record what was seen; a hit stops it, for people.

    The lease holds from before the search to its record, so no older search overrules a newer one.

    :raises LeaseLost: another worker has the run.
    :raises StoreSilent: a store beyond the vault does not answer; it is asked again later.
    :raises Refused: the identifiers were destroyed, so nothing can be searched for.
    """
    findings = search([run], now=lease.now())[run.pk]
    with tenancy.vendor(), transaction.atomic():
        locked = runs.held(run, lease)
        _note_silent(locked, findings)
        if not (silent := _nothing_known(locked, findings)):
            now = lease.now()
            made, passed = _record(locked, findings, now=now, by=by)
            if locked.phase == RunPhase.ERASED:
                locked.phase = RunPhase.VERIFIED if passed else RunPhase.RESIDUE_FOUND
                locked.save(update_fields=["phase"])
                DeletionRequest.objects.filter(pk=locked.request_id).update(
                    status=RequestStatus.VERIFIED if passed else RequestStatus.FAILED
                )
    if silent:
        raise StoreSilent("A store beyond the vault does not say whether it is empty.")
    return made


def check_due(*, now: datetime, by: str) -> int:
    """Look again for all certified runs that are due, in one pass over everything; return how many were looked at.

    A hit reopens the request, and the certificate gets an addendum that says so. With the last scheduled check what
    was searched for is destroyed, and it is said which stores it could not look into. Killed, or beside another
    worker, no run is looked at twice at a time.
    """
    lease = runs.Lease.starting(now)
    with tenancy.vendor():
        until = now + settings.VERIFICATION_LEASE
        ErasureRun.objects.to_check(at=now).update(lease=lease.id, leased_until=until)
        taken = list(ErasureRun.objects.filter(lease=lease.id).order_by("pk"))
    if not taken:
        return 0
    try:
        findings = search(taken, now=now)
        return sum(_record_again(run, lease, findings[run.pk], by=by) for run in taken)
    finally:
        for run in taken:
            runs.give_back(run, lease)


@transaction.atomic
def ask_again(asked: Iterable[ErasureRun], *, now: datetime, by: str) -> int:
    """Have certified runs looked at with the next sweep, as after a restore; return how many will be.

    What to search for was destroyed with the last scheduled check: then it is read again from the ledger's opaque ids,
    and from the rows that they name, if there are any. So is a run that stopped at residue, which somebody mended by
    hand: nothing more is erased for it. Any other run is looked at anyway. The caller is in the vendor's scope, and not
    in the ledger's.

    :raises NothingKnown: neither is there anything to search for any more, nor is every row of the client too much.
    :raises Refused: residue was found, and a later request for the whole organization is open.
    """
    count = 0
    for one in asked:
        locked = ErasureRun.objects.select_for_update(of=("self",), no_key=True).get(pk=one.pk)
        if locked.phase == RunPhase.RESIDUE_FOUND:
            search_again(locked)
        elif locked.phase in (RunPhase.CERTIFIED, RunPhase.COMPLETE):
            _plan_check(locked, at=now)
        else:
            continue
        audit.record("erasure.check_asked", locked, by=by, at=now)
        count += 1
    return count


def search_again(locked: ErasureRun) -> None:
    """Send a run that stopped at residue to a new verification, and to nothing else, in the caller's transaction.

    :raises Refused: a later request for the whole organization is open.
    """
    request = DeletionRequest.objects.select_for_update(no_key=True).get(pk=locked.request_id)
    blocking.refuse_beside_another(request)
    locked.phase, locked.lease, locked.leased_until = RunPhase.ERASED, None, None
    locked.save(update_fields=["phase", "lease", "leased_until"])
    request.status, request.closed_at = RequestStatus.ERASED, None
    request.save(update_fields=["status", "closed_at"])


def _plan_check(locked: ErasureRun, *, at: datetime) -> None:
    """Let the next pass look at a certified run too."""
    if locked.identifiers is None:
        known = _known_of(locked)
        if known.empty and not (locked.request.whole and locked.organization.closed_at is not None):
            raise NothingKnown("Nothing to search for is known any more: the ledger's entry is purged.")
        runs.seal(locked, known)
    locked.next_check_at = locked.check_asked_at = at
    locked.save(
        update_fields=["identifiers", "identifiers_key", "identifiers_key_version", "next_check_at", "check_asked_at"]
    )


def search(wanted: Sequence[ErasureRun], *, now: datetime) -> dict[int, Findings]:
    """Search both databases, files, broker, and stores beyond the vault, reading everything once. Writes nothing.

    :raises Refused: the identifiers of one were destroyed.
    """
    sought = _searched_here(wanted)
    search_beyond(sought, now=now)
    return {one.run.pk: one.found for one in sought}


def left_here(run: ErasureRun) -> bool:
    """Say whether something of a run is left in what this service keeps itself, whatever stores beyond it hold.

    :raises Refused: the identifiers were destroyed.
    """
    (one,) = _searched_here([run])
    return bool(one.found.hits)


def _searched_here(wanted: Sequence[ErasureRun]) -> list[Sought]:
    """Search both databases, files and broker."""
    with tenancy.vendor():
        found = ErasureRun.objects.select_related("organization", "request").filter(pk__in=[run.pk for run in wanted])
        sought = [_sought(run) for run in found.order_by("pk")]
        contacts = frozenset(email.lower() for email in User.objects.values_list("email", flat=True))
        search_database("default", sought)
        others_content.search(sought)
    with ledger.vendor():
        search_database("ledger", sought)
    search_files(sought, contacts)
    search_broker(sought)
    return sought


def _sought(run: ErasureRun) -> Sought:
    terms = runs.unseal(run)
    whole = run.request.whole
    came_back = whole and run.organization.closed_at is None
    returned = identifying.returned(run.organization_id, terms, whole=whole)
    return Sought.of(run, terms, whole=whole, came_back=came_back, returned=returned)


def _known_of(run: ErasureRun) -> Identifiers:
    """Return the identifiers that can be known again: opaque ids of the ledger, and rows that came back with them."""
    with ledger.vendor():
        entry = ErasureEntry.objects.filter(run=run.public_id).first()
    refs = frozenset(entry.subject_refs) if entry is not None else frozenset()
    rows = LicensedUser.objects.filter(organization=run.organization_id)
    # Of a whole organization whoever was there before: it may be a client again, with other people.
    rows = rows.filter(created_at__lt=run.planned_at) if run.request.whole else rows.filter(public_id__in=refs)
    return identifying.identifiers_of_people(rows, Target.of(run.request), uuids=refs)


def _nothing_known(run: ErasureRun, findings: Findings) -> bool:
    """Whether nothing can be said: neither that a run's data are gone, nor that anything of them is left."""
    return bool(findings.unanswered) and not open_hits([asdict(hit) for hit in findings.hits], run.accepted)


def _note_silent(run: ErasureRun, findings: Findings) -> None:
    """Write at each store beyond the vault why it did not answer: the certificate waits for it, and people must know.

    Of those that did answer, what stood there is over.
    """
    steps = ErasureStep.objects.filter(run=run, store__startswith=BEYOND)
    for store, why in findings.why_silent.items():
        steps.filter(store=store).update(last_error=why)
    steps.exclude(store__in=findings.why_silent).exclude(last_error="").update(last_error="")


def _name_unsearched(run: ErasureRun, findings: Findings, *, now: datetime, by: str) -> None:
    """Say which stores the last look could not go into: nobody looks again by itself."""
    stores = [*findings.left_out, *findings.unanswered]
    if stores:
        audit.record("erasure.stores_not_searched", run, by=by, at=now, data={"stores": stores})
        outbox.publish("erasure.stores_not_searched", run, at=now, payload={"stores": len(stores)})


def _record(run: ErasureRun, findings: Findings, *, now: datetime, by: str) -> tuple[Verification, bool]:
    """Write down one look at everything; say whether nothing is left, but what an officer accepted."""
    hits = [asdict(hit) for hit in findings.hits]
    passed = not open_hits(hits, run.accepted)
    made = Verification.objects.create(
        organization_id=run.organization_id,
        run=run,
        performed_at=now,
        passed=passed,
        searched=findings.searched(),
        hits=hits,
    )
    name = "erasure.verified" if passed else "erasure.residue_found"
    audit.record(name, run, by=by, at=now, data={"hits": len(hits), "tables": findings.tables})
    outbox.publish(name, run, at=now, payload={"hits": len(hits)})
    return made, passed


def _record_again(run: ErasureRun, lease: runs.Lease, findings: Findings, *, by: str) -> bool:
    """Write down what a pass saw of one run; say whether it was still this pass's to say."""
    with tenancy.vendor():
        rows = ErasureRun.objects.select_for_update(of=("self",), no_key=True)
        locked = rows.filter(pk=run.pk, lease=lease.id, phase__in=[RunPhase.CERTIFIED, RunPhase.COMPLETE]).first()
        if locked is None:
            return False
        now = lease.now()
        waits_until = gives_up_at(locked.certified_at or now, asked_at=locked.check_asked_at)
        if _nothing_known(locked, findings) and now < waits_until:
            locked.next_check_at = now + ASKED_AGAIN
            locked.save(update_fields=["next_check_at"])
            return False
        _made, passed = _record(locked, findings, now=now, by=by)
        asked = locked.check_asked_at
        # What was asked for while this pass was on its way is for the next one.
        later = asked is not None and asked > lease.started_at
        locked.check_asked_at = asked if later else None
        if passed and later:
            locked.next_check_at = asked
        elif passed:
            locked.next_check_at = next_check(locked.certified_at or now, after=now)
            if locked.next_check_at is None:
                runs.forget_identifiers(locked, now=now)
                _name_unsearched(locked, findings, now=now, by=by)
            if asked is not None:
                addenda.issue(locked, AddendumKind.CHECKED_AGAIN, now=now, by=by)
        else:
            locked.phase = RunPhase.RESIDUE_FOUND
            locked.next_check_at = locked.completed_at = None
            _reopen(locked)
            addenda.issue(locked, AddendumKind.RESIDUE_FOUND, now=now, by=by)
        locked.save(
            update_fields=[
                "phase",
                "next_check_at",
                "completed_at",
                "check_asked_at",
                "identifiers",
                "forgotten_at",
                "identifiers_key",
                "identifiers_key_version",
            ]
        )
        return True


def _reopen(run: ErasureRun) -> None:
    """Open the request again; one that a later request for the whole organization stands in for stays as it is."""
    request = DeletionRequest.objects.select_for_update(no_key=True).get(pk=run.request_id)
    if blocking.others_of_the_whole(request).exists():
        return
    request.status, request.closed_at = RequestStatus.FAILED, None
    request.save(update_fields=["status", "closed_at"])
