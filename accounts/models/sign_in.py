"""How people sign in: which roles need a second factor, and whose identity provider says who somebody is."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.enums import Role


class FactorRequirement(models.Model):
    """Who holds the role and has no second factor reaches only the page that sets one up, until this is lifted."""

    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    role = models.CharField(_("role"), max_length=32, choices=Role.choices)
    required_at = models.DateTimeField(_("required at"))
    required_by = models.CharField(_("required by"), max_length=80)
    lifted_at = models.DateTimeField(_("lifted at"), null=True, blank=True)
    lifted_by = models.CharField(_("lifted by"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("requirement of a second factor")
        verbose_name_plural = _("requirements of a second factor")
        constraints = [
            models.UniqueConstraint(
                fields=["role"], condition=Q(lifted_at__isnull=True), name="factor_requirement_once_a_role"
            ),
            models.CheckConstraint(
                condition=Q(role__in=[str(role.value) for role in Role]), name="factor_requirement_of_a_known_role"
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by="")
                | (Q(lifted_at__isnull=False, lifted_at__gte=F("required_at")) & ~Q(lifted_by="")),
                name="factor_requirement_lifted_by_somebody_afterwards",
            ),
        ]

    def __str__(self) -> str:
        return self.get_role_display()


class IdentityProvider(models.Model):
    """Where the members of one client, or without one the vendor's staff, sign in (OpenID Connect)."""

    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    organization = models.ForeignKey(
        "accounts.Organization",
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text=_("Empty: the vendor's staff"),
    )
    slug = models.CharField(_("short name"), max_length=50, unique=True, help_text=_("Part of its addresses"))
    name = models.CharField(_("name"), max_length=200)
    issuer = models.CharField(_("issuer"), max_length=400)
    client_id = models.CharField(_("client id"), max_length=255)
    sealed_secret = models.BinaryField()
    key_version = models.PositiveIntegerField(_("key version"))
    enabled = models.BooleanField(_("enabled"), default=True)
    enforced = models.BooleanField(
        _("the only way in"), default=False, help_text=_("Passwords and passkeys of its members do not open")
    )
    checks_second_factor = models.BooleanField(
        _("asks for a second factor itself"),
        default=False,
        help_text=_("Then its sign-in is enough where a role needs one"),
    )
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("identity provider")
        verbose_name_plural = _("identity providers")
        constraints = [
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(issuer="") & ~Q(client_id="") & ~Q(slug=""),
                name="identity_provider_is_described",
            ),
            models.CheckConstraint(
                condition=Q(enforced=False) | Q(enabled=True), name="identity_provider_enforced_only_if_enabled"
            ),
        ]

    def __str__(self) -> str:
        return self.name
