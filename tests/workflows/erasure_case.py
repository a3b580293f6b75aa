"""A run of the engine for the tests of what may happen to one: two scenes, what is known beforehand, how it must end.

Nothing of the client is left, the neighbour is as it was, the counts on the certificate are exact, and there is one.
"""

from datetime import timedelta

import pytest
from django.conf import settings

from accounts import tenancy
from accounts.errors import Refused
from accounts.models import LicensedUser
from accounts.operations.sweeping import SYSTEM
from retention import ledger, sweeps
from retention.enums import RequestStatus
from retention.models import (
    Certificate,
    ContextItem,
    Conversation,
    DeletionRequest,
    Diagnostic,
    ErasureEntry,
    ErasureRun,
    ErasureStep,
    Message,
    Verification,
)
from retention.operations import exports, outside, people_requests, requests, runs, vault
from tests.contracts.agreements import at
from tests.engines import admin_dsn
from tests.retention.test_life import a_leaving_client, decide_everything, live_until
from tests.retention.under_contract import a_client
from tests.retention.vaults import parsed, people_of
from tests.workflows import walk
from tests.workflows.filled import filled

NOW = at("2026-02-05")
LEASE = timedelta(minutes=2)
# How long a worker rests after each small chunk.
PAUSE = timedelta(milliseconds=8)
PEOPLE = 6
# What is counted here apart from the engine, by the names of its stores.
COUNTED = {
    "conversations": Conversation,
    "messages": Message,
    "context_items": ContextItem,
    "diagnostics": Diagnostic,
    "licensed_users": LicensedUser,
}
# By whether the whole client goes, what such a run finds nothing in: nobody searched others' content or decided on it;
# exports of everything, letters and the client's own endpoints, groups and jobs stay while some people go.
EMPTY = {
    True: {"mentions"},
    False: {"mentions", "exports", "intakes", "webhook_endpoints", "provisioned_groups", "bulk_jobs"},
}


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
    filled(organization, "canary", whole=True, now=NOW)
    filled(neighbour, "neighbour", whole=True, now=NOW)
    with tenancy.vendor():
        return organization, neighbour, runs.plan(request, now=NOW, by=SYSTEM, beyond=outside.names())


def some_people_to_erase():
    """Return a client under contract, its neighbour, and the planned run about two of its people."""
    organization, neighbour = a_client(), a_client()
    names = with_content(organization, "canary", now=at("2025-02-02"))
    with_content(neighbour, "neighbour", now=at("2025-02-02"))
    filled(organization, "canary", whole=False, now=NOW)
    filled(neighbour, "neighbour", whole=False, now=NOW)
    with tenancy.vendor():
        people = LicensedUser.objects.filter(organization=organization, external_id__in=names)
        request = people_requests.open_for_people(
            organization, people=list(people.values_list("public_id", flat=True)), decided=True, now=NOW, by="user:one"
        )
        requests.approve(request, now=NOW, by="user:two")
        run = runs.plan(request, now=NOW + timedelta(days=2), by=SYSTEM, beyond=outside.names())
    return organization, neighbour, run


SCOPES = pytest.mark.parametrize("scene", [a_whole_client_to_erase, some_people_to_erase], ids=["whole", "people"])


class Case:
    """A run with what is known of it beforehand: what there is in each store, and every row of the neighbour."""

    def __init__(self, scene):
        self.organization, self.neighbour, self.run = scene()
        self.whole = scene is a_whole_client_to_erase
        self.at = NOW + timedelta(days=3)
        self.before = walk.rows_of(admin_dsn("default"), self.neighbour.public_id)
        with tenancy.vendor():
            self.there = {store: self.rows(model).count() for store, model in COUNTED.items()}

    def rows(self, model):
        """Return the rows that the run is about, in the vendor's scope."""
        found = model.objects.filter(organization=self.organization)
        return found if self.whole else found.filter(external_id__startswith="canary")

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

    @property
    def standing(self):
        """The run as it stands now."""
        with tenancy.vendor():
            return ErasureRun.objects.get(pk=self.run.pk)

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
            (certificate,) = Certificate.objects.filter(run=self.run)
            steps = {step.store: step for step in ErasureStep.objects.filter(run=self.run)}
        said = {one["store"]: one for one in certificate.document["stores"]}
        assert {name: said[name]["before"] for name in self.there} == self.there
        assert {name: (one["erased"], one["anonymised"]) for name, one in said.items()} == {
            name: (step.erased, step.anonymised) for name, step in steps.items()
        }
        wrong = {
            name: one
            for name, one in said.items()
            if (one["before"], one["residual"]) != (one["erased"] + one["anonymised"], 0)
        }
        assert not wrong, "each row is counted once, whatever happened"
        unfilled = {name for name, one in said.items() if not one["before"]} - EMPTY[self.whole]
        assert not unfilled, f"tests/workflows/filled.py: put rows with canaries into {sorted(unfilled)}"
        with ledger.vendor():
            assert ErasureEntry.objects.filter(run=self.run.public_id).count() == 1
        assert walk.rows_of(admin_dsn("default"), self.neighbour.public_id) == self.before
        for alias in ("default", "ledger"):
            assert walk.canaries_in_tables(admin_dsn(alias)) == []
        assert walk.canaries_in_files(settings.DATA_DIR) == []
        assert walk.canaries_in_valkey(settings.REDIS_URL) == []


def in_the_middle(case):
    """Say whether some messages are gone, and others not yet."""
    with tenancy.vendor():
        step = ErasureStep.objects.get(run=case.run, store="messages")
    return step if 0 < step.erased < step.found else None
