"""The entitlement check against a bare view with the same authentication and one indexed SELECT, in one server."""

from typing import Any

from benchmarks import bench, serving
from benchmarks.clients import a_client_with

SIZES = {"small": (10_000, 1_500), "full": (1_000_000, 10_000)}
TURNS = 5


def measure(size: str) -> dict[str, Any]:
    """Return requests per second of both, and the slowest of a hundred."""
    people, calls = SIZES[size]
    _organization, token = a_client_with(people)
    port = serving.free_port()
    ids = [f"person-{number * 7919 % people}" for number in range(1000)]
    with serving.served(port):
        ours_paths = [f"/api/v1/entitlements/{one}" for one in ids]
        bare_paths = [f"/bare/entitlements/{one}" for one in ids]
        for paths in (ours_paths, bare_paths):
            serving.load(port, token, paths, calls=200)
        ours, limit = serving.in_turn(
            lambda: serving.load(port, token, ours_paths, calls=calls),
            lambda: serving.load(port, token, bare_paths, calls=calls),
            times=TURNS,
        )
    return bench.result(
        "entitlement",
        size,
        [one.seconds for one in ours],
        [one.seconds for one in limit],
        people=people,
        calls=calls,
        ours_per_second=[round(one.per_second) for one in ours],
        limit_per_second=[round(one.per_second) for one in limit],
        ours_p99_ms=[round(one.p99_ms, 1) for one in ours],
        limit_p99_ms=[round(one.p99_ms, 1) for one in limit],
    )
