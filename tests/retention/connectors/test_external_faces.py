"""Stores beyond the vault by browser and by REST: nobody else's secret, nobody else's row, bad input told by field."""

import json

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts import tenancy
from retention.models import ExternalStore
from tests.api.callers import caller
from tests.retention.connectors.configured import SECRET, Asked, described
from tests.retention.connectors.test_service import KEY, Service
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture(autouse=True)
def on_this_machine(settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True


def test_by_rest_a_store_is_added_tested_changed_and_switched():
    administrator, service = caller("administrator"), Service()
    try:
        made = administrator("POST", "external-stores", described(settings={"url": service.url}), expect=201)
        assert "secret" not in made and made["has_secret"] is True and SECRET not in json.dumps(made)
        path = f"external-stores/{made['public_id']}"
        assert administrator("POST", f"{path}/test")["check_faults"] == []
        assert administrator("GET", path)["checked_at"] is not None
        wrong = administrator("PATCH", path, {"settings": {"url": "https://evil.example/"}}, expect=400)
        assert [error["attr"] for error in wrong["errors"]] == ["secret"]
        assert administrator("PATCH", path, {"holds": "More"})["holds"] == "More"
        assert administrator("POST", f"{path}/disable")["disabled_at"] is not None
        assert administrator("POST", f"{path}/disable", expect=409)["code"] == "store_unchanged"
        assert administrator("GET", "external-stores?enabled=false")["results"][0]["code"] == "product"
        assert administrator("GET", "external-stores?enabled=true")["results"] == []
        assert administrator("POST", "external-stores", described(), expect=409)["code"] == "code_taken"
    finally:
        service.close()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({**described(), "settings": {"url": "https://x\x00.example/"}}, id="nul-in-the-settings"),
        pytest.param({**described(), "settings": {"\x00": 1}}, id="nul-as-a-name"),
        pytest.param({**described(), "settings": "x"}, id="text"),
        pytest.param({**described(), "name": "\x00"}, id="nul-in-the-name"),
        pytest.param({**described(), "kind": "postgresql", "settings": {"tables": [[]]}}, id="table-is-a-list"),
        pytest.param({**described(), "kind": "s3", "settings": {"prefixes": [{}]}}, id="prefix-is-an-object"),
        pytest.param({**described(), "kind": "manual", "settings": {"days": 1e400}}, id="endless-days"),
        pytest.param({**described(), "secret": "\ud800"}, id="half-a-character"),
        pytest.param({}, id="nothing"),
    ],
)
def test_bad_input_by_rest_is_a_400(body):
    caller("administrator")("POST", "external-stores", body, expect=400)


def test_by_rest_somebody_attests_with_a_document():
    asked = Asked()
    asked.chunk()
    officer = caller("privacy_officer")
    (row,) = officer("GET", "manual-erasures")["results"]
    assert (row["organization"], row["attested_at"]) == (str(asked.organization.public_id), None)
    path = f"manual-erasures/{row['public_id']}/attest"
    officer("POST", path, {}, expect=400)
    assert caller("administrator")("POST", path, {}, expect=403)
    client = caller("client_privacy_officer", str(asked.organization.public_id))
    assert client("GET", "manual-erasures")["results"] == [row]
    stranger = caller("client_privacy_officer", str(an_organization().public_id))
    assert stranger("GET", "manual-erasures")["results"] == []
    stranger("GET", f"manual-erasures/{row['public_id']}", expect=404)


def page(row, name):
    return reverse(f"admin:retention_{type(row).__name__.lower()}_{name}", args=[row.pk])


def said(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_by_browser_a_store_is_added_tested_and_changed(client_of):
    administrator, service = client_of("administrator"), Service()
    try:
        form = {**described(settings=json.dumps({"url": service.url})), "position": "3", "confirmed": "yes"}
        add = reverse("admin:retention_externalstore_add")
        wrong = administrator.post(add, {**form, "settings": '{"url": "ftp://x"}'})
        assert "url: Write a URL that begins with https://." in str(wrong.context["form"].errors["settings"])
        assert SECRET not in wrong.content.decode(), "what was typed as a secret is not given back"
        slip = {**form, "settings": json.dumps({"url": service.url, "secs": 1, "seconds": 90})}
        french = administrator.post(add, slip, headers={"accept-language": "fr"})
        assert french.context["form"].errors["settings"] == [
            "seconds: Un nombre entier de 1 à 60.",
            "secs: Ce paramètre n'existe pas.",
        ]
        assert administrator.post(add, {**form, "settings": "{"}).context["form"].errors["settings"]
        assert administrator.post(add, form).status_code == 302
        with tenancy.vendor():
            store = ExternalStore.objects.get()
        shown = administrator.get(page(store, "change")).content.decode()
        assert "Not tested" in shown and service.url in shown and SECRET not in shown
        assert said(administrator.post(page(store, "test_connection"), {"confirmed": "yes"}))[-1] == (
            "The store answers, and its settings fit."
        )
        service.close()
        assert said(administrator.post(page(store, "test_connection"), {"confirmed": "yes"}))[-1] == "1 fault"
        assert "No connection" in administrator.get(page(store, "change")).content.decode()
        asked = administrator.get(page(store, "alter")).content.decode()
        assert SECRET not in asked and service.url in asked
        moved = {**form, "settings": '{"url": "https://evil.example/"}', "secret": ""}
        assert administrator.post(page(store, "alter"), moved).context["form"].errors["secret"]
        assert said(administrator.post(page(store, "disable"), {"confirmed": "yes"}))[-1] == "Switched 1 store off."
    finally:
        service.close()
    assert KEY


def test_by_browser_an_officer_attests_and_sees_what_is_to_be_done(client_of):
    asked = Asked()
    asked.chunk()
    row = asked.row()
    officer = client_of("privacy_officer")
    assert "Burn it." in officer.get(page(row, "change")).content.decode()
    client = client_of("client_privacy_officer", asked.organization)
    shown = client.get(page(row, "change"))
    assert shown.status_code == 200 and "Burn it." not in shown.content.decode()
    assert client.post(page(row, "attest"), {"confirmed": "yes"}).status_code == 403
    assert officer.post(page(row, "attest"), {"confirmed": "yes"}).context["form"].errors["document"]
    proof = {"document": SimpleUploadedFile("p.pdf", b"%PDF"), "confirmed": "yes"}
    assert said(officer.post(page(row, "attest"), proof))[-1] == "Attested 1 erasure."
    assert asked.row().attested_by == officer.user.actor
