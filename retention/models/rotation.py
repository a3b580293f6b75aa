"""Key-encryption keys that were used here, and the jobs that wrap everything anew under the newest of them."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from retention.enums import RotationState
from retention.querysets import KeyRotationQuerySet


class KeyEncryptionKey(models.Model):
    """A version of the key-encryption key: what tells it from another one, never the key. Compared at every start."""

    version = models.PositiveIntegerField(_("version"), unique=True)
    check_value = models.CharField(_("check value"), max_length=16)
    first_seen_at = models.DateTimeField(_("first seen at"))

    class Meta:
        verbose_name = _("key-encryption key")
        verbose_name_plural = _("key-encryption keys")
        constraints = [
            models.CheckConstraint(condition=Q(version__gte=1), name="key_encryption_key_version_from_one"),
            models.CheckConstraint(
                condition=Q(check_value__regex=r"^[0-9a-f]{16}$"), name="key_encryption_key_check_value_is_hex"
            ),
        ]

    def __str__(self) -> str:
        return str(self.version)


class KeyRotation(models.Model):
    """A job: whatever is wrapped under a version older than the target is wrapped anew, place by place.

    ``retry_at``: something did not open, or was held by others; until then no worker looks again.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    target_version = models.PositiveIntegerField(_("target version"))
    state = models.CharField(_("state"), max_length=16, choices=RotationState.choices, default=RotationState.RUNNING)
    started_at = models.DateTimeField(_("started at"))
    started_by = models.CharField(_("started by"), max_length=80)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    retry_at = models.DateTimeField(_("tried again at"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=120, blank=True)

    objects = KeyRotationQuerySet.as_manager()

    class Meta:
        verbose_name = _("key rotation")
        verbose_name_plural = _("key rotations")
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state=RotationState.RUNNING), name="key_rotation_one_at_a_time"
            ),
            models.CheckConstraint(condition=Q(state__in=RotationState.values), name="key_rotation_state_known"),
            models.CheckConstraint(condition=Q(target_version__gte=1), name="key_rotation_version_from_one"),
            models.CheckConstraint(
                condition=Q(state=RotationState.RUNNING, finished_at__isnull=True)
                | (~Q(state=RotationState.RUNNING) & Q(finished_at__isnull=False)),
                name="key_rotation_runs_until_it_is_over",
            ),
        ]

    def __str__(self) -> str:
        return str(_("to version %(version)d") % {"version": self.target_version})


class KeyRotationStep(models.Model):
    """One place of a job: how many values were older than its target, how many of them are not any more.

    ``done`` counts what was wrapped anew and what was erased meanwhile; ``checkpoint`` is the key of the row that the
    walk stands at; ``failed`` is how many values did not open when it last went by.
    """

    rotation = models.ForeignKey(KeyRotation, models.PROTECT, related_name="steps", verbose_name=_("key rotation"))
    place = models.CharField(_("place"), max_length=40)
    total = models.PositiveBigIntegerField(_("total"))
    done = models.PositiveBigIntegerField(_("done"), default=0)
    failed = models.PositiveBigIntegerField(_("did not open"), default=0)
    checkpoint = models.CharField(_("checkpoint"), max_length=40, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("step of a key rotation")
        verbose_name_plural = _("steps of key rotations")
        constraints = [
            models.UniqueConstraint(fields=["rotation", "place"], name="key_rotation_step_once_per_place"),
            models.CheckConstraint(condition=Q(done__lte=F("total")), name="key_rotation_step_counts_no_more_than_all"),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True) | Q(done=F("total")), name="key_rotation_step_finished_with_all"
            ),
        ]

    def __str__(self) -> str:
        return self.place
