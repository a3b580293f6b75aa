"""The deletion request, and what stands beside it: holds, export, archive."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from accounts.models import Document, LicensedUser
from retention.enums import (
    Decision,
    HoldGround,
    HoldScope,
    RefusalGround,
    RequestKind,
    RequestOrigin,
    RequestScope,
    RequestStatus,
)
from retention.querysets import GONE, OVER, DeletionRequestQuerySet, LegalHoldQuerySet

APPROVED = [
    RequestStatus.APPROVED.value,
    RequestStatus.DESTROYING.value,
    RequestStatus.ERASING.value,
    RequestStatus.ERASED.value,
    RequestStatus.VERIFIED.value,
    RequestStatus.CERTIFIED.value,
    RequestStatus.COMPLETE.value,
    RequestStatus.PARTIALLY_DONE.value,
]
# The states of a request that destroys nothing.
OTHERS = [
    RequestStatus.RECEIVED.value,
    RequestStatus.CONFIRMED.value,
    RequestStatus.DONE.value,
    RequestStatus.CANCELLED.value,
    RequestStatus.REFUSED.value,
]


class DeletionRequest(TenantModel):
    """The request to erase an organization's content after the collaboration has definitively ended (rulebook §2, §6),
    or what belongs to some of its people while it goes on. Of another kind: to export, restrict or correct that.

    ``erase_from`` is the first instant at which erasure is allowed (the retrieval period is over), ``erase_by`` the
    instant by which it must have happened. Until ``grace_until`` an approval can be taken back. A request of another
    kind needs no second person's approval: it destroys nothing.
    """

    kind = models.CharField(_("kind"), max_length=10, choices=RequestKind.choices, default=RequestKind.ERASE)
    scope = models.CharField(_("scope"), max_length=12, choices=RequestScope.choices, default=RequestScope.ORGANIZATION)
    # Its people are listed in RequestSubject. The name of a department goes with them: one person may be all of it.
    department = models.CharField(_("department"), max_length=120, blank=True)
    origin = models.CharField(_("origin"), max_length=16, choices=RequestOrigin.choices)
    status = models.CharField(_("status"), max_length=16, choices=RequestStatus.choices, default=RequestStatus.RECEIVED)
    requested_by = models.CharField(_("requested by"), max_length=80)
    received_at = models.DateTimeField(_("received at"))
    service_ended_on = models.DateField(
        _("service ended on"), help_text=_("First day without service"), null=True, blank=True
    )
    retrieval_ends_on = models.DateField(
        _("retrieval period ends on"), help_text=_("First day after it"), null=True, blank=True
    )
    erase_from = models.DateTimeField(_("erase from"))
    erase_by = models.DateTimeField(_("erase by"))
    promised_by = models.DateTimeField(
        _("promised by"),
        null=True,
        blank=True,
        help_text=_("Where a contract promised the erasure before it is allowed"),
    )
    retrieval_waived_at = models.DateTimeField(_("retrieval period waived at"), null=True, blank=True)
    confirmed_by = models.CharField(_("end confirmed by"), max_length=80, blank=True)
    confirmed_at = models.DateTimeField(_("end confirmed at"), null=True, blank=True)
    carried_out_at = models.DateTimeField(_("carried out here at"), null=True, blank=True)
    approved_by = models.CharField(_("approved by"), max_length=80, blank=True)
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    grace_until = models.DateTimeField(_("can be taken back until"), null=True, blank=True)
    impact = models.JSONField(_("what the approver was shown"), null=True, blank=True)
    refusal = models.CharField(_("refused because"), max_length=24, choices=RefusalGround.choices, blank=True)
    proof = TenantForeignKey(Document, null=True, blank=True)
    # The client's word that it takes back what it asked for, or decided against it.
    end_proof = TenantForeignKey(Document, null=True, blank=True, verbose_name=_("proof of the withdrawal"))
    # The client's word that it wants no export, where the vendor's staff recorded it.
    export_proof = TenantForeignKey(Document, null=True, blank=True, verbose_name=_("proof of the waived export"))
    blocked_since = models.DateTimeField(_("blocked since"), null=True, blank=True)
    # When those who are to act were told last that its day is near or over.
    warned_at = models.DateTimeField(_("warned at"), null=True, blank=True)
    export_decision = models.CharField(_("export"), max_length=10, choices=Decision.choices, default=Decision.PENDING)
    # Null where it is declined by the contract, because the client has said nothing.
    export_waived_at = models.DateTimeField(_("export waived at"), null=True, blank=True)
    archive_decision = models.CharField(_("archive"), max_length=10, choices=Decision.choices, default=Decision.PENDING)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    objects = DeletionRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("deletion request")
        verbose_name_plural = _("deletion requests")
        constraints = [
            *tenant_keys("retention_deletionrequest"),
            models.UniqueConstraint(
                fields=["organization"],
                condition=~Q(status__in=OVER) & Q(scope=RequestScope.ORGANIZATION),
                name="deletion_request_open_once",
            ),
            models.CheckConstraint(condition=Q(kind__in=RequestKind.values), name="deletion_request_kind_known"),
            models.CheckConstraint(
                condition=(Q(kind=RequestKind.ERASE) & ~Q(status=RequestStatus.DONE))
                | (~Q(kind=RequestKind.ERASE) & ~Q(scope=RequestScope.ORGANIZATION) & Q(status__in=OTHERS)),
                name="deletion_request_way_of_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(carried_out_at__isnull=True) | Q(kind=RequestKind.CORRECT, confirmed_at__isnull=False),
                name="deletion_request_carried_out_once_decided",
            ),
            models.CheckConstraint(condition=Q(origin__in=RequestOrigin.values), name="deletion_request_origin_known"),
            models.CheckConstraint(condition=Q(scope__in=RequestScope.values), name="deletion_request_scope_known"),
            models.CheckConstraint(
                condition=~Q(scope=RequestScope.ORGANIZATION)
                | Q(service_ended_on__isnull=False, retrieval_ends_on__isnull=False),
                name="deletion_request_of_organization_after_service",
            ),
            models.CheckConstraint(
                condition=Q(department="") | Q(scope=RequestScope.DEPARTMENT),
                name="deletion_request_department_of_its_scope",
            ),
            models.CheckConstraint(
                condition=(Q(status=RequestStatus.REFUSED) & ~Q(refusal=""))
                | (~Q(status=RequestStatus.REFUSED) & Q(refusal="")),
                name="deletion_request_refused_with_ground",
            ),
            models.CheckConstraint(
                condition=Q(refusal="") | Q(refusal__in=RefusalGround.values), name="deletion_request_refusal_known"
            ),
            models.CheckConstraint(
                condition=Q(grace_until__isnull=True) | Q(approved_at__isnull=False),
                name="deletion_request_grace_after_approval",
            ),
            models.CheckConstraint(condition=Q(status__in=RequestStatus.values), name="deletion_request_status_known"),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, confirmed_by="")
                | (Q(confirmed_at__isnull=False) & ~Q(confirmed_by="")),
                name="deletion_request_confirmed_by_someone",
            ),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True, approved_by="")
                | (Q(approved_at__isnull=False, confirmed_at__isnull=False) & ~Q(approved_by="")),
                name="deletion_request_approved_after_confirmation",
            ),
            models.CheckConstraint(
                condition=Q(approved_by="") | (~Q(approved_by=F("requested_by")) & ~Q(approved_by=F("confirmed_by"))),
                name="deletion_request_approved_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=APPROVED) | Q(approved_at__isnull=False),
                name="deletion_request_runs_only_approved",
            ),
            models.CheckConstraint(
                condition=Q(erase_from__lte=F("erase_by")), name="deletion_request_erase_from_before_erase_by"
            ),
            models.CheckConstraint(
                condition=Q(promised_by__isnull=True) | Q(promised_by__lte=F("erase_from")),
                name="deletion_request_promised_before_it_is_allowed",
            ),
            models.CheckConstraint(
                condition=Q(service_ended_on__isnull=True) | Q(service_ended_on__lte=F("retrieval_ends_on")),
                name="deletion_request_retrieval_after_service",
            ),
            models.CheckConstraint(
                condition=Q(export_proof__isnull=True, export_waived_at__isnull=True)
                | Q(export_decision=Decision.DECLINED, export_waived_at__isnull=False),
                name="deletion_request_export_proof_of_its_waiver",
            ),
        ]
        indexes = [
            models.Index(
                fields=["erase_from", "id"],
                condition=Q(status=RequestStatus.APPROVED),
                name="deletion_request_due",
            ),
            # Of which something is still to be done: as DeletionRequestQuerySet.unerased says.
            models.Index(
                fields=["erase_by", "id"],
                condition=~Q(status__in=OVER) & ~Q(status__in=GONE),
                name="deletion_request_by_day",
            ),
            models.Index(fields=["organization", "id"], name="deletion_request_by_org"),
            models.Index(fields=["organization", "proof"], name="deletion_request_by_proof"),
            models.Index(fields=["organization", "end_proof"], name="deletion_request_by_end_proof"),
            models.Index(fields=["organization", "export_proof"], name="deletion_request_by_exp_proof"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def whole(self) -> bool:
        """Whether everything of the organization goes."""
        return self.scope == RequestScope.ORGANIZATION


class RequestSubject(TenantModel):
    """A person whom a request is about: the list that the engine walks, persisted before anything is destroyed.

    ``kind`` is the request's, so that the database knows that nobody is in two open ones of a kind.
    ``fenced_at`` says since when nothing new is stored about the person. The row goes right before the person's.
    ``let_go_at``: the request was given up or refused, and the person may be in another one.
    """

    request = TenantForeignKey(DeletionRequest, related_name="subjects")
    licensed_user = TenantForeignKey(LicensedUser)
    kind = models.CharField(_("kind"), max_length=10, choices=RequestKind.choices, default=RequestKind.ERASE)
    added_at = models.DateTimeField(_("added at"))
    fenced_at = models.DateTimeField(_("fenced at"), null=True, blank=True)
    let_go_at = models.DateTimeField(_("let go at"), null=True, blank=True)
    # Of a correction: which fields, and their new values until it is over, sealed under the person's key.
    corrected_fields = models.JSONField(_("corrected fields"), default=list, blank=True)
    correction = models.BinaryField(null=True, blank=True)
    correction_key = models.UUIDField(null=True, blank=True)

    class Meta:
        verbose_name = _("person in a request")
        verbose_name_plural = _("people in requests")
        constraints = [
            *tenant_keys("retention_requestsubject"),
            models.UniqueConstraint(
                fields=["organization", "request", "licensed_user"], name="request_subject_once_per_request"
            ),
            models.UniqueConstraint(
                fields=["organization", "licensed_user", "kind"],
                condition=Q(let_go_at__isnull=True),
                name="request_subject_in_one_request",
            ),
            models.CheckConstraint(condition=Q(kind__in=RequestKind.values), name="request_subject_kind_known"),
            models.CheckConstraint(
                condition=Q(fenced_at__isnull=True) | Q(kind=RequestKind.ERASE), name="request_subject_fenced_to_erase"
            ),
            models.CheckConstraint(
                condition=Q(correction__isnull=True, correction_key__isnull=True)
                | Q(
                    kind=RequestKind.CORRECT,
                    correction__isnull=False,
                    correction_key__isnull=False,
                    let_go_at__isnull=True,
                ),
                name="request_subject_correction_sealed_while_open",
            ),
            models.CheckConstraint(
                condition=Q(let_go_at__isnull=True) | Q(fenced_at__isnull=True), name="request_subject_fenced_for_good"
            ),
        ]
        indexes = [models.Index(fields=["organization", "licensed_user"], name="request_subject_by_person")]

    def __str__(self) -> str:
        return str(self.public_id)


class LegalHold(TenantModel):
    """What blocks erasure: a client's instruction or a cited law, with a review date.

    The link to the person goes with the person; the department's name is of the client's organization chart. A hold on
    a department covers who is in it, and who was when it was placed (``listed``): a move frees nobody.
    """

    scope = models.CharField(_("scope"), max_length=12, choices=HoldScope.choices, default=HoldScope.ORGANIZATION)
    department = models.CharField(_("department"), max_length=120, blank=True)
    subject = TenantForeignKey(LicensedUser, null=True, blank=True)
    # Internal keys; none once it is released.
    listed = ArrayField(models.BigIntegerField(), verbose_name=_("people listed"), default=list, blank=True)

    ground = models.CharField(_("ground"), max_length=24, choices=HoldGround.choices)
    citation = models.CharField(_("law or instruction"), max_length=200)
    review_on = models.DateField(_("review on"))
    placed_by = models.CharField(_("placed by"), max_length=80)
    placed_at = models.DateTimeField(_("placed at"))
    released_by = models.CharField(_("released by"), max_length=80, blank=True)
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)
    # Of a review that is due; when the vendor's privacy officers were told last.
    reminded_at = models.DateTimeField(_("reminded at"), null=True, blank=True)

    objects = LegalHoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        constraints = [
            *tenant_keys("retention_legalhold"),
            models.CheckConstraint(condition=~Q(citation=""), name="legal_hold_cites_its_ground"),
            models.CheckConstraint(
                condition=Q(scope=HoldScope.ORGANIZATION, department="", subject__isnull=True)
                | (Q(scope=HoldScope.DEPARTMENT, subject__isnull=True) & ~Q(department=""))
                | (
                    Q(scope=HoldScope.PERSON, department="") & (Q(subject__isnull=False) | Q(released_at__isnull=False))
                ),
                name="legal_hold_covers_its_scope",
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True, released_by="")
                | (Q(released_at__isnull=False) & ~Q(released_by="")),
                name="legal_hold_released_by_someone",
            ),
            models.CheckConstraint(
                condition=Q(listed=[]) | Q(scope=HoldScope.DEPARTMENT, released_at__isnull=True),
                name="legal_hold_lists_a_department_in_force",
            ),
        ]
        indexes = [
            models.Index(fields=["organization"], condition=Q(released_at__isnull=True), name="legal_hold_in_force"),
            models.Index(fields=["organization", "subject"], name="legal_hold_by_subject"),
        ]

    def __str__(self) -> str:
        return self.citation


class Export(TenantModel):
    """A copy of the content for the client: an encrypted file, with its data key in this row; erased with the rest."""

    request = TenantForeignKey(DeletionRequest, null=True, blank=True)
    made_by = models.CharField(_("made by"), max_length=80)
    made_at = models.DateTimeField(_("made at"))
    rows = models.JSONField(_("rows"), default=dict)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    wrapped_key = models.BinaryField()
    key_version = models.PositiveIntegerField()
    first_fetched_at = models.DateTimeField(_("first fetched at"), null=True, blank=True)
    # From when its age counts, where nobody could be told when it was made that it ends. Null: from ``made_at``.
    counts_from = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        constraints = tenant_keys("retention_export")
        indexes = [models.Index(fields=["organization", "request"], name="export_by_request")]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def ages_from(self) -> datetime:
        """Return from when its age counts, as far as its end is concerned."""
        return self.counts_from or self.made_at


class ArchiveAuthorization(TenantModel):
    """The client's agreement, or refusal, that aggregated, non-identifying reports are kept."""

    granted = models.BooleanField(_("granted"))
    decided_by = models.CharField(_("decided by"), max_length=80)
    decided_at = models.DateTimeField(_("decided at"))
    proof = TenantForeignKey(Document, null=True, blank=True)

    class Meta:
        verbose_name = _("archive authorization")
        verbose_name_plural = _("archive authorizations")
        constraints = tenant_keys("retention_archiveauthorization")
        indexes = [
            models.Index(fields=["organization", "id"], name="authorization_by_org"),
            models.Index(fields=["organization", "proof"], name="authorization_by_proof"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class AggregateArchive(TenantModel):
    """What is kept: counts under disclosure control. ``table`` is what may be published, nothing else is stored."""

    request = TenantForeignKey(DeletionRequest)
    name = models.CharField(_("table"), max_length=60)
    table = models.JSONField(_("content"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("aggregate archive")
        verbose_name_plural = _("aggregate archives")
        constraints = [
            *tenant_keys("retention_aggregatearchive"),
            models.UniqueConstraint(fields=["organization", "request", "name"], name="archive_table_once"),
        ]

    def __str__(self) -> str:
        return self.name
