"""Statements: the lines that a term, a new price, a credit, an exit or a switch writes, and the first unpaid day."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings

from accounts.errors import Refused
from contracts.enums import ContractStatus, LineKind
from contracts.models import Contract, StatementLine, Term
from contracts.operations import exits, positions, stored
from contracts.rules import billing, terms, vat
from contracts.rules.days import ONE_DAY, add_months
from contracts.rules.explanation import Explanation
from contracts.rules.money import Money
from contracts.rules.periods import local_day

UPLIFT, CREDIT, PENALTY, REFUND, FEE, SWITCH = (
    LineKind.UPLIFT,
    LineKind.CREDIT,
    LineKind.PENALTY,
    LineKind.REFUND,
    LineKind.FEE,
    LineKind.SWITCH,
)


def charge_term(contract: Contract, term: Term, *, by: str, now: datetime) -> StatementLine | None:
    """Write the fee of a term that starts, once; the caller has locked the contract and leaves the audit event.

    Its day due is the term's first; the parts in which it really falls due are :func:`charges_of`.
    A term of indefinite duration is charged a year at a time: this writes the next one that is not yet written, at the
    price of its first day, and what the prices that changed within it add. Returns ``None`` where the fee is written.
    """
    starts_on, ends_on = term.days.lower, term.days.upper
    year = None
    if ends_on is None:
        written = positions.standing(contract).filter(kind=FEE.value, term=term).order_by("ends_on").last()
        starts_on = written.ends_on if written is not None else starts_on
        ends_on = add_months(contract.starts_on, _months(contract.starts_on, starts_on) + 12)
        year = _year(contract, term, terms.Term(term.number, starts_on, ends_on))
    elif positions.standing(contract).filter(kind=FEE.value, term=term).exists():
        return None
    whole = terms.Term(term.number, starts_on, ends_on)
    fee = year.fee if year is not None else billing.fee_of(whole, Money(term.fee, term.currency))
    line = write(
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
    for changes_on, after in year.changes if year is not None else ():
        _write_uplift(contract, term, whole, before=fee, after=after, changes_on=changes_on, now=now, by=by)
        fee = after
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
) -> list[StatementLine]:
    """Write what a new annual fee adds to a running term from a day on; the caller has locked the contract.

    In a term without an end it adds to each year that is charged already. ``before`` is the annual fee until then,
    where it is not the one that the term began with.

    :raises accounts.errors.InvalidInput: as :func:`billing.uplift` does.
    """
    charged = [terms.Term(term.number, term.days.lower, term.days.upper)]
    if term.days.upper is None:
        years = (
            positions.standing(contract).filter(kind=FEE.value, term=term, ends_on__gt=changes_on).order_by("starts_on")
        )
        charged = [terms.Term(term.number, line.starts_on, line.ends_on) for line in years]
    lines = []
    for running in charged:
        old, new = (
            billing.fee_of(running, Money(fee, term.currency))
            for fee in (term.fee if before is None else before, after)
        )
        day = max(changes_on, running.starts_on)
        lines.append(
            _write_uplift(contract, term, running, before=old, after=new, changes_on=day, source=source, now=now, by=by)
        )
    _settled(contract, now=now)
    return lines


def charge_after_term(
    contract: Contract, term: Term, amount: Money, *, ends_on: date, why: Explanation, now: datetime, by: str
) -> StatementLine:
    """Write the fee of the days that a contract went on after its last term. The contract is locked."""
    return write(
        contract,
        FEE,
        amount=amount,
        starts_on=term.days.upper,
        ends_on=ends_on,
        due_on=ends_on - ONE_DAY,
        term=term,
        seats=term.clauses.get("seats"),
        why=why.to_json(),
        now=now,
        by=by,
    )


def charge_switch(
    contract: Contract, amount: Money, *, last_day: date, source: UUID, why: dict[str, Any], now: datetime, by: str
) -> None:
    """Write what is asked for a switch itself, in place of what was; nothing is no line. The contract is locked."""
    positions.standing(contract).filter(kind=SWITCH.value, source=source).update(voided_at=now)
    if amount.amount:
        write(
            contract,
            SWITCH,
            amount=amount,
            starts_on=last_day,
            ends_on=last_day + ONE_DAY,
            due_on=last_day,
            source=source,
            why=why,
            now=now,
            by=by,
        )
    _settled(contract, now=now)


def void_terms(contract: Contract, *, now: datetime) -> None:
    """Void the lines of terms that were voided; the contract is locked."""
    positions.standing(contract).filter(term__voided_at__isnull=False).update(voided_at=now)


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
    found = positions.account_of(contract, on=local_day(now, contract.time_zone))
    if (found.paid_until, found.excess.amount) != (contract.paid_until, contract.paid_ahead):
        contract.paid_until, contract.paid_ahead = found.paid_until, found.excess.amount
        contract.save(update_fields=["paid_until", "paid_ahead"])


def write(
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


def _year(contract: Contract, term: Term, year: terms.Term) -> billing.PricedTerm:
    """Price a year of a term without an end by what has been applied: what is pending is charged when its day comes."""
    (found,) = billing.priced_terms(
        stored.clause_of(contract),
        annual=lambda _number: Money(term.fee, term.currency),
        starts_on=year.starts_on,
        ends_on=year.starts_on + ONE_DAY,
        changes=exits.fee_changes(contract, pending=False),
    )
    return found


def _write_uplift(
    contract: Contract,
    term: Term,
    running: terms.Term,
    *,
    before: Money,
    after: Money,
    changes_on: date,
    now: datetime,
    by: str,
    source: UUID | None = None,
) -> StatementLine:
    found, why = billing.uplift(running, before=before, after=after, changes_on=changes_on)
    return write(
        contract,
        UPLIFT,
        amount=found,
        starts_on=changes_on,
        ends_on=running.ends_on or changes_on + ONE_DAY,
        due_on=changes_on,
        term=term,
        source=source,
        why=why.to_json(),
        by=by,
        now=now,
    )


def _months(anchor: date, day: date) -> int:
    return (day.year - anchor.year) * 12 + day.month - anchor.month
