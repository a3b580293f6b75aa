"""The renewal offer: other clauses for the next term, the current ones beside them, and what became of it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from accounts.models import Document
from contracts import labels
from contracts.enums import OfferState
from contracts.models.contract import Contract
from contracts.querysets import OfferQuerySet

_OPEN = [OfferState.DRAFT.value, OfferState.SENT.value]
_ACCEPTED = [OfferState.ACCEPTED.value, OfferState.VOIDED.value]


class RenewalOffer(TenantModel):
    """An offer for the term ``number``. It stops no tacit renewal: only a stay that both sides sign does.

    ``values`` holds the clauses offered, ``current`` all those it was compared with. ``valid_until`` is inclusive, a
    local day of the contract; ``expires_at`` is the midnight after it.
    """

    contract = TenantForeignKey(Contract, related_name="offers")
    number = models.PositiveIntegerField(_("term"))
    starts_on = models.DateField(_("first day of the term"))
    values = models.JSONField(_("offered clauses"))
    current = models.JSONField(_("current clauses"))
    valid_until = models.DateField(_("valid until"))
    expires_at = models.DateTimeField(_("expires at"))
    state = models.CharField(_("state"), max_length=10, choices=labels.OFFER_STATE, default=OfferState.DRAFT.value)
    made_by = models.CharField(_("made by"), max_length=80)
    made_at = models.DateTimeField(_("made at"))
    sent_by = models.CharField(_("sent by"), max_length=80, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    sent_proof = TenantForeignKey(Document, null=True, blank=True, verbose_name=_("proof of sending"))
    closed_by = models.CharField(_("closed by"), max_length=80, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    accepted_proof = TenantForeignKey(Document, null=True, blank=True, verbose_name=_("proof of acceptance"))

    objects = OfferQuerySet.as_manager()

    class Meta:
        verbose_name = _("renewal offer")
        verbose_name_plural = _("renewal offers")
        constraints = [
            *tenant_keys("contracts_renewaloffer"),
            models.UniqueConstraint(
                fields=["organization", "contract", "starts_on"], condition=Q(state__in=_OPEN), name="offer_open_once"
            ),
            models.UniqueConstraint(
                fields=["organization", "contract", "starts_on"],
                condition=Q(state=OfferState.ACCEPTED.value),
                name="offer_accepted_once",
            ),
            models.CheckConstraint(condition=Q(state__in=[one.value for one in OfferState]), name="offer_state_known"),
            models.CheckConstraint(condition=Q(number__gte=2), name="offer_is_of_a_later_term"),
            models.CheckConstraint(
                condition=Q(state=OfferState.DRAFT.value, sent_at__isnull=True)
                | Q(state__in=[OfferState.SENT.value, *_ACCEPTED], sent_at__isnull=False)
                | ~Q(state__in=[*_OPEN, *_ACCEPTED]),
                name="offer_accepted_only_if_sent",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_OPEN, closed_at__isnull=True)
                | (~Q(state__in=_OPEN) & Q(closed_at__isnull=False)),
                name="offer_closed_at_iff_closed",
            ),
            models.CheckConstraint(
                condition=Q(accepted_proof__isnull=True) | Q(state__in=_ACCEPTED),
                name="offer_proof_of_acceptance_iff_accepted",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "contract", "id"], name="offer_by_contract"),
            models.Index(fields=["organization", "sent_proof"], name="offer_by_sent_proof"),
            models.Index(fields=["organization", "accepted_proof"], name="offer_by_accepted_proof"),
            models.Index(fields=["expires_at", "id"], condition=Q(state__in=_OPEN), name="offer_due_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.starts_on}"
