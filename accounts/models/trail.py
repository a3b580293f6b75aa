"""The trail: what happened, who must be told, and what was already answered. Rows here outlive what they describe."""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import formats
from django.utils.translation import gettext_lazy as _

from accounts.db.settled import written_in
from accounts.querysets import OutboxQuerySet


class AuditEvent(models.Model):
    """A fact: codes, public ids and a salted digest only. No foreign keys: it outlives its subject; never changed.

    ``vendor_only`` says that the client whom it is about does not read it (row security holds it). ``written_in`` is
    the transaction that wrote it: an event is sealed once that has certainly ended.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    organization_id = models.BigIntegerField(null=True, blank=True)
    name = models.CharField(_("event"), max_length=80)
    subject_type = models.CharField(_("subject type"), max_length=80)
    subject_id = models.UUIDField(_("subject"))
    actor = models.CharField(_("by"), max_length=80)
    data = models.JSONField(_("data"), default=dict)
    detail_digest = models.CharField(_("digest of the detail"), max_length=64, blank=True)
    vendor_only = models.BooleanField(_("for the vendor only"), default=False, db_default=False)
    occurred_at = models.DateTimeField(_("occurred at"))
    recorded_at = models.DateTimeField(_("recorded at"), db_default=Now())
    written_in = written_in()

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        indexes = [
            models.Index(fields=["organization_id", "id"], name="audit_by_organization"),
            models.Index(fields=["subject_id", "id"], name="audit_by_subject"),
            models.Index(fields=["written_in", "id"], name="audit_by_transaction"),
            models.Index(fields=["actor", "id"], name="audit_by_actor"),
            models.Index(fields=["occurred_at", "id"], name="audit_by_instant"),
            # The pattern's operators serve the beginning of a name too ("contract.").
            models.Index(fields=["name", "id"], name="audit_by_name", opclasses=["varchar_pattern_ops", "int8_ops"]),
        ]

    def __str__(self) -> str:
        return self.name


class AuditDetail(models.Model):
    """The erasable part of an event: free text, addresses, e-mails, and the salt of the digest."""

    event_id = models.BigIntegerField(primary_key=True)
    organization_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    salt = models.BinaryField()
    text = models.JSONField(_("text"))
    vendor_only = models.BooleanField(_("for the vendor only"), default=False, db_default=False)

    class Meta:
        verbose_name = _("audit detail")
        verbose_name_plural = _("audit details")

    def __str__(self) -> str:
        return str(self.event_id)


class OutboxMessage(models.Model):
    """An announcement to deliver at least once: an event's name and public ids, never personal data."""

    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    organization = models.ForeignKey(
        "accounts.Organization", models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )
    topic = models.CharField(_("topic"), max_length=80)
    subject_type = models.CharField(_("subject type"), max_length=80)
    subject_id = models.UUIDField(_("subject"))
    payload = models.JSONField(_("payload"), default=dict)
    occurred_at = models.DateTimeField(_("occurred at"))
    recorded_at = models.DateTimeField(_("recorded at"), db_default=Now())
    next_attempt_at = models.DateTimeField(_("next attempt at"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    failed_at = models.DateTimeField(_("given up at"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=80, blank=True)
    written_in = written_in()
    fanned_out_at = models.DateTimeField(_("given to webhooks at"), null=True, blank=True)
    # After a restore: something like it was sent before, and is lost; people say what becomes of it.
    held_at = models.DateTimeField(_("held at"), null=True, blank=True)
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)

    objects = OutboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("outbox message")
        verbose_name_plural = _("outbox messages")
        constraints = [
            models.CheckConstraint(
                condition=Q(delivered_at__isnull=True) | Q(failed_at__isnull=True),
                name="outbox_delivered_or_failed",
            ),
            models.CheckConstraint(
                condition=Q(held_at__isnull=True) | Q(released_at__isnull=True), name="outbox_held_until_released"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=Q(delivered_at__isnull=True, failed_at__isnull=True),
                name="outbox_due",
            ),
            models.Index(fields=["organization", "id"], name="outbox_by_organization"),
            models.Index(fields=["id"], condition=Q(fanned_out_at__isnull=True), name="outbox_to_fan_out"),
            models.Index(fields=["id"], condition=Q(held_at__isnull=False), name="outbox_held"),
        ]

    def __str__(self) -> str:
        return self.topic


class IdempotencyKey(models.Model):
    """An answered POST: the same key and body get the same answer again, another body is refused."""

    organization = models.ForeignKey(
        "accounts.Organization", models.PROTECT, related_name="+", null=True, blank=True, db_index=True
    )
    actor = models.CharField(max_length=80)
    key = models.CharField(max_length=255)
    request_digest = models.CharField(max_length=64)
    response_status = models.PositiveSmallIntegerField(null=True, blank=True)
    response_body = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [models.UniqueConstraint(fields=["actor", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return self.key


class SimulatedClock(models.Model):
    """Where time travel stands (one row at most): real sweeps refuse to run while it is ahead of the clock."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    stands_at = models.DateTimeField(_("stands at"))

    class Meta:
        verbose_name = _("simulated clock")
        verbose_name_plural = _("simulated clocks")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="simulated_clock_is_one_row")]

    def __str__(self) -> str:
        return formats.date_format(self.stands_at, "DATETIME_FORMAT")
