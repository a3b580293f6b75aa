"""What is done to licensed users: each act from its own states, with reason and end, once even at once, in history."""

from datetime import timedelta

import pytest

from accounts import sweeps, tenancy
from accounts.enums import SuspensionReason
from accounts.errors import InvalidInput, Refused
from accounts.models import AuditDetail, AuditEvent, LicensedUser, LicensedUserChange, OutboxMessage
from accounts.operations import access, policies, processing, states, users
from accounts.operations.users import Person
from tests.accounts.parties import NOW, a_licence, at_once
from tests.retention.vaults import an_organization, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
DAY = timedelta(days=1)
DECISION = SuspensionReason.CLIENT_DECISION
SUSPENDED = {"status": "suspended", "suspension_reason": "client_rule", "suspended_at": NOW}
ACTIVE = {"status": "active"}


def act(user, name, **given):
    with tenancy.tenant(user.organization_id):
        return getattr(access, name)(user, **{"now": NOW, "by": "user:client", **given})


def fresh(user):
    with tenancy.vendor():
        return LicensedUser.objects.get(pk=user.pk)


def told():
    with tenancy.vendor():
        rows = AuditEvent.objects.filter(name__startswith="licensed_users.").order_by("pk")
        events = list(rows.values_list("name", "data"))
        messages = list(OutboxMessage.objects.order_by("pk").values_list("topic", "subject_id", "payload"))
    return events, messages


def a_licensed(*names, values=None, **licence):
    organization = an_organization()
    a_licence(organization, **licence)
    return organization, *people_of(organization, *names, **(values or ACTIVE))


@pytest.mark.parametrize("reason", list(access.BY_HAND))
def test_a_suspension_has_its_reason_and_who_did_it_and_is_taken_back(reason):
    _organization, ann = a_licensed("ann")
    found = act(ann, "suspend", reason=reason)
    assert (found.status, found.suspension_reason, found.suspended_at) == ("suspended", reason, NOW)
    assert (found.status_at, found.status_by, found.version) == (NOW, "user:client", 2)
    found = act(ann, "reinstate", now=NOW + DAY)
    assert (found.status, found.suspension_reason, found.suspended_at) == ("active", "", None)
    events, messages = told()
    assert events == [
        ("licensed_users.suspended", {"users": 1, "reason": reason.value}),
        ("licensed_users.reinstated", {"users": 1}),
    ]
    assert messages == [
        ("licensed_user.suspended", ann.public_id, {"reason": reason.value}),
        ("licensed_user.reinstated", ann.public_id, {}),
    ]
    with tenancy.vendor():
        history = LicensedUserChange.objects.order_by("pk").values_list("act", "before", "status", "occurred_at")
        assert list(history) == [
            ("suspend", "active", "suspended", NOW),
            ("reinstate", "suspended", "active", NOW + DAY),
        ]


def test_the_trail_names_nobody_but_in_its_erasable_part():
    _organization, ann = a_licensed("ann")
    act(ann, "suspend", reason=DECISION, note="Left for\na competitor")
    with tenancy.vendor():
        event = AuditEvent.objects.get(name="licensed_users.suspended")
        detail = AuditDetail.objects.get(event_id=event.pk)
    assert str(ann.public_id) not in str(event.__dict__)
    assert detail.text == {"licensed_users": str(ann.public_id), "note": "Left for\na competitor"}


@pytest.mark.parametrize(
    ("name", "given", "field", "code"),
    [
        ("suspend", {"reason": SuspensionReason.LICENCE_ENDED}, "reason", "unknown"),
        ("suspend", {"reason": DECISION, "until": NOW}, "until", "past"),
        ("suspend", {"reason": DECISION, "note": "x\x00"}, "note", "control_character"),
        ("suspend", {"reason": DECISION, "note": "x" * 1001}, "note", "too_long"),
        ("restrict", {"features": ["a b"]}, "features", "no_code"),
        ("restrict", {"features": [""]}, "features", "no_code"),
        ("restrict", {"features": ["a\x00"]}, "features", "no_code"),
        ("restrict", {"features": ["f"] * 101}, "features", "too_many"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(name, given, field, code):
    _organization, ann = a_licensed("ann")
    with pytest.raises(InvalidInput) as refused:
        act(ann, name, **given)
    assert [(e.field, e.code) for e in refused.value.errors] == [(field, code)]
    assert (fresh(ann).status, told()) == ("active", ([], []))


@pytest.mark.parametrize(
    ("name", "given", "values"),
    [
        ("suspend", {"reason": DECISION}, SUSPENDED),
        ("reinstate", {}, ACTIVE),
        ("restrict", {}, SUSPENDED),
        ("lift", {}, ACTIVE),
        ("cancel_deletion", {}, ACTIVE),
        ("schedule_deletion", {}, {"status": "scheduled", "delete_at": NOW + DAY}),
        ("schedule_deletion", {}, {"status": "deleted", "delete_at": NOW, "deleted_at": NOW}),
        ("cancel_deletion", {}, {"status": "deleted", "delete_at": NOW, "deleted_at": NOW}),
    ],
)
def test_an_act_that_does_not_start_there_is_refused(name, given, values):
    _organization, ann = a_licensed("ann", values=values)
    with pytest.raises(states.NotInThatState) as refused:
        act(ann, name, **given)
    assert refused.value.code == "licensed_user_not_in_that_state"
    assert told() == ([], [])


def test_who_was_suspended_by_the_client_while_no_licence_was_in_force_stays_out_with_the_next():
    organization = an_organization()
    ended = {"status": "suspended", "suspension_reason": "licence_ended", "suspended_at": NOW}
    ann, ben = people_of(organization, "ann", "ben", **ended)
    act(ann, "suspend", reason=SuspensionReason.PROVISIONING)
    a_licence(organization)
    sweeps.align_all(at=NOW, by="system")
    assert (fresh(ann).status, fresh(ben).status) == ("suspended", "active")


def test_a_restriction_leaves_the_features_of_the_policy_or_those_that_are_named():
    organization, ann, ben = a_licensed("ann", "ben")
    with tenancy.tenant(organization.pk):
        policies.change(organization, now=NOW, by="user:client", restricted_features=["read", "export"])
    assert act(ann, "restrict").features == ["read", "export"]
    assert act(ben, "restrict", features=["read"]).features == ["read"]
    assert act(act(ben, "suspend", reason=DECISION), "reinstate").status == "restricted"
    found = act(ben, "lift")
    assert (found.status, found.features) == ("active", None)


# Licences and seats.


def test_without_a_licence_nobody_is_let_in_again_but_may_wait_for_one():
    organization, ann = a_licensed("ann", values=SUSPENDED, until=NOW)
    with pytest.raises(Refused) as refused:
        act(ann, "reinstate")
    assert refused.value.code == "no_licence"
    found = act(ann, "reinstate", waits=True)
    assert (found.status, found.suspension_reason) == ("suspended", "licence_ended")
    a_licence(organization, source=ann.public_id)
    sweeps.align_all(at=NOW, by="system")
    assert fresh(ann).status == "active"


def test_of_those_who_come_back_at_once_as_many_do_as_there_are_seats():
    _organization, *people = a_licensed(*(f"p{number}" for number in range(8)), values=SUSPENDED, seats=3)
    results = at_once(*(lambda user=user: act(user, "reinstate") for user in people))
    assert sum(isinstance(result, LicensedUser) for result in results) == 3
    assert [result.code for result in results if isinstance(result, Refused)] == ["no_free_seat"] * 5
    with tenancy.vendor():
        assert LicensedUser.objects.seated().count() == 3


def test_of_two_who_suspend_the_same_user_at_once_one_does():
    _organization, ann = a_licensed("ann")
    results = at_once(*(lambda: act(ann, "suspend", reason=DECISION) for _ in range(2)))
    assert sorted(type(result).__name__ for result in results) == ["LicensedUser", "NotInThatState"]
    assert len(told()[0]) == 1


def test_a_neighbour_cannot_suspend():
    _organization, ann = a_licensed("ann")
    with tenancy.tenant(an_organization().pk), pytest.raises(states.NotInThatState):
        access.suspend(ann, reason=DECISION, now=NOW, by="user:neighbour")
    assert fresh(ann).status == "active"


# What ends by itself.


def test_a_suspension_ends_at_its_instant_and_not_before():
    _organization, ann, ben = a_licensed("ann", "ben")
    act(ann, "suspend", reason=DECISION, until=NOW + DAY)
    act(ben, "suspend", reason=DECISION)
    early = NOW + DAY - timedelta(microseconds=1)
    with tenancy.vendor():
        assert sweeps.suspension_end_following(after=NOW) == NOW + DAY
    assert sweeps.end_all_suspensions(at=early, by="system").done == 0
    assert sweeps.end_all_suspensions(at=NOW + DAY, by="system").done == 1
    assert sweeps.end_all_suspensions(at=NOW + DAY, by="system").done == 0
    found = fresh(ann)
    assert (found.status, found.suspended_until, found.status_by) == ("active", None, "system")
    assert fresh(ben).status == "suspended"


def test_a_suspension_that_ends_without_a_seat_becomes_a_wait_for_one():
    organization, ann = a_licensed("ann", seats=1)
    act(ann, "suspend", reason=DECISION, until=NOW + DAY)
    people_of(organization, "ben", **ACTIVE)
    sweeps.end_all_suspensions(at=NOW + DAY, by="system")
    assert (fresh(ann).status, fresh(ann).suspension_reason) == ("suspended", "licence_ended")


def test_a_deletion_comes_when_the_grace_is_over_and_can_be_taken_back_before():
    organization, ann, ben = a_licensed("ann", "ben")
    with tenancy.tenant(organization.pk):
        policies.change(organization, now=NOW, by="user:client", deletion_grace_days=10)
    for user in (ann, ben):
        assert act(user, "schedule_deletion").delete_at == NOW + 10 * DAY
    assert act(ben, "cancel_deletion", now=NOW + 5 * DAY).status == "active"
    assert sweeps.delete_all(at=NOW + 10 * DAY - timedelta(microseconds=1), by="system").done == 0
    assert sweeps.delete_all(at=NOW + 10 * DAY, by="system").done == 1
    assert sweeps.delete_all(at=NOW + 10 * DAY, by="system").done == 0
    found = fresh(ann)
    assert (found.status, found.deleted_at, fresh(ben).status) == ("deleted", NOW + 10 * DAY, "active")
    with pytest.raises(states.NotInThatState):
        act(ann, "cancel_deletion", now=NOW + 11 * DAY)


def test_whoever_is_scheduled_makes_room_for_a_new_person_of_that_name():
    organization, ann = a_licensed("ann")
    act(ann, "schedule_deletion")
    again = Person("ann", "ann@client.example", "Ann Anew")
    with tenancy.tenant(organization.pk):
        assert users.put(organization, [again], now=NOW, by="user:client").created == 1
    with pytest.raises(Refused) as refused:
        act(ann, "cancel_deletion")
    assert refused.value.code == "name_taken"
    with tenancy.vendor():
        found = LicensedUser.objects.order_by("pk").values_list("external_id", "user_name", "status")
        assert list(found) == [("ann", "ann@client.example", "scheduled"), ("ann", "ann@client.example", "active")]


def test_of_two_of_one_name_who_come_back_together_the_first_does():
    organization, ann = a_licensed("ann")
    act(ann, "schedule_deletion")
    (other,) = people_of(organization, "ann", **ACTIVE)
    act(other, "schedule_deletion")
    with tenancy.tenant(organization.pk):
        found = states.move(
            organization, [ann.pk, other.pk], states.Wish(states.Act.CANCEL), now=NOW, by="user:client", waits=True
        )
    assert (set(found.done), found.refused) == ({ann.pk}, {other.pk: "name_taken"})


# Restriction of processing (Art. 18 GDPR).


def process(user, name, **given):
    with tenancy.tenant(user.organization_id):
        return getattr(processing, name)(user, **{"now": NOW, "by": "user:client", **given})


@pytest.mark.parametrize("values", [ACTIVE, SUSPENDED, {"status": "scheduled", "delete_at": NOW}])
def test_processing_is_restricted_whatever_the_state_and_lifted_after_the_person_was_told(values):
    _organization, ann = a_licensed("ann", values=values)
    found = process(ann, "restrict")
    assert (found.status, found.processing_restricted_at) == (values["status"], NOW)
    with pytest.raises(Refused) as refused:
        process(ann, "lift")
    assert refused.value.code == "person_not_told"
    process(ann, "tell_of_lifting", now=NOW + DAY)
    found = process(ann, "lift", now=NOW + DAY)
    assert (found.status, found.processing_restricted_at, found.processing_lift_told_at) == (
        values["status"],
        None,
        None,
    )


@pytest.mark.parametrize(
    ("name", "code"), [("lift", "processing_not_restricted"), ("tell_of_lifting", "processing_not_restricted")]
)
def test_what_is_not_restricted_is_not_lifted(name, code):
    _organization, ann = a_licensed("ann")
    with pytest.raises(Refused) as refused:
        process(ann, name)
    assert refused.value.code == code


def test_of_two_who_restrict_processing_at_once_one_does():
    _organization, ann = a_licensed("ann")
    results = at_once(*(lambda: process(ann, "restrict") for _ in range(2)))
    assert [result.code for result in results if isinstance(result, Refused)] == ["processing_restricted"]


# Terms of access.


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"keep_seconds": -1}, "keep_seconds"),
        ({"keep_seconds": 3601}, "keep_seconds"),
        ({"deletion_grace_days": 366}, "deletion_grace_days"),
        ({"restricted_features": ["a b"]}, "restricted_features"),
    ],
)
def test_terms_out_of_range_are_named(values, field):
    organization = an_organization()
    with tenancy.tenant(organization.pk), pytest.raises(InvalidInput) as refused:
        policies.change(organization, now=NOW, by="user:client", **values)
    assert [e.field for e in refused.value.errors] == [field]


def test_terms_that_are_not_given_stay_and_the_same_again_writes_nothing():
    organization = an_organization()
    with tenancy.tenant(organization.pk):
        for _ in range(2):
            found = policies.change(organization, now=NOW, by="user:client", keep_seconds=10)
        assert found == policies.of(organization) == policies.Terms(keep_seconds=10)
    with tenancy.vendor():
        assert AuditEvent.objects.filter(name="access_policy.changed").count() == 1


def test_terms_set_at_once_are_one_row():
    organization = an_organization()

    def change(seconds):
        with tenancy.tenant(organization.pk):
            return policies.change(organization, now=NOW, by="user:client", keep_seconds=seconds)

    results = at_once(*(lambda seconds=seconds: change(seconds) for seconds in (5, 6, 7)))
    assert {result.keep_seconds for result in results} == {5, 6, 7}
