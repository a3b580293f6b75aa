"""Calls in their order, many at once, after a crash, and in rehearsed time; real servers, and two sweeps at a time."""

import json
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts import outbound, sweeps, tenancy
from accounts.enums import DisabledReason
from accounts.errors import Refused
from accounts.models import OutboxMessage, WebhookDelivery
from accounts.operations import calling, clock, endpoints
from accounts.outbound import Answer
from tests.accounts.hooks import an_endpoint, announce, fan_out, fresh, states, sweep, the_delivery
from tests.accounts.parties import at_once, wait_for_somebody
from tests.accounts.receivers import Receiver, says
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture(autouse=True)
def private(settings):
    """The receivers of these tests are on this machine."""
    settings.WEBHOOK_ALLOW_PRIVATE = True


@pytest.fixture
def receiver():
    found = Receiver()
    yield found
    found.close()


# Order, and many at once.


def test_in_a_lane_nothing_overtakes_and_lanes_do_not_wait_for_each_other(receiver):
    one, two = an_organization(), an_organization()
    endpoint, _secret = an_endpoint(receiver.url)
    messages = [announce(organization) for _round in range(3) for organization in (one, two)]
    stuck = str(messages[0].public_id)
    receiver.answer = lambda handler, number: says(
        handler, 500 if handler.headers["webhook-id"] == stuck and number < 6 else 204
    )
    sweep()
    assert [id_ for id_ in receiver.ids if id_ != stuck] == [str(m.public_id) for m in messages[1::2]]
    assert states(endpoint) == ["waiting", "delivered"] * 3
    for _attempt in range(4):
        sweep(after=timedelta(hours=3))
    expected = [str(m.public_id) for m in messages[0::2]]
    of_one = [id_ for id_ in receiver.ids if id_ in expected]
    assert [id_ for place, id_ in enumerate(of_one) if id_ != stuck or place == of_one.count(stuck) - 1] == expected
    assert states(endpoint) == ["delivered"] * 6


def test_a_slow_endpoint_does_not_hold_up_another(receiver):
    release = threading.Event()

    def slowly(handler, _number):
        release.wait(20)
        says(handler, 204)

    slow = Receiver(slowly)
    an_endpoint(slow.url)
    _quick, _secret = an_endpoint(receiver.url)
    organizations = [an_organization() for _number in range(20)]
    for organization in organizations:
        announce(organization)
    thread = threading.Thread(target=lambda: (sweep(), close_connections()))
    thread.start()
    until = time.monotonic() + 15
    while len(receiver.calls) < 20 and time.monotonic() < until:
        time.sleep(0.05)
    assert len(receiver.calls) == 20, "the quick one waits for the slow one"
    assert len(slow.calls) == calling.TO_ONE, "the slow one has more than its places"
    release.set()
    thread.join(60)
    assert len(slow.calls) == 20
    slow.close()


def close_connections():
    from django.db import connections

    connections.close_all()


def test_two_sweeps_at_once_send_each_message_once(receiver):
    for _number in range(3):
        an_endpoint(receiver.url)
    organizations = [an_organization() for _number in range(4)]
    for _round in range(3):
        for organization in organizations:
            announce(organization)
    sweeps.fan_out_all(at=timezone.now(), by="system")

    def run():
        return sweeps.call_all(at=timezone.now(), by="system").done

    assert sum(at_once(run, run, run)) == 36
    assert len(receiver.calls) == 36
    with tenancy.vendor():
        assert set(WebhookDelivery.objects.values_list("state", "attempts")) == {("delivered", 1)}


def test_what_one_sweep_is_claiming_another_neither_takes_nor_waits_for(receiver):
    an_endpoint(receiver.url)
    announce(an_organization())
    fan_out()
    now = timezone.now()

    def claimed():
        with tenancy.vendor(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '5s'")
            return calling.claim(now=now, limit=16)

    with tenancy.vendor():
        assert len(calling.claim(now=now, limit=16)) == 1
        assert at_once(claimed) == [[]], "the first claim is not committed yet"
    assert claimed() == []


def test_a_failing_endpoint_is_tried_one_call_at_a_time(receiver):
    endpoint, _secret = an_endpoint(receiver.url)
    with tenancy.vendor():
        type(endpoint).objects.filter(pk=endpoint.pk).update(failures=2, failing_since=timezone.now())
    for _number in range(6):
        announce(an_organization())
    sweeps.fan_out_all(at=timezone.now(), by="system")
    with tenancy.vendor():
        assert len(calling.claim(now=timezone.now(), limit=16)) == calling.TO_A_FAILING_ONE


# What a crash leaves.


def test_killed_between_sending_and_recording_it_is_sent_again_with_the_same_id(receiver, monkeypatch):
    endpoint, _secret = an_endpoint(receiver.url)
    message = announce(an_organization())
    with monkeypatch.context() as patch:

        def dies(*args, **kwargs):
            raise KeyboardInterrupt

        patch.setattr(calling, "record", dies)
        with pytest.raises(KeyboardInterrupt):
            sweep()
    assert len(receiver.calls) == 1 and the_delivery(endpoint).claim is not None
    assert sweep().done == 0, "its lease is not over"
    with tenancy.vendor():
        WebhookDelivery.objects.update(claimed_until=timezone.now())
    assert sweep().done == 1
    assert receiver.ids == [str(message.public_id)] * 2
    assert states(endpoint) == ["delivered"]


def test_who_lost_the_claim_writes_nothing(receiver):
    endpoint, _secret = an_endpoint(receiver.url)
    announce(an_organization())
    sweeps.fan_out_all(at=timezone.now(), by="system")
    now = timezone.now()
    with tenancy.vendor():
        (late,) = calling.claim(now=now, limit=16)
    with tenancy.vendor():
        (mine,) = calling.claim(now=now + calling.LEASE, limit=16)
    with tenancy.vendor():
        calling.record(late, Answer(500), now=now + calling.LEASE)
    assert (the_delivery(endpoint).claim, fresh(endpoint).failures) == (mine.claim, 0)
    with tenancy.vendor():
        assert calling.record(mine, Answer(200), now=now + calling.LEASE)
    assert states(endpoint) == ["delivered"]


def test_what_is_being_sent_is_not_sent_again_until_its_lease_is_over(receiver):
    endpoint, _secret = an_endpoint(receiver.url)
    announce(an_organization())
    fan_out()
    now = timezone.now()
    with tenancy.vendor():
        calling.claim(now=now, limit=16)
    delivery = the_delivery(endpoint)
    with tenancy.vendor(), pytest.raises(Refused) as refused:
        endpoints.redeliver(delivery, now=now + calling.LEASE - timedelta(seconds=1), by="user:one")
    assert refused.value.code == "delivery_claimed"
    with tenancy.vendor():
        endpoints.redeliver(delivery, now=now + calling.LEASE, by="user:one")
        assert len(calling.claim(now=now + calling.LEASE, limit=16)) == 1


def test_a_lease_lasts_longer_than_any_call():
    """A call is claimed before it is sent: were it over earlier, another sweep would send the message beside it."""
    assert timedelta(seconds=2 * outbound.DEADLINE) < calling.LEASE


def test_of_two_failures_that_are_recorded_at_once_each_counts(receiver):
    endpoint, _secret = an_endpoint(receiver.url)
    for _number in range(2):
        announce(an_organization())
    fan_out()
    now = timezone.now()
    with tenancy.vendor():
        one, two = calling.claim(now=now, limit=16)

    def record():
        with tenancy.vendor():
            return calling.record(two, Answer(500), now=now)

    late = threading.Thread(target=lambda: at_once(record))
    with tenancy.vendor():
        calling.record(one, Answer(500), now=now)
        late.start()
        wait_for_somebody()
    late.join(60)
    assert fresh(endpoint).failures == 2


def test_one_that_is_disabled_while_it_is_called_stays_disabled(receiver):
    endpoint, _secret = an_endpoint(receiver.url)
    announce(an_organization())

    def disabling(handler, _number):
        with tenancy.vendor():
            endpoints.disable(endpoint, reason=DisabledReason.BY_HAND, now=timezone.now(), by="user:one")
        close_connections()
        says(handler, 500)

    receiver.answer = disabling
    sweep()
    found = fresh(endpoint)
    assert (found.enabled, found.failures, states(endpoint)) == (False, 0, ["given_up"])


# Rehearsed time.


@pytest.mark.parametrize("away", [timedelta(hours=1), timedelta(days=400), timedelta(days=-1)], ids=str)
def test_in_rehearsed_time_nobody_is_called(receiver, away):
    endpoint, _secret = an_endpoint(receiver.url)
    announce(an_organization())
    sweeps.fan_out_all(at=timezone.now(), by="system")
    assert sweeps.call_all(at=timezone.now() + away, by="system:simulated").done == 0
    assert receiver.calls == [] and states(endpoint) == ["waiting"]


def test_a_sweep_that_is_late_by_minutes_is_real(receiver):
    assert clock.is_real(timezone.now() - timedelta(minutes=14))
    assert not clock.is_real(timezone.now() - timedelta(minutes=16))


def test_what_is_said_is_json_in_one_line():
    organization = an_organization()
    endpoint, _secret = an_endpoint("http://127.0.0.1:1/")
    message = announce(organization)
    with tenancy.vendor():
        text = calling.body_of(OutboxMessage.objects.get(pk=message.pk), endpoint)
    assert "\n" not in text and json.loads(text)["type"] == "contract.signed"
