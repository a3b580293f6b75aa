"""What deletions of licensed users bring: a request in the name of whoever deleted them, decided only by the client."""

from datetime import timedelta

import pytest

from accounts import tenancy
from accounts.enums import Role, RuleMode
from accounts.models import AccessRule, LicensedUser, Membership
from accounts.operations import access, access_rules, tokens
from accounts.rules.permissions import Permission
from retention.enums import RefusalGround, RequestOrigin, RequestStatus
from retention.models import Certificate, DeletionRequest
from retention.operations import people_requests, requests
from tests.accounts.clients_rules import a_rule, act
from tests.accounts.test_access_rules import enforce, seen
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.retention.test_life import live_until
from tests.retention.under_contract import CLIENT, NOW, OFFICER, a_client, asked, person, state_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
DELETED = NOW + timedelta(days=60)


def deleted(organization, *names, by):
    """Have people deleted by somebody; live until their grace is over, and their requests are opened."""
    for name in names:
        with tenancy.tenant(organization.pk):
            access.schedule_deletion(person(organization, name), now=NOW, by=by)
    live_until(DELETED)


def opened():
    with tenancy.vendor():
        return list(DeletionRequest.objects.order_by("pk"))


def approve(request, *, by=OFFICER, now=DELETED):
    with tenancy.vendor():
        return requests.approve(request, now=now, by=by)


def test_a_member_of_the_client_decides_by_deleting_and_another_person_approves():
    organization = a_client()
    member = a_member("client_administrator", organization).actor
    deleted(organization, "ann-1", by=member)
    (request,) = opened()
    assert (request.origin, request.status, request.scope) == (RequestOrigin.CLIENT, "confirmed", "person")
    assert (request.requested_by, request.confirmed_by) == (member, member)
    with pytest.raises(requests.SamePerson):
        approve(request, by=member)
    approve(request)
    live_until(DELETED + timedelta(days=2))
    assert state_of(request) == RequestStatus.CERTIFIED
    with tenancy.vendor():
        said = Certificate.objects.get().document["request"]
    assert (said["asked_by"], said["approved_by_another_person"]) == ("client", True)
    live_until(DELETED + timedelta(days=3))
    assert len(opened()) == 1


def test_a_program_of_the_client_decides_too_as_its_identity_provider_does():
    organization = a_client()
    with tenancy.vendor():
        token, _text = tokens.issue_to_program(
            organization,
            name="Provider",
            permissions=[Permission.PROVISION_USERS],
            held=set(Permission),
            expires_at=NOW + timedelta(days=300),
            now=NOW,
            by=CLIENT,
        )
    deleted(organization, "ann-1", by=f"token:{token.series}")
    (request,) = opened()
    assert (request.status, request.confirmed_by) == ("confirmed", f"token:{token.series}")


@pytest.mark.parametrize(
    ("of_the_client", "status"),
    [
        pytest.param(True, "confirmed", id="the-clients-member-decides"),
        pytest.param(False, "received", id="the-vendors-staff-ask"),
    ],
)
def test_a_rule_decides_for_whoever_had_it_enforced_and_is_named_as_such(of_the_client, status):
    organization = a_client()
    with tenancy.vendor():
        LicensedUser.objects.filter(department="Stock").update(status="active")
    actor = a_member("client_administrator", organization) if of_the_client else a_member("administrator")
    rule = a_rule(organization, action="schedule_deletion", inactive_days=1, departments=["Stock"], warning_days=0)
    enforce(rule, at=NOW, by=actor.actor)
    live_until(NOW)
    live_until(DELETED)
    (request,) = opened()
    assert (request.origin, request.status) == (RequestOrigin.CLIENT_RULE, status)
    assert request.requested_by == "system"


def of_stock(organization):
    with tenancy.vendor():
        LicensedUser.objects.filter(department="Stock").update(status="active")
    return a_rule(organization, action="schedule_deletion", inactive_days=1, departments=["Stock"], warning_days=0)


def test_whom_staffs_rule_scheduled_the_client_does_not_decide_on_by_enforcing_it_later():
    organization = a_client()
    client, staff = a_member("client_administrator", organization).actor, a_member("administrator").actor
    rule = of_stock(organization)
    enforce(rule, at=NOW, by=staff)
    live_until(NOW)
    act(rule, "rest", mode=RuleMode.OBSERVE, now=NOW + timedelta(hours=1), by=client)
    assert enforce(rule, at=NOW + timedelta(hours=2), by=client).of_client_since == NOW + timedelta(hours=2)
    live_until(DELETED)
    (request,) = opened()
    assert (request.origin, request.status) == (RequestOrigin.CLIENT_RULE, "received")


def test_a_stopped_rule_that_staff_let_go_on_is_the_clients_word_no_more():
    organization = a_client()
    client, staff = a_member("client_administrator", organization).actor, a_member("administrator").actor
    rule = of_stock(organization)
    assert enforce(rule, at=NOW, by=client).of_client_since
    for actor, theirs in ((client, True), (staff, False), (client, False)):
        with tenancy.vendor():
            AccessRule.objects.filter(pk=rule.pk).update(mode="stopped", stopped_at=NOW, stopped_count=1)
        kept = act(rule, "confirm", digest=seen(rule).digest, by=actor)
        assert (kept.of_client_since is not None) is theirs


@pytest.mark.parametrize("of_the_client", [True, False])
def test_an_exemption_that_staff_lift_makes_it_their_word(of_the_client):
    organization = a_client()
    client = a_member("client_administrator", organization).actor
    rule = of_stock(organization)
    exemption = act(rule, "exempt", person(organization, "cyd-1"), by=client)
    enforce(rule, at=NOW, by=client)
    by = client if of_the_client else a_member("administrator").actor
    with tenancy.vendor():
        access_rules.lift_exemption(exemption, now=NOW, by=by)
        assert (AccessRule.objects.get().of_client_since is not None) is of_the_client
    live_until(NOW)
    live_until(DELETED)
    (request,) = opened()
    assert request.status == ("confirmed" if of_the_client else "received")


@pytest.mark.parametrize("role", ["privacy_officer", "administrator"])
def test_what_the_vendors_staff_delete_waits_for_the_client(role):
    organization = a_client()
    staff = a_member(role).actor
    deleted(organization, "ann-1", by=staff)
    (request,) = opened()
    assert (request.origin, request.status) == (RequestOrigin.CLIENT, "received")
    assert (request.requested_by, request.confirmed_by) == (staff, "")
    with pytest.raises(requests.RequestNotInThatState):
        approve(request)


def test_whoever_left_the_client_since_decides_no_more():
    organization = a_client()
    member = a_member("client_administrator", organization)
    with tenancy.tenant(organization.pk):
        access.schedule_deletion(person(organization, "ann-1"), now=NOW, by=member.actor)
    with tenancy.vendor():
        Membership.objects.filter(user=member).delete()
    live_until(DELETED)
    assert [request.status for request in opened()] == ["received"]


def test_each_who_deleted_has_a_request_of_their_own():
    organization = a_client()
    one, two = a_member("client_administrator", organization).actor, a_member("privacy_officer").actor
    with tenancy.tenant(organization.pk):
        access.schedule_deletion(person(organization, "ben-1"), now=NOW, by=two)
        access.cancel_deletion(person(organization, "ben-1"), now=NOW, by=two)
        access.schedule_deletion(person(organization, "cyd-1"), now=NOW, by=two)
    deleted(organization, "ann-1", "ben-1", by=one)
    with tenancy.vendor():
        found = {row.requested_by: (row.status, row.subjects.count()) for row in DeletionRequest.objects.all()}
    assert found == {one: ("confirmed", 2), two: ("received", 1)}


def test_what_the_client_refused_is_not_asked_again_by_itself():
    organization = a_client()
    deleted(organization, "ann-1", by=a_member("privacy_officer").actor)
    (request,) = opened()
    with tenancy.vendor():
        people_requests.refuse(request, ground=RefusalGround.CLIENT_REFUSED, now=DELETED, by=CLIENT)
    live_until(DELETED + timedelta(days=1))
    assert [request.status for request in opened()] == ["refused"]
    asked(organization, "ann-1")
    assert [request.status for request in opened()] == ["refused", "confirmed"], "but it may be asked for"


def test_by_rest_no_officer_alone_erases_a_clients_person():
    organization = a_client()
    ann = person(organization, "ann-1")
    first, second = caller("privacy_officer"), caller("privacy_officer")
    client = caller(Role.CLIENT_ADMINISTRATOR, str(organization.public_id))
    first("POST", f"licensed-users/{ann.public_id}/schedule-deletion", {})
    with tenancy.vendor():
        ann.refresh_from_db()
    live_until(ann.delete_at)
    (request,) = opened()
    path = f"deletion-requests/{request.public_id}"
    assert first("POST", f"{path}/approve", expect=409)["code"] == "request_not_in_that_state"
    assert first("POST", f"{path}/decide", {}, expect=409)["code"] == "proof_needed"
    client("POST", f"{path}/decide", {})
    assert first("POST", f"{path}/approve", expect=409)["code"] == "same_person"
    assert second("POST", f"{path}/approve")["status"] == "approved"
