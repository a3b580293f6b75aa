"""The page that says what leaving costs."""

from datetime import date

import pytest
from django.urls import reverse

from contracts.admin.days import said
from tests.contracts import test_last_terms_by_rest as last_terms
from tests.contracts.operations.lives import give, live_until
from tests.contracts.test_leaving_faces import EXIT, NOW, an_active_contract

pytestmark = pytest.mark.django_db(databases=["default", "ledger"])


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: NOW)


def test_the_page_draws_both_ways_and_says_why_they_step(sign_in):
    contract = an_active_contract(**EXIT)
    address = reverse("admin:contracts_contract_what_leaving_costs", args=[contract.pk])
    answer = sign_in("finance").get(address, {"year_starts_in": "7"})
    lines = answer.context["chart"]["lines"]
    assert [len(line.points.split()) for line in lines] == [1 + 2 * 729] * 2
    assert lines[0].changes[0].reasons == "the first day looked at"
    assert "a new term binds" in answer.content.decode()
    assert answer.context["years"][0][0] == "10 Feb 2026"


def test_the_page_of_a_contract_that_is_over_leads_back(sign_in):
    contract = an_active_contract()
    give(contract, "2025-02-01", recorded="2026-02-10")
    live_until(NOW)
    address = reverse("admin:contracts_contract_what_leaving_costs", args=[contract.pk])
    assert sign_in("finance").get(address).status_code == 302


@pytest.mark.parametrize(("live", "bound_until", "fees"), last_terms.LIVES)
def test_the_page_of_a_contract_after_its_first_term_shows_until_when_it_binds(
    sign_in, monkeypatch, live, bound_until, fees
):
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: last_terms.NOW)
    contract = live()
    address = reverse("admin:contracts_contract_what_leaving_costs", args=[contract.pk])
    answer = sign_in("finance").get(address)
    assert answer.status_code == 200
    assert answer.context["bound_until"] == said(date.fromisoformat(bound_until))
