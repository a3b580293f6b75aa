"""What the entitlement check reads: of this client alone, of the right one of several, and of every past instant."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from accounts import sweeps, tenancy
from accounts.enums import Role, SuspensionReason
from accounts.models import LicensedUserChange, SimulatedClock
from accounts.operations import access, entitlements
from tests.accounts.parties import NOW, a_licence, a_member
from tests.accounts.test_turns import Beside
from tests.api.callers import caller
from tests.retention.vaults import an_organization, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
DAY = timedelta(days=1)
ACTIVE = {"status": "active"}


def a_client(*names, **values):
    organization = an_organization()
    a_licence(organization, until=NOW + 300 * DAY)
    return organization, people_of(organization, *names, **(values or ACTIVE))


def now(organization, external_id, at=NOW):
    """Ask as the vendor, who sees every client."""
    with tenancy.vendor():
        return entitlements.check([external_id], now=at, public_id=organization.public_id).answers[external_id]


def then(organization, external_id, at):
    with tenancy.vendor():
        return entitlements.at_instant(organization, external_id, at=at)


def added(user, at=NOW, status="active"):
    with tenancy.tenant(user.organization_id):
        LicensedUserChange.objects.create(
            organization=user.organization, licensed_user=user, act="add", status=status, by="user:x", occurred_at=at
        )


def do(user, name, at, **given):
    with tenancy.tenant(user.organization_id):
        getattr(access, name)(user, now=at, by="user:client", **given)


# Whose.


@pytest.mark.parametrize("ask", [now, lambda o, one: then(o, one, NOW)], ids=["now", "then"])
def test_a_neighbours_person_and_licence_open_nothing_where_the_vendor_asks(ask):
    organization, neighbour = an_organization(), an_organization()
    (ann,), (zoe,), (other,) = (
        people_of(organization, "ann", **ACTIVE),
        people_of(neighbour, "zoe", **ACTIVE),
        people_of(neighbour, "ann", **ACTIVE),
    )
    for person in (ann, zoe, other):
        added(person)
    a_licence(neighbour)
    assert ask(organization, "zoe") is None
    assert ask(organization, "ann").reasons == ("no_licence",)
    assert ask(neighbour, "ann").allowed
    do(other, "suspend", NOW, reason=SuspensionReason.CLIENT_DECISION)
    assert ask(organization, "ann").reasons == ("no_licence",)


def test_of_several_who_had_one_id_the_living_counts_then_who_is_to_go_then_the_latest():
    organization, (first,) = a_client("ann", status="scheduled", delete_at=NOW + 9 * DAY)
    gone = {"status": "deleted", "delete_at": NOW, "deleted_at": NOW}
    people_of(organization, "ann", **gone)
    assert now(organization, "ann").reasons == ("scheduled_for_deletion",)
    people_of(organization, "ann", status="scheduled", delete_at=NOW + 5 * DAY)
    assert now(organization, "ann").until == NOW + 5 * DAY
    do(first, "cancel_deletion", NOW)
    assert now(organization, "ann").allowed


def test_who_comes_back_while_somebody_asks_is_not_unknown():
    organization, (ann,) = a_client("ann", status="scheduled", delete_at=NOW + DAY)
    reads = []

    def come_back(execute, sql, *given):
        found = execute(sql, *given)
        if "accounts_licenseduser" in sql:
            reads.append(sql)
            if len(reads) == 1:
                Beside(lambda: access.cancel_deletion(ann, now=NOW, by="user:client")).result()
        return found

    with tenancy.vendor(), connection.execute_wrapper(come_back):
        found = entitlements.check(["ann"], now=NOW, public_id=organization.public_id).answers["ann"]
    assert (found.allowed, len(reads)) == (True, 2)


def test_where_the_clock_is_ahead_the_answer_is_for_then():
    organization, _people = a_client("ann")
    with tenancy.vendor():
        SimulatedClock.objects.create(stands_at=NOW + 300 * DAY)
    assert now(organization, "ann").reasons == ("no_licence",)
    assert now(organization, "ann", at=NOW + 301 * DAY).reasons == ("no_licence",)


# Then.


def test_every_past_instant_has_its_features_its_reason_and_its_end():
    organization, (ann,) = a_client("ann")
    added(ann)
    end = NOW + 300 * DAY
    do(ann, "restrict", NOW + DAY, features=["read"])
    do(ann, "suspend", NOW + 2 * DAY, reason=SuspensionReason.CLIENT_DECISION, until=NOW + 4 * DAY)
    sweeps.end_all_suspensions(at=NOW + 4 * DAY, by="system")
    do(ann, "schedule_deletion", NOW + 5 * DAY)
    sweeps.delete_all(at=NOW + 35 * DAY, by="system")
    found = [then(organization, "ann", NOW + day * DAY) for day in (0, 1, 2, 4, 5, 35)]
    assert [(one.allowed, one.features, one.reasons, one.until) for one in found] == [
        (True, ("*",), (), end),
        (True, ("read",), (), end),
        (False, (), ("suspended", "client_decision"), NOW + 4 * DAY),
        (True, ("read",), (), end),
        (False, (), ("scheduled_for_deletion",), NOW + 35 * DAY),
        (False, (), ("deleted",), end),
    ]
    with tenancy.vendor():
        history = LicensedUserChange.objects.order_by("pk").values_list("act", "until")
        assert list(history)[2:5:2] == [("suspend", NOW + 4 * DAY), ("schedule_deletion", NOW + 35 * DAY)]


def test_then_too_the_living_of_several_counts_and_after_them_the_latest():
    organization, (first,) = a_client("ann")
    added(first)
    do(first, "schedule_deletion", NOW + DAY)
    (second,) = people_of(organization, "ann", **ACTIVE)
    added(second, NOW + 2 * DAY)
    do(second, "schedule_deletion", NOW + 3 * DAY)
    do(first, "cancel_deletion", NOW + 4 * DAY)
    answers = {day: then(organization, "ann", NOW + day * DAY) for day in range(5)}
    assert [answer.allowed for answer in answers.values()] == [True, False, True, False, True]
    assert (answers[1].until, answers[3].until) == (NOW + 31 * DAY, NOW + 33 * DAY)


# What is due next, by time alone.


def test_the_next_instant_at_which_time_alone_changes_a_state():
    organization = an_organization()
    a_licence(organization, since=NOW + 3 * DAY, until=NOW + 9 * DAY)
    a_licence(organization, since=NOW + 5 * DAY, until=NOW + 7 * DAY, source=uuid4())
    people_of(organization, "ann", status="scheduled", delete_at=NOW + 4 * DAY)
    people_of(organization, "ben", status="deleted", delete_at=NOW + 2 * DAY, deleted_at=NOW + 2 * DAY)
    with tenancy.vendor():
        following = [sweeps.alignment_following(after=NOW + day * DAY) for day in (0, 3, 5, 7, 9)]
        assert following == [NOW + 3 * DAY, NOW + 5 * DAY, NOW + 7 * DAY, NOW + 9 * DAY, None]
        assert sweeps.deletion_following(after=NOW) == NOW + 4 * DAY
        assert sweeps.deletion_following(after=NOW + 4 * DAY) is None


# How long it is kept.


def test_only_who_asked_keeps_an_answer_and_a_stranger_is_asked_for_again_at_once():
    organization, _people = a_client("ann")
    client = Client()
    client.force_login(a_member(Role.CLIENT_ADMINISTRATOR, organization))
    answer = client.get("/api/v1/entitlements/ann")
    assert answer["Cache-Control"] == f"private, max-age={answer.json()['keep_seconds']}"
    call = caller("client_administrator", str(organization.public_id))
    (stranger,) = call("POST", "entitlements", {"external_ids": ["who"]}, expect=200)["results"]
    assert (stranger["reasons"], stranger["keep_seconds"]) == (["unknown_person"], 0)
