"""Stores of ours that fail: the others go on; one that is given up leaves the run to people, and they are told."""

from datetime import timedelta

import pytest

from accounts import tenancy
from accounts.enums import Role
from accounts.models import AuditEvent, OutboxMessage
from accounts.operations import delivery
from accounts.operations.sweeping import SYSTEM
from retention import sweeps
from retention.enums import RequestStatus
from retention.models import ErasureStep
from retention.operations import run_control
from retention.operations.stores import Rows
from tests.accounts.parties import a_member
from tests.retention.test_life import live_until
from tests.retention.under_contract import AFTER_GRACE, OFFICER, a_client, approved, asked, state_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture
def failing(monkeypatch):
    """Return the names of the stores of ours that fail for now."""
    names, erase = set(), Rows.erase

    def refused(store, target, **values):
        if store.name in names:
            raise RuntimeError("broken")
        return erase(store, target, **values)

    monkeypatch.setattr(Rows, "erase", refused)
    return names


def test_a_store_of_ours_that_is_given_up_leaves_the_request_to_people(failing):
    failing.add("context_items")
    officer = a_member(Role.PRIVACY_OFFICER)
    organization = a_client()
    a_member(Role.AUTHORISED_CONTACT, organization)
    request = approved(asked(organization, "ann-1"))
    sweeps.plan_all(at=AFTER_GRACE, by=SYSTEM)
    for hours in range(0, 28, 2):
        sweeps.work_all(at=AFTER_GRACE + timedelta(hours=hours), by=SYSTEM)
    assert state_of(request) == RequestStatus.PARTIALLY_DONE
    with tenancy.vendor():
        run = request.runs.get()
        states = dict(ErasureStep.objects.values_list("store", "status"))
        assert (states["context_items"], states["licensed_users"]) == ("failed", "waiting")
        assert set(states.values()) == {"failed", "waiting", "done"} and run.lease is None
        events = AuditEvent.objects.filter(name="erasure.partially_done").values_list("data", flat=True)
        assert list(events) == [{"stores": ["context_items"]}]
        (letter,) = delivery.letters(OutboxMessage.objects.get(topic="erasure.partially_done"))
        assert letter.to == officer.email and "given up in 1 store" in letter.body
        assert "mend the store, then have the run try it again" in letter.body and "of one person" in letter.body
        run_control.retry_stores(run, now=AFTER_GRACE + timedelta(days=2), by=OFFICER)
    failing.clear()
    live_until(AFTER_GRACE + timedelta(days=2))
    assert state_of(request) == RequestStatus.CERTIFIED


def test_a_run_rests_until_the_next_try_whatever_was_given_up_before(failing):
    failing |= {"context_items", "messages"}
    request = approved(asked(a_client(), "ann-1"))
    sweeps.plan_all(at=AFTER_GRACE, by=SYSTEM)
    sweeps.work_all(at=AFTER_GRACE, by=SYSTEM)
    with tenancy.vendor():
        ErasureStep.objects.filter(store="context_items").update(status="failed", again_at=AFTER_GRACE)
    sweeps.work_all(at=AFTER_GRACE + timedelta(hours=1), by=SYSTEM)
    with tenancy.vendor():
        again_at = ErasureStep.objects.get(store="messages").again_at
        assert again_at > AFTER_GRACE + timedelta(hours=1)
        assert request.runs.get().leased_until == again_at
