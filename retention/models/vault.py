"""The vault: what the client's people wrote and what the product learned. Encrypted; erased when the client leaves."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, tenant_keys
from accounts.models import LicensedUser, Organization
from retention.enums import MessageRole, VaultState


class Vault(models.Model):
    """The fence of one organization's content: writers and chunks take it ``FOR SHARE``, holds ``FOR UPDATE``."""

    organization = models.OneToOneField(Organization, models.PROTECT, related_name="+", primary_key=True)
    state = models.CharField(_("state"), max_length=12, choices=VaultState.choices, default=VaultState.OPEN)
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("vault")
        verbose_name_plural = _("vaults")
        constraints = [models.CheckConstraint(condition=Q(state__in=VaultState.values), name="vault_state_known")]

    def __str__(self) -> str:
        return str(self.organization_id)


class Content(models.Model):
    """What every row of the vault has. ``subject`` is the person whose key encrypts it; empty: the organization's key.

    ``external_id`` is the product's own id: unique per organization, so loading a line twice stores it once.
    ``sealed`` is AES-256-GCM under the data key ``key_id`` of the ledger, with the row's ids as associated data.
    """

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", db_index=False)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    external_id = models.CharField(_("external id"), max_length=200)
    subject = TenantForeignKey(LicensedUser, null=True, blank=True)
    key_id = models.UUIDField()
    sealed = models.BinaryField()
    occurred_at = models.DateTimeField(_("occurred at"))
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.public_id)


def _content_keys(table: str) -> list[models.BaseConstraint]:
    return [
        models.UniqueConstraint(fields=["organization", "external_id"], name=f"{table}_external_id_once"),
        models.UniqueConstraint(fields=["organization", "public_id"], name=f"{table}_public_id_once"),
    ]


def _content_indexes(table: str) -> list[models.Index]:
    return [
        models.Index(fields=["organization", "subject", "id"], name=f"{table}_by_subject"),
        models.Index(fields=["organization", "id"], name=f"{table}_by_organization"),
        # A night of a retention rule reads what is due, not what is kept.
        models.Index(fields=["organization", "occurred_at", "id"], name=f"{table}_by_age"),
    ]


class Conversation(Content):
    """A conversation; its title is sealed."""

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        constraints = [*tenant_keys("retention_conversation"), *_content_keys("conversation")]
        indexes = _content_indexes("conversation")


class Message(Content):
    """One turn of a conversation; its text is sealed. A leaf: nothing refers to it."""

    conversation = TenantForeignKey(Conversation)
    role = models.CharField(_("role"), max_length=12, choices=MessageRole.choices)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            *_content_keys("message"),
            models.CheckConstraint(condition=Q(role__in=MessageRole.values), name="message_role_known"),
        ]
        indexes = [
            *_content_indexes("message"),
            models.Index(fields=["organization", "conversation", "id"], name="message_by_conversation"),
        ]


class ContextItem(Content):
    """A piece of accumulated AI context; name and text are sealed. A leaf."""

    class Meta:
        verbose_name = _("context item")
        verbose_name_plural = _("context items")
        constraints = _content_keys("contextitem")
        indexes = _content_indexes("contextitem")


class Diagnostic(Content):
    """A diagnostic that the product computed; its payload is sealed, its type is a code. A leaf."""

    type = models.SlugField(_("type"), max_length=60, db_index=False)

    class Meta:
        verbose_name = _("diagnostic")
        verbose_name_plural = _("diagnostics")
        constraints = _content_keys("diagnostic")
        indexes = _content_indexes("diagnostic")
