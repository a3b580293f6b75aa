"""Statements: the lines that a term, a credit or an exit writes, and what the payments leave unpaid."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.errors import FieldError, InvalidInput, Refused
from accounts.operations import audit, outbox
from contracts.enums import BillingInterval, BillingTiming, ContractStatus, LineKind
from contracts.models import Contract, Payment, StatementLine, Term
from contracts.rules import billing, errors, money, quotes, terms, vat
from contracts.rules.billing import Account, Instalment
from contracts.rules.days import ONE_DAY, add_months
from contracts.rules.money import Money
from contracts.rules.periods import local_day

UPLIFT, CREDIT, PENALTY, REFUND, FEE = (
    LineKind.UPLIFT,
    LineKind.CREDIT,
    LineKind.PENALTY,
    LineKind.REFUND,
    LineKind.FEE,
)


class NothingToCharge(Refused):
    """Nothing is due to be charged."""

    code = "nothing_to_charge"


@dataclass(frozen=True, slots=True)
class Position:
    """What a contract has been charged and has paid, as its lines and payments say."""

    charges: tuple[Instalment, ...]
    paid: Money
    credits: Money


def charge_term(contract: Contract, term: Term, *, by: str, now: datetime) -> StatementLine | None:
    """Write the fee of a term that starts, once; the caller has locked the contract and leaves the audit event.

    Its day due is the term's first; the parts in which it really falls due are :func:`charges_of`.
    A term of indefinite duration is charged a year at a time: this writes the next one that is not yet written.
    Returns ``None`` where the fee is written already.
    """
    starts_on, ends_on = term.days.lower, term.days.upper
    if ends_on is None:
        written = _standing(contract).filter(kind=FEE.value, term=term).order_by("ends_on").last()
        starts_on = written.ends_on if written is not None else starts_on
        ends_on = add_months(contract.starts_on, _months(contract.starts_on, starts_on) + 12)
    elif _standing(contract).filter(kind=FEE.value, term=term).exists():
        return None
    annual = Money(term.fee, term.currency)
    fee = billing.fee_of(terms.Term(term.number, starts_on, ends_on), annual)
    return _write(
        contract,
        FEE,
        amount=fee,
        starts_on=starts_on,
        ends_on=ends_on,
        due_on=starts_on,
        term=term,
        seats=term.clauses.get("seats"),
        by=by,
        now=now,
    )


@transaction.atomic
def charge_next_year(contract: Contract, *, now: datetime, by: str) -> StatementLine:
    """Charge the next year of a term of indefinite duration.

    :raises NothingToCharge: the year that runs is charged already, or the term has an end.
    """
    locked = locked_contract(contract)
    # Asked again under the lock: the question is of other rows, which another worker may have written meanwhile.
    due = Contract.objects.due_for_charging(at=now).filter(pk=locked.pk).exists()
    term = locked.terms.filter(number=locked.term_number, voided_at__isnull=True).first()
    line = charge_term(locked, term, now=now, by=by) if due and term is not None else None
    if line is None:
        raise NothingToCharge("The year that runs is charged.")
    _settled(locked, now=now)
    _announce("contract.year_charged", locked, line, by=by, now=now)
    return line


@transaction.atomic
def give_credit(
    contract: Contract, *, amount: Decimal, starts_on: date, last_day: date, now: datetime, by: str
) -> StatementLine:
    """Write a credit, such as one for a missed service level, for the days that it makes good.

    :raises InvalidInput: the amount is not above zero or has too many decimals, or the days are not the contract's.
    """
    locked = locked_contract(contract)
    faults = _amount_faults(amount, locked.currency)
    if last_day < starts_on:
        faults.append(FieldError("last_day", "ends_before_it_starts", "The last day is before the first."))
    if starts_on < locked.starts_on:
        faults.append(FieldError("starts_on", "before_the_contract", "The contract had not started."))
    if faults:
        raise InvalidInput(faults)
    line = _write(
        locked,
        CREDIT,
        amount=Money(-amount, locked.currency),
        starts_on=starts_on,
        ends_on=last_day + ONE_DAY,
        due_on=local_day(now, locked.time_zone),
        by=by,
        now=now,
    )
    _settled(locked, now=now)
    _announce("contract.credited", locked, line, by=by, now=now)
    return line


def charge_uplift(
    contract: Contract,
    term: Term,
    *,
    after: Decimal,
    changes_on: date,
    source: UUID | None,
    now: datetime,
    by: str,
    before: Decimal | None = None,
) -> StatementLine:
    """Write what a new annual fee adds to a running term from a day on; the caller has locked the contract.

    ``before`` is the annual fee until then, where it is not the one that the term began with.

    :raises accounts.errors.InvalidInput: as :func:`billing.uplift` does.
    """
    running = terms.Term(term.number, term.days.lower, term.days.upper)
    old, new = (
        billing.fee_of(running, Money(fee, term.currency)) for fee in (term.fee if before is None else before, after)
    )
    found, why = billing.uplift(running, before=old, after=new, changes_on=changes_on)
    line = _write(
        contract,
        UPLIFT,
        amount=found,
        starts_on=changes_on,
        ends_on=term.days.upper,
        due_on=changes_on,
        term=term,
        source=source,
        why=why.to_json(),
        by=by,
        now=now,
    )
    _settled(contract, now=now)
    return line


def charge_exit(
    contract: Contract, found: quotes.Quote, *, ends_on: date, source: UUID, now: datetime, by: str
) -> list[StatementLine]:
    """Write what an exit brings: the fee no longer owed, the early-exit fee, the refund. The contract is locked.

    ``ends_on`` (exclusive) is the end of the term in which the exit lies.
    """
    amounts = {line.kind: line for line in found.lines}
    first = found.exit_on + ONE_DAY
    if not found.right_to_leave or first >= ends_on:
        return []
    days: dict[str, Any] = {
        "starts_on": first,
        "ends_on": ends_on,
        "due_on": found.exit_on,
        "source": source,
        "now": now,
        "by": by,
    }
    remaining = amounts[quotes.LineKind.FEE_REMAINING]
    kept = amounts.get(quotes.LineKind.PREPAID_KEPT)
    unowed = remaining.amount - kept.amount if kept is not None else remaining.amount
    lines = []
    if unowed.amount:
        why = remaining.explanation.to_json()
        lines.append(_write(contract, CREDIT, amount=unowed * -1, why=why, **days))
    for kind, wanted in ((PENALTY, quotes.LineKind.PENALTY), (REFUND, quotes.LineKind.REFUND)):
        line = amounts.get(wanted)
        if line is not None and line.amount.amount:
            amount = line.amount * -1 if kind is REFUND else line.amount
            lines.append(_write(contract, kind, amount=amount, why=line.explanation.to_json(), **days))
    _settled(contract, now=now)
    return lines


def void(contract: Contract, *, source: UUID, now: datetime) -> None:
    """Void the lines that a source brought, because it was taken back; the contract is locked."""
    _standing(contract).filter(source=source).update(voided_at=now)
    _settled(contract, now=now)


def void_terms(contract: Contract, *, now: datetime) -> None:
    """Void the lines of terms that were voided; the contract is locked."""
    _standing(contract).filter(term__voided_at__isnull=False).update(voided_at=now)


def position_of(contract: Contract) -> Position:
    """Return what was charged, in the parts in which it falls due, and what was paid.

    What was paid before the contract was taken over here counts as paid. What an exit takes off is not charged; other
    credits stand apart.
    """
    lines = list(_standing(contract).select_related("term").order_by("due_on", "pk"))
    charges = [part for line in lines for part in charges_of(contract, line)]
    if contract.paid_before_on is not None:
        charges = [part for part in charges if part.starts_on >= contract.paid_before_on]
    paid, credits = Decimal(0), Decimal(0)
    for line in lines:
        if line.kind == REFUND.value:
            paid -= line.amount
        elif line.kind == CREDIT.value and line.source is None:
            credits -= line.amount
        elif line.kind == CREDIT.value:
            charges = _taken_off(charges, line)
    paid += sum(Payment.objects.filter(contract=contract).values_list("amount", flat=True), Decimal(0))
    if contract.ends_on is not None:
        charges = [replace(part, ends_on=max(part.starts_on, min(part.ends_on, contract.ends_on))) for part in charges]
    return Position(tuple(charges), Money(paid, contract.currency), Money(credits, contract.currency))


def charges_of(contract: Contract, line: StatementLine) -> tuple[Instalment, ...]:
    """Return the parts in which a line falls due: the instalments of a fee; any other charge is one."""
    amount = Money(line.amount, line.currency)
    if line.kind in (CREDIT.value, REFUND.value):
        return ()
    if line.kind == FEE.value and line.term is not None:
        clauses = line.term.clauses
        return billing.instalments(
            terms.Term(line.term.number, line.starts_on, line.ends_on),
            Money(line.term.fee, line.currency),
            anchor=contract.starts_on,
            interval=BillingInterval(clauses["billing_interval"]),
            timing=BillingTiming(clauses["billing_timing"]),
        )
    # A penalty covers no day: unpaid, it leaves the days before it paid.
    ends_on = line.starts_on if line.kind == PENALTY.value else line.ends_on
    return (Instalment(1, line.starts_on, ends_on, line.due_on, amount),)


def account_of(contract: Contract, *, on: date) -> Account:
    """Return how matters stand on a day: what is unpaid, what is prepaid, and the first day not paid for."""
    found = position_of(contract)
    paid = found.paid + found.credits
    nothing = Money(Decimal(0), contract.currency)
    account = billing.settle(found.charges, paid=paid if paid.amount > 0 else nothing, on=on)
    if account.paid_until is None:
        return replace(account, paid_until=contract.paid_before_on)
    return account


def locked_contract(contract: Contract) -> Contract:
    """Return the contract, its row locked. :raises Refused: it is a draft, or was cancelled."""
    closed = [ContractStatus.DRAFT.value, ContractStatus.CANCELLED.value]
    found = (
        Contract.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organization")
        .exclude(status__in=closed)
        .filter(pk=contract.pk)
        .first()
    )
    if found is None:
        raise Refused("The contract was never signed.", code="contract_not_in_that_state")
    return found


def settle(contract: Contract, *, now: datetime) -> None:
    """Compute the first unpaid day of a locked contract again, and store it."""
    _settled(contract, now=now)


def _settled(contract: Contract, *, now: datetime) -> None:
    found = account_of(contract, on=local_day(now, contract.time_zone))
    if (found.paid_until, found.excess.amount) != (contract.paid_until, contract.paid_ahead):
        contract.paid_until, contract.paid_ahead = found.paid_until, found.excess.amount
        contract.save(update_fields=["paid_until", "paid_ahead"])


def _standing(contract: Contract) -> Any:
    return StatementLine.objects.filter(contract=contract, voided_at__isnull=True)


def _taken_off(charges: Iterable[Instalment], line: StatementLine) -> list[Instalment]:
    """Return the charges less a credit, the last of the days that it is for first."""
    left = Money(-line.amount, line.currency)
    found = []
    for part in sorted(charges, key=lambda one: one.starts_on, reverse=True):
        if left.amount > 0 and part.starts_on < line.ends_on and part.ends_on > line.starts_on:
            less = min(left, part.amount, key=lambda one: one.amount)
            left = left - less
            if less == part.amount:
                continue
            part = replace(part, amount=part.amount - less)
        found.append(part)
    return found[::-1]


def _write(
    contract: Contract,
    kind: LineKind,
    *,
    amount: Money,
    starts_on: date,
    ends_on: date,
    due_on: date,
    now: datetime,
    by: str,
    term: Term | None = None,
    seats: int | None = None,
    source: UUID | None = None,
    why: dict[str, Any] | None = None,
) -> StatementLine:
    return StatementLine.objects.create(
        organization_id=contract.organization_id,
        contract=contract,
        term=term,
        kind=kind.value,
        starts_on=starts_on,
        ends_on=ends_on,
        due_on=due_on,
        amount=amount.rounded().amount,
        currency=amount.currency,
        vat=vat.treatment(vendor=settings.VENDOR_COUNTRY, client=contract.organization.country).value,
        seats=seats,
        source=source,
        why=why or {},
        recorded_by=by,
        recorded_at=now,
    )


def _months(anchor: date, day: date) -> int:
    return (day.year - anchor.year) * 12 + day.month - anchor.month


def _amount_faults(amount: Decimal, currency: str) -> list[FieldError]:
    if amount <= 0:
        return [FieldError("amount", "not_positive", "The amount is above zero.")]
    try:
        money.parse_amount(amount, currency)
    except errors.InvalidInput as error:
        return [FieldError("amount", error.code, error.detail)]
    return []


def _announce(name: str, contract: Contract, line: StatementLine, *, by: str, now: datetime) -> None:
    data = {"line": str(line.public_id), "kind": line.kind}
    audit.record(name, contract, by=by, at=now, data=data)
    outbox.publish(name, contract, at=now, payload=data)
