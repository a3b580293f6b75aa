"""What the rules about money and availability answer in codes, said in sentences of the reader's language."""

import re
from collections.abc import Mapping
from decimal import Decimal

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

STEPS: Mapping[str, Promise] = {
    "days_remaining": _("After %(after)s, %(days)s of the term's %(of)s days remain; its last day is %(last_day)s."),
    "fee_remaining": _("The fee for these days is %(fee)s × %(days)s / %(of)s = %(amount)s, before VAT."),
    "penalty_at_rate": _("The clause asks %(rate)s of it: %(amount)s."),
    "penalty_capped": _("The clause limits it to %(cap)s."),
    "index_missing": _("The index value is not known, so the price stays at %(price)s until it is."),
    "index_linked": _("The index value %(value)s of the new series is linked to the old one: × %(link)s = %(linked)s."),
    "index_factor": _("The factor is %(share)s + (1 - %(share)s) × %(s1)s / %(s0)s = %(factor)s."),
    "factor_raised_to_floor": _("The clause raises the factor to its floor, %(floor)s."),
    "factor_lowered_to_cap": _("The clause lowers the factor to its cap, %(cap)s."),
    "price_indexed": _("The price is %(price)s × %(factor)s = %(amount)s."),
    "month_measured": _("The month lasts from %(from)s to %(to)s: %(minutes)s minutes."),
    "planned_stays_in_total": _("%(minutes)s minutes were planned maintenance: not down, but measured."),
    "planned_leaves_total": _(
        "%(minutes)s minutes were planned maintenance: not measured; %(measured)s minutes remain."
    ),
    "availability_measured": _("%(down)s of %(total)s minutes were down: %(availability)s %% available."),
    "target_met": _("The promise of %(target)s %% is kept."),
    "target_missed": _("The promise of %(target)s %% is not kept."),
    "credit_by_tier": _("The credit is %(credit)s %% of the month's fee."),
}

SOURCES: Mapping[str, Promise] = {
    "early_termination_clause": _("the contract's clause on early termination"),
    "indexation_clause": _("the contract's clause on indexation"),
    "service_level_clause": _("the contract's clause on service levels"),
}

_MONEY = re.compile(r"(?P<amount>-?[0-9]+(\.[0-9]+)?) (?P<currency>[A-Z]{3})")


def said(name: str, value: str) -> str | None:
    """Say an amount or a rate in the reader's form; ``None`` if it is neither."""
    if name == "rate":
        return f"{formats.number_format((Decimal(value) * 100).normalize())}\N{NO-BREAK SPACE}%"
    match = _MONEY.fullmatch(value)
    if match is None:
        return None
    return amount(Decimal(match["amount"]), match["currency"])


def amount(value: Decimal, currency: str) -> str:
    """Say an amount with its currency in the reader's form."""
    return f"{formats.number_format(value, force_grouping=True)}\N{NO-BREAK SPACE}{currency}"
