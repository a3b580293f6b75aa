"""The groups that clients' identity providers keep, and who is in them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys


class ProvisionedGroup(TenantModel):
    """A group of the client's identity provider (RFC 7643 §4.2). ``department`` is what its members' department is.

    ``provisioned_id`` is the provider's own id of it; ``version`` counts the changes that the provider sees.
    """

    display_name = models.CharField(_("display name"), max_length=256)
    provisioned_id = models.CharField(_("id at the identity provider"), max_length=254, blank=True)
    department = models.CharField(
        _("department"), max_length=120, blank=True, help_text=_("Its members have this department; empty: as it was")
    )
    version = models.PositiveIntegerField(_("version"), default=1)
    changed_at = models.DateTimeField(_("changed at"))
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("provisioned group")
        verbose_name_plural = _("provisioned groups")
        constraints = [
            *tenant_keys("accounts_provisionedgroup"),
            models.CheckConstraint(condition=~Q(display_name=""), name="provisioned_group_has_a_name"),
        ]
        indexes = [
            models.Index(
                fields=["organization", "id"], condition=~Q(department=""), name="provisioned_group_departments"
            ),
        ]

    def __str__(self) -> str:
        return self.display_name


class ProvisionedMembership(TenantModel):
    """That a person is in a group of their identity provider."""

    group = TenantForeignKey("accounts.ProvisionedGroup", verbose_name=_("group"), related_name="memberships")
    licensed_user = TenantForeignKey(
        "accounts.LicensedUser", verbose_name=_("licensed user"), related_name="provisioned_memberships"
    )
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("member of a provisioned group")
        verbose_name_plural = _("members of provisioned groups")
        constraints = [
            *tenant_keys("accounts_provisionedmembership"),
            models.UniqueConstraint(
                fields=["organization", "group", "licensed_user"], name="provisioned_membership_once"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "licensed_user", "group"], name="provisioned_membership_person"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)
