"""Checking the sealed trail: every link computed anew, every sealed text held against its event, every gap named.

Reads only, in the vendor's scope, a window of seals at a time: memory stays flat however long the trail is. The digests
are computed here, by nobody who could have written the seals; that a sealed text still says what its event says, the
database finds out for many at once, on several cores where it has them. While one window is checked, it reads the next.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import psycopg
from django.db import connection

from accounts.operations import sealing
from accounts.operations.audit import digest_of
from accounts.rules.chain import START, linked
from accounts.rules.trail_check import Fault, Finding, Order, Report

WINDOW = 10_000
# So many windows are held against their events at once: it takes a while to start those who help with it.
AT_ONCE = 10
_LIVE = sealing.canonical("e", sealed_at="s.sealed_at", cluster="s.cluster", before="s.before")
_SAME = (
    f"e.id IS NOT NULL AND s.canonical::text = {_LIVE} "
    "AND s.organization_id IS NOT DISTINCT FROM e.organization_id AND s.vendor_only = e.vendor_only"
)
# The chain that is checked, then the other one; all in this order. Of a chain of readers, the second is not checked.
_WINDOW = """
SELECT s.{position}, s.{digest}, s.event_id, s.canonical::text, s.before, s.cluster, s.organization_id, s.vendor_only,
    s.organization_position, s.organization_digest
FROM accounts_auditseal s
WHERE {chain} AND s.{position} > %s AND s.{position} <= %s ORDER BY s.{position}, s.event_id
"""
_DIFFERENT = f"""
SELECT s.{{position}}, s.event_id FROM accounts_auditseal s LEFT JOIN accounts_auditevent e ON e.id = s.event_id
WHERE {{chain}} AND s.{{position}} > %s AND s.{{position}} <= %s AND NOT ({_SAME})
"""
# Each event is looked up by its id. With a plan for the whole table, every window would read all of it.
_PLAN = {
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
    "jit": "off",
    "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0",
    "min_parallel_index_scan_size": "0",
    # But for the comparison: what is read in its order is not read faster by several.
    "max_parallel_workers_per_gather": "0",
}
_NAMES = ("form", *sealing.COLUMNS, *sealing.OF_THE_SEAL)
_UNSEALED = """
SELECT e.public_id::text, (e.written_in, e.id) <= (%(transaction)s, %(event)s) FROM accounts_auditevent e
WHERE {whose} AND NOT EXISTS (SELECT FROM accounts_auditseal s WHERE s.event_id = e.id)
"""
_DETAILS = """
SELECT d.event_id, e.public_id::text, e.detail_digest, d.salt, d.text::text
FROM accounts_auditdetail d JOIN accounts_auditevent e ON e.id = d.event_id
WHERE {whose} AND d.event_id > %(after)s ORDER BY d.event_id LIMIT %(limit)s
"""

type Readers = tuple[int | None, bool]
type Row = tuple[int, str, int, str, int, int, int | None, bool, int, str]
# Of a seal: its position in the chain that is checked, and its event.
type Place = tuple[int, int]
_FIRST = (0, START, START)
# How many characters written_in and the three values of the seal take at most, with what stands between them.
_LAST_FOUR = 100


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain to check: of all events, or of those that the same readers read (``docs/interfaces.md``)."""

    readers: Readers | None = None

    def sql(self, question: str) -> str:
        """Return a question for a window of it."""
        if self.readers is None:
            return question.format(position="position", digest="digest", chain="true")
        organization, vendor_only = self.readers
        whose = "IS NULL" if organization is None else f"= {organization:d}"
        chain = f"s.organization_id {whose} AND {'' if vendor_only else 'NOT '}s.vendor_only"
        return question.format(position="organization_position", digest="organization_digest", chain=chain)


@dataclass(slots=True)
class Walk:
    """Where a check stands in a chain, and what it has found."""

    report: Report
    whole: bool
    position: int = 0
    digest: str = START
    # What the digest should have been, where it was changed: the next link may still follow from that.
    rather: str = START
    order: Order = field(default_factory=Order)
    # Of each chain of readers: the last position, its digest, and what that should have been.
    heads: dict[Readers, tuple[int, str, str]] = field(default_factory=dict)
    missing: int = 0
    removed: int = 0

    def take(self, rows: list[Row], different: set[Place]) -> None:
        """Check the seals of a window, in order. ``different``: where the text is not what the event says."""
        position, digest, order, heads, whole = self.position, self.digest, self.order, self.heads, self.whole
        for row in rows:
            number, stored, event_id, text, before, cluster, organization, own, place, theirs = row
            same = not different or (number, event_id) not in different
            computed = sha256((digest + text).encode()).hexdigest()
            fine = same and number == position + 1 and computed == stored
            if fine and whole:
                readers = (organization, own)
                last, previous, _rather = heads.get(readers, _FIRST)
                fine = place == last + 1 and sha256((previous + text).encode()).hexdigest() == theirs
                if fine:
                    heads[readers] = (place, theirs, theirs)
            if not fine:
                self.position, self.digest = position, digest
                self._look_closely(row, same=same)
            if same:
                # The text is what PostgreSQL writes now: its last four values are whole numbers and an instant.
                transaction = int(text[-_LAST_FOUR:].rsplit(", ", 4)[1])
                if before == order.before and event_id > order.top and transaction >= order.transaction:
                    order.top = order.event_id = event_id
                    order.transaction = transaction
                elif fault := order.follow(event_id, transaction, before, cluster):
                    self.report.add(Finding(fault, number, _public_id(text)))
            position, digest = number, stored
        self.position, self.digest = position, digest

    def _look_closely(self, row: Row, *, same: bool) -> None:
        """Say what is wrong with one seal; what only follows from an earlier damage is not said again."""
        number, stored, event_id, text, _before, _cluster, organization, own, place, theirs = row
        said = _read(text)
        event, changed = said.get("public_id"), []
        gap = number - self.position - 1
        if gap > 0:
            self.missing += gap
            self.report.add(Finding(Fault.SEAL_MISSING, self.position + 1, what=(str(number - 1),)))
        elif gap < 0:
            self.report.add(Finding(Fault.SEAL_REPEATED, number, event))
        follows = gap != 0 or stored in (linked(self.digest, text), linked(self.rather, text))
        self.rather = linked(self.rather if follows and gap == 0 else self.digest, text)
        if not follows:
            changed.append("digest")
        if self.whole:
            changed += self._of_readers(said, text, organization, own, place, theirs)
        if not same:
            changed += self._differs(said, number, event_id, text, organization, own, follows=follows)
        if changed:
            self.report.add(Finding(Fault.SEAL_CHANGED, number, event, tuple(changed)))

    def _of_readers(
        self, said: dict[str, Any], text: str, organization: int | None, own: bool, place: int, theirs: str
    ) -> list[str]:
        """Follow the chain of readers that the sealed text names; return what does not fit in it."""
        readers = (said.get("organization_id", organization), bool(said.get("vendor_only", own)))
        last, previous, rather = self.heads.get(readers, _FIRST)
        computed = linked(previous, text)
        self.heads[readers] = (place, theirs, computed)
        gap = place - last - 1
        if 0 < gap <= self.missing:
            self.missing -= gap
            return []
        if gap:
            return ["organization_position"]
        return [] if theirs in (computed, linked(rather, text)) else ["organization_digest"]

    def _differs(
        self,
        said: dict[str, Any],
        number: int,
        event_id: int,
        text: str,
        organization: int | None,
        own: bool,
        *,
        follows: bool,
    ) -> list[str]:
        """Hold the sealed text against its event; return what was changed in the seal."""
        event = said.get("public_id")
        if said.get("id") != event_id:
            return ["event_id"] if follows else ["canonical"]
        live = _read(_live(event_id))
        if not live:
            self.removed += 1
            self.report.add(Finding(Fault.EVENT_REMOVED, number, event))
            return []
        differing = [name for name in _NAMES if live.get(name) != said.get(name)]
        seals = [name for name in differing if name in sealing.OF_THE_SEAL]
        seals += ["organization_id"] if organization != said.get("organization_id") else []
        seals += ["vendor_only"] if own != said.get("vendor_only") else []
        if not follows or (not differing and not seals):
            return [*seals, "canonical"]
        events = tuple(name for name in differing if name not in sealing.OF_THE_SEAL)
        if events:
            self.report.add(Finding(Fault.EVENT_CHANGED, number, event, events))
        return seals


def check(organization_id: int | None = None) -> Report:
    """Check the chain of all events, or the two of one organization. The caller is in the vendor's scope."""
    report = Report()
    mark = sealing.last()
    chains = [Chain()]
    if organization_id is not None:
        chains = [Chain((organization_id, own)) for own in (False, True)]
    for chain in chains:
        walk = Walk(report, whole=chain.readers is None)
        for rows, different in _windows(chain):
            report.entries += len(rows)
            walk.take(rows, different)
        if chain == chains[0]:
            report.position, report.digest = walk.position, walk.digest
    _look_for_unsealed(report, mark, organization_id)
    return report


def check_details(report: Report, organization_id: int | None = None) -> None:
    """Hold each detail that was not erased against the digest in its event. The caller is in the vendor's scope."""
    sql = _DETAILS.format(whose=_whose(organization_id))
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(sql, {"after": after, "limit": WINDOW})
            rows = cursor.fetchall()
        for _key, event, digest, salt, text in rows:
            report.details += 1
            if digest_of(bytes(salt), json.loads(text)) != digest:
                report.add(Finding(Fault.DETAIL_CHANGED, event=event))
        if len(rows) < WINDOW:
            return
        after = rows[-1][0]


def digest_at(position: int, readers: Readers | None = None) -> str | None:
    """Return the digest that stands at a position of a chain, if there is one."""
    column, place, whose, values = "digest", "position", "true", list[Any]([position])
    if readers is not None:
        column, place = "organization_digest", "organization_position"
        whose = "organization_id IS NOT DISTINCT FROM %s AND vendor_only = %s"
        values = [position, *readers]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM accounts_auditseal WHERE {place} = %s AND {whose}", values)
        row = cursor.fetchone()
    return None if row is None else str(row[0])


def _windows(chain: Chain) -> Iterator[tuple[list[Row], set[Place]]]:
    """Yield the seals of a chain, a window of positions at a time, and which differ; the next one is read meanwhile."""
    raw, window, comparison = connection.connection, chain.sql(_WINDOW), chain.sql(_DIFFERENT)
    last, after, compared = _bound(chain, "max", 0), 0, 0
    different: set[Place] = set()

    def read(after: int) -> tuple[list[Row], set[Place]]:
        nonlocal different, compared
        with psycopg.Cursor(raw) as cursor:
            if after >= compared:
                compared = min(after + WINDOW * AT_ONCE, last)
                cursor.execute("SET LOCAL max_parallel_workers_per_gather TO DEFAULT")
                different = set(cursor.execute(comparison, [after, compared], binary=True).fetchall())
                cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
            rows = cursor.execute(window, [after, min(after + WINDOW, compared)], binary=True).fetchall()
        return rows, different

    with _planned(), ThreadPoolExecutor(1) as reader:
        ahead = reader.submit(read, after)
        while after < last:
            rows, found = ahead.result()
            after = min(after + WINDOW, compared)
            if not rows:  # positions may have been changed to anything: skip to the next that is there
                after = max(after, _bound(chain, "min", after) - 1)
            if after < last:
                ahead = reader.submit(read, after)
            if rows:
                yield rows, found


@contextmanager
def _planned() -> Iterator[None]:
    """Have questions answered row by row, in the order of an index; until the end of the transaction at the latest."""
    with connection.cursor() as cursor:
        for name, value in _PLAN.items():
            cursor.execute(f"SET LOCAL {name} = {value}")
    yield
    with connection.cursor() as cursor:
        for name in _PLAN:
            cursor.execute(f"SET LOCAL {name} TO DEFAULT")


def _bound(chain: Chain, which: str, after: int) -> int:
    """Return the highest, or the lowest, position of a chain that comes after one."""
    position, whose, values = "position", "true", list[Any]()
    if chain.readers is not None:
        position, whose, values = "organization_position", "organization_id = %s AND vendor_only = %s", [*chain.readers]
    with connection.cursor() as cursor:
        sql = f"SELECT coalesce({which}({position}), 0) FROM accounts_auditseal WHERE {whose} AND {position} > %s"
        cursor.execute(sql, [*values, after])
        return int(cursor.fetchone()[0])


def _look_for_unsealed(report: Report, mark: sealing.Mark, organization_id: int | None) -> None:
    """Count the events that wait for their seal; one that stands before the last sealed one will never get it."""
    sql = _UNSEALED.format(whose=_whose(organization_id))
    with connection.cursor() as cursor:
        cursor.execute(sql, {"transaction": mark.transaction, "event": mark.event_id})
        while rows := cursor.fetchmany(WINDOW):
            for event, passed_over in rows:
                if passed_over:
                    report.add(Finding(Fault.EVENT_NOT_SEALED, event=event))
                else:
                    report.waiting += 1


def _whose(organization_id: int | None) -> str:
    return "true" if organization_id is None else f"e.organization_id = {organization_id:d}"


def _live(event_id: int) -> str:
    """Return what an event's seal would say of it now; nothing, if it is gone."""
    sql = f"SELECT {_LIVE} FROM accounts_auditevent e JOIN accounts_auditseal s ON s.event_id = e.id WHERE e.id = %s"
    with connection.cursor() as cursor:
        cursor.execute(sql, [event_id])
        row = cursor.fetchone()
    return "" if row is None else str(row[0])


def _read(text: str) -> dict[str, Any]:
    """Return what a sealed text says, by name; nothing, if it is none any more."""
    try:
        values = json.loads(text, parse_float=str)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(values, list) or len(values) != len(_NAMES):
        return {}
    return dict(zip(_NAMES, values, strict=True))


def _public_id(text: str) -> str | None:
    found: str | None = _read(text).get("public_id")
    return found
