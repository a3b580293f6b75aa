"""The restore gate where work comes in: pages, REST, probes, tasks, beat; and that a restore is noticed at all."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from celery.beat import PersistentScheduler
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connections
from django.utils import timezone

from accounts import tenancy
from accounts.operations.sweeping import SYSTEM
from accounts.tasks import sweep_outbox
from config import gate as faces
from config.celery import app
from retention.enums import RunPhase
from retention.models import ErasureRun, LedgerHead, LedgerPulse, Restore
from retention.operations import gate, ledger_head
from retention.rules.restores import FaultCode, Standing, judge, sentence
from retention.tasks import sweep_departures, sweep_ledger_pulse
from tests.admin.people import a_member
from tests.retention.restoring import Backup, codes, replayed
from tests.retention.test_restores import of_one_person

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
NOTHING = {
    "to_replay": 0,
    "too_old": 0,
    "ledger_lacks_head": False,
    "replaying": False,
    "default_behind": False,
    "ledger_behind": False,
}


@pytest.mark.parametrize(
    ("seen", "expected", "closed", "in_step"),
    [
        pytest.param({}, [], False, True, id="nothing"),
        pytest.param({"to_replay": 2}, [FaultCode.TO_REPLAY], True, False, id="default older"),
        pytest.param({"ledger_lacks_head": True}, [FaultCode.LEDGER_OLDER], True, False, id="ledger older"),
        pytest.param({"too_old": 1}, [FaultCode.TOO_OLD], True, False, id="older than the horizon"),
        pytest.param({"replaying": True}, [FaultCode.REPLAYING], True, False, id="in mid-replay"),
        pytest.param({"default_behind": True}, [], False, False, id="default restored, no erasure since"),
        pytest.param({"ledger_behind": True}, [], False, False, id="ledger restored, no erasure since"),
    ],
)
def test_what_closes_the_gate(seen, expected, closed, in_step):
    found = judge(**{**NOTHING, **seen})
    assert [fault.code for fault in found.faults] == expected
    assert (found.closed, found.in_step) == (closed, in_step)


def test_every_reason_has_its_sentence():
    for code in FaultCode:
        assert len(sentence(judge(**{**NOTHING, "to_replay": 3}).faults[0])) > 20
        assert code in FaultCode


def a_restored_service():
    organization, erase = of_one_person()
    backup = Backup()
    erase()
    backup.restore()
    return organization


@pytest.mark.parametrize(
    ("path", "accepts", "kind"),
    [
        ("/admin/", "text/html", "text/html"),
        ("/account/login/", "text/html", "text/html"),
        ("/", "text/html", "text/html"),
        ("/nowhere", "text/html", "text/html"),
        ("/api/v1/organizations", "application/json", "application/problem+json"),
        ("/api/v1/schema", "text/html", "application/problem+json"),
        ("/scim/v2/Users", "application/scim+json", "application/problem+json"),
        ("/calendar/x.ics", "text/calendar", "application/problem+json"),
        ("/admin/", "application/json", "application/problem+json"),
    ],
)
def test_nothing_is_served_but_the_probes(client, path, accepts, kind):
    a_restored_service()
    for method in (client.get, client.post):
        answer = method(path, headers={"accept": accepts})
        assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (503, kind)
        assert answer.headers["Retry-After"] == "60"
        assert "erasures_to_replay" in answer.content.decode()
    assert client.get("/health/live").status_code == 200
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.json()["parts"]["restore"]) == (503, "down")
    assert "manage.py replay_erasures" in ready.json()["reasons"][0]
    replayed()
    assert client.get("/health/ready").status_code == 200
    assert client.get(path, headers={"accept": accepts}).status_code != 503


def test_a_page_costs_no_question_while_the_answer_is_believed(client, django_assert_num_queries):
    gate.forget()
    client.get("/nowhere")
    for alias in connections:
        with django_assert_num_queries(0, using=alias):
            client.get("/nowhere")


def test_a_restore_under_a_running_process_is_noticed(client, settings):
    settings.RESTORE_GATE = timedelta(0)
    gate.forget()
    assert client.get("/account/login/").status_code == 200
    organization, erase = of_one_person()
    backup = Backup()
    erase()
    assert client.get("/account/login/").status_code == 200
    backup.restore()
    gate.believe(Standing(), seconds=0)  # as a process that saw nothing of it
    assert client.get("/account/login/").status_code == 503
    assert organization


def test_where_a_database_does_not_answer_what_was_seen_last_counts(monkeypatch):
    def silent():
        raise DatabaseError("no answer")

    monkeypatch.setattr(gate, "look", silent)
    gate.believe(Standing(), seconds=0)
    assert not gate.standing().closed
    gate.forget()
    assert [fault.code for fault in gate.standing().faults] == [FaultCode.UNKNOWN]


def test_no_task_runs_behind_the_gate_and_beat_waits(monkeypatch):
    ran = []
    monkeypatch.setattr("retention.tasks.run", lambda do, **_: ran.append(do.__name__))
    monkeypatch.setattr("accounts.tasks.run", lambda do, **_: ran.append(do.__name__))
    monkeypatch.setattr(PersistentScheduler, "tick", lambda self: ran.append("tick") or 1.0)
    scheduler = faces.WaitingScheduler(app=app, lazy=True)

    def everything():
        ran.clear()
        for task in (sweep_departures, sweep_outbox, sweep_ledger_pulse):
            task()
        scheduler.tick()
        return ran

    assert everything() == ["open_all", "deliver_all", "beat", "tick"]
    gate.believe(Standing(default_behind=True), seconds=60)
    assert everything() == ["open_all", "beat", "tick"], "nothing is sent until it is known what was sent"
    a_restored_service()
    assert everything() == ["beat"], "which does nothing itself behind the gate"
    with tenancy.vendor():
        assert ErasureRun.objects.count() == 0
    assert app.conf.beat_scheduler == "config.gate:WaitingScheduler"


def test_a_rehearsal_is_refused_behind_the_gate():
    a_restored_service()
    with pytest.raises(CommandError, match="restored"):
        call_command("run_sweeps", "--at", "2030-01-01T00:00Z", "--i-mean-it")


def test_the_check_says_how_the_databases_stand():
    def checked():
        out, code = StringIO(), 0
        try:
            call_command("replay_erasures", "--check", "--format", "json", stdout=out)
        except CommandError as error:
            code = error.returncode
        return code, json.loads(out.getvalue())["closed"]

    assert checked() == (0, False)
    a_restored_service()
    assert checked() == (1, True)


def test_a_restore_by_which_no_erasure_is_concerned_is_noticed_by_the_pulse():
    now = timezone.now()
    ledger_head.beat(now=now)
    backup = Backup()
    ledger_head.beat(now=now + timedelta(minutes=2))
    assert gate.look() == Standing()
    backup.restore()
    assert gate.look() == Standing(default_behind=True)
    sweep_ledger_pulse(now=(now + timedelta(minutes=3)).isoformat())
    assert gate.look() == Standing()
    with tenancy.vendor():
        noticed = Restore.objects.get()
        assert (noticed.kind, noticed.known_until) == ("default", now)
        assert noticed.report["trail"]["missing"] == 0
    assert replayed()["state"] == "nothing_to_do"


def test_a_restored_ledger_is_noticed_by_the_pulse_too():
    now = timezone.now()
    ledger_head.beat(now=now)
    backup = Backup("ledger")
    for minute in (2, 4):
        ledger_head.beat(now=now + timedelta(minutes=minute))
    backup.restore()
    assert gate.look() == Standing(ledger_behind=True)
    sweep_ledger_pulse(now=(now + timedelta(minutes=6)).isoformat())
    assert gate.look() == Standing()
    with tenancy.vendor():
        assert Restore.objects.get().kind == "ledger"


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_pulse_that_is_killed_between_its_two_commits_is_no_restore(monkeypatch, times):
    now = timezone.now()

    class Killed(BaseException):
        pass

    def kill(*args, **kwargs):
        raise Killed

    ledger_head.beat(now=now)
    for number in range(1, times + 1):
        later = now + timedelta(minutes=2 * number)
        with monkeypatch.context() as patch, pytest.raises(Killed):
            follow = ledger_head._follow
            calls = []
            # The second beat first lets the ledger catch up; it dies where its own number would follow.
            patch.setattr(
                ledger_head,
                "_follow",
                lambda n, *, now, calls=calls, follow=follow, last=number: kill() if n > last else follow(n, now=now),
            )
            ledger_head.beat(now=later)
        assert gate.look() == Standing(), f"killed {number} times"
    with tenancy.vendor():
        assert LedgerHead.objects.get().pulse == times + 1
    assert LedgerPulse


def test_a_run_that_was_cancelled_in_the_restored_database_is_replayed_all_the_same():
    organization = a_restored_service()
    assert codes() == ["erasures_to_replay"]
    replayed()
    with tenancy.vendor():
        assert ErasureRun.objects.get(organization=organization).phase == RunPhase.CERTIFIED


def test_reports_are_read_by_rest_and_in_the_admin(client):
    a_restored_service()
    restore = replayed()["restore"]
    client.force_login(a_member("administrator"))
    listed = client.get("/api/v1/restores").json()["results"]
    assert [(one["public_id"], one["kind"]) for one in listed] == [(restore, "default")]
    assert listed[0]["replayed"][0]["outcome"] == "erased"
    with tenancy.vendor():
        pk = Restore.objects.get().pk
    page = client.get(f"/admin/retention/restore/{pk}/change/").content.decode()
    assert "What was lost, and what to enter again" in page
    assert "Erased again" in page
    assert SYSTEM
