"""Lists and details over HTTP: what their serializers say of models, in pages, with filters and errors as ever."""

import json
from base64 import b64encode
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.renderers import JSONRenderer

from accounts import tenancy
from accounts.rules.permissions import MATRIX
from accounts.rules.roles import VENDOR
from tests.admin.world import NOW, a_whole_world
from tests.api.callers import caller
from tests.guards.test_lists import RESOURCES, serializer_of

pytestmark = pytest.mark.usefixtures("world", "undone")


@pytest.fixture(scope="module")
def world(shared_rows):
    a_whole_world()
    return {role: caller(role) for role in sorted(VENDOR)}


def rows_of(name):
    """Return what a list holds: all rows of its model, unless it is of some only."""
    rows = serializer_of(RESOURCES[name]).Meta.model.objects
    return rows.held() if name == "held-messages" else rows


def asked(world, name, query=""):
    """Return the answer's bytes to a vendor's caller who may see the resource."""
    right = RESOURCES[name].rights["list"]
    role = next(role for role in sorted(VENDOR) if right in MATRIX[role])
    return raw(world[role], f"/api/v1/{name}{query}")


def raw(call, path, accept="application/json", expect=200):
    """Call and return the answer's bytes."""
    status, body = call._send("GET", path, {"Authorization": f"Bearer {call._token}", "Accept": accept}, None)
    assert status == expect, body
    return body


def written(view, queryset):
    """Return rows as the framework itself writes them of models."""
    context = {"view": SimpleNamespace(now=NOW)}
    return json.loads(JSONRenderer().render(serializer_of(view)(queryset, many=True, context=context).data))


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_pages_forwards_and_backwards_hold_every_row_once(world, name):
    view = RESOURCES[name]
    asked(world, name)  # the caller's own token is a row too: it is used from now on
    with tenancy.vendor():
        expected = written(view, rows_of(name).order_by("pk"))
    size = max(1, len(expected) // 3)
    page, found, pages = json.loads(asked(world, name, f"?page_size={size}")), [], []
    while True:
        found += page["results"]
        pages.append(page["results"])
        if page["next"] is None:
            break
        page = json.loads(asked(world, name, "?" + page["next"].partition("?")[2]))
    backwards = [page["results"]]
    while page["previous"] is not None:
        page = json.loads(asked(world, name, "?" + page["previous"].partition("?")[2]))
        backwards.append(page["results"])
    assert backwards == pages[::-1] and all(len(one) <= size for one in pages)
    assert [one["public_id"] for one in found] == [one["public_id"] for one in expected]
    if "late" not in expected[0]:
        assert found == expected


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_a_detail_is_the_row_of_the_list(world, name):
    first = json.loads(asked(world, name))["results"][0]
    detail = json.loads(asked(world, name, f"/{first['public_id']}"))
    assert {key: detail[key] for key in first} == first


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        pytest.param("contracts?status=frozen", 400, "invalid_input", id="no-such-choice"),
        pytest.param("contracts?organization=me", 400, "invalid_input", id="no-uuid"),
        pytest.param("contracts?status=frozen&page_size=1&cursor=", 400, "invalid_input", id="a-filter-among-pages"),
        pytest.param("contracts?cursor=%C3%A9", 404, "not_found", id="no-cursor"),
        pytest.param("contracts?cursor=cD1hYmM=", 404, "not_found", id="a-cursor-to-no-key"),
        pytest.param("contracts?cursor=cD0A", 404, "not_found", id="a-cursor-to-a-nul-byte"),
        pytest.param("contracts/00000000-0000-4000-8000-000000000000", 404, "not_found", id="nobody-has-it"),
        pytest.param("contracts/00000000-0000-4000-8000-000000000000?status=frozen", 400, "invalid_input", id="detail"),
    ],
)
def test_what_cannot_be_answered_is_a_problem(world, path, status, code):
    assert json.loads(raw(world["administrator"], f"/api/v1/{path}", expect=status))["code"] == code


def test_a_cursor_beyond_all_keys_is_an_empty_page(world):
    cursor = b64encode(b"p=" + b"9" * 30).decode()
    assert json.loads(asked(world, "contracts", f"?cursor={cursor}"))["results"] == []


def test_a_filter_narrows(world):
    every = json.loads(asked(world, "contracts"))["results"]
    wanted = {one["public_id"] for one in every if one["organization"] == every[0]["organization"]}
    assert 0 < len(wanted) < len(every)
    found = json.loads(asked(world, "contracts", f"?organization={every[0]['organization']}"))["results"]
    assert {one["public_id"] for one in found} == wanted


def test_a_client_sees_its_own_rows_only(world):
    home = json.loads(asked(world, "organizations"))["results"][-1]["public_id"]
    call = caller("client_administrator", home)
    for name in ("contracts", "licensed-users", "organizations"):
        own = json.loads(raw(call, f"/api/v1/{name}"))["results"]
        assert own and {one.get("organization", one["public_id"]) for one in own} == {home}
        foreign = [one["public_id"] for one in json.loads(asked(world, name))["results"] if one not in own]
        for public_id in foreign:
            raw(call, f"/api/v1/{name}/{public_id}", expect=404)


def test_json_is_indented_for_whoever_asks_and_nothing_else_is_offered(world):
    call = world["administrator"]
    plain = raw(call, "/api/v1/contracts")
    indented = raw(call, "/api/v1/contracts", accept="application/json; indent=4")
    assert json.loads(plain) == json.loads(indented) and indented.startswith(b'{\n    "next": null')
    assert b", " not in plain[:200] and b'": ' not in plain[:200]
    assert json.loads(raw(call, "/api/v1/contracts", accept="text/html", expect=406))["code"] == "not_acceptable"


def test_a_page_costs_the_same_queries_whatever_its_length_and_reads_no_more_than_it_tells(world):
    with CaptureQueriesContext(connection) as one:
        asked(world, "contracts", "?page_size=1")
    with CaptureQueriesContext(connection) as all_of_them:
        asked(world, "contracts")
    assert len(one) == len(all_of_them)
    (select,) = [query["sql"] for query in all_of_them if 'FROM "contracts_contract"' in query["sql"]]
    assert '"accounts_organization"."public_id"' in select and '"accounts_organization"."name"' not in select
