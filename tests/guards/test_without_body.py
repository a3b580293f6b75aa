"""An act that reads no body says so, and then refuses one: whoever sends something means it."""

import re
from pathlib import Path

import pytest
import yaml

from accounts import tenancy
from retention.models import DeletionRequest
from tests.api.callers import caller
from tests.guards.test_access import routes
from tests.retention.under_contract import a_client, person

ROOT = Path(__file__).resolve().parent.parent.parent


def acts():
    """Yield each POST of the interface: its path, its handler, and whether a body is documented."""
    documented = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text())["paths"]
    for route, view in routes():
        name = getattr(view, "actions", {"post": "post"}).get("post")
        path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
        if route.startswith("api/v1/") and name and hasattr(view.cls, name) and "post" in documented.get(path, {}):
            yield path, getattr(view.cls, name), "requestBody" in documented[path]["post"]


def test_every_act_without_a_body_refuses_one():
    found = list(acts())
    assert len(found) > 100
    wrong = [path for path, handler, body in found if body is getattr(handler, "takes_no_body", False)]
    assert not wrong, f"mark these `@without_body(responses=…)`, or document their bodies: {wrong}"


@pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
def test_what_is_sent_to_an_act_without_a_body_is_named_and_nothing_is_done():
    organization = a_client()
    ann = str(person(organization, "ann-1").public_id)
    officer, contact = caller("privacy_officer"), caller("client_administrator", str(organization.public_id))
    body = {"organization": str(organization.public_id), "licensed_users": [ann]}
    asked = contact("POST", "deletion-requests", body, expect=201)
    path = f"deletion-requests/{asked['public_id']}"
    refused = officer("POST", f"{path}/approve", {"note": "x", "licensed_users": [ann]}, expect=400)
    assert [(error["attr"], error["code"]) for error in refused["errors"]] == [
        ("licensed_users", "unknown_field"),
        ("note", "unknown_field"),
    ]
    with tenancy.vendor():
        before = DeletionRequest.objects.get().status
    assert contact("GET", path)["status"] == before == asked["status"]
    assert officer("POST", f"{path}/approve", {})["status"] == "approved"
