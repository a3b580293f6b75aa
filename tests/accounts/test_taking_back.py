"""Bulk work that comes late, is taken back late, or is taken back twice: each stands where they would have stood."""

from datetime import timedelta

import pytest

from accounts import sweeps, tenancy
from accounts.models import BulkJob, OutboxMessage
from accounts.operations.bulk import Chosen
from accounts.rules.licence_states import Act
from tests.accounts.bulk_work import DAY, DECISION, a_client, ask, undo, work
from tests.accounts.parties import NOW
from tests.retention.vaults import people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def standing(user):
    with tenancy.vendor():
        user.refresh_from_db()
    return user.status, user.suspension_reason, user.suspended_until


def fresh(job):
    with tenancy.vendor():
        return BulkJob.objects.get(pk=job.pk)


def test_a_suspension_whose_end_is_past_before_a_worker_comes_ends_the_job():
    organization, (ann,) = a_client("ann")
    job = ask(organization, Act.SUSPEND, Chosen(external_ids=["ann"]), **DECISION, until=NOW + timedelta(minutes=1))
    work(NOW + timedelta(minutes=1))
    found = fresh(job)
    assert (found.state, found.done, found.refused) == ("finished", 0, 1)
    assert standing(ann) == ("active", "", None)


def test_who_would_be_in_by_now_is_not_suspended_again():
    until = NOW + DAY
    suspended = {"status": "suspended", "suspension_reason": "client_rule", "suspended_at": NOW}
    organization, (ann,) = a_client("ann", **suspended, suspended_until=until)
    job = ask(organization, Act.REINSTATE, Chosen(external_ids=["ann"]))
    work()
    undo(job, until)
    work(until)
    assert standing(ann)[0] == "active"


def test_what_was_taken_back_is_done_again():
    suspended = {"status": "suspended", "suspension_reason": "client_rule", "suspended_at": NOW}
    organization, (ann,) = a_client("ann", **suspended, suspended_until=NOW + 9 * DAY)
    job = ask(organization, Act.SUSPEND, Chosen(external_ids=["ann"]), reason="provisioning")
    work()
    back = undo(job, NOW + DAY)
    work(NOW + DAY)
    assert standing(ann) == ("suspended", "client_rule", NOW + 9 * DAY)
    again = undo(back, NOW + 2 * DAY)
    work(NOW + 2 * DAY)
    assert (fresh(again).done, standing(ann)) == (1, ("suspended", "provisioning", None))


def test_whom_the_provider_kept_out_meanwhile_is_given_back_to_the_client():
    suspended = {"status": "suspended", "suspension_reason": "client_decision", "suspended_at": NOW}
    organization, (ann,) = a_client("ann", **suspended, profile={"active": False})
    job = ask(organization, Act.REINSTATE, Chosen(external_ids=["ann"]))
    work()
    assert standing(ann)[:2] == ("suspended", "provisioning")
    back = undo(job, NOW + DAY)
    work(NOW + DAY)
    assert (fresh(back).done, standing(ann)[:2]) == (1, ("suspended", "client_decision"))


def test_deletions_are_cancelled_by_external_id_and_by_department():
    organization, (ann,) = a_client("ann", status="scheduled", delete_at=NOW + 9 * DAY, department="Law")
    assert ask(organization, Act.CANCEL, Chosen(statuses=["scheduled"], departments=["Law"])).total == 1
    job = ask(organization, Act.CANCEL, Chosen(external_ids=["ann"]))
    work()
    assert (fresh(job).total, standing(ann)[0]) == (1, "active")


def test_nobody_is_said_to_be_in_again_who_is_not():
    suspended = {"status": "suspended", "suspension_reason": "client_decision", "suspended_at": NOW}
    organization, (ann,) = a_client("ann", seats=1, **suspended, suspended_until=NOW + DAY, profile={"active": False})
    ben, cyd = people_of(organization, "ben", "cyd", **suspended, suspended_until=NOW + DAY)
    sweeps.end_all_suspensions(at=NOW + DAY, by="system")
    with tenancy.vendor():
        told = OutboxMessage.objects.values_list("subject_id", "topic", "payload")
        assert {(who, topic, payload.get("reason")) for who, topic, payload in told} == {
            (ann.public_id, "licensed_user.suspended", "provisioning"),
            (ben.public_id, "licensed_user.reinstated", None),
            (cyd.public_id, "licensed_user.suspended", "licence_ended"),
        }
