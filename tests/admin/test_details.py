"""What detail pages explain: why a day, the life of a contract, where a deletion request stands, what a vault holds."""

from datetime import date

import pytest
from django.urls import reverse

from accounts import tenancy
from contracts.models import Contract
from retention.models import DeletionRequest, Vault
from tests.admin.world import a_client_that_left, a_client_that_stays
from tests.contracts.agreements import a_draft, a_signed_contract, at
from tests.retention.test_life import a_leaving_client, live_until, the_request
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"])


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: at("2025-06-15"))


def detail(client, obj):
    return client.get(reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk]))


def test_a_contract_says_why_its_last_day_for_notice_and_shows_its_life_by_local_days(sign_in):
    contract = a_signed_contract(an_organization())
    live_until(at("2025-01-02"))
    answer = detail(sign_in("finance"), contract)
    assert "3 months counted back from the last day, 31 Dec 2025, lead to 30 Sep 2025." in answer.content.decode()
    moments = [(moment.on, moment.text, moment.past) for moment in answer.context["timeline"]]
    assert [one for one in moments if one[0] < date(2026, 2, 1) and "Reminder" not in one[1]] == [
        (date(2024, 12, 1), "Concluded", True),
        (date(2025, 1, 1), "Term 1, last day 31 Dec 2025; 12000.00 EUR a year", True),
        (date(2025, 9, 30), "Last day to give notice", False),
        (date(2025, 10, 1), "The renewal becomes certain", False),
        (date(2026, 1, 1), "Renews: term 2, 12000.00 EUR a year", False),
    ]


def test_a_contract_under_notice_shows_its_inclusive_last_day(sign_in):
    organization = a_leaving_client()
    with tenancy.vendor():
        contract = Contract.objects.get(organization=organization)
    answer = detail(sign_in("finance"), contract)
    moments = {moment.text: moment.on for moment in answer.context["timeline"]}
    assert moments["Non-renewal notice (Client): In time"] == date(2025, 6, 1)
    assert moments["Last day of service"] == date(2025, 12, 31)
    assert not any("Renews" in text for text in moments) and answer.context["reasons"] == []
    assert ">1 Jan 2026" not in answer.content.decode()


def test_a_draft_promises_nothing(sign_in):
    draft = a_draft(an_organization())
    moments = [moment.text for moment in detail(sign_in("finance"), draft).context["timeline"]]
    assert moments == ["Concluded"]


def test_a_request_shows_where_it_stands_and_what_blocks_it(sign_in, monkeypatch):
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: at("2026-01-10"))
    answer = detail(sign_in("auditor"), the_request(organization))
    assert [stop.state for stop in answer.context["stepper"]] == ["current", *["ahead"] * 8]
    assert answer.context["blocks"] == [
        "The end of the collaboration is not confirmed.",
        "The erasure is not approved.",
        "The retrieval period still runs.",
        "The export is neither made nor waived.",
        "The archive is neither made nor declined.",
    ]


def test_a_certified_request_has_gone_its_way(sign_in):
    organization = a_client_that_left()
    answer = detail(sign_in("auditor"), the_request(organization))
    assert [stop.state for stop in answer.context["stepper"]] == [*["done"] * 7, "current", "ahead"]
    assert answer.context["blocks"] == []


def test_a_request_that_was_given_up_ends_there(sign_in):
    organization = a_leaving_client()
    live_until(at("2026-01-02"))
    with tenancy.vendor():
        DeletionRequest.objects.update(status="cancelled", closed_at=at("2026-01-11"))
    stops = detail(sign_in("auditor"), the_request(organization)).context["stepper"]
    assert [(stop.label, stop.state) for stop in stops] == [("Received", "done"), ("Cancelled", "current")]


def test_a_vault_tells_counts_and_nothing_else(sign_in):
    organization = a_client_that_stays()
    with tenancy.vendor():
        vault = Vault.objects.get(organization=organization)
    answer = detail(sign_in("support"), vault)
    counts = {str(name): count for name, count in answer.context["counts"]}
    assert counts.keys() == {"conversations", "messages", "context items", "diagnostics"}
    assert all(counts.values())


def test_pages_follow_the_readers_language(sign_in):
    client = sign_in("administrator")
    for language in ("fr", "pl", "en"):
        client.post("/i18n/setlang/", {"language": language})
        assert f'lang="{language}' in client.get(reverse("admin:index")).content.decode()
