"""The preview of a client's rule against the bare count of the same people: set-wise, whatever their number."""

import resource
from typing import Any

from benchmarks import bench
from benchmarks.clients import a_client_with

SIZES = {"small": 50_000, "full": 1_000_000}
TURNS = 5
BARE = """
    SELECT count(*) FROM accounts_licenseduser WHERE organization_id = %s AND status IN ('active', 'restricted')
        AND status_at <= now() - interval '90 days' AND last_active_at <= now() - interval '90 days'
"""


def measure(size: str) -> dict[str, Any]:
    """Return the times of both, how many people were meant, and by how much the memory of this process grew."""
    from django.db import connection
    from django.utils import timezone

    from accounts import tenancy
    from accounts.operations import access_rules

    organization, _token = a_client_with(SIZES[size])
    with tenancy.tenant(organization.pk):
        rule = access_rules.create(
            organization, name="Idle", action="suspend", inactive_days=90, now=timezone.now(), by="user:bench"
        )
    meant: list[int] = []

    def ours() -> None:
        with tenancy.tenant(organization.pk):
            meant.append(access_rules.preview(rule, at=timezone.now()).count)

    def limit() -> None:
        with tenancy.tenant(organization.pk), connection.cursor() as cursor:
            cursor.execute(BARE, [organization.pk])
            cursor.fetchone()

    ours()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    took = bench.alternate(ours, limit, reset=lambda: None, times=TURNS)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return bench.result("rules", size, *took, people=SIZES[size], meant=meant[-1], rss_growth_mib=round(grown, 2))
