"""Due/do pairs of retention."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import DateField, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast

from accounts import tenancy
from accounts.errors import Refused
from accounts.models import Organization
from accounts.operations import sent
from accounts.operations.sweeping import Swept, earliest, walk
from accounts.querysets import OrganizationQuerySet
from contracts.enums import ContractStatus
from contracts.models import Contract, SwitchingCase
from retention.enums import RequestOrigin, RequestScope, RequestStatus, RunPhase, SubjectState, VaultState
from retention.models import (
    DeletionRequest,
    ErasureRun,
    ErasureStep,
    KeyRotation,
    LedgerHead,
    RetentionRule,
    SubjectRequest,
    Vault,
)
from retention.operations import (
    carrying_out,
    certificates,
    deleted_people,
    erasure,
    evidence,
    ledger_entries,
    nights,
    orphan_keys,
    outside,
    requests,
    restores,
    rewrapping,
    runs,
    subject_decisions,
    subject_requests,
    subject_steps,
    vacuuming,
    vault,
    verification,
)
from retention.querysets import (
    DeletionRequestQuerySet,
    ErasureRunQuerySet,
    KeyRotationQuerySet,
    RetentionRuleQuerySet,
)

WHOLE = RequestScope.ORGANIZATION


def departures_due(*, at: datetime) -> OrganizationQuerySet:
    """Organizations whose last contract has ended, and whose end has no request yet."""
    contracts = Contract.objects.filter(organization=OuterRef("pk"))
    ended = contracts.filter(status=ContractStatus.ENDED.value, ended_at__lte=at).order_by("-ended_at", "-pk")
    return (
        Organization.objects.annotate(left_on=Subquery(ended.values("ends_on")[:1]))
        .filter(~Exists(contracts.binding()), left_on__isnull=False, closed_at__isnull=True)
        .exclude(
            Exists(
                DeletionRequest.objects.exclude(status=RequestStatus.CANCELLED).filter(
                    organization=OuterRef("pk"), scope=WHOLE, service_ended_on__gte=OuterRef("left_on")
                )
            )
        )
        .order_by("pk")
    )


def open_all(*, at: datetime, by: str) -> Swept:
    """Open the post-termination request of every organization that has left."""
    return walk(
        lambda: departures_due(at=at),
        lambda organization: requests.open_request(organization, origin=RequestOrigin.CONTRACT_END, now=at, by=by),
    )


def deleted_people_due(*, at: datetime) -> OrganizationQuerySet:
    """Organizations with people who were deleted, and for whom nothing was asked since."""
    return deleted_people.due(at=at)


def request_all_deleted(*, at: datetime, by: str) -> Swept:
    """Open the requests that deletions of people bring."""
    return walk(
        lambda: deleted_people_due(at=at), lambda organization: deleted_people.request(organization, now=at, by=by)
    )


def carrying_out_due(*, at: datetime) -> DeletionRequestQuerySet:
    """Exports of people that the client decided on, and requests whose people are gone."""
    return carrying_out.due()


def carry_out_all(*, at: datetime, by: str) -> Swept:
    """Carry out what the clients decided."""
    return walk(lambda: carrying_out_due(at=at), lambda request: carrying_out.carry_out(request, now=at, by=by))


def blocks_due(*, at: datetime) -> DeletionRequestQuerySet:
    """Requests that are held up and it is not noted, or are no longer."""
    return evidence.due(at=at)


def note_blocks(*, at: datetime, by: str) -> Swept:
    """Keep evidence of what holds requests up, and until when."""
    return walk(lambda: blocks_due(at=at), lambda request: evidence.note(request, now=at, by=by))


def returns_due(*, at: datetime) -> DeletionRequestQuerySet:
    """Requests that can still be given up, of organizations that have a contract again."""
    contracts = Contract.objects.binding().filter(organization=OuterRef("organization"))
    found = DeletionRequest.objects.filter(Exists(contracts), scope=WHOLE, status__in=requests.CANCELLABLE)
    return found.order_by("pk")


def cancel_all(*, at: datetime, by: str) -> Swept:
    """Give up the requests of organizations that came back: a successor contract keeps everything."""
    return walk(lambda: returns_due(at=at), lambda request: requests.cancel(request, now=at, by=by))


def switches_due(*, at: datetime) -> DeletionRequestQuerySet:
    """Requests whose erasure was allowed earlier than a switch that was settled since allows it."""
    settled = SwitchingCase.objects.filter(organization=OuterRef("organization")).settled()
    moved = settled.filter(erase_at__gt=OuterRef("erase_from")).exclude(pk__in=SwitchingCase.objects.holding())
    return DeletionRequest.objects.filter(
        Exists(moved), scope=WHOLE, retrieval_waived_at__isnull=True, status__in=requests.CANCELLABLE
    ).order_by("pk")


def follow_switches(*, at: datetime, by: str) -> Swept:
    """Give the client the retrieval period that its switch grants, where that moved after the request was opened."""
    return walk(lambda: switches_due(at=at), lambda request: requests.follow_switch(request, now=at, by=by))


def plans_due(*, at: datetime) -> DeletionRequestQuerySet:
    """Approved requests past their retrieval period, with everything decided, that have no run yet."""
    planned = ErasureRun.objects.filter(request=OuterRef("pk")).exclude(phase=RunPhase.CANCELLED)
    return DeletionRequest.objects.due_for_erasure(at=at).filter(~Exists(planned))


def plan_following(*, after: datetime) -> datetime | None:
    approved = DeletionRequest.objects.filter(status=RequestStatus.APPROVED)
    instants = (earliest(approved, field, after=after) for field in ("erase_from", "grace_until"))
    return min((instant for instant in instants if instant is not None), default=None)


def plan_all(*, at: datetime, by: str) -> Swept:
    """Make the run of every request that is due; one that is blocked waits."""
    return walk(lambda: plans_due(at=at), lambda request: runs.plan(request, now=at, by=by, beyond=outside.names()))


def runs_due(*, at: datetime) -> ErasureRunQuerySet:
    """Unfinished runs that nobody works on."""
    return ErasureRun.objects.due(at=at)


def run_following(*, after: datetime) -> datetime | None:
    """Return when the next lease of a worker that was killed runs out."""
    return earliest(ErasureRun.objects.unfinished(), "leased_until", after=after)


def work(run: ErasureRun, *, at: datetime, by: str, budget: timedelta | None = None) -> None:
    """Take one run from where it stands to its certificate, as far as it goes.

    :raises Refused: a hold is in the way, another worker has the run, residue was found.
    """
    if not erasure.advance(run, now=at, by=by, budget=budget):
        return
    with tenancy.vendor():
        run.refresh_from_db()
    if run.phase == RunPhase.ERASED:
        at = max(at, run.erased_at or at)  # what follows the erasing is dated after it
        with runs.working_on(run, now=at, lasting=settings.VERIFICATION_LEASE) as lease:
            verification.verify(run, lease, by=by)
            at = lease.now()
    with tenancy.vendor():
        run.refresh_from_db()
        if run.phase == RunPhase.VERIFIED:
            certificates.certify(run, now=at, by=by)


def work_all(*, at: datetime, by: str) -> Swept:
    """Take every unfinished run as far as it goes, one after the other."""
    swept = Swept()
    with tenancy.vendor():
        found = list(runs_due(at=at))
    for run in found:
        try:
            work(run, at=at, by=by)
        except Exception as error:  # counted by its code; the engine has noted it on the run
            swept.refuse(str(getattr(error, "code", "error")))
        else:
            swept.done += 1
    return swept


def checks_due(*, at: datetime) -> ErasureRunQuerySet:
    """Certified runs that are looked at again: after an hour, a day, a week, every night between, and on demand."""
    return ErasureRun.objects.to_check(at=at).order_by("pk")


def check_following(*, after: datetime) -> datetime | None:
    """Return when the next look is due, or when a worker that was killed in one gives it up."""
    certified = ErasureRun.objects.certified().filter(next_check_at__isnull=False)
    instants = (earliest(certified, field, after=after) for field in ("next_check_at", "leased_until"))
    return min((instant for instant in instants if instant is not None), default=None)


def check_all(*, at: datetime, by: str) -> Swept:
    """Look again for all of them in one pass over everything."""
    return Swept(done=verification.check_due(now=at, by=by))


def vacuums_due(*, at: datetime) -> QuerySet[ErasureStep]:
    """Emptied stores whose tables may hold dead rows still."""
    return vacuuming.due()


def vacuum_all(*, at: datetime, by: str) -> Swept:
    """Take the dead rows out of the tables that runs emptied; what holds them is noted, and it is tried again."""
    return Swept(done=vacuuming.vacuum(now=at))


def completions_due(*, at: datetime) -> ErasureRunQuerySet:
    """Certified runs, past their last look and past every window that the calendar closes, without dead rows."""
    dead = ErasureStep.objects.filter(run=OuterRef("pk"), vacuumed_at__isnull=True)
    return (
        completing()
        .filter(
            ~Exists(dead),
            erased_at__lte=at - settings.BACKUP_HORIZON,
            identifiers__isnull=True,
            forgotten_at__lte=at - settings.BACKUP_HORIZON,
            keys_destroyed_at__lte=at - max(settings.LEDGER_BACKUP_HORIZON, settings.MODEL_VENDOR_WINDOW),
        )
        .exclude(keys_destroyed_again_at__gt=at - settings.LEDGER_BACKUP_HORIZON)
    )


def completing() -> ErasureRunQuerySet:
    """Certified runs past their last look."""
    return ErasureRun.objects.filter(phase=RunPhase.CERTIFIED, next_check_at__isnull=True).order_by("pk")


def completion_following(*, after: datetime) -> datetime | None:
    """Return when the next window closes by the calendar."""
    windows = (
        ("erased_at", settings.BACKUP_HORIZON),
        ("forgotten_at", settings.BACKUP_HORIZON),
        ("keys_destroyed_at", max(settings.LEDGER_BACKUP_HORIZON, settings.MODEL_VENDOR_WINDOW)),
        ("keys_destroyed_again_at", settings.LEDGER_BACKUP_HORIZON),
    )
    certified = ErasureRun.objects.filter(phase=RunPhase.CERTIFIED)
    found = ((earliest(certified, field, after=after - window), window) for field, window in windows)
    return min((instant + window for instant, window in found if instant is not None), default=None)


def complete_all(*, at: datetime, by: str) -> Swept:
    """Say of every certificate whose windows have closed that it is complete."""
    return walk(lambda: completions_due(at=at), lambda run: certificates.complete(run, now=at, by=by))


def reopenings_due(*, at: datetime) -> OrganizationQuerySet:
    """Organizations that came back after their erasure: their vault may take content again."""
    vaults = Vault.objects.filter(organization=OuterRef("pk"), state=VaultState.DESTROYED)
    # Made or concluded since: a contract that a restore brought back is no return of the client.
    closed_on = Cast(OuterRef("closed_at"), DateField())
    since = Q(created_at__gt=OuterRef("closed_at")) | Q(concluded_on__gte=closed_on)
    contracts = Contract.objects.binding().filter(since, organization=OuterRef("pk"))
    unfinished = DeletionRequest.objects.open().filter(organization=OuterRef("pk"), scope=WHOLE)
    return (
        Organization.objects.filter(Q(closed_at__isnull=False), Exists(vaults), Exists(contracts))
        .exclude(Exists(unfinished))
        .order_by(F("pk"))
    )


def reopen_all(*, at: datetime, by: str) -> Swept:
    """Let content in again where a client came back."""
    return walk(lambda: reopenings_due(at=at), lambda organization: vault.reopen(organization, now=at, by=by))


def rewraps_due(*, at: datetime) -> KeyRotationQuerySet:
    """The key rotation that runs, unless it rests."""
    return KeyRotation.objects.due(at=at)


def rewrap_following(*, after: datetime) -> datetime | None:
    """Return when a rotation that something stood in the way of is tried again."""
    return earliest(KeyRotation.objects.running(), "retry_at", after=after)


def rewrap_all(*, at: datetime, by: str) -> Swept:
    """Go on with the key rotation that runs, for as long as a task may take."""
    swept, budget = Swept(), timedelta(seconds=settings.CELERY_TASK_SOFT_TIME_LIMIT / 2)
    with tenancy.vendor():
        found = list(rewraps_due(at=at))
    for rotation in found:
        try:
            swept.done += rewrapping.work(rotation, now=at, by=by, budget=budget)
        except Refused as error:
            swept.refuse(error.code)
    return swept


def pulses_due(*, at: datetime) -> QuerySet[LedgerHead]:
    """The head of the ledger before its first pulse. Later ones follow the real clock: no rehearsal waits for them."""
    return LedgerHead.objects.filter(beaten_at__isnull=True)


def beat(*, at: datetime, by: str) -> Swept:
    """Let both databases beat together, or notice that one was restored."""
    return Swept(done=int(restores.notice(now=at, by=by)))


def entries_due(*, at: datetime) -> ErasureRunQuerySet:
    """Runs whose entry in the ledger is to be told when it expires, or to be purged."""
    return ledger_entries.due(at=at)


def tend_entries(*, at: datetime, by: str) -> Swept:
    """Purge the ledger's entries that have expired."""
    return Swept(done=ledger_entries.tend(now=at, by=by) + sent.forget(before=at - settings.BACKUP_HORIZON))


def orphans_due(*, at: datetime) -> QuerySet[LedgerHead]:
    """The head of the ledger before the first look for orphan keys. Later ones follow the real clock."""
    return orphan_keys.due(at=at).filter(orphans_sought_at__isnull=True)


def destroy_orphans(*, at: datetime, by: str) -> Swept:
    """Destroy the keys of nobody."""
    with tenancy.vendor():
        wanted = orphan_keys.due(at=at).exists()
    return Swept(done=orphan_keys.sweep(now=at, by=by) if wanted else 0)


def nights_due(*, at: datetime) -> RetentionRuleQuerySet:
    """Retention rules whose night may begin, or has begun and is not over."""
    return RetentionRule.objects.due_for_a_night(at=at)


def night_following(*, after: datetime) -> datetime | None:
    """Return when the next night of a rule may begin: a local midnight of its client."""
    return earliest(RetentionRule.objects.awake(), "next_at", after=after)


def keep_all(*, at: datetime, by: str) -> Swept:
    """Erase what is older than the rules of the clients say, one rule after the other."""
    swept = Swept()
    with tenancy.vendor():
        found = list(nights_due(at=at))
    for rule in found:
        try:
            swept.done += nights.work(rule, now=at, by=by)
        except Refused as error:
            swept.refuse(error.code)
    return swept


def subjects_due(*, at: datetime) -> QuerySet[SubjectRequest]:
    """Requests of people on which time has brought something, or whose decision is carried out."""
    finished = Q(state=SubjectState.GRANTED, request__status__in=subject_decisions.OVER)
    gone = Q(organization__closed_at__isnull=False, organization__content_erased_at__lte=at)
    left = Q(gone, state__in=subject_requests.OPEN)
    return SubjectRequest.objects.filter(Q(next_at__lte=at) | finished | left).order_by("pk")


def subject_following(*, after: datetime) -> datetime | None:
    """The next instant at which time alone brings something on a person's request."""
    return earliest(SubjectRequest.objects.all(), "next_at", after=after)


def step_all_subjects(*, at: datetime, by: str) -> Swept:
    """Remind, warn, answer and forget, as it is due."""
    return walk(lambda: subjects_due(at=at), lambda request: subject_steps.step(request, now=at, by=by))
