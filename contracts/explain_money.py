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
    "service_after_term": _(
        "The service went on for %(days)s days after the term, which ended on %(last_day)s: "
        "%(fee)s × %(days)s / %(of)s = %(amount)s, before VAT."
    ),
    "fee_changes": _("From %(from)s on the fee of the whole term is %(fee)s."),
    "penalty_at_rate": _("The clause asks %(rate)s of it: %(amount)s."),
    "penalty_capped": _("The clause limits it to %(cap)s."),
    "price_changes_within_term": _(
        "From %(from)s, %(days)s of the term's %(of)s days remain: %(difference)s × %(days)s / %(of)s = %(amount)s."
    ),
    "fees_until_exit": _(
        "The fee until the last day of service, %(exit_on)s, is %(earned)s; %(paid)s of it have been paid."
    ),
    "no_penalty_after_breach": _("After the other side's breach there is no early-exit fee."),
    "no_penalty_agreed": _("The contract provides for no early-exit fee."),
    "penalty_agreed": _("Both sides agreed on %(amount)s."),
    "left_on_notice": _("Notice given in time ends the contract on %(exit_on)s: there is no early-exit fee."),
    "freed_by_notice": _(
        "A notice that stands ends the contract on %(until)s: of the fee that remains, the days until then count, "
        "%(amount)s."
    ),
    "no_right_to_leave": _(
        "The contract grants no right to leave on that day, so there is no early-exit fee: "
        "the fees go on until %(until)s, %(amount)s before VAT."
    ),
    "penalty_blocked": _(
        "It cannot be asked: it was not disclosed before signature, as contracts concluded from %(since)s on require "
        "(this one on %(concluded_on)s)."
    ),
    "penalty_not_disclosed": _(
        "No proof that it was disclosed before signature; the contract of %(concluded_on)s is older than that duty."
    ),
    "judge_may_reduce_fr": _("It is a penalty clause (clause pénale): a judge may reduce it if manifestly excessive."),
    "judge_may_reduce_de": _(
        "A court may reduce a disproportionate penalty, but not one that a merchant promised in the course of trade."
    ),
    "judge_may_reduce_pl": _(
        "A court may reduce a penalty that is grossly excessive, or if the obligation was performed in large part."
    ),
    "judge_may_reduce_other": _("Whether a court may reduce it is a matter of the governing law."),
    "prepaid_set_off": _("%(unused)s are prepaid and unused; %(amount)s of it are set off."),
    "prepaid_refunded": _("Prepaid and unused %(unused)s, less %(set_off)s, leave %(amount)s to be refunded."),
    "prepaid_not_refunded": _(
        "Prepaid and unused %(unused)s, less %(set_off)s, leave %(amount)s, which the clause does not refund."
    ),
    "credits_given": _("Service level credits of %(amount)s are still owed to the client."),
    "switching_is_free": _("Nothing may be charged for switching since %(since)s."),
    "switching_cost_not_stated": _("At most the cost of switching may be charged; none was stated."),
    "switching_at_cost": _("At most the cost of switching may be charged: %(amount)s."),
    "index_value_taken": _(
        "The latest index value published until %(on)s is %(value)s, of the period that begins on %(period)s; "
        "it was published on %(published_on)s."
    ),
    "index_never_published": _("No index value published until %(on)s is stored."),
    "index_not_renewed": _(
        "Until %(on)s no index value was published since the base of %(base)s: the latest is of %(period)s."
    ),
    "index_too_old": _(
        "The latest index value stored on %(on)s is of %(period)s, more than %(months)s months ago: "
        "a later one must have been published."
    ),
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
    "billing_clause": _("the contract's clause on fees and billing"),
    "indexation_clause": _("the contract's clause on indexation"),
    "notice_clause": _("the contract's clause on notice"),
    "agreement": _("the agreement of both sides"),
    "governing_law": _("the law that governs the contract"),
    "text_of_the_letter": _("the words of the letter"),
    "service_level_clause": _("the contract's clause on service levels"),
}

_MONEY = re.compile(r"(?P<amount>-?[0-9]+(\.[0-9]+)?) (?P<currency>[A-Z]{3})")


def source(text: str) -> str:
    """Say a source in the reader's language: clauses by their code, articles and judgments as they are cited."""
    return "; ".join(str(SOURCES.get(part, part)) for part in text.split("; "))


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
