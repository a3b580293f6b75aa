"""Sealing: events whose transaction has certainly ended are chained, in the order of transactions and of their ids.

A snapshot's ``xmin`` is the oldest transaction that still runs: whatever an older one wrote is visible, and it writes
nothing more. So the list of all events of transactions before ``xmin``, ordered by (``written_in``, ``id``), grows at
its end only, however late a low id commits; and where the last seal stands in it is where the next one begins.

What transactions from ``xmax`` on write here is not seen by the snapshot. A row that is seen and shows such a number
was written in another cluster, and came here by a restore: what wrote it has ended too. After a restore (``cluster``
differs) numbers say nothing of what was sealed, so every event without a seal is looked for once.
"""

from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from accounts.models import AuditEvent
from accounts.rules.chain import START, links

CHUNK = 5_000
# Who seals holds this lock until its transaction ends: the chain never forks. No writer of events takes it.
LOCK = 7_461_696_105
# The columns of an event in the order in which they are hashed, then what its seal says of its own.
COLUMNS = (
    "id",
    "public_id",
    "organization_id",
    "name",
    "subject_type",
    "subject_id",
    "actor",
    "data",
    "detail_digest",
    "vendor_only",
    "occurred_at",
    "recorded_at",
    "written_in",
)
OF_THE_SEAL = ("sealed_at", "cluster", "before")
INSTANTS = frozenset({"occurred_at", "recorded_at", "sealed_at"})
FORM = 1
# This transaction's own number may lie ahead too: nothing that it wrote itself is sealed by it.
OWN = "pg_current_xact_id_if_assigned()::text::bigint"
# The transaction that seals. One with a higher number began to write after all that is sealed had ended. (``xmax`` says
# less: it is one more than the last that has ended, so others from it on may run already.)
SEALER = "pg_current_xact_id()::text::bigint"
CLUSTER = "(SELECT system_identifier FROM pg_control_system())"
# Of one statement: what began after it is not seen by it.
XMIN = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
XMAX = "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"


def canonical(event: str, *, sealed_at: str, cluster: str, before: str) -> str:
    """Return the SQL of the text that is hashed for an event: a JSON array, the same in every session.

    Instants are seconds since 1970 with six digits, so that no time zone and no style of dates changes them.
    """
    of_the_seal = dict(zip(OF_THE_SEAL, (sealed_at, cluster, before), strict=True))
    values = {**{name: f"{event}.{name}" for name in COLUMNS}, **of_the_seal}
    written = [f"extract(epoch FROM {sql})" if name in INSTANTS else sql for name, sql in values.items()]
    return f"json_build_array({FORM}, {', '.join(written)})::text"


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the last seal stands: its link, and from which event on unsealed ones are looked for."""

    position: int = 0
    digest: str = START
    transaction: int = 0
    event_id: int = 0


_LAST = f"""
SELECT s.position, s.digest, s.cluster = {CLUSTER} AND e.written_in < {XMIN}, e.written_in, e.id
FROM accounts_auditseal s LEFT JOIN accounts_auditevent e ON e.id = s.event_id ORDER BY s.position DESC LIMIT 1
"""
_UNSEALED = "NOT EXISTS (SELECT FROM accounts_auditseal s WHERE s.event_id = e.id)"
_IN_ORDER = "ORDER BY e.written_in, e.id LIMIT {limit}"
# What was restored comes first. It was sealed all together: while the last of it is sealed, none of it is read.
_RESTORED = f"""
SELECT e.id, e.written_in, 0 AS turn FROM accounts_auditevent e
WHERE e.written_in >= {XMAX} AND e.written_in IS DISTINCT FROM {OWN} AND {_UNSEALED} AND NOT coalesce((
    SELECT EXISTS (SELECT FROM accounts_auditseal s WHERE s.event_id = top.id)
    FROM (SELECT id FROM accounts_auditevent WHERE written_in >= {XMAX} AND written_in IS DISTINCT FROM {OWN}
        ORDER BY written_in DESC, id DESC LIMIT 1) top
), true) {_IN_ORDER}
"""
_ENDED = f"""
SELECT e.id, e.written_in, 1 AS turn FROM accounts_auditevent e
WHERE (e.written_in, e.id) > ({{transaction}}, {{event}}) AND e.written_in < {XMIN} AND {_UNSEALED}
{_IN_ORDER}
"""
_READY = f"SELECT * FROM (({_RESTORED}) UNION ALL ({_ENDED})) found ORDER BY turn, written_in, id LIMIT {{limit}}"
_TEXTS = f"""
SELECT e.id, e.organization_id, e.vendor_only, m.sealed_at, m.cluster, m.before,
    {canonical("e", sealed_at="m.sealed_at", cluster="m.cluster", before="m.before")}
FROM (SELECT statement_timestamp() AS sealed_at, {CLUSTER} AS cluster, {SEALER} AS before) m,
    ({_READY}) r JOIN accounts_auditevent e ON e.id = r.id
ORDER BY r.turn, r.written_in, r.id
"""
_CHAINS = """
SELECT c.organization_id, c.vendor_only, s.organization_position, s.organization_digest
FROM unnest(%(organizations)s::bigint[], %(vendor_only)s::boolean[]) AS c(organization_id, vendor_only),
LATERAL (SELECT * FROM accounts_auditseal WHERE organization_id = c.organization_id AND vendor_only = c.vendor_only
    ORDER BY organization_position DESC LIMIT 1) s
UNION ALL
(SELECT NULL, vendor_only, organization_position, organization_digest FROM accounts_auditseal
    WHERE organization_id IS NULL AND NOT vendor_only ORDER BY organization_position DESC LIMIT 1)
UNION ALL
(SELECT NULL, vendor_only, organization_position, organization_digest FROM accounts_auditseal
    WHERE organization_id IS NULL AND vendor_only ORDER BY organization_position DESC LIMIT 1)
"""
_INSERT = """
INSERT INTO accounts_auditseal (position, event_id, organization_id, vendor_only, organization_position, canonical,
    digest, organization_digest, sealed_at, cluster, before)
SELECT n.position, n.event_id, n.organization_id, n.vendor_only, n.organization_position, n.canonical::json,
    n.digest, n.organization_digest, %b, %b, %b
FROM unnest(%b::bigint[], %b::bigint[], %b::bigint[], %b::boolean[], %b::bigint[], %b::text[], %b::text[], %b::text[])
    AS n(position, event_id, organization_id, vendor_only, organization_position, canonical, digest,
    organization_digest)
"""

type Chain = tuple[int | None, bool]


def ready() -> QuerySet[AuditEvent]:
    """Return the events that can be sealed now. The caller is in the vendor's scope."""
    found = RawSQL(f"SELECT id FROM ({_from(last(), _READY, limit='ALL')}) ready", ())
    return AuditEvent.objects.filter(pk__in=found).order_by("written_in", "pk")


def last() -> Mark:
    """Return where the last seal stands. The caller is in the vendor's scope."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST)
        row = cursor.fetchone()
    if row is None:
        return Mark()
    position, digest, known, transaction, event_id = row
    return Mark(position, digest, transaction, event_id) if known else Mark(position, digest)


def seal(*, limit: int = CHUNK) -> int:
    """Seal the next events, at most ``limit``, in the caller's transaction and scope (the vendor's); say how many.

    A second sealer waits until the first one's transaction ends. Nothing that writes events waits for either.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        mark = last()
        cursor.execute(_from(mark, _TEXTS, limit=str(limit)))
        rows = cursor.fetchall()
    if rows:
        _insert(mark, rows)
    return len(rows)


def _from(mark: Mark, sql: str, *, limit: str) -> str:
    return sql.format(transaction=mark.transaction, event=mark.event_id, limit=limit)


def _insert(mark: Mark, rows: list[tuple[Any, ...]]) -> None:
    ids, organizations, vendor_only, sealed_at, clusters, before, canonicals = zip(*rows, strict=True)
    chains = list(zip(organizations, vendor_only, strict=True))
    heads = _heads(set(chains))
    positions: list[int] = []
    digests: list[str] = []
    for chain, text in zip(chains, canonicals, strict=True):
        position, digest = heads.get(chain, (0, START))
        (digest,) = links(digest, (text,))
        heads[chain] = (position + 1, digest)
        positions.append(position + 1)
        digests.append(digest)
    # Bound by the server, in binary: nothing is written out as a literal and read again.
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(
            _INSERT,
            [
                sealed_at[0],
                clusters[0],
                before[0],
                list(range(mark.position + 1, mark.position + 1 + len(rows))),
                list(ids),
                list(organizations),
                list(vendor_only),
                positions,
                list(canonicals),
                list(links(mark.digest, canonicals)),
                digests,
            ],
        )


def _heads(chains: set[Chain]) -> dict[Chain, tuple[int, str]]:
    """Return the last position and digest of each chain that has a link already."""
    known = [chain for chain in chains if chain[0] is not None]
    with connection.cursor() as cursor:
        cursor.execute(
            _CHAINS,
            {"organizations": [chain[0] for chain in known], "vendor_only": [chain[1] for chain in known]},
        )
        return {(organization, own): (position, digest) for organization, own, position, digest in cursor.fetchall()}
