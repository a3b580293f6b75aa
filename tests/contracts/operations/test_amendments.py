"""Amendments: valid from a day, applied once at its midnight; later terms change, those that began do not."""

import uuid
from datetime import date
from decimal import Decimal
from functools import partial

import pytest

from accounts import tenancy
from accounts.errors import InvalidInput, Refused
from accounts.operations.sweeping import SYSTEM
from contracts import sweeps
from contracts.models import StatementLine
from contracts.operations import amendments, stored
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import (
    IN_ORDER,
    MANAGER,
    an_agreement,
    at_once,
    fresh,
    give,
    terms_of,
    trail,
    utc,
    withdraw,
)
from tests.contracts.operations.lives import live_until as live_without
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
BOTH = uuid.UUID(int=1)
WITH_AMENDMENTS = (sweeps.start_all, sweeps.amend_all, *IN_ORDER[1:])


def live_until(instant, order=WITH_AMENDMENTS):
    live_without(instant, order=order)


def an_active_contract(until="2025-01-02", **values):
    contract = a_signed_contract(an_organization(), **values)
    live_until(until)
    return fresh(contract)


def amend(contract, valid_from, on="2025-02-01", **values):
    with tenancy.vendor():
        return amendments.record(
            contract,
            values=values,
            agreed_on=date.fromisoformat(on),
            valid_from=date.fromisoformat(valid_from),
            source=BOTH,
            now=at(on),
            by=MANAGER,
        )


def fees_of(contract):
    with tenancy.vendor():
        return {term.number: int(term.fee) for term in contract.terms.filter(voided_at=None)}


def seats_of(contract):
    with tenancy.vendor():
        return {term.number: term.clauses["seats"] for term in contract.terms.filter(voided_at=None)}


def test_it_applies_at_the_midnight_of_its_day_and_not_before():
    contract = an_active_contract()
    amend(contract, "2025-06-01", notice_length=1, annual_fee=Decimal("15000.00"))
    live_until(utc("2025-05-31 21:59"))
    assert (fresh(contract).notice_length, fresh(contract).last_notice_on) == (3, date(2025, 9, 30))
    live_until(utc("2025-05-31 22:00"))
    found = fresh(contract)
    assert (found.notice_length, found.annual_fee, found.last_notice_on) == (1, Decimal(15000), date(2025, 11, 30))
    live_until("2026-02-01")
    assert fees_of(contract) == {1: 12000, 2: 15000}, "the term that was running keeps its fee"
    with tenancy.vendor():
        one = contract.amendments.get()
        assert one.before == {"notice_length": 3, "annual_fee": "12000.00"}
        assert contract.terms.get(number=2).clauses["notice_length"] == 1


@pytest.mark.parametrize("order", [WITH_AMENDMENTS, WITH_AMENDMENTS[::-1]], ids=["in-order", "in-reverse-order"])
def test_after_an_outage_each_term_has_the_clauses_of_its_day(order):
    contract = an_active_contract()
    amend(contract, "2026-01-01", annual_fee=Decimal("13000.00"))
    amend(contract, "2026-06-01", on="2025-02-02", annual_fee=Decimal("14000.00"))
    amend(contract, "2028-01-01", on="2025-02-03", annual_fee=Decimal("15000.00"), notice_length=1)
    live_until("2029-02-01", order=order)
    assert fees_of(contract) == {1: 12000, 2: 13000, 3: 14000, 4: 15000, 5: 15000}
    events, _topics = trail(contract)
    assert events["contract.amendment_applied"] == 3


def test_an_amended_renewal_term_changes_later_terms_which_still_count_from_the_anchor():
    contract = an_active_contract("2026-03-01", starts_on=date(2024, 2, 29), concluded_on=date(2024, 1, 1))
    assert fresh(contract).term_number == 3
    amend(contract, "2026-06-01", on="2026-03-01", renewal_term_months=18)
    amend(contract, "2029-01-01", on="2026-03-02", renewal_term_months=6)
    live_until("2031-01-15")
    assert terms_of(contract) == [
        (1, "2024-02-29", "2025-02-28"),
        (2, "2025-02-28", "2026-02-28"),
        (3, "2026-02-28", "2027-02-28"),
        (4, "2027-02-28", "2028-08-29"),
        (5, "2028-08-29", "2030-02-28"),
        (6, "2030-02-28", "2030-08-29"),
        (7, "2030-08-29", "2031-02-28"),
        (8, "2031-02-28", "2031-08-29"),  # certain already
    ]
    assert fresh(contract).term_lengths == [[3, 12], [5, 18]]


def test_it_becomes_indefinite_from_the_next_term():
    contract = an_active_contract("2026-02-01")
    amend(contract, "2026-05-01", on="2026-02-01", renewal_term_months=None)
    live_until("2030-01-01")
    assert terms_of(contract) == [
        (1, "2025-01-01", "2026-01-01"),
        (2, "2026-01-01", "2027-01-01"),
        (3, "2027-01-01", None),
    ]


def test_what_no_longer_renews_ends_with_its_term_though_the_next_was_certain():
    contract = an_active_contract("2025-11-01")
    assert len(terms_of(contract)) == 2
    amend(contract, "2025-11-15", on="2025-11-10", auto_renews=False)
    live_until("2026-02-01")
    found = fresh(contract)
    assert (found.status, found.ends_on, len(terms_of(contract))) == ("ended", date(2026, 1, 1), 1)


def test_a_certain_term_that_has_not_begun_takes_the_clauses_of_its_first_day():
    contract = an_active_contract("2025-11-01")
    amend(contract, "2026-01-01", on="2025-11-01", annual_fee=Decimal("9000.00"))
    live_until("2026-01-15")
    assert fees_of(contract) == {1: 12000, 2: 9000}


def test_each_term_keeps_the_clauses_that_were_in_force_when_it_began():
    contract = an_active_contract("2025-11-01")
    amend(contract, "2025-12-01", on="2025-11-01", seats=40)  # the next term is certain, and takes it
    live_until("2026-01-15")
    assert seats_of(contract) == {1: None, 2: 40}
    amend(contract, "2026-06-01", on="2026-01-15", seats=50)
    live_until("2026-06-02")
    assert (seats_of(contract), fresh(contract).seats) == ({1: None, 2: 40}, 50)
    live_until("2026-11-01")
    assert seats_of(contract) == {1: None, 2: 40, 3: 50}


def test_a_notice_is_judged_under_the_clause_of_its_day():
    contract = an_active_contract()
    amend(contract, "2025-06-01", notice_length=6)
    live_until("2025-06-02")
    assert fresh(contract).last_notice_on == date(2025, 6, 30)
    before = give(contract, "2025-05-31", recorded="2025-07-15")
    assert before.why["inputs"]["length"] == 3
    live_until("2025-07-15")
    withdraw(fresh(contract), "2025-07-15")
    assert give(contract, "2025-07-16").judgment == "late"


def test_a_past_day_applies_at_once():
    contract = an_active_contract("2025-03-01")
    assert amend(contract, "2025-02-15", on="2025-03-01", seats=9).applied_at == at("2025-03-01")
    assert fresh(contract).seats == 9
    with tenancy.vendor():
        assert stored.in_force(fresh(contract), on=date(2025, 2, 14)).seats is None
        assert stored.in_force(fresh(contract), on=date(2025, 2, 15)).seats == 9


BAD = {
    "before-the-current-term": ({"valid_from": "2025-12-31", "notice_length": 1}, "valid_from", "before_the_term"),
    "agreed-tomorrow": ({"on": "2026-02-02", "notice_length": 1}, "agreed_on", "in_the_future"),
    "agreed-before-the-contract": ({"on": "2024-11-30", "notice_length": 1}, "agreed_on", "before_the_contract"),
    "nothing-changes": ({"notice_length": 3}, "values", "nothing_changes"),
    "the-first-term": ({"first_term_months": 24}, "first_term_months", "not_amendable"),
    "the-anchor": ({"starts_on": date(2026, 1, 1)}, "starts_on", "not_amendable"),
    "a-negative-fee": ({"annual_fee": Decimal(-1)}, "annual_fee", "negative"),
    "an-unknown-word": ({"notice_unit": "years"}, "notice_unit", "unknown_word"),
    "a-term-of-nothing": ({"renewal_term_months": 0}, "renewal_term_months", "too_short"),
}


@pytest.mark.parametrize(("given", "field", "code"), BAD.values(), ids=BAD)
def test_what_cannot_be_agreed_is_refused(given, field, code):
    contract = an_active_contract("2026-02-01")
    with pytest.raises(InvalidInput) as raised:
        values = {"valid_from": "2026-03-01", "on": "2026-02-01"} | given
        on = values.pop("on")
        with tenancy.vendor():
            amendments.record(
                contract,
                valid_from=date.fromisoformat(values.pop("valid_from")),
                agreed_on=date.fromisoformat(on),
                values=values,
                source=BOTH,
                now=at("2026-02-01"),
                by=MANAGER,
            )
    assert field in {error.field for error in raised.value.errors}
    assert code in {error.code for error in raised.value.errors} or code == "unknown_word"


def test_the_vendor_alone_needs_a_proof():
    contract = an_active_contract()
    with pytest.raises(InvalidInput) as raised, tenancy.vendor():
        amendments.record(
            contract,
            values={"seats": 3},
            agreed_on=date(2025, 1, 2),
            valid_from=date(2025, 2, 1),
            now=at("2025-01-02"),
            by=MANAGER,
        )
    assert [(error.field, error.code) for error in raised.value.errors] == [("proof", "missing")]


def test_the_same_clause_is_amended_once_a_day():
    contract = an_active_contract()
    amend(contract, "2025-06-01", notice_length=1, seats=4)
    with pytest.raises(amendments.AmendmentClashes):
        amend(contract, "2025-06-01", notice_length=2)
    amend(contract, "2025-06-01", annual_fee=Decimal("1.00"))
    amend(contract, "2025-06-02", notice_length=2)


def test_one_that_was_voided_never_applies():
    contract = an_active_contract()
    one = amend(contract, "2025-06-01", notice_length=1)
    with tenancy.vendor():
        proof = an_agreement(contract, at("2025-05-01"))
        amendments.void(one, proof=proof, now=at("2025-05-01"), by=MANAGER)
    for act in (partial(amendments.void, proof=proof), amendments.apply):
        with pytest.raises(amendments.AmendmentNotPending), tenancy.vendor():
            act(one, now=at("2025-06-02"), by=MANAGER)
    live_until("2025-06-02")
    assert fresh(contract).notice_length == 3


def test_two_workers_apply_once():
    contract = an_active_contract()
    one = amend(contract, "2025-06-01", notice_length=1)
    done, refused = at_once(lambda: amendments.apply(one, now=at("2025-06-02"), by=SYSTEM), workers=3)
    assert (done, refused) == (1, ["amendment_not_pending"] * 2)


def test_a_contract_that_is_over_is_not_amended():
    contract = an_active_contract()
    give(contract, "2025-09-01")
    live_until("2026-02-01")
    with pytest.raises(Refused) as raised:
        amend(contract, "2025-12-01", on="2026-02-01", seats=1)
    assert raised.value.code == "contract_not_in_that_state"


def test_a_fee_that_changes_within_a_term_is_charged_for_the_rest_of_it():
    contract = an_active_contract()
    amend(contract, "2025-07-02", annual_fee=Decimal("13000.00"))
    amend(contract, "2025-12-02", on="2025-02-02", annual_fee=Decimal("14000.00"))
    amend(contract, "2026-01-01", on="2025-02-03", annual_fee=Decimal("15000.00"))
    live_until("2026-01-02")
    with tenancy.vendor():
        lines = StatementLine.objects.filter(contract=contract, kind="uplift").order_by("starts_on")
        found = [(str(line.starts_on), str(line.ends_on), str(line.amount)) for line in lines]
    assert found == [("2025-07-02", "2026-01-01", "501.37"), ("2025-12-02", "2026-01-01", "82.19")]
    assert fees_of(contract) == {1: 12000, 2: 15000}
