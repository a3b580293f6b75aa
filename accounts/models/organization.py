"""The client organization (tenant), what it may use, and the people it licenses."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantModel, tenant_keys
from accounts.enums import Language, LegalCategory, LicenceStatus, SuspensionReason
from accounts.querysets import LicensedUserQuerySet, OrganizationQuerySet


class Organization(models.Model):
    """A client of the vendor. (country, registration number) is its identity; the row outlives an erasure."""

    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    name = models.CharField(_("name"), max_length=200)
    country = models.CharField(_("country"), max_length=2, help_text=_("ISO 3166, two letters"))
    time_zone = models.CharField(_("time zone"), max_length=64)
    language = models.CharField(_("language"), max_length=2, choices=Language.choices, default=Language.ENGLISH)
    legal_category = models.CharField(_("legal category"), max_length=32, choices=LegalCategory.choices)
    registration_number = models.CharField(_("registration number"), max_length=40)
    created_at = models.DateTimeField(_("created at"))
    closed_at = models.DateTimeField(
        _("closed at"), null=True, blank=True, help_text=_("From then on no new people: their data are being erased")
    )
    content_erased_at = models.DateTimeField(_("content erased at"), null=True, blank=True)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        constraints = [
            models.UniqueConstraint(fields=["country", "registration_number"], name="organization_identity"),
            models.CheckConstraint(condition=Q(country__regex=r"^[A-Z]{2}$"), name="organization_country_is_iso"),
            models.CheckConstraint(condition=~Q(name=""), name="organization_has_a_name"),
            models.CheckConstraint(
                condition=Q(legal_category__in=LegalCategory.values), name="organization_legal_category_known"
            ),
            models.CheckConstraint(condition=Q(language__in=Language.values), name="organization_language_known"),
        ]

    def __str__(self) -> str:
        return self.name


class LicenceGrant(TenantModel):
    """What an organization may use, how many, and when. Written by contract operations, in their transaction."""

    source = models.UUIDField(_("source"), help_text=_("Public id of the contract that grants it"))
    seats = models.PositiveIntegerField(_("seats"), null=True, blank=True, help_text=_("Empty: unlimited"))
    valid_from = models.DateTimeField(_("valid from"))
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)

    class Meta:
        verbose_name = _("licence grant")
        verbose_name_plural = _("licence grants")
        constraints = [
            *tenant_keys("accounts_licencegrant"),
            models.UniqueConstraint(fields=["organization", "source"], name="licence_grant_once_per_source"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_from__lte=F("valid_until")),
                name="licence_grant_from_before_until",
            ),
        ]

    def __str__(self) -> str:
        return str(self.source)


class LicensedUser(TenantModel):
    """A person whom the client lets use the product. The client is controller of these data."""

    external_id = models.CharField(_("external id"), max_length=200)
    email = models.EmailField(_("e-mail"), max_length=254)
    display_name = models.CharField(_("display name"), max_length=200)
    department = models.CharField(_("department"), max_length=120, blank=True)
    status = models.CharField(_("status"), max_length=16, choices=LicenceStatus.choices, default=LicenceStatus.INVITED)
    suspension_reason = models.CharField(
        _("reason of suspension"), max_length=32, choices=SuspensionReason.choices, blank=True
    )
    suspended_at = models.DateTimeField(_("suspended at"), null=True, blank=True)
    processing_restricted_at = models.DateTimeField(
        _("processing restricted at"), null=True, blank=True, help_text=_("Art. 18 GDPR; not a licence matter")
    )
    created_at = models.DateTimeField(_("created at"))

    objects = LicensedUserQuerySet.as_manager()

    class Meta:
        verbose_name = _("licensed user")
        verbose_name_plural = _("licensed users")
        constraints = [
            *tenant_keys("accounts_licenseduser"),
            models.UniqueConstraint(fields=["organization", "external_id"], name="licensed_user_external_id_once"),
            models.CheckConstraint(condition=Q(status__in=LicenceStatus.values), name="licensed_user_status_known"),
            models.CheckConstraint(
                condition=Q(status=LicenceStatus.SUSPENDED, suspended_at__isnull=False) & ~Q(suspension_reason="")
                | (~Q(status=LicenceStatus.SUSPENDED) & Q(suspended_at__isnull=True, suspension_reason="")),
                name="licensed_user_suspended_with_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "email"], name="licensed_user_by_email"),
            models.Index(
                fields=["organization", "id"],
                condition=Q(status=LicenceStatus.ACTIVE),
                name="licensed_user_active",
            ),
            models.Index(
                fields=["organization", "id"],
                condition=Q(suspension_reason=SuspensionReason.LICENCE_ENDED) | Q(status=LicenceStatus.INVITED),
                name="licensed_user_awaits_licence",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name
