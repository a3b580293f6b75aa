"""Exports end: by age, or once the client's own rules have erased all that they hold. Held or needed, they stay.

One that was made before exports ended counts from the upgrade. The sweep runs after the nights of retention rules. The
row goes, with the wrapped key that is in it, and then the file; both as the eraser, whom the database refuses what a
hold covers.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from accounts import tenancy
from accounts.errors import Refused
from accounts.operations import audit, outbox
from accounts.operations.sweeping import Swept, earliest, walk
from contracts.models import SwitchingCase
from retention.enums import ContentCategory, ExportKept, NightState, RequestScope, RuleState, VaultState
from retention.models import DeletionRequest, Export, RetentionNight, RetentionRule, SubjectRequest, Vault
from retention.operations import chunks, exports, lasting

# By which rule of a client the rows of an export's file would have gone.
OF_CATEGORY: Mapping[str, tuple[str, ...]] = {
    ContentCategory.CONVERSATIONS: ("messages", "conversations"),
    ContentCategory.CONTEXT: ("context_items",),
    ContentCategory.DIAGNOSTICS: ("diagnostics",),
}
CONTENT = tuple(name for names in OF_CATEGORY.values() for name in names)
AGES_FROM = Coalesce("counts_from", "made_at")
AGE, RULES = "age", "rules"


class ExportStays(Refused):
    """The export is not old enough, a hold covers it, or it is needed still; or another worker was faster."""

    code = "export_stays"


def due(*, at: datetime) -> QuerySet[Export]:
    """Return the exports that go now.

    They are older than EXPORT_KEPT; or of every category of content in them an enforced rule has had a night whose
    cutoff lies after the export was made, or counts from. One that holds people only goes by age.
    """
    old = Q(age_from__lte=at - settings.EXPORT_KEPT)
    return _free(at=at).filter(old | _outlived()).order_by("pk")


def _outlived() -> Q:
    """Say of which exports nothing is left in the vault by the client's own rules: each category must have its night.

    The licensed users in them have no rule: they are there for as long as the product knows them.
    """
    found = ~Q(**{f"rows__{name}": 0 for name in CONTENT})
    for category, names in OF_CATEGORY.items():
        nights = RetentionNight.objects.filter(
            organization=OuterRef("organization"),
            rule__state=RuleState.ENFORCED,
            rule__category=category,
            state=NightState.DONE,
            cutoff__gt=OuterRef("age_from"),
        )
        found &= Q(**{f"rows__{name}": 0 for name in names}) | Q(Exists(nights))
    return found


def _free(*, at: datetime) -> QuerySet[Export]:
    """Return the exports that nothing keeps (:func:`_keeping`)."""
    found = Export.objects.annotate(age_from=AGES_FROM)
    return found.filter(*(~condition for condition in _keeping(at=at).values()))


def kept_by(export: Export, *, at: datetime) -> list[ExportKept]:
    """Return what keeps an export now, however old it is; empty: nothing, so it goes when it is old enough."""
    keeping = {f"by_{code}": condition for code, condition in _keeping(at=at).items()}
    found = (
        Export.objects.filter(organization=export.organization_id, pk=export.pk).annotate(**keeping).values(*keeping)
    )
    told = found.first() or {}
    return [ExportKept(name.removeprefix("by_")) for name, keeps in told.items() if keeps]


def _keeping(*, at: datetime) -> Mapping[ExportKept, Any]:
    """Return what keeps exports, each as a condition on them.

    What keeps one: a hold on somebody in it; the request that it was made for, or that person's own, while it is open;
    the client's time to retrieve (Data Act, Article 25(2)(g)), a switch that is under way. What an erasure is about to
    take is left to it.
    """
    client = OuterRef("organization")
    own = DeletionRequest.objects.open().filter(organization=client, pk=OuterRef("request"))
    asked = SubjectRequest.objects.filter(organization=client, request=OuterRef("request"), closed_at__isnull=True)
    retrieving = DeletionRequest.objects.open().filter(
        organization=client, scope=RequestScope.ORGANIZATION, erase_from__gt=at
    )
    switching = SwitchingCase.objects.holding().filter(organization=client)
    closed = Vault.objects.exclude(state=VaultState.OPEN).filter(organization=client)
    held = Func(F("organization_id"), F("request_id"), function="retention_export_held", output_field=BooleanField())
    return {
        ExportKept.HELD: held,
        ExportKept.REQUEST_OPEN: Exists(own),
        ExportKept.PERSON_UNANSWERED: Exists(asked),
        ExportKept.RETRIEVAL: Exists(retrieving),
        ExportKept.SWITCH: Exists(switching),
        ExportKept.ERASING: Exists(closed),
    }


def following(*, after: datetime) -> datetime | None:
    """Return when the next export is old enough, or the next client's time to retrieve is over."""
    oldest = earliest(Export.objects.annotate(age_from=AGES_FROM), "age_from", after=after - settings.EXPORT_KEPT)
    whole = DeletionRequest.objects.open().filter(scope=RequestScope.ORGANIZATION)
    found = (oldest and oldest + settings.EXPORT_KEPT, earliest(whole, "erase_from", after=after))
    return min((instant for instant in found if instant is not None), default=None)


def ends_at(export: Export) -> datetime:
    """Return from when an export goes, unless something keeps it: by age, or by the client's rules as they stand."""
    by_age = export.ages_from + settings.EXPORT_KEPT
    held = [category for category, names in OF_CATEGORY.items() if any(export.rows.get(name) for name in names)]
    enforced = RetentionRule.objects.enforced().filter(organization=export.organization_id)
    rules = {rule.category: rule for rule in enforced.select_related("organization")}
    if not held or any(category not in rules for category in held):
        return by_age
    return min(by_age, max(lasting.may_go_from(export.ages_from, rules[category]) for category in held))


def end(export: Export, *, now: datetime, by: str) -> None:
    """Destroy an export: its row with the wrapped key, then its file.

    Killed before it has committed, the row stays, and goes with the next call.

    :raises ExportStays: it is not due, something keeps it, or it is gone.
    """
    with tenancy.eraser(export.organization_id):
        # Who places a hold takes the fence alone: they wait for this, or this sees the hold.
        chunks.share_fence(export.organization_id)
        found = due(at=now).filter(organization=export.organization_id, pk=export.pk).first()
        if found is None or not _delete(found):
            raise ExportStays("The export is not due, or something keeps it.")
        why = AGE if found.ages_from <= now - settings.EXPORT_KEPT else RULES
        facts = {"why": why, "made_at": found.made_at.isoformat(), "rows": found.rows}
        audit.record("export.ended", found, by=by, at=now, data=facts)
        outbox.publish("export.ended", found, at=now, payload={"why": why, "made_at": facts["made_at"]})
        # Last: whatever refuses the row keeps the file.
        exports.remove_file(found.public_id)


def _delete(export: Export) -> bool:
    """Delete the row as one statement; say whether this did it, and not another worker."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM retention_export WHERE organization_id = %s AND id = %s", [export.organization_id, export.pk]
        )
        return bool(cursor.rowcount)


def end_all(*, at: datetime, by: str) -> Swept:
    """Destroy what is due, one export after the other."""
    return walk(lambda: due(at=at), lambda export: end(export, now=at, by=by))
