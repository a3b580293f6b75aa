"""The import's page: nothing is written before the preview was confirmed; faults are shown by row and column."""

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts import tenancy
from accounts.models import LicensedUser, Organization
from contracts.models import Contract

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
HEAD = (
    "organization_name,country,time_zone,registration_number,contract_reference,concluded_on,starts_on,"
    "first_term_months,renewal_term_months,notice_length,notice_unit,annual_fee,currency,governing_law,"
    "user_external_id,user_email,user_display_name\n"
)
ROW = "Client,FR,Europe/Paris,123,C-1,2025-12-01,2026-01-01,12,12,3,months,12000.00,EUR,FR,a1,a@client.example,Ann\n"


def page():
    return reverse("admin:contracts_contract_import")


def upload(client, text, **data):
    file = SimpleUploadedFile("portfolio.csv", text if isinstance(text, bytes) else text.encode())
    return client.post(page(), {"file": file, **data})


def token_of(answer):
    return answer.context_data["token"]


def count():
    with tenancy.vendor():
        return Organization.objects.count(), Contract.objects.count(), LicensedUser.objects.count()


def test_a_portfolio_is_previewed_then_imported_then_the_same(sign_in):
    manager = sign_in("contract_manager")
    assert manager.get(page()).status_code == 200
    previewed = upload(manager, HEAD + ROW)
    assert [item["outcome"] for item in previewed.context_data["items"]] == ["new"] * 3
    assert count() == (0, 0, 0), "a preview writes nothing"
    done = manager.post(page(), {"confirmed": "yes", "token": token_of(previewed)})
    assert done.status_code == 302 and count() == (1, 1, 1)
    again = upload(manager, HEAD + ROW)
    assert {item["outcome"] for item in again.context_data["items"]} == {"unchanged"} and token_of(again) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(HEAD + ROW.replace("Europe/Paris", "Europe/Pariss"), "row 2, time_zone", id="unknown-zone"),
        pytest.param(HEAD + ROW.replace("12000.00", "12000.005"), "row 2, annual_fee", id="three-decimals"),
        pytest.param((HEAD + ROW.replace("Ann", "Anné")).encode("latin-1"), "not UTF-8", id="latin-1"),
        pytest.param(HEAD + ROW.replace("Client,", "<b>Client</b>,"), "row 2, organization_name", id="html"),
        pytest.param("nothing,here\n1,2\n", "file", id="unknown-columns"),
        pytest.param(b"\xd0\xcf\x11\xe0 old excel", "file", id="an-old-workbook"),
    ],
)
def test_a_fault_is_shown_with_row_and_column_and_cannot_be_confirmed(sign_in, text, said):
    answer = upload(sign_in("contract_manager"), text)
    assert any(said in error for error in answer.context_data["errors"]), answer.context_data["errors"]
    assert not answer.context_data["token"] and count() == (0, 0, 0)


def test_what_has_no_fault_is_imported_alone_where_that_was_chosen(sign_in):
    manager = sign_in("contract_manager")
    other = ROW.replace("Client,", "Other,").replace(",123,", ",124,").replace("Europe/Paris", "Nowhere")
    previewed = upload(manager, HEAD + ROW + other, partial="on")
    assert token_of(previewed)
    manager.post(page(), {"confirmed": "yes", "token": token_of(previewed)})
    assert count() == (1, 1, 1)


def test_a_preview_belongs_to_who_made_it_and_is_forgotten(sign_in):
    manager = sign_in("contract_manager")
    token = token_of(upload(manager, HEAD + ROW))
    sign_in("contract_manager").post(page(), {"confirmed": "yes", "token": token})
    assert count() == (0, 0, 0)
    cache.clear()
    answer = manager.post(page(), {"confirmed": "yes", "token": token}, follow=True)
    assert "choose it again" in answer.content.decode() and count() == (0, 0, 0)


@pytest.mark.parametrize("role", ["support", "finance", "auditor", "privacy_officer"])
def test_who_may_not_import_is_kept_out(sign_in, role):
    assert upload(sign_in(role), HEAD + ROW).status_code == 403
    assert count() == (0, 0, 0)


def test_the_file_does_not_bring_its_html_to_the_page(sign_in):
    answer = upload(sign_in("contract_manager"), HEAD + ROW.replace("C-1", "<script>alert(1)</script>"))
    assert b"<script>alert(1)" not in answer.content
