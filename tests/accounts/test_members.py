"""Members: a person works in one place, roles stand on their own side, and somebody always administers."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts import tenancy
from accounts.enums import CLIENT_ROLES, VENDOR_ROLES, Role
from accounts.errors import InvalidInput, Refused
from accounts.models import AuditEvent, Membership, User
from accounts.operations import members, tokens
from tests.accounts.parties import NOW, a_member, at_once
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
DAY = timedelta(days=1)
GOOD = "a correct horse and its battery"


def add(role=Role.CONTRACT_MANAGER, organization=None, **values):
    with tenancy.vendor():
        return members.add(
            **{
                "email": "ann@vendor.example",
                "name": "Ann",
                "role": role,
                "organization": organization,
                "now": NOW,
                "by": "user:admin",
                **values,
            }
        )


def remove(membership):
    with tenancy.vendor():
        members.remove(membership, now=NOW, by="user:admin")


def test_personal_tokens_end_with_the_last_role_and_do_not_come_back():
    user = a_member(Role.SUPPORT)
    with tenancy.vendor():
        Membership.objects.create(user=user, role=Role.FINANCE.value, created_at=NOW)
        user.read_seats()
        _row, text = tokens.issue(
            user, name="T", permissions=["view_contract"], expires_at=NOW + DAY, now=NOW, by="user:admin"
        )
        first, second = Membership.objects.filter(user=user).order_by("pk")
        members.remove(first, now=NOW, by="user:admin")
        assert tokens.find(text.encode(), at=NOW) is not None
        members.remove(second, now=NOW, by="user:admin")
        assert AuditEvent.objects.filter(name="token.revoked").count() == 1
        Membership.objects.create(user=user, role=Role.FINANCE.value, created_at=NOW)
        assert tokens.find(text.encode(), at=NOW) is None


def seat_of(user):
    with tenancy.vendor():
        return Membership.objects.select_related("user").get(user=user)


def trail(name):
    with tenancy.vendor():
        return list(AuditEvent.objects.filter(name=name).values_list("data", flat=True))


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("for_client", [True, False])
def test_every_role_stands_on_its_own_side(role, for_client):
    organization = an_organization() if for_client else None
    if (role in CLIENT_ROLES) == for_client:
        user = add(role, organization)
        assert trail("member.added") == [{"user": str(user.public_id), "role": role.value}]
    else:
        with pytest.raises(InvalidInput) as refused:
            add(role, organization)
        assert [(error.field, error.code) for error in refused.value.errors] == [("role", "other_side")]
        assert trail("member.added") == []


def test_the_two_sides_together_are_all_roles():
    assert set(VENDOR_ROLES) | set(CLIENT_ROLES) == set(Role)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"email": "no address"}, ("email", "invalid_email")),
        ({"email": "a\x00b@x.example"}, ("email", "control_character")),
        ({"email": "a@x.example\n"}, ("email", "invalid_email")),
        ({"email": ""}, ("email", "invalid_email")),
        ({"email": "a" * 250 + "@x.example"}, ("email", "invalid_email")),
        ({"name": ""}, ("name", "blank")),
        ({"name": "A\x00nn"}, ("name", "control_character")),
        ({"name": "<b>Ann</b>"}, ("name", "html")),
        ({"language": "xx"}, ("language", "unknown")),
        ({"password": "short"}, ("password", "weak")),
        ({"password": "ann@vendor.example"}, ("password", "weak")),
    ],
)
def test_what_is_no_member_is_named_by_field_and_leaves_nothing(values, fault):
    with pytest.raises(InvalidInput) as refused:
        add(**values)
    assert fault in [(error.field, error.code) for error in refused.value.errors]
    with tenancy.vendor():
        assert not User.objects.exists()


def test_all_faults_are_named_at_once():
    with pytest.raises(InvalidInput) as refused:
        add(Role.CLIENT_FINANCE, email="", name="", language="xx", password="short")
    assert {error.field for error in refused.value.errors} == {"email", "name", "language", "role", "password"}


def test_a_password_is_kept_as_a_digest_and_without_one_nobody_signs_in():
    with_password, without = add(password=GOOD), add(email="ben@vendor.example")
    assert GOOD not in with_password.password
    assert with_password.check_password(GOOD)
    assert not without.has_usable_password()
    assert not any(without.check_password(guess) for guess in ("", None, "None"))


def test_a_second_role_in_the_same_place_is_the_same_person_whatever_the_case_of_the_address():
    first = add()
    second = add(Role.FINANCE, email="ANN@Vendor.Example", name="Another name")
    assert (second.pk, second.name) == (first.pk, "Ann")
    with tenancy.vendor():
        assert set(second.roles) == {"contract_manager", "finance"}


def test_a_role_is_given_once():
    add()
    with pytest.raises(Refused) as refused:
        add()
    assert refused.value.code == "member_exists"
    assert len(trail("member.added")) == 1


@pytest.mark.parametrize("first_for_client", [True, False])
def test_a_person_works_in_one_place(first_for_client):
    here = an_organization() if first_for_client else None
    add(Role.CLIENT_ADMINISTRATOR if here else Role.SUPPORT, here)
    for there in (an_organization(), None) if first_for_client else (an_organization(),):
        with pytest.raises(Refused) as refused:
            add(Role.CLIENT_ADMINISTRATOR if there else Role.SUPPORT, there)
        assert refused.value.code == "member_elsewhere"


def test_the_database_too_knows_an_address_once_whatever_its_case():
    a_member(Role.SUPPORT, email="Ann@vendor.example")
    with tenancy.vendor(), pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="aNN@vendor.example", created_at=NOW)


def test_two_who_add_the_same_person_at_once_add_them_once():
    results = at_once(add, add)
    assert sorted(type(result).__name__ for result in results) == ["Refused", "User"]
    with tenancy.vendor():
        assert (User.objects.count(), Membership.objects.count()) == (1, 1)


def test_two_clients_who_add_the_same_person_at_once_do_not_share_them():
    one, other = an_organization(), an_organization()
    results = at_once(
        lambda: add(Role.AUTHORISED_CONTACT, one),
        lambda: add(Role.AUTHORISED_CONTACT, other),
    )
    assert sorted(type(result).__name__ for result in results) == ["Refused", "User"]


def test_a_tenant_can_add_nobody():
    organization = an_organization()
    with tenancy.tenant(organization.pk), pytest.raises(Exception, match="permission denied"), transaction.atomic():
        members.add(
            email="x@client.example",
            name="X",
            role=Role.CLIENT_ADMINISTRATOR,
            organization=organization,
            now=NOW,
            by="user:x",
        )


# Taking a role away.


def test_a_role_is_taken_away_once():
    a_member(Role.ADMINISTRATOR)
    seat = seat_of(a_member(Role.SUPPORT))
    remove(seat)
    assert trail("member.removed") == [{"user": str(seat.user.public_id), "role": "support"}]
    with pytest.raises(Refused) as refused:
        remove(seat)
    assert refused.value.code == "member_gone"
    assert len(trail("member.removed")) == 1


def test_the_last_administrator_stays():
    seat = seat_of(a_member(Role.ADMINISTRATOR))
    with pytest.raises(Refused) as refused:
        remove(seat)
    assert refused.value.code == "last_administrator"
    a_member(Role.ADMINISTRATOR, is_active=False)
    with pytest.raises(Refused):
        remove(seat)
    a_member(Role.ADMINISTRATOR)
    remove(seat)


def test_an_administrator_of_a_client_does_not_count_as_one_of_the_vendor():
    a_member(Role.CLIENT_ADMINISTRATOR, an_organization())
    with pytest.raises(Refused):
        remove(seat_of(a_member(Role.ADMINISTRATOR)))


def test_two_administrators_who_remove_each_other_at_once_leave_one():
    first, second = seat_of(a_member(Role.ADMINISTRATOR)), seat_of(a_member(Role.ADMINISTRATOR))
    results = at_once(lambda: remove(first), lambda: remove(second))
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "Refused"]
    with tenancy.vendor():
        assert Membership.objects.filter(role=Role.ADMINISTRATOR).count() == 1
