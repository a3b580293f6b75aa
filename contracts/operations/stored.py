"""What every contract operation shares: the clause as the rules see it, and writing down what they answer."""

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from contracts.enums import GoverningLaw, NoticeEffect, NoticeEndOf, NoticeUnit
from contracts.models import Contract, Term
from contracts.operations import reminding
from contracts.rules import schedule
from contracts.rules.notice import NoticeClause, Stay

SCHEDULED = (
    "term_number",
    "term_ends_on",
    "last_notice_on",
    "last_notice_why",
    "certain_at",
    "renews_at",
    "next_reminder_at",
    "ends_on",
    "ends_at",
    "planned_for",
    "deadlines_stale",
)
CLAUSES = (
    "first_term_months",
    "minimum_commitment_months",
    "renewal_term_months",
    "auto_renews",
    "mid_term_exit",
    "notice_length",
    "notice_unit",
    "notice_end_of",
    "notice_effect",
    "governing_law",
    "billing_interval",
    "billing_timing",
    "seats",
    "features",
    "switching_notice_months",
    "retrieval_days",
    "end_choice",
)


# What an amendment may change: the first term is fixed with the signature, the currency for good.
AMENDABLE = (*(name for name in CLAUSES if name != "first_term_months"), "annual_fee", "erasure_days")


def in_force(contract: Contract, *, on: date) -> Contract:
    """Return a copy of the contract with the clauses that were, are or will be in force on a day; not to be saved."""
    found = copy(contract)
    amendments = [one for one in contract.amendments.order_by("valid_from", "pk") if one.voided_at is None]
    for one in reversed(amendments):
        if one.applied_at is not None and one.valid_from > on:
            put(found, one.before)
    for one in amendments:
        if one.applied_at is None and one.valid_from <= on:
            put(found, one.values)
    return found


def put(contract: Contract, values: Mapping[str, Any]) -> None:
    """Put clauses as an amendment stores them on a contract in memory."""
    for name, value in values.items():
        setattr(contract, name, Decimal(value) if name == "annual_fee" else value)


def clause_of(contract: Contract, *, on: date | None = None) -> NoticeClause:
    """Return the contract's terms and notice clause for the rules.

    With ``on``, what is said about notice is what was in force on that day: a notice is judged under the clause of its
    day. The terms are counted as they are agreed now.
    """
    if on is not None:
        then, now = clause_of(in_force(contract, on=on)), clause_of(contract)
        return replace(then, renewal=now.renewal, auto_renews=now.auto_renews, fixed=now.fixed)
    return NoticeClause(
        anchor=contract.starts_on,
        first=contract.first_term_months,
        renewal=contract.renewal_term_months,
        length=contract.notice_length,
        unit=NoticeUnit(contract.notice_unit),
        effect=NoticeEffect(contract.notice_effect),
        law=GoverningLaw(contract.governing_law),
        calendar_country=contract.organization.country,
        commitment=contract.minimum_commitment_months,
        mid_term_exit=contract.mid_term_exit,
        auto_renews=contract.auto_renews,
        end_of=NoticeEndOf(contract.notice_end_of) if contract.notice_end_of else None,
        fixed=tuple((through, months) for through, months in contract.term_lengths),
        stay=stay_of(contract),
        last_term=max(contract.term_number, 1),
    )


def stay_of(contract: Contract) -> Stay | None:
    """Return the stay that both sides signed, if they did."""
    if contract.stayed_until is None or contract.stayed_term is None:
        return None
    return Stay(contract.stayed_term, contract.stayed_until)


def reschedule(contract: Contract, *, ends_on: date | None, prolongs: bool = False) -> None:
    """Compute what follows and put it on the (locked) contract; the caller saves :data:`SCHEDULED`.

    ``ends_on`` is the (exclusive) end that stands, if there is one; ``prolongs`` as for :func:`schedule.compute`.
    """
    certain = contract.terms.filter(number=contract.term_number + 1, voided_at__isnull=True).exists()
    found = schedule.compute(
        clause_of(contract),
        number=contract.term_number,
        zone=contract.time_zone,
        notice_ends_on=ends_on,
        prolongs=prolongs,
        certain=certain,
    )
    contract.term_ends_on = found.term.ends_on
    contract.last_notice_on = found.last_notice_on
    contract.last_notice_why = found.why
    contract.certain_at = found.certain_at
    contract.renews_at = found.renews_at
    contract.ends_on = found.ends_on
    contract.ends_at = found.ends_at
    contract.next_reminder_at = None if certain else reminding.next_at(contract, clause_of(contract))
    contract.deadlines_stale = True


def deadlines_changed(contract: Contract) -> None:
    """Note that what the deadlines of a (locked) contract depend on has changed: the next sweep computes them again.

    Unconditional, so that it waits for a sweep that is computing them.
    """
    Contract.objects.filter(pk=contract.pk).update(deadlines_stale=True)
    contract.deadlines_stale = True


def new_term(contract: Contract, number: int) -> Term:
    """Return the unsaved term with the price and clauses in force: renewed is a new contract, same content."""
    found = clause_of(contract).term(number)
    return Term(
        organization_id=contract.organization_id,
        contract=contract,
        number=number,
        days=DateRange(found.starts_on, found.ends_on),
        fee=contract.annual_fee,
        currency=contract.currency,
        clauses={name: getattr(contract, name) for name in CLAUSES},
    )
