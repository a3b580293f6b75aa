"""Statements: the lines that a term, a new price, a credit, an exit or a switch writes, and the first unpaid day."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.errors import FieldError, InvalidInput, Refused
from accounts.operations import audit, outbox
from contracts.enums import ContractStatus, LineKind
from contracts.models import Contract, StatementLine, Term
from contracts.operations import exits, positions, stored
from contracts.rules import billing, errors, money, quotes, terms, vat
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


class NothingToCharge(Refused):
    """Nothing is due to be charged."""

    code = "nothing_to_charge"


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
    line = _write(
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


def charge_exit(
    contract: Contract, found: quotes.Quote, *, ends_on: date, source: UUID, now: datetime, by: str
) -> list[StatementLine]:
    """Write what an exit brings: the fee no longer owed, the early-exit fee, the refund. The contract is locked.

    ``ends_on`` (exclusive) is the end of the term in which the exit lies. With its last day no fee is left to credit;
    what is asked and paid back then stands on that day.
    """
    amounts = {line.kind: line for line in found.lines}
    first = found.exit_on + ONE_DAY
    if not found.right_to_leave:
        return []
    within = first < ends_on
    days: dict[str, Any] = {
        "starts_on": first if within else found.exit_on,
        "ends_on": ends_on if within else first,
        "due_on": found.exit_on,
        "source": source,
        "now": now,
        "by": by,
    }
    remaining = amounts[quotes.LineKind.FEE_REMAINING]
    kept = amounts.get(quotes.LineKind.PREPAID_KEPT)
    unowed = remaining.amount - kept.amount if kept is not None else remaining.amount
    lines = []
    if unowed.amount > 0:  # more may be kept than remains: what was paid for a term that will not begin
        why = remaining.explanation.to_json()
        lines.append(_write(contract, CREDIT, amount=unowed * -1, why=why, **days))
    for kind, wanted in ((PENALTY, quotes.LineKind.PENALTY), (REFUND, quotes.LineKind.REFUND)):
        line = amounts.get(wanted)
        if line is not None and line.amount.amount:
            amount = line.amount * -1 if kind is REFUND else line.amount
            lines.append(_write(contract, kind, amount=amount, why=line.explanation.to_json(), **days))
    _settled(contract, now=now)
    return lines


def charge_after_term(
    contract: Contract, term: Term, amount: Money, *, ends_on: date, why: Explanation, now: datetime, by: str
) -> StatementLine:
    """Write the fee of the days that a contract went on after its last term. The contract is locked."""
    return _write(
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
        _write(
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


def void(contract: Contract, *, source: UUID, now: datetime) -> None:
    """Void the lines that a source brought, because it was taken back; the contract is locked."""
    positions.standing(contract).filter(source=source).update(voided_at=now)
    _settled(contract, now=now)


def void_exits(contract: Contract, *, now: datetime, but: UUID | None = None) -> None:
    """Void what the terminations that stand have written: an earlier end forestalls them. The contract is locked."""
    for one in contract.terminations.filter(withdrawn_at__isnull=True):
        if one.brought_by != but:
            void(contract, source=one.brought_by, now=now)


def restore_exits(contract: Contract, *, voided_at: datetime, now: datetime) -> None:
    """Let the lines of the terminations that stand count again which an end that was taken back had forestalled."""
    sources = [one.brought_by for one in contract.terminations.filter(withdrawn_at__isnull=True)]
    StatementLine.objects.filter(contract=contract, source__in=sources, voided_at=voided_at).update(voided_at=None)
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
    return _write(
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
