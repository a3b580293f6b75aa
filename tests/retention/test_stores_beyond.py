"""Stores beyond the vault as steps of a run: one that fails waits, the others go on; nothing is certified before."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts import tenancy
from accounts.models import OutboxMessage
from accounts.operations import delivery
from accounts.operations.sweeping import SYSTEM
from retention import sweeps
from retention.connectors.protocol import StoreUnavailable
from retention.connectors.service import ServiceStore
from retention.enums import RequestStatus, StepStatus, StoreFault
from retention.models import (
    Certificate,
    CertificateAddendum,
    DeletionRequest,
    ErasureRun,
    ErasureStep,
    ManualErasure,
    Message,
    Verification,
)
from retention.operations import attesting, external, people_requests, requests, run_control, verification
from retention.operations.erasure import MOST_FAILURES
from tests.accounts.receivers import says
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.retention.connectors.configured import SECRET, a_store, paper
from tests.retention.connectors.databases import a_product
from tests.retention.connectors.test_service import Service, answers
from tests.retention.under_contract import a_client, person

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
OTHER_SECRET = "whsec_" + "B" * 43 + "="


@pytest.fixture(autouse=True)
def on_this_machine(settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    settings.ERASURE_GRACE = timedelta()


@pytest.fixture
def service():
    made = Service()
    yield made
    made.close()


class Erasure:
    """The approved erasure of one person, at the real instant: a service refuses what was signed long ago."""

    def __init__(self):
        self.now = datetime.now(UTC)
        self.organization = a_client()
        ann = person(self.organization, "ann-1").public_id
        with tenancy.vendor():
            self.request = people_requests.open_for_people(
                self.organization, people=[ann], decided=True, now=self.now, by="user:one"
            )
            requests.approve(self.request, now=self.now, by="user:two")

    def go_on(self, *, after=timedelta()):
        self.now += after
        sweeps.plan_all(at=self.now, by=SYSTEM)
        sweeps.work_all(at=self.now, by=SYSTEM)

    def step(self, name="external:product"):
        with tenancy.vendor():
            return ErasureStep.objects.get(store=name)

    @property
    def run(self):
        with tenancy.vendor():
            return ErasureRun.objects.get()

    @property
    def status(self):
        with tenancy.vendor():
            return DeletionRequest.objects.get().status

    def vault_is_empty(self):
        with tenancy.vendor():
            return not Message.objects.filter(organization=self.organization, external_id__startswith="ca-").exists()


def test_a_service_erases_with_the_vault_and_is_told_who_though_their_row_may_be_gone(service):
    a_store(settings={"url": service.url})
    erasure = Erasure()
    erasure.go_on()
    assert erasure.status == RequestStatus.CERTIFIED
    assert (erasure.step().status, erasure.step().found, erasure.step().erased) == (StepStatus.DONE, 3, 3)
    assert service.profiles == {"ben-2": 2, "zoe": 9}
    told = [json.loads(body) for _headers, body in service.calls]
    (asked,) = [one for one in told if one["type"] == "store.erase"]
    assert [one["external_id"] for one in asked["people"]] == ["ann-1"]
    assert asked["run"] == str(erasure.run.public_id)
    with tenancy.vendor():
        stores = {one["store"]: one["erased"] for one in Certificate.objects.get().document["stores"]}
    assert stores["external:product"] == 3


def test_what_a_store_cannot_count_in_time_goes_all_the_same(service, monkeypatch):
    a_store(settings={"url": service.url})

    def slow(*asked):
        raise StoreUnavailable(StoreFault.TIMEOUT)

    monkeypatch.setattr(ServiceStore, "inventory", slow)
    erasure = Erasure()
    erasure.go_on()
    assert (erasure.status, erasure.step().failures) == (RequestStatus.CERTIFIED, 0)
    assert (erasure.step().found, erasure.step().erased) == (3, 3), "as much as went"


def test_a_store_that_answers_500_for_a_while_blocks_the_certificate_and_nothing_else(service):
    service.hook = lambda handler, asked, number: says(handler, 500)
    a_store(settings={"url": service.url})
    erasure = Erasure()
    erasure.go_on()
    assert (erasure.status, erasure.vault_is_empty()) == (RequestStatus.ERASING, True)
    step = erasure.step()
    assert (step.failures, step.last_error) == (1, "failed")
    assert step.again_at > erasure.now
    erasure.go_on(after=timedelta(seconds=1))
    assert erasure.step().failures == 1, "it is left alone until then"
    erasure.go_on(after=timedelta(seconds=15))
    assert erasure.step().failures == 2
    service.hook = None
    erasure.go_on(after=timedelta(seconds=30))
    assert (erasure.status, erasure.step().erased) == (RequestStatus.CERTIFIED, 3)


def test_a_store_that_refuses_is_given_up_at_once_until_an_operator_sends_it_again(service):
    store = a_store(settings={"url": service.url}, secret=OTHER_SECRET)
    erasure = Erasure()
    erasure.go_on()
    assert (erasure.status, erasure.vault_is_empty()) == (RequestStatus.PARTIALLY_DONE, True)
    assert (erasure.step().status, erasure.step().last_error) == (StepStatus.FAILED, "credentials")
    erasure.go_on(after=timedelta(seconds=60))
    with tenancy.vendor():
        assert not Certificate.objects.exists()
        external.change(store, secret=SECRET, now=erasure.now, by="user:three")
        run_control.retry_stores(erasure.run, now=erasure.now, by="user:two")
    assert erasure.status == RequestStatus.ERASING
    erasure.go_on()
    assert erasure.status == RequestStatus.CERTIFIED


def test_a_store_that_is_emptied_by_hand_is_waited_for_and_its_attestation_wakes_the_run():
    paper()
    erasure = Erasure()
    erasure.go_on()
    assert (erasure.status, erasure.vault_is_empty()) == (RequestStatus.ERASING, True)
    erasure.go_on(after=timedelta(minutes=2))
    with tenancy.vendor():
        asked = ManualErasure.objects.get()
        assert asked.people == 1
        upload = SimpleUploadedFile("protocol.pdf", b"%PDF shredded")
        attesting.attest(asked, upload, now=erasure.now, by="user:three")
    erasure.go_on(after=timedelta(seconds=1))
    assert erasure.status == RequestStatus.CERTIFIED


def test_of_what_is_emptied_by_hand_nobody_says_a_number(client):
    paper()
    erasure = Erasure()
    erasure.go_on()
    steps = caller("privacy_officer")("GET", f"deletion-requests/{erasure.request.public_id}")["steps"]
    counts = {step["store"]: (step["found"], step["erased"], step["anonymised"]) for step in steps}
    assert counts["external:paper"] == (None, None, None)
    assert counts["messages"] == (7, 7, 0)
    client.force_login(a_member("privacy_officer"), backend="config.backends.EmailBackend")
    for kind, pk, times in (("erasurerun", erasure.run.pk, 1), ("erasurestep", erasure.step("external:paper").pk, 3)):
        page = reverse(f"admin:retention_{kind}_change", args=[pk])
        assert client.get(page, headers={"accept-language": "fr"}).content.decode().count("non compté") == times
    assert (
        "non compté"
        in client.get(
            reverse("admin:retention_erasurestep_changelist"), headers={"accept-language": "fr"}
        ).content.decode()
    )


def test_a_store_that_is_disabled_meanwhile_is_named_and_not_passed_over(service, client):
    service.hook = lambda handler, asked, number: says(handler, 500)
    store = a_store(settings={"url": service.url})
    erasure = Erasure()
    erasure.go_on()
    with tenancy.vendor():
        external.switch(store, on=False, now=erasure.now, by="user:three")
        switched_off_at = store.disabled_at
    erasure.go_on(after=timedelta(seconds=15))
    assert (erasure.status, erasure.step().last_error) == (RequestStatus.PARTIALLY_DONE, "switched_off")
    officer, path = caller("privacy_officer"), f"deletion-requests/{erasure.request.public_id}"
    (step,) = [one for one in officer("GET", path)["steps"] if one["store"] == "external:product"]
    assert step["last_error"] == "switched_off"
    assert datetime.fromisoformat(step["switched_off_at"]) == switched_off_at
    client.force_login(a_member("privacy_officer"), backend="config.backends.EmailBackend")
    page = client.get(reverse("admin:retention_erasurerun_change", args=[erasure.run.pk])).content.decode()
    assert "Switched off since" in page and "switch the store on again" in page
    with tenancy.vendor():
        letter = delivery.letters(OutboxMessage.objects.get(topic="erasure.partially_done"))[0]
        assert "1 of them is switched off: switch it on again first." in letter.body
        external.switch(store, on=True, now=erasure.now, by="user:three")
        run_control.retry_stores(erasure.run, now=erasure.now, by="user:two")
    assert {one["switched_off_at"] for one in officer("GET", path)["steps"]} == {None}
    service.hook = None
    erasure.go_on(after=timedelta(seconds=15))
    assert erasure.status == RequestStatus.CERTIFIED


def test_a_service_that_moves_while_it_works_on_is_asked_anew_once_people_send_the_run_there(service):
    service.works_for = 3
    store = a_store(settings={"url": service.url})
    erasure, moved = Erasure(), Service()
    try:
        erasure.go_on()
        assert (erasure.step().status, erasure.step().cursor != "") == (StepStatus.RUNNING, True)
        with tenancy.vendor():
            external.change(store, settings={"url": moved.url}, secret=SECRET, now=erasure.now, by="user:three")
        erasure.go_on(after=timedelta(minutes=2))
        assert (erasure.status, erasure.step().last_error) == (RequestStatus.PARTIALLY_DONE, "redirect")
        assert moved.calls == [], "the old address of the work means nothing there"
        with tenancy.vendor():
            run_control.retry_stores(erasure.run, now=erasure.now, by="user:two")
        erasure.go_on(after=timedelta(minutes=1))
        assert (erasure.status, erasure.step().erased) == (RequestStatus.CERTIFIED, 3)
    finally:
        moved.close()


def test_a_database_that_is_written_to_without_end_is_given_up_and_told_of():
    """Each time a row goes another one comes: so it is erased for as long as nobody stops the product."""
    with a_product() as product:
        product.run("CREATE TABLE app.seen (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, who uuid, ref text)")
        product.run(
            "CREATE FUNCTION app.again() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN INSERT INTO app.seen (who, ref) VALUES (OLD.who, OLD.ref); RETURN NULL; END $$"
        )
        product.run("CREATE TRIGGER again AFTER DELETE ON app.seen FOR EACH ROW EXECUTE FUNCTION app.again()")
        mapped = {
            "schema": "app",
            "table": "seen",
            "key": "id",
            "tenant": {"column": "who", "names": "public_id"},
            "subject": {"column": "ref", "holds": "external_id"},
        }
        settings = {**product.mapping(tables=[mapped]), "tenants": {}}
        a_store(kind="postgresql", settings=settings, secret=urlsplit(product.dsn).password)
        erasure = Erasure()
        product.run("INSERT INTO app.seen (who, ref) VALUES (%s, 'ann-1')", erasure.organization.public_id)
        erasure.go_on()
        assert (erasure.step().failures, erasure.step().last_error) == (1, "busy")
        for _try in range(MOST_FAILURES):
            erasure.go_on(after=timedelta(hours=1))
        assert (erasure.status, erasure.step().status) == (RequestStatus.PARTIALLY_DONE, StepStatus.FAILED)
        product.run("DROP TRIGGER again ON app.seen")
        with tenancy.vendor():
            run_control.retry_stores(erasure.run, now=erasure.now, by="user:two")
        erasure.go_on(after=timedelta(minutes=1))
        assert erasure.status == RequestStatus.CERTIFIED


def test_a_store_that_still_has_something_is_residue(service):
    a_store(settings={"url": service.url})
    erasure = Erasure()
    erasure.go_on()
    assert erasure.status == RequestStatus.CERTIFIED
    service.profiles["ann-1"] = 2
    with tenancy.vendor():
        verification.ask_again([erasure.run], now=erasure.now, by="user:two")
    verification.check_due(now=erasure.now, by="system")
    assert erasure.status == RequestStatus.FAILED
    with tenancy.vendor():
        hits = Verification.objects.latest("pk").hits
        last = CertificateAddendum.objects.get().document
    assert [hit["place"].partition(".")[0] for hit in hits] == ["external:product"]
    assert last["stands"] is False


def test_a_store_that_does_not_say_whether_it_is_empty_is_asked_again_before_anything_is_claimed(service):
    def silent(handler, asked, number):
        return says(handler, 500) if asked["type"] == "store.verify" else False

    service.hook = silent
    a_store(settings={"url": service.url})
    erasure = Erasure()
    erasure.go_on()
    assert (erasure.status, erasure.run.last_error) == (RequestStatus.ERASED, "store_silent")
    service.hook = None
    erasure.go_on(after=timedelta(minutes=5))
    assert erasure.status == RequestStatus.CERTIFIED
    service.hook = silent
    with tenancy.vendor():
        verification.ask_again([erasure.run], now=erasure.now, by="user:two")
    verification.check_due(now=erasure.now, by="system")
    assert erasure.status == RequestStatus.CERTIFIED
    assert erasure.run.next_check_at > erasure.now
    assert erasure.run.check_asked_at is not None, "it is still owed"


def test_a_store_that_has_something_again_is_emptied_again_and_each_row_counts_once(service):
    a_store(settings={"url": service.url})
    erasure = Erasure()
    service.hook = lambda handler, asked, number: (
        asked["type"] == "store.verify" and number < 4 and answers(handler, 200, {"residue": {"profiles": 2}})
    )
    erasure.go_on()
    assert erasure.status == RequestStatus.FAILED
    service.profiles["ann-1"] = 2  # what the product wrote late
    with tenancy.vendor():
        run_control.erase_again(erasure.run, now=erasure.now, by="user:two")
    erasure.go_on()
    assert (erasure.status, "ann-1" in service.profiles) == (RequestStatus.CERTIFIED, False)
    assert (erasure.step().found, erasure.step().erased, erasure.step().sent_again) == (5, 5, 1)
    with tenancy.vendor():
        (said,) = [one for one in Certificate.objects.get().document["stores"] if one["store"] == "external:product"]
    assert (said["before"], said["erased"], said["residual"]) == (5, 5, 0)


def test_what_is_asked_on_paper_for_one_run_says_nothing_of_another():
    paper()
    first = Erasure()
    first.go_on()
    first.go_on(after=timedelta(minutes=2))
    with tenancy.vendor():
        upload = SimpleUploadedFile("protocol.pdf", b"%PDF shredded")
        attesting.attest(ManualErasure.objects.get(), upload, now=first.now, by="user:three")
    first.go_on(after=timedelta(seconds=1))
    assert first.status == RequestStatus.CERTIFIED
    run = first.run
    with tenancy.vendor():
        ben = [person(first.organization, "ben-1").public_id]
        second = people_requests.open_for_people(
            first.organization, people=ben, decided=True, now=first.now, by="user:one"
        )
        requests.approve(second, now=first.now, by="user:two")
    first.go_on()
    with tenancy.vendor():
        assert ManualErasure.objects.filter(attested_at__isnull=True).count() == 1
        verification.ask_again([run], now=first.now, by="user:two")
    assert verification.check_due(now=first.now, by="system") == 1
    with tenancy.vendor():
        assert Verification.objects.filter(run=run).latest("pk").passed
        assert DeletionRequest.objects.get(pk=first.request.pk).status == RequestStatus.CERTIFIED


def test_a_place_that_names_somebody_is_nowhere_written_down_and_blocks_until_it_is_mended(service):
    service.hook = lambda handler, asked, number: (
        asked["type"] == "store.verify" and answers(handler, 200, {"residue": {"profiles/ann-1": 1}})
    )
    a_store(settings={"url": service.url})
    erasure = Erasure()
    erasure.go_on()
    assert (erasure.status, erasure.run.last_error) == (RequestStatus.ERASED, "store_silent")
    with tenancy.vendor():
        assert not Verification.objects.exists()
    service.hook = None
    erasure.go_on(after=timedelta(minutes=5))
    assert erasure.status == RequestStatus.CERTIFIED


def test_an_inventory_that_names_somebody_is_summed_and_stops_nothing(service):
    service.hook = lambda handler, asked, number: (
        asked["type"] == "store.inventory" and answers(handler, 200, {"counts": {"profiles/ann-1": 1}})
    )
    a_store(settings={"url": service.url})
    erasure = Erasure()
    erasure.go_on()
    assert (erasure.status, erasure.step().last_error) == (RequestStatus.CERTIFIED, "")
