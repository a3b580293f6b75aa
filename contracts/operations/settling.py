"""What an end charges and gives back: written as the contract ends, where it was not priced as it was declared."""

from datetime import datetime
from uuid import UUID

from contracts.enums import LineKind, NoticeParty, SwitchStatus, TerminationGround
from contracts.models import Contract, Notice, SwitchingCase, Termination
from contracts.operations import exits, positions, quotes, statements
from contracts.operations.ends import Source
from contracts.operations.switching_parts import last_day_of
from contracts.rules import billing
from contracts.rules import quotes as rules
from contracts.rules.days import ONE_DAY
from contracts.rules.ends import End
from contracts.rules.explanation import Explanation
from contracts.rules.money import Money


def settle(contract: Contract, end: End[Source] | None, *, now: datetime, by: str) -> None:
    """Write what the end of a locked contract brings, once: the caller ends it, and leaves the audit event.

    A termination was priced as it was declared or accepted. A notice and a switch are priced now: the fee of the days
    that are no longer owed, the early-exit fee of a switch, what is given back; so are the days that the service went
    on after the last term, and what is asked for a switch. What an end wrote that another one forestalled is voided.
    """
    if end is None or contract.ends_on is None:
        return
    statements.void_exits(contract, but=_brought_by(end.source), now=now)
    if contract.ends_on <= contract.starts_on:
        positions.standing(contract).filter(kind=LineKind.FEE.value).update(voided_at=now)
    elif contract.term_ends_on is not None and contract.ends_on > contract.term_ends_on:
        _charge_after_term(contract, now=now, by=by)
    else:
        _charge_years(contract, now=now, by=by)
        _charge_exit(contract, end.source, now=now, by=by)
    for case in contract.switching_cases.exclude(status=SwitchStatus.WITHDRAWN.value):
        charge_switch(contract, case, now=now, by=by)
    statements.settle(contract, now=now)


def charge_switch(contract: Contract, case: SwitchingCase, *, now: datetime, by: str) -> None:
    """Write what was recorded for a switch, as far as the law lets it be asked on the day on which the switch ends."""
    if case.charge is None:
        return
    last_day = last_day_of(case)
    amount, step, source = rules.switching_charge(
        Money(case.charge, contract.currency), on=last_day, currency=contract.currency
    )
    inputs = {"on": last_day, "charge": case.charge}
    why = Explanation(rule="quote.switching_charge", version=1, inputs=inputs, steps=(step,), source=source)
    statements.charge_switch(
        contract, amount, last_day=last_day, source=case.public_id, why=why.to_json(), now=now, by=by
    )


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


def _charge_exit(contract: Contract, source: Source, *, now: datetime, by: str) -> None:
    if contract.ends_on is None:
        return
    exit_on = contract.ends_on - ONE_DAY
    if isinstance(source, Notice):
        ground, declared_on, free = None, exit_on, source.free_of_charge
    elif source.ground == TerminationGround.SWITCHING.value:
        ground, declared_on, free = TerminationGround.SWITCHING, min(source.declared_on, exit_on), False
    else:
        return
    found = quotes.compute(
        contract,
        exit_on=exit_on,
        ground=ground,
        party=NoticeParty(source.party),
        on=declared_on,
        ended=True,
        free=free,
    )
    until = quotes.term_end(contract, exit_on)
    statements.charge_exit(contract, found, ends_on=until, source=_brought_by(source), now=now, by=by)


def _brought_by(source: Source) -> UUID:
    return source.brought_by if isinstance(source, Termination) else source.public_id
