"""The sealed trail: checking it, sealing it, and what that costs those who write events; each against its limit."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import psycopg
from django.db import connection

from accounts import tenancy
from accounts.models import Organization
from accounts.operations import audit, checking
from accounts.sweeps import seal_all
from benchmarks import bench

SIZES = {"small": (100_000, 20_000, 1_500), "full": (1_000_000, 100_000, 4_000)}
AT = datetime(2026, 6, 15, 12, tzinfo=UTC)
TURNS = 5
# A worker that seals ten times as often as in service, in a process of its own.
SEALER = (
    "import time, django; django.setup(); from benchmarks.trail import AT; from accounts.sweeps import seal_all\n"
    "while True: seal_all(at=AT, by='system'); time.sleep(1)"
)
EVENTS = (
    "INSERT INTO accounts_auditevent (public_id, organization_id, name, subject_type, subject_id, actor, data, "
    "detail_digest, vendor_only, occurred_at) SELECT gen_random_uuid(), NULLIF(n %% 200, 0), 'contract.renewed', "
    "'Contract', gen_random_uuid(), 'user:' || gen_random_uuid(), "
    "jsonb_build_object('number', n %% 9, 'starts_on', '2026-06-15'), CASE WHEN n %% 4 = 0 THEN repeat('a', 64) "
    "ELSE '' END, n %% 10 = 0, now() FROM generate_series(1, %s) n"
)
# The limit of a check: the sealed texts alone, in order, with both digests of each computed and compared with nothing.
BARE_CHECK = "SELECT canonical::text FROM accounts_auditseal ORDER BY position"
FETCHED_AT_ONCE = 10_000


def measure(size: str) -> dict[str, Any]:
    """Check a long trail; seal a part of it anew; write events with and without a sweep that seals them."""
    entries, sealed, written = SIZES[size]
    with bench.administrator() as other:
        other.execute(EVENTS, [entries])
        other.execute("VACUUM ANALYZE accounts_auditevent")
        began = time.perf_counter()
        if seal_all(at=AT, by="system").done != entries:
            raise RuntimeError("not every event was sealed")
        all_sealed = time.perf_counter() - began
        other.execute("VACUUM ANALYZE accounts_auditseal")
        took = bench.alternate(_check(entries), _bare_check, reset=lambda: None, times=TURNS)
        sealing = _sealing(other, sealed)
        index = _index(other, sealed)
    writing = _writing(written)
    return bench.result(
        "trail",
        size,
        *took,
        entries=entries,
        checked_per_s=round(entries / statistics.median(took[0])),
        bare_per_s=round(entries / statistics.median(took[1])),
        first_sealing_per_s=round(entries / all_sealed),
        **sealing,
        **index,
        **writing,
    )


def _check(entries: int) -> Callable[[], None]:
    def ours() -> None:
        with tenancy.vendor():
            report = checking.check()
        if not report.whole or report.entries != entries:
            raise RuntimeError(f"{report.faults} found in {report.entries} entries")

    return ours


def _bare_check() -> None:
    with tenancy.vendor(), psycopg.ServerCursor(connection.connection, "bare") as cursor:
        cursor.itersize = FETCHED_AT_ONCE
        cursor.execute(BARE_CHECK)
        first = second = ""
        for (text,) in cursor:
            first = sha256((first + text).encode()).hexdigest()
            second = sha256((second + text).encode()).hexdigest()


def _sealing(other: "psycopg.Connection[tuple[Any, ...]]", rows: int) -> dict[str, Any]:
    """Compare the sweep with one statement that writes the same rows, copied beforehand."""
    other.execute("TRUNCATE accounts_auditseal, accounts_auditevent RESTART IDENTITY")
    other.execute(EVENTS, [rows])
    seal_all(at=AT, by="system")
    other.execute("CREATE TABLE copied AS SELECT * FROM accounts_auditseal")
    other.execute("GRANT SELECT ON copied TO terme_vendor")

    def ours() -> None:
        if seal_all(at=AT, by="system").done != rows:
            raise RuntimeError("not every event was sealed")

    def bare() -> None:
        with tenancy.vendor(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO accounts_auditseal SELECT * FROM copied")

    def reset() -> None:
        other.execute("TRUNCATE accounts_auditseal")
        other.execute("CHECKPOINT")

    took, limit = bench.alternate(ours, bare, reset=reset, times=TURNS)
    seconds, least = statistics.median(took), statistics.median(limit)
    return {
        "sealed_per_s": round(rows / seconds),
        "bare_inserts_per_s": round(rows / least),
        "sealing_ratio": round(least / seconds, 3),
    }


def _index(other: "psycopg.Connection[tuple[Any, ...]]", rows: int) -> dict[str, Any]:
    """Compare writing events with the index that sealing goes by, and without it."""
    index = "audit_by_transaction"
    (definition,) = other.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [index]).fetchone() or ("",)

    def write() -> None:
        other.execute(EVENTS, [rows])

    took: tuple[list[float], list[float]] = ([], [])
    for turn in range(TURNS):
        for which in (0, 1) if turn % 2 == 0 else (1, 0):
            other.execute("TRUNCATE accounts_auditevent, accounts_auditseal")
            other.execute(f"DROP INDEX IF EXISTS {index}")
            if which == 0:
                other.execute(str(definition))
            other.execute("CHECKPOINT")
            began = time.perf_counter()
            write()
            took[which].append(time.perf_counter() - began)
    other.execute(f"DROP INDEX IF EXISTS {index}")
    other.execute(str(definition))
    with_it, without = statistics.median(took[0]), statistics.median(took[1])
    return {"index_us_an_event": round((with_it - without) / rows * 1e6, 2), "event_us": round(with_it / rows * 1e6, 2)}


def _writing(events: int) -> dict[str, Any]:
    """Compare the times of events, each in a transaction of its own, with a sealer beside them and without."""
    with tenancy.vendor():
        organization = Organization.objects.create(
            name="Client",
            country="FR",
            time_zone="Europe/Paris",
            legal_category="company",
            registration_number="B1",
            created_at=AT,
        )

    def write() -> list[float]:
        found = []
        for _number in range(events):
            began = time.perf_counter()
            with tenancy.vendor():
                audit.record("thing.done", organization, by="user:x", at=AT, data={"n": 1})
            found.append(time.perf_counter() - began)
        return found

    took: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(TURNS):
        for sealing in (True, False) if turn % 2 == 0 else (False, True):
            if not sealing:
                took[False] += write()
                continue
            sealer = subprocess.Popen([sys.executable, "-c", SEALER], cwd=bench.ROOT)
            took[True] += write()
            sealer.terminate()
            sealer.wait()
        bench.say(f"  turn {turn + 1}: {events} events each way")
    with_it, without = (sorted(took[which]) for which in (True, False))
    return {
        "write_ms": round(statistics.median(without) * 1000, 3),
        "write_while_sealing_ms": round(statistics.median(with_it) * 1000, 3),
        "write_p99_ms": round(without[len(without) * 99 // 100] * 1000, 3),
        "write_while_sealing_p99_ms": round(with_it[len(with_it) * 99 // 100] * 1000, 3),
    }
