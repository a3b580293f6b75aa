"""One erasure in a new process that does nothing else, to tell by how much its memory grows.

It reads from standard input, as JSON, in which way, whose rows and which run; it prints, as JSON, what was resident
before and the most that was since, in MiB, and how long it took. What it loads on the way counts as growth.
"""

import json
import subprocess
import sys
import time
from typing import Any

import django

from benchmarks import bench, resident


def growth(way: str, whose: Any, run: int | None = None) -> dict[str, float]:
    """Erase in a process of its own: ``engine`` the run, which may have its saga before it; else a way beside it."""
    from django.db import connections

    connections.close_all()
    asked = {"way": way, "organization": whose.organization, "person": whose.person, "run": run}
    command = [sys.executable, "-m", "benchmarks.erasure_alone"]
    done = subprocess.run(
        command, cwd=bench.ROOT, input=json.dumps(asked), stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout.strip().rsplit("\n", 1)[-1])
    found["growth_mib"] = found["peak_mib"] - found["start_mib"]
    bench.say(f"  alone, {way}: {found['seconds']:.3f} s, {found['start_mib']:.1f} to {found['peak_mib']:.1f} MiB")
    return found


def main() -> None:
    """Erase what standard input says."""
    asked = json.loads(sys.stdin.read())
    django.setup()
    from django.db import connections

    from accounts import tenancy
    from benchmarks import erasure_ways
    from retention.models import ErasureRun

    whose = erasure_ways.Whose(asked["organization"], asked["person"])
    with tenancy.vendor():
        run = None if asked["run"] is None else ErasureRun.objects.get(pk=asked["run"])
    connections["ledger"].ensure_connection()
    resident.forget_peak()
    start, began = resident.now(), time.perf_counter()
    if run is None:
        erasure_ways.BESIDE[asked["way"]](whose)
    else:
        with erasure_ways.unthrottled():
            erasure_ways.engine(run)
    print(json.dumps({"seconds": time.perf_counter() - began, "start_mib": start, "peak_mib": resident.peak()}))


if __name__ == "__main__":
    main()
