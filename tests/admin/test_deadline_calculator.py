"""The calculator's page: every rule has its form, the answer its reasons, a fault stands beside its field."""

import pytest
from django.urls import reverse

from contracts.calculator import RULES
from tests.admin.world import a_whole_world

pytestmark = pytest.mark.django_db(databases=["default", "ledger"])
SWITCHING = {"rule": "switching", "notice_on": "2026-12-01", "notice": "2m", "country": "FR"}


def page(client, **query):
    return client.get(reverse("admin:contracts_deadline_calculator"), query)


@pytest.mark.parametrize("name", RULES)
def test_every_rule_has_a_form_with_its_inputs(name, sign_in):
    answer = page(sign_in("contract_manager"), rule=name)
    assert answer.status_code == 200
    assert list(answer.context["form"].fields) == [one.name for one in RULES[name].inputs]
    assert answer.context["found"] == [] and not answer.context["form"].errors


def test_the_answer_comes_with_its_reasons(sign_in):
    answer = page(sign_in("contract_manager"), **SWITCHING, completed_on="", erase_only="")
    assert ("End of the retrieval period", "2 Apr 2027") in answer.context["found"]
    assert any("until 3 Mar 2027" in reason for reason in answer.context["reasons"])
    assert b"Data Act" in answer.content


@pytest.mark.parametrize(("language", "said"), [("fr", "2 avril 2027"), ("pl", "2 kwietnia 2027")])
def test_it_speaks_the_readers_language(language, said, sign_in):
    client = sign_in("contract_manager")
    answer = client.get(
        reverse("admin:contracts_deadline_calculator"), SWITCHING, headers={"Accept-Language": language}
    )
    assert said in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        pytest.param({**SWITCHING, "notice": "3m"}, "notice", "over_two_months", id="refused-by-the-rule"),
        pytest.param({**SWITCHING, "notice_on": "tomorrow"}, "notice_on", "not_iso_date", id="no-day"),
        pytest.param({**SWITCHING, "country": ""}, "country", "required", id="missing"),
        pytest.param({**SWITCHING, "country": "<b>"}, "country", "unknown_country", id="html"),
        pytest.param({**SWITCHING, "erase_only": "perhaps"}, "erase_only", "Select a valid choice", id="no-choice"),
    ],
)
def test_a_fault_stands_beside_its_field(query, field, code, sign_in):
    answer = page(sign_in("contract_manager"), **query)
    assert answer.status_code == 200 and answer.context["found"] == []
    assert list(answer.context["form"].errors) == [field]
    assert code in str(answer.context["form"].errors[field]) and b"<b>" not in answer.content


def test_answers_without_a_day_and_with_an_instant_are_said(sign_in):
    client = sign_in("finance")
    found = dict(page(client, rule="term", anchor="2026-01-01", first="1y", number="2").context["found"])
    assert found == {"First day": "1 Jan 2027", "Last day": "no day", "Indefinite": "yes"}
    query = {"rule": "breach", "aware_at": "2026-10-23T18:00", "zone": "Europe/Paris", "hours": "72"}
    assert "2026-10-26T17:00:00+01:00" in page(client, **query).context["found"][0][1]
    query = {"rule": "availability", "month": "2026-06", "zone": "Europe/Paris", "target": "99.9", "incidents": ""}
    found = dict(page(client, **query, planned_in_denominator="true", planned="", tiers="").context["found"])
    assert (found["Minutes down"], found["Promise kept"]) == ("0", "yes")


def test_an_unknown_rule_shows_the_choice(sign_in):
    assert page(sign_in("auditor"), rule="<script>").context["rule"] is None


def test_the_sidebar_leads_there_for_clients_too_and_nobody_comes_without_sign_in(sign_in, client):
    _left, stays = a_whole_world()
    address = reverse("admin:contracts_deadline_calculator")
    member = sign_in("client_finance", stays)
    assert address in member.get(reverse("admin:index")).content.decode()
    assert page(member, **SWITCHING).status_code == 200
    assert page(client).status_code == 302
