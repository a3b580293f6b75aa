"""A name that nothing reads, a blank and a repeated value are refused: they would leave out what was meant."""

import json

import pytest

from accounts import tenancy
from accounts.models import BulkJob
from retention.models import ArchiveAuthorization, DeletionRequest, Export
from tests.api.callers import caller, send
from tests.retention.under_contract import a_client, person

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def test_a_mistyped_name_does_not_widen_what_is_to_be_erased():
    organization = a_client()
    one = str(person(organization, "ann-1").public_id)
    body = {"organization": str(organization.public_id), "licenced_users": [one], "grond": "x"}
    refused = caller("client_administrator", str(organization.public_id))("POST", "deletion-requests", body, expect=400)
    assert [(error["attr"], error["code"]) for error in refused["errors"]] == [
        ("grond", "unknown_field"),
        ("licenced_users", "unknown_field"),
    ]
    with tenancy.vendor():
        assert not DeletionRequest.objects.exists()


def test_of_many_unknown_names_the_first_are_told_and_none_at_length():
    organization = a_client()
    body = {"organization": str(organization.public_id)} | {f"{n:02}{'x' * 500}": 1 for n in range(50)}
    refused = caller("client_administrator", str(organization.public_id))("POST", "deletion-requests", body, expect=400)
    assert len(refused["errors"]) == 20
    assert max(len(error["attr"]) for error in refused["errors"]) == 80


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("organisation=x", ("organisation", "unknown_field")),
        ("blocked=maybe", ("blocked", "invalid")),
        ("blocked=", ("blocked", "blank")),
        ("organization=%20", ("organization", "blank")),
        ("status=received&status=complete", ("status", "repeated")),
    ],
)
def test_a_filter_that_would_not_narrow_a_list_is_refused(query, fault):
    officer = caller("privacy_officer")
    refused = officer("GET", f"deletion-requests?page_size=10&{query}", expect=400)
    assert [(error["attr"], error["code"]) for error in refused["errors"]] == [fault]


def test_a_list_without_filters_refuses_one_and_takes_what_all_lists_take():
    officer = caller("privacy_officer")
    refused = officer("GET", "legal-holds?organization=x", expect=400)
    assert [(error["attr"], error["code"]) for error in refused["errors"]] == [("organization", "unknown_field")]
    assert officer("GET", "legal-holds?page_size=5&format=json")["results"] == []


@pytest.mark.parametrize("path", ["audit-package?from=2024-01-01&until=2025-01-01&", "commitments?", "trail/links?"])
def test_a_mistyped_name_in_a_query_does_not_widen_what_is_answered(path):
    refused = caller("auditor")("GET", f"{path}organisation=x", expect=400)
    assert [(error["attr"], error["code"]) for error in refused["errors"]] == [("organisation", "unknown_field")]


def test_a_mistyped_name_makes_no_export_of_everything_and_no_decision():
    organization = a_client()
    path = f"organizations/{organization.public_id}"
    contact = caller("client_administrator", str(organization.public_id))
    for what, body in (
        ("exports", {"licensed_users": ["x"]}),
        ("archive-authorization", {"granted": True, "until": 1}),
    ):
        refused = contact("POST", f"{path}/{what}", body, expect=400)
        assert [error["code"] for error in refused["errors"]] == ["unknown_field"]
    refused = contact("PATCH", f"{path}/access-policy", {"keep_second": 5}, expect=400)
    assert [error["code"] for error in refused["errors"]] == ["unknown_field"]
    with tenancy.vendor():
        assert not Export.objects.exists() and not ArchiveAuthorization.objects.exists()


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"statuses": ["invited"], "deparments": ["Sales"]}, ("deparments", "unknown_field")),
        ({"statuses": ["invited"], "departments": []}, ("departments", "empty")),
        ({"statuses": ["invited"], "external_ids": []}, ("external_ids", "empty")),
    ],
)
def test_bulk_work_for_some_is_none_for_all(body, fault):
    organization = a_client()
    path = f"organizations/{organization.public_id}/bulk-jobs"
    contact = caller("client_administrator", str(organization.public_id))
    refused = contact("POST", path, {"act": "suspend", "reason": "other", **body}, expect=400)
    assert fault in [(error["attr"], error["code"]) for error in refused["errors"]]
    with tenancy.vendor():
        assert not BulkJob.objects.exists()


def by_form(contact, path, *fields, key=None):
    """Send fields as multipart, each as often as it is named; return the status and what was answered."""
    lines = "".join(f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{value}\r\n' for n, value in fields)
    headers = {"Authorization": f"Bearer {contact._token}", "Content-Type": "multipart/form-data; boundary=b"}
    headers |= {"Idempotency-Key": key} if key else {}
    status, raw = send("POST", f"/api/v1/{path}", headers, f"{lines}--b--\r\n")
    return status, json.loads(raw)


def test_of_a_name_that_a_form_says_twice_neither_value_is_taken():
    organization = a_client()
    contact = caller("client_administrator", str(organization.public_id))
    fields = [("organization", organization.public_id), ("department", "Sales"), ("department", "Stock")]
    status, answer = by_form(contact, "deletion-requests", *fields)
    assert (status, [(one["attr"], one["code"]) for one in answer["errors"]]) == (400, [("department", "repeated")])
    with tenancy.vendor():
        assert not DeletionRequest.objects.exists()


def test_a_form_about_other_people_is_another_body_for_a_key_that_repeats():
    organization = a_client()
    contact = caller("client_administrator", str(organization.public_id))
    ann, ben, cyd = (str(person(organization, one).public_id) for one in ("ann-1", "ben-1", "cyd-1"))
    base = [("organization", organization.public_id), ("kind", "restrict")]
    one = [*base, ("licensed_users", ann), ("licensed_users", ben)]
    assert by_form(contact, "deletion-requests", *one, key="k")[0] == 201
    assert by_form(contact, "deletion-requests", *one, key="k")[0] == 201, "the first answer again"
    status, answer = by_form(contact, "deletion-requests", *base, ("licensed_users", cyd), one[-1], key="k")
    assert (status, answer["code"]) == (409, "idempotency_key_reused")
