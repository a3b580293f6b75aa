"""Money: an exact decimal amount with its currency; never a float, never two currencies in one sum."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Self

from contracts.rules.errors import InvalidInput

# ISO 4217 currencies by the number of decimals of their minor unit. Those with three (KWD and its like) are left out:
# amounts are stored with two decimals.
_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY "
        "COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR "
        "ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK "
        "MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP "
        "SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD XCG YER ZAR "
        "ZMW ZWG"
    ),
}
_MINOR_UNITS = {code: decimals for decimals, codes in _DECIMALS.items() for code in codes.split()}
WHOLE_UNITS = frozenset(_DECIMALS[0].split())
_AMOUNT = re.compile(r"-?(?P<whole>[0-9]+)(\.(?P<decimals>[0-9]+))?")

# More than any contract, less than what a numeric(14, 2) column refuses.
MAX_WHOLE_DIGITS = 12

# Wide enough that nothing is rounded before the end: an amount times a rate times a share of days.
_EXACT = Context(prec=60)


def minor_units(currency: str) -> int:
    """Return how many decimals amounts in ``currency`` (ISO 4217) have.

    :raises InvalidInput: the currency is unknown; the code is three capitals.
    """
    if currency not in _MINOR_UNITS:
        raise InvalidInput("currency", "unknown_currency", "no ISO 4217 currency", {"currency": currency})
    return _MINOR_UNITS[currency]


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount, not necessarily whole minor units: ``rounded`` is called once, at the end.

    :raises TypeError: the amount is no ``Decimal``.
    :raises InvalidInput: it is not finite, or the currency is unknown.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError("money is a Decimal, never a float")
        if not self.amount.is_finite():
            raise InvalidInput("amount", "not_a_number", "an amount is finite")
        minor_units(self.currency)

    def rounded(self) -> Self:
        """Return the amount in whole minor units, half up (away from zero): a half cent is a cent."""
        unit = Decimal(1).scaleb(-minor_units(self.currency))
        return self._with(self.amount.quantize(unit, rounding=ROUND_HALF_UP, context=_EXACT))

    def __add__(self, other: Self) -> Self:
        """:raises InvalidInput: the currencies differ (code ``mixed_currencies``)."""
        return self._with(_EXACT.add(self.amount, self._same(other)))

    def __sub__(self, other: Self) -> Self:
        """:raises InvalidInput: the currencies differ (code ``mixed_currencies``)."""
        return self._with(_EXACT.subtract(self.amount, self._same(other)))

    def __mul__(self, factor: Decimal | int) -> Self:
        """:raises TypeError: the factor is neither a ``Decimal`` nor an ``int``."""
        if not isinstance(factor, Decimal | int):
            raise TypeError("money is multiplied by a Decimal or an int, never by a float")
        return self._with(_EXACT.multiply(self.amount, Decimal(factor)))

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def _same(self, other: Self) -> Decimal:
        if self.currency != other.currency:
            codes = {"one": self.currency, "other": other.currency}
            raise InvalidInput("currency", "mixed_currencies", "two currencies in one sum", codes)
        return other.amount

    def _with(self, amount: Decimal) -> Self:
        return type(self)(amount, self.currency)


def from_exact(exact: Fraction, currency: str) -> Money:
    """Return a fraction of the currency's unit as an amount in whole minor units, half up (away from zero).

    Shares of days are kept as fractions until here: a third of a cent has no decimal form, half a cent must be seen.

    :raises InvalidInput: the currency is unknown.
    """
    return Money(round_half_up(exact, minor_units(currency)), currency)


def round_half_up(exact: Fraction, decimals: int) -> Decimal:
    """Return ``exact`` with that many decimals, half up (away from zero)."""
    units = abs(exact) * 10**decimals + Fraction(1, 2)
    whole = units.numerator // units.denominator
    return Decimal(-whole if exact < 0 else whole).scaleb(-decimals, context=_EXACT)


def parse_amount(written: str | int | Decimal, currency: str) -> Money:
    """Return the amount as written: plain digits with a decimal point, in no more than the currency's decimals.

    :raises TypeError: a float (or anything else that does not say exactly what was meant).
    :raises InvalidInput: it is no plain number (``not_a_number``), has too many decimals, even zeros
        (``too_many_decimals``), is too large (``too_large``), or the currency is unknown.
    """
    if isinstance(written, bool) or not isinstance(written, str | int | Decimal):
        raise TypeError(f"an amount is text, an int or a Decimal, never a {type(written).__name__}")
    allowed = minor_units(currency)
    text = f"{written:f}" if isinstance(written, Decimal) else str(written)
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise InvalidInput("amount", "not_a_number", "not digits with a decimal point")
    decimals = len(match["decimals"] or "")
    if decimals > allowed:
        params = {"currency": currency, "allowed": allowed, "found": decimals}
        raise InvalidInput("amount", "too_many_decimals", "%(currency)s has %(allowed)s decimals", params)
    if len(match["whole"].lstrip("0")) > MAX_WHOLE_DIGITS:
        raise InvalidInput("amount", "too_large", "over %(digits)s digits", {"digits": MAX_WHOLE_DIGITS})
    return Money(Decimal(text), currency)
