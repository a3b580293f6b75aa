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
    DeletionRequest,
    ErasureEntry,
    ErasureRun,
    ErasureStep,
    Verification,
)
from retention.operations import exports, outside, people_requests, requests, runs, vault
from tests.contracts.agreements import at
from tests.engines import admin_dsn
from tests.retention.test_life import a_leaving_client, decide_everything, live_until
from tests.retention.under_contract import a_client
from tests.retention.vaults import parsed, people_of
from tests.workflows import fills, walk
from tests.workflows.fills import MARK, OTHERS

NOW = at("2026-02-05")
LEASE = timedelta(minutes=2)
# How long a worker rests after each small chunk.
PAUSE = timedelta(milliseconds=8)
PEOPLE = 6
# Nothing in a store of theirs is without it, in one of these shapes (bytes are compared as they are).
CANARIES = (MARK, MARK.upper())


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


def with_rows_everywhere(organization, mark, *, own, now):
    """Put rows about the people whom the mark names into every store; where they alone go, about the others too."""
    everybody = LicensedUser.objects.filter(organization=organization).order_by("pk")
    if own == OTHERS:
        fills.fill(organization, everybody.exclude(external_id__startswith=mark), own, own=own, now=now)
    fills.fill(organization, everybody.filter(external_id__startswith=mark), mark, own=own, now=now)


def _of(line):
    """Return the number of the person whom a line of the walk's content is about."""
    return int(line.get("author", line.get("conversation", line["id"])).rsplit("-", 1)[1])


def a_whole_client_to_erase():
    """Return a departed client, its neighbour, and the planned run."""
    organization, neighbour = a_leaving_client(), a_leaving_client()
    with_content(organization, MARK, now=at("2025-02-02"))
    with_content(neighbour, "neighbour", now=at("2025-02-02"))
    live_until(at("2026-01-02"))
    request = decide_everything(organization)
    live_until(at("2026-01-20"))
    with tenancy.vendor():
        with_rows_everywhere(organization, MARK, own=MARK, now=at("2026-01-20"))
        with_rows_everywhere(neighbour, "neighbour", own="neighbour", now=at("2026-01-20"))
        return organization, neighbour, runs.plan(request, now=NOW, by=SYSTEM, beyond=outside.names())


def some_people_to_erase():
    """Return a client under contract, its neighbour, and the planned run about two of its people."""
    organization, neighbour = a_client(), a_client()
    names = with_content(organization, MARK, now=at("2025-02-02"))
    with_content(neighbour, "neighbour", now=at("2025-02-02"))
    with tenancy.vendor():
        with_rows_everywhere(organization, MARK, own=OTHERS, now=NOW)
        with_rows_everywhere(neighbour, "neighbour", own="neighbour", now=NOW)
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
            self.there = self.left()
            self.others = self.of_others()
        self.see_every_store_filled()

    def rows(self, model):
        """Return the rows that the run is about, in the vendor's scope."""
        found = model.objects.filter(organization=self.organization)
        return found if self.whole else found.filter(external_id__startswith=MARK)

    def left(self):
        """Return how many rows of each store go with the run, in the vendor's scope."""
        return fills.count(self.organization, whole=self.whole)

    def of_others(self):
        """Return how many rows of each store are about people of the client who stay, in the vendor's scope."""
        return {} if self.whole else fills.count_of_others(self.organization)

    def see_every_store_filled(self):
        """See that the scene has something in each store, so that what is counted there is more than nothing."""
        missing = fills.unfilled(self.there, whole=self.whole)
        assert not missing, (
            f"{missing}: nothing is there to erase. Fill it in tests/workflows/fills.py (fill), with a mark in each "
            "text, and say in COUNTED how its rows are counted; or give the reason in NEVER why no scene can hold any."
        )

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
        assert set(said) - set(self.there) <= {*fills.NEVER, *(name for name in said if name.startswith("external:"))}
        assert {name: (one["erased"], one["anonymised"]) for name, one in said.items()} == {
            name: (step.erased, step.anonymised) for name, step in steps.items()
        }
        wrong = {
            name: one
            for name, one in said.items()
            if (one["before"], one["residual"]) != (one["erased"] + one["anonymised"], 0)
        }
        assert not wrong, "each row is counted once, whatever happened"
        with ledger.vendor():
            assert ErasureEntry.objects.filter(run=self.run.public_id).count() == 1
        with tenancy.vendor():
            assert not any(self.left().values()), self.left()
            assert self.of_others() == self.others, "what is about the others stays"
        assert walk.rows_of(admin_dsn("default"), self.neighbour.public_id) == self.before
        for alias in ("default", "ledger"):
            assert walk.canaries_in_tables(admin_dsn(alias), CANARIES) == []
        assert walk.canaries_in_files(settings.DATA_DIR, CANARIES) == []
        assert walk.canaries_in_valkey(settings.REDIS_URL, CANARIES) == []


def in_the_middle(case):
    """Say whether some messages are gone, and others not yet."""
    with tenancy.vendor():
        step = ErasureStep.objects.get(run=case.run, store="messages")
    return step if 0 < step.erased < step.found else None
