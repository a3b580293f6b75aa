"""What a contract was charged, in the parts in which it falls due, and what it has paid, read from its lines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db.models import Q, QuerySet

from contracts.enums import BillingInterval, BillingTiming, LineKind
from contracts.models import Contract, Payment, StatementLine, Term
from contracts.rules import billing, terms
from contracts.rules.billing import Account, Instalment
from contracts.rules.days import ONE_DAY
from contracts.rules.money import Money

_BY_AN_END = Q(kind__in=[LineKind.PENALTY.value, LineKind.REFUND.value]) | Q(
    kind=LineKind.CREDIT.value, source__isnull=False
)


@dataclass(frozen=True, slots=True)
class Position:
    """What a contract has been charged and has paid, as its lines and payments say."""

    charges: tuple[Instalment, ...]
    paid: Money
    credits: Money


def standing(contract: Contract) -> QuerySet[StatementLine]:
    """Return the lines that were not voided."""
    return StatementLine.objects.filter(contract=contract, voided_at__isnull=True)


def by_an_end(contracts: Iterable[int]) -> QuerySet[StatementLine]:
    """Return the lines of contracts, by their keys, that an end has brought: nothing else asks an early-exit fee, pays
    back, or credits what has a source.
    """
    return StatementLine.objects.filter(_BY_AN_END, contract__in=list(contracts), voided_at__isnull=True)


def position_of(contract: Contract, *, exits: bool = True) -> Position:
    """Return what was charged, in the parts in which it falls due, and what was paid.

    What was paid before the contract was taken over here counts as paid. What an exit takes off is not charged; other
    credits stand apart. Without ``exits`` it is as if no end had written anything.
    """
    found = standing(contract) if exits else standing(contract).exclude(_BY_AN_END)
    lines = list(found.select_related("term").order_by("due_on", "pk"))
    charges = [part for line in lines for part in charges_of(contract, line)]
    if contract.paid_before_on is not None:
        charges = [part for part in charges if part.starts_on >= contract.paid_before_on]
    paid, credits = Decimal(0), Decimal(0)
    for line in lines:
        if line.kind == LineKind.REFUND.value:
            paid -= line.amount
        elif line.kind == LineKind.CREDIT.value and line.source is None:
            credits -= line.amount
        elif line.kind == LineKind.CREDIT.value:
            charges = [part for part in taken_off(charges, line)[0] if part.amount.amount]
    paid += sum(Payment.objects.filter(contract=contract).values_list("amount", flat=True), Decimal(0))
    if contract.ends_on is not None:
        charges = [replace(part, ends_on=max(part.starts_on, min(part.ends_on, contract.ends_on))) for part in charges]
    return Position(tuple(charges), Money(paid, contract.currency), Money(credits, contract.currency))


def charges_of(contract: Contract, line: StatementLine) -> tuple[Instalment, ...]:
    """Return the parts in which a line falls due: the instalments of a fee; any other charge is one."""
    amount = Money(line.amount, line.currency)
    if line.kind in (LineKind.CREDIT.value, LineKind.REFUND.value):
        return ()
    if line.kind == LineKind.FEE.value and line.term is not None and not _after_term(line, line.term):
        clauses = line.term.clauses
        # A year of a term without an end has its own price.
        annual = line.amount if line.term.days.upper is None else line.term.fee
        return billing.instalments(
            terms.Term(line.term.number, line.starts_on, line.ends_on),
            Money(annual, line.currency),
            anchor=contract.starts_on,
            interval=BillingInterval(clauses["billing_interval"]),
            timing=BillingTiming(clauses["billing_timing"]),
        )
    if line.kind in (LineKind.PENALTY.value, LineKind.SWITCH.value):
        # It covers no day: unpaid, it leaves the days until the exit, on which it falls due, paid.
        after = line.due_on + ONE_DAY
        return (Instalment(1, after, after, line.due_on, amount),)
    return (Instalment(1, line.starts_on, line.ends_on, line.due_on, amount),)


def _after_term(line: StatementLine, term: Term) -> bool:
    """Say whether a fee is of days after the term, which fall due at once."""
    return term.days.upper is not None and line.starts_on >= term.days.upper


def account_of(contract: Contract, *, on: date) -> Account:
    """Return how matters stand on a day: what is unpaid, what is prepaid, and the first day not paid for."""
    found = position_of(contract)
    paid = found.paid + found.credits
    nothing = Money(Decimal(0), contract.currency)
    account = billing.settle(found.charges, paid=paid if paid.amount > 0 else nothing, on=on)
    if account.paid_until is None:
        return replace(account, paid_until=contract.paid_before_on)
    return account


def taken_off(
    parts: Sequence[Instalment], credit: StatementLine, *, due_after: date | None = None
) -> tuple[list[Instalment], Money]:
    """Return the parts less what an end credits, the last of the days that it is for first, and what is left of it.

    With ``due_after`` it takes only from what falls due after that day. Each part keeps its place, be it for nothing.
    """
    left, found = Money(-credit.amount, credit.currency), list(parts)
    for index in sorted(range(len(parts)), key=lambda one: parts[one].starts_on, reverse=True):
        part = parts[index]
        open_yet = due_after is None or part.due_on > due_after
        if open_yet and part.starts_on < credit.ends_on and part.ends_on > credit.starts_on:
            less = min(left, part.amount, key=lambda one: one.amount)
            left, found[index] = left - less, replace(part, amount=part.amount - less)
    return found, left
