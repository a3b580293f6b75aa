"""The inbox of letters: what came, whose it may be and what it wants, what a person decided. The vendor's alone."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey
from accounts.models import Document
from contracts import labels
from contracts.enums import IntakeKind, IntakeState

_OPEN = [IntakeState.NEW.value, IntakeState.REJECTED.value]
_WAITING = [IntakeState.NEW.value, IntakeState.ASKED_BACK.value]
_DECIDED = [IntakeState.CONFIRMED.value, IntakeState.HANDED_OVER.value]


class Intake(models.Model):
    """A letter as it was dropped. Whose it is, nobody knows at first: ``organization`` is empty until a person says.

    Until then the file is sealed in the row, under a key of its own; then it moves to the document store. The sender's
    name, address and words stay sealed. The day of receipt is kept when a letter is asked back: the answer has it too.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    organization = models.ForeignKey(
        "accounts.Organization", models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )
    state = models.CharField(_("state"), max_length=12, choices=labels.INTAKE_STATE, default=IntakeState.NEW.value)
    media = models.CharField(_("file type"), max_length=100)
    size = models.PositiveIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    received_at = models.DateTimeField(_("received at"))
    received_on = models.DateField(_("received on"), null=True, blank=True, help_text=_("Where a person says so"))
    sent_on = models.DateField(_("sent on"), null=True, blank=True)
    suggested = models.CharField(_("suggested"), max_length=12, choices=labels.INTAKE_KIND)
    why = models.JSONField(_("why"), default=dict)
    candidates = models.JSONField(_("candidates"), default=list, blank=True)
    kind = models.CharField(_("decided"), max_length=12, choices=labels.INTAKE_KIND, blank=True)
    notices = models.JSONField(_("notices"), default=list, blank=True)
    cases = models.JSONField(_("switching cases"), default=list, blank=True)
    document = TenantForeignKey(Document, null=True, blank=True)
    acknowledgement = TenantForeignKey(Document, null=True, blank=True)
    answers = models.UUIDField(_("answers"), null=True, blank=True)
    sealed_file = models.BinaryField(null=True)
    sealed_facts = models.BinaryField(null=True)
    wrapped_key = models.BinaryField()
    key_version = models.PositiveIntegerField()
    dropped_by = models.CharField(_("dropped by"), max_length=80)
    dropped_at = models.DateTimeField(_("dropped at"))
    decided_by = models.CharField(_("decided by"), max_length=80, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    class Meta:
        verbose_name = _("letter received")
        verbose_name_plural = _("letters received")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in IntakeState]), name="intake_state_known"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["", *(kind.value for kind in IntakeKind)]), name="intake_kind_known"
            ),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="intake_sha256_is_hex"),
            models.CheckConstraint(
                condition=Q(state__in=_OPEN) | Q(organization__isnull=False), name="intake_decided_for_somebody"
            ),
            models.CheckConstraint(
                condition=Q(state=IntakeState.NEW.value, decided_at__isnull=True)
                | (~Q(state=IntakeState.NEW.value) & Q(decided_at__isnull=False)),
                name="intake_decided_at_iff_decided",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=_DECIDED)
                | (Q(document__isnull=False, sealed_file__isnull=True) & ~Q(kind__in=["", IntakeKind.UNCLEAR.value])),
                name="intake_confirmed_is_filed",
            ),
            models.CheckConstraint(
                condition=~Q(state=IntakeState.NEW.value) | Q(sealed_file__isnull=False, sealed_facts__isnull=False),
                name="intake_new_holds_its_file",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "id"], name="intake_by_organization"),
            models.Index(fields=["organization", "document"], name="intake_by_document"),
            models.Index(fields=["organization", "acknowledgement"], name="intake_by_acknowledgement"),
            models.Index(fields=["received_at", "id"], condition=Q(state__in=_WAITING), name="intake_to_decide"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)[:8]
