"""Content that is older than a cutoff: walked in the order of its own instants, each range one statement.

The walk follows an index by organization, instant and key, so a night costs what falls due, not what is kept. What a
hold covers stays, row by row, and so does whose processing is restricted (Art. 18 GDPR), who is in an open request that
is no erasure (the answer is made of it), and whoever an erasure has fenced: that one counts its own rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from retention.enums import ContentCategory
from retention.querysets import OVER

_OVER = ", ".join(f"'{status}'" for status in OVER)
_ASKED = f"s.let_go_at IS NULL AND r.kind <> 'erase' AND r.status NOT IN ({_OVER})"
# Whom no row may be taken from now. A subquery of numbers without NULL, which the database reads once a statement.
SPARED = f"""
    SELECT u.id FROM accounts_licenseduser u
    WHERE u.organization_id = %(organization)s AND u.processing_restricted_at IS NOT NULL
    UNION ALL SELECT h.subject_id FROM retention_legalhold h
    WHERE h.organization_id = %(organization)s AND h.released_at IS NULL AND h.subject_id IS NOT NULL
    UNION ALL SELECT u.id FROM retention_legalhold h
    JOIN accounts_licenseduser u ON u.organization_id = h.organization_id
    AND (u.department = h.department OR u.id = ANY(h.listed))
    WHERE h.organization_id = %(organization)s AND h.released_at IS NULL AND h.scope = 'department'
    UNION ALL SELECT s.licensed_user_id FROM retention_requestsubject s
    WHERE s.organization_id = %(organization)s AND s.fenced_at IS NOT NULL
    UNION ALL SELECT s.licensed_user_id FROM retention_requestsubject s
    JOIN retention_deletionrequest r ON r.organization_id = s.organization_id AND r.id = s.request_id
    WHERE s.organization_id = %(organization)s AND {_ASKED}
"""
HELD_WHOLE = (
    "EXISTS (SELECT 1 FROM retention_legalhold h WHERE h.organization_id = %(organization)s "
    "AND h.released_at IS NULL AND h.scope = 'organization')"
)
FREE = "NOT {held} AND ({row}.subject_id IS NULL OR {row}.subject_id NOT IN ({spared}))"
# Why a row ``t`` stayed: a hold first, for it is what people ask about.
REASON = f"""
    CASE WHEN {{held}} OR EXISTS (
        SELECT 1 FROM retention_legalhold h LEFT JOIN accounts_licenseduser u
        ON u.organization_id = h.organization_id AND u.id = t.subject_id
        WHERE h.organization_id = t.organization_id AND h.released_at IS NULL
        AND (h.subject_id = t.subject_id OR t.subject_id = ANY(h.listed)
            OR (h.scope = 'department' AND h.department = u.department))
    ) THEN 'legal_hold'
    WHEN EXISTS (
        SELECT 1 FROM retention_requestsubject s WHERE s.organization_id = t.organization_id
        AND s.licensed_user_id = t.subject_id AND s.fenced_at IS NOT NULL
    ) THEN 'being_erased'
    WHEN EXISTS (
        SELECT 1 FROM accounts_licenseduser u WHERE u.organization_id = t.organization_id AND u.id = t.subject_id
        AND u.processing_restricted_at IS NOT NULL
    ) THEN 'restricted'
    WHEN EXISTS (
        SELECT 1 FROM retention_requestsubject s JOIN retention_deletionrequest r
        ON r.organization_id = s.organization_id AND r.id = s.request_id
        WHERE s.organization_id = t.organization_id AND s.licensed_user_id = t.subject_id AND {_ASKED}
    ) THEN 'requested'
    ELSE 'in_use' END
"""


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a walk by age stands: after the row of this instant and key; the beginning without an instant."""

    at: datetime | None = None
    key: int = 0


@dataclass(frozen=True, slots=True)
class AgedChunk:
    """What one transaction did; ``full``: it took as many rows as it was given. ``left``: what stayed, by reason."""

    erased: int
    left: Mapping[str, int]
    reached: Reached
    finished: bool

    @property
    def full(self) -> bool:
        return not self.finished


@dataclass(frozen=True, slots=True)
class Due:
    """What of a store is older than a cutoff: how much would go and stay, and the oldest instant among what goes."""

    goes: int
    left: Mapping[str, int]
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Aged:
    """A table of content. ``emptied``: a row goes only when nothing refers to it, and nobody adds to it meanwhile."""

    name: str
    table: str
    emptied: bool = False

    def erase(self, organization_id: int, *, before: datetime, after: Reached, limit: int) -> AgedChunk:
        """Erase one range of rows older than the cutoff, and count what stayed of it and why. In the eraser's scope."""
        params: dict[str, Any] = {
            "organization": organization_id,
            "before": before,
            "at": after.at,
            "key": after.key,
            "offset": limit - 1,
        }
        within = "t.organization_id = %(organization)s AND t.occurred_at < %(before)s"
        if after.at is not None:
            within += " AND (t.occurred_at, t.id) > (%(at)s, %(key)s)"
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT t.occurred_at, t.id FROM {self.table} t WHERE {within} "
                "ORDER BY t.occurred_at, t.id LIMIT 1 OFFSET %(offset)s",
                params,
            )
            end = cursor.fetchone()
            if end is not None:
                within += " AND (t.occurred_at, t.id) <= (%(to_at)s, %(to_key)s)"
                params |= {"to_at": end[0], "to_key": end[1]}
            cursor.execute(f"DELETE FROM {self.table} t WHERE {within} AND {self._goes()}", params)
            erased = cursor.rowcount
            left = {} if erased == limit else self._left(cursor, within, params)
        return AgedChunk(erased, left, Reached(*end) if end else after, end is None)

    def due(self, organization_id: int, *, before: datetime) -> Due:
        """Say what a night would take, as things stand. In the vendor's or the tenant's scope."""
        params: dict[str, Any] = {"organization": organization_id, "before": before}
        within = "t.organization_id = %(organization)s AND t.occurred_at < %(before)s"
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(*), min(t.occurred_at) FROM {self.table} t WHERE {within} AND {self.would_go()}", params
            )
            goes, oldest = cursor.fetchone()
            left = self._left(cursor, f"{within} AND NOT ({self.would_go()})", params)
        return Due(goes, left, oldest)

    def _left(self, cursor: Any, within: str, params: Mapping[str, Any]) -> dict[str, int]:
        reason = REASON.format(held=HELD_WHOLE)
        cursor.execute(f"SELECT {reason} AS reason, count(*) FROM {self.table} t WHERE {within} GROUP BY 1", params)
        return dict(cursor.fetchall())

    def _goes(self) -> str:
        """The condition of what goes now; its children are gone already."""
        return f"{_free('t')} AND NOT {_REFERRED}" if self.emptied else _free("t")

    def would_go(self) -> str:
        """The condition of what would go in a night, whose children go before it."""
        if not self.emptied:
            return _free("t")
        stays = f"(m.occurred_at >= %(before)s OR NOT ({_free('m')}))"
        return f"{_free('t')} AND NOT {_REFERRED[:-1]} AND {stays})"


def _free(row: str) -> str:
    return FREE.format(held=HELD_WHOLE, row=row, spared=SPARED)


_REFERRED = (
    "EXISTS (SELECT 1 FROM retention_message m "
    "WHERE m.organization_id = t.organization_id AND m.conversation_id = t.id)"
)
# In this order: what refers to a row goes before it.
OF_CATEGORY: Mapping[str, Sequence[Aged]] = {
    ContentCategory.CONVERSATIONS: (
        Aged("messages", "retention_message"),
        Aged("conversations", "retention_conversation", emptied=True),
    ),
    ContentCategory.CONTEXT: (Aged("context_items", "retention_contextitem"),),
    ContentCategory.DIAGNOSTICS: (Aged("diagnostics", "retention_diagnostic"),),
}


def people_with(organization_id: int, stores: Sequence[Aged], *, before: datetime) -> int:
    """Count the people whose content would go: each once, in however many stores they have some."""
    parts = " UNION ".join(
        f"SELECT t.subject_id FROM {store.table} t WHERE t.organization_id = %(organization)s "
        f"AND t.occurred_at < %(before)s AND t.subject_id IS NOT NULL AND {store.would_go()}"
        for store in stores
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({parts}) AS people", {"organization": organization_id, "before": before})
        return int(cursor.fetchone()[0])
