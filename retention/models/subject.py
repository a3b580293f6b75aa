"""Requests of the people concerned (Art. 15 to 18 GDPR): what came, whose client decides, how it was answered."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from accounts.enums import Language
from accounts.models import Document, User
from retention.enums import (
    DoubtReason,
    ExtensionReason,
    IdentityProof,
    LinkPurpose,
    RefusalGround,
    RequestKind,
    SubjectChannel,
    SubjectOutcome,
    SubjectState,
    Told,
)
from retention.models.request import DeletionRequest

WAITING = [SubjectState.UNCONFIRMED.value, SubjectState.RECEIVED.value, SubjectState.FORWARDED.value]
OVER = [SubjectState.ANSWERED.value, SubjectState.WITHDRAWN.value, SubjectState.LAPSED.value]
WITH_CLIENT = [SubjectState.FORWARDED.value, SubjectState.GRANTED.value]


class SubjectRequest(models.Model):
    """What a person asked about data of theirs. Whose client decides is empty until a privacy officer says so.

    The person's name, address and words stay sealed in the row, under a key of its own, and go when ``purge_at`` has
    come. ``due_on`` is the last day to answer (Art. 12(3)), ``forward_by`` the last day to forward it to the client,
    both local days: the client's, and before it is known the vendor's. ``next_at`` is the next instant at which
    something is to be done.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    organization = models.ForeignKey(
        "accounts.Organization", models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )
    kind = models.CharField(_("kind"), max_length=10, choices=RequestKind.choices)
    channel = models.CharField(_("channel"), max_length=8, choices=SubjectChannel.choices)
    language = models.CharField(_("language"), max_length=2, choices=Language.choices)
    state = models.CharField(_("state"), max_length=12, choices=SubjectState.choices)
    identity = models.CharField(
        _("identity"), max_length=10, choices=IdentityProof.choices, default=IdentityProof.UNCHECKED
    )
    received_at = models.DateTimeField(_("received at"))
    taken_by = models.CharField(_("taken down by"), max_length=80, blank=True)
    confirmed_at = models.DateTimeField(_("address confirmed at"), null=True, blank=True)
    forward_by = models.DateField(_("forward by"))
    due_on = models.DateField(_("answer by"))
    why = models.JSONField(_("why"), default=dict)
    forwarded_at = models.DateTimeField(_("forwarded at"), null=True, blank=True)
    forwarded_by = models.CharField(_("forwarded by"), max_length=80, blank=True)
    chased_at = models.DateTimeField(_("chased at"), null=True, blank=True)
    chases = models.PositiveSmallIntegerField(_("times chased"), default=0)
    warnings = models.PositiveSmallIntegerField(_("warnings of lateness"), default=0)
    extended_at = models.DateTimeField(_("extended at"), null=True, blank=True)
    extended_for = models.CharField(_("extended because"), max_length=12, choices=ExtensionReason.choices, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=80, blank=True)
    granted = models.BooleanField(_("granted"), null=True, blank=True)
    refusal = models.CharField(_("refused because"), max_length=24, choices=RefusalGround.choices, blank=True)
    proof = TenantForeignKey(Document, null=True, blank=True)
    request = TenantForeignKey(DeletionRequest, null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=SubjectOutcome.choices, blank=True)
    told = models.CharField(_("told by"), max_length=6, choices=Told.choices, blank=True)
    told_at = models.DateTimeField(_("told at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    next_at = models.DateTimeField(_("next step at"), null=True, blank=True)
    purge_at = models.DateTimeField(_("words kept until"), null=True, blank=True)
    purged_at = models.DateTimeField(_("words gone at"), null=True, blank=True)
    sealed_facts = models.BinaryField(null=True)
    wrapped_key = models.BinaryField(null=True)
    key_version = models.PositiveIntegerField(null=True)

    class Meta:
        verbose_name = _("request of a person")
        verbose_name_plural = _("requests of people")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=RequestKind.values), name="subject_request_kind_known"),
            models.CheckConstraint(
                condition=Q(channel__in=SubjectChannel.values), name="subject_request_channel_known"
            ),
            models.CheckConstraint(condition=Q(state__in=SubjectState.values), name="subject_request_state_known"),
            models.CheckConstraint(
                condition=Q(identity__in=IdentityProof.values), name="subject_request_identity_known"
            ),
            models.CheckConstraint(condition=Q(language__in=Language.values), name="subject_request_language_known"),
            models.CheckConstraint(
                condition=Q(extended_at__isnull=True, extended_for="")
                | Q(extended_at__isnull=False, extended_for__in=ExtensionReason.values),
                name="subject_request_extended_for_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state=SubjectState.UNCONFIRMED)
                | Q(channel=SubjectChannel.PAGE, confirmed_at__isnull=True),
                name="subject_request_unconfirmed_from_the_page",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=WITH_CLIENT) | Q(organization__isnull=False, forwarded_at__isnull=False),
                name="subject_request_forwarded_to_somebody",
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, decided_by="", granted__isnull=True, refusal="")
                | (Q(decided_at__isnull=False, granted__isnull=False) & ~Q(decided_by="")),
                name="subject_request_decided_by_someone",
            ),
            models.CheckConstraint(
                condition=Q(granted__isnull=True, refusal="")
                | Q(granted=True, refusal="")
                | (Q(granted=False) & Q(refusal__in=RefusalGround.values)),
                name="subject_request_refused_with_ground",
            ),
            models.CheckConstraint(
                condition=(~Q(state=SubjectState.GRANTED) & Q(request__isnull=True))
                | (Q(state__in=[SubjectState.GRANTED, SubjectState.ANSWERED]) & Q(granted=True, request__isnull=False)),
                name="subject_request_granted_is_carried_out",
            ),
            models.CheckConstraint(
                condition=(Q(state=SubjectState.ANSWERED) & Q(outcome__in=SubjectOutcome.values))
                | (~Q(state=SubjectState.ANSWERED) & Q(outcome="")),
                name="subject_request_answered_with_outcome",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OVER, closed_at__isnull=False, purge_at__isnull=False)
                | (~Q(state__in=OVER) & Q(closed_at__isnull=True, purge_at__isnull=True)),
                name="subject_request_closed_iff_over",
            ),
            models.CheckConstraint(
                condition=Q(told="", told_at__isnull=True) | Q(told__in=Told.values, told_at__isnull=False),
                name="subject_request_told_somehow",
            ),
            models.CheckConstraint(
                condition=Q(
                    purged_at__isnull=True,
                    sealed_facts__isnull=False,
                    wrapped_key__isnull=False,
                    key_version__isnull=False,
                )
                | Q(
                    purged_at__isnull=False,
                    sealed_facts__isnull=True,
                    wrapped_key__isnull=True,
                    key_version__isnull=True,
                ),
                name="subject_request_words_there_or_gone",
            ),
            models.UniqueConstraint(fields=["organization", "request"], name="subject_request_carried_out_once"),
        ]
        indexes = [
            models.Index(fields=["organization", "id"], name="subject_request_by_org"),
            models.Index(fields=["organization", "proof"], name="subject_request_by_proof"),
            models.Index(fields=["next_at", "id"], condition=Q(next_at__isnull=False), name="subject_request_next"),
            models.Index(fields=["due_on", "id"], condition=~Q(state__in=OVER), name="subject_request_open"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """What people write on a letter: the first eight characters of the public id."""
        return str(self.public_id)[:8].upper()


class SubjectDoubt(TenantModel):
    """A reasonable doubt about who asks (Art. 12(6)): it stops the clock from the question to the answer.

    ``asked_on`` and ``answered_on`` are days of the client. No document that was shown is kept.
    """

    request = models.ForeignKey(SubjectRequest, models.PROTECT, related_name="doubts")
    reason = models.CharField(_("reason"), max_length=16, choices=DoubtReason.choices)
    asked_on = models.DateField(_("asked on"))
    asked_by = models.CharField(_("asked by"), max_length=80)
    answered_on = models.DateField(_("answered on"), null=True, blank=True)
    answered_by = models.CharField(_("answer recorded by"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("doubt about identity")
        verbose_name_plural = _("doubts about identity")
        constraints = [
            *tenant_keys("retention_subjectdoubt"),
            models.CheckConstraint(condition=Q(reason__in=DoubtReason.values), name="subject_doubt_reason_known"),
            models.CheckConstraint(
                condition=Q(answered_on__isnull=True, answered_by="")
                | (Q(answered_on__gte=models.F("asked_on")) & ~Q(answered_by="")),
                name="subject_doubt_answered_afterwards",
            ),
            models.UniqueConstraint(
                fields=["request"], condition=Q(answered_on__isnull=True), name="subject_doubt_open_once"
            ),
        ]
        indexes = [models.Index(fields=["organization", "id"], name="subject_doubt_by_org")]

    def __str__(self) -> str:
        return self.get_reason_display()


class SubjectLink(models.Model):
    """A link that opens once: the person's own page, or a client's contact's decision. It holds no secret itself.

    What stands in a mail is the row's id, signed; so a mail that is sent again has the same link. ``organization`` is
    the client whose request it is, from the day that the client is known.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    organization = models.ForeignKey(
        "accounts.Organization", models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )
    request = models.ForeignKey(SubjectRequest, models.PROTECT, related_name="links")
    purpose = models.CharField(_("purpose"), max_length=8, choices=LinkPurpose.choices)
    user = models.ForeignKey(User, models.PROTECT, related_name="+", null=True, blank=True)
    made_at = models.DateTimeField(_("made at"))
    expires_at = models.DateTimeField(_("expires at"))
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)

    class Meta:
        verbose_name = _("one-time link")
        verbose_name_plural = _("one-time links")
        constraints = [
            models.CheckConstraint(
                condition=Q(purpose=LinkPurpose.PERSON, user__isnull=True)
                | Q(purpose=LinkPurpose.DECIDE, user__isnull=False),
                name="subject_link_of_its_reader",
            ),
            models.CheckConstraint(condition=Q(made_at__lt=models.F("expires_at")), name="subject_link_expires_later"),
        ]
        indexes = [models.Index(fields=["organization", "id"], name="subject_link_by_org")]

    def __str__(self) -> str:
        return self.get_purpose_display()
