"""Erasure of a whole tenant: the engine with its journal against one bare DELETE per table in one transaction.

In the same run, from the same files: Django's own delete, chunks through id lists, the engine beside an old snapshot,
what a reader of another tenant notices, memory, and how long the destruction of the keys takes. The engine's time holds
the vacuum of children before their parents (``vacuum_s`` of it); the bare statements leave their dead rows behind. It
is timed as fast as it goes; the reader is asked beside that, and beside the rate that is set unless told otherwise.
"""

import contextlib
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from accounts import tenancy
from accounts.models import LicensedUser, Organization
from benchmarks import bench, erasure_world
from benchmarks.erasure_world import AT, SIZES, Template
from retention import ledger
from retention.models import Conversation, DataKey, Diagnostic, ErasureEntry, ErasureRun, Message
from retention.operations import erasure, vacuuming
from retention.operations.stores import STORES, Rows

TURNS = 3
BY_ID = 1_000
CONTENT = (Message, Diagnostic, Conversation, LicensedUser)


def measure(size: str) -> dict[str, Any]:
    """Erase the large tenant in each way, each from a fresh copy of the same files."""
    sizes = SIZES[size]
    organization = erasure_world.load(sizes)
    template = Template()
    run: list[ErasureRun] = []
    transactions: list[float] = []
    grown: list[float] = []
    vacuumed: list[float] = []
    shredded: list[float] = []

    def prepare() -> None:
        template.fresh()
        _forget_ledger()
        _make_keys(organization)
        run[:] = [erasure_world.planned(organization)]
        began = time.perf_counter()
        with saga_alone():
            erasure.advance(run[0], now=AT, by="system")
        shredded.append(time.perf_counter() - began)

    def ours() -> None:
        before = _resident()
        with unthrottled(), bench.longest_transaction(transactions, "eraser"), _vacuums(vacuumed):
            if not erasure.advance(run[0], now=AT, by="system"):
                raise RuntimeError("the engine did not come to its end")
        grown.append(_resident() - before)

    def at_its_rate() -> None:
        if not erasure.advance(run[0], now=AT, by="system"):
            raise RuntimeError("the engine did not come to its end")

    def bare() -> None:
        with tenancy.eraser(organization.pk), connection.cursor() as cursor:
            for store in STORES:
                if isinstance(store, Rows) and store.table:
                    which = f" AND {store.only}" if getattr(store, "only", "") else ""
                    cursor.execute(f"DELETE FROM {store.table} WHERE organization_id = %s{which}", [organization.pk])

    took = bench.alternate(ours, bare, reset=prepare, times=TURNS)
    others = {name: _once(name, act, prepare) for name, act in _other_ways(organization).items()}
    with _old_snapshot() as begin:
        prepare()
        begin()
        beside_old = _timed("engine beside an old snapshot", ours)
    read: dict[str, list[float]] = {"quiet": [], "meanwhile": [], "at_its_rate": [], "beside_bare": []}
    slow: list[float] = []
    for _turn in range(TURNS):
        prepare()
        read["quiet"].append(_reading(organization, lambda: time.sleep(min(statistics.median(took[0]), 5))))
        read["meanwhile"].append(_reading(organization, ours))
        prepare()
        began = time.perf_counter()
        read["at_its_rate"].append(_reading(organization, at_its_rate))
        slow.append(time.perf_counter() - began)
        prepare()
        read["beside_bare"].append(_reading(organization, bare))
    p99 = {name: statistics.median(found) for name, found in read.items()}
    ours_s, bare_s = statistics.median(took[0]), statistics.median(took[1])
    return bench.result(
        "erasure",
        size,
        *took,
        rows=sizes.rows,
        rows_per_s=round(sizes.rows / ours_s),
        longest_tx_ms=round(max(transactions) * 1000, 1),
        longest_tx_of_bare=round(max(transactions) / bare_s, 3),
        transactions=len(transactions) // (2 * TURNS + 1),
        vacuum_s=round(statistics.median(vacuumed[:TURNS]), 3),
        old_snapshot_s=round(beside_old, 3),
        old_snapshot_ratio=round(ours_s / beside_old, 3),
        **{f"{name}_s": round(seconds, 2) for name, seconds in others.items()},
        rss_growth_mib=round(max(grown), 1),
        reader_p99_ms={name: round(found, 2) for name, found in p99.items()},
        reader_p99_ratio=round(p99["meanwhile"] / p99["quiet"], 2),
        reader_p99_ratio_at_its_rate=round(p99["at_its_rate"] / p99["quiet"], 2),
        at_its_rate_s=round(statistics.median(slow), 2),
        rows_per_second_at_most=settings.ERASURE_ROWS_PER_SECOND,
        saga_ms=round(max(shredded) * 1000, 1),
    )


@contextlib.contextmanager
def unthrottled() -> Iterator[None]:
    """Let the engine go as fast as it can."""
    rate, settings.ERASURE_ROWS_PER_SECOND = settings.ERASURE_ROWS_PER_SECOND, 0
    try:
        yield
    finally:
        settings.ERASURE_ROWS_PER_SECOND = rate


@contextlib.contextmanager
def saga_alone() -> Iterator[None]:
    """Let the engine come to the stores, and take nothing from them."""
    real = erasure._Work._empty_stores
    erasure._Work._empty_stores = lambda work: False
    try:
        yield
    finally:
        erasure._Work._empty_stores = real


def _other_ways(organization: Organization) -> dict[str, Callable[[], None]]:
    def orm() -> None:
        with tenancy.eraser(organization.pk):
            for model in CONTENT:
                model._default_manager.filter(organization=organization).delete()

    def id_lists() -> None:
        for model in CONTENT:
            while True:
                with tenancy.eraser(organization.pk):
                    rows = model._default_manager.filter(organization=organization)
                    chosen = list(rows.values_list("pk", flat=True)[:BY_ID])
                    if not chosen:
                        break
                    model._default_manager.filter(pk__in=chosen).delete()

    return {"orm": orm, "id_lists": id_lists}


def _once(name: str, act: Callable[[], None], prepare: Callable[[], None]) -> float:
    prepare()
    return _timed(name, act)


def _timed(name: str, act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    took = time.perf_counter() - began
    bench.say(f"  {name}: {took:.3f} s")
    return took


@contextlib.contextmanager
def _vacuums(found: list[float]) -> Iterator[None]:
    """Note how much of the engine's time goes to the vacuum of children before their parents."""
    took: list[float] = []
    real = vacuuming.vacuumed

    def timed(table: str, *, full: bool = False) -> tuple[int, int] | None:
        began = time.perf_counter()
        outcome = real(table, full=full)
        took.append(time.perf_counter() - began)
        return outcome

    vacuuming.vacuumed = timed
    try:
        yield
    finally:
        vacuuming.vacuumed = real
    found.append(sum(took))


@contextlib.contextmanager
def _old_snapshot() -> Iterator[Callable[[], None]]:
    """Give what begins a transaction in another session that goes on seeing what is deleted from then on."""
    with contextlib.ExitStack() as stack:

        def begin() -> None:
            connected = stack.enter_context(bench.administrator())
            connected.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            connected.execute("SELECT count(*) FROM accounts_organization")

        yield begin


def _reading(organization: Organization, act: Callable[[], None]) -> float:
    """Return the 99th percentile of a neighbour's reads while ``act`` runs, in milliseconds."""
    with bench.administrator() as connected:
        asked = {"connect": bench.as_administrator(), "organization": _neighbour(connected, organization)}
    command = [sys.executable, "-m", "benchmarks.reader"]
    with subprocess.Popen(command, cwd=bench.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        if reader.stdin is None or reader.stdout is None:
            raise RuntimeError("the reader has no pipes")
        reader.stdin.write(json.dumps(asked) + "\n")
        reader.stdin.flush()
        act()
        reader.stdin.close()
        return float(reader.stdout.read())


def _neighbour(connected: "psycopg.Connection[tuple[Any, ...]]", organization: Organization) -> int:
    query = "SELECT id FROM accounts_organization WHERE id <> %s ORDER BY id LIMIT 1"
    found = connected.execute(query, [organization.pk]).fetchone()
    if found is None:
        raise RuntimeError("the large tenant has no neighbour")
    return int(found[0])


def _make_keys(organization: Organization) -> None:
    """Give each person a key: how it is wrapped does not matter to its destruction."""
    with tenancy.vendor():
        people = LicensedUser.objects.filter(organization=organization).values_list("public_id", flat=True)
        keys = [
            DataKey(
                organization_ref=organization.public_id,
                subject_ref=one,
                wrapped=b"x" * 61,
                key_version=1,
                created_at=AT,
            )
            for one in people
        ]
    with ledger.vendor():
        DataKey.objects.bulk_create(keys)


def _forget_ledger() -> None:
    from django.db import connections

    with bench.administrator(database=str(connections["ledger"].settings_dict["NAME"])) as connected:
        for model in (DataKey, ErasureEntry):
            connected.execute(f"TRUNCATE {model._meta.db_table}")


def _resident() -> float:
    """Return the largest resident memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
