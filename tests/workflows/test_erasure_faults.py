"""An erasure that everything happens to: killed at any instant, done by two at once, the server lost, its disk full.

Each time, in the end: nothing of the client is left, the neighbour is as it was, the counts are exact, one certificate.
"""

import os
import random
import resource
import signal
from collections import Counter
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from accounts import tenancy
from accounts.errors import Refused
from accounts.models import LicensedUser
from accounts.operations.sweeping import SYSTEM
from retention import ledger, sweeps, tasks
from retention.enums import RequestStatus
from retention.models import Certificate, DeletionRequest, ErasureEntry, ErasureStep, Message, Verification
from retention.operations import exports, people_requests, requests, runs, vacuuming, vault
from tests.contracts.agreements import at
from tests.engines import admin_dsn
from tests.retention.test_life import a_leaving_client, decide_everything, live_until
from tests.retention.under_contract import a_client
from tests.retention.vaults import parsed, people_of
from tests.workflows import walk
from tests.workflows.forked import Held, Process, wait_for_server, wait_until

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
NOW = at("2026-02-05")
LEASE = timedelta(minutes=2)
# `make proofs` kills at thirty instants; a test run at some of them.
KILLS = int(os.environ.get("TERME_KILLS", "6"))
PAUSE = timedelta(milliseconds=8)
PEOPLE = 6


def with_content(organization, mark, *, now):
    """Let people of the organization write, with canaries in every field."""
    names = [f"{mark}-id-{n:02}" for n in range(PEOPLE)]
    for n, name in enumerate(names):
        people_of(
            organization, name, email=f"{mark}-mail-{n}@client.example", display_name=f"{mark}-name", department="Art"
        )
    lines = [line for line in walk.content(mark, at("2025-02-01"), messages=1200) if _of(line) < PEOPLE]
    with tenancy.tenant(organization.pk):
        for start in range(0, len(lines), 500):
            vault.write(organization, parsed(lines[start : start + 500]), now=now, by="user:product")
        exports.make(organization, request=None, now=now, by="user:client")
    return names


def _of(line):
    """Return the number of the person whom a line of the walk's content is about."""
    return int(line.get("author", line.get("conversation", line["id"])).rsplit("-", 1)[1])


def a_whole_client_to_erase():
    """Return a departed client, its neighbour, and the planned run."""
    organization, neighbour = a_leaving_client(), a_leaving_client()
    with_content(organization, "canary", now=at("2025-02-02"))
    with_content(neighbour, "neighbour", now=at("2025-02-02"))
    live_until(at("2026-01-02"))
    request = decide_everything(organization)
    live_until(at("2026-01-20"))
    with tenancy.vendor():
        return organization, neighbour, runs.plan(request, now=NOW, by=SYSTEM)


def some_people_to_erase():
    """Return a client under contract, its neighbour, and the planned run about two of its people."""
    organization, neighbour = a_client(), a_client()
    names = with_content(organization, "canary", now=at("2025-02-02"))
    with_content(neighbour, "neighbour", now=at("2025-02-02"))
    with tenancy.vendor():
        people = LicensedUser.objects.filter(organization=organization, external_id__in=names)
        request = people_requests.open_for_people(
            organization, people=list(people.values_list("public_id", flat=True)), decided=True, now=NOW, by="user:one"
        )
        requests.approve(request, now=NOW, by="user:two")
        run = runs.plan(request, now=NOW + timedelta(days=2), by=SYSTEM)
    return organization, neighbour, run


SCOPES = pytest.mark.parametrize("scene", [a_whole_client_to_erase, some_people_to_erase], ids=["whole", "people"])


@pytest.fixture
def slowly(settings, monkeypatch):
    """Small chunks with rests between them: an erasure that takes long enough to be met in any of its states."""
    monkeypatch.setattr(vacuuming, "MANY_ROWS", 1)
    monkeypatch.setattr(vacuuming, "LARGE_PART", 0.0)
    settings.ERASURE_CHUNK_ROWS = 3
    settings.ERASURE_CHUNK_MILLISECONDS = 0
    settings.ERASURE_PAUSE = PAUSE
    return settings


@pytest.fixture
def durable(slowly):
    """A commit stays, though the server is lost: the tests' server is told otherwise, for speed."""
    for says in ("SET synchronous_commit = on", "RESET synchronous_commit"):
        with psycopg.connect(admin_dsn("default"), autocommit=True) as connected:
            connected.execute(f"ALTER ROLE terme_app {says}")
        if says.startswith("SET"):
            yield slowly


class Case:
    """A run with what is known of it beforehand."""

    def __init__(self, scene):
        self.organization, self.neighbour, self.run = scene()
        self.at = NOW + timedelta(days=3)
        self.before = walk.rows_of(admin_dsn("default"), self.neighbour.public_id)
        with tenancy.vendor():
            self.messages = Counter(
                Message.objects.filter(organization=self.organization, external_id__startswith="canary").values_list(
                    "organization", flat=True
                )
            )[self.organization.pk]

    def work(self):
        """Take the run as far as it goes, as a worker does; somebody else's is left alone."""
        try:
            sweeps.work(self.run, at=self.at, by=SYSTEM)
        except Refused:
            return

    def later(self):
        """The lease of whoever was killed runs out."""
        self.at += LEASE

    @property
    def status(self):
        with tenancy.vendor():
            return DeletionRequest.objects.get(pk=self.run.request_id).status

    def finish(self):
        for _again in range(5):
            if self.status == RequestStatus.CERTIFIED:
                break
            self.later()
            self.work()
        self.check()

    def check(self):
        """See the end: emptied, certified once, counted exactly; the neighbour byte for byte as it was."""
        with tenancy.vendor():
            assert [one.hits for one in Verification.objects.filter(run=self.run)] == [[]]
            assert self.status == RequestStatus.CERTIFIED
            assert Certificate.objects.filter(run=self.run).count() == 1
            steps = {step.store: step for step in ErasureStep.objects.filter(run=self.run)}
            assert steps["messages"].erased >= self.messages > 0
            wrong = {
                name: (step.found, step.erased + step.anonymised)
                for name, step in steps.items()
                if step.found != step.erased + step.anonymised and step.found
            }
            assert not wrong, "each row is counted once, whoever was killed"
        with ledger.vendor():
            assert ErasureEntry.objects.filter(run=self.run.public_id).count() == 1
        assert walk.rows_of(admin_dsn("default"), self.neighbour.public_id) == self.before
        for alias in ("default", "ledger"):
            assert walk.canaries_in_tables(admin_dsn(alias)) == []
        assert walk.canaries_in_files(settings.DATA_DIR) == []
        assert walk.canaries_in_valkey(settings.REDIS_URL) == []


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


def in_the_middle(case):
    """Say whether some messages are gone, and others not yet."""
    with tenancy.vendor():
        step = ErasureStep.objects.get(run=case.run, store="messages")
    return step if 0 < step.erased < step.found else None


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
