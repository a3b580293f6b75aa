"""What people do with a run, by REST and in the browser: pause it, resume it, set its rate; and that it keeps to it."""

from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse

from accounts import tenancy
from accounts.models import AuditEvent
from accounts.operations.sweeping import SYSTEM
from retention.enums import RequestStatus
from retention.models import ErasureRun, ErasureStep
from retention.operations import chunks, erasure, run_control, runs
from tests.accounts.parties import at_once
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.retention.test_life import live_until
from tests.retention.under_contract import AFTER_GRACE, OFFICER, a_client, approved, asked, state_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def planned(organization=None):
    request = approved(asked(organization or a_client(), "ann-1"))
    with tenancy.vendor():
        return request, runs.plan(request, now=AFTER_GRACE, by=SYSTEM)


@pytest.fixture
def rests(monkeypatch):
    """Note what the engine sleeps, in seconds, and let it not wait. The clock of its chunks stands still."""
    found = []
    monkeypatch.setattr(chunks, "time", SimpleNamespace(sleep=found.append))
    monkeypatch.setattr(erasure, "time", SimpleNamespace(monotonic=lambda: 0.0))
    return found


@pytest.mark.parametrize(
    ("setting", "own", "rate"), [(10, None, 10), (0, None, None), (10, 40, 40), (0, 25, 25), (40, 8, 8)]
)
def test_a_run_keeps_to_the_services_rate_or_to_its_own(rests, settings, setting, own, rate):
    settings.ERASURE_ROWS_PER_SECOND = setting
    _request, run = planned()
    with tenancy.vendor():
        run_control.slow_down(run, rate=own, now=AFTER_GRACE, by=OFFICER)
    assert erasure.advance(run, now=AFTER_GRACE, by=SYSTEM)
    with tenancy.vendor():
        steps = ErasureStep.objects.filter(run=run)
        rows = sum(step.erased + step.anonymised for step in steps)
    assert rows > 7
    assert sum(rests) == pytest.approx(rows / rate if rate else 0)


def test_a_replay_is_in_nobodys_way(rests, settings):
    settings.ERASURE_ROWS_PER_SECOND = 10
    _request, run = planned()
    with tenancy.vendor():
        ErasureRun.objects.filter(pk=run.pk).update(replayed_at=AFTER_GRACE)
    assert erasure.advance(the_run(run), now=AFTER_GRACE, by=SYSTEM)
    assert rests == []


def test_a_service_that_is_told_nothing_leaves_its_neighbours_room(settings):
    assert settings.ERASURE_ROWS_PER_SECOND == 50_000


def test_by_rest_a_run_is_paused_resumed_and_its_rate_set():
    request, run = planned()
    path, officer = f"deletion-requests/{request.public_id}", caller("privacy_officer")
    for act in ("pause", "resume"):
        caller("support")("POST", f"{path}/{act}", expect=403)
    assert officer("POST", f"{path}/resume", expect=409)["code"] == "run_not_paused"
    officer("POST", f"{path}/pause")
    assert officer("POST", f"{path}/pause", expect=409)["code"] == "run_not_running"
    live_until(AFTER_GRACE)
    assert state_of(request) == RequestStatus.APPROVED
    for rate in (1, 1_000_000, None):
        officer("POST", f"{path}/slow-down", {"rate": rate})
        assert the_run(run).rate == rate
    for body in ({"rate": 0}, {"rate": 1_000_001}, {"rate": -1}, {"rate": "fast"}, {"rate": 1.5}, {}):
        (fault,) = officer("POST", f"{path}/slow-down", body, expect=400)["errors"]
        assert fault["attr"] == "rate", body
    officer("POST", f"{path}/resume")
    live_until(AFTER_GRACE)
    assert state_of(request) == RequestStatus.CERTIFIED
    assert officer("POST", f"{path}/slow-down", {"rate": 5}, expect=409)["code"] == "run_not_running"
    with tenancy.vendor():
        told = AuditEvent.objects.filter(name="erasure.rate_set").order_by("pk").values_list("data", flat=True)
        assert [data["rate"] for data in told] == [1, 1_000_000, None]


def test_in_the_browser_a_run_is_paused_resumed_and_its_rate_set():
    request, run = planned()
    browser = Client(raise_request_exception=True, headers={"accept-language": "fr"})
    browser.force_login(a_member("privacy_officer"), backend="config.backends.EmailBackend")
    page = reverse("admin:retention_erasurerun_change", args=[run.pk])

    def act(name, **form):
        return browser.post(reverse(f"admin:retention_erasurerun_{name}", args=[run.pk]), {"confirmed": "yes", **form})

    act("pause")
    live_until(AFTER_GRACE)
    assert (state_of(request), the_run(run).paused_at is not None) == (RequestStatus.APPROVED, True)
    for rate in ("0", "1000001", "vite", "-3"):
        assert "rate" in act("slow_down", rate=rate).context["form"].errors, rate
        assert the_run(run).rate is None
    act("slow_down", rate="250")
    assert the_run(run).rate == 250
    assert "250" in browser.get(page).content.decode()
    act("slow_down", rate="")
    act("resume")
    assert (the_run(run).rate, the_run(run).paused_at) == (None, None)
    live_until(AFTER_GRACE)
    assert state_of(request) == RequestStatus.CERTIFIED


def test_of_two_who_pause_at_once_one_is_told_that_it_is_paused():
    _request, run = planned()

    def pause():
        with tenancy.vendor():
            return run_control.pause(run, now=AFTER_GRACE, by=OFFICER)

    outcomes = at_once(pause, pause)
    assert sorted(type(one).__name__ for one in outcomes) == ["ErasureRun", "Refused"], outcomes
    with tenancy.vendor():
        assert AuditEvent.objects.filter(name="erasure.paused").count() == 1


def the_run(run):
    with tenancy.vendor():
        return ErasureRun.objects.get(pk=run.pk)
