"""The calendar: who may subscribe to which contracts, and the dated events with their revisions."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from contracts import labels
from contracts.enums import CalendarFeedKind
from contracts.models.contract import Contract
from contracts.querysets import CalendarEventQuerySet


class CalendarFeed(models.Model):
    """A secret address that answers with a calendar. Only the digest of its token is kept.

    It belongs to an organization, or to the vendor where there is none.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="+", null=True, blank=True)
    kind = models.CharField(_("kind"), max_length=16, choices=labels.CALENDAR_FEED_KIND)
    owner = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("owner")
    )
    language = models.CharField(_("language"), max_length=2, choices=labels.CALENDAR_LANGUAGE)
    prefix = models.CharField(_("prefix"), max_length=12)
    digest = models.CharField(_("digest"), max_length=64, unique=True, help_text=_("SHA-256 of the token"))
    created_by = models.CharField(_("created by"), max_length=80)
    created_at = models.DateTimeField(_("created at"))
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    last_fetched_at = models.DateTimeField(_("last fetched at"), null=True, blank=True)

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=CalendarFeedKind.ORGANIZATION.value, organization__isnull=False, owner__isnull=True)
                | Q(kind=CalendarFeedKind.OWNER.value, organization__isnull=True, owner__isnull=False)
                | Q(kind=CalendarFeedKind.PORTFOLIO.value, organization__isnull=True, owner__isnull=True),
                name="calendar_feed_of_what_its_kind_says",
            ),
            models.CheckConstraint(
                condition=Q(language__in=list(labels.CALENDAR_LANGUAGE)), name="calendar_feed_language_known"
            ),
            models.CheckConstraint(condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="calendar_feed_keeps_a_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.prefix}…"


class CalendarEvent(TenantModel):
    """An all-day event of a contract. ``sequence`` grows with each change; a cancelled one stays, and may come back.

    The public id is made of the contract and the event's key, so that a calendar program knows it again.
    """

    contract = TenantForeignKey(Contract)
    kind = models.CharField(_("kind"), max_length=32, choices=labels.CALENDAR_EVENT_KIND)
    subject_id = models.UUIDField(_("subject"))
    occurrence = models.PositiveIntegerField(_("occurrence"), default=0)
    on = models.DateField(_("on"), help_text=_("A local day of the contract's zone"))
    act_by = models.DateField(_("act by"), help_text=_("The day by which we act"))
    why = models.JSONField(_("why"))
    alarms = models.JSONField(_("reminders (days before)"), default=list, blank=True)
    vendor_only = models.BooleanField(_("for the vendor only"), default=False)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    sequence = models.PositiveIntegerField(_("revision"), default=0)
    changed_at = models.DateTimeField(_("changed at"))
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)

    objects = CalendarEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar event")
        verbose_name_plural = _("calendar events")
        constraints = [
            *tenant_keys("contracts_calendarevent"),
            models.UniqueConstraint(
                fields=["organization", "contract", "kind", "subject_id", "occurrence"], name="calendar_event_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=list(labels.CALENDAR_EVENT_KIND)), name="calendar_event_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=True) | Q(sequence__gte=1),
                name="calendar_event_cancelled_by_a_revision",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "contract", "id"], name="calendar_event_by_contract"),
            models.Index(fields=["organization", "on", "id"], name="calendar_event_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.on}"
