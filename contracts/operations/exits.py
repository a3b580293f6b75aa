"""What leaving a contract rests on, read from its rows for the rules of quotes and of what-if; nothing is written."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from contracts.enums import ContractStatus, GoverningLaw
from contracts.models import Amendment, Contract
from contracts.operations import chatel, stored
from contracts.rules import billing, whatif
from contracts.rules.billing import FeeChange, PricedTerm
from contracts.rules.days import ONE_DAY
from contracts.rules.errors import InvalidInput
from contracts.rules.free_exit import Missed
from contracts.rules.money import Money
from contracts.rules.periods import local_day
from contracts.rules.quotes import ExitClause
from contracts.rules.status import BINDING
from contracts.rules.terms import Term
from contracts.rules.whatif import Facts, LeavingDay, YearAmount


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
    """Return the annual fee with which a term begins, by its number: of one that has begun its own, of a later one what
    both sides have agreed for its first day by now.
    """
    begun = {
        term.number: Money(term.fee, term.currency)
        for term in contract.terms.all()
        if term.voided_at is None and term.started_at is not None  # filtered here, so that a prefetched set serves
    }
    clause, changes = stored.clause_of(contract), fee_changes(contract)
    applied = [one for one in _of_the_fee(contract) if one.applied_at is not None]
    first = Money(Decimal(applied[0].before["annual_fee"]) if applied else contract.annual_fee, contract.currency)

    def annual(number: int) -> Money:
        if number in begun:
            return begun[number]
        starts_on = clause.term(number).starts_on
        return next((one.annual for one in reversed(changes) if one.from_on <= starts_on), first)

    return annual


def fee_changes(contract: Contract, *, pending: bool = True) -> tuple[FeeChange, ...]:
    """Return the annual fees that amendments have brought or (``pending``) will bring, in the order of their days."""
    return tuple(
        FeeChange(one.valid_from, Money(Decimal(one.values["annual_fee"]), contract.currency))
        for one in _of_the_fee(contract)
        if pending or one.applied_at is not None
    )


def priced_terms(contract: Contract, *, starts_on: date, ends_on: date, pending: bool = True) -> tuple[PricedTerm, ...]:
    """Return the terms that hold the days from ``starts_on`` to ``ends_on`` (exclusive), each with its prices.

    Where the service goes on after the last term, those days stand for a term of their own. ``pending``: with the
    prices that amendments are yet to bring.

    :raises InvalidInput: as :func:`billing.priced_terms` does.
    """
    clause, annual = stored.clause_of(contract), annual_fees(contract)
    changes = fee_changes(contract, pending=pending)

    def terms(first: date, stop: date) -> tuple[PricedTerm, ...]:
        return billing.priced_terms(clause, annual=annual, starts_on=first, ends_on=stop, changes=changes)

    over = goes_on_from(contract)
    if over is None or contract.ends_on is None or ends_on <= over:
        return terms(starts_on, ends_on)
    (last,) = terms(over - ONE_DAY, over)
    fee, _why = billing.after_term(last, until=contract.ends_on)
    after = PricedTerm(Term(last.term.number, over, contract.ends_on), fee)
    return (*(terms(starts_on, over) if starts_on < over else ()), after)


def goes_on_from(contract: Contract) -> date | None:
    """Return the first day after the last term of a contract that goes on without a new one, as under a switch."""
    running = contract.status in (ContractStatus.ACTIVE.value, ContractStatus.ENDED.value)
    if not running or contract.renews_at is not None or contract.term_ends_on is None or contract.ends_on is None:
        return None
    return contract.term_ends_on if contract.ends_on > contract.term_ends_on else None


def _of_the_fee(contract: Contract) -> list[Amendment]:
    found = [one for one in contract.amendments.all() if one.voided_at is None and "annual_fee" in one.values]
    return sorted(found, key=lambda one: (one.valid_from, one.pk))


def facts_of(contract: Contract, missed: Sequence[Missed]) -> Facts:
    """Return all that the rules of what-if need of a contract, ``missed`` being the reminders that did not come."""
    return Facts(
        notice=stored.clause_of(contract),
        exit=exit_clause(contract),
        annual=annual_fees(contract),
        changes=fee_changes(contract),
        ends_on=contract.ends_on,
        missed=missed,
        carried_from=goes_on_from(contract),
    )


def series(contract: Contract, *, on: date, months: int, today: date | None = None) -> tuple[LeavingDay, ...]:
    """Return what leaving costs on each day of the next ``months``, decided on the local day ``on``.

    ``today`` is the local day on which that is asked, where it is another one.

    :raises InvalidInput: the contract is over, or as :func:`whatif.series` does.
    """
    known = chatel.missed(contract, on=min(on, today or on))
    return whatif.series(facts_of(contract, known), on=on, months=months)


def committed(contract: Contract, *, on: date, year_starts_in: int) -> tuple[YearAmount, ...]:
    """Return the fees until the earliest exit by financial year.

    :raises InvalidInput: the contract is over, or as :func:`whatif.committed` does.
    """
    facts = facts_of(contract, chatel.missed(contract, on=on))
    return whatif.committed(facts, on=on, year_starts_in=year_starts_in)


@dataclass(frozen=True, slots=True)
class Commitment:
    """A contract, until when it binds at the least (inclusive), and the fees until then by financial year.

    ``fault`` says why a rule has no answer for it; then nobody knows the rest.
    """

    contract: Contract
    bound_until: date | None
    years: tuple[YearAmount, ...]
    fault: InvalidInput | None = None

    @property
    def total(self) -> Money | None:
        """The fees of all years together."""
        if self.fault is not None:
            return None
        return Money(sum((year.amount.amount for year in self.years), Decimal(0)), self.contract.currency)


def commitments(contracts: Iterable[Contract], *, now: datetime, year_starts_in: int) -> list[Commitment]:
    """Return the commitment of each contract that still binds, counted from its own local day.

    One that no rule has an answer for is named with its fault, and hides no other.

    :raises InvalidInput: the month is none.
    """
    whatif.check_month(year_starts_in)
    binding = [one for one in contracts if _binds(one, local_day(now, one.time_zone))]
    missed = chatel.missed_of(binding, on=lambda one: local_day(now, one.time_zone))
    found = []
    for one in binding:
        today = local_day(now, one.time_zone)
        try:
            years = whatif.committed(facts_of(one, missed[one.pk]), on=today, year_starts_in=year_starts_in)
            found.append(Commitment(one, years[-1].ends_on - ONE_DAY, years))
        except InvalidInput as fault:
            found.append(Commitment(one, None, (), fault))
    return found


def _binds(contract: Contract, today: date) -> bool:
    over = contract.ends_on is not None and contract.ends_on <= max(today, contract.starts_on)
    return contract.status in BINDING and not over
