"""The stores that an erasure empties, in dependency order; people, who are listed in the first, come last."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from django.db import connection
from django.db.models import QuerySet

from accounts.models import (
    AuditDetail,
    BulkItem,
    BulkJob,
    IdempotencyKey,
    LicensedUser,
    LicensedUserChange,
    OutboxMessage,
    ProvisionedGroup,
    ProvisionedMembership,
    RuleExemption,
    RuleFinding,
    WebhookDelivery,
    WebhookEndpoint,
)
from contracts.models import Intake
from retention.models import ContextItem, Conversation, Diagnostic, Export, Message
from retention.operations import exports


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one transaction erased: how many, and the key of the last one (the checkpoint)."""

    erased: int
    checkpoint: int


class Store(Protocol):
    """A place that holds a client's data. Both methods run in the eraser's scope (counting: the vendor's too)."""

    @property
    def name(self) -> str:
        """The store's name in the journal and on the certificate."""
        ...

    def count(self, organization_id: int) -> int:
        """Return how much is there."""
        ...

    def erase(self, organization_id: int, *, after: int, limit: int) -> Chunk:
        """Erase the next rows in the order of their keys, at most ``limit``; fewer means that none is left."""
        ...


@dataclass(frozen=True, slots=True)
class Rows:
    """A table of the default database whose rows belong to an organization.

    ``backwards``: its rows may point to earlier ones of it, so the latest go first, and no chunk leaves one that does.
    """

    name: str
    table: str
    key: str = "id"
    backwards: bool = False

    def count(self, organization_id: int) -> int:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {self.table} WHERE organization_id = %s", [organization_id])
            return int(cursor.fetchone()[0])

    def erase(self, organization_id: int, *, after: int, limit: int) -> Chunk:
        past, order, end = ("<", "DESC", "min") if self.backwards else (">", "ASC", "max")
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH gone AS (DELETE FROM {self.table} WHERE organization_id = %(organization)s AND {self.key} IN "
                f"(SELECT {self.key} FROM {self.table} WHERE organization_id = %(organization)s "
                f"AND (%(after)s = 0 OR {self.key} {past} %(after)s) ORDER BY {self.key} {order} LIMIT %(limit)s) "
                f"RETURNING {self.key}) SELECT count(*), coalesce({end}({self.key}), %(after)s) FROM gone",
                {"organization": organization_id, "after": after, "limit": limit},
            )
            erased, checkpoint = cursor.fetchone()
        return Chunk(int(erased), int(checkpoint))


@dataclass(frozen=True, slots=True)
class Endpoints(Rows):
    """Endpoints of webhooks, each with what was fanned out to it while the deliveries were being erased."""

    def erase(self, organization_id: int, *, after: int, limit: int) -> Chunk:
        rows = WebhookEndpoint.objects.filter(organization=organization_id, pk__gt=after).order_by("pk")
        # Locked: who fans out to them waits, and then finds them gone.
        chosen = [endpoint.pk for endpoint in rows.select_for_update()[:limit]]
        WebhookDelivery.objects.filter(organization=organization_id, endpoint__in=chosen).delete()
        WebhookEndpoint.objects.filter(organization=organization_id, pk__in=chosen).delete()
        return Chunk(len(chosen), chosen[-1] if chosen else after)


@dataclass(frozen=True, slots=True)
class ExportFiles:
    """Exports: each file goes before its row, so a crash in between leaves a row that is erased again."""

    name: str = "exports"

    def count(self, organization_id: int) -> int:
        return Export.objects.filter(organization=organization_id).count()

    def erase(self, organization_id: int, *, after: int, limit: int) -> Chunk:
        rows = Export.objects.filter(organization=organization_id, pk__gt=after).order_by("pk")
        chosen = list(rows.values_list("pk", "public_id")[:limit])
        for _pk, public_id in chosen:
            exports.remove_file(public_id)
        if not chosen:
            return Chunk(0, after)
        Export.objects.filter(organization=organization_id, pk__in=[pk for pk, _id in chosen]).delete()
        return Chunk(len(chosen), chosen[-1][0])


@dataclass(frozen=True, slots=True)
class Announcements:
    """What the outbox says about single people. What it says about the organization and its contracts is kept."""

    name: str = "outbox_of_people"

    def count(self, organization_id: int) -> int:
        return self._rows(organization_id).count()

    def erase(self, organization_id: int, *, after: int, limit: int) -> Chunk:
        chosen = list(
            self._rows(organization_id).filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:limit]
        )
        OutboxMessage.objects.filter(organization=organization_id, pk__in=chosen).delete()
        return Chunk(len(chosen), chosen[-1] if chosen else after)

    @staticmethod
    def _rows(organization_id: int) -> QuerySet[OutboxMessage]:
        return OutboxMessage.objects.filter(organization=organization_id, subject_type="LicensedUser")


STORES: Sequence[Store] = (
    # First: their keys stand in their own rows, so an export stays readable until it is gone.
    ExportFiles(),
    Rows("messages", Message._meta.db_table),
    Rows("context_items", ContextItem._meta.db_table),
    Rows("diagnostics", Diagnostic._meta.db_table),
    Rows("conversations", Conversation._meta.db_table),
    Rows("intakes", Intake._meta.db_table),
    Rows("audit_details", AuditDetail._meta.db_table, key="event_id"),
    Rows("idempotency_keys", IdempotencyKey._meta.db_table),
    Rows("webhook_deliveries", WebhookDelivery._meta.db_table),
    Endpoints("webhook_endpoints", WebhookEndpoint._meta.db_table),
    Announcements(),
    Rows("provisioned_memberships", ProvisionedMembership._meta.db_table),
    Rows("provisioned_groups", ProvisionedGroup._meta.db_table),
    Rows("rule_findings", RuleFinding._meta.db_table),
    Rows("rule_exemptions", RuleExemption._meta.db_table),
    Rows("bulk_items", BulkItem._meta.db_table),
    Rows("bulk_jobs", BulkJob._meta.db_table, backwards=True),
    Rows("licence_changes", LicensedUserChange._meta.db_table),
    Rows("licensed_users", LicensedUser._meta.db_table),
)
BY_NAME = {store.name: store for store in STORES}
