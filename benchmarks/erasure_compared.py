"""The engine against the other ways, of a tenant or of one person: times, transactions, neighbours' reads, memory.

Each turn begins with a fresh copy of the same files, and after the keys are destroyed.
"""

import contextlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
from django.conf import settings

from accounts.models import LicensedUser, Organization
from benchmarks import bench, erasure_alone, erasure_ways, erasure_world
from benchmarks.erasure_ways import Whose
from benchmarks.erasure_world import Template
from retention.models import ErasureRun
from retention.operations import vacuuming

# How often a neighbour's reads are measured in each way.
READINGS = 3


class Compared:
    """A tenant of the loaded world, or people of it: the first is timed; all go, one after another, beside a reader."""

    def __init__(self, organization: Organization, people: Sequence[LicensedUser] = (), *, turns: int) -> None:
        self.organization = organization
        self.people = people
        self.whose = [Whose(organization.pk, one.pk) for one in people] or [Whose(organization.pk)]
        self.turns = turns
        self.template = Template()
        self.runs: list[ErasureRun] = []
        self.transactions: list[float] = []
        self.vacuumed: list[float] = []
        self.saga: list[float] = []

    def measure(self, name: str, size: str, **more: Any) -> dict[str, Any]:
        """Measure everything and return the result."""
        took = bench.alternate(self._ours, self._bare, reset=self._prepare, times=self.turns)
        ours_s, bare_s = statistics.median(took[0]), statistics.median(took[1])
        transactions, longest = len(self.transactions) // self.turns, max(self.transactions)
        vacuum_s = statistics.median(self.vacuumed)
        others = {beside: self._beside(beside) for beside in erasure_ways.BESIDE}
        old = [self._beside_an_old_snapshot() for _turn in range(self.turns)]
        old_s, old_longest = statistics.median(took for took, _longest in old), max(longest for _took, longest in old)
        read = self._reads(min(ours_s * len(self.whose), 5))
        grown = {"engine": self._growth("engine"), "orm": self._growth("orm")}
        return bench.result(
            name,
            size,
            *took,
            **more,
            longest_tx_ms=round(longest * 1000, 1),
            longest_tx_of_bare=round(longest / bare_s, 3),
            transactions=transactions,
            vacuum_s=round(vacuum_s, 3),
            **{f"{beside}_s": round(seconds, 3) for beside, seconds in others.items()},
            **{f"{beside}_ratio": round(seconds / ours_s, 2) for beside, seconds in others.items()},
            old_snapshot_s=round(old_s, 3),
            old_snapshot_ratio=round(ours_s / old_s, 3),
            old_snapshot_longest_tx_ms=round(old_longest * 1000, 1),
            reader_p99_ms={way: round(found, 2) for way, found in read.items()},
            reader_p99_ratio={way: round(found / read["quiet"], 2) for way, found in read.items() if way != "quiet"},
            rows_per_second_at_most=settings.ERASURE_ROWS_PER_SECOND,
            saga_ms=round(max(self.saga) * 1000, 1),
            rss_growth_mib={way: round(found, 1) for way, found in grown.items()},
        )

    def _prepare(self, all_: bool = False) -> None:
        self.template.fresh()
        erasure_world.forget_ledger()
        erasure_world.make_keys(self.organization)
        # Planned first: each is met by the engine in the same state.
        people = [[one.public_id] for one in self.people] or [None]
        self.runs = [erasure_world.planned(self.organization, of) for of in (people if all_ else people[:1])]
        for run in self.runs:
            began = time.perf_counter()
            with erasure_ways.saga_alone():
                erasure_ways.advance(run)
            self.saga.append(time.perf_counter() - began)

    def _ours(self) -> None:
        took = _Vacuums()
        with bench.longest_transaction(self.transactions, "eraser"), took.noted():
            self._unthrottled()
        self.vacuumed.append(took.seconds)

    def _unthrottled(self) -> None:
        with erasure_ways.unthrottled():
            self._at_its_rate()

    def _at_its_rate(self) -> None:
        for run in self.runs:
            erasure_ways.engine(run)

    def _bare(self) -> None:
        for whose in self.whose[: len(self.runs)]:
            erasure_ways.bare(whose)

    def _beside(self, beside: str) -> float:
        self._prepare()
        return _timed(beside, lambda: erasure_ways.BESIDE[beside](self.whose[0]))

    def _beside_an_old_snapshot(self) -> tuple[float, float]:
        """Return how long the engine takes beside one, and its longest transaction."""
        self._prepare()
        transactions: list[float] = []
        with _old_snapshot(), bench.longest_transaction(transactions, "eraser"):
            took = _timed("engine beside an old snapshot", self._unthrottled)
        return took, max(transactions)

    def _reads(self, quiet_for: float) -> dict[str, float]:
        """Return the 99th percentile of a neighbour's reads while nothing goes and in each way, in milliseconds."""
        found: dict[str, list[float]] = {}
        for _turn in range(READINGS):
            self._prepare(all_=True)
            found.setdefault("quiet", []).append(self._reading(lambda: time.sleep(max(quiet_for, 1))))
            for way, act in (
                ("meanwhile", self._unthrottled),
                ("at_its_rate", self._at_its_rate),
                ("bare", self._bare),
            ):
                if way != "meanwhile":
                    self._prepare(all_=True)
                began = time.perf_counter()
                found.setdefault(way, []).append(self._reading(act))
                bench.say(f"  read beside {way}: {time.perf_counter() - began:.1f} s, p99 {found[way][-1]:.2f} ms")
        return {way: statistics.median(each) for way, each in found.items()}

    def _reading(self, act: Callable[[], None]) -> float:
        with bench.administrator() as connected:
            asked = {"connect": bench.as_administrator(), "organization": _neighbour(connected, self.organization)}
        command = [sys.executable, "-m", "benchmarks.reader"]
        with subprocess.Popen(command, cwd=bench.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as it:
            if it.stdin is None or it.stdout is None:
                raise RuntimeError("the reader has no pipes")
            it.stdin.write(json.dumps(asked) + "\n")
            it.stdin.flush()
            it.stdout.readline()  # it reads
            act()
            it.stdin.close()
            return float(it.stdout.read())

    def _growth(self, way: str) -> float:
        self._prepare()
        run = self.runs[0].pk if way == "engine" else None
        return erasure_alone.growth(way, self.whose[0], run)["growth_mib"]


class _Vacuums:
    """How much of the engine's time goes to the vacuum of children before their parents."""

    seconds = 0.0

    @contextlib.contextmanager
    def noted(self) -> Iterator[None]:
        real = vacuuming.vacuumed

        def timed(*args: Any, **kwargs: Any) -> tuple[int, int] | None:
            began = time.perf_counter()
            outcome = real(*args, **kwargs)
            self.seconds += time.perf_counter() - began
            return outcome

        vacuuming.vacuumed = timed
        try:
            yield
        finally:
            vacuuming.vacuumed = real


@contextlib.contextmanager
def _old_snapshot() -> Iterator[None]:
    """Let another session go on seeing what is deleted meanwhile."""
    with bench.administrator() as connected:
        connected.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        connected.execute("SELECT count(*) FROM accounts_organization")
        yield
        connected.execute("ROLLBACK")


def _timed(name: str, act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    took = time.perf_counter() - began
    bench.say(f"  {name}: {took:.3f} s")
    return took


def _neighbour(connected: "psycopg.Connection[tuple[Any, ...]]", organization: Organization) -> int:
    query = "SELECT id FROM accounts_organization WHERE id <> %s ORDER BY id LIMIT 1"
    found = connected.execute(query, [organization.pk]).fetchone()
    if found is None:
        raise RuntimeError("the tenant has no neighbour")
    return int(found[0])
