"""The ledger database: wrapped data keys, and what was erased, by opaque random ids only. No personal data."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

# So many rows of others go with an erasure at most: that many are named by a search, and listed in the ledger.
MOST_OTHERS = 10_000


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
    """The point of no return of one run: its keys are gone. Idempotent on the run's id; chained by digest.

    Once the last backup that could hold the data has expired the entry is purged: a link of the chain stays, which is
    its two digests, and says nothing about anybody.
    """

    run = models.UUIDField(unique=True, null=True, blank=True)
    organization_ref = models.UUIDField(db_index=True, null=True, blank=True)
    # The request that it was about: a replay finds it in a restored database, or knows that it was made later.
    request_ref = models.UUIDField(null=True, blank=True)
    # Of some people only: their public ids, random and opaque. Empty: the whole organization.
    subject_refs = ArrayField(models.UUIDField(), default=list, blank=True)
    # Public ids of others' content that the client decided on, random and opaque: it goes again after a restore. Null:
    # the entry is older than such lists, so what went is not known.
    others_refs = ArrayField(models.UUIDField(), default=list, null=True, blank=True)
    keys_destroyed = models.PositiveIntegerField()
    destroyed_at = models.DateTimeField()
    previous_digest = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    # Known once the stores were found empty: until then nobody knows when the last backup with the data is made.
    expires_at = models.DateTimeField(null=True, blank=True)
    purged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("erasure entry")
        verbose_name_plural = _("erasure entries")
        constraints = [
            models.CheckConstraint(condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="erasure_entry_digest_is_hex"),
            models.CheckConstraint(
                condition=Q(purged_at__isnull=True, run__isnull=False, organization_ref__isnull=False)
                | Q(
                    purged_at__isnull=False,
                    run__isnull=True,
                    organization_ref__isnull=True,
                    request_ref__isnull=True,
                    subject_refs=[],
                )
                & (Q(others_refs=[]) | Q(others_refs__isnull=True)),
                name="erasure_entry_whole_until_purged",
            ),
            models.CheckConstraint(
                condition=Q(purged_at__isnull=True) | Q(expires_at__isnull=False, expires_at__lte=F("purged_at")),
                name="erasure_entry_purged_once_expired",
            ),
            models.CheckConstraint(
                condition=Q(others_refs__len__lte=MOST_OTHERS), name="erasure_entry_others_are_bounded"
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=Q(purged_at__isnull=True, expires_at__isnull=False),
                name="erasure_entry_to_purge",
            )
        ]

    def __str__(self) -> str:
        return str(self.run or self.digest[:16])


class LedgerPulse(models.Model):
    """How often both databases have beaten together (one row at most): ``default`` counts first, the ledger follows.

    So the ledger never counts more than ``default``, and one less at most: whichever lags behind was restored.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.PositiveBigIntegerField()
    beaten_at = models.DateTimeField()

    class Meta:
        verbose_name = _("pulse of the ledger")
        verbose_name_plural = _("pulses of the ledger")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="ledger_pulse_is_one_row")]

    def __str__(self) -> str:
        return str(self.number)
