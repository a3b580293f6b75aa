"""What an organization may use, the people it licenses, how their states changed, and its own terms of access."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from accounts.enums import LicenceAct, LicenceStatus, SuspensionReason
from accounts.querysets import LicenceGrantQuerySet, LicensedUserQuerySet
from accounts.rules.licence_states import GONE, LIVE, SEATED

S = LicenceStatus
FEATURE: "models.CharField[str, str]" = models.CharField(max_length=60)


class LicenceGrant(TenantModel):
    """What an organization may use, how many, and when. Written by contract operations, in their transaction."""

    source = models.UUIDField(_("source"), help_text=_("Public id of the contract that grants it"))
    seats = models.PositiveIntegerField(_("seats"), null=True, blank=True, help_text=_("Empty: unlimited"))
    features = ArrayField(
        FEATURE, verbose_name=_("features"), default=list, blank=True, help_text=_("Empty: everything")
    )
    valid_from = models.DateTimeField(_("valid from"))
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)

    objects = LicenceGrantQuerySet.as_manager()

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
    """A person whom the client lets use the product. The client is controller of these data.

    ``user_name`` is what the client's identity provider calls the person, ``provisioned_id`` its own id of them,
    ``profile`` what else it says; ``version`` counts the changes that it sees. Names are unique among those who are not
    on their way out. ``former_identifiers`` are the ids, names and addresses that the person had before: the database
    keeps them, for what else holds the person may know them by these.
    """

    external_id = models.CharField(_("external id"), max_length=200)
    user_name = models.CharField(_("user name"), max_length=254)
    email = models.EmailField(_("e-mail"), max_length=254)
    display_name = models.CharField(_("display name"), max_length=200)
    department = models.CharField(_("department"), max_length=120, blank=True)
    assignment_ends_on = models.DateField(
        _("assignment ends on"), null=True, blank=True, help_text=_("The first day after the person's assignment")
    )
    last_active_at = models.DateTimeField(_("last active at"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=16, choices=LicenceStatus.choices, default=LicenceStatus.INVITED)
    status_at = models.DateTimeField(_("in this status since"))
    status_by = models.CharField(_("put into it by"), max_length=80)
    suspension_reason = models.CharField(
        _("reason of suspension"), max_length=32, choices=SuspensionReason.choices, blank=True
    )
    suspended_at = models.DateTimeField(_("suspended at"), null=True, blank=True)
    suspended_until = models.DateTimeField(_("suspended until"), null=True, blank=True)
    features = ArrayField(
        FEATURE,
        verbose_name=_("features left"),
        null=True,
        blank=True,
        help_text=_("What a restriction leaves; empty: no restriction"),
    )
    delete_at = models.DateTimeField(_("is deleted at"), null=True, blank=True)
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True)
    processing_restricted_at = models.DateTimeField(
        _("processing restricted at"), null=True, blank=True, help_text=_("Art. 18 GDPR; not a licence matter")
    )
    processing_lift_told_at = models.DateTimeField(
        _("told of its lifting at"), null=True, blank=True, help_text=_("Art. 18(3) GDPR")
    )
    # The public id of the request that restricted it, if one did.
    processing_request = models.UUIDField(_("processing restricted by request"), null=True, blank=True)
    provisioned_id = models.CharField(_("id at the identity provider"), max_length=254, blank=True)
    profile = models.JSONField(_("profile"), default=dict, blank=True)
    former_identifiers = ArrayField(
        models.CharField(max_length=254), verbose_name=_("former identifiers"), default=list, blank=True, editable=False
    )
    version = models.PositiveIntegerField(_("version"), default=1)
    changed_at = models.DateTimeField(_("changed at"))
    created_at = models.DateTimeField(_("created at"))

    objects = LicensedUserQuerySet.as_manager()

    class Meta:
        verbose_name = _("licensed user")
        verbose_name_plural = _("licensed users")
        constraints = [
            *tenant_keys("accounts_licenseduser"),
            models.UniqueConstraint(
                fields=["organization", "external_id"],
                condition=Q(status__in=LIVE),
                name="licensed_user_external_id_once",
            ),
            models.UniqueConstraint(
                "organization", Lower("user_name"), condition=Q(status__in=LIVE), name="licensed_user_user_name_once"
            ),
            models.CheckConstraint(condition=Q(status__in=LicenceStatus.values), name="licensed_user_status_known"),
            models.CheckConstraint(
                condition=Q(suspended_at__isnull=False) & ~Q(suspension_reason="")
                | Q(suspended_at__isnull=True, suspended_until__isnull=True, suspension_reason=""),
                name="licensed_user_suspended_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(status__in=GONE)
                | Q(status=S.SUSPENDED, suspended_at__isnull=False)
                | (~Q(status=S.SUSPENDED) & Q(suspended_at__isnull=True)),
                name="licensed_user_suspended_in_that_state",
            ),
            models.CheckConstraint(
                condition=Q(suspended_until__isnull=True) | Q(suspended_at__lt=F("suspended_until")),
                name="licensed_user_suspended_before_its_end",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[S.INVITED, S.ACTIVE, S.RESTRICTED])
                | Q(status__in=[S.INVITED, S.ACTIVE], features__isnull=True)
                | Q(status=S.RESTRICTED, features__isnull=False),
                name="licensed_user_restricted_to_features",
            ),
            models.CheckConstraint(
                condition=Q(status__in=GONE, delete_at__isnull=False)
                | (~Q(status__in=GONE) & Q(delete_at__isnull=True)),
                name="licensed_user_scheduled_with_instant",
            ),
            models.CheckConstraint(
                condition=Q(status=S.DELETED, deleted_at__isnull=False)
                | (~Q(status=S.DELETED) & Q(deleted_at__isnull=True)),
                name="licensed_user_deleted_with_instant",
            ),
            models.CheckConstraint(
                condition=Q(processing_lift_told_at__isnull=True)
                | Q(processing_restricted_at__isnull=False, processing_restricted_at__lte=F("processing_lift_told_at")),
                name="licensed_user_told_of_a_restriction",
            ),
            models.CheckConstraint(
                condition=Q(processing_request__isnull=True) | Q(processing_restricted_at__isnull=False),
                name="licensed_user_restricted_by_a_request",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "email"], name="licensed_user_by_email"),
            models.Index(fields=["organization", "external_id"], name="licensed_user_by_external_id"),
            models.Index(
                fields=["organization", "provisioned_id"],
                condition=~Q(provisioned_id=""),
                name="licensed_user_by_provisioned",
            ),
            models.Index(fields=["organization", "id"], condition=Q(status__in=SEATED), name="licensed_user_seated"),
            models.Index(
                fields=["organization", "id"],
                condition=Q(status=S.SUSPENDED, suspension_reason=SuspensionReason.LICENCE_ENDED) | Q(status=S.INVITED),
                name="licensed_user_waiting",
            ),
            models.Index(
                fields=["suspended_until"],
                condition=Q(status=S.SUSPENDED, suspended_until__isnull=False),
                name="licensed_user_suspension_ends",
            ),
            models.Index(fields=["delete_at"], condition=Q(status=S.SCHEDULED), name="licensed_user_to_delete"),
        ]

    def __str__(self) -> str:
        return self.display_name


class LicensedUserChange(TenantModel):
    """A change of a person's state: how it was done, where it led, and until when. It goes with the person.

    With the grants it answers who might use what at any instant that has passed. ``source`` is the public id of the
    rule or of the bulk job that did it.
    """

    licensed_user = TenantForeignKey("accounts.LicensedUser", verbose_name=_("licensed user"), related_name="changes")
    act = models.CharField(_("act"), max_length=24, choices=LicenceAct.choices)
    before = models.CharField(_("before"), max_length=16, choices=LicenceStatus.choices, blank=True)
    status = models.CharField(_("status"), max_length=16, choices=LicenceStatus.choices)
    suspension_reason = models.CharField(
        _("reason of suspension"), max_length=32, choices=SuspensionReason.choices, blank=True
    )
    features = ArrayField(FEATURE, verbose_name=_("features left"), null=True, blank=True)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    source = models.UUIDField(_("source"), null=True, blank=True)
    by = models.CharField(_("by"), max_length=80)
    occurred_at = models.DateTimeField(_("occurred at"))

    class Meta:
        verbose_name = _("change of a licensed user")
        verbose_name_plural = _("changes of licensed users")
        constraints = [
            *tenant_keys("accounts_licenseduserchange"),
            models.CheckConstraint(condition=Q(act__in=LicenceAct.values), name="licensed_user_change_act_known"),
            models.CheckConstraint(
                condition=Q(status__in=LicenceStatus.values), name="licensed_user_change_status_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "licensed_user", "occurred_at", "id"], name="licensed_user_change_by_person"
            ),
        ]

    def __str__(self) -> str:
        return self.get_act_display()


class AccessPolicy(TenantModel):
    """The client's own terms of access; without a row the defaults hold (``accounts/operations/policies.py``)."""

    keep_seconds = models.PositiveIntegerField(
        _("keep an answer for"), help_text=_("Seconds that the product may keep the answer of an entitlement check")
    )
    restricted_features = ArrayField(
        FEATURE,
        verbose_name=_("features of restricted users"),
        default=list,
        blank=True,
        help_text=_("What a restriction leaves"),
    )
    deletion_grace_days = models.PositiveSmallIntegerField(
        _("days before deletion"), help_text=_("How long a scheduled deletion can be taken back")
    )

    class Meta:
        verbose_name = _("access policy")
        verbose_name_plural = _("access policies")
        constraints = [
            *tenant_keys("accounts_accesspolicy"),
            models.UniqueConstraint(fields=["organization"], name="access_policy_once"),
            models.CheckConstraint(condition=Q(keep_seconds__lte=3600), name="access_policy_keeps_an_hour_at_most"),
            models.CheckConstraint(
                condition=Q(deletion_grace_days__lte=365), name="access_policy_grace_a_year_at_most"
            ),
        ]

    def __str__(self) -> str:
        return str(self.organization)
