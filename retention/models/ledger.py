"""The ledger database: wrapped data keys, and what was erased, by opaque random ids only. No personal data."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class DataKey(models.Model):
    """The wrapped key of one person's content, or of what has no owner. Deleting the row destroys the content.

    ``organization_ref`` and ``subject_ref`` are public ids of rows in the default database: random, opaque.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization_ref = models.UUIDField()
    subject_ref = models.UUIDField(null=True, blank=True)
    wrapped = models.BinaryField()
    key_version = models.PositiveIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("data key")
        verbose_name_plural = _("data keys")
        constraints = [
            models.UniqueConstraint(
                fields=["organization_ref", "subject_ref"], name="data_key_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(key_version__gte=1), name="data_key_version_from_one"),
        ]
        indexes = [models.Index(fields=["key_version", "id"], name="data_key_by_version")]

    def __str__(self) -> str:
        return str(self.id)


class ErasureEntry(models.Model):
    """The point of no return of one run: its keys are gone. Idempotent on the run's id; chained by digest."""

    run = models.UUIDField(unique=True)
    organization_ref = models.UUIDField(db_index=True)
    # Of some people only: their public ids, random and opaque. Empty: the whole organization.
    subject_refs = ArrayField(models.UUIDField(), default=list, blank=True)
    keys_destroyed = models.PositiveIntegerField()
    destroyed_at = models.DateTimeField()
    previous_digest = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64, unique=True)

    class Meta:
        verbose_name = _("erasure entry")
        verbose_name_plural = _("erasure entries")
        constraints = [
            models.CheckConstraint(condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="erasure_entry_digest_is_hex")
        ]

    def __str__(self) -> str:
        return str(self.run)
