"""Fan-out: each announcement reaches each endpoint that may hear it, once, in order; nobody hears a neighbour."""

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from accounts import sweeps, tenancy
from accounts.enums import DisabledReason
from accounts.models import OutboxMessage, WebhookDelivery
from accounts.operations import clock, delivery, endpoints, fanning
from tests.accounts.hooks import all_fanned_out, an_endpoint, announce, fresh
from tests.accounts.parties import at_once
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
URL = "https://8.8.8.8/hook"


def fan_out(**kwargs):
    with tenancy.vendor():
        return fanning.fan_out(now=timezone.now(), **kwargs)


def heard(endpoint):
    """Return the topics that an endpoint is given, in their order."""
    with tenancy.vendor():
        return list(endpoint.deliveries.order_by("message").values_list("message__topic", flat=True))


def test_a_message_is_given_once_to_each_endpoint_that_hears_it():
    organization = an_organization()
    vendors, clients = an_endpoint(URL)[0], an_endpoint(URL, organization)[0]
    announce(organization)
    assert (fan_out(), fan_out()) == (1, 0)
    assert heard(vendors) == heard(clients) == ["contract.signed"]
    with tenancy.vendor():
        rows = {row.endpoint_id: (row.organization_id, row.lane) for row in WebhookDelivery.objects.all()}
    assert rows == {vendors.pk: (None, organization.pk), clients.pk: (organization.pk, organization.pk)}


@pytest.mark.parametrize(
    ("topic", "payload", "told"),
    [
        pytest.param("contract.signed", {}, True, id="its-contract"),
        pytest.param("licensed_users.put", {"created": 1}, True, id="its-people"),
        pytest.param("licensed_user.deletion_scheduled", {}, True, id="one-of-its-people"),
        pytest.param("processing.restricted", {}, True, id="what-it-asked-for-a-person"),
        pytest.param("export.made", {}, True, id="its-export"),
        pytest.param("trail.head", {"position": 7, "digest": "0" * 64}, True, id="where-its-trail-stands"),
        pytest.param("contract.notice_reminder", {"tells_client": True}, True, id="told-by-agreement"),
        pytest.param("contract.notice_reminder", {"tells_client": False}, False, id="not-told-by-agreement"),
        pytest.param("contract.chatel_missed", {"tells_client": False}, False, id="the-vendors-own-trouble"),
        pytest.param("erasure.residue_found", {"hits": 1}, False, id="residue"),
        pytest.param("delivery.given_up", {}, False, id="mail-about-mail"),
        pytest.param("outgoing.drafted", {}, False, id="what-the-vendor-plans"),
        pytest.param("uplift.proposed", {}, False, id="a-price-not-yet-said"),
        pytest.param("topic.of_the_future", {}, False, id="what-nobody-has-decided-on"),
    ],
)
def test_a_client_hears_what_is_for_clients_and_the_vendor_everything(topic, payload, told):
    organization = an_organization()
    vendors, clients = an_endpoint(URL)[0], an_endpoint(URL, organization)[0]
    neighbours = an_endpoint(URL, an_organization())[0]
    announce(organization, topic, **payload)
    fan_out()
    assert heard(vendors) == [topic]
    assert heard(clients) == ([topic] if told else [])
    assert heard(neighbours) == []


def test_what_is_for_one_person_only_no_endpoint_hears():
    organization = an_organization()
    vendors = an_endpoint(URL)[0]
    announce(organization, "user.password_changed", only=str(organization.public_id))
    assert (fan_out(), heard(vendors)) == (1, [])


def test_what_clients_may_hear_is_nothing_internal():
    # Whom a rule warns is told by a letter of their own; the client's programs hear of it too.
    internal = {topic for topic, audience in delivery.AUDIENCE.items() if not audience.client} - {
        delivery.PERSON_WARNED
    }
    assert "erasure.residue_found" in internal and not internal & fanning.CLIENTS_TOPICS


def test_what_is_about_no_organization_is_the_vendors():
    clients, vendors = an_endpoint(URL, an_organization())[0], an_endpoint(URL)[0]
    with tenancy.vendor():
        OutboxMessage.objects.create(
            topic="contract.signed",
            subject_type="T",
            subject_id=vendors.public_id,
            occurred_at=timezone.now(),
            next_attempt_at=timezone.now(),
        )
    fan_out()
    assert (heard(clients), heard(vendors)) == ([], ["contract.signed"])


def test_topics_narrow_what_is_heard():
    organization = an_organization()
    some = an_endpoint(URL, topics=["contract.ended", "contract.renewed"])[0]
    for topic in ("contract.signed", "contract.renewed", "contract.ended"):
        announce(organization, topic)
    fan_out()
    assert heard(some) == ["contract.renewed", "contract.ended"]


def test_an_endpoint_hears_what_happens_after_it_was_made():
    organization, now = an_organization(), timezone.now()
    announce(organization, "contract.signed", at=now - timedelta(hours=2))
    endpoint = an_endpoint(URL, since=timedelta(hours=1))[0]
    announce(organization, "contract.renewed", at=now)
    fan_out()
    assert heard(endpoint) == ["contract.renewed"]


def test_a_test_is_heard_by_its_endpoint_alone_whatever_its_topics():
    organization = an_organization()
    tested = an_endpoint(URL, organization, topics=["contract.ended"])[0]
    others = [an_endpoint(URL, organization)[0], an_endpoint(URL)[0]]
    with tenancy.tenant(organization.pk):
        endpoints.send_test(tested, now=timezone.now(), by="user:one")
    fan_out()
    assert heard(tested) == ["webhook.test"]
    assert [heard(other) for other in others] == [[], []]


def test_what_a_disabled_endpoint_misses_is_kept_for_a_month_and_then_not():
    organization = an_organization()
    endpoint = an_endpoint(URL, since=timedelta(days=90))[0]
    with tenancy.vendor():
        endpoints.disable(endpoint, reason=DisabledReason.BY_HAND, now=timezone.now(), by="user:one")
    announce(organization)
    fan_out()
    with tenancy.vendor():
        row = endpoint.deliveries.get()
        assert (row.state, row.last_error) == ("given_up", "endpoint_disabled")
        type(endpoint).objects.filter(pk=endpoint.pk).update(disabled_at=timezone.now() - timedelta(days=31))
    announce(organization)
    fan_out()
    assert len(heard(endpoint)) == 1


def test_a_client_whose_data_are_being_erased_hears_nothing_more():
    organization = an_organization()
    endpoint = an_endpoint(URL, organization)[0]
    with tenancy.vendor():
        type(organization).objects.filter(pk=organization.pk).update(closed_at=timezone.now())
    announce(organization)
    fan_out()
    assert heard(endpoint) == [] and all_fanned_out()


# Order, and what runs at the same time.


def hold(entered, leave, work):
    """Do the work in a transaction of another thread, and stay in it until told to leave."""

    def run():
        try:
            with tenancy.vendor():
                work()
                entered.set()
                assert leave.wait(30)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    assert entered.wait(30)
    return thread


def test_a_message_waits_while_a_running_transaction_may_still_write_one_before_it():
    organization = an_organization()
    endpoint = an_endpoint(URL)[0]
    entered, leave = threading.Event(), threading.Event()
    thread = hold(entered, leave, lambda: fanning_publish(organization, "contract.signed"))
    announce(organization, "contract.renewed")
    assert fan_out() == 0, "the first one is not committed yet"
    leave.set()
    thread.join()
    assert fan_out() == 2
    assert heard(endpoint) == ["contract.signed", "contract.renewed"]


def fanning_publish(organization, topic):
    from accounts.operations import outbox

    outbox.publish(topic, organization, at=timezone.now())


def test_what_was_rolled_back_holds_up_nothing():
    organization = an_organization()
    an_endpoint(URL)
    with pytest.raises(ZeroDivisionError), tenancy.vendor():
        fanning_publish(organization, "contract.signed")
        raise ZeroDivisionError
    announce(organization, "contract.renewed")
    assert fan_out() == 1


def test_a_message_that_somebody_holds_is_left_with_those_behind_it_and_nobody_elses():
    organization, other = an_organization(), an_organization()
    endpoint = an_endpoint(URL)[0]
    first = announce(organization, "contract.signed")
    announce(other, "contract.ended")
    announce(organization, "contract.renewed")
    entered, leave = threading.Event(), threading.Event()

    def mail():
        list(OutboxMessage.objects.select_for_update().filter(pk=first.pk))

    thread = hold(entered, leave, mail)
    assert fan_out() == 1
    assert heard(endpoint) == ["contract.ended"]
    leave.set()
    thread.join()
    assert fan_out() == 2
    assert heard(endpoint) == ["contract.signed", "contract.ended", "contract.renewed"]


def test_two_at_once_give_each_message_once():
    organization = an_organization()
    endpoint = an_endpoint(URL)[0]
    for _number in range(40):
        announce(organization)

    def sweep():
        return sweeps.fan_out_all(at=timezone.now(), by="system").done

    results = at_once(sweep, sweep, sweep)
    sweeps.fan_out_all(at=timezone.now(), by="system")
    assert sum(results) <= 40 and all_fanned_out()
    assert len(heard(endpoint)) == 40


def test_rows_of_a_dump_from_another_server_do_not_wait_for_ever():
    """Its transactions have numbers that this server has not given yet."""
    organization = an_organization()
    endpoint = an_endpoint(URL)[0]
    message = announce(organization)
    with tenancy.vendor():
        OutboxMessage.objects.filter(pk=message.pk).update(written_in=2**60)
    assert fan_out() == 1
    assert heard(endpoint) == ["contract.signed"]


# Rehearsed time.


@pytest.mark.parametrize("away", [timedelta(days=1), timedelta(days=-1)], ids=["ahead", "behind"])
def test_in_rehearsed_time_nobody_hears_and_nothing_is_left_for_later(away):
    organization = an_organization()
    endpoint = an_endpoint(URL, since=timedelta(days=30))[0]
    at = timezone.now() + away
    announce(organization, at=at)
    assert sweeps.fan_out_all(at=at, by="system:simulated").done == 1
    assert heard(endpoint) == [] and all_fanned_out()


def test_what_people_do_in_rehearsed_time_is_told_to_nobody_when_it_is_over():
    organization, now = an_organization(), timezone.now()
    endpoint = an_endpoint(URL)[0]
    with tenancy.vendor():
        clock.move_to(now + timedelta(days=90), by="system:simulated")
    real = announce(organization, "contract.signed", at=now)
    announce(organization, "contract.renewed", at=now + timedelta(days=90))
    with tenancy.vendor():
        clock.give_back(now=now, by="system:simulated")
    sweeps.fan_out_all(at=timezone.now(), by="system")
    assert heard(endpoint) == ["contract.signed"] and fresh(real).fanned_out_at is not None
