"""What acts on a contract refuse is said beside its field in the reader's language, days as the reader writes them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import formats, translation

from accounts.wording import worded
from contracts import explain
from contracts.rules.days import check_day
from contracts.rules.errors import InvalidInput
from contracts.rules.leaving import parse_rate
from contracts.rules.money import parse_amount
from contracts.rules.validation import Problem
from tests.contracts.agreements import a_signed_contract, at
from tests.retention.test_life import live_until
from tests.retention.vaults import an_organization

NOTICE = {"kind": "non_renewal", "channel": "email", "sent_on": "2025-02-01", "entitled": "on", "received_on": ""}
ENDING = {"ground": "agreement", "party": "client", "declared_on": "2025-02-01", "last_day": "2025-02-15", "agreed": ""}
TODAY = "Nous sommes le {today} dans le fuseau du contrat."
FAULTS = [
    ("give_notice", {**NOTICE, "sent_on": "2099-01-01"}, "sent_on", TODAY),
    ("give_notice", {**NOTICE, "received_on": "2099-01-01"}, "received_on", TODAY),
    ("give_notice", {**NOTICE, "sent_on": "2001-01-01"}, "sent_on", "Le contrat n'était pas encore conclu."),
    ("terminate", {**ENDING, "last_day": "2025-01-15"}, "last_day", "Le dernier jour est antérieur à la déclaration."),
    (
        "terminate",
        {**ENDING, "declared_on": "2099-01-01", "last_day": "2099-02-01"},
        "declared_on",
        "Nous sommes le {today}.",
    ),
    ("amend", {"valid_from": "2027-06-01", "agreed_on": "2099-01-01", "seats": "900"}, "agreed_on", TODAY),
    ("amend", {"valid_from": "2027-06-01", "agreed_on": "2025-02-01"}, "__all__", "Rien ne change."),
    ("set_reminders", {"reminder_leads": "0"}, "reminder_leads", "de 1 à 730 jours"),
    ("set_reminders", {"reminder_leads": "30, 30"}, "reminder_leads", "chaque délai une seule fois"),
    ("record_reminder", {"sent_on": "2099-01-01"}, "sent_on", "Entre le premier jour du contrat et aujourd'hui."),
    (
        "quote",
        {"exit_on": "2025-02-01", "ground": "", "party": "client"},
        "exit_on",
        "on ne quitte pas un contrat avant aujourd'hui",
    ),
    (
        "suspend",
        {"reason": "agreement", "resumes_on": "2020-01-01"},
        "resumes_on",
        "Le service reprend un jour ultérieur.",
    ),
    ("withdraw_notice", {}, "__all__", "Aucune dénonciation en vigueur ne peut être retirée."),
    ("resume", {}, None, "Le contrat n'est pas suspendu."),
    ("cancel", {}, None, "L'état du contrat ne le permet pas."),
]


@pytest.mark.django_db(databases=["default", "ledger"])
@pytest.mark.parametrize(("act", "data", "field", "said"), FAULTS)
def test_an_act_says_what_is_wrong_in_french(sign_in, act, data, field, said):
    contract = a_signed_contract(an_organization())
    live_until(at("2025-03-01"))
    client = sign_in("administrator")
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "fr"
    url = reverse(f"admin:contracts_contract_{act}", args=[contract.pk])
    proof = SimpleUploadedFile("letter.txt", b"signed")
    answer = client.post(url, {**filled(client.get(url)), **data, "proof": proof, "confirmed": "yes"})
    with translation.override("fr"):
        day = formats.date_format(datetime.now(UTC).astimezone(ZoneInfo(contract.time_zone)).date(), "DATE_FORMAT")
    expected = said.format(today=day)
    if field is None:
        assert [str(one) for one in answer.wsgi_request._messages] == [expected]
    else:
        assert dict(answer.context["form"].errors) == {field: [expected]}


def filled(answer):
    """Return what a page's form holds before anybody changes it."""
    form = answer.context["form"]
    found = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    return {name: value for name, value in found.items() if value is not None and value is not False}


@pytest.mark.parametrize(
    ("ask", "french", "polish"),
    [
        (
            lambda: parse_amount("1.234", "EUR"),
            "EUR a 2 décimales",
            "EUR ma miejsc po przecinku: 2",
        ),
        (
            lambda: check_day(date(1, 1, 1)),
            "hors de l'intervalle du 1 janvier 0002 au 31 décembre 9998",
            "poza zakresem od 1 stycznia 0002 do 31 grudnia 9998",
        ),
        (
            lambda: parse_rate("2"),
            "un taux est d'au plus 1, soit 100 %",
            "stawka wynosi najwyżej 1, czyli 100 %",
        ),
    ],
)
def test_a_rules_sentence_is_said_with_what_stands_in_it(ask, french, polish):
    with pytest.raises(InvalidInput) as refused:
        ask()
    said = explain.said(refused.value)
    assert said == refused.value.detail
    for language, expected in (("fr", french), ("pl", polish)):
        with translation.override(language):
            assert worded(said) == expected


@pytest.mark.parametrize(("language", "day"), [("fr", "15 juin 2025"), ("pl", "15 czerwca 2025")])
def test_a_day_in_what_is_wrong_with_a_contracts_field_is_written_as_the_reader_writes_it(language, day):
    found = explain.problem(Problem("paid_until", "ends_before_it_starts", {"starts_on": date(2025, 6, 15)}))
    assert found.message == "The end is before the start, 2025-06-15."
    with translation.override(language):
        assert day in worded(found.message)
