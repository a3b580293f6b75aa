"""The client organization (tenant)."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.enums import Language, LegalCategory
from accounts.querysets import OrganizationQuerySet


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
