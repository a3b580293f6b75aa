"""The vendor's own notice, from its draft to its sending: who wrote it, who approved it, by when it must go."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from accounts.models import Document
from contracts import labels
from contracts.enums import OutgoingStatus
from contracts.models.contract import Contract
from contracts.models.notice import Notice

_STATES = [status.value for status in OutgoingStatus]
_OPEN = [OutgoingStatus.DRAFT.value, OutgoingStatus.APPROVED.value, OutgoingStatus.SENT.value]
_APPROVED = [OutgoingStatus.APPROVED.value, OutgoingStatus.SENT.value, OutgoingStatus.GIVEN.value]
_GONE = [OutgoingStatus.SENT.value, OutgoingStatus.GIVEN.value]


class OutgoingNotice(TenantModel):
    """A notice that the vendor prepares; the client does not see it. ``ends_on`` is exclusive, as everywhere.

    Once sent, with proof, it becomes a :class:`Notice`: at once where sending counts, else with the day of receipt.
    """

    contract = TenantForeignKey(Contract, related_name="outgoing_notices")
    status = models.CharField(
        _("status"), max_length=10, choices=labels.OUTGOING_STATUS, default=OutgoingStatus.DRAFT.value
    )
    kind = models.CharField(_("kind"), max_length=16, choices=labels.NOTICE_KIND)
    channel = models.CharField(_("channel"), max_length=20, choices=labels.NOTICE_CHANNEL)
    ends_on = models.DateField(_("ends the contract on"), help_text=_("First day without service"))
    send_by = models.DateField(_("send by"))
    why = models.JSONField(_("why"), default=dict)
    drafted_by = models.CharField(_("drafted by"), max_length=80)
    drafted_at = models.DateTimeField(_("drafted at"))
    approved_by = models.CharField(_("approved by"), max_length=80, blank=True)
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    sent_on = models.DateField(_("sent on"), null=True, blank=True)
    proof = TenantForeignKey(Document, null=True, blank=True)
    notice = TenantForeignKey(Notice, null=True, blank=True, related_name="outgoing")
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)

    class Meta:
        verbose_name = _("vendor's notice")
        verbose_name_plural = _("vendor's notices")
        constraints = [
            *tenant_keys("contracts_outgoingnotice"),
            models.CheckConstraint(condition=Q(status__in=_STATES), name="outgoing_status_known"),
            models.CheckConstraint(
                condition=Q(approved_by="", approved_at__isnull=True)
                | (~Q(approved_by="") & Q(approved_at__isnull=False)),
                name="outgoing_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=_APPROVED) | Q(approved_at__isnull=False), name="outgoing_approved_before_sent"
            ),
            models.CheckConstraint(condition=~Q(approved_by=F("drafted_by")), name="outgoing_approved_by_another"),
            models.CheckConstraint(
                condition=Q(
                    status__in=[*_GONE, OutgoingStatus.CANCELLED.value], sent_on__isnull=False, proof__isnull=False
                )
                | (~Q(status__in=_GONE) & Q(sent_on__isnull=True, proof__isnull=True)),
                name="outgoing_sent_with_proof",
            ),
            models.CheckConstraint(
                condition=Q(status=OutgoingStatus.GIVEN.value, notice__isnull=False)
                | (~Q(status=OutgoingStatus.GIVEN.value) & Q(notice__isnull=True)),
                name="outgoing_given_is_a_notice",
            ),
            models.CheckConstraint(
                condition=Q(status=OutgoingStatus.CANCELLED.value, cancelled_at__isnull=False)
                | (~Q(status=OutgoingStatus.CANCELLED.value) & Q(cancelled_at__isnull=True)),
                name="outgoing_cancelled_at_iff_cancelled",
            ),
            models.UniqueConstraint(
                fields=["organization", "contract"],
                condition=Q(status__in=_OPEN),
                name="outgoing_open_once_per_contract",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "contract", "id"], name="outgoing_by_contract"),
            models.Index(fields=["organization", "proof"], name="outgoing_by_proof"),
            models.Index(fields=["organization", "notice"], name="outgoing_by_notice"),
            models.Index(
                fields=["send_by", "id"],
                condition=Q(status__in=[OutgoingStatus.DRAFT.value, OutgoingStatus.APPROVED.value]),
                name="outgoing_to_send",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.send_by}"
