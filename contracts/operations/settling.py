"""What an end charges and gives back: written as soon as it stands, kept true until it comes, and then final."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from contracts.enums import ContractStatus, LineKind, SwitchStatus
from contracts.models import Contract, StatementLine, SwitchingCase, Termination
from contracts.operations import exits, positions, pricing, standing, statements
from contracts.operations.standing import Source
from contracts.operations.switching_parts import last_day_of
from contracts.rules import billing, quotes
from contracts.rules.days import ONE_DAY
from contracts.rules.ends import End
from contracts.rules.explanation import Explanation
from contracts.rules.money import Money


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line that the end brings; ``ends_on`` is exclusive."""

    kind: LineKind
    amount: Money
    starts_on: date
    ends_on: date
    due_on: date
    source: UUID
    why: dict[str, Any]

    def is_written_as(self, line: StatementLine) -> bool:
        """Say whether a line says the same."""
        mine = (self.kind.value, self.amount.rounded().amount, self.starts_on, self.ends_on, self.due_on, self.source)
        return mine == (line.kind, line.amount, line.starts_on, line.ends_on, line.due_on, line.source)


def keep(contract: Contract, *, now: datetime, by: str) -> None:
    """Keep the lines of the end that counts true to what is charged and paid by now, and the first unpaid day.

    The fee that is no longer owed, the early-exit fee and what is paid back: what changed is voided and written anew.
    Once the contract has ended its lines are final. The caller has locked it, and leaves the audit event.
    """
    if contract.status != ContractStatus.ENDED.value:
        _keep_exit(contract, standing.standing_end(contract) if contract.ends_on is not None else None, now=now, by=by)
    statements.settle(contract, now=now)


def settle(contract: Contract, end: End[Source] | None, *, now: datetime, by: str) -> None:
    """Write, once and for good, what the end of a locked contract brings: the caller ends it, and leaves the event.

    Beside what :func:`keep` kept these are the years of a term without an end that no sweep has charged, the days that
    the service went on after the last term, and what is asked for a switch.
    """
    if end is None or contract.ends_on is None:
        return
    if contract.ends_on <= contract.starts_on:
        positions.standing(contract).filter(kind=LineKind.FEE.value).update(voided_at=now)
    elif exits.goes_on_from(contract) is not None:
        _charge_after_term(contract, now=now, by=by)
    else:
        _charge_years(contract, now=now, by=by)
    _keep_exit(contract, end, now=now, by=by)
    for case in contract.switching_cases.exclude(status=SwitchStatus.WITHDRAWN.value):
        charge_switch(contract, case, now=now, by=by)
    statements.settle(contract, now=now)


def charge_switch(contract: Contract, case: SwitchingCase, *, now: datetime, by: str) -> None:
    """Write what was recorded for a switch, as far as the law lets it be asked on the day on which the switch ends."""
    if case.charge is None:
        return
    last_day = last_day_of(case)
    amount, step, source = quotes.switching_charge(
        Money(case.charge, contract.currency), on=last_day, currency=contract.currency
    )
    inputs = {"on": last_day, "charge": case.charge}
    why = Explanation(rule="quote.switching_charge", version=1, inputs=inputs, steps=(step,), source=source)
    statements.charge_switch(
        contract, amount, last_day=last_day, source=case.public_id, why=why.to_json(), now=now, by=by
    )


def _keep_exit(contract: Contract, end: End[Source] | None, *, now: datetime, by: str) -> None:
    written = positions.by_an_end([contract.pk])
    wanted = [] if end is None or end.ends_on <= contract.starts_on else _wanted(contract, end)
    held = list(written.order_by("pk"))
    if len(held) == len(wanted) and all(map(Wanted.is_written_as, wanted, held)):
        return
    written.update(voided_at=now)
    for one in wanted:
        statements.write(
            contract,
            one.kind,
            amount=one.amount,
            starts_on=one.starts_on,
            ends_on=one.ends_on,
            due_on=one.due_on,
            source=one.source,
            why=one.why,
            now=now,
            by=by,
        )


def _wanted(contract: Contract, end: End[Source]) -> list[Wanted]:
    """Return what the end brings. With the last day of a term no fee is left to credit: the rest stands on that day."""
    price, exit_on = pricing.of_end(contract, end), end.ends_on - ONE_DAY
    until = pricing.term_end(contract, exit_on)
    days = (end.ends_on, until) if end.ends_on < until else (exit_on, end.ends_on)
    amounts = {line.kind: line for line in price.quote.lines}
    remaining = amounts[quotes.LineKind.FEE_REMAINING]
    penalty, refund = amounts.get(quotes.LineKind.PENALTY), amounts.get(quotes.LineKind.REFUND)
    unowed = _charged(contract, exit_on, remaining.amount)
    if quotes.LineKind.PREPAID_KEPT in amounts:  # more may be kept than remains: paid for a term that will not begin
        unowed = unowed - amounts[quotes.LineKind.PREPAID_KEPT].amount
    found = []
    if unowed.amount > 0:
        found.append((LineKind.CREDIT, unowed * -1, remaining.explanation.to_json()))
    if penalty is not None:
        found.append((LineKind.PENALTY, penalty.amount, price.why_penalty))
    if refund is not None:
        found.append((LineKind.REFUND, refund.amount * -1, refund.explanation.to_json()))
    source = _brought_by(end.source)
    return [
        Wanted(kind, amount, *days, due_on=exit_on, source=source, why=why)
        for kind, amount, why in found
        if amount.amount
    ]


def _charged(contract: Contract, exit_on: date, remaining: Money) -> Money:
    """Return what remains of a fee that was charged: of a term that has not begun nothing was, and nothing is owed."""
    fees = positions.standing(contract).filter(kind=LineKind.FEE.value, starts_on__lte=exit_on, ends_on__gt=exit_on)
    return remaining if fees.exists() else Money(Decimal(0), contract.currency)


def _charge_after_term(contract: Contract, *, now: datetime, by: str) -> None:
    term = contract.terms.filter(number=contract.term_number, voided_at__isnull=True).first()
    if term is None or term.days.upper is None or contract.ends_on is None:
        return
    last_day = term.days.upper - ONE_DAY
    (priced,) = exits.priced_terms(contract, starts_on=last_day, ends_on=term.days.upper)
    amount, why = billing.after_term(priced, until=contract.ends_on)
    statements.charge_after_term(contract, term, amount, ends_on=contract.ends_on, why=why, now=now, by=by)


def _charge_years(contract: Contract, *, now: datetime, by: str) -> None:
    """Charge the years that a term without an end has lived: once it is over, no sweep does."""
    term = contract.terms.filter(number=contract.term_number, voided_at__isnull=True).first()
    if term is None or term.days.upper is not None:
        return
    charged = positions.standing(contract).filter(kind=LineKind.FEE.value, term=term, ends_on__gte=contract.ends_on)
    while not charged.exists():
        statements.charge_term(contract, term, now=now, by=by)


def _brought_by(source: Source) -> UUID:
    return source.brought_by if isinstance(source, Termination) else source.public_id
