"""Rows of others that name the people of an erasure, where the client decided that these go too."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from accounts.models import LicensedUser
from retention.enums import HoldScope, RunPhase, ScanState
from retention.models import ErasureRun, ErasureStep, LegalHold, MentionScan
from retention.operations.stores.aged import FREE, HELD_WHOLE, REASON, SPARED
from retention.operations.stores.rows import Rows
from retention.operations.stores.target import Chunk, Place, Target

NAME = "mentions"
TABLES = {
    "messages": "retention_message",
    "context_items": "retention_contextitem",
    "diagnostics": "retention_diagnostic",
    "conversations": "retention_conversation",
}
ORDER = tuple(TABLES)
# A hold first, as everywhere: it is what people ask about.
HELD = "legal_hold"


def counting(organization: int, request: int) -> MentionScan | None:
    """Return the search that counts for a request: the last whose rows go, else the last finished one, else any."""
    found = MentionScan.objects.filter(organization=organization, request=request).order_by("-pk")
    taken, done = found.filter(taken_at__isnull=False), found.filter(state=ScanState.DONE)
    return taken.first() or done.first() or found.first()


@dataclass(frozen=True, slots=True)
class There:
    """A row of others that is there: the author's internal key, and why nothing takes it now (empty: nothing does)."""

    store: str
    ref: UUID
    author: int | None
    why: str


def decided(organization: int, request: int | None) -> list[There]:
    """Return the rows that the client decided on, as far as they are there. In the eraser's or the vendor's scope."""
    scan = None if request is None else counting(organization, request)
    rows = {} if scan is None or scan.taken_at is None else scan.rows
    return [row for store in TABLES for row in _there(organization, store, "t.id", rows.get(store, ()))]


def there(organization: int, refs: Sequence[UUID]) -> list[There]:
    """Return those of the rows of these public ids that are there; of a conversation: with its title."""
    return [row for store in TABLES for row in _there(organization, store, "t.public_id", refs)]


def reasons(rows: Sequence[There]) -> dict[str, int]:
    """Return how many rows nothing may take now, by reason."""
    return dict(Counter(row.why for row in rows if row.why))


def holds_on(organization: int, rows: Sequence[There]) -> list[str]:
    """Return the public ids of the holds in force that keep any of these rows."""
    held = [row for row in rows if row.why == HELD]
    if not held:
        return []
    authors = {row.author for row in held if row.author is not None}
    covering = (
        Q(scope=HoldScope.ORGANIZATION)
        | Q(scope=HoldScope.PERSON, subject__in=authors)
        | Q(Q(department__in=_departments(organization, authors)) | Q(listed__overlap=sorted(authors)))
    )
    found = LegalHold.objects.filter(covering, organization=organization).in_force()
    return [str(one) for one in found.order_by("pk").values_list("public_id", flat=True)]


@dataclass(frozen=True, slots=True)
class Mentioned(Rows):
    """What a search of others' content named. What a hold, a restriction or a request covers stays.

    A conversation loses its title, as the place of what others wrote in it. What goes is listed in the step when the
    keys go, by public ids, as the ledger has it; with the first chunk, where a step is older than such lists. Each
    chunk writes down what stayed, and which holds kept it.
    """

    def covers(self, target: Target) -> bool:
        return bool(self.count(target))

    def count(self, target: Target) -> int:
        listed = self._listed(target)
        return len(decided(target.organization_id, target.request_id) if listed is None else listed)

    def left(self, target: Target) -> bool:
        return False  # what stays is held; what was written since was not searched

    def erase(self, target: Target, *, after: Place, limit: int, until: float) -> Chunk:
        step = _step(target)
        if step is not None and step.listed is None:
            list_there(step)
            after = Place(0, 0)  # what went before is not in the list
        listed = self._listed(target) or []
        chosen = listed[after.key : after.key + limit]
        erased = anonymised = 0
        for store, table in TABLES.items():
            if store == "conversations":
                anonymised = self._run(f"UPDATE {table} t SET sealed = ''", target, chosen)
            else:
                erased += self._run(f"DELETE FROM {table} t", target, chosen)
        self._note(target, there(target.organization_id, chosen), first=after.key == 0)
        reached = after.key + len(chosen)
        return Chunk(erased, Place(0, reached), reached >= len(listed), anonymised)

    @staticmethod
    def _run(act: str, target: Target, refs: Sequence[UUID]) -> int:
        free = FREE.format(held=HELD_WHOLE, row="t", spared=SPARED)
        params: dict[str, Any] = {"organization": target.organization_id, "refs": list(refs)}
        full = " AND t.sealed <> ''" if act.startswith("UPDATE") else ""  # what lost its title is not counted again
        with connection.cursor() as cursor:
            cursor.execute(
                f"{act} WHERE t.organization_id = %(organization)s AND t.public_id = ANY(%(refs)s) AND {free}{full}",
                params,
            )
            return int(cursor.rowcount)

    @staticmethod
    def _listed(target: Target) -> list[UUID] | None:
        """Return the public ids of what goes; ``None``: nothing is listed before the keys go, or ever was."""
        step = _step(target)
        return None if step is None or step.run.phase == RunPhase.PLANNED else step.listed

    @staticmethod
    def _note(target: Target, stayed: Sequence[There], *, first: bool) -> None:
        step = _step(target)
        if step is None:
            return
        walked = Counter(() if first else step.kept.get("walked", {})) + Counter(reasons(stayed))
        step.kept = {**step.kept, "walked": dict(walked)}
        step.save(update_fields=["kept"])
        meet(step.run, holds_on(target.organization_id, stayed))


def list_there(step: ErasureStep) -> None:
    """List what goes of what the client decided on, and note what stays now and why. The caller has the run's row."""
    rows = decided(step.organization_id, step.run.request_id)
    stay = [row for row in rows if row.why]
    step.listed, step.kept = [row.ref for row in rows if not row.why], {"fenced": reasons(stay)}
    step.save(update_fields=["listed", "kept"])
    meet(step.run, holds_on(step.organization_id, stay))


def meet(run: ErasureRun, holds: Sequence[str]) -> None:
    """Write down that a run met these holds. The caller has the run's row, in a transaction."""
    met = [*run.holds_met, *(one for one in holds if one not in run.holds_met)]
    if met != run.holds_met:
        run.holds_met = met
        run.save(update_fields=["holds_met"])


def _step(target: Target) -> ErasureStep | None:
    found = ErasureStep.objects.filter(
        organization=target.organization_id, run__request=target.request_id, store=NAME
    ).exclude(run__phase=RunPhase.CANCELLED)
    return None if target.request_id is None else found.select_related("run").first()


def _there(organization: int, store: str, column: str, keys: Sequence[Any]) -> list[There]:
    if not keys:
        return []
    free = FREE.format(held=HELD_WHOLE, row="t", spared=SPARED)
    full = " AND t.sealed <> ''" if store == "conversations" else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT t.public_id, t.subject_id, CASE WHEN {free} THEN '' ELSE {REASON.format(held=HELD_WHOLE)} END "
            f"FROM {TABLES[store]} t WHERE t.organization_id = %(organization)s AND {column} = ANY(%(keys)s){full} "
            "ORDER BY t.id",
            {"organization": organization, "keys": list(keys)},
        )
        return [There(store, *row) for row in cursor.fetchall()]


def _departments(organization: int, people: set[int]) -> list[str]:
    found = LicensedUser.objects.filter(organization=organization, pk__in=people).exclude(department="")
    return list(found.values_list("department", flat=True))
