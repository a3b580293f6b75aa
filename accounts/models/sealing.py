"""The sealed trail: each event's place in the hash chains, and the signed heads that were carried away."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import WrittenJSONField

_HEX = r"^[0-9a-f]{64}$"


class AuditSeal(models.Model):
    """An event's link in two chains: of all events (``position``), and of those that the same readers read.

    An organization has two chains of the second kind: of what it reads, so that it can check it alone, and of what is
    ``vendor_only`` about it; events without organization have theirs. Positions are gapless from 1. What is hashed is
    ``canonical``: all columns of the event, and what else the seal says (docs/interfaces.md). ``before`` is the
    transaction that sealed: one with a higher number had not begun to write. Only added.
    """

    position = models.BigIntegerField(_("position"), primary_key=True)
    event_id = models.BigIntegerField(_("event"), unique=True)
    organization_id = models.BigIntegerField(null=True, blank=True)
    vendor_only = models.BooleanField(_("for the vendor only"))
    organization_position = models.BigIntegerField(_("position in its chain"))
    canonical = WrittenJSONField(_("what is hashed"))
    digest = models.CharField(_("digest"), max_length=64)
    organization_digest = models.CharField(_("digest in its chain"), max_length=64)
    sealed_at = models.DateTimeField(_("sealed at"))
    cluster = models.BigIntegerField(_("database cluster"))
    before = models.BigIntegerField(_("before transaction"))

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "vendor_only", "organization_position"],
                name="audit_seal_once_in_its_chain",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(position__gte=1, organization_position__gte=1)
                & Q(organization_position__lte=F("position")),
                name="audit_seal_counts_from_one",
            ),
            models.CheckConstraint(
                condition=Q(digest__regex=_HEX, organization_digest__regex=_HEX), name="audit_seal_digests_are_hex"
            ),
        ]

    def __str__(self) -> str:
        return str(self.position)


class TrailHead(models.Model):
    """Where the chain stood when its head was carried away: the signed document, as in its file. Only added."""

    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    position = models.BigIntegerField(_("position"), unique=True)
    digest = models.CharField(_("digest"), max_length=64)
    signing_key = models.CharField(_("signing key"), max_length=16)
    document = models.JSONField(_("document"))
    exported_at = models.DateTimeField(_("exported at"))

    class Meta:
        verbose_name = _("head of the trail")
        verbose_name_plural = _("heads of the trail")
        constraints = [
            models.CheckConstraint(condition=Q(position__gte=1), name="trail_head_counts_from_one"),
            models.CheckConstraint(condition=Q(digest__regex=_HEX), name="trail_head_digest_is_hex"),
        ]

    def __str__(self) -> str:
        return str(self.position)
