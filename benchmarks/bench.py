"""What benchmarks share: engines of their own, the administrator's connection, alternating runs, the result's form."""

import contextlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import django
import psycopg

from config.embedded import environment

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).with_name("results.json")


def say(text: str) -> None:
    """Tell the progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def prepared(name: str) -> Iterator[None]:
    """Start durable engines on an empty data directory, migrate, and load Django; everything is removed afterwards."""
    parent = ROOT / "var" / "benchmarks"
    parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f"{name}-", dir=parent, ignore_cleanup_errors=True) as made:
        folder = Path(made)
        folder.chmod(0o755)
        say(f"{name}: starting PostgreSQL on {folder.relative_to(ROOT)}")
        with environment.apart(folder) as owner:
            for alias in ("default", "ledger"):
                command = [sys.executable, "manage.py", "migrate", "--database", alias, "--no-input", "-v", "0"]
                subprocess.run(command, cwd=ROOT, env=owner, check=True, stdout=sys.stderr)
            django.setup()
            try:
                yield
            finally:
                from django.db import connections

                connections.close_all()


@contextlib.contextmanager
def administrator(database: str | None = None) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
    """Connect as the engine's administrator, who sees and resets everything; every statement commits by itself.

    Without a ``database``: to the one that the benchmark works in.
    """
    with psycopg.connect(**as_administrator(database), autocommit=True) as found:
        yield found


def as_administrator(database: str | None = None) -> dict[str, Any]:
    """Return what connects as the engine's administrator, to the benchmark's own database if none is named."""
    from django.conf import settings
    from django.db import connection

    return {
        "host": connection.settings_dict["HOST"],
        "port": connection.settings_dict["PORT"],
        "user": "postgres",
        "password": (Path(settings.DATA_DIR) / "secrets" / "superuser_password").read_text().strip(),
        "dbname": database or connection.settings_dict["NAME"],
    }


@contextlib.contextmanager
def longest_transaction(found: list[float], scope: str = "vendor") -> Iterator[None]:
    """Note how long each transaction of a scope lasts, its commit included."""
    from accounts import tenancy

    real = getattr(tenancy, scope)

    @contextlib.contextmanager
    def timed(*whose: int) -> Iterator[None]:
        began = time.perf_counter()
        with real(*whose):
            yield
        found.append(time.perf_counter() - began)

    setattr(tenancy, scope, timed)
    try:
        yield
    finally:
        setattr(tenancy, scope, real)


def alternate(
    ours: Callable[[], None], limit: Callable[[], None], *, reset: Callable[[], None], times: int
) -> tuple[list[float], list[float]]:
    """Time our way and the bare limit in turn, each from the same state; the order changes with every turn."""
    took: tuple[list[float], list[float]] = ([], [])
    for turn in range(times):
        for which in (0, 1) if turn % 2 == 0 else (1, 0):
            reset()
            began = time.perf_counter()
            (ours, limit)[which]()
            took[which].append(time.perf_counter() - began)
            say(f"  turn {turn + 1}: {('ours', 'bare')[which]} {took[which][-1]:.3f} s")
    return took


def result(name: str, size: str, ours: Sequence[float], limit: Sequence[float], **more: Any) -> dict[str, Any]:
    """Return the result: medians of the runs, their ratio (1.0: at the limit), and what else was measured."""
    ours_s, limit_s = statistics.median(ours), statistics.median(limit)
    return {
        "name": name,
        "size": size,
        "ours_s": round(ours_s, 4),
        "limit_s": round(limit_s, 4),
        "ratio": round(limit_s / ours_s, 3),
        **more,
        "runs": {"ours": [round(one, 4) for one in ours], "limit": [round(one, 4) for one in limit]},
    }


def run_all(names: Sequence[str], size: str) -> int:
    """Run every benchmark in a process of its own and write their results to ``benchmarks/results.json``."""
    found, failed = [], []
    for name in names:
        command = [sys.executable, "-m", "benchmarks", name, "--size", size]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            failed.append(name)
            continue
        found.append(json.loads(done.stdout.strip().rsplit("\n", 1)[-1]))
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps({"results": [{key: one[key] for key in ("name", "size", "ratio")} for one in found]}), flush=True)
    if failed:
        say(f"failed: {', '.join(failed)}")
    return 1 if failed else 0
