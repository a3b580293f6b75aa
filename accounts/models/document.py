"""The document store's index: encrypted files that prove something. Kept after an erasure, so with a key of its own."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantModel, tenant_keys
from accounts.enums import DocumentKind


class Document(TenantModel):
    """A stored file. ``wrapped_key`` is its data key under the key-encryption key of ``key_version``.

    ``given_by``: of a client's instruction, which contact of the client gave it.
    """

    kind = models.CharField(_("kind"), max_length=32, choices=DocumentKind.choices)
    filename = models.CharField(_("file name"), max_length=200)
    content_type = models.CharField(_("content type"), max_length=100)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    wrapped_key = models.BinaryField()
    key_version = models.PositiveIntegerField()
    given_by = models.CharField(_("given by"), max_length=80, blank=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        constraints = [
            *tenant_keys("accounts_document"),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="document_sha256_is_hex"),
        ]

    def __str__(self) -> str:
        return self.filename
