"""Bulk work: thousands as one job, each once, failures listed, nothing half-done, and back again."""

from uuid import uuid4

import pytest
from django.db import connection

from accounts import tenancy
from accounts.enums import BulkState
from accounts.errors import InvalidInput
from accounts.models import AuditEvent, BulkItem, BulkJob, LicensedUser, LicensedUserChange
from accounts.operations import access, bulk
from accounts.operations.bulk import Chosen, NothingToDo, NoUndo
from accounts.rules.licence_states import Act
from tests.accounts.bulk_work import ACTIVE, DAY, DECISION, a_client, ask, undo, work
from tests.accounts.parties import NOW, at_once
from tests.retention.vaults import people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
SUSPENDED = {"status": "suspended", "suspension_reason": "client_rule", "suspended_at": NOW}


def states(organization):
    with tenancy.vendor():
        return dict(LicensedUser.objects.filter(organization=organization).values_list("external_id", "status"))


def fresh(job):
    with tenancy.vendor():
        return BulkJob.objects.get(pk=job.pk)


def outcome(job):
    with tenancy.vendor():
        rows = BulkItem.objects.filter(job=job).order_by("pk").select_related("licensed_user")
        return [(item.licensed_user.external_id, item.state, item.code) for item in rows]


def test_a_job_changes_those_it_names_and_lists_those_it_could_not():
    organization, (ann, ben, cyd) = a_client("ann", "ben", "cyd")
    with tenancy.tenant(organization.pk):
        access.schedule_deletion(cyd, now=NOW, by="user:client")
    people = [ann.public_id, ben.public_id, cyd.public_id]
    job = ask(organization, Act.SUSPEND, Chosen(public_ids=people), **DECISION, until=NOW + DAY, note="Audit")
    assert (job.state, job.total, set(states(organization).values())) == ("waiting", 3, {"active", "scheduled"})
    work()
    found = fresh(job)
    assert (found.state, found.done, found.refused, found.percent, found.finished_at) == ("finished", 2, 1, 100, NOW)
    assert outcome(job) == [
        ("ann", "done", ""),
        ("ben", "done", ""),
        ("cyd", "refused", "licensed_user_not_in_that_state"),
    ]
    with tenancy.vendor():
        ann.refresh_from_db()
        change = LicensedUserChange.objects.get(licensed_user=ann, act="suspend")
    assert (ann.status, ann.suspended_until, ann.status_by) == ("suspended", NOW + DAY, "user:client")
    assert change.source == job.public_id


def test_five_thousand_are_one_job_in_chunks(monkeypatch):
    organization, people = a_client(*(f"p{number}" for number in range(5000)))
    ids = [person.external_id for person in people]
    job = ask(organization, Act.SUSPEND, Chosen(external_ids=ids), **DECISION)
    with tenancy.vendor():
        found = bulk.work(job, now=NOW, by="system")
    assert (found.state, found.done, found.percent) == ("working", 500, 10)
    work()
    assert (fresh(job).state, fresh(job).done) == ("finished", 5000)
    assert set(states(organization).values()) == {"suspended"}


def test_people_are_chosen_by_status_and_department():
    organization, _people = a_client("ann", "ben")
    people_of(organization, "cyd", **ACTIVE, department="Law")
    people_of(
        organization, "dov", status="suspended", suspension_reason="client_rule", suspended_at=NOW, department="Law"
    )
    assert ask(organization, Act.SUSPEND, Chosen(statuses=["active"], departments=["Law"]), **DECISION).total == 1
    assert ask(organization, Act.REINSTATE, Chosen(departments=["Law"])).total == 2
    assert ask(organization, Act.SUSPEND, Chosen(statuses=["active"]), **DECISION).total == 3


@pytest.mark.parametrize(
    ("act", "chosen", "given", "fault"),
    [
        (Act.SUSPEND, Chosen(), DECISION, ("external_ids", "choose_one", None)),
        (
            Act.SUSPEND,
            Chosen(["ann"], statuses=["active"]),
            DECISION,
            ("external_ids", "choose_one", None),
        ),
        (Act.SUSPEND, Chosen(external_ids=["ann", "who"]), DECISION, ("external_ids", "unknown_person", 2)),
        (Act.SUSPEND, Chosen(public_ids=[uuid4()]), DECISION, ("public_ids", "unknown_person", 1)),
        (Act.SUSPEND, Chosen(statuses=["deleted"]), DECISION, ("statuses", "nobody", None)),
        (Act.SUSPEND, Chosen(external_ids=["x"] * 50_001), DECISION, ("external_ids", "too_many", None)),
        (Act.SUSPEND, Chosen(external_ids=["ann"]), {}, ("reason", "unknown", None)),
        (Act.SUSPEND, Chosen(external_ids=["ann"]), {**DECISION, "until": NOW}, ("until", "past", None)),
        (Act.REINSTATE, Chosen(external_ids=["ann"]), DECISION, ("reason", "not_for_this_act", None)),
        (Act.RESTRICT, Chosen(external_ids=["ann"]), {"features": ["a b"]}, ("features", "no_code", None)),
        (Act.SUSPEND, Chosen(external_ids=["ann"]), {**DECISION, "note": "\x00"}, ("note", "control_character", None)),
        (Act.DELETE, Chosen(external_ids=["ann"]), {}, ("act", "unknown", None)),
    ],
)
def test_a_wrong_request_makes_no_job(act, chosen, given, fault):
    organization, _people = a_client("ann")
    with pytest.raises(InvalidInput) as refused:
        ask(organization, act, chosen, **given)
    assert (refused.value.errors[0].field, refused.value.errors[0].code, refused.value.errors[0].row) == fault
    with tenancy.vendor():
        assert not BulkJob.objects.exists() and not BulkItem.objects.exists()


def test_a_neighbours_people_are_unknown():
    organization, _people = a_client("ann")
    _neighbour, (zoe,) = a_client("zoe")
    with pytest.raises(InvalidInput) as refused:
        ask(organization, Act.SUSPEND, Chosen(public_ids=[zoe.public_id]), **DECISION)
    assert refused.value.errors[0].code == "unknown_person"


# Back again.


@pytest.mark.parametrize(
    ("act", "before", "given", "after"),
    [
        (Act.SUSPEND, ACTIVE, DECISION, "suspended"),
        (Act.RESTRICT, ACTIVE, {"features": ["read"]}, "restricted"),
        (Act.LIFT, {"status": "restricted", "features": ["read", "export"]}, {}, "active"),
        (Act.SCHEDULE, ACTIVE, {}, "scheduled"),
        (
            Act.REINSTATE,
            {
                "status": "suspended",
                "suspension_reason": "client_rule",
                "suspended_at": NOW,
                "suspended_until": NOW + 9 * DAY,
            },
            {},
            "active",
        ),
        (
            Act.SUSPEND,
            {
                "status": "suspended",
                "suspension_reason": "client_decision",
                "suspended_at": NOW,
                "suspended_until": NOW + 9 * DAY,
                "features": ["read"],
            },
            {"reason": "provisioning"},
            "suspended",
        ),
    ],
)
def test_what_a_job_did_is_taken_back_to_what_people_had(act, before, given, after):
    organization, (ann, _ben) = a_client("ann", "ben", **before)
    job = ask(organization, act, Chosen(statuses=[before["status"]]), **given)
    work()
    assert set(states(organization).values()) == {after}
    back = undo(job)
    work(NOW + DAY)
    assert (fresh(back).done, fresh(back).refused) == (2, 0)
    with tenancy.vendor():
        ann.refresh_from_db()
    assert {name: getattr(ann, name) for name in before if name != "suspended_at"} == {
        name: value for name, value in before.items() if name != "suspended_at"
    }


def test_whom_somebody_changed_since_is_let_be():
    organization, (ann, _ben) = a_client("ann", "ben")
    job = ask(organization, Act.SUSPEND, Chosen(statuses=["active"]), **DECISION)
    work()
    with tenancy.tenant(organization.pk):
        access.reinstate(ann, now=NOW, by="user:client")
        access.suspend(ann, reason=access.BY_HAND[1], now=NOW, by="user:client")
    back = undo(job)
    work(NOW + DAY)
    assert outcome(back) == [("ann", "refused", "changed_since"), ("ben", "done", "")]
    assert states(organization) == {"ann": "suspended", "ben": "active"}


def test_a_job_is_taken_back_once_and_only_when_it_is_finished():
    organization, _people = a_client("ann")
    job = ask(organization, Act.SUSPEND, Chosen(external_ids=["ann"]), **DECISION)
    with pytest.raises(NoUndo):
        undo(job)
    work()
    results = at_once(lambda: undo(job), lambda: undo(job))
    assert sorted(type(result).__name__ for result in results) == ["BulkJob", "NoUndo"]
    with tenancy.vendor():
        cancelled = BulkJob.objects.get(undo_of=job)
    work(NOW + DAY)
    assert fresh(cancelled).state == BulkState.FINISHED


def test_a_cancelled_deletion_has_no_way_back():
    organization, _people = a_client("ann", status="scheduled", delete_at=NOW + DAY)
    job = ask(organization, Act.CANCEL, Chosen(statuses=["scheduled"]))
    work()
    with pytest.raises(NoUndo):
        undo(job)


# At once, and seats.


def test_two_workers_share_no_chunk():
    organization, people = a_client(*(f"p{number}" for number in range(30)))
    job = ask(organization, Act.SUSPEND, Chosen(public_ids=[person.public_id for person in people]), **DECISION)

    def one():
        with tenancy.vendor():
            return bulk.work(job, now=NOW, by="system")

    results = at_once(one, one, one)
    assert sum(isinstance(result, BulkJob) for result in results) == 1
    assert all(isinstance(result, BulkJob | NothingToDo) for result in results)
    with tenancy.vendor():
        assert LicensedUserChange.objects.filter(act="suspend").count() == 30


def test_what_a_killed_worker_left_is_done_by_the_next_each_person_once():
    organization, people = a_client(*(f"p{number}" for number in range(600)))
    job = ask(organization, Act.SUSPEND, Chosen(external_ids=[person.external_id for person in people]), **DECISION)
    written = []

    def dies_in_the_second_chunk(execute, sql, *given):
        found = execute(sql, *given)
        if "accounts_outboxmessage" in sql:
            written.append(sql)
            if len(written) == 2:
                raise SystemExit
        return found

    with pytest.raises(SystemExit), connection.execute_wrapper(dies_in_the_second_chunk):
        work()
    assert (fresh(job).state, fresh(job).done, list(states(organization).values()).count("suspended")) == (
        "working",
        500,
        500,
    )
    work()
    assert (fresh(job).state, fresh(job).done, fresh(job).refused) == ("finished", 600, 0)
    with tenancy.vendor():
        assert LicensedUserChange.objects.filter(act="suspend").count() == 600
        assert AuditEvent.objects.filter(name="bulk_job.finished").count() == 1


def test_of_many_who_are_let_in_as_many_are_as_there_are_seats():
    organization, _people = a_client(*(f"p{number}" for number in range(10)), seats=4, **SUSPENDED)
    job = ask(organization, Act.REINSTATE, Chosen(statuses=["suspended"]))
    work()
    assert (fresh(job).done, fresh(job).refused) == (4, 6)
    assert {code for _id, state, code in outcome(job) if state == "refused"} == {"no_free_seat"}
