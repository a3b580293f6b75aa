"""An erasure that everything happens to: killed at any instant, done by two at once, the server lost, its disk full.

Each time, in the end: nothing of the client is left, the neighbour is as it was, the counts are exact, one certificate.
"""

import os
import random
import resource
import signal
from datetime import timedelta

import psycopg
import pytest
from django.db import connection

from retention import tasks
from retention.enums import RequestStatus
from tests.engines import admin_dsn
from tests.workflows.erasure_case import PAUSE, SCOPES, Case, a_whole_client_to_erase, in_the_middle
from tests.workflows.forked import Held, Process, wait_for_server, wait_until

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
# `make proofs` kills at thirty instants; a test run at some of them.
KILLS = int(os.environ.get("TERME_KILLS", "6"))


@pytest.fixture
def durable(slowly):
    """A commit stays, though the server is lost: the tests' server is told otherwise, for speed."""
    for says in ("SET synchronous_commit = on", "RESET synchronous_commit"):
        with psycopg.connect(admin_dsn("default"), autocommit=True) as connected:
            connected.execute(f"ALTER ROLE terme_app {says}")
        if says.startswith("SET"):
            yield slowly


@SCOPES
def test_killed_at_random_instants_it_comes_to_the_same_end(scene, slowly):
    chance = random.Random(7)
    kills, reached, longest = 0, set(), 0.4
    while kills < KILLS:
        case, before = Case(scene), kills
        while kills < KILLS:
            process = Held(case.work)
            process.let_go()
            if not process.kill_after(chance.uniform(0.0, longest)):
                break  # it was done before: another one, then
            kills += 1
            reached.add(case.status)
            if len(reached) == 1:  # a slow machine: let it come further before the next
                longest += 0.1
            case.later()
        slowly.ERASURE_PAUSE = timedelta()
        case.finish()
        slowly.ERASURE_PAUSE = PAUSE
        assert kills > before, "it is done before it can be killed: slow it down"
    assert len(reached) > 1 or KILLS < 20, "so many kills meet it in more than one state"


@SCOPES
def test_every_task_delivered_twice_to_two_workers_changes_nothing_twice(scene, slowly):
    case = Case(scene)
    slowly.ERASURE_PAUSE = timedelta()

    def deliver():
        for _twice in range(2):
            tasks.work_on_run(run_id=case.run.pk, organization_id=case.organization.pk, now=case.at.isoformat())

    for _round in range(3):
        both = [Process(deliver), Process(deliver)]
        assert [one.wait() for one in both] == [True, True]
    case.finish()


def test_the_server_restarts_in_mid_chunk(durable):
    case = Case(a_whole_client_to_erase)
    process = Held(case.work)
    process.let_go()
    wait_until(lambda: in_the_middle(case))
    connection.close()
    os.kill(process.session, signal.SIGKILL)  # the server takes one lost session for a crash, and starts anew
    assert not process.wait(), "the worker lost its session"
    wait_for_server()
    assert case.status == RequestStatus.ERASING
    durable.ERASURE_PAUSE = timedelta()
    case.finish()


def test_the_disk_is_full(durable):
    case = Case(a_whole_client_to_erase)
    process = Held(case.work)
    process.let_go()
    wait_until(lambda: in_the_middle(case))
    connection.close()
    # Nothing more can be written by that session: neither a row nor the log.
    resource.prlimit(process.session, resource.RLIMIT_FSIZE, (1, 1))
    process.wait()
    wait_for_server()
    assert case.status == RequestStatus.ERASING, "what cannot be journalled is not done"
    durable.ERASURE_PAUSE = timedelta()
    case.finish()


def test_the_engine_never_asks_for_what_a_receiver_would_hear(slowly):
    """Django's collector fetches every row for whoever listens to ``post_delete``: the engine deletes past it."""
    from django.db.models.signals import post_delete

    heard = []

    def hear(sender, **_more):
        heard.append(sender)

    post_delete.connect(hear)
    try:
        case = Case(a_whole_client_to_erase)
        slowly.ERASURE_PAUSE = timedelta()
        case.finish()
    finally:
        post_delete.disconnect(hear)
    assert heard == []
