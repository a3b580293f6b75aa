"""Stores beyond the vault that a search cannot look into: waited for, named, and not for ever."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts import tenancy
from accounts.models import AuditEvent
from accounts.operations.sweeping import SYSTEM
from retention import papers, sweeps
from retention.enums import AddendumKind, RequestStatus
from retention.models import Certificate, CertificateAddendum, ErasureRun, Verification
from retention.operations import addenda, external, verification
from retention.rules.checks import AFTER, PATIENCE
from tests.accounts.receivers import says
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.retention.connectors.configured import a_store
from tests.retention.connectors.test_service import answers
from tests.retention.test_life import plant
from tests.retention.test_stores_beyond import Erasure, on_this_machine, service

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
__all__ = ["on_this_machine", "service"]


def silent(handler, asked, number):
    return says(handler, 500) if asked["type"] == "store.verify" else False


def looked(erasure, *, at):
    """Do the pass of an instant; return the run as it stands then, and what was searched at the last look."""
    verification.check_due(now=at, by=SYSTEM)
    with tenancy.vendor():
        return erasure.run, Verification.objects.latest("pk").searched


def named():
    """Return the stores that were named as not searched for good, each time."""
    with tenancy.vendor():
        events = AuditEvent.objects.filter(name="erasure.stores_not_searched")
        return [event.data["stores"] for event in events]


def test_once_certified_a_store_that_is_switched_off_is_named_and_the_others_are_searched(service):
    store = a_store(settings={"url": service.url})
    erasure = Erasure()
    erasure.go_on()
    with tenancy.vendor():
        external.switch(store, on=False, now=erasure.now, by="user:three")
    run, seen = erasure.run, []
    while run.next_check_at is not None:
        assert named() == [], "it may be switched on again"
        seen.append(run.next_check_at)
        run, searched = looked(erasure, at=run.next_check_at)
        assert (searched["left_out"], searched["beyond"]) == (["external:product"], [])
    assert seen[-1] == run.certified_at + AFTER[-1]
    assert (run.phase, run.identifiers) == ("certified", None)
    assert named() == [["external:product"]]
    with tenancy.vendor():
        addendum = addenda.issue(run, AddendumKind.COMPLETE, now=seen[-1], by=SYSTEM).document
    assert addendum["verifications"][-1]["searched"]["left_out"] == ["external:product"]
    assert "Not searched: product." in texts_of(addendum)


def texts_of(addendum):
    with tenancy.vendor():
        return list(papers._Paper(Certificate.objects.get().document, [addendum])._checks())


def test_a_store_that_falls_silent_is_asked_hourly_until_a_day_past_the_last_look(service):
    a_store(settings={"url": service.url})
    erasure = Erasure()
    erasure.go_on()
    service.hook = silent
    certified, last = erasure.run.certified_at, erasure.run.certified_at + AFTER[-1]
    for moment in (certified + AFTER[0], last, last + PATIENCE - timedelta(minutes=30)):
        run, searched = looked(erasure, at=moment)
        assert searched["unanswered"] == [] and run.identifiers is not None
        assert timedelta(hours=1) <= run.next_check_at - moment < timedelta(hours=1, minutes=1)
    run, searched = looked(erasure, at=last + PATIENCE + timedelta(minutes=31))
    assert (run.next_check_at, run.identifiers, searched["unanswered"]) == (None, None, ["external:product"])
    assert named() == [["external:product"]]
    assert erasure.status == RequestStatus.CERTIFIED


def test_a_check_that_was_asked_for_later_waits_as_long(service):
    a_store(settings={"url": service.url})
    erasure = Erasure()
    erasure.go_on()
    service.hook = silent
    later = erasure.now + timedelta(days=30)
    with tenancy.vendor():
        verification.ask_again([erasure.run], now=later, by="user:two")
    run, _searched = looked(erasure, at=later + timedelta(hours=23))
    assert run.check_asked_at == later
    run, searched = looked(erasure, at=later + timedelta(hours=25))
    assert (run.check_asked_at, searched["unanswered"]) == (None, ["external:product"])
    with tenancy.vendor():
        assert CertificateAddendum.objects.get().kind == AddendumKind.CHECKED_AGAIN


def test_what_was_accepted_elsewhere_does_not_speak_for_a_silent_store(service):
    service.hook = silent
    a_store(settings={"url": service.url})
    erasure = Erasure()
    place = "contracts_contract.reference"
    plant(erasure.organization, (*place.split("."), "'C of ann-1@client.example'"))
    sweeps.plan_all(at=erasure.now, by=SYSTEM)
    hit = {"place": f"default.{place}", "count": 1, "ground": "quoted", "accepted_at": erasure.now.isoformat()}
    with tenancy.vendor():
        ErasureRun.objects.update(accepted=[{**hit, "kind": kind} for kind in ("email", "external_id")])
    erasure.go_on()
    assert (erasure.status, erasure.run.last_error) == (RequestStatus.ERASED, "store_silent")


def test_before_its_first_look_a_store_that_is_switched_off_holds_the_certificate_up(service):
    service.hook = silent
    store = a_store(settings={"url": service.url})
    erasure = Erasure()
    erasure.go_on()
    with tenancy.vendor():
        external.switch(store, on=False, now=erasure.now, by="user:three")
    erasure.go_on(after=timedelta(minutes=5))
    assert (erasure.status, erasure.run.last_error) == (RequestStatus.ERASED, "store_silent")


def test_what_the_certificate_waits_for_is_told_store_by_store(service, client):
    service.hook = silent
    store = a_store(settings={"url": service.url})
    erasure = Erasure()
    erasure.go_on()
    officer, path = caller("privacy_officer"), f"deletion-requests/{erasure.request.public_id}"

    def told():
        return {one["store"]: one["last_error"] for one in officer("GET", path)["steps"] if one["last_error"]}

    assert (erasure.status, told()) == (RequestStatus.ERASED, {"external:product": "failed"})
    with tenancy.vendor():
        external.switch(store, on=False, now=erasure.now, by="user:three")
    erasure.go_on(after=timedelta(minutes=1))
    assert (erasure.status, told()) == (RequestStatus.ERASED, {"external:product": "switched_off"})
    client.force_login(a_member("privacy_officer"), backend="config.backends.EmailBackend")
    page = client.get(reverse("admin:retention_erasurerun_change", args=[erasure.run.pk])).content.decode()
    assert "Done · The store is switched off" in page
    with tenancy.vendor():
        external.switch(store, on=True, now=erasure.now, by="user:three")
    service.hook = None
    erasure.go_on(after=timedelta(minutes=2))
    assert (erasure.status, told()) == (RequestStatus.CERTIFIED, {})


def test_one_that_held_residue_is_not_switched_off_into_a_clean_certificate(service):
    store = a_store(settings={"url": service.url})
    erasure = Erasure()
    erasure.go_on()
    service.hook = lambda handler, asked, number: (
        asked["type"] == "store.verify" and answers(handler, 200, {"residue": {"profiles": 2}})
    )
    with tenancy.vendor():
        verification.ask_again([erasure.run], now=erasure.now, by="user:two")
    run, _searched = looked(erasure, at=erasure.now)
    assert run.phase == "residue_found"
    with tenancy.vendor():
        external.switch(store, on=False, now=erasure.now, by="user:three")
        verification.ask_again([run], now=erasure.now, by="user:two")
    erasure.go_on()
    assert (erasure.run.phase, erasure.run.last_error) == ("erased", "store_silent")
    with tenancy.vendor():
        assert CertificateAddendum.objects.latest("pk").document["stands"] is False
