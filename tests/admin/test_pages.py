"""Every page of the admin: nothing of a neighbour, no secret on any page, nothing that an odd query breaks."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from accounts import tenancy
from accounts.admin.in_words import IN_WORDS
from accounts.enums import CLIENT_ROLES
from accounts.rules.permissions import MATRIX
from retention import ledger
from tests.admin.world import a_whole_world

pytestmark = pytest.mark.usefixtures("world", "undone")
OURS = [model for app in ("accounts", "contracts", "retention") for model in apps.get_app_config(app).get_models()]
LEDGER = {"DataKey", "ErasureEntry", "LedgerPulse", "SentRecord"}
CONFIRMED = {"confirmed": "yes"}


@pytest.fixture(scope="module")
def world(shared_rows):
    """One world for all pages: the client that left, and the one that stays."""
    return a_whole_world()


def url(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def a_row(model, organization=None):
    """Return the key of a row; of that organization, if one is named and the table has tenants."""
    scope = ledger.vendor() if model.__name__ in LEDGER else tenancy.vendor()
    with scope:
        rows = model._default_manager.order_by("pk")
        if organization is not None and (column := tenant_column(model)) is not None:
            rows = rows.filter(**{column: organization.pk})
        found = rows.values_list("pk", flat=True).first()
    assert found is not None or organization is not None, f"{model._meta.label}: the world has no row of it"
    return found


def actions_of(model):
    """Return the names of the buttons of a model's pages, those in menus too."""
    for item in admin.site.get_model_admin(model).actions_detail:
        yield from item["items"] if isinstance(item, dict) else [item]


def tenant_column(model):
    """Return the column that says whose a row is, if there is one."""
    if model.__name__ == "Organization":
        return "pk"
    return next((f.attname for f in model._meta.fields if f.attname == "organization_id"), None)


def test_every_model_is_registered():
    assert [model._meta.label for model in OURS if not admin.site.is_registered(model)] == []


@pytest.mark.parametrize("role", [str(role) for role in CLIENT_ROLES])
def test_a_client_sees_nothing_of_a_neighbour(role, sign_in, world):
    left, stays = world
    seen = [model for model in OURS if admin.site.get_model_admin(model).viewing in MATRIX[role]]
    tried = set()
    for mine, other in ((left, stays), (stays, left)):
        client = sign_in(role, mine)
        for model in seen:
            pk = a_row(model, other) if tenant_column(model) else None
            if pk is None:
                continue
            tried.add(model.__name__)
            assert client.get(url(model, "change", pk)).status_code == 302, model
            for action in actions_of(model):
                for answer in (client.get(url(model, action, pk)), client.post(url(model, action, pk), CONFIRMED)):
                    assert answer.status_code in (403, 404), (model, action)
            assert other.name.encode() not in client.get(url(model, "changelist")).content, model
        assert other.name.encode() not in client.get(reverse("admin:index")).content
    assert tried == {model.__name__ for model in seen if tenant_column(model)}


def test_pages_are_read_only(sign_in):
    client = sign_in("administrator")
    for model in OURS:
        pk = a_row(model)
        assert client.post(url(model, "change", pk), {"status": "active"}).status_code == 403, model
        assert client.post(url(model, "delete", pk), {"post": "yes"}).status_code == 403, model


def test_no_page_shows_keys_salts_or_digests_of_tokens(sign_in):
    client = sign_in("administrator")
    for model in OURS:
        fields = _fields(client.get(url(model, "change", a_row(model))))
        shown = {name.removesuffix(IN_WORDS) for name, *_rest in fields}
        assert not shown & {"sealed", "wrapped", "wrapped_key", "salt", "identifiers", "identifiers_key", "password"}
        if model.__name__ == "ApiToken":
            assert "digest" not in shown


def _fields(response):
    for fieldset in response.context["adminform"]:
        for line in fieldset:
            for field in line:
                yield (field.field["name"],) if isinstance(field.field, dict) else (field.field.name,)


@pytest.mark.parametrize("query", ["q=%00", "q=abc", "o=99", "p=x", "e=1", "status__exact=%00", "q=%3Cb%3E"])
def test_lists_survive_odd_queries(query, sign_in):
    client = sign_in("administrator")
    asked = [model for model in OURS if _is_read(query, admin.site.get_model_admin(model))]
    assert len(asked) > 20
    for model in asked:
        assert client.get(f"{url(model, 'changelist')}?{query}").status_code in (200, 302, 400), (model, query)


def _is_read(query, of):
    """Say whether a list does anything with the query."""
    if query.startswith("q="):
        return bool(of.search_fields)
    return bool(of.list_filter) if query.startswith("status") else True


def test_the_history_of_an_object_is_the_trail(sign_in, world):
    _left, stays = world
    client = sign_in("administrator")
    answer = client.get(reverse("admin:accounts_organization_history", args=[stays.pk]), follow=True)
    assert answer.status_code == 200
    assert b"note.kept" in answer.content


def test_objects_that_do_not_exist_lead_back(sign_in):
    client = sign_in("administrator")
    for model in OURS:
        for pk in ("999999999", "x", "99999999999999999999999", "%00"):
            assert client.get(f"{url(model, 'changelist')}{pk}/change/").status_code == 302, (model, pk)
