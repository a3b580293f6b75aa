"""What a job says, whom it means and no other, who may take it back, and where those stand for whom no seat is free."""

import pytest
from django.db import connection

from accounts import tenancy
from accounts.enums import Role
from accounts.errors import InvalidInput
from accounts.models import AuditDetail, AuditEvent, BulkItem, BulkJob, LicensedUser, Organization, OutboxMessage
from accounts.operations import bulk
from accounts.operations.bulk import Chosen
from accounts.rules.licence_states import Act
from tests.accounts.bulk_work import ACTIVE, DAY, DECISION, a_client, work
from tests.accounts.parties import NOW, at_once
from tests.api.callers import caller
from tests.retention.vaults import people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
SCHEDULED = {"status": "scheduled", "delete_at": NOW + DAY}


def ask(organization, act, chosen, **given):
    """Ask as the vendor, who sees every client."""
    with tenancy.vendor():
        return bulk.request(organization, act, chosen, **{"now": NOW, "by": "user:client", **given})


def undo(job):
    with tenancy.vendor():
        return bulk.undo(job, now=NOW + DAY, by="user:client")


def standings():
    with tenancy.vendor():
        return {
            name: reason or status
            for name, status, reason in LicensedUser.objects.values_list("external_id", "status", "suspension_reason")
        }


def fresh(job):
    with tenancy.vendor():
        return BulkJob.objects.get(pk=job.pk)


def test_a_job_tells_why_in_the_erasable_part_and_what_came_of_it():
    organization, _people = a_client("ann", "ben")
    people_of(organization, "cyd", **SCHEDULED)
    everybody = Chosen(statuses=["active", "scheduled"])
    job = ask(organization, Act.SUSPEND, everybody, **DECISION, note="Left for a competitor")
    work()
    with tenancy.vendor():
        event = AuditEvent.objects.get(name="licensed_users.suspended")
        assert AuditDetail.objects.get(event_id=event.pk).text["note"] == "Left for a competitor"
        finished = {"act": "suspend", "done": 2, "refused": 1}
        assert OutboxMessage.objects.get(topic="bulk_job.finished").payload == finished
        assert AuditEvent.objects.get(name="bulk_job.finished").subject_id == job.public_id
    assert undo(job).total == 2, "whom it did not change it does not take back"


def test_a_job_means_people_of_its_client_each_once():
    organization, (ann,) = a_client("ann", department="Law", **ACTIVE)
    _other, (zoe,) = a_client("ann", department="Law", **ACTIVE)
    for chosen in (
        Chosen(statuses=["active"]),
        Chosen(departments=["Law"]),
        Chosen(external_ids=["ann", "ann"]),
        Chosen(public_ids=[ann.public_id, ann.public_id]),
    ):
        job = ask(organization, Act.SUSPEND, chosen, **DECISION)
        with tenancy.vendor():
            assert [item.licensed_user_id for item in BulkItem.objects.filter(job=job)] == [ann.pk]
    with pytest.raises(InvalidInput):
        ask(organization, Act.SUSPEND, Chosen(public_ids=[zoe.public_id]), **DECISION)


def test_more_than_fifty_thousand_are_no_job():
    organization, (ann,) = a_client("ann")
    columns = [field.column for field in LicensedUser._meta.fields if field.column != "id"]
    own = {"external_id": "'p' || n", "user_name": "'p' || n", "public_id": "gen_random_uuid()"}
    with tenancy.vendor(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO accounts_licenseduser ({', '.join(columns)}) "
            f"SELECT {', '.join(own.get(column, column) for column in columns)} "
            "FROM accounts_licenseduser, generate_series(1, 50000) AS n WHERE id = %s",
            [ann.pk],
        )
    with pytest.raises(InvalidInput) as refused:
        ask(organization, Act.SUSPEND, Chosen(statuses=["active"]), **DECISION)
    assert refused.value.errors[0].code == "too_many"


@pytest.mark.parametrize(
    ("act", "before", "given", "is_undone"),
    [(Act.SUSPEND, ACTIVE, DECISION, True), (Act.CANCEL, SCHEDULED, {}, False)],
    ids=["a-suspension-taken-back", "a-deletion-cancelled"],
)
def test_who_comes_back_without_a_free_seat_waits_for_one(act, before, given, is_undone):
    organization, _people = a_client("ann", seats=1, **before)
    job = ask(organization, act, Chosen(external_ids=["ann"]), **given)
    if is_undone:
        work()
    people_of(organization, "ben", **ACTIVE)
    job = undo(job) if is_undone else job
    work(NOW + DAY)
    assert (fresh(job).done, standings()) == (1, {"ann": "licence_ended", "ben": "active"})


def test_of_several_scheduled_under_one_id_the_last_comes_back():
    organization, (first,) = a_client("ann", **SCHEDULED)
    (second,) = people_of(organization, "ann", **SCHEDULED)
    ask(organization, Act.CANCEL, Chosen(external_ids=["ann"]))
    work()
    with tenancy.vendor():
        for user in (first, second):
            user.refresh_from_db()
    assert (first.status, second.status) == ("scheduled", "active")


def test_a_job_of_a_later_instant_waits_for_it():
    organization, _people = a_client("ann")
    job = ask(organization, Act.SUSPEND, Chosen(external_ids=["ann"]), **DECISION, now=NOW + DAY)
    assert (work().done, fresh(job).state) == (0, "waiting")
    assert (work(NOW + DAY).done, fresh(job).state) == (1, "finished")


def test_a_job_of_a_client_who_is_being_erased_is_passed_over():
    organization, _people = a_client("ann")
    ask(organization, Act.SUSPEND, Chosen(external_ids=["ann"]), **DECISION)
    with tenancy.vendor():
        Organization.objects.filter(pk=organization.pk).update(closed_at=NOW)
    swept = work()
    assert (swept.done, swept.refused, standings()) == (0, {}, {"ann": "active"})


def test_the_progress_counts_those_who_could_not_be_changed():
    assert [
        BulkJob(total=total, done=done, refused=refused).percent
        for total, done, refused in (
            (0, 0, 0),
            (3, 0, 0),
            (3, 1, 1),
            (3, 1, 2),
            (200, 199, 0),
        )
    ] == [100, 0, 66, 100, 99]


def test_who_may_not_delete_takes_no_deletions_back():
    organization, _people = a_client("ann")
    job = ask(organization, Act.SCHEDULE, Chosen(external_ids=["ann"]))
    work()
    support = caller(Role.SUPPORT.value)
    support("POST", f"bulk-jobs/{job.public_id}/undo", expect=403)
    caller("client_administrator", str(organization.public_id))("POST", f"bulk-jobs/{job.public_id}/undo", expect=201)


def test_of_those_who_take_a_job_back_at_once_one_does_and_the_others_are_told():
    organization, _people = a_client("ann")
    job = ask(organization, Act.SUSPEND, Chosen(external_ids=["ann"]), **DECISION)
    work()
    results = at_once(*(lambda: undo(job) for _ in range(4)))
    assert sorted(type(result).__name__ for result in results) == ["BulkJob", "NoUndo", "NoUndo", "NoUndo"]
