"""Licensed users: put as a set or not at all, once even when two put them at once; names that are taken or free."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import tenancy
from accounts.enums import LicenceStatus, SuspensionReason
from accounts.errors import InvalidInput, Refused
from accounts.models import AuditEvent, LicensedUser, Organization, OutboxMessage
from accounts.operations import access, users
from accounts.operations.users import Added, Person
from tests.accounts.parties import NOW, a_licence, at_once
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
ANN = Person("ann", "ann@client.example", "Ann", "Sales")
BEN = Person("ben", "ben@client.example", "Ben")


def put(organization, *people):
    with tenancy.tenant(organization.pk):
        return users.put(organization, people, now=NOW, by="user:client")


def stored(organization):
    with tenancy.vendor():
        found = LicensedUser.objects.filter(organization=organization).order_by("external_id")
        return [Person(user.external_id, user.email, user.display_name, user.department) for user in found]


def events(name):
    with tenancy.vendor():
        return list(AuditEvent.objects.filter(name=name).order_by("pk").values_list("data", flat=True))


def messages():
    with tenancy.vendor():
        return OutboxMessage.objects.count()


# Putting.


def test_people_are_added_then_changed_then_left_alone():
    organization = an_organization()
    assert put(organization, ANN, BEN) == Added(created=2, changed=0, same=0)
    renamed = Person("ben", "ben@new.example", "Benedict", "Law")
    cyd = Person("cyd", "cyd@client.example", "Cyd")
    assert put(organization, ANN, renamed, cyd) == Added(created=1, changed=1, same=1)
    assert stored(organization) == [ANN, renamed, cyd]
    assert events("licensed_users.put") == [{"created": 2, "changed": 0}, {"created": 1, "changed": 1}]


def test_the_same_again_writes_nothing():
    organization = an_organization()
    put(organization, ANN, BEN)
    before = events("licensed_users.put"), messages()
    assert put(organization, BEN, ANN) == Added(created=0, changed=0, same=2)
    assert put(organization) == Added(created=0, changed=0, same=0)
    assert (events("licensed_users.put"), messages()) == before


def test_the_trail_and_the_announcement_name_nobody():
    put(an_organization(), ANN)
    with tenancy.vendor():
        texts = str(list(AuditEvent.objects.values_list())) + str(list(OutboxMessage.objects.values_list()))
    assert not [word for word in ("Ann", "ann", ANN.email, "Sales") if word in texts]


def test_changing_a_person_leaves_their_state_alone():
    organization = an_organization()
    a_licence(organization)
    put(organization, ANN)
    with tenancy.vendor():
        user = LicensedUser.objects.get()
        access.suspend(user, reason=SuspensionReason.CLIENT_DECISION, now=NOW, by="user:client")
    put(organization, Person("ann", "other@client.example", "Ann"))
    with tenancy.vendor():
        user = LicensedUser.objects.get()
    assert (user.status, user.email) == (LicenceStatus.SUSPENDED, "other@client.example")


@pytest.mark.parametrize("licensed", [True, False])
def test_new_people_are_active_where_a_licence_is_in_force_and_invited_elsewhere(licensed):
    organization = an_organization()
    if licensed:
        a_licence(organization)
    put(organization, ANN)
    with tenancy.vendor():
        assert LicensedUser.objects.get().status == (LicenceStatus.ACTIVE if licensed else LicenceStatus.INVITED)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"external_id": ""}, ("external_id", "blank")),
        ({"external_id": "a\x00"}, ("external_id", "control_character")),
        ({"external_id": "x" * 201}, ("external_id", "too_long")),
        ({"email": "ann"}, ("email", "invalid_email")),
        ({"email": "a\x00nn@client.example"}, ("email", "control_character")),
        ({"email": "ann@client.example\r\nBcc: x@y.example"}, ("email", "invalid_email")),
        ({"display_name": ""}, ("display_name", "blank")),
        ({"display_name": "A\x00"}, ("display_name", "control_character")),
        ({"display_name": "\ud800"}, ("display_name", "control_character")),
        ({"display_name": "<img src=x onerror=alert(1)>"}, ("display_name", "html")),
        ({"display_name": "&#60;b"}, ("display_name", "html")),
        ({"display_name": "n" * 201}, ("display_name", "too_long")),
        ({"department": "d\x00"}, ("department", "control_character")),
        ({"department": "d" * 121}, ("department", "too_long")),
    ],
)
def test_one_wrong_person_stops_the_whole_set_and_is_named_by_row(values, fault):
    organization = an_organization()
    fields = {"external_id": "x", "email": "x@client.example", "display_name": "X", "row": 3, **values}
    with pytest.raises(InvalidInput) as refused:
        put(organization, ANN, Person(**fields), BEN)
    assert [(e.field, e.code, e.row) for e in refused.value.errors] == [(*fault, 3)]
    assert (stored(organization), events("licensed_users.put"), messages()) == ([], [], 0)


def test_every_fault_of_every_row_is_named():
    with pytest.raises(InvalidInput) as refused:
        put(an_organization(), Person("", "", "", row=2), Person("b", "b@x.example", "", row=3))
    assert [(e.field, e.row) for e in refused.value.errors] == [
        ("external_id", 2),
        ("email", 2),
        ("display_name", 2),
        ("display_name", 3),
    ]


def test_an_external_id_that_comes_twice_is_named_at_its_second_place():
    organization = an_organization()
    twice = Person("ann", "other@client.example", "Another Ann", row=5)
    with pytest.raises(InvalidInput) as refused:
        put(organization, ANN, BEN, twice)
    assert [(e.field, e.code, e.row) for e in refused.value.errors] == [("external_id", "duplicate", 5)]
    assert stored(organization) == []


def test_two_clients_may_use_the_same_external_id():
    one, other = an_organization(), an_organization()
    put(one, ANN)
    assert put(other, ANN) == Added(created=1, changed=0, same=0)
    assert (stored(one), stored(other)) == ([ANN], [ANN])


@pytest.mark.parametrize(
    "name", ["O'Neil; DROP TABLE accounts_user", "Łucja Żółć", "李小龍", "%s %(x)s {x}", "\\", "😀", "José <3"]
)
def test_a_name_is_stored_as_it_is_written(name):
    organization = an_organization()
    put(organization, Person("x", "x@client.example", name))
    assert stored(organization)[0].display_name == name


@given(name=st.text(max_size=250))
def test_whatever_a_name_is_it_is_accepted_or_named_never_an_error(name):
    person = Person("x", "x@client.example", name, row=7)
    for fault in users.check(person):
        assert (fault.field, fault.row) == ("display_name", 7)
    if not users.check(person):
        assert "\x00" not in name
        name.encode()  # the database takes no lone surrogates


# At once.


def test_two_who_put_the_same_people_at_once_add_them_once_and_count_them_once():
    organization = an_organization()
    crowd = [Person(f"p{number}", f"p{number}@client.example", f"P {number}") for number in range(200)]
    results = at_once(
        lambda: put(organization, *crowd),
        lambda: put(organization, *reversed(crowd)),
        lambda: put(organization, *crowd[100:], *crowd[:100]),
    )
    assert sorted(result.created for result in results) == [0, 0, 200]
    assert sorted(result.same for result in results) == [0, 200, 200]
    assert len(stored(organization)) == 200
    assert events("licensed_users.put") == [{"created": 200, "changed": 0}]


def test_of_two_different_versions_put_at_once_the_later_one_stands_entirely():
    organization = an_organization()
    versions = [
        [Person(f"p{number}", f"p{number}@{name}.example", name) for number in range(50)] for name in ("one", "two")
    ]
    results = at_once(*(lambda people=people: put(organization, *people) for people in versions))
    assert sorted((result.created, result.changed) for result in results) == [(0, 50), (50, 0)]
    assert len({person.display_name for person in stored(organization)}) == 1


# A closed organization.


def test_nobody_is_added_to_an_organization_that_is_closed():
    organization = an_organization()
    put(organization, ANN)
    with tenancy.vendor():
        Organization.objects.filter(pk=organization.pk).update(closed_at=NOW)
    before = events("licensed_users.put"), messages()
    for people in ([BEN], [Person("ann", "a@new.example", "Ann")]):
        with pytest.raises(users.OrganizationClosed) as refused:
            put(organization, *people)
        assert refused.value.code == "organization_closed"
    assert stored(organization) == [ANN]
    assert (events("licensed_users.put"), messages()) == before


def test_people_are_written_into_their_own_organization_only():
    one, other = an_organization(), an_organization()
    with tenancy.tenant(one.pk), pytest.raises(Exception, match="row-level security"):
        users.put(other, [ANN], now=NOW, by="user:client")
    assert stored(other) == []


# Names.


def names(organization):
    with tenancy.vendor():
        rows = LicensedUser.objects.filter(organization=organization).order_by("pk")
        return {user.external_id: user.user_name for user in rows}


def test_a_person_is_known_by_their_address_or_by_what_the_client_says():
    organization = an_organization()
    put(organization, ANN, Person("ben", "ben@client.example", "Ben", user_name="BEN"))
    assert names(organization) == {"ann": "ann@client.example", "ben": "BEN"}
    put(organization, Person("ann", "new@client.example", "Ann"), Person("ben", "b@client.example", "Ben"))
    assert names(organization) == {"ann": "new@client.example", "ben": "BEN"}


def test_an_address_that_two_share_names_the_first_of_them():
    organization = an_organization()
    put(organization, Person("one", "Desk@client.example", "One"), Person("two", "desk@CLIENT.example", "Two"))
    assert names(organization) == {"one": "Desk@client.example", "two": "two"}


def test_a_name_that_somebody_else_has_is_named_whatever_its_case():
    organization = an_organization()
    put(organization, Person("ann", "ann@client.example", "Ann", user_name="ann"))
    with pytest.raises(InvalidInput) as refused:
        put(organization, BEN, Person("cyd", "cyd@client.example", "Cyd", row=4, user_name="ANN"))
    assert [(e.field, e.code, e.row) for e in refused.value.errors] == [("user_name", "taken", 4)]
    assert names(organization) == {"ann": "ann"}


# Python writes these in other small letters than the database, whose constraint counts.
NIKOS = "\u039d\u0399\u039a\u039f\u03a3"  # in Greek
LETTERS = [
    pytest.param(NIKOS, NIKOS, id="sigma-at-the-end"),
    pytest.param("ivan", "\u0130van", id="dotted-capital"),
]


@pytest.mark.parametrize(("first", "second"), LETTERS)
def test_a_name_is_taken_in_whatever_alphabet(first, second):
    organization = an_organization()
    one, two = (Person(n, f"{n}@client.example", n, user_name=name) for n, name in (("one", first), ("two", second)))
    with pytest.raises(InvalidInput) as refused:
        put(organization, one, two)
    assert [e.code for e in refused.value.errors] == ["taken"]
    put(organization, one, Person("two", "two@client.example", "two", user_name="two"))
    with pytest.raises(InvalidInput):
        put(organization, two)
    assert put(organization, one).same == 1


@pytest.mark.parametrize(("first", "second"), LETTERS)
def test_who_comes_back_finds_their_name_taken_in_whatever_alphabet(first, second):
    organization = an_organization()
    put(organization, Person("one", "one@client.example", "One", user_name=first))
    with tenancy.tenant(organization.pk):
        one = access.schedule_deletion(LicensedUser.objects.get(), now=NOW, by="user:client")
    put(organization, Person("two", "two@client.example", "Two", user_name=second))
    with tenancy.tenant(organization.pk), pytest.raises(Refused) as refused:
        access.cancel_deletion(one, now=NOW, by="user:client")
    assert refused.value.code == "name_taken"


def test_a_name_passes_from_one_to_another_in_one_set():
    organization = an_organization()
    one, two = (Person(name, f"{name}@client.example", name, user_name=name) for name in ("one", "two"))
    put(organization, one, two)
    put(
        organization,
        Person("one", "one@client.example", "one", user_name="three"),
        Person("two", "two@client.example", "two", user_name="one"),
    )
    assert names(organization) == {"one": "three", "two": "one"}


def test_the_end_of_an_assignment_stays_where_nothing_is_said_of_it():
    organization = an_organization()
    put(organization, Person("ann", "ann@client.example", "Ann", assignment_ends_on=date(2026, 7, 1)))
    put(organization, Person("ann", "ann@client.example", "Ann Other"))
    with tenancy.vendor():
        assert LicensedUser.objects.get().assignment_ends_on == date(2026, 7, 1)
    put(organization, Person("ann", "ann@client.example", "Ann Other", assignment_ends_on=None))
    with tenancy.vendor():
        assert LicensedUser.objects.get().assignment_ends_on is None


# Seats.


def test_of_a_set_as_many_become_active_as_there_are_seats():
    organization = an_organization()
    a_licence(organization, seats=3)
    put(organization, *(Person(f"p{number}", f"p{number}@x.example", "P") for number in range(5)))
    with tenancy.vendor():
        found = list(LicensedUser.objects.order_by("pk").values_list("status", flat=True))
    assert found == ["active", "active", "active", "invited", "invited"]


def test_whoever_puts_people_at_once_never_takes_more_seats_than_there_are():
    organization = an_organization()
    a_licence(organization, seats=25)
    crowds = [[Person(f"{c}{n}", f"{c}{n}@x.example", "P") for n in range(10)] for c in "abcd"]
    at_once(*(lambda people=people: put(organization, *people) for people in crowds))
    with tenancy.vendor():
        assert LicensedUser.objects.filter(status="active").count() == 25
        assert LicensedUser.objects.filter(status="invited").count() == 15
