"""What leaving a contract rests on, read from its rows for the rules of quotes and of what-if; nothing is written."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from contracts.enums import ContractStatus, GoverningLaw
from contracts.models import Contract
from contracts.operations import stored
from contracts.rules import whatif
from contracts.rules.days import ONE_DAY
from contracts.rules.money import Money
from contracts.rules.periods import local_day
from contracts.rules.quotes import ExitClause
from contracts.rules.whatif import Facts, LeavingDay, YearAmount

LEAVABLE = (ContractStatus.SIGNED.value, ContractStatus.ACTIVE.value)


def exit_clause(contract: Contract) -> ExitClause:
    """Return what the contract says about leaving early."""
    cap = contract.early_exit_cap
    return ExitClause(
        rate=contract.early_exit_rate,
        refunds=contract.early_exit_refunds,
        law=GoverningLaw(contract.governing_law),
        concluded_on=contract.concluded_on,
        cap=None if cap is None else Money(cap, contract.currency),
        disclosed_on=contract.early_exit_disclosed_on,
        committed_until=stored.clause_of(contract).committed_until,
    )


def annual_fees(contract: Contract) -> Callable[[int], Money]:
    """Return the annual fee by number of term: of a term that is agreed its own, of a later one the fee in force."""
    agreed = {
        term.number: Money(term.fee, term.currency)
        for term in contract.terms.all()
        if term.voided_at is None  # filtered here, so that a prefetched set serves
    }
    current = Money(contract.annual_fee, contract.currency)
    return lambda number: agreed.get(number, current)


def facts_of(contract: Contract) -> Facts:
    """Return all that the rules of what-if need of a contract."""
    return Facts(
        notice=stored.clause_of(contract),
        exit=exit_clause(contract),
        annual=annual_fees(contract),
        ends_on=contract.ends_on,
    )


def series(contract: Contract, *, on: date, months: int) -> tuple[LeavingDay, ...]:
    """Return what leaving costs on each day of the next ``months``, decided on the local day ``on``.

    :raises InvalidInput: the contract is over, or as :func:`whatif.series` does.
    """
    return whatif.series(facts_of(contract), on=on, months=months)


def committed(contract: Contract, *, on: date, year_starts_in: int) -> tuple[YearAmount, ...]:
    """Return the fees until the earliest exit by financial year.

    :raises InvalidInput: the contract is over, or as :func:`whatif.committed` does.
    """
    return whatif.committed(facts_of(contract), on=on, year_starts_in=year_starts_in)


@dataclass(frozen=True, slots=True)
class Commitment:
    """A contract, until when it binds at the least (inclusive), and the fees until then by financial year."""

    contract: Contract
    bound_until: date
    years: tuple[YearAmount, ...]

    @property
    def total(self) -> Money:
        """The fees of all years together."""
        return Money(sum((year.amount.amount for year in self.years), Decimal(0)), self.contract.currency)


def commitments(contracts: Iterable[Contract], *, now: datetime, year_starts_in: int) -> list[Commitment]:
    """Return the commitment of each contract that still binds, counted from its own local day.

    :raises InvalidInput: the month is none.
    """
    found = []
    for contract in contracts:
        today = local_day(now, contract.time_zone)
        over = contract.ends_on is not None and contract.ends_on <= max(today, contract.starts_on)
        if contract.status not in LEAVABLE or over:
            continue
        years = committed(contract, on=today, year_starts_in=year_starts_in)
        found.append(Commitment(contract, years[-1].ends_on - ONE_DAY, years))
    return found
