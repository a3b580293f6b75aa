"""Webhooks: the endpoints that are called with announcements, and what became of each call."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.enums import CallFault, DeliveryState, DisabledReason
from accounts.querysets import WebhookDeliveryQuerySet, WebhookEndpointQuerySet
from accounts.rules.addresses import LONGEST_URL


class WebhookEndpoint(models.Model):
    """Where announcements are sent: of the vendor (no organization, told of everything), or of one client.

    Its secrets are sealed. After a rotation the old one signs beside the new one, until ``old_secret_until``.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    organization = models.ForeignKey(
        "accounts.Organization", models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )
    url = models.CharField(_("URL"), max_length=LONGEST_URL)
    description = models.CharField(_("description"), max_length=200, blank=True)
    topics = ArrayField(
        models.CharField(max_length=80), verbose_name=_("topics"), default=list, blank=True, help_text=_("Empty: all")
    )
    secret = models.BinaryField()
    secret_version = models.PositiveIntegerField()
    old_secret = models.BinaryField(null=True)
    old_secret_version = models.PositiveIntegerField(null=True)
    old_secret_until = models.DateTimeField(_("old secret signs until"), null=True, blank=True)
    enabled = models.BooleanField(_("enabled"), default=True)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    rests_until = models.DateTimeField(
        _("rests until"), null=True, blank=True, help_text=_("The receiver asked to be left alone (Retry-After)")
    )
    last_success_at = models.DateTimeField(_("last success"), null=True, blank=True)
    disabled_at = models.DateTimeField(_("disabled at"), null=True, blank=True)
    disabled_reason = models.CharField(_("disabled because"), max_length=16, choices=DisabledReason.choices, blank=True)
    created_by = models.CharField(_("created by"), max_length=80)
    created_at = models.DateTimeField(_("created at"))

    objects = WebhookEndpointQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        constraints = [
            models.UniqueConstraint(fields=["organization", "id"], name="accounts_webhookendpoint_tenant_key"),
            models.CheckConstraint(condition=Q(url__regex=r"^https?://"), name="webhook_endpoint_url_is_http"),
            models.CheckConstraint(
                condition=Q(enabled=True, disabled_at__isnull=True, disabled_reason="")
                | Q(enabled=False, disabled_at__isnull=False, disabled_reason__in=DisabledReason.values),
                name="webhook_endpoint_disabled_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(failures=0, failing_since__isnull=True) | Q(failures__gt=0, failing_since__isnull=False),
                name="webhook_endpoint_failing_since_a_failure",
            ),
            models.CheckConstraint(
                condition=Q(old_secret__isnull=True, old_secret_version__isnull=True, old_secret_until__isnull=True)
                | Q(old_secret__isnull=False, old_secret_version__isnull=False, old_secret_until__isnull=False),
                name="webhook_endpoint_old_secret_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """One announcement to one endpoint. The tenant is the endpoint's: a client sees the calls to its own endpoints.

    ``lane`` is the organization that the announcement is about, 0 if it is about none: in a lane an endpoint is told
    in the order of the messages, one after the other.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    organization = models.ForeignKey(
        "accounts.Organization", models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )
    endpoint = models.ForeignKey(
        WebhookEndpoint, models.PROTECT, related_name="deliveries", db_index=False, verbose_name=_("webhook endpoint")
    )
    # An announcement about one person is erased with them, and the calls about it with it: the vendor's own too, which
    # the eraser of a client does not see. So the database does it, by a key that the migration adds.
    message = models.ForeignKey("accounts.OutboxMessage", models.DO_NOTHING, related_name="+", db_constraint=False)
    lane = models.BigIntegerField(_("lane"))
    state = models.CharField(_("state"), max_length=16, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt at"))
    claimed_until = models.DateTimeField(_("claimed until"), null=True, blank=True)
    claim = models.UUIDField(_("claim"), null=True, blank=True, editable=False)
    last_attempt_at = models.DateTimeField(_("last attempt"), null=True, blank=True)
    last_status = models.PositiveSmallIntegerField(_("last status"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=32, choices=CallFault.choices, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    given_up_at = models.DateTimeField(_("given up at"), null=True, blank=True)
    asked_again_at = models.DateTimeField(_("asked for again at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"))

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "message"], name="webhook_delivery_once"),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.WAITING, delivered_at__isnull=True, given_up_at__isnull=True)
                | Q(state=DeliveryState.DELIVERED, delivered_at__isnull=False, given_up_at__isnull=True)
                | Q(state=DeliveryState.GIVEN_UP, delivered_at__isnull=True, given_up_at__isnull=False),
                name="webhook_delivery_state_with_its_instant",
            ),
            models.CheckConstraint(
                condition=Q(claim__isnull=True, claimed_until__isnull=True)
                | Q(claim__isnull=False, claimed_until__isnull=False, state=DeliveryState.WAITING),
                name="webhook_delivery_claimed_while_waiting",
            ),
            models.CheckConstraint(
                condition=Q(last_error="") | Q(last_error__in=CallFault.values), name="webhook_delivery_error_known"
            ),
            models.CheckConstraint(
                condition=Q(last_status__isnull=True) | Q(last_status__gte=100, last_status__lte=999),
                name="webhook_delivery_status_is_http",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "endpoint", "id"], name="webhook_delivery_by_tenant"),
            models.Index(
                fields=["endpoint", "lane", "message"],
                condition=Q(state=DeliveryState.WAITING),
                name="webhook_delivery_lane",
            ),
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=Q(state=DeliveryState.WAITING),
                name="webhook_delivery_due",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)
