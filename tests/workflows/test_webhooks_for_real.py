"""Webhooks against ``manage.py up``: real processes call a real receiver, and a worker is killed in mid-call."""

import os
import signal
import threading

import pytest
from standardwebhooks import Webhook

from tests.accounts.receivers import Receiver, says
from tests.workflows import walk
from tests.workflows.test_real_processes import Service, wait_for


@pytest.fixture
def service(tmp_path):
    found = Service(tmp_path / "var", WEBHOOK_ALLOW_PRIVATE="1")
    found.start()
    yield found
    found.stop()


@pytest.fixture
def receiver():
    found = Receiver()
    yield found
    found.close()


def types(receiver, secret):
    """Return what was told, in the order of its arrival; each call verified with the library of the receivers."""
    return [Webhook(secret).verify(body, headers)["type"] for headers, body in list(receiver.calls)]


def test_calls_arrive_in_order_and_one_that_a_killed_worker_left_is_made_again(service, receiver):
    administrator = service.caller("administrator")
    topics = ["organization.created", "organization.changed", "licensed_users.put"]
    body = {"url": receiver.url, "topics": topics}
    hook = administrator("POST", "webhook-endpoints", body, expect=201)
    organization = walk.register(administrator, 1, "canary")
    wait_for(lambda: len(receiver.calls) >= 2, "the first calls")
    assert types(receiver, hook["secret"]) == ["organization.created", "licensed_users.put"]

    called = threading.Event()

    def never(handler, number):
        called.set()
        threading.Event().wait(60 if number == 3 else 0)
        says(handler, 204)

    receiver.answer = never
    administrator("PATCH", f"organizations/{organization}", {"name": "Client One"})
    assert called.wait(60), "the call that is cut off"
    os.killpg(service.run["pids"]["worker"], signal.SIGKILL)
    administrator("PATCH", f"organizations/{organization}", {"name": "Client Two"})
    wait_for(lambda: len(receiver.calls) >= 5, "the call that is made again, and the one behind it")
    ids = receiver.ids
    assert ids[2] == ids[3] != ids[4], "the same message first, then the next of its organization"
    path = f"webhook-endpoints/{hook['public_id']}/deliveries?state=delivered"
    wait_for(lambda: len(administrator("GET", path)["results"]) == 4, "the record of the calls")
