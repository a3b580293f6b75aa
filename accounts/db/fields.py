"""The foreign key between two rows of one tenant, and the abstract row that belongs to a tenant."""

import uuid
from typing import Any

from django.db import models


class TenantForeignKey(models.ForeignKey[Any, Any]):
    """A foreign key whose constraint is the composite ``(organization_id, id)``, so that it cannot point next door.

    Django's own single-column constraint and index are switched off: the migration adds the composite constraint
    (:func:`accounts.db.security.composite_keys`), and ``Meta.indexes`` the composite index.
    """

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        kwargs["db_index"] = False
        kwargs.setdefault("related_name", "+")
        super().__init__(to, on_delete, **kwargs)


class TenantModel(models.Model):
    """A row of one organization. The tenant is part of every unique key and index."""

    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="+", db_index=False)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True


def tenant_keys(table: str) -> list[models.BaseConstraint]:
    """Return the two unique keys of a tenant's table: the target of composite foreign keys, and the public id."""
    return [
        models.UniqueConstraint(fields=["organization", "id"], name=f"{table}_tenant_key"),
        models.UniqueConstraint(fields=["public_id"], name=f"{table}_public_id_key"),
    ]
