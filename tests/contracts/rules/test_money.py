"""Money is exact, knows its currency, and is rounded once, half up."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.rules import money
from contracts.rules.errors import InvalidInput
from contracts.rules.money import Money


def eur(amount):
    return Money(Decimal(amount), "EUR")


@pytest.mark.parametrize(
    ("written", "currency", "amount"),
    [
        pytest.param("12000", "EUR", "12000", id="whole"),
        pytest.param("12000.5", "PLN", "12000.5", id="one-decimal"),
        pytest.param("12000.55", "USD", "12000.55", id="two-decimals"),
        pytest.param("-3.10", "GBP", "-3.10", id="negative"),
        pytest.param("1500", "JPY", "1500", id="yen"),
        pytest.param(12, "CHF", "12", id="int"),
        pytest.param(Decimal("1E+3"), "EUR", "1000", id="decimal-with-exponent"),
        pytest.param("000123456789012.00", "EUR", "123456789012", id="largest"),
    ],
)
def test_amounts_are_read_as_written(written, currency, amount):
    assert money.parse_amount(written, currency) == Money(Decimal(amount), currency)


@pytest.mark.parametrize(
    ("written", "currency", "code"),
    [
        pytest.param("10.005", "EUR", "too_many_decimals", id="three-decimals"),
        pytest.param("10.500", "EUR", "too_many_decimals", id="three-decimals-ending-in-zeros"),
        pytest.param(Decimal("0.001"), "EUR", "too_many_decimals", id="decimal-with-three"),
        pytest.param("1500.0", "JPY", "too_many_decimals", id="yen-have-none"),
        pytest.param("10,50", "EUR", "not_a_number", id="comma"),
        pytest.param("1 000", "EUR", "not_a_number", id="space"),
        pytest.param("1_000", "EUR", "not_a_number", id="underscore"),
        pytest.param("1e3", "EUR", "not_a_number", id="exponent"),
        pytest.param("", "EUR", "not_a_number", id="empty"),
        pytest.param(".5", "EUR", "not_a_number", id="no-whole-part"),
        pytest.param("5.", "EUR", "not_a_number", id="nothing-after-the-point"),
        pytest.param("10.50\n", "EUR", "not_a_number", id="line-end"),
        pytest.param("\u0661\u0660", "EUR", "not_a_number", id="other-digits"),
        pytest.param("NaN", "EUR", "not_a_number", id="nan"),
        pytest.param(Decimal("Infinity"), "EUR", "not_a_number", id="infinity"),
        pytest.param("1234567890123", "EUR", "too_large", id="too-large"),
        pytest.param("10", "EURO", "unknown_currency", id="unknown-currency"),
        pytest.param("10", "eur", "unknown_currency", id="lower-case-currency"),
    ],
)
def test_what_is_no_amount_is_refused(written, currency, code):
    with pytest.raises(InvalidInput) as refused:
        money.parse_amount(written, currency)
    assert refused.value.code == code


@pytest.mark.parametrize("written", [10.5, True, None], ids=["float", "bool", "nothing"])
def test_only_what_is_exact_is_read(written):
    with pytest.raises(TypeError):
        money.parse_amount(written, "EUR")


@pytest.mark.parametrize(
    ("currency", "decimals"),
    [("EUR", 2), ("PLN", 2), ("USD", 2), ("GBP", 2), ("CHF", 2), ("CZK", 2), ("HUF", 2), ("JPY", 0), ("ISK", 0)],
)
def test_minor_units_by_currency(currency, decimals):
    assert money.minor_units(currency) == decimals


@pytest.mark.parametrize(
    ("exact", "currency", "rounded"),
    [
        pytest.param("0.005", "EUR", "0.01", id="half-up"),
        pytest.param("0.015", "EUR", "0.02", id="half-up-to-even"),
        pytest.param("0.025", "EUR", "0.03", id="half-up-not-to-even"),
        pytest.param("0.0149999", "EUR", "0.01", id="just-under-a-half"),
        pytest.param("-0.005", "EUR", "-0.01", id="a-refund-rounds-like-a-fee"),
        pytest.param("0.5", "JPY", "1", id="yen"),
        pytest.param("12000", "EUR", "12000.00", id="written-in-minor-units"),
    ],
)
def test_rounding_is_half_up(exact, currency, rounded):
    found = Money(Decimal(exact), currency).rounded()
    assert str(found.amount) == rounded


def test_a_fee_by_days_is_rounded_once_at_the_end():
    remaining = eur("12000") * (Decimal(184) / Decimal(365))
    assert str(remaining.rounded()) == "6049.32 EUR"
    assert str((remaining * Decimal("0.5")).rounded()) == "3024.66 EUR"


def test_sums_keep_the_currency():
    assert eur("1.10") + eur("2.20") - eur("0.30") == eur("3.00")
    assert eur("1.10") * 3 == eur("3.30")


@pytest.mark.parametrize("mix", [Money.__add__, Money.__sub__], ids=["plus", "minus"])
def test_currencies_are_never_mixed(mix):
    with pytest.raises(InvalidInput) as refused:
        mix(eur("1"), Money(Decimal(1), "PLN"))
    assert refused.value.code == "mixed_currencies"


@pytest.mark.parametrize(
    "build",
    [lambda: Money(10.5, "EUR"), lambda: Money(10, "EUR"), lambda: eur("1") * 0.5],
    ids=["float-amount", "int-amount", "float-factor"],
)
def test_no_float_becomes_money(build):
    with pytest.raises(TypeError):
        build()


@pytest.mark.parametrize(("amount", "currency"), [("NaN", "EUR"), ("-Infinity", "EUR"), ("1", "XXX")])
def test_money_is_finite_and_of_a_known_currency(amount, currency):
    with pytest.raises(InvalidInput):
        Money(Decimal(amount), currency)


@given(st.decimals(-(10**9), 10**9, places=6), st.sampled_from(["EUR", "JPY"]))
def test_rounding_twice_changes_nothing_and_is_off_by_half_a_unit_at_most(amount, currency):
    found = Money(amount, currency).rounded()
    assert found.rounded() == found
    assert abs(found.amount - amount) <= Decimal(1).scaleb(-money.minor_units(currency)) / 2
