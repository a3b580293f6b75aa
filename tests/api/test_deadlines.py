"""The calculator over REST: the same object as the command, for whoever is signed in; refusals name field and code."""

import json
from io import StringIO

import pytest

from accounts import tenancy
from accounts.models import AuditEvent
from accounts.rules.roles import VENDOR
from contracts.management import deadlines
from tests.api.callers import caller, send
from tests.contracts.calculator_faces import asked
from tests.workflows import walk

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
LINE = "switching notice_on=2026-12-01 notice=2m country=FR term_end=2026-12-31"


def test_it_answers_the_same_object_as_the_command_whatever_the_language():
    out = StringIO()
    assert deadlines.main([*LINE.split(), "--format", "json"], out=out) == 0
    rule, inputs = asked(LINE)
    call = caller("administrator")
    headers = {"Authorization": f"Bearer {call._token}", "Accept-Language": "fr"}
    status, raw = call._send("POST", "/api/v1/deadlines/compute", headers, json.dumps({"rule": rule, "inputs": inputs}))
    assert status == 200 and json.loads(raw) == json.loads(out.getvalue())


@pytest.mark.parametrize("role", ["authorised_contact", "contract_manager"])
def test_anybody_who_is_signed_in_may_ask(role):
    administrator = caller("administrator")
    home = None if role in VENDOR else walk.register(administrator, 1, "one")
    with tenancy.vendor():
        before = AuditEvent.objects.count()
    found = caller(role, home)(
        "POST",
        "deadlines/compute",
        {"rule": "term", "inputs": {"anchor": "2026-01-31", "first": "1m", "renewal": "1m", "number": 3}},
    )
    assert (found["starts_on"], found["last_day"], found["indefinite"]) == ("2026-03-31", "2026-04-29", False)
    with tenancy.vendor():
        assert AuditEvent.objects.count() <= before + 2  # the new person and token; the question leaves nothing


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        pytest.param('{"rule": "term", "inputs": {"first": "1y", "first": "2y"}}', "first", "duplicate", id="twice"),
        pytest.param('{"rule": "term", "inputs": {"first": NaN}}', None, "parse_error", id="no-json"),
        pytest.param("{", None, "parse_error", id="half"),
        pytest.param("[" * 100_000, None, "parse_error", id="deep"),
        pytest.param('["term"]', "rule", "not_an_object", id="a-list"),
        pytest.param("\xff", None, "parse_error", id="other-encoding"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(body, field, code):
    headers = {"Authorization": f"Bearer {caller('administrator')._token}"}
    status, raw = send("POST", "/api/v1/deadlines/compute", headers, body)
    assert status == 400
    assert {(error["attr"], error["code"]) for error in json.loads(raw)["errors"]} == {(field, code)}


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        pytest.param({"rule": "trem", "inputs": {}}, "rule", "unknown_rule", id="unknown-rule"),
        pytest.param({"rule": "term"}, "inputs", "required", id="no-inputs"),
        pytest.param({"inputs": {}}, "rule", "required", id="no-rule"),
        pytest.param({"rule": "term", "inputs": []}, "inputs", "not_a_dict", id="inputs-as-a-list"),
        pytest.param({"rule": "term", "inputs": {"x": "1"}}, "x", "unknown_input", id="unknown-input"),
        pytest.param({"rule": "term", "inputs": {}, "format": "json"}, "format", "unknown_input", id="unknown-key"),
        pytest.param({"rule": "term", "inputs": {}}, "anchor", "missing", id="missing"),
        pytest.param(
            {"rule": "indexation", "inputs": {"price": 99.5, "s0": "1"}}, "price", "not_text", id="amount-as-a-float"
        ),
        pytest.param(
            {"rule": "switching", "inputs": {"notice_on": "2026-12-01", "notice": "3m", "country": "FR"}},
            "notice",
            "over_two_months",
            id="refused-by-the-rule",
        ),
    ],
)
def test_wrong_input_names_its_field(body, field, code):
    found = caller("administrator")("POST", "deadlines/compute", body, expect=400)
    assert (found["status"], found["field"], found["code"]) == (400, field, code)
    assert found["type"] == "urn:terme:problem:invalid_input" and found["detail"]
    assert (found["errors"][0]["attr"], found["errors"][0]["code"]) == (field, code)
