"""A price agreed for a day within a term: quote, commitment, revenue and statement say the same, before and after."""

from datetime import date
from decimal import Decimal

import pytest

from accounts import tenancy
from contracts import sweeps
from contracts.models import Contract
from contracts.operations import amendments, exits, foreseeing, payments, positions
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import IN_ORDER, fresh
from tests.contracts.operations.lives import live_until as live_without
from tests.contracts.operations.test_quotes import BY, CLAUSE, accept, make
from tests.contracts.operations.test_statements import lines_of
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
ORDER = (sweeps.start_all, sweeps.amend_all, *IN_ORDER[1:])


def live_until(day):
    live_without(day, order=ORDER)


def an_active_contract(**values):
    contract = a_signed_contract(an_organization(), **{**CLAUSE, **values})
    live_until("2025-01-02")
    return fresh(contract)


def agree(contract, valid_from, fee, *, on="2025-02-01"):
    with tenancy.vendor():
        return amendments.record(
            contract,
            values={"annual_fee": Decimal(fee)},
            agreed_on=date.fromisoformat(on),
            valid_from=date.fromisoformat(valid_from),
            source=contract.public_id,
            now=at(on),
            by=BY,
        )


def pay(contract, amount, on):
    with tenancy.vendor():
        payments.record(
            contract,
            reference=f"B-{on}",
            paid_on=date.fromisoformat(on),
            amount=Decimal(amount),
            currency="EUR",
            now=at(on),
            by=BY,
        )


def committed(contract, on):
    with tenancy.vendor():
        found = exits.committed(fresh(contract), on=date.fromisoformat(on), year_starts_in=1)
        return [str(year.amount.amount) for year in found]


def revenue(on, month):
    with tenancy.vendor():
        found = foreseeing.revenue_of_all(
            foreseeing.open_ones(Contract.objects.all()), now=at(on), until=date(2025, 12, 31)
        )
        return [str(one.amount.amount) for one in found if one.month == date.fromisoformat(month)]


@pytest.mark.parametrize(
    "on",
    [
        pytest.param("2025-03-31", id="before-its-day"),
        pytest.param("2025-05-01", id="after-its-day"),
    ],
)
def test_what_is_said_does_not_depend_on_the_day_of_asking(on):
    contract = an_active_contract()
    agree(contract, "2025-04-01", "24000")
    live_until(on)
    quote = make(contract, on=on)
    assert {line["kind"]: line["amount"] for line in quote.lines}["fee_remaining"] == "12098.63"
    assert str(quote.penalty) == "6049.32"
    assert revenue(on, "2025-06-01") == ["1972.60"]
    expected = {"2025-03-31": "18115.07", "2025-05-01": "16109.59"}
    assert committed(contract, on) == [expected[on]]


def test_an_exit_gives_back_what_was_paid_at_the_new_price():
    contract = an_active_contract()
    agree(contract, "2025-04-01", "24000")
    live_until("2025-04-02")
    pay(contract, "21041.10", "2025-04-05")
    quote = make(contract, on="2025-05-01")
    assert (str(quote.penalty), str(quote.refund)) == ("6049.32", "6049.32")
    accept(quote, "2025-05-02")
    assert lines_of(contract)[1:] == [
        ("uplift", "2025-04-01", "2026-01-01", "9041.10"),
        ("credit", "2025-07-01", "2026-01-01", "-12098.63"),
        ("penalty", "2025-07-01", "2026-01-01", "6049.32"),
        ("refund", "2025-07-01", "2026-01-01", "6049.31"),  # after the fee as rounded: the account is even
    ]
    assert str(fresh(contract).paid_until) == "2025-07-01"


def test_a_price_agreed_for_the_next_term_counts_in_it_though_the_term_is_certain():
    contract = an_active_contract()
    live_until("2025-11-01")
    agree(contract, "2026-01-01", "24000", on="2025-11-02")
    with tenancy.vendor():
        (one, two) = exits.priced_terms(fresh(contract), starts_on=date(2025, 12, 1), ends_on=date(2026, 2, 1))
    assert [str(found.fee.amount) for found in (one, two)] == ["12000.00", "24000.00"]


def test_in_a_term_without_an_end_the_years_charged_are_brought_up_and_later_ones_begin_with_it():
    contract = an_active_contract(renewal_term_months=None, billing_interval="month")
    agree(contract, "2026-05-01", "24000", on="2025-03-01")
    agree(contract, "2027-08-01", "36000", on="2025-03-02")
    live_until("2027-01-02")
    sweeps.charge_all(at=at("2027-01-02"), by=BY)
    assert lines_of(contract)[1:] == [
        ("fee", "2026-01-01", "2027-01-01", "12000.00"),
        ("uplift", "2026-05-01", "2027-01-01", "8054.79"),
        ("fee", "2027-01-01", "2028-01-01", "24000.00"),
    ]
    live_until("2027-08-02")
    assert lines_of(contract)[4:] == [("uplift", "2027-08-01", "2028-01-01", "5030.14")]
    with tenancy.vendor():
        parts = [part.amount.amount for part in positions.position_of(fresh(contract)).charges]
    assert parts[12:14] == [Decimal("1000.00")] * 2 and parts.count(Decimal("2000.00")) == 12


def test_a_year_that_is_charged_late_has_the_prices_of_its_days():
    contract = an_active_contract(renewal_term_months=None)
    agree(contract, "2027-05-01", "24000")
    live_until("2027-06-01")
    sweeps.charge_all(at=at("2027-06-01"), by=BY)
    assert lines_of(contract)[2:] == [
        ("fee", "2027-01-01", "2028-01-01", "12000.00"),
        ("uplift", "2027-05-01", "2028-01-01", "8054.79"),
    ]
