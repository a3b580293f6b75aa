"""A restore brings nothing back in stores beyond the vault: whoever must act there can, since the service serves."""

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts import tenancy
from accounts.operations.sweeping import SYSTEM
from retention import replaying, sweeps
from retention.enums import RequestStatus, RunPhase, StepStatus
from retention.models import ErasureRun, ErasureStep, ManualErasure, Message
from retention.operations import attesting, run_control
from tests.accounts.receivers import says
from tests.retention.connectors.configured import a_store, paper
from tests.retention.connectors.test_service import Service, answers
from tests.retention.restoring import Backup, codes, replayed
from tests.retention.test_life import plant
from tests.retention.under_contract import AFTER_GRACE, a_client, approved, asked

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture(autouse=True)
def quick(settings, monkeypatch):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    monkeypatch.setattr(replaying, "TURNS", 3)
    monkeypatch.setattr(replaying, "LONGEST_WAIT", 0.0)


@pytest.fixture
def service():
    made = Service()
    # It does not look at when it is asked: the erasure before the restore is long ago.
    made.answer = lambda handler, number: answers(handler, *made.act(json.loads(made.calls[number - 1][1])))
    yield made
    made.close()


def attested(now):
    with tenancy.vendor():
        for one in ManualErasure.objects.filter(attested_at__isnull=True):
            upload = SimpleUploadedFile("protocol.pdf", b"%PDF shredded")
            attesting.attest(one, upload, now=now, by="user:three")


def the_run():
    with tenancy.vendor():
        return ErasureRun.objects.select_related("request").get()


def texts_of(organization):
    with tenancy.vendor():
        return Message.objects.filter(organization=organization, subject__external_id="ann-1").count()


def restored(organization):
    """Erase somebody to the certificate, and put the main database back to before that was asked."""
    backup = Backup()
    approved(asked(organization, "ann-1"))
    sweeps.plan_all(at=AFTER_GRACE, by=SYSTEM)
    sweeps.work_all(at=AFTER_GRACE, by=SYSTEM)
    attested(AFTER_GRACE + timedelta(minutes=1))
    sweeps.work_all(at=AFTER_GRACE + timedelta(minutes=2), by=SYSTEM)
    assert the_run().phase == RunPhase.CERTIFIED
    backup.restore()
    assert codes() == ["erasures_to_replay"] and texts_of(organization) > 0


def test_a_store_on_paper_is_asked_for_again_and_the_service_serves_meanwhile():
    organization = a_client()
    paper()
    restored(organization)
    refused = replayed(expect=1)
    assert (refused["code"], codes(), texts_of(organization)) == ("not_replayed", ["replay_unfinished"], 0)
    assert "--with-beyond" in refused["detail"]
    told = replayed("--with-beyond")
    assert (told["erasures"]["beyond"], codes(), the_run().phase) == (1, [], RunPhase.KEYS_DESTROYED)
    now = timezone.now() + timedelta(minutes=1)
    attested(now)
    sweeps.work_all(at=now + timedelta(minutes=1), by=SYSTEM)
    assert the_run().phase == RunPhase.CERTIFIED


def test_a_store_that_will_not_is_left_to_people_who_send_the_run_there_again(service):
    organization = a_client()
    a_store(settings={"url": service.url})
    restored(organization)
    works, service.answer = service.answer, lambda handler, number: says(handler, 401)
    replayed(expect=1)
    assert the_run().request.status == RequestStatus.PARTIALLY_DONE
    told = replayed("--with-beyond")
    assert (told["erasures"]["beyond"], codes(), the_run().phase) == (1, [], RunPhase.KEYS_DESTROYED)
    service.answer = works
    now = timezone.now()
    with tenancy.vendor():
        run_control.retry_stores(the_run(), now=now, by="user:two")
    sweeps.work_all(at=now, by=SYSTEM)
    assert the_run().phase == RunPhase.CERTIFIED


def test_what_is_not_empty_here_keeps_the_gate_closed_whatever_waits_beyond(monkeypatch):
    organization = a_client()
    paper()
    restored(organization)
    replayed(expect=1)
    with tenancy.eraser(organization.pk):
        ErasureStep.objects.filter(store="messages").update(status=StepStatus.FAILED, finished_at=None)
    monkeypatch.setattr(replaying.run_control, "retry_stores", lambda *args, **kwargs: None)
    assert replayed("--with-beyond", expect=1)["code"] == "not_replayed"
    assert codes() == ["replay_unfinished"]


def test_residue_here_is_no_wait_for_a_store_on_paper():
    organization = a_client()
    paper()
    restored(organization)
    plant(organization, ("contracts_contract", "reference", "'ann-1@client.example'"))  # what no store reaches
    refused = replayed("--with-beyond", expect=1)
    assert refused["code"] == "not_replayed" and "--with-residue" in refused["detail"]
    assert codes() == ["replay_unfinished"]
