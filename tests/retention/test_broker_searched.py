"""What the broker and the cache hold of somebody who was erased is found, as their programs write it."""

import base64
import json

import pytest
import redis
from django.conf import settings

from tests.retention.test_checks_again import checked_at, erased, the_run
from tests.retention.under_contract import a_client

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
KEY, ADDRESS = "test-of-the-broker", "Ann-1@Client.example"


def message():
    """A task as the broker keeps it: the body is JSON, as base64, in JSON."""
    body = base64.b64encode(json.dumps([[], {"note": "x" * 2000, "mail": ADDRESS}, {}]).encode()).decode()
    return json.dumps({"body": body, "content-encoding": "utf-8", "properties": {"body_encoding": "base64"}})


@pytest.fixture
def broker():
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        yield client
        client.delete(KEY, f"{KEY}:{ADDRESS}")


@pytest.mark.parametrize(
    "plant",
    [
        pytest.param(lambda broker: broker.set(KEY, ADDRESS), id="text"),
        pytest.param(lambda broker: broker.set(f"{KEY}:{ADDRESS}", "x"), id="name-of-a-key"),
        pytest.param(lambda broker: broker.hset(KEY, "who", ADDRESS), id="hash"),
        pytest.param(lambda broker: broker.sadd(KEY, ADDRESS), id="set"),
        pytest.param(lambda broker: broker.zadd(KEY, {ADDRESS: 1}), id="sorted-set"),
        pytest.param(lambda broker: broker.xadd(KEY, {"who": ADDRESS}), id="stream"),
        pytest.param(lambda broker: broker.lpush(KEY, message()), id="task-that-waits"),
        pytest.param(
            lambda broker: broker.hset(KEY, "tag", json.dumps([message(), "", "celery"])), id="task-under-way"
        ),
    ],
)
def test_it_is_found_in_whatever_holds_it(broker, plant):
    erased(a_client(), "ann-1")
    plant(broker)
    passed, hits = checked_at(the_run().next_check_at)
    assert not passed[-1]
    assert hits == {("valkey", "key")}


def test_base64_of_others_is_nobodys(broker):
    erased(a_client(), "ann-1")
    broker.set(KEY, base64.b64encode(b"\x00\xff" * 40).decode() + "abc")
    passed, hits = checked_at(the_run().next_check_at)
    assert (passed[-1], hits) == (True, set())
