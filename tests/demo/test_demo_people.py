"""The demo's people: as many as licensed, valid, unique where they must be, the same each time."""

from collections import Counter
from datetime import date

import pytest

from accounts.rules import checks
from config.demo.organizations import organizations
from config.demo.people import DEPARTMENTS, people

CLIENTS = organizations(date(2026, 11, 24))


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.slug)
def test_people_are_accepted_as_they_are(client):
    found = people(client)
    assert len(found) == client.users
    for person in found:
        assert not checks.text("external_id", person.external_id)
        assert not checks.email("email", person.email)
        assert not checks.text("display_name", person.display_name)
        assert not checks.text("department", person.department, longest=120)
        local, _, domain = person.email.partition("@")
        assert len(local) <= 64 and local.isascii() and domain == client.domain
    assert len({person.external_id for person in found}) == len(found)
    assert len({person.email for person in found}) == len(found)
    assert {person.department for person in found} <= {names[client.language] for _share, names in DEPARTMENTS.values()}


def test_external_ids_and_addresses_are_unique_across_clients():
    everybody = [person for client in CLIENTS for person in people(client)]
    for values in ([person.external_id for person in everybody], [person.email.lower() for person in everybody]):
        assert len(values) == len(set(values))


def test_the_same_client_has_the_same_people_on_any_day():
    for client, later in zip(CLIENTS, organizations(date(2030, 5, 31)), strict=True):
        assert people(client) == people(later)


@pytest.mark.parametrize(
    "there",
    [
        pytest.param(lambda name: not name.isascii(), id="diacritics"),
        pytest.param(lambda name: "'" in name, id="a-straight-apostrophe"),
        pytest.param(lambda name: "\u2019" in name, id="a-curved-apostrophe"),
        pytest.param(lambda name: "-" in name, id="a-hyphen"),
        pytest.param(lambda name: 90 <= len(name) <= 200, id="a-very-long-name"),
        pytest.param(lambda name: name == "Jean Null", id="the-name-null"),
        pytest.param(lambda name: "ł" in name and "ś" in name.lower(), id="polish-letters"),
        pytest.param(lambda name: "ß" in name, id="a-sharp-s"),
        pytest.param(lambda name: "ā" in name, id="a-macron"),
    ],
)
def test_names_that_programs_break_are_there(there):
    assert any(there(person.display_name) for client in CLIENTS for person in people(client))


def test_polish_surnames_agree_with_first_names():
    names = [person.display_name for client in CLIENTS if client.country == "PL" for person in people(client)]
    women = [name for name in names if name.split()[0] in {"Joanna", "Zofia", "Ewa", "Hanna", "Danuta"}]
    assert women
    assert not [name for name in women if name.endswith(("ski", "cki", "dzki"))]


def test_departments_differ_in_size():
    sizes = Counter(person.topic for client in CLIENTS for person in people(client))
    assert set(sizes) == set(DEPARTMENTS)
    assert sizes["production"] > 4 * sizes["it"]
