"""What an export says of licensed users: all that is held of each, with what was done to the licence and by which rule.

Only what is Terme's own is left out: internal keys, counters, and who of the staff or which program acted.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import batched
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, QuerySet

from accounts.models import LicensedUser, LicensedUserChange, ProvisionedGroup, RuleExemption, RuleFinding

BATCH = 500
# A person's own fields, as they are called; ``id`` is the product's id.
FIELDS = (
    "email",
    "display_name",
    "department",
    "user_name",
    "assignment_ends_on",
    "profile",
    "status",
    "created_at",
    "processing_restricted_at",
    "processing_lift_told_at",
    "provisioned_id",
    "former_identifiers",
    "last_active_at",
    "status_at",
    "suspension_reason",
    "suspended_at",
    "suspended_until",
    "features",
    "delete_at",
    "deleted_at",
    "changed_at",
)
CHANGE = ("occurred_at", "act", "before", "status", "suspension_reason", "features", "until")
FINDING = ("rule", "state", "enforced", "found_at", "acts_at", "closed_at", "code")


def lines(people: QuerySet[LicensedUser]) -> Iterator[dict[str, Any]]:
    """Yield a line for each of these people, batch by batch."""
    groups = ProvisionedGroup.objects.filter(memberships__licensed_user=OuterRef("pk")).order_by("display_name")
    rows: QuerySet[Any] = people.order_by("pk").annotate(groups=ArraySubquery(groups.values("display_name")))
    for batch in batched(rows.iterator(chunk_size=BATCH), BATCH):
        changes = _of(LicensedUserChange.objects.all(), batch, CHANGE)
        findings = _of(RuleFinding.objects.annotate(of=F("rule__name")), batch, FINDING)
        exemptions = _of(RuleExemption.objects.annotate(of=F("rule__name")), batch, ("rule", "created_at"))
        for row in batch:
            yield {
                "id": row.external_id,
                **{name: _plain(getattr(row, name)) for name in FIELDS},
                "groups": row.groups,
                "changes": changes[row.pk],
                "findings": findings[row.pk],
                "exemptions": exemptions[row.pk],
            }


def _of(rows: QuerySet[Any], people: Sequence[LicensedUser], names: Sequence[str]) -> dict[int, list[dict[str, Any]]]:
    """Return what a table says of these people, by internal key, the earliest first; a rule by its name."""
    found: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    own = rows.filter(organization=people[0].organization_id, licensed_user__in=people).order_by("pk")
    for row in own:
        said = {name: row.of if name == "rule" else _plain(getattr(row, name)) for name in names}
        found[row.licensed_user_id].append(said)
    return found


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
