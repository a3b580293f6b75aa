"""What left the house: a record of it in the ledger's database, and what of it a restore has made forget."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.enums import SentKind


class SentRecord(models.Model):
    """One mail or call that was sent, beside the ledger: a restore of the main database does not forget it.

    The message's random id, and digests: of whom it was sent to, of what it said, of what it was about.
    """

    kind = models.CharField(_("kind"), max_length=10, choices=SentKind.choices)
    message = models.UUIDField(_("outbox message"))
    reader = models.CharField(_("sent to"), max_length=64)
    topic = models.CharField(_("topic"), max_length=80)
    meaning = models.CharField(_("meaning"), max_length=64)
    matter = models.CharField(_("matter"), max_length=64)
    sent_at = models.DateTimeField(_("sent at"))

    class Meta:
        verbose_name = _("sent record")
        verbose_name_plural = _("sent records")
        constraints = [
            models.UniqueConstraint(fields=["message", "reader"], name="sent_record_once"),
            models.CheckConstraint(condition=Q(kind__in=SentKind.values), name="sent_record_kind_known"),
        ]
        indexes = [models.Index(fields=["sent_at"], name="sent_record_by_instant")]

    def __str__(self) -> str:
        return self.topic


class LostMessage(models.Model):
    """An announcement that was sent, and that a restore has lost: who was told is not told the same again.

    ``repeated_by``: the message, written since, that says the same; each lost one stands for one.
    """

    message = models.UUIDField(_("outbox message"), unique=True)
    topic = models.CharField(_("topic"), max_length=80)
    meaning = models.CharField(_("meaning"), max_length=64)
    matter = models.CharField(_("matter"), max_length=64)
    readers = ArrayField(models.CharField(max_length=64), verbose_name=_("sent to"))
    mails = models.PositiveIntegerField(_("mails"), default=0)
    sent_at = models.DateTimeField(_("sent at"))
    lost_at = models.DateTimeField(_("restore noticed at"))
    repeated_by = models.UUIDField(_("repeated by"), null=True, blank=True, unique=True)

    class Meta:
        verbose_name = _("lost message")
        verbose_name_plural = _("lost messages")
        indexes = [
            models.Index(fields=["matter"], condition=Q(repeated_by__isnull=True), name="lost_message_by_matter"),
            models.Index(fields=["sent_at"], name="lost_message_by_instant"),
        ]

    def __str__(self) -> str:
        return self.topic
