"""Rows of others that name the people of an erasure, where the client decided that these go too."""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from retention.enums import ScanState
from retention.models import MentionScan
from retention.operations.stores.aged import FREE, HELD_WHOLE, SPARED
from retention.operations.stores.rows import Rows
from retention.operations.stores.target import Chunk, Place, Target

TABLES = {
    "messages": "retention_message",
    "context_items": "retention_contextitem",
    "diagnostics": "retention_diagnostic",
    "conversations": "retention_conversation",
}
ORDER = tuple(TABLES)


def counting(organization: int, request: int) -> MentionScan | None:
    """Return the search that counts for a request: the last whose rows go, else the last finished one, else any."""
    found = MentionScan.objects.filter(organization=organization, request=request).order_by("-pk")
    taken, done = found.filter(taken_at__isnull=False), found.filter(state=ScanState.DONE)
    return taken.first() or done.first() or found.first()


@dataclass(frozen=True, slots=True)
class Mentioned(Rows):
    """What a search of others' content named. What a hold, a restriction or a request covers stays.

    A conversation loses its title, as the place of what others wrote in it.
    """

    def covers(self, target: Target) -> bool:
        return bool(self._listed(target))

    def count(self, target: Target) -> int:
        return len(self._listed(target))

    def left(self, target: Target) -> bool:
        return False  # what stays is held; what was written since was not searched

    def erase(self, target: Target, *, after: Place, limit: int, until: float) -> Chunk:
        listed = self._listed(target)
        chosen = listed[after.key : after.key + limit]
        erased = anonymised = 0
        for store, table in TABLES.items():
            keys = [key for name, key in chosen if name == store]
            if keys:
                act = f"UPDATE {table} t SET sealed = ''" if store == "conversations" else f"DELETE FROM {table} t"
                gone = self._run(act, target, keys)
                erased, anonymised = (
                    (erased, anonymised + gone) if store == "conversations" else (erased + gone, anonymised)
                )
        reached = after.key + len(chosen)
        return Chunk(erased, Place(0, reached), reached >= len(listed), anonymised)

    @staticmethod
    def _run(act: str, target: Target, keys: list[int]) -> int:
        free = FREE.format(held=HELD_WHOLE, row="t", spared=SPARED)
        params: dict[str, Any] = {"organization": target.organization_id, "keys": keys}
        full = " AND t.sealed <> ''" if act.startswith("UPDATE") else ""  # what lost its title is not counted again
        with connection.cursor() as cursor:
            cursor.execute(
                f"{act} WHERE t.organization_id = %(organization)s AND t.id = ANY(%(keys)s) AND {free}{full}", params
            )
            return int(cursor.rowcount)

    @staticmethod
    def _listed(target: Target) -> list[tuple[str, int]]:
        """Return the rows that go, if the client decided so."""
        if target.request_id is None:
            return []
        found = counting(target.organization_id, target.request_id)
        rows = {} if found is None or found.taken_at is None else found.rows
        return [(store, key) for store in TABLES for key in rows.get(store, ())]
