"""A sweep that runs again, or whose message comes twice, writes nothing."""

import psycopg
import pytest

from accounts import tenancy
from config.sweeps import SWEEPS
from retention.models import ErasureRun
from retention.tasks import work_on_night, work_on_run
from tests.admin.world import NOW, a_whole_world
from tests.engines import owner_dsn
from tests.retention.test_life import live_until

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def everything():
    """Return a digest of every table's rows and of the transactions that wrote them."""
    found = {}
    for alias in ("default", "ledger"):
        with psycopg.connect(owner_dsn(alias), autocommit=True) as connection:
            names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            for (name,) in names:
                digest = "md5(coalesce(string_agg(t.xmin::text || t::text, '' ORDER BY t::text), ''))"
                found[alias, name] = connection.execute(f"SELECT {digest} FROM {name} AS t").fetchone()[0]
    return found


def test_every_task_run_twice_writes_once():
    a_whole_world()
    live_until(NOW)
    before = everything()
    assert len(set(before.values())) > 20, "the world has rows in most tables, and they are seen"
    for sweep in SWEEPS:
        sweep.task(now=NOW.isoformat(), sent_by_a_newer_version=True)
    with tenancy.vendor():
        run_id, organization_id = ErasureRun.objects.values_list("pk", "organization_id").earliest("pk")
    work_on_run(run_id=run_id, organization_id=organization_id, now=NOW.isoformat())
    work_on_run(run_id=10**9, organization_id=organization_id, now=NOW.isoformat())
    work_on_night(rule_id=10**9, organization_id=organization_id, now=NOW.isoformat())
    after = everything()
    assert {place for place in before if before[place] != after[place]} == set()
