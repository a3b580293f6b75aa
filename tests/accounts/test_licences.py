"""Licences: users' states follow what contracts grant, at the very instant, and no more than that."""

from datetime import timedelta
from uuid import uuid4

import pytest

from accounts import sweeps, tenancy
from accounts.enums import LicenceStatus, SuspensionReason
from accounts.models import AuditEvent, LicenceGrant, LicensedUser, LicensedUserChange, Organization, OutboxMessage
from accounts.operations import access, licences
from accounts.operations.licences import Alignment
from tests.accounts.parties import NOW, a_licence
from tests.retention.vaults import an_organization, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
INSTANT = timedelta(microseconds=1)
ACTIVE, INVITED = LicenceStatus.ACTIVE, LicenceStatus.INVITED
# Every state a user can be in, by name.
STATES = {
    "invited": {"status": INVITED},
    "active": {"status": ACTIVE},
    "restricted": {"status": LicenceStatus.RESTRICTED, "features": ["read"]},
    **{
        reason.value: {"status": LicenceStatus.SUSPENDED, "suspension_reason": reason, "suspended_at": NOW}
        for reason in SuspensionReason
    },
    "licence_ended_restricted": {
        "status": LicenceStatus.SUSPENDED,
        "suspension_reason": SuspensionReason.LICENCE_ENDED,
        "suspended_at": NOW,
        "features": ["read"],
    },
    "scheduled": {"status": LicenceStatus.SCHEDULED, "delete_at": NOW},
    "deleted": {"status": LicenceStatus.DELETED, "delete_at": NOW, "deleted_at": NOW},
}
# Where no licence lets in, nor its end keeps out.
KEPT = {name: name for name in ("client_rule", "client_decision", "provisioning", "scheduled", "deleted")}


def align(organization, *, now=NOW):
    with tenancy.vendor():
        return licences.align(organization, now=now, by="system")


def states():
    with tenancy.vendor():
        return {user.external_id: user.suspension_reason or user.status for user in LicensedUser.objects.order_by("pk")}


def everybody(organization):
    for name, values in STATES.items():
        people_of(organization, name, **values)


def announced():
    with tenancy.vendor():
        events = list(AuditEvent.objects.order_by("pk").values_list("name", "data"))
        messages = list(OutboxMessage.objects.order_by("pk").values_list("topic", "payload"))
    assert events == messages
    return events


def test_with_a_licence_those_who_wait_for_one_become_active_and_nobody_else():
    organization = an_organization()
    everybody(organization)
    a_licence(organization)
    assert align(organization) == Alignment(activated=3)
    assert states() == {
        **KEPT,
        "invited": "active",
        "active": "active",
        "restricted": "restricted",
        "licence_ended": "active",
        "licence_ended_restricted": "restricted",
    }
    assert announced() == [("licences.activated", {"users": 3})]


def test_without_a_licence_the_active_are_suspended_and_nobody_else():
    organization = an_organization()
    everybody(organization)
    assert align(organization) == Alignment(suspended=2)
    assert states() == {
        **KEPT,
        "invited": "invited",
        "active": "licence_ended",
        "restricted": "licence_ended",
        "licence_ended": "licence_ended",
        "licence_ended_restricted": "licence_ended",
    }
    assert announced() == [("licences.suspended", {"users": 2})]


@pytest.mark.parametrize("licensed", [True, False])
def test_aligning_again_writes_nothing(licensed):
    organization = an_organization()
    everybody(organization)
    if licensed:
        a_licence(organization)
    align(organization)
    before = states(), announced()
    assert align(organization) == Alignment()
    assert (states(), announced()) == before


@pytest.mark.parametrize(
    ("since", "until", "in_force"),
    [
        pytest.param(NOW, None, True, id="from-this-instant"),
        pytest.param(NOW + INSTANT, None, False, id="from-the-next-instant"),
        pytest.param(NOW - timedelta(days=1), NOW + INSTANT, True, id="until-the-next-instant"),
        pytest.param(NOW - timedelta(days=1), NOW, False, id="until-this-instant"),
        pytest.param(NOW, NOW, False, id="for-no-time-at-all"),
    ],
)
def test_a_licence_is_in_force_from_its_first_instant_to_before_its_end(since, until, in_force):
    organization = an_organization()
    people_of(organization, "ann", status=ACTIVE)
    a_licence(organization, since=since, until=until)
    align(organization)
    assert states() == {"ann": "active" if in_force else "licence_ended"}


def test_the_last_of_several_licences_counts():
    organization = an_organization()
    people_of(organization, "ann", status=ACTIVE)
    a_licence(organization, until=NOW)
    a_licence(organization, until=NOW + timedelta(days=1), source=uuid4())
    assert align(organization) == Alignment()
    assert align(organization, now=NOW + timedelta(days=1)) == Alignment(suspended=1)


def test_a_successor_lets_everybody_in_again_in_one_act():
    organization = an_organization()
    people_of(organization, "ann", "ben", "cyd", status=ACTIVE)
    assert align(organization) == Alignment(suspended=3)
    a_licence(organization)
    assert align(organization) == Alignment(activated=3)
    with tenancy.vendor():
        assert not LicensedUser.objects.exclude(suspended_at=None, suspension_reason="").exists()


def test_a_neighbours_licence_opens_nothing():
    organization, neighbour = an_organization(), an_organization()
    people_of(organization, "ann", status=ACTIVE)
    people_of(neighbour, "zoe", status=ACTIVE)
    a_licence(neighbour)
    align(organization)
    align(neighbour)
    assert states() == {"ann": "licence_ended", "zoe": "active"}


def test_a_grant_is_changed_in_place_when_its_contract_changes():
    organization, contract = an_organization(), uuid4()
    with tenancy.vendor():
        first = licences.grant(organization.pk, source=contract, valid_from=NOW, valid_until=None, seats=5)
        second = licences.grant(organization.pk, source=contract, valid_from=NOW, valid_until=NOW + INSTANT)
        assert first.pk == second.pk
        assert list(LicenceGrant.objects.values_list("valid_until", "seats")) == [(NOW + INSTANT, None)]


def test_the_sweep_finds_just_those_whose_users_do_not_follow():
    waiting, leaving, fine, empty = (an_organization() for _ in range(4))
    people_of(waiting, "ann", status=INVITED)
    a_licence(waiting)
    people_of(leaving, "ben", status=ACTIVE)
    people_of(fine, "cyd", status=ACTIVE)
    a_licence(fine)
    a_licence(empty)
    with tenancy.vendor():
        assert list(sweeps.alignments_due(at=NOW)) == [waiting, leaving]
    assert sweeps.align_all(at=NOW, by="system").done == 2
    assert sweeps.align_all(at=NOW, by="system").done == 0
    assert states() == {"ann": "active", "ben": "licence_ended", "cyd": "active"}


def test_people_of_a_client_who_is_being_erased_are_let_be():
    organization = an_organization()
    people_of(organization, "ann", status=ACTIVE)
    with tenancy.vendor():
        Organization.objects.filter(pk=organization.pk).update(closed_at=NOW)
        assert list(sweeps.alignments_due(at=NOW)) == []
    assert align(organization) == Alignment()
    assert states() == {"ann": "active"}


# Seats.


def test_a_limited_licence_lets_in_the_first_of_those_who_wait_and_the_next_as_seats_become_free():
    organization = an_organization()
    people = people_of(organization, "ann", "ben", "cyd", "dov", status=INVITED)
    a_licence(organization, seats=2)
    assert align(organization) == Alignment(activated=2)
    assert states() == {"ann": "active", "ben": "active", "cyd": "invited", "dov": "invited"}
    with tenancy.vendor():
        assert list(sweeps.alignments_due(at=NOW)) == []
        access.suspend(people[0], reason=SuspensionReason.CLIENT_DECISION, now=NOW, by="user:client")
        assert list(sweeps.alignments_due(at=NOW)) == [organization]
    assert sweeps.align_all(at=NOW, by="system").done == 1
    assert states() == {"ann": "client_decision", "ben": "active", "cyd": "active", "dov": "invited"}


def test_the_seats_of_several_licences_add_up_and_one_without_a_number_has_no_end():
    organization = an_organization()
    people_of(organization, *(f"p{number}" for number in range(6)), status=INVITED)
    a_licence(organization, seats=2)
    a_licence(organization, seats=1, source=uuid4())
    assert align(organization) == Alignment(activated=3)
    a_licence(organization, source=uuid4())
    with tenancy.vendor():
        assert list(sweeps.alignments_due(at=NOW)) == [organization]
    assert align(organization) == Alignment(activated=3)


def test_fewer_seats_take_nobody_out_but_let_nobody_in():
    organization = an_organization()
    people_of(organization, "ann", "ben", status=ACTIVE)
    people_of(organization, "cyd", status=INVITED)
    a_licence(organization, seats=1)
    assert align(organization) == Alignment()
    assert states() == {"ann": "active", "ben": "active", "cyd": "invited"}
    with tenancy.vendor():
        assert list(sweeps.alignments_due(at=NOW)) == []


def test_an_alignment_is_in_each_persons_history():
    organization = an_organization()
    people_of(organization, "ann", status=ACTIVE)
    align(organization)
    a_licence(organization)
    align(organization, now=NOW + INSTANT)
    with tenancy.vendor():
        found = LicensedUserChange.objects.order_by("pk").values_list("act", "before", "status", "by", "occurred_at")
        assert list(found) == [
            ("suspend", "active", "suspended", "system", NOW),
            ("reinstate", "suspended", "active", "system", NOW + INSTANT),
        ]
