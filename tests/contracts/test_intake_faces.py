"""The inbox by REST and in the admin."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts import tenancy
from contracts.models import Intake, Notice
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import live_until
from tests.contracts.test_letter_reader import a_pdf
from tests.contracts.test_outgoing_faces import post_file
from tests.retention.vaults import an_organization
from tests.workflows import walk

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: at("2025-06-10"))


def a_file(data, name="notice.pdf"):
    return SimpleUploadedFile(name, data, content_type="application/pdf")


def test_a_pdf_is_dropped_found_and_confirmed():
    call = caller("contract_manager")
    organization = walk.register(caller("administrator"), 1, "one")
    contract = walk.draft(call, organization, date(2025, 1, 1), reference="ABC-77")
    call("POST", f"contracts/{contract}/sign")
    live_until("2025-06-10")
    status, dropped = post_file(call, "intakes", file=a_file(a_pdf("We terminate ABC-77")), received_on="2025-06-09")
    assert (status, dropped["suggested"], dropped["state"]) == (201, "termination", "new")
    assert dropped["candidates"][0]["contracts"] == [contract]
    path = f"intakes/{dropped['public_id']}"
    body = {"organization": organization, "contracts": [contract], "kind": "termination"}
    refused = call("POST", f"{path}/confirm", body, expect=400)
    assert [(error["attr"], error["code"]) for error in refused["errors"]] == [("entitled", "not_verified")]
    done = call("POST", f"{path}/confirm", {**body, "entitled": True})
    assert (done["state"], len(done["notices"])) == ("confirmed", 1)
    assert call("POST", f"{path}/confirm", {**body, "entitled": True}, expect=409)["code"] == "intake_not_in_that_state"
    (given,) = call("GET", f"contracts/{contract}/notices")
    assert given["received_on"] == "2025-06-09"


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        pytest.param({}, ("file", "blank"), id="nothing"),
        pytest.param({"file": a_file(b"")}, ("file", "empty"), id="empty-file"),
        pytest.param({"file": a_file(b"PK\x03\x04 zip")}, ("file", "not_a_pdf"), id="not-what-it-says"),
        pytest.param({"file": a_file(a_pdf(""))}, ("file", "no_text"), id="a-scan"),
        pytest.param({"text": "hello", "received_on": "2025-06-12"}, ("received_on", "in_the_future"), id="tomorrow"),
        pytest.param({"text": "hello", "received_on": "x"}, ("received_on", "invalid"), id="no-date"),
        pytest.param(
            {"text": "hello", "answers": "00000000-0000-0000-0000-000000000000"},
            ("answers", "unknown_intake"),
            id="answers-nothing",
        ),
    ],
)
def test_bad_input_by_field(data, fault):
    status, answer = post_file(caller("administrator"), "intakes", **data)
    assert status == 400
    assert fault in {(error["attr"], error["code"]) for error in answer["errors"]}
    with tenancy.vendor():
        assert not Intake.objects.exists()


def test_a_text_as_json_is_asked_back_and_rejected():
    call = caller("administrator")
    organization = walk.register(call, 1, "one")
    first = call("POST", "intakes", {"text": "Hello?"}, expect=201)
    second = call("POST", "intakes", {"text": "Hello!"}, expect=201)
    assert (
        call("POST", f"intakes/{first['public_id']}/ask-back", {"organization": organization})["state"] == "asked_back"
    )
    assert call("POST", f"intakes/{second['public_id']}/reject", {"reason": "spam"})["state"] == "rejected"
    answer = call("POST", "intakes", {"text": "We terminate", "answers": first["public_id"]}, expect=201)
    assert answer["answers"] == first["public_id"]


def test_in_the_admin_with_a_card_on_the_dashboard():
    organization = an_organization(name="Zoé SAS")
    contract = a_signed_contract(organization, reference="ZOE-1")
    live_until("2025-06-10")
    client = Client()
    client.force_login(a_member("contract_manager"))
    add = reverse("admin:contracts_intake_add")
    assert "Drop a file, or paste a text." in client.post(add, {"confirmed": "yes"}).content.decode()
    assert client.post(add, {"confirmed": "yes", "text": "Nous résilions ZOE-1"}).status_code == 302
    with tenancy.vendor():
        intake = Intake.objects.get()
    table = next(t for t in client.get(reverse("admin:index")).context["tables"] if t.title == "Letters to decide on")
    assert [line.cells[2] for line in table.rows] == ["Notice of termination"]
    page = client.get(reverse("admin:contracts_intake_change", args=[intake.pk])).content.decode()
    assert "Nous résilions ZOE-1" in page and "sender not verified" in page
    confirm = reverse("admin:contracts_intake_confirm", args=[intake.pk])
    assert f'<option value="{contract.pk}" selected>' in client.get(confirm).content.decode()
    form = {"organization": organization.pk, "contracts": [contract.pk], "kind": "termination", "confirmed": "yes"}
    assert client.post(confirm, form).status_code == 200, "who is entitled must be said"
    done = client.post(confirm, {**form, "entitled": "yes"})
    assert done.status_code == 302, done.context["form"].errors
    with tenancy.vendor():
        assert Notice.objects.get().judgment == "in_time"
