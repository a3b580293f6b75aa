"""Renewal offers: compared, sent, accepted once and in time; none stops a tacit renewal, only a signed stay does."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts import tenancy
from accounts.errors import InvalidInput, Refused
from accounts.models import Document
from accounts.operations.sweeping import SYSTEM
from contracts import sweeps
from contracts.models import RenewalOffer
from contracts.operations import offers, stays
from tests.accounts.parties import at_once as together
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import IN_ORDER, MANAGER, at_once, fresh, give, live_until, terms_of, trail
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
AMENDING = (sweeps.start_all, sweeps.amend_all, *IN_ORDER[1:], sweeps.expire_all)
NOW = at("2025-08-01")
DEARER = {"annual_fee": Decimal("13000.00"), "seats": 40}


def an_active_contract(**values):
    """Return a contract of 2025 and on, whose last day for notice is 30 September."""
    found = a_signed_contract(an_organization(), **values)
    live_until("2025-01-02")
    return fresh(found)


def made(contract, now=NOW, values=DEARER, until="2025-11-30"):
    with tenancy.vendor():
        return offers.make(contract, values=values, valid_until=date.fromisoformat(until), now=now, by=MANAGER)


def sent(contract, **values):
    offer = made(contract, **values)
    with tenancy.vendor():
        return offers.send(offer, now=NOW, by=MANAGER)


def accept(offer, now=NOW, **values):
    with tenancy.vendor():
        return offers.accept(offer, now=at(now) if isinstance(now, str) else now, by="user:client", **values)


def refused(act):
    with pytest.raises(Refused) as raised:
        act()
    return raised.value.code


def stored(offer):
    with tenancy.vendor():
        return RenewalOffer.objects.get(pk=offer.pk)


def fees(contract):
    with tenancy.vendor():
        return [f"{fee:.2f}" for fee in contract.terms.order_by("number").values_list("fee", flat=True)]


def a_proof(contract):
    with tenancy.vendor():
        return Document.objects.create(
            organization=contract.organization,
            kind="contract",
            filename="stay.pdf",
            content_type="application/pdf",
            size=1,
            sha256="0" * 64,
            wrapped_key=b"k",
            key_version=1,
            created_at=NOW,
        )


def stay(contract, until, now="2025-09-01"):
    with tenancy.vendor():
        return stays.agree(contract, until=date.fromisoformat(until), proof=a_proof(contract), now=at(now), by=MANAGER)


# Offers.


def test_the_old_and_the_new_stand_side_by_side():
    offer = made(an_active_contract(), values={**DEARER, "notice_length": 3})
    found = offers.comparison(offer)
    assert {row.field: (row.old, row.new) for row in found.changes} == {
        "annual_fee": ("12000.00", "13000.00"),
        "seats": (None, 40),
    }
    assert (found.fee_difference, found.percent) == (Decimal(1000), Decimal("8.33"))
    assert (offer.number, offer.starts_on, offer.state) == (2, date(2026, 1, 1), "draft")


def test_accepted_it_is_the_next_terms_and_the_running_one_keeps_its_own():
    contract = an_active_contract()
    offer = accept(sent(contract), now="2025-11-30")
    assert (offer.state, offer.closed_by) == ("accepted", "user:client")
    assert fresh(contract).annual_fee == Decimal(12000)
    live_until("2026-01-02", order=AMENDING)
    assert fees(contract) == ["12000.00", "13000.00"]
    assert fresh(contract).seats == 40


def test_an_open_offer_never_stops_the_tacit_renewal():
    contract = an_active_contract()
    offer = sent(contract)
    live_until("2026-01-02", order=AMENDING)
    assert terms_of(contract)[-1] == (2, "2026-01-01", "2027-01-01")
    assert fees(contract) == ["12000.00", "12000.00"]
    assert stored(offer).state == "expired"


def test_while_an_offer_is_open_the_renewal_becomes_certain_and_the_next_term_begins():
    contract = an_active_contract()
    offer = sent(contract, until="2025-12-31")
    live_until("2025-10-01")
    assert [number for number, *_days in terms_of(contract)] == [1, 2], "the last day for notice is over"
    live_until("2026-01-01")  # nobody has closed the offer yet
    assert (stored(offer).state, fresh(contract).term_number) == ("sent", 2)


@pytest.mark.parametrize("now", ["2025-11-30", "2025-12-01"])
def test_it_is_accepted_until_its_last_day_in_the_contracts_zone(now):
    offer = sent(an_active_contract())
    if now == "2025-11-30":
        assert accept(offer, now=at(now, 22)).state == "accepted"  # eleven in the evening, in Paris
    else:
        assert refused(lambda: accept(offer, now=at("2025-11-30", 23))) == "offer_not_open"


@pytest.mark.parametrize(
    ("values", "until", "field", "code"),
    [
        ({}, "2025-11-30", "values", "nothing_changes"),
        ({"annual_fee": Decimal("12000.00")}, "2025-11-30", "values", "nothing_changes"),
        ({"reference": "X"}, "2025-11-30", "reference", "unknown_clause"),
        ({"annual_fee": Decimal("-1.00")}, "2025-11-30", "annual_fee", "negative"),
        ({"annual_fee": Decimal("1.001")}, "2025-11-30", "annual_fee", "too_many_decimals"),
        ({"notice_length": 13}, "2025-11-30", "notice_length", "longer_than_term"),
        (DEARER, "2025-07-31", "valid_until", "in_the_past"),
        (DEARER, "2026-01-01", "valid_until", "after_the_start"),
    ],
)
def test_an_offer_is_checked(values, until, field, code):
    contract = an_active_contract()
    with pytest.raises(InvalidInput) as raised:
        made(contract, values=values, until=until)
    assert [(error.field, error.code) for error in raised.value.errors] == [(field, code)]


def test_what_is_not_open_is_refused():
    contract = an_active_contract()
    draft = made(contract)
    assert refused(lambda: made(contract)) == "offer_stands"
    assert refused(lambda: accept(draft)) == "offer_not_open"
    with tenancy.vendor():
        offers.withdraw(draft, now=NOW, by=MANAGER)
        for act in (offers.withdraw, offers.send):
            assert refused(lambda act=act: act(draft, now=NOW, by=MANAGER)) == "offer_not_open"
    offer = sent(contract)
    assert refused(lambda: accept(offer, for_client=True)) == "proof_needed"
    assert accept(offer, for_client=True, proof=a_proof(contract)).accepted_proof is not None
    assert refused(lambda: made(contract)) == "offer_stands"
    with tenancy.vendor():
        assert refused(lambda: offers.expire(offer, now=at("2026-01-01"), by=SYSTEM)) == "offer_not_open"


def test_under_notice_nothing_is_offered_and_nothing_accepted():
    contract = an_active_contract()
    offer = sent(contract)
    give(contract, "2025-09-01")
    assert refused(lambda: accept(offer, now="2025-09-02")) == "offer_not_open"
    assert refused(lambda: made(fresh(contract), now=at("2025-09-02"))) == "no_renewal"


def test_two_accept_once():
    contract = an_active_contract()
    offer = sent(contract)
    done, codes = at_once(lambda: offers.accept(offer, now=NOW, by="user:client"))
    assert (done, codes) == (1, ["offer_not_open"])
    with tenancy.vendor():
        assert contract.amendments.count() == 1
    assert trail(offer)[0]["offer.accepted"] == 1


def test_acceptance_and_expiry_at_once_leave_one_of_them():
    offer = sent(an_active_contract())
    late = at("2025-11-30", 23)

    def accepting():
        with tenancy.vendor():
            return offers.accept(offer, now=at("2025-11-30", 22), by="user:client").state

    def expiring():
        with tenancy.vendor():
            return offers.expire(offer, now=late, by=SYSTEM).state

    found = together(accepting, expiring)
    won = [one for one in found if isinstance(one, str)]
    lost = [one for one in found if isinstance(one, Refused)]
    assert (len(won), len(lost)) == (1, 1), found
    assert stored(offer).state == won[0]


# Stays.


def test_a_stay_holds_the_renewal_back_and_it_takes_place_afterwards_without_a_gap():
    contract = an_active_contract()
    stayed = stay(contract, "2026-02-10")
    assert (stayed.last_notice_on, stayed.stayed_term) == (date(2026, 2, 10), 1)
    live_until("2026-02-10", order=AMENDING)
    assert fresh(contract).term_number == 1
    assert terms_of(contract) == [(1, "2025-01-01", "2026-01-01")]
    live_until("2026-02-11", order=AMENDING)
    assert terms_of(contract) == [(1, "2025-01-01", "2026-01-01"), (2, "2026-01-01", "2027-01-01")]
    assert fresh(contract).last_notice_on == date(2026, 9, 30)


def test_within_the_stay_either_side_may_still_give_notice():
    contract = an_active_contract()
    stay(contract, "2026-02-10")
    notice = give(contract, "2026-01-20")
    assert (notice.judgment, notice.ends_on) == ("in_time", date(2026, 2, 11))
    live_until("2026-03-01", order=AMENDING)
    assert terms_of(contract) == [(1, "2025-01-01", "2026-01-01")]
    assert (fresh(contract).status, fresh(contract).ends_on) == ("ended", date(2026, 2, 11))


def test_one_that_was_given_within_the_stay_but_recorded_after_the_renewal_voids_it():
    contract = an_active_contract()
    stay(contract, "2026-02-10")
    live_until("2026-02-15", order=AMENDING)
    assert fresh(contract).term_number == 2
    give(contract, "2026-02-09", recorded="2026-02-15")
    assert terms_of(contract) == [(1, "2025-01-01", "2026-01-01")]
    live_until("2026-02-16", order=AMENDING)
    assert fresh(contract).status == "ended"


def test_an_offer_is_accepted_within_the_stay_and_holds_from_the_terms_first_day():
    contract = an_active_contract()
    stay(contract, "2026-02-10")
    offer = sent(contract, until="2026-02-10")
    live_until("2026-02-05", order=AMENDING)
    accept(offer, now="2026-02-05")
    live_until("2026-02-12", order=AMENDING)
    assert fees(contract) == ["12000.00", "13000.00"]


def test_a_stay_is_refused_without_proof_too_late_or_under_notice():
    contract = an_active_contract()
    with tenancy.vendor(), pytest.raises(InvalidInput) as raised:
        stays.agree(contract, until=date(2025, 12, 1), proof=None, now=NOW, by=MANAGER)
    assert raised.value.errors[0].field == "proof"
    with pytest.raises(InvalidInput) as raised:
        stay(contract, "2026-12-31")
    assert [(error.field, error.code) for error in raised.value.errors] == [("until", "too_long")]
    assert refused(lambda: stay(contract, "2025-12-01", now="2025-10-02")) == "renewal_certain"
    live_until("2025-10-02")
    assert refused(lambda: stay(contract, "2025-12-01", now="2025-10-02")) == "renewal_certain"
    other = an_active_contract(reference="C-2")
    give(other, "2025-06-01")
    assert refused(lambda: stay(other, "2025-12-01")) == "contract_ends"


def test_a_stay_is_prolonged_by_both_sides():
    contract = an_active_contract()
    stay(contract, "2025-11-01")
    assert stay(contract, "2025-12-01", now="2025-10-20").last_notice_on == date(2025, 12, 1)


# The faces.


@pytest.fixture
def august(monkeypatch):
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: NOW)


def upload(name="signed.pdf"):
    return SimpleUploadedFile(name, b"%PDF", content_type="application/pdf")


def post(call, path, **body):
    return Client(headers={"Authorization": f"Bearer {call._token}"}).post(f"/api/v1/{path}", body)


def test_by_rest(august):
    contract = an_active_contract()
    home, manager = str(contract.organization.public_id), caller("contract_manager")
    client = caller("client_administrator", home)
    path = f"contracts/{contract.public_id}/offers"
    body = {"values": {"annual_fee": "13000.00"}, "valid_until": "2025-11-30"}
    client("POST", path, body, expect=403)
    wrong = manager("POST", path, {**body, "values": {"seats": 0}}, expect=400)
    assert wrong["errors"][0]["attr"] == "values.seats"
    offer = manager("POST", path, body, expect=201)
    assert offer["fee_difference"] == "1000.00" and offer["fee_difference_percent"] == "8.33"
    assert [row["field"] for row in offer["compared"] if row["changed"]] == ["annual_fee"]
    assert client("GET", path) == [] and client("GET", "offers")["results"] == []
    client("GET", f"offers/{offer['public_id']}", expect=404)
    assert post(manager, f"offers/{offer['public_id']}/send", proof=upload()).status_code == 200
    assert [one["state"] for one in client("GET", path)] == ["sent"]
    manager("POST", f"offers/{offer['public_id']}/accept", {}, expect=409)
    caller("client_finance", home)("POST", f"offers/{offer['public_id']}/accept", {}, expect=403)
    assert client("POST", f"offers/{offer['public_id']}/accept", {})["state"] == "accepted"
    client("POST", f"offers/{offer['public_id']}/accept", {}, expect=409)
    manager("POST", f"offers/{offer['public_id']}/withdraw", expect=409)
    neighbour = caller("client_administrator", str(an_organization().public_id))
    neighbour("GET", path, expect=404)
    neighbour("POST", f"offers/{offer['public_id']}/accept", {}, expect=404)


def test_a_stay_by_rest(august):
    contract, manager = an_active_contract(), caller("contract_manager")
    path = f"contracts/{contract.public_id}/stay"
    assert post(manager, path, until="2025-12-01").status_code == 400
    assert post(manager, path, until="2025-07-01", proof=upload()).json()["errors"][0]["code"] == "in_the_past"
    answer = post(manager, path, until="2025-12-01", proof=upload())
    assert (answer.status_code, answer.json()["stayed_until"]) == (200, "2025-12-01")
    assert answer.json()["last_notice_on"] == "2025-12-01"


def test_staff_accepts_with_a_proof_by_rest(august):
    contract, manager = an_active_contract(), caller("contract_manager")
    offer = sent(contract)
    answer = post(manager, f"offers/{offer.public_id}/accept", proof=upload())
    assert (answer.status_code, answer.json()["state"]) == (200, "accepted")


def signed_in(role, organization=None):
    client = Client()
    client.force_login(a_member(role, organization), backend="config.backends.EmailBackend")
    return client


def page(row, action):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{action}", args=[row.pk])


def test_in_the_admin(august):
    contract = an_active_contract()
    manager = signed_in("contract_manager")
    form = manager.get(page(contract, "make_offer")).context["form"]
    values = {name: "" if form.initial[name] is None else form.initial[name] for name in form.initial}
    values |= {"annual_fee": "13000", "valid_until": "2025-11-30", "confirmed": "yes"}
    values = {name: value for name, value in values.items() if value is not False}
    assert manager.post(page(contract, "make_offer"), values).status_code == 302
    with tenancy.vendor():
        offer = RenewalOffer.objects.get()
    assert offer.values == {"annual_fee": "13000.00"}
    member = signed_in("client_administrator", contract.organization)
    assert member.get(page(offer, "change")).status_code == 302, "a draft is the vendor's own"
    assert manager.post(page(offer, "send"), {"confirmed": "yes"}).status_code == 302
    shown = member.get(page(offer, "change")).content.decode()
    assert "12000.00" in shown and "13000.00" in shown and "8.33" in shown
    without = manager.post(page(offer, "accept"), {"confirmed": "yes"})
    assert without.context["form"].errors.keys() == {"proof"}
    assert member.post(page(offer, "accept"), {"confirmed": "yes"}).status_code == 302
    assert stored(offer).state == "accepted"


def test_a_stay_in_the_admin(august):
    contract = an_active_contract()
    manager = signed_in("contract_manager")
    answer = manager.post(
        page(contract, "stay_renewal"), {"until": "2025-12-01", "proof": upload(), "confirmed": "yes"}
    )
    assert answer.status_code == 302
    assert fresh(contract).stayed_until == date(2025, 12, 1)
