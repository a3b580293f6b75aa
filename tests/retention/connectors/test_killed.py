"""A worker is killed while it empties a product's database, again and again; the next one goes on from its journal."""

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.retention.connectors.databases import ACME, OTHER, RUN, TABLES, a_product, everything_of

ROOT = Path(__file__).resolve().parent.parent.parent.parent
NOW = datetime(2026, 2, 1, tzinfo=UTC)
# Erases three rows a call, and writes each checkpoint down as the journal would: after the call.
WORKER = """
import json, sys
from datetime import UTC, datetime
from uuid import UUID
from retention.connectors.postgresql import PostgresStore
from retention.connectors.protocol import Target
from retention.rules.stores import postgresql as rules
told = json.loads(sys.stdin.readline())
store = PostgresStore(rules.read(told["settings"]), told["password"])
target, checkpoint = Target(UUID(told["organization"]), None, "V1"), told["checkpoint"]
while True:
    progress = store.erase_chunk(target, run=UUID(int=1), checkpoint=checkpoint, limit=3, now=datetime.now(UTC))
    checkpoint = progress.checkpoint
    print(json.dumps([checkpoint, progress.finished]), flush=True)
    if progress.finished:
        break
"""


@pytest.fixture
def product():
    with a_product() as made:
        made.fill(messages=40)
        yield made


def a_worker(product, checkpoint):
    told = {
        "settings": product.mapping(),
        "password": product.store()._password,
        "organization": str(ACME),
        "checkpoint": checkpoint,
    }
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    worker.stdin.write(json.dumps(told) + "\n")
    worker.stdin.flush()
    return worker


def test_a_killed_worker_loses_nothing_and_touches_nobody_else(product):
    mine = f"SELECT count(*) FROM app.users WHERE company = '{ACME}'"
    others = f"SELECT t::text, t.ctid::text, t.xmin::text FROM app.users t WHERE company = '{OTHER}' ORDER BY 1"
    before, checkpoint, finished, killed = product.run(others), "", False, 0
    while not finished:
        worker = a_worker(product, checkpoint)
        try:
            # Another number of calls each time, and then at an instant of a call that nobody chose.
            for _call in range(1 + killed):
                line = worker.stdout.readline()
                if line:
                    checkpoint, finished = json.loads(line)
                if finished:
                    break
        finally:
            worker.send_signal(signal.SIGKILL)
            worker.communicate()
        killed += 1
        assert killed < 40
    assert killed > 3
    assert product.run(mine) == [(0,)]
    assert product.store().verify(everything_of(), run=RUN) == []
    assert product.run(others) == before
    counts = [product.run(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES]
    assert counts == [80, 2, 2, 2, 1]
