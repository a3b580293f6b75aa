"""Amounts of the calculator: numbers that become money of a currency, and money written as text."""

from decimal import Decimal

from contracts.calculator import forms
from contracts.calculator.rule import Given, Input
from contracts.calculator.words import gettext_noop as _
from contracts.rules.errors import InvalidInput
from contracts.rules.money import Money, parse_amount

CURRENCY = Input(
    "currency",
    forms.CURRENCY,
    _("Currency"),
    _("Left out: EUR. It says how many decimals an amount has."),
    required=False,
)


def money_of(one: Input[Decimal], given: Given) -> Money:
    """Return the amount of an input that must be there.

    :raises InvalidInput: it has more decimals than the currency, or is too large.
    """
    try:
        return parse_amount(one.of(given), CURRENCY.found(given) or "EUR")
    except InvalidInput as error:
        raise InvalidInput(one.name, error.code, error.template, error.params) from error


def money_found(one: Input[Decimal], given: Given) -> Money | None:
    """Return the amount, or ``None`` where the input was left out.

    :raises InvalidInput: as ``money_of`` does.
    """
    return None if one.found(given) is None else money_of(one, given)


def written(amount: Money) -> str:
    """Return the amount without its currency, in plain digits."""
    return f"{amount.amount:f}"
