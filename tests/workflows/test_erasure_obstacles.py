"""An erasure in whose way others come: a hold before it and after it, a writer in its midst, a store that fails.

A worker's process runs beside them each time, and it ends as any erasure does (``Case.check``).
"""

import json
import os
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from accounts import tenancy
from accounts.models import AuditDetail, AuditEvent, LicensedUser
from retention import ledger
from retention.enums import HoldGround, RequestStatus, RunPhase, StepStatus
from retention.models import Certificate, DataKey, ErasureEntry, ErasureStep, LegalHold, Message
from retention.operations import holds, keys, vault
from tests.accounts.receivers import Receiver, says
from tests.api.callers import caller
from tests.retention.connectors.configured import a_store
from tests.retention.connectors.test_service import KEY, answers
from tests.retention.vaults import parsed
from tests.workflows.erasure_case import (
    PEOPLE,
    SCOPES,
    Case,
    a_whole_client_to_erase,
    in_the_middle,
    some_people_to_erase,
)
from tests.workflows.forked import Held, Process, wait_until

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
OFFICER = "user:officer"
LATE = {"kind": "message", "at": "2025-02-03T10:00:00+00:00", "role": "user", "text": "CANARY TEXT late"}


def a_worker(case):
    """Let a process take the run as far as it goes, and wait for it: it fails with nothing but a refusal."""
    assert Process(case.work).wait()


def hold(case, *, person=None):
    """Place a hold as an officer does, on everything or on a person; nothing: it was refused."""
    with tenancy.vendor():
        return holds.place(
            case.organization,
            ground=HoldGround.LAW,
            citation="Art. 145",
            review_on=date(2030, 1, 1),
            now=case.at,
            by=OFFICER,
            person=person,
        )


def one_of_them(case):
    with tenancy.vendor():
        return case.rows(LicensedUser).filter(external_id__startswith="canary").latest("pk").public_id


def see_everything_readable(case, keys_before):
    """See that nothing was begun: every key and row is there, and every text opens by a key that is fetched anew."""
    run = case.standing
    assert (case.status, run.phase) == (RequestStatus.APPROVED, RunPhase.PLANNED)
    assert keys_of(case) == keys_before
    keys.forget(case.organization)
    with tenancy.vendor():
        rows = list(case.rows(Message).order_by("pk"))
        assert len(rows) == case.there["messages"]
        assert {step.erased for step in ErasureStep.objects.filter(run=run)} == {0}
        texts = [one["text"] for one in vault.read(case.organization, rows)]
        assert not Certificate.objects.exists()
    assert Counter(text[:11] for text in texts)["CANARY TEXT"] >= 50 * PEOPLE and all(texts)
    with ledger.vendor():
        assert not ErasureEntry.objects.exists()


def keys_of(case):
    with ledger.vendor():
        return set(DataKey.objects.filter(organization_ref=case.organization.public_id).values_list("id", flat=True))


@SCOPES
def test_a_hold_before_the_keys_are_destroyed_stops_it_with_the_data_readable_until_it_is_released(scene, slowly):
    case = Case(scene)
    before = keys_of(case)
    placed = hold(case, person=None if case.whole else one_of_them(case))
    for _attempt in range(2):
        a_worker(case)
        assert case.standing.last_error == "legal_hold"
        see_everything_readable(case, before)
        case.later()
    with tenancy.vendor():
        holds.release(placed, now=case.at, by=OFFICER)
    slowly.ERASURE_PAUSE = timedelta()
    a_worker(case)
    assert case.status == RequestStatus.CERTIFIED, "at once"
    if not case.whole:
        case.there["audit_details"] += 1  # the trail's detail says whom the hold covered
    case.check()
    with tenancy.vendor():
        (certificate,) = Certificate.objects.all()
    (met,) = certificate.document["holds_met"]
    assert (met["ground"], met["placed_at"]) == (placed.ground, placed.placed_at.isoformat())
    assert met["released_at"] > met["placed_at"]


HELD = {
    "everything": (a_whole_client_to_erase, False, {"scope": "organization", "vault": "destroyed", "person": False}),
    "one-of-the-people": (some_people_to_erase, True, {"scope": "person", "vault": "open", "person": True}),
}


@pytest.mark.parametrize("what", HELD)
def test_a_hold_after_the_keys_are_destroyed_is_refused_and_recorded_and_the_erasure_ends(what, slowly):
    scene, of_person, evidence = HELD[what]
    case = Case(scene)
    person = one_of_them(case) if of_person else None
    worker = Held(case.work)
    worker.let_go()
    wait_until(lambda: in_the_middle(case))
    assert hold(case, person=person) is None
    assert case.status == RequestStatus.ERASING, "it came in mid-run"
    assert worker.wait()
    assert case.status == RequestStatus.CERTIFIED, "nothing held that worker up"
    case.check()
    with tenancy.vendor():
        refused = AuditEvent.objects.get(name="legal_hold.refused", organization_id=case.organization.pk)
        assert (refused.actor, refused.data) == (OFFICER, {"ground": "law", **evidence})
        assert AuditDetail.objects.get(event_id=refused.pk).text == {"citation": "Art. 145"}
        assert not LegalHold.objects.exists()


def test_a_hold_on_everything_after_peoples_keys_are_destroyed_stands_for_the_others(slowly):
    case = Case(some_people_to_erase)
    worker = Held(case.work)
    worker.let_go()
    wait_until(lambda: in_the_middle(case))
    placed = hold(case)
    assert case.status == RequestStatus.ERASING, "it came in mid-run"
    assert worker.wait()
    case.check()
    with tenancy.vendor():
        assert LegalHold.objects.in_force().get() == placed
        assert LicensedUser.objects.filter(organization=case.organization).count() == 3, "the others"


def test_a_hold_and_the_destruction_of_keys_at_once_one_of_them_comes_first(slowly):
    """Each time the officer comes a little later; as long as the hold is in time, nothing at all was begun."""
    slowly.ERASURE_PAUSE = timedelta()
    case = Case(a_whole_client_to_erase)
    before = keys_of(case)
    for milliseconds in range(0, 4000, 4):
        worker = Held(case.work)
        worker.let_go()
        time.sleep(milliseconds / 1000)
        placed = hold(case)
        assert worker.wait()
        if placed is None:
            break
        see_everything_readable(case, before)
        with tenancy.vendor():
            holds.release(placed, now=case.at, by=OFFICER)
        case.later()
    assert case.status not in (RequestStatus.APPROVED, RequestStatus.DESTROYING), "a worker was first, and went on"
    case.finish()


def late_lines(n):
    """What somebody who is erased goes on to write."""
    said = {**LATE, "conversation": "canary-talk-00", "author": "canary-id-00"}
    return [{**said, "id": f"canary-late-{n}-{turn}"} for turn in range(4)]


def a_caller(organization):
    """Return a caller of the REST interface who has called already, and where content goes in."""
    call, path = caller("administrator"), f"organizations/{organization.public_id}/content"
    call("POST", path, [], expect=400)
    return call, path


def test_what_is_written_in_mid_run_about_a_client_is_refused_and_nothing_of_it_stays(slowly):
    case = Case(a_whole_client_to_erase)
    write, path = a_caller(case.organization)
    worker = Held(case.work)
    worker.let_go()
    wait_until(lambda: in_the_middle(case))
    for _again in range(2):
        refusal = write("POST", path, late_lines(1), key="late", expect=409)
        assert (refusal["code"], "being destroyed" in refusal["detail"]) == ("vault_closed", True)
    assert case.status == RequestStatus.ERASING, "it came in mid-run"
    assert worker.wait()
    case.finish()


def test_what_is_written_in_mid_run_about_people_is_refused_line_by_line_and_the_others_write_on(slowly):
    case = Case(some_people_to_erase)
    write, path = a_caller(case.organization)
    worker = Held(case.work)
    worker.let_go()
    wait_until(lambda: in_the_middle(case))
    item = {"kind": "context_item", "at": LATE["at"], "author": "canary-id-00", "text": "CANARY CONTEXT late"}
    lines = [
        {**LATE, "id": "canary-late-1", "conversation": "canary-talk-00", "author": "canary-id-00"},
        {**LATE, "id": "canary-late-2", "conversation": "canary-talk-00", "author": "ben-1"},
        {**LATE, "id": "canary-late-3", "conversation": "cb", "author": "canary-id-05"},
        {**item, "id": "canary-late-4", "name": "CANARY-NAME"},
        {**LATE, "id": "of-ben", "conversation": "cb", "author": "ben-1", "text": "on time"},
    ]
    for _again in range(2):
        said = write("POST", path, lines, key="late")
        assert (said["created"], said["existing"]) == (1, 0), "the key makes it one call"
        assert [(one["number"], one["code"]) for one in said["rejected"]] == [(n, "being_erased") for n in (1, 2, 3, 4)]
    assert case.status == RequestStatus.ERASING, "it came in mid-run"
    assert worker.wait()
    case.finish()
    with tenancy.vendor():
        assert Message.objects.filter(organization=case.organization, external_id="of-ben").count() == 1


@SCOPES
def test_who_writes_on_until_it_is_refused_leaves_nothing_and_what_was_let_in_is_counted(scene, slowly):
    slowly.ERASURE_PAUSE = timedelta()
    case = Case(scene)

    def write_on():
        for n in range(10_000):
            time.sleep(0.003)
            with tenancy.tenant(case.organization.pk):
                try:
                    result = vault.write(case.organization, parsed(late_lines(n)), now=case.at, by="user:late")
                except vault.VaultClosed:
                    assert case.whole
                    return
            if result.rejected:
                assert (case.whole, result.created) == (False, 0)
                assert {one.code for one in result.rejected} == {"being_erased"}
                return
        raise AssertionError("it is never refused")

    def written():
        with tenancy.vendor():
            events = AuditEvent.objects.filter(name="content.ingested", actor="user:late")
            return sum(data["created"] for data in events.values_list("data", flat=True))

    def work_on():
        for _turn in range(1000):
            case.work()
            if case.status == RequestStatus.CERTIFIED:
                return
            case.later()
        raise AssertionError("it never ends")

    writer = Process(write_on)
    wait_until(written)
    worker = Process(work_on)
    assert (writer.wait(), worker.wait()) == (True, True)
    case.there["messages"] += written()
    case.check()


class Product:
    """A service beyond the vault, in a process of its own: profiles of people of several clients, kept in a file.

    ``ails`` says at what it answers 500: at a type of call, once that is done, or at ``everything``, doing nothing.
    """

    def __init__(self, folder):
        self._file = folder / "product.json"
        self._file.write_text(json.dumps({"profiles": {}, "done": {}, "calls": 0, "ails": ""}))
        told, tell = os.pipe()
        alive, self._end = os.pipe()

        def serve():
            os.close(self._end)
            receiver = Receiver(lambda handler, number: self._said(handler, *receiver.calls[number - 1]))
            os.write(tell, receiver.url.encode())
            os.read(alive, 1)  # until the test's process is gone

        self._process = Process(serve)
        self.url = os.read(told, 200).decode()
        self.close = self._process.kill

    @property
    def kept(self):
        return json.loads(self._file.read_text())

    def keep(self, **values):
        self._file.write_text(json.dumps({**self.kept, **values}))

    def take_in(self, organization, mark):
        theirs = {f"{organization.public_id}/{mark}-id-{n:02}": n + 1 for n in range(PEOPLE)}
        self.keep(profiles={**self.kept["profiles"], **theirs})
        return theirs

    def _said(self, handler, headers, body):
        told = {name.lower(): value for name, value in headers.items()}
        at = datetime.fromtimestamp(int(told["webhook-timestamp"]), UTC)  # the run's instant, which is long ago
        if Webhook(KEY).sign(told["webhook-id"], at, body.decode()) != told["webhook-signature"]:
            return says(handler, 401)
        asked, kept = json.loads(body), self.kept
        self.keep(calls=kept["calls"] + 1)
        if kept["ails"] == "everything":
            return says(handler, 500)
        answer = self._act(asked, kept["profiles"], kept["done"])
        return says(handler, 500) if asked["type"] == kept["ails"] else answers(handler, 200, answer)

    def _act(self, asked, profiles, done):
        everybody = {name.partition("/")[2] for name in profiles}
        meant = everybody if asked["people"] is None else {one["external_id"] for one in asked["people"]}
        theirs = {f"{asked['organization']}/{name}" for name in meant} & profiles.keys()
        count = sum(profiles[name] for name in theirs)
        if asked["type"] != "store.erase":
            return {"counts" if asked["type"] == "store.inventory" else "residue": {"profiles": count}}
        if asked["run"] not in done:
            done[asked["run"]] = count
            self.keep(profiles={name: kept for name, kept in profiles.items() if name not in theirs}, done=done)
        return {"erased": {"profiles": done[asked["run"]]}}


@pytest.fixture
def product(settings, tmp_path):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    made = Product(tmp_path)
    a_store(settings={"url": made.url})
    yield made
    made.close()


@SCOPES
def test_a_store_that_answers_500_for_a_while_keeps_the_certificate_back_and_nothing_else(scene, slowly, product):
    slowly.ERASURE_PAUSE = timedelta()
    case = Case(scene)
    case.there["external:product"] = sum(product.take_in(case.organization, "canary").values())
    theirs = product.take_in(case.neighbour, "neighbour")

    def worked(ails):
        product.keep(ails=ails)
        a_worker(case)
        with tenancy.vendor():
            assert not Certificate.objects.exists()
            step = ErasureStep.objects.get(run=case.run, store="external:product")
            others = ErasureStep.objects.filter(run=case.run).exclude(pk=step.pk)
            assert set(others.values_list("status", flat=True)) == {StepStatus.DONE}, "the others went on"
            assert not any(case.left().values())
        return case.status, step.failures, step.last_error

    assert worked("everything") == (RequestStatus.ERASING, 1, "failed")
    calls = product.kept["calls"]
    assert worked("everything") == (RequestStatus.ERASING, 1, "failed")
    assert product.kept["calls"] == calls, "it is left alone for a while"
    case.later()
    # It does what it is asked to, and fails to say so.
    assert worked("store.erase") == (RequestStatus.ERASING, 2, "failed")
    assert product.kept["profiles"] == theirs
    case.later()
    # It erased, and does not say whether it is empty: its step tells why the certificate waits.
    assert worked("store.verify") == (RequestStatus.ERASED, 0, "failed")
    assert case.standing.last_error == "store_silent"
    product.keep(ails="")
    case.later()
    a_worker(case)
    with tenancy.vendor():
        assert ErasureStep.objects.get(run=case.run, store="external:product").last_error == ""
    case.check()
    assert (product.kept["profiles"], list(product.kept["done"])) == (theirs, [str(case.run.public_id)])
