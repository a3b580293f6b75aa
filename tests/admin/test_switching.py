"""Switching in the admin: staff are asked for day and proof, a client's member acts here and now."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts import tenancy
from contracts.models import SwitchingAct, SwitchingCase
from tests.admin.test_actions import act, buttons, fresh, page, said
from tests.contracts.agreements import at
from tests.contracts.operations.switches import an_active_contract, opened

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture
def at_noon(monkeypatch):
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: at("2026-12-05"))


def letter():
    return SimpleUploadedFile("letter.pdf", b"%PDF", content_type="application/pdf")


def test_staff_open_a_case_with_its_proof_and_see_why(sign_in, at_noon):
    contract = an_active_contract()
    client = sign_in("contract_manager")
    add = reverse("admin:contracts_switchingcase_add")
    form = {"contract": contract.pk, "kind": "provider", "destination": "Else", "confirmed": "yes"}
    unproved = client.post(add, {**form, "received_on": "2026-12-01"})
    assert unproved.status_code == 200 and "proof" in unproved.context["form"].errors
    answer = client.post(add, {**form, "received_on": "2026-12-01", "proof": letter()})
    assert said(answer) == ["Switching case opened."]
    with tenancy.vendor():
        case = SwitchingCase.objects.select_related("contract").get()
    shown = client.get(page(case, "change")).content.decode()
    assert "3 Apr 2027" in shown and "Why these dates" in shown
    assert buttons(client, case) == {"complete", "extend", "tell-unfeasible", "withdraw", "record-charge"}


def test_an_act_of_staff_takes_its_day_and_proof(sign_in, at_noon):
    case = opened(an_active_contract())
    client = sign_in("administrator")
    told = {"length": "6", "unit": "months", "reasons": "40 TB", "told_on": ""}
    answer = act(client, case, "tell_unfeasible", **told)
    assert said(answer)[-1] == "Told 1 customer."
    done = {"completed_on": "2026-12-04", "proof": letter(), "confirmed": "yes"}
    assert said(client.post(page(case, "complete"), done))[-1] == "Completed 1 switch."
    assert fresh(case).status == "completed"
    with tenancy.vendor():
        assert SwitchingAct.objects.get(step="completed").proof is not None
    assert buttons(client, case) == {"record-charge"}


def test_a_member_acts_without_proof_and_only_for_its_side(sign_in, at_noon):
    contract = an_active_contract()
    client = sign_in("client_administrator", contract.organization)
    add = reverse("admin:contracts_switchingcase_add")
    answer = client.post(add, {"contract": contract.pk, "kind": "provider", "destination": "", "confirmed": "yes"})
    assert said(answer) == ["Switching case opened."]
    with tenancy.vendor():
        case = SwitchingCase.objects.get()
    assert buttons(client, case) == {"complete", "extend"}
    assert client.post(page(case, "withdraw"), {"confirmed": "yes"}).status_code == 403
    assert said(act(client, case, "complete"))[-1] == "Completed 1 switch."
    assert str(fresh(case).completed_on) == "2026-12-05"


def test_a_refusal_stands_above_the_form(sign_in, monkeypatch):
    case = opened(an_active_contract())
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: at("2026-12-30"))
    client = sign_in("contract_manager")
    told = {"length": "6", "unit": "months", "reasons": "40 TB", "told_on": "", "confirmed": "yes"}
    answer = client.post(page(case, "tell_unfeasible"), told)
    assert answer.status_code == 200
    assert "The 14th working day after the request has passed." in answer.content.decode()
