"""Memory of the engine, by how many rows it erases: each erasure whole, saga and stores, in a new process."""

import shutil
import time
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Sum

from accounts import tenancy
from accounts.models import Organization
from benchmarks import bench, erasure_alone, erasure_world
from benchmarks.erasure_ways import Whose
from benchmarks.erasure_world import Size
from retention.models import ErasureRun, ErasureStep

# People grow with their rows.
TEN_THOUSAND = Size(10, 200, 10_000, 500)
SIZES = {
    "small": (TEN_THOUSAND, Size(100, 2_000, 100_000, 5_000)),
    "full": (TEN_THOUSAND, Size(1_000, 20_000, 1_000_000, 50_000), Size(10_000, 200_000, 10_000_000, 500_000)),
}
GOAL_MIB = 64
# Table, indexes and log, while it is loaded and erased.
BYTES_A_ROW = 1_500


def measure(size: str) -> dict[str, Any]:
    """Erase a tenant of each size, the smallest first."""
    sizes = SIZES[size]
    needed, free = BYTES_A_ROW * sum(one.rows for one in sizes), shutil.disk_usage(settings.DATA_DIR).free
    if free < needed:
        raise RuntimeError(f"{needed // 2**30} GiB of disk are needed, {free // 2**30} are free")
    began = time.perf_counter()
    organizations = erasure_world.load(*sizes, mixed=False)
    loaded, stored = time.perf_counter() - began, _stored()
    bench.say(f"  loaded in {loaded:.0f} s: {stored:.1f} GiB")
    rows: list[int] = []
    found: list[dict[str, float]] = []
    for one, organization in zip(sizes, organizations, strict=True):
        erasure_world.make_keys(organization)
        run = erasure_world.planned(organization)
        found.append(erasure_alone.growth("engine", Whose(organization.pk), run.pk))
        rows.append(_erased(organization, run))
        if rows[-1] != one.rows + one.users:
            raise RuntimeError(f"{rows[-1]} rows were erased of {one.rows + one.users}")
    peaks = [one["peak_mib"] for one in found]
    grown = max(peaks) - peaks[0]
    return {
        "name": "erasure_memory",
        "size": size,
        "ratio": round(peaks[0] / max(peaks), 3),
        "grown_mib": round(grown, 1),
        "goal_mib": GOAL_MIB,
        "of_goal": round(grown / GOAL_MIB, 3),
        "rows": rows,
        **{f"{name}_mib": [round(one[f"{name}_mib"], 1) for one in found] for name in ("start", "peak", "growth")},
        "seconds": [round(one["seconds"], 2) for one in found],
        "load_s": round(loaded),
        "stored_gib": round(stored, 2),
    }


def _erased(organization: Organization, run: ErasureRun) -> int:
    with tenancy.eraser(organization.pk):
        steps = ErasureStep.objects.filter(run=run)
        return int(steps.aggregate(all=Sum("erased"))["all"])


def _stored() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return float(cursor.fetchone()[0]) / 2**30
