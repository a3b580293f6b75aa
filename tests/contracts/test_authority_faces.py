"""Whose act it is, by REST and in the admin: staff act for a client with its document, each right has one name."""

import pytest
from django.contrib.admin import site

from accounts import tenancy
from accounts.rules.permissions import MATRIX, Permission, is_vendor
from contracts.api.contracts import ContractResource
from contracts.enums import NoticeParty
from contracts.models import Contract, Notice, Termination
from tests.admin.conftest import sign_in
from tests.admin.test_actions import page, said
from tests.api.callers import caller
from tests.contracts.agreements import at
from tests.contracts.operations.lives import TERMINATION, fresh, give
from tests.contracts.operations.test_quotes import an_active_contract, make
from tests.contracts.test_outgoing_faces import a_slip, post_file

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
__all__ = ["sign_in"]


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: at("2025-03-10"))


def codes(answer):
    return {(error["attr"], error["code"]) for error in answer["errors"]}


def test_staff_accepts_a_quote_with_the_client_s_document_by_rest():
    contract = an_active_contract()
    quote, manager = make(contract), caller("contract_manager")
    path = f"quotes/{quote.public_id}/accept"
    assert codes(manager("POST", path, expect=409)) == {(None, "proof_needed")}
    assert fresh(contract).ends_on is None
    status, answer = post_file(manager, path, proof=a_slip())
    assert (status, answer["accepted_at"] is not None) == (200, True)
    with tenancy.vendor():
        assert Termination.objects.select_related("proof").get().proof.kind == "contract"


def test_the_vendor_s_own_convenience_is_refused_by_field():
    contract = an_active_contract()
    body = {"exit_on": "2025-06-30", "ground": "convenience", "party": "vendor"}
    answer = caller("contract_manager")("POST", f"contracts/{contract.public_id}/quotes", body, expect=400)
    assert codes(answer) == {("party", "not_this_side")}


def test_on_the_page_of_a_quote_only_staff_is_asked_for_the_document(sign_in):
    contract = an_active_contract()
    quote = make(contract)
    staff, member = sign_in("contract_manager"), sign_in("client_administrator", contract.organization)
    unproved = staff.post(page(quote, "accept"), {"confirmed": "yes"})
    assert "proof" in unproved.context["form"].errors and fresh(contract).ends_on is None
    assert "proof" not in member.get(page(quote, "accept")).context["form"].fields
    answer = staff.post(page(quote, "accept"), {"confirmed": "yes", "proof": a_slip()})
    assert said(answer)[-1] == "Accepted 1 quote."
    other = an_active_contract(reference="C-2")
    second = make(other)
    member = sign_in("client_administrator", other.organization)
    assert said(member.post(page(second, "accept"), {"confirmed": "yes"}))[-1] == "Accepted 1 quote."
    with tenancy.vendor():
        assert Termination.objects.select_related("proof").get(contract=other).proof.filename.startswith("quote-")


NOTICE = {"kind": "non_renewal", "channel": "letter", "sent_on": "2025-03-01", "received_on": "2025-03-03"}


def test_staff_records_a_client_s_notice_with_its_proof_and_never_the_vendor_s_own():
    contract = an_active_contract()
    manager, path = caller("contract_manager"), f"contracts/{contract.public_id}/give-notice"
    own = manager("POST", path, {**NOTICE, "party": "vendor"}, expect=409)
    assert codes(own) == {(None, "by_outgoing_notice")}
    assert codes(manager("POST", path, NOTICE, expect=400)) == {("proof", "missing")}
    with tenancy.vendor():
        assert not Notice.objects.exists()
    given = manager.with_file(path, NOTICE, expect=201)
    assert (given["party"], given["judgment"]) == ("client", "in_time")
    with tenancy.vendor():
        assert Notice.objects.select_related("proof").get().proof.kind == "notice_proof"


def test_the_page_of_a_notice_asks_staff_for_the_proof_and_for_no_side(sign_in):
    contract = an_active_contract()
    staff = sign_in("contract_manager")
    unproved = staff.post(page(contract, "give_notice"), {**NOTICE, "party": "vendor", "confirmed": "yes"})
    form = unproved.context["form"]
    assert "proof" in form.errors and "party" not in form.fields
    staff.post(page(contract, "give_notice"), {**NOTICE, "party": "vendor", "proof": a_slip(), "confirmed": "yes"})
    with tenancy.vendor():
        assert Notice.objects.get().party == "client"


def test_where_both_sides_gave_notice_the_page_and_the_interface_ask_which_is_taken_back(sign_in):
    contract = an_active_contract(mid_term_exit=True)
    vendors = give(contract, "2025-03-01", party=NoticeParty.VENDOR)
    clients = give(contract, "2025-03-02", kind=TERMINATION)
    staff, manager = sign_in("contract_manager"), caller("contract_manager")
    asked = staff.get(page(contract, "withdraw_notice"))
    assert "Client · 2025-03-02" in asked.content.decode()
    path = f"contracts/{contract.public_id}/withdraw-notice"
    unclear = manager.with_file(path, {"reason": ""}, expect=400)
    assert codes(unclear) == {("notices", "which_notice")}
    form = {"notices": [clients.pk], "proof": a_slip(), "confirmed": "yes"}
    assert said(staff.post(page(contract, "withdraw_notice"), form))[-1] == "Withdrew 1 notice."
    assert fresh(contract).ends_on == vendors.ends_on
    manager.with_file(path, {"notices": vendors.public_id})
    assert fresh(contract).ends_on is None


def test_a_withdrawal_is_the_vendor_s_to_record_and_cancelling_has_one_right_on_both_faces(sign_in):
    contract = an_active_contract()
    give(contract, "2025-03-01")
    home = contract.organization
    client, member = caller("client_administrator", str(home.public_id)), sign_in("client_administrator", home)
    client("POST", f"contracts/{contract.public_id}/withdraw-notice", {}, expect=403)
    assert member.get(page(contract, "withdraw_notice")).status_code == 403
    for role, granted in MATRIX.items():
        if not is_vendor(role):
            assert Permission.WITHDRAW_NOTICE not in granted, role
    by_page = {act.name: act.permission for act in site.get_model_admin(Contract).acts()}
    assert by_page["cancel"] == ContractResource.rights["cancel"]
    assert by_page["withdraw_notice"] == ContractResource.rights["withdraw_notice"]
