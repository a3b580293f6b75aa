"""What ``default`` remembers of the ledger, and the restores that were noticed, each with its report."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import formats
from django.utils.translation import gettext_lazy as _

from retention.enums import RestoreKind


class LedgerHead(models.Model):
    """The ledger's last entry that this database has seen, and their common pulse (one row at most).

    Of a restored database it says how old that is; a ledger that lacks the entry is the older one.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    position = models.PositiveBigIntegerField(_("position"), default=0)
    digest = models.CharField(_("digest"), max_length=64, blank=True)
    pulse = models.PositiveBigIntegerField(_("pulse"), default=0)
    beaten_at = models.DateTimeField(_("last pulse"), null=True, blank=True)
    orphans_sought_at = models.DateTimeField(_("orphan keys sought at"), null=True, blank=True)

    class Meta:
        verbose_name = _("head of the ledger")
        verbose_name_plural = _("heads of the ledger")
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="ledger_head_is_one_row"),
            models.CheckConstraint(
                condition=Q(position=0, digest="") | Q(position__gt=0, digest__regex=r"^[0-9a-f]{64}$"),
                name="ledger_head_names_its_entry",
            ),
        ]

    def __str__(self) -> str:
        return str(self.position)


class Restore(models.Model):
    """A restore that was noticed. Until it is finished, with erasures to replay, nothing is served.

    ``report`` says what happened between the backup and the restore, as far as that is known: what people have to
    enter again, and what cannot be known.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    kind = models.CharField(_("what is older"), max_length=10, choices=RestoreKind.choices)
    known_until = models.DateTimeField(
        _("known until"), null=True, blank=True, help_text=_("What happened after it may be missing")
    )
    noticed_at = models.DateTimeField(_("noticed at"))
    noticed_by = models.CharField(_("noticed by"), max_length=80)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    replayed = models.JSONField(_("replayed"), default=list, blank=True)
    report = models.JSONField(_("report"), default=dict, blank=True)

    class Meta:
        verbose_name = _("restore")
        verbose_name_plural = _("restores")
        constraints = [
            models.UniqueConstraint(
                fields=["finished_at"],
                condition=Q(finished_at__isnull=True),
                nulls_distinct=False,
                name="restore_one_at_a_time",
            ),
            models.CheckConstraint(condition=Q(kind__in=RestoreKind.values), name="restore_kind_known"),
        ]

    def __str__(self) -> str:
        return formats.date_format(self.noticed_at, "DATETIME_FORMAT")
