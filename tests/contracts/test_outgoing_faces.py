"""The vendor's own notices by REST and in the admin."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts import tenancy
from accounts.models import AuditDetail, AuditEvent, Document
from contracts.models import OutgoingNotice
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import live_until
from tests.retention.vaults import an_organization
from tests.workflows import walk

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: at("2025-06-10"))


def post_file(call, path, **data):
    """Post a multipart body with the caller's token."""
    answer = Client().post(f"/api/v1/{path}", data, headers={"Authorization": f"Bearer {call._token}"})
    return answer.status_code, answer.json()


def a_slip(name="slip.txt", content=b"posted"):
    return SimpleUploadedFile(name, content, content_type="text/plain")


def test_a_notice_goes_its_way_by_rest():
    one, two = caller("contract_manager"), caller("contract_manager")
    contract = walk.draft(one, walk.register(caller("administrator"), 1, "one"), date(2025, 1, 1))
    one("POST", f"contracts/{contract}/sign")
    live_until("2025-06-10")
    body = {"contract": contract, "kind": "non_renewal", "channel": "registered_letter", "last_day": "2025-12-31"}
    row = one("POST", "outgoing-notices", body, expect=201)
    assert (row["status"], row["send_by"], row["last_day"]) == ("draft", "2025-09-25", "2025-12-31")
    path = f"outgoing-notices/{row['public_id']}"
    assert one("POST", f"{path}/approve", expect=409)["code"] == "needs_another_person"
    two("POST", f"{path}/approve")
    status, answer = post_file(one, f"{path}/send", sent_on="2025-06-03")
    assert (status, answer["errors"][0]["attr"]) == (400, "proof")
    status, answer = post_file(one, f"{path}/send", sent_on="2025-06-03", proof=a_slip(content=b""))
    assert (status, answer["errors"][0]["attr"]) == (400, "proof")
    status, answer = post_file(one, f"{path}/send", sent_on="2025-06-03", proof=a_slip())
    assert (status, answer["status"]) == (200, "sent")
    assert two("POST", f"{path}/receive", {"received_on": "2025-06-05"})["status"] == "given"
    (given,) = one("GET", f"contracts/{contract}/notices")
    assert (given["party"], given["judgment"], given["received_on"]) == ("vendor", "in_time", "2025-06-05")


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        pytest.param({"contract": "00000000-0000-0000-0000-000000000000"}, ("contract", "unknown_contract"), id="none"),
        pytest.param({"last_day": "2025-11-30"}, ("last_day", "not_an_end"), id="no-end-of-a-term"),
        pytest.param({"last_day": "9999-12-31"}, ("last_day", None), id="end-of-the-calendar"),
        pytest.param({"last_day": "0001-01-01"}, ("last_day", None), id="beginning-of-the-calendar"),
        pytest.param({"channel": "pigeon"}, ("channel", "invalid_choice"), id="unknown-channel"),
        pytest.param({"kind": None}, ("kind", "null"), id="no-kind"),
    ],
)
def test_bad_input_by_field(values, fault):
    call = caller("administrator")
    contract = walk.draft(call, walk.register(call, 1, "one"), date(2025, 1, 1))
    call("POST", f"contracts/{contract}/sign")
    body = {"contract": contract, "kind": "non_renewal", "channel": "email", "last_day": "2025-12-31", **values}
    answer = call("POST", "outgoing-notices", body, expect=400)
    found = {error["attr"]: error["code"] for error in answer["errors"]}
    assert fault[0] in found and fault[1] in (None, found[fault[0]])


def test_in_the_admin_with_the_late_one_on_the_dashboard(monkeypatch):
    contract = a_signed_contract(an_organization())
    live_until("2025-06-10")
    one, two = Client(), Client()
    one.force_login(a_member("contract_manager"))
    two.force_login(a_member("contract_manager"))
    add = reverse("admin:contracts_outgoingnotice_add")
    form = {"contract": contract.pk, "kind": "non_renewal", "channel": "registered_letter", "confirmed": "yes"}
    refused = one.post(add, {**form, "last_day": "2025-11-30"})
    assert "no notice ends the contract on this day" in refused.content.decode()
    assert one.post(add, form).status_code == 302
    with tenancy.vendor():
        row = OutgoingNotice.objects.get()

    def page(name):
        return reverse(f"admin:contracts_outgoingnotice_{name}", args=[row.pk])

    one.post(page("approve"), {"confirmed": "yes"})
    with tenancy.vendor():
        assert OutgoingNotice.objects.get().status == "draft"
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: at("2025-09-26"))
    table = next(t for t in one.get(reverse("admin:index")).context["tables"] if t.title == "Vendor's notices to send")
    assert [(line.late, line.cells[3]) for line in table.rows] == [(True, "25 Sep 2025, late")]
    assert two.post(page("approve"), {"confirmed": "yes"}).status_code == 302
    sent = {"sent_on": "2025-09-26", "received_on": "2025-09-26", "proof": a_slip(), "confirmed": "yes"}
    assert two.post(page("send"), sent).status_code == 302
    with tenancy.vendor():
        assert OutgoingNotice.objects.get().status == "given"
    assert "working days" in one.get(page("change")).content.decode()


def test_a_withdrawal_is_recorded_with_its_proof_and_its_reason():
    call = caller("administrator")
    contract = walk.draft(call, walk.register(call, 1, "one"), date(2025, 1, 1))
    call("POST", f"contracts/{contract}/sign")
    live_until("2025-06-10")
    notice = {"kind": "non_renewal", "channel": "email", "sent_on": "2025-06-05", "received_on": "2025-06-05"}
    call.with_file(f"contracts/{contract}/give-notice", notice, expect=201)
    path = f"contracts/{contract}/withdraw-notice"
    status, answer = post_file(call, path, proof=a_slip(content=b""))
    assert (status, answer["errors"][0]["attr"]) == (400, "proof")
    status, answer = post_file(call, path, proof=a_slip(), reason="Both changed their minds")
    assert (status, answer["ends_on"]) == (200, None)
    with tenancy.vendor():
        event = AuditEvent.objects.get(name="contract.notice_withdrawn")
        assert event.data["proof"] == str(Document.objects.latest("pk").public_id)
        assert AuditDetail.objects.get(event_id=event.pk).text == {"reason": "Both changed their minds"}
    assert call("POST", path, expect=409)["code"] == "not_under_notice"
