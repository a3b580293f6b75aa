"""Bad input over REST: a problem that names each field, with a code; nothing half-written; keys that repeat safely."""

import json
import threading
import uuid
from datetime import date

import pytest
from django.db import connections

from accounts import tenancy
from accounts.api.rendering import FastJSONRenderer
from accounts.models import AuditEvent, Organization
from contracts.models import Contract
from tests.api.callers import caller
from tests.workflows import walk

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
ORGANIZATION = {
    "name": "Client",
    "country": "FR",
    "time_zone": "Europe/Paris",
    "registration_number": "R1",
}


@pytest.fixture
def administrator():
    return caller("administrator")


def problem(call, method, path, body, status=400):
    found = call(method, path, body, expect=status)
    assert found["status"] == status and found["type"].startswith("urn:terme:problem:")
    return {(error["attr"], error["code"]) for error in found["errors"]}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({"time_zone": "Europe/Pariss"}, ("time_zone", "unknown_time_zone"), id="unknown-zone"),
        pytest.param({"time_zone": "../etc/passwd"}, ("time_zone", "unknown_time_zone"), id="zone-as-a-path"),
        pytest.param({"country": "France"}, ("country", "max_length"), id="country-by-name"),
        pytest.param({"country": "fr"}, ("country", "unknown_country"), id="country-in-small-letters"),
        pytest.param({"name": "<b>Client</b>"}, ("name", "html"), id="html"),
        pytest.param({"name": "Cli\u202eent"}, ("name", "control_character"), id="text-direction"),
        pytest.param({"name": " "}, ("name", "blank"), id="blank"),
        pytest.param({"legal_category": "circus"}, ("legal_category", "unknown"), id="unknown-word"),
    ],
)
def test_a_wrong_organization_is_refused_by_field(administrator, changed, expected):
    assert problem(administrator, "POST", "organizations", {**ORGANIZATION, **changed}) == {expected}
    with tenancy.vendor():
        assert not Organization.objects.exists() and not AuditEvent.objects.filter(name="organization.created").exists()


def test_half_a_surrogate_pair_is_quoted_in_an_answer_that_is_json_in_utf_8(administrator):
    assert problem(administrator, "POST", "organizations", {**ORGANIZATION, "\udfff": 1}) == {
        ("\udfff", "unknown_field")
    }
    for accepted in ("application/json", "application/json; indent=2"):
        assert json.loads(FastJSONRenderer().render({"\udfff": "é\ud800"}, accepted)) == {"\udfff": "é\ud800"}


def test_a_nul_byte_is_refused(administrator):
    found = problem(administrator, "POST", "organizations", {**ORGANIZATION, "name": "Cli\x00ent"})
    assert {attr for attr, _code in found} == {"name"}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({"annual_fee": "12000.005"}, ("annual_fee", "too_many_decimals"), id="three-decimals"),
        pytest.param({"annual_fee": "-1"}, ("annual_fee", "negative"), id="negative"),
        pytest.param({"annual_fee": "NaN"}, ("annual_fee", "invalid"), id="nan"),
        pytest.param({"annual_fee": "1e400"}, ("annual_fee", None), id="astronomical"),
        pytest.param({"currency": "EURO"}, ("currency", "max_length"), id="currency-by-name"),
        pytest.param({"currency": "XYZ"}, ("currency", "unknown_currency"), id="unknown-currency"),
        pytest.param({"notice_length": 13}, ("notice_length", "longer_than_term"), id="notice-longer-than-term"),
        pytest.param({"first_term_months": 0}, ("first_term_months", "min_value"), id="no-term"),
        pytest.param({"time_zone": "Mars/Olympus"}, ("time_zone", "unknown_time_zone"), id="unknown-zone"),
        pytest.param({"starts_on": "31/01/2026"}, ("starts_on", "invalid"), id="date-in-another-form"),
        pytest.param({"starts_on": "9999-12-31"}, ("starts_on", None), id="end-of-the-calendar"),
        pytest.param({"reference": "<i>C</i>"}, ("reference", "html"), id="html-in-reference"),
        pytest.param({"governing_law": "UK"}, ("governing_law", "invalid_choice"), id="unknown-law"),
        pytest.param(
            {"organization": "00000000-0000-0000-0000-000000000000"},
            ("organization", "unknown_organization"),
            id="nobody",
        ),
    ],
)
def test_a_wrong_contract_is_refused_by_field(administrator, changed, expected):
    organization = walk.register(administrator, 1, "one")
    body = {
        "organization": organization,
        "reference": "C-1",
        "concluded_on": "2026-01-01",
        "starts_on": "2026-02-01",
        "governing_law": "FR",
        "first_term_months": 12,
        "renewal_term_months": 12,
        "notice_length": 3,
        "notice_unit": "months",
        "annual_fee": "12000.00",
        "currency": "EUR",
        **changed,
    }
    found = problem(administrator, "POST", "contracts", body)
    field, code = expected
    assert {attr for attr, _code in found} == {field}
    assert code is None or found == {expected}
    with tenancy.vendor():
        assert not Contract.objects.exists()


def test_people_are_taken_all_or_none_and_the_row_is_named(administrator):
    organization = administrator("POST", "organizations", ORGANIZATION, expect=201)["public_id"]
    person = {"external_id": "a", "email": "a@client.example", "display_name": "A"}
    path = f"organizations/{organization}/licensed-users"
    wrong = [person, {**person, "external_id": "b", "email": "nowhere"}, person]
    assert problem(administrator, "POST", path, wrong) == {
        ("row 2.email", "invalid_email"),
        ("row 3.external_id", "duplicate"),
    }
    assert administrator("GET", "licensed-users")["results"] == []


@pytest.mark.parametrize("body", ["{", "[]", '"x"', "null", '{"name": 3}', "\xff"])
def test_a_body_that_is_no_object_is_refused(administrator, body):
    headers = {"Authorization": f"Bearer {administrator._token}"}
    status, raw = administrator._send("POST", "/api/v1/organizations", headers, body)
    assert status == 400 and json.loads(raw)["status"] == 400


@pytest.mark.parametrize("body", ["[" * 50_000, "[" * 50_000 + "]" * 50_000, '{"name":' * 50_000 + "1" + "}" * 50_000])
def test_a_body_that_nests_too_deeply_is_refused(administrator, body):
    headers = {"Authorization": f"Bearer {administrator._token}", "Idempotency-Key": "deep"}
    status, raw = administrator._send("POST", "/api/v1/organizations", headers, body)
    assert status == 400 and json.loads(raw)["code"] == "parse_error"


@pytest.mark.parametrize("path", ["organizations", "deadlines/compute"])
def test_a_body_is_read_up_to_a_limit(administrator, path, settings):
    headers = {"Authorization": f"Bearer {administrator._token}", "Idempotency-Key": "long"}
    for length, answer in (
        (settings.DATA_UPLOAD_MAX_MEMORY_SIZE, 400),
        (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1, 413),
    ):
        body = json.dumps({**ORGANIZATION, "padding": ""})
        status, raw = administrator._send(
            "POST", f"/api/v1/{path}", headers, " " * (length - len(body)) + body[:-1] + "?"
        )
        assert status == answer and json.loads(raw)["code"] == {400: "parse_error", 413: "too_large"}[answer]


def test_a_form_of_too_many_fields_is_refused_as_a_problem():
    manager = caller("contract_manager")
    form = (
        "".join(f'--x\r\nContent-Disposition: form-data; name="f{n}"\r\n\r\n1\r\n' for n in range(1001)) + "--x--\r\n"
    )
    headers = {
        "Authorization": f"Bearer {manager._token}",
        "Content-Type": "multipart/form-data; boundary=x",
        "Idempotency-Key": "many",
    }
    status, raw = manager._send("POST", f"/api/v1/contracts/{uuid.uuid4()}/give-notice", headers, form)
    assert (status, json.loads(raw)["code"]) == (400, "parse_error")


def test_the_same_key_and_body_get_the_same_answer_and_another_body_is_refused(administrator):
    first = administrator("POST", "organizations", ORGANIZATION, expect=201, key="k1")
    assert administrator("POST", "organizations", ORGANIZATION, expect=201, key="k1") == first
    other = {**ORGANIZATION, "registration_number": "R2"}
    assert administrator("POST", "organizations", other, expect=409, key="k1")["code"] == "idempotency_key_reused"
    # The keys of another caller are another caller's.
    assert caller("administrator")("POST", "organizations", other, expect=201, key="k1")["name"] == "Client"
    assert administrator("POST", "organizations", ORGANIZATION, expect=409)["code"] == "organization_exists"


def test_a_refused_call_leaves_its_key_free(administrator):
    assert administrator("POST", "organizations", {**ORGANIZATION, "country": "??"}, expect=400, key="k1")
    assert administrator("POST", "organizations", ORGANIZATION, expect=201, key="k1")


def test_ten_at_once_with_one_key_register_one_client(administrator):
    answers = []

    def post():
        try:
            answers.append(administrator("POST", "organizations", ORGANIZATION, expect=201, key="k1"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=post) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 10 and len({answer["public_id"] for answer in answers}) == 1


def test_two_at_once_sign_once(administrator):
    organization = walk.register(administrator, 1, "one")
    contract = walk.draft(administrator, organization, date(2026, 2, 1))
    outcomes = []

    def sign():
        headers = {"Authorization": f"Bearer {administrator._token}"}
        try:
            outcomes.append(administrator._send("POST", f"/api/v1/contracts/{contract}/sign", headers, "{}")[0])
        finally:
            connections.close_all()

    threads = [threading.Thread(target=sign) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [200, 409, 409, 409]


def test_a_revoked_or_foreign_token_opens_nothing(administrator):
    for text in ("terme_wrong", "", "terme_" + "x" * 43):
        status, _raw = administrator._send("GET", "/api/v1/organizations", {"Authorization": f"Bearer {text}"}, None)
        assert status == 401


def test_lists_cost_the_same_for_two_rows_as_for_twenty(administrator, django_assert_max_num_queries):
    from django.test.utils import CaptureQueriesContext

    organization = walk.register(administrator, 1, "one")
    paths = ("organizations", "licensed-users?page_size=2", "contracts", "audit-events?page_size=2")
    counts = []
    for number in (2, 20):
        for n in range(number):
            walk.draft(administrator, organization, date(2026, 2, 1), reference=f"C-{number}-{n}")
        found = []
        for path in paths:
            with CaptureQueriesContext(connections["default"]) as queries:
                administrator("GET", path.replace("page_size=2", f"page_size={number}"))
            found.append(len(queries))
        counts.append(found)
    assert counts[0] == counts[1]


def test_a_client_gives_notice_through_the_portal_today_whatever_it_says(administrator):
    organization = walk.register(administrator, 1, "one")
    contract = walk.draft(administrator, organization, date(2024, 1, 1), renewal_term_months=12)
    administrator("POST", f"contracts/{contract}/sign")
    contact = caller("authorised_contact", organization)
    body = {"kind": "non_renewal", "channel": "registered_letter", "sent_on": "2024-02-01", "received_on": "2024-02-01"}
    notice = contact("POST", f"contracts/{contract}/give-notice", body, expect=201)
    assert (notice["channel"], notice["sent_on"]) == ("portal", notice["received_on"])
    assert notice["sent_on"] > "2026-01-01", "no day in the past voids a year that runs"


def test_staff_record_a_clients_agreement_only_with_a_proof(administrator):
    organization = walk.register(administrator, 1, "one")
    path = f"organizations/{organization}/archive-authorization"
    assert problem(administrator, "POST", path, {"granted": True}, 409) == {(None, "proof_needed")}
    administrator("POST", path, {"granted": False}, expect=201)
    caller("client_administrator", organization)("POST", path, {"granted": True}, expect=201)
