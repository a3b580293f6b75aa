"""What is charged as the years of a term without an end begin, and what is credited for a service that fell short."""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from accounts.errors import FieldError, InvalidInput, Refused
from accounts.operations import audit, outbox
from contracts import explain
from contracts.enums import LineKind
from contracts.models import Contract, StatementLine
from contracts.operations import settling, statements
from contracts.rules import errors, money
from contracts.rules.days import ONE_DAY
from contracts.rules.money import Money
from contracts.rules.periods import local_day


class NothingToCharge(Refused):
    """Nothing is due to be charged."""

    code = "nothing_to_charge"


@transaction.atomic
def charge_next_year(contract: Contract, *, now: datetime, by: str) -> StatementLine:
    """Charge the next year of a term of indefinite duration.

    :raises NothingToCharge: the year that runs is charged already, or the term has an end.
    """
    locked = statements.locked_contract(contract)
    # Asked again under the lock: the question is of other rows, which another worker may have written meanwhile.
    due = Contract.objects.due_for_charging(at=now).filter(pk=locked.pk).exists()
    term = locked.terms.filter(number=locked.term_number, voided_at__isnull=True).first()
    line = statements.charge_term(locked, term, now=now, by=by) if due and term is not None else None
    if line is None:
        raise NothingToCharge("The year that runs is charged.")
    settling.keep(locked, now=now, by=by)
    _announce("contract.year_charged", locked, line, by=by, now=now)
    return line


@transaction.atomic
def give_credit(
    contract: Contract, *, amount: Decimal, starts_on: date, last_day: date, now: datetime, by: str
) -> StatementLine:
    """Write a credit, such as one for a missed service level, for the days that it makes good.

    :raises InvalidInput: the amount is not above zero or has too many decimals, or the days are not the contract's.
    """
    locked = statements.locked_contract(contract)
    faults = _amount_faults(amount, locked.currency)
    if last_day < starts_on:
        faults.append(FieldError("last_day", "ends_before_it_starts", "The last day is before the first."))
    if starts_on < locked.starts_on:
        faults.append(FieldError("starts_on", "before_the_contract", "The contract had not started."))
    if faults:
        raise InvalidInput(faults)
    line = statements.write(
        locked,
        LineKind.CREDIT,
        amount=Money(-amount, locked.currency),
        starts_on=starts_on,
        ends_on=last_day + ONE_DAY,
        due_on=local_day(now, locked.time_zone),
        by=by,
        now=now,
    )
    settling.keep(locked, now=now, by=by)
    _announce("contract.credited", locked, line, by=by, now=now)
    return line


def _amount_faults(amount: Decimal, currency: str) -> list[FieldError]:
    if amount <= 0:
        return [FieldError("amount", "not_positive", "The amount is above zero.")]
    try:
        money.parse_amount(amount, currency)
    except errors.InvalidInput as error:
        return [FieldError("amount", error.code, explain.said(error))]
    return []


def _announce(name: str, contract: Contract, line: StatementLine, *, by: str, now: datetime) -> None:
    data = {"line": str(line.public_id), "kind": line.kind}
    audit.record(name, contract, by=by, at=now, data=data)
    outbox.publish(name, contract, at=now, payload=data)
