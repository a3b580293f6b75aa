"""The termination: a contract ended otherwise than by notice at its term, on which ground, with what proof."""

from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from accounts.models import Document
from contracts import labels
from contracts.enums import TerminationGround
from contracts.models.contract import Contract
from contracts.rules import grounds

_PROVED = [ground.value for ground in TerminationGround if grounds.is_proved(ground)]


class Termination(TenantModel):
    """An end that was declared or agreed. ``ends_on`` is exclusive: the first day without service.

    ``penalty`` is the early-exit fee in the contract's currency, before VAT, as it was fixed with the declaration; a
    switch has none, since it is priced by the day on which it ends.
    ``prolongs`` says that the contract goes on to that end without a new firm term (a pending switch). ``source`` is
    the public id of what brought it: a quote, a switching case. Whatever stands has its proof, but for a switch; what
    was recorded when less had to be proved stays as it is, and can be taken back.
    """

    contract = TenantForeignKey(Contract, related_name="terminations")
    ground = models.CharField(_("ground"), max_length=16, choices=labels.TERMINATION_GROUND)
    party = models.CharField(_("declared by"), max_length=8, choices=labels.NOTICE_PARTY)
    declared_on = models.DateField(_("declared on"))
    ends_on = models.DateField(_("ends the contract on"), help_text=_("First day without service"))
    penalty = models.DecimalField(_("early-exit fee"), max_digits=14, decimal_places=2, null=True, blank=True)
    prolongs = models.BooleanField(_("goes on without a new term"), default=False)
    source = models.UUIDField(_("source"), null=True, blank=True)
    why = models.JSONField(_("why"), default=dict, blank=True)
    proof = TenantForeignKey(Document, null=True, blank=True)
    recorded_by = models.CharField(_("recorded by"), max_length=80)
    recorded_at = models.DateTimeField(_("recorded at"))
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    class Meta:
        verbose_name = _("termination")
        verbose_name_plural = _("terminations")
        constraints = [
            *tenant_keys("contracts_termination"),
            models.CheckConstraint(
                condition=Q(ground__in=[ground.value for ground in TerminationGround]), name="termination_ground_known"
            ),
            models.CheckConstraint(
                condition=~Q(ground__in=_PROVED) | Q(proof__isnull=False) | Q(withdrawn_at__isnull=False),
                name="termination_proved_where_it_must_be",
            ),
            models.CheckConstraint(
                condition=Q(ground=TerminationGround.SWITCHING.value, penalty__isnull=True)
                | (~Q(ground=TerminationGround.SWITCHING.value) & Q(penalty__isnull=False, penalty__gte=0)),
                name="termination_priced_unless_it_is_a_switch",
            ),
            models.UniqueConstraint(
                fields=["organization", "contract", "ground"],
                condition=Q(withdrawn_at__isnull=True),
                name="termination_standing_once",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "contract", "id"], name="termination_by_contract"),
            models.Index(fields=["organization", "proof"], name="termination_by_proof"),
        ]

    def __str__(self) -> str:
        return f"{self.get_ground_display()} {self.declared_on}"

    @property
    def brought_by(self) -> UUID:
        """The public id that its statement lines name as their source."""
        return self.source or self.public_id
