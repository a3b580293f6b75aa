"""Stores beyond the vault: where else the vendor keeps clients' data, and who attested that one was emptied by hand."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from accounts.models import Document
from retention.enums import StoreKind


class ExternalStore(models.Model):
    """A store of the vendor's that every erasure empties too, in the order of ``position``, while it is enabled.

    It holds data of many clients and belongs to none. The secret is sealed; what it opens says ``settings``.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    code = models.CharField(
        _("code"), max_length=50, unique=True, help_text=_("What journals and certificates call the store")
    )
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=16, choices=StoreKind.choices)
    position = models.PositiveSmallIntegerField(_("position"), default=0, help_text=_("The lowest is emptied first"))
    settings = models.JSONField(_("settings"), default=dict)
    secret = models.BinaryField(null=True)
    secret_version = models.PositiveIntegerField(null=True)
    holds = models.CharField(
        _("holds"), max_length=1000, help_text=_("Which data of whom, for the record of processing")
    )
    location = models.CharField(_("location"), max_length=200, help_text=_("Where the data are: country, region"))
    processor = models.CharField(
        _("subprocessor"), max_length=200, blank=True, help_text=_("Who keeps it for the vendor. Empty: nobody else")
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    disabled_at = models.DateTimeField(_("disabled at"), null=True, blank=True)
    checked_at = models.DateTimeField(_("connection tested at"), null=True, blank=True)
    check_faults = models.JSONField(_("faults of the last test"), default=list, blank=True)
    created_by = models.CharField(_("created by"), max_length=80)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("external store")
        verbose_name_plural = _("external stores")
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$"), name="external_store_code_is_a_slug"
            ),
            models.CheckConstraint(condition=Q(kind__in=StoreKind.values), name="external_store_kind_known"),
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(holds="") & ~Q(location=""), name="external_store_is_described"
            ),
            models.CheckConstraint(
                condition=Q(enabled=True, disabled_at__isnull=True) | Q(enabled=False, disabled_at__isnull=False),
                name="external_store_disabled_since",
            ),
            models.CheckConstraint(
                condition=Q(secret__isnull=True, secret_version__isnull=True)
                | Q(secret__isnull=False, secret_version__isnull=False),
                name="external_store_secret_whole",
            ),
            models.CheckConstraint(
                condition=Q(kind=StoreKind.POSTGRESQL)
                | Q(kind__in=[StoreKind.S3.value, StoreKind.HTTP.value], secret__isnull=False)
                | Q(kind=StoreKind.MANUAL, secret__isnull=True),
                name="external_store_secret_where_it_signs",
            ),
            models.CheckConstraint(
                condition=Q(checked_at__isnull=False) | Q(check_faults=[]), name="external_store_faults_of_a_test"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ManualErasure(TenantModel):
    """That a store is emptied by hand for one erasure run: asked of the vendor's people, attested with a document.

    ``run`` is the opaque id of the run. The store's name is kept as it was. ``people``: how many of the client's people
    were meant; none: everything of the client.
    """

    store = models.ForeignKey(ExternalStore, models.PROTECT, related_name="+", verbose_name=_("external store"))
    store_name = models.CharField(_("name of the store"), max_length=200)
    run = models.UUIDField(_("erasure run"))
    people = models.PositiveIntegerField(_("people"), null=True, blank=True, help_text=_("Empty: the whole client"))
    asked_at = models.DateTimeField(_("asked at"))
    due_at = models.DateTimeField(_("due at"))
    attested_by = models.CharField(_("attested by"), max_length=80, blank=True)
    attested_at = models.DateTimeField(_("attested at"), null=True, blank=True)
    document = TenantForeignKey(Document, null=True, blank=True, verbose_name=_("document"))
    # When the vendor's privacy officers were told last that it is overdue.
    reminded_at = models.DateTimeField(_("reminded at"), null=True, blank=True)

    class Meta:
        verbose_name = _("erasure by hand")
        verbose_name_plural = _("erasures by hand")
        constraints = [
            *tenant_keys("retention_manualerasure"),
            models.UniqueConstraint(fields=["organization", "run", "store"], name="manual_erasure_once_a_run"),
            models.CheckConstraint(condition=Q(due_at__gte=F("asked_at")), name="manual_erasure_due_after_it_is_asked"),
            models.CheckConstraint(
                condition=Q(attested_at__isnull=True, attested_by="", document__isnull=True)
                | (
                    Q(attested_at__isnull=False, attested_at__gte=F("asked_at"), document__isnull=False)
                    & ~Q(attested_by="")
                ),
                name="manual_erasure_attested_by_somebody_with_a_document",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "document"], name="manual_erasure_by_document"),
            models.Index(fields=["due_at", "id"], condition=Q(attested_at__isnull=True), name="manual_erasure_open"),
        ]

    def __str__(self) -> str:
        return self.store_name
