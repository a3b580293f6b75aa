"""Columns that Django does not have: keys between rows of one tenant, JSON kept as it was written."""

import uuid
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:

    class Texts(models.TextField[str, str]): ...

else:  # it takes no type arguments when it runs
    Texts = models.TextField


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


class WrittenJSONField(Texts):
    """JSON whose text is kept as it was written (``json``), blanks and order of names too: it is hashed."""

    def db_type(self, connection: Any) -> str:
        return "json"

    def get_placeholder_sql(self, value: Any, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s::json", (value,)

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        return f"{sql}::text", params
