"""What terms charge, what payments leave unpaid, and the bank's file: all or nothing, and once."""

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest

from accounts import tenancy
from accounts.errors import InvalidInput, Refused
from accounts.operations.sweeping import SYSTEM
from contracts import sweeps
from contracts.models import Payment, StatementLine
from contracts.operations import charging, payments, renewal
from tests.contracts.agreements import a_draft, a_signed_contract, at
from tests.contracts.operations.lives import TERMINATION, at_once, fresh, give, live_until, trail
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
BY = "user:finance"
HEADER = "contract,reference,paid_on,amount,currency"


def an_active_contract(**values):
    contract = a_signed_contract(an_organization(), **values)
    live_until("2025-01-02")
    return contract


def lines_of(contract, *, voided=False):
    with tenancy.vendor():
        rows = StatementLine.objects.filter(contract=contract, voided_at__isnull=not voided).order_by("pk")
        return [(row.kind, str(row.starts_on), str(row.ends_on), str(row.amount)) for row in rows]


def pay(contract, amount, *, on="2025-02-01", reference="B-1", currency="EUR", now=None):
    with tenancy.vendor():
        return payments.record(
            contract,
            reference=reference,
            paid_on=date.fromisoformat(on),
            amount=Decimal(amount),
            currency=currency,
            now=at(now or on),
            by=BY,
        )


def imported(*rows, header=HEADER, now="2025-06-01"):
    data = "\n".join([header, *rows]).encode()
    with tenancy.vendor():
        return payments.import_file(BytesIO(data), now=at(now), by=BY)


def faults(error):
    return [(one.row, one.field, one.code) for one in error.value.errors]


def test_each_term_charges_its_fee_once():
    contract = an_active_contract(first_term_months=18, seats=25)
    assert lines_of(contract) == [("fee", "2025-01-01", "2026-07-01", "18000.00")]
    live_until("2026-07-02")
    live_until("2026-07-03")
    assert lines_of(contract)[1:] == [("fee", "2026-07-01", "2027-07-01", "12000.00")]
    with tenancy.vendor():
        line = StatementLine.objects.first()
        assert (line.vat, line.seats, line.due_on) == ("standard", 25, date(2025, 1, 1))


@pytest.mark.parametrize(
    ("country", "vat"), [("FR", "standard"), ("PL", "reverse_charge"), ("CH", "outside_eu")], ids=str
)
def test_the_vat_treatment_is_named(country, vat):
    contract = a_signed_contract(an_organization(country=country))
    live_until("2025-01-02")
    with tenancy.vendor():
        assert StatementLine.objects.get(contract=contract).vat == vat


def test_a_term_that_a_late_record_of_a_notice_voids_is_not_charged():
    contract = an_active_contract()
    live_until("2026-01-02")
    give(contract, "2025-06-01", recorded="2026-01-03")
    assert lines_of(contract) == [("fee", "2025-01-01", "2026-01-01", "12000.00")]
    assert lines_of(contract, voided=True) == [("fee", "2026-01-01", "2027-01-01", "12000.00")]


@pytest.mark.parametrize(
    ("amounts", "until"),
    [
        pytest.param([], "2025-01-01", id="nothing-paid"),
        pytest.param(["999.99"], "2025-01-01", id="a-cent-is-missing"),
        pytest.param(["1000"], "2025-02-01", id="a-month"),
        pytest.param(["1000", "2500"], "2025-04-01", id="three-months-and-a-half"),
        pytest.param(["12000"], "2026-01-01", id="the-year"),
        pytest.param(["12000", "-1000"], "2025-12-01", id="one-went-back"),
    ],
)
def test_the_first_unpaid_day_follows_from_the_payments(amounts, until):
    contract = an_active_contract(billing_interval="month")
    for number, amount in enumerate(amounts):
        pay(contract, amount, reference=f"B-{number}")
    assert str(fresh(contract).paid_until) == until


def test_what_was_paid_before_the_contract_was_taken_over_counts():
    contract = an_active_contract(billing_interval="quarter", paid_until=date(2025, 7, 1))
    assert str(fresh(contract).paid_until) == "2025-07-01"
    pay(contract, "3000")
    assert str(fresh(contract).paid_until) == "2025-10-01"


def test_what_was_paid_ahead_covers_the_next_term_when_it_starts():
    contract = an_active_contract()
    pay(contract, "24000")
    assert str(fresh(contract).paid_until) == "2026-01-01"
    live_until("2026-01-02")
    assert str(fresh(contract).paid_until) == "2027-01-01"


def test_a_credit_lessens_what_is_due():
    contract = an_active_contract()
    with tenancy.vendor():
        charging.give_credit(
            contract,
            amount=Decimal("100"),
            starts_on=date(2025, 3, 1),
            last_day=date(2025, 3, 31),
            now=at("2025-04-02"),
            by=BY,
        )
    pay(contract, "11900", on="2025-04-03")
    assert str(fresh(contract).paid_until) == "2026-01-01"
    assert lines_of(contract)[1] == ("credit", "2025-03-01", "2025-04-01", "-100.00")


@pytest.mark.parametrize(
    ("amount", "starts_on", "last_day", "fault"),
    [
        pytest.param("0", "2025-03-01", "2025-03-31", ("amount", "not_positive"), id="nothing"),
        pytest.param("1.001", "2025-03-01", "2025-03-31", ("amount", "too_many_decimals"), id="a-tenth-of-a-cent"),
        pytest.param("1", "2025-03-01", "2025-02-28", ("last_day", "ends_before_it_starts"), id="backwards"),
        pytest.param("1", "2024-12-01", "2025-02-28", ("starts_on", "before_the_contract"), id="too-early"),
    ],
)
def test_a_credit_that_cannot_be_is_refused(amount, starts_on, last_day, fault):
    contract = an_active_contract()
    with tenancy.vendor(), pytest.raises(InvalidInput) as refused:
        charging.give_credit(
            contract,
            amount=Decimal(amount),
            starts_on=date.fromisoformat(starts_on),
            last_day=date.fromisoformat(last_day),
            now=at("2025-04-02"),
            by=BY,
        )
    assert [(one.field, one.code) for one in refused.value.errors] == [fault]


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        pytest.param({"amount": "0"}, ("amount", "nothing"), id="nothing"),
        pytest.param({"amount": "1.001"}, ("amount", "too_many_decimals"), id="a-tenth-of-a-cent"),
        pytest.param({"currency": "PLN"}, ("currency", "another_currency"), id="another-currency"),
        pytest.param({"on": "2025-02-02", "now": "2025-02-01"}, ("paid_on", "in_the_future"), id="tomorrow"),
        pytest.param({"reference": "x" * 81}, ("reference", "too_long"), id="long-reference"),
        pytest.param({"reference": "B-0"}, ("reference", "taken"), id="twice"),
    ],
)
def test_a_payment_that_cannot_be_is_refused(asked, fault):
    contract = an_active_contract()
    pay(contract, "1", on="2025-01-02", reference="B-0")
    with pytest.raises(InvalidInput) as refused:
        pay(contract, **{"amount": "1000", **asked})
    assert [(one.field, one.code) for one in refused.value.errors] == [fault]


def test_a_draft_takes_no_payment():
    draft = a_draft(an_organization())
    with pytest.raises(Refused):
        pay(draft, "1")


def test_the_bank_s_file_is_recorded_once():
    contract = an_active_contract(billing_interval="month")
    rows = ("C-1,B-1,2025-01-05,1000.00,EUR", "C-1,B-2,2025-02-05,1000.00,eur", "")
    first = imported(*rows)
    assert (first.created, first.same) == (2, 0)
    before = trail(contract)
    again = imported(*rows)
    assert (again.created, again.same) == (0, 2)
    assert trail(contract) == before
    assert str(fresh(contract).paid_until) == "2025-03-01"


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        pytest.param("C-2,B-2,2025-02-05,1000,EUR", (3, "contract", "unknown"), id="unknown-contract"),
        pytest.param("C-1,B-2,05/02/2025,1000,EUR", (3, "paid_on", "not_iso_date"), id="no-iso-date"),
        pytest.param('C-1,B-2,2025-02-05,"1,000",EUR', (3, "amount", "ambiguous_amount"), id="comma"),
        pytest.param("C-1,B-2,2025-02-05,1.001,EUR", (3, "amount", "too_many_decimals"), id="decimals"),
        pytest.param("C-1,B-2,2025-02-05,1000,USD", (3, "currency", "another_currency"), id="currency"),
        pytest.param("C-1,B-2,2025-02-05,1000,", (3, "currency", "missing"), id="missing"),
        pytest.param("C-1,B-1,2025-02-05,1000,EUR", (3, "reference", "twice"), id="twice-in-the-file"),
        pytest.param("C-1,B-0,2025-02-05,1000,EUR", (3, "reference", "taken"), id="taken"),
        pytest.param("C-1,B-2,2025-02-05,1000,EUR,x", (3, "file", "too_many_cells"), id="too-many-cells"),
        pytest.param("C-1,B-2,2025-12-05,1000,EUR", (3, "paid_on", "in_the_future"), id="future"),
    ],
)
def test_one_bad_row_and_nothing_is_written(row, fault):
    contract = an_active_contract()
    pay(contract, "1", on="2025-01-02", reference="B-0")
    with pytest.raises(InvalidInput) as refused:
        imported("C-1,B-1,2025-01-05,1000,EUR", row)
    assert faults(refused) == [fault]
    with tenancy.vendor():
        assert Payment.objects.count() == 1


@pytest.mark.parametrize(
    ("header", "code"),
    [
        pytest.param("contract,reference,paid_on,amount", "missing_column", id="missing"),
        pytest.param(f"{HEADER},iban", "unknown_column", id="unknown"),
        pytest.param(f"{HEADER},currency", "column_twice", id="twice"),
    ],
)
def test_a_header_that_is_not_ours_is_refused(header, code):
    with pytest.raises(InvalidInput) as refused:
        imported("C-1,B-1,2025-01-05,1000,EUR", header=header)
    assert faults(refused) == [(1, "file", code)]


def test_an_empty_file_is_refused():
    with pytest.raises(InvalidInput) as refused:
        imported()
    assert faults(refused) == [(None, "file", "empty")]


def test_two_clients_contracts_of_one_reference_need_the_client():
    one = an_active_contract()
    other = a_signed_contract(an_organization(name="Other", registration_number="552 100 554"))
    with pytest.raises(InvalidInput) as refused:
        imported("C-1,B-1,2025-01-05,1000,EUR")
    assert faults(refused) == [(2, "contract", "ambiguous")]
    imported("C-1,B-1,2025-01-05,1000,EUR,552 100 554", header=f"{HEADER},registration_number")
    with tenancy.vendor():
        assert Payment.objects.get().contract_id == other.pk != one.pk


def test_two_imports_of_one_file_at_once_write_it_once():
    contract = an_active_contract()
    data = f"{HEADER}\nC-1,B-1,2025-01-05,1000,EUR".encode()
    done, refused = at_once(lambda: payments.import_file(BytesIO(data), now=at("2025-06-01"), by=BY))
    assert (done, refused) == (2, [])
    with tenancy.vendor():
        assert Payment.objects.count() == 1
    assert trail(contract)[0]["contract.paid"] == 1


def test_an_indefinite_term_is_charged_a_year_at_a_time():
    contract = an_active_contract(renewal_term_months=None)
    live_until("2026-01-02")
    assert lines_of(contract)[1:] == [("fee", "2026-01-01", "2027-01-01", "12000.00")]
    assert sweeps.charge_all(at=at("2026-12-31"), by=BY).done == 0
    # Three years behind, and twice over: each year is charged once.
    assert sweeps.charge_all(at=at("2029-01-01"), by=BY).done == 3
    assert sweeps.charge_all(at=at("2029-01-02"), by=BY).done == 0
    assert lines_of(contract)[2:] == [
        ("fee", "2027-01-01", "2028-01-01", "12000.00"),
        ("fee", "2028-01-01", "2029-01-01", "12000.00"),
        ("fee", "2029-01-01", "2030-01-01", "12000.00"),
    ]


@pytest.mark.parametrize(
    ("given", "years"),
    [
        pytest.param("2026-09-15", 0, id="ends-within-the-charged-year"),
        pytest.param("2026-10-01", 1, id="ends-on-the-first-day-of-the-next-year"),
        pytest.param("2026-11-15", 1, id="ends-within-the-next-year"),
        pytest.param("2027-12-15", 2, id="ends-within-the-year-after"),
    ],
)
def test_catching_up_charges_no_year_that_begins_after_the_end(given, years):
    contract = an_active_contract(renewal_term_months=None)
    live_until("2026-01-02")
    give(contract, given, kind=TERMINATION)
    # Years behind, and before the sweep of ends has run.
    assert sweeps.charge_all(at=at("2030-06-01"), by=BY).done == years
    assert [kind for kind, *_ in lines_of(contract)].count("fee") == 2 + years


def test_two_charge_a_year_once():
    contract = an_active_contract(renewal_term_months=None)
    live_until("2026-01-02")
    done, refused = at_once(lambda: charging.charge_next_year(contract, now=at("2027-01-02"), by=BY))
    assert (done, refused) == (1, ["nothing_to_charge"])
    assert len(lines_of(contract)) == 3


@pytest.mark.parametrize(
    ("vendor", "client", "vat"),
    [
        pytest.param("FR", "FR", "standard", id="both-in-one-country"),
        pytest.param("FR", "PL", "reverse_charge", id="both-in-the-union"),
        pytest.param("FR", "NZ", "outside_eu", id="the-client-outside"),
        pytest.param("NZ", "FR", "outside_eu", id="the-vendor-outside"),
        pytest.param("NZ", "NZ", "standard", id="both-outside-in-one-country"),
    ],
)
def test_each_line_names_its_vat_however_its_term_was_renewed(settings, vendor, client, vat):
    settings.VENDOR_COUNTRY = vendor
    home = an_organization(country=client)
    one, _many = (a_signed_contract(home, reference=name, governing_law="OTHER") for name in ("C-1", "C-2"))
    live_until("2025-12-01")
    with tenancy.vendor():
        renewal.renew(fresh(one), ending=date(2026, 1, 1), now=at("2026-01-02"), by=SYSTEM)
    live_until("2026-01-02")
    with tenancy.vendor():
        charging.give_credit(
            one, amount=Decimal(1), starts_on=date(2026, 1, 1), last_day=date(2026, 1, 1), now=at("2026-01-02"), by=BY
        )
        assert [*StatementLine.objects.values_list("vat", flat=True)] == [vat] * 5


def test_the_one_item_operation_and_the_set_charge_the_same():
    one, many = an_active_contract(), a_signed_contract(an_organization(name="Other"), reference="C-2")
    live_until("2025-12-01")
    with tenancy.vendor():
        renewal.renew(fresh(one), ending=date(2026, 1, 1), now=at("2026-01-02"), by=SYSTEM)
    live_until("2026-01-02")
    assert lines_of(one) == lines_of(many)
    with tenancy.vendor():
        rows = StatementLine.objects.filter(term__number=2).values_list("due_on", "vat", "seats", "why", "recorded_by")
        assert len(set(map(str, rows))) == 1 and len(rows) == 2
