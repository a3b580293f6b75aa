"""Organizations: registered once, changed but never into another, and refused with every fault named."""

import pytest

from accounts import tenancy
from accounts.errors import InvalidInput, Refused
from accounts.models import AuditEvent, Organization, OutboxMessage
from accounts.operations import organizations
from tests.accounts.parties import NOW, at_once

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
VALUES = {
    "name": "Société Été",
    "country": "FR",
    "time_zone": "Europe/Paris",
    "language": "fr",
    "legal_category": "company",
    "registration_number": "552 100 554",
}


def create(**values):
    with tenancy.vendor():
        return organizations.create(now=NOW, by="user:manager", **{**VALUES, **values})


def change(organization, **values):
    with tenancy.vendor():
        return organizations.change(organization, now=NOW, by="user:manager", **values)


def written():
    """Count what a change writes: events and announcements."""
    with tenancy.vendor():
        return AuditEvent.objects.count(), OutboxMessage.objects.count()


def faults(call, *args, **values):
    with pytest.raises(InvalidInput) as refused:
        call(*args, **values)
    return [(error.field, error.code) for error in refused.value.errors]


def test_an_organization_is_registered_with_its_trail_which_does_not_name_it():
    organization = create()
    with tenancy.vendor():
        stored = Organization.objects.get()
        event, message = AuditEvent.objects.get(), OutboxMessage.objects.get()
    assert {name: getattr(stored, name) for name in VALUES} == VALUES
    assert (event.name, event.subject_id, event.organization_id) == (
        "organization.created",
        organization.public_id,
        organization.pk,
    )
    assert event.data == {"country": "FR", "legal_category": "company"}
    assert (message.topic, message.organization_id) == ("organization.created", organization.pk)


def test_the_same_identity_is_registered_once_and_the_transaction_lives_on():
    create()
    with tenancy.vendor():
        with pytest.raises(Refused) as refused:
            organizations.create(now=NOW, by="user:manager", **{**VALUES, "name": "Another name"})
        assert refused.value.code == "organization_exists"
        assert Organization.objects.count() == 1, "the refusal broke the caller's transaction"
    assert written() == (1, 1)


def test_the_same_number_in_another_country_is_another_organization():
    assert create().pk != create(country="PL").pk


def test_two_who_register_the_same_client_at_once_register_it_once():
    results = at_once(create, create)
    assert sorted(type(result).__name__ for result in results) == ["Organization", "Refused"]


WRONG = [
    ({"name": ""}, ("name", "blank")),
    ({"name": "  "}, ("name", "blank")),
    ({"name": "n" * 201}, ("name", "too_long")),
    ({"name": "a\x00b"}, ("name", "control_character")),
    ({"name": "a\nBcc: x"}, ("name", "control_character")),
    ({"name": "a\u202eb"}, ("name", "control_character")),
    ({"name": "<script>alert(1)</script>"}, ("name", "html")),
    ({"time_zone": "Paris"}, ("time_zone", "unknown_time_zone")),
    ({"time_zone": "localtime"}, ("time_zone", "unknown_time_zone")),
    ({"time_zone": ""}, ("time_zone", "unknown_time_zone")),
    ({"time_zone": "../etc/passwd"}, ("time_zone", "unknown_time_zone")),
    ({"language": "xx"}, ("language", "unknown")),
    ({"legal_category": "person"}, ("legal_category", "unknown")),
]
IDENTITY = [
    ({"country": "fr"}, ("country", "unknown_country")),
    ({"country": "FRA"}, ("country", "unknown_country")),
    ({"country": "F\u0052\n"}, ("country", "unknown_country")),
    ({"registration_number": ""}, ("registration_number", "blank")),
    ({"registration_number": "1" * 41}, ("registration_number", "too_long")),
]


@pytest.mark.parametrize(("values", "fault"), WRONG + IDENTITY)
def test_a_wrong_field_is_named_and_nothing_is_written(values, fault):
    assert faults(create, **values) == [fault]
    assert written() == (0, 0)


def test_all_faults_are_named_at_once():
    named = faults(create, name="", country="", time_zone="", language="", legal_category="", registration_number="")
    assert {field for field, _code in named} == set(organizations.FIELDS)


def test_ampersands_and_comparisons_are_no_html():
    assert create(name="Müller & Söhne < 3 > 2").name == "Müller & Söhne < 3 > 2"


@pytest.mark.parametrize(
    "values",
    [
        {"name": "Nouveau nom"},
        {"time_zone": "Europe/Warsaw", "language": "pl"},
        {"legal_category": "association"},
        {"country": "FR", "registration_number": "552 100 554", "name": "With its own identity named"},
    ],
)
def test_a_change_is_stored_and_the_trail_names_the_fields_only(values):
    organization = create()
    change(organization, **values)
    with tenancy.vendor():
        stored = Organization.objects.get()
        event = AuditEvent.objects.get(name="organization.changed")
    assert {name: getattr(stored, name) for name in values} == values
    assert event.data == {"fields": sorted(name for name, value in values.items() if VALUES[name] != value)}


def test_no_change_writes_nothing():
    organization = create()
    before = written()
    change(organization, **VALUES)
    change(organization)
    assert written() == before


@pytest.mark.parametrize("values", [{"country": "PL"}, {"registration_number": "1"}])
def test_the_identity_does_not_change(values):
    organization = create()
    assert faults(change, organization, name="Other", **values) == [(next(iter(values)), "identity")]
    with tenancy.vendor():
        assert Organization.objects.get().name == VALUES["name"]


@pytest.mark.parametrize(("values", "fault"), WRONG)
def test_a_wrong_change_is_named_and_nothing_is_written(values, fault):
    organization = create()
    before = written()
    assert faults(change, organization, **values) == [fault]
    assert written() == before


@pytest.mark.parametrize("name", ["closed_at", "content_erased_at", "public_id", "id", "created_at", "nonsense"])
def test_what_is_no_field_of_a_client_cannot_be_changed(name):
    organization = create()
    assert faults(change, organization, **{name: "2026-01-01"}) == [(name, "unknown_field")]


def test_a_tenant_cannot_change_itself():
    organization = create()
    with tenancy.tenant(organization.pk), pytest.raises(Exception, match="permission denied"):
        organizations.change(organization, name="Other", now=NOW, by="user:client")
