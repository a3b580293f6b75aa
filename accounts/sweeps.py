"""Due/do pairs of accounts."""

from datetime import datetime

from django.db.models import QuerySet

from accounts import tenancy
from accounts.enums import BulkState, FindingState, LicenceStatus, RuleMode
from accounts.models import (
    AccessRule,
    AuditEvent,
    AuditSeal,
    BulkJob,
    IdempotencyKey,
    LicenceGrant,
    LicensedUser,
    Organization,
    OutboxMessage,
    RuleFinding,
    WebhookDelivery,
    WebhookEndpoint,
)
from accounts.operations import (
    access,
    bulk,
    calling,
    clock,
    delivery,
    fanning,
    heads,
    licences,
    rule_runs,
    sealing,
)
from accounts.operations.sweeping import Swept, earliest, walk
from accounts.querysets import (
    LOOKS_EVERY,
    AccessRuleQuerySet,
    OrganizationQuerySet,
    OutboxQuerySet,
    WebhookDeliveryQuerySet,
)


def alignments_due(*, at: datetime) -> OrganizationQuerySet:
    return Organization.objects.due_for_licence_alignment(at=at)


def alignment_following(*, after: datetime) -> datetime | None:
    """Return when the next licence begins or ends."""
    grants = LicenceGrant.objects.all()
    found = (earliest(grants, field, after=after) for field in ("valid_from", "valid_until"))
    return min((instant for instant in found if instant is not None), default=None)


def align_all(*, at: datetime, by: str) -> Swept:
    """Suspend the users of organizations without a licence, activate those who wait for one."""
    return walk(lambda: alignments_due(at=at), lambda organization: licences.align(organization, now=at, by=by))


def suspension_ends_due(*, at: datetime) -> OrganizationQuerySet:
    return Organization.objects.with_suspensions_that_end(at=at)


def suspension_end_following(*, after: datetime) -> datetime | None:
    suspended = LicensedUser.objects.filter(status=LicenceStatus.SUSPENDED)
    return earliest(suspended, "suspended_until", after=after)


def end_all_suspensions(*, at: datetime, by: str) -> Swept:
    """Let in those whose suspension has its end."""
    return walk(
        lambda: suspension_ends_due(at=at), lambda organization: access.end_suspensions(organization, now=at, by=by)
    )


def deletions_due(*, at: datetime) -> OrganizationQuerySet:
    return Organization.objects.with_deletions_due(at=at)


def deletion_following(*, after: datetime) -> datetime | None:
    return earliest(LicensedUser.objects.filter(status=LicenceStatus.SCHEDULED), "delete_at", after=after)


def delete_all(*, at: datetime, by: str) -> Swept:
    """Delete those whose grace is over."""
    return walk(lambda: deletions_due(at=at), lambda organization: access.delete_due(organization, now=at, by=by))


def rules_due(*, at: datetime) -> AccessRuleQuerySet:
    return AccessRule.objects.due_for_a_look(at=at)


def rule_following(*, after: datetime) -> datetime | None:
    """Return when a rule looks again by itself, or the warning period of somebody whom it found is over."""
    looks = earliest(AccessRule.objects.looking(), "evaluated_at", after=after - LOOKS_EVERY)
    open_findings = RuleFinding.objects.filter(
        state=FindingState.OPEN, rule__mode__in=[RuleMode.OBSERVE, RuleMode.ENFORCED]
    )
    found = (None if looks is None else looks + LOOKS_EVERY, earliest(open_findings, "acts_at", after=after))
    return min((instant for instant in found if instant is not None), default=None)


def look_by_rules(*, at: datetime, by: str) -> Swept:
    """Let clients' rules find, warn and act."""
    return walk(lambda: rules_due(at=at), lambda rule: rule_runs.look(rule, now=at, by=by))


def bulk_due(*, at: datetime) -> QuerySet[BulkJob]:
    jobs = BulkJob.objects.exclude(state=BulkState.FINISHED).filter(organization__closed_at__isnull=True)
    return jobs.filter(created_at__lte=at).order_by("pk")


def work_in_bulk(*, at: datetime, by: str) -> Swept:
    """Do what bulk jobs ask for, a chunk of each in turn."""
    return walk(lambda: bulk_due(at=at), lambda job: bulk.work(job, now=at, by=by))


def deliveries_due(*, at: datetime) -> OutboxQuerySet:
    return OutboxMessage.objects.due_for_delivery(at=at)


def delivery_following(*, after: datetime) -> datetime | None:
    waiting = OutboxMessage.objects.filter(delivered_at__isnull=True, failed_at__isnull=True)
    return earliest(waiting, "next_attempt_at", after=after)


def deliver_all(*, at: datetime, by: str) -> Swept:
    """Deliver what the outbox holds."""
    return walk(lambda: deliveries_due(at=at), lambda message: delivery.deliver(message, now=at))


def fan_outs_due(*, at: datetime) -> OutboxQuerySet:
    return OutboxMessage.objects.to_fan_out()


def fan_out_all(*, at: datetime, by: str) -> Swept:
    """Give announcements to the webhooks that hear them. In rehearsed time nobody hears them."""
    swept, heard = Swept(), clock.is_real(at)
    while True:
        with tenancy.vendor():
            count = fanning.fan_out(now=at, heard=heard)
        if not count:
            return swept
        swept.done += count


def calls_due(*, at: datetime) -> WebhookDeliveryQuerySet:
    return WebhookDelivery.objects.due_for_call(at=at)


def call_following(*, after: datetime) -> datetime | None:
    """Return when an attempt is due next, a receiver has rested, or a lease is over."""
    waiting = WebhookDelivery.objects.waiting()
    found = (
        earliest(waiting, "next_attempt_at", after=after),
        earliest(waiting, "claimed_until", after=after),
        earliest(WebhookEndpoint.objects.filter(enabled=True), "rests_until", after=after),
    )
    return min((instant for instant in found if instant is not None), default=None)


def call_all(*, at: datetime, by: str) -> Swept:
    """Call the webhooks for what waits. In rehearsed time nobody outside is called."""
    return calling.call_all(at=at) if clock.is_real(at) else Swept()


def keys_due(*, at: datetime) -> QuerySet[IdempotencyKey]:
    return IdempotencyKey.objects.filter(expires_at__lte=at).order_by("pk")


def key_following(*, after: datetime) -> datetime | None:
    return earliest(IdempotencyKey.objects.all(), "expires_at", after=after)


def drop_keys(*, at: datetime, by: str) -> Swept:
    """Forget answers older than a day."""
    return walk(lambda: keys_due(at=at), lambda key: key.delete())


def seals_due(*, at: datetime) -> QuerySet[AuditEvent]:
    """Events without a seal whose transaction has certainly ended, whatever the instant."""
    return sealing.ready()


def seal_all(*, at: datetime, by: str) -> Swept:
    """Chain what was written, a chunk a transaction. A seal's instant is the database's own, not the sweep's."""
    swept = Swept()
    while True:
        with tenancy.vendor():
            sealed = sealing.seal()
        swept.done += sealed
        if sealed < sealing.CHUNK:
            return swept


def heads_due(*, at: datetime) -> QuerySet[AuditSeal]:
    return heads.due(at=at)


def head_following(*, after: datetime) -> datetime | None:
    return heads.following(after=after)


def export_heads(*, at: datetime, by: str) -> Swept:
    """Carry away the head of the trail, once a day while it grows."""
    swept = Swept()
    with tenancy.vendor():
        swept.done += heads.export(now=at, by=by) is not None
    return swept
