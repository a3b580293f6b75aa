"""Due/do pairs of accounts."""

from datetime import datetime

from django.db.models import QuerySet

from accounts import tenancy
from accounts.models import AuditEvent, AuditSeal, IdempotencyKey, LicenceGrant, Organization, OutboxMessage
from accounts.operations import delivery, heads, licences, sealing
from accounts.operations.sweeping import Swept, earliest, walk
from accounts.querysets import OrganizationQuerySet, OutboxQuerySet


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


def deliveries_due(*, at: datetime) -> OutboxQuerySet:
    return OutboxMessage.objects.due_for_delivery(at=at)


def delivery_following(*, after: datetime) -> datetime | None:
    waiting = OutboxMessage.objects.filter(delivered_at__isnull=True, failed_at__isnull=True)
    return earliest(waiting, "next_attempt_at", after=after)


def deliver_all(*, at: datetime, by: str) -> Swept:
    """Deliver what the outbox holds."""
    return walk(lambda: deliveries_due(at=at), lambda message: delivery.deliver(message, now=at))


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
