"""What leaving costs, read from a contract's rows for the rule of quotes: on any day, or with the end that counts."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from contracts import explain
from contracts.enums import NoticeParty, TerminationGround
from contracts.models import Contract, Notice
from contracts.operations import chatel, exits, positions, standing, stored
from contracts.operations.standing import Source
from contracts.rules import billing, errors, money, quotes
from contracts.rules.days import ONE_DAY
from contracts.rules.ends import End
from contracts.rules.money import Money


@dataclass(frozen=True, slots=True)
class Way:
    """The first day, from an exit on, with which a notice ends the contract; ``free``: prepaid fees come back.

    ``freed_after`` is the last day that a notice leaves which stands already.
    """

    end: date
    free: bool = False
    freed_after: date | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """What an end costs by what was charged, and the reasons of its early-exit fee as they are stored."""

    quote: quotes.Quote
    why_penalty: dict[str, Any]


def compute(
    contract: Contract,
    *,
    exit_on: date,
    ground: TerminationGround | None,
    party: NoticeParty,
    on: date,
    agreed: Decimal | None = None,
    switching_cost: Decimal | None = None,
) -> quotes.Quote:
    """Return what leaving would cost, decided on the local day ``on``, whatever another end has written by now.

    The days after the exit cost what both sides have agreed by now, a price that is yet to come included.

    :raises InvalidInput: as :func:`contracts.rules.quotes.quote` does.
    """
    try:
        if contract.ends_on is not None and exit_on >= contract.ends_on:
            raise errors.InvalidInput("exit_on", "ends_before", "the contract ends on that day or before")
        way = _way_out(contract, on=on, exit_on=exit_on)
        if contract.ends_on is not None:
            way = replace(way, end=min(way.end, contract.ends_on - ONE_DAY))
        return _quote(
            contract,
            way,
            exit_on=exit_on,
            ground=ground,
            party=party,
            agreed=_money(agreed, contract),
            switching_cost=_money(switching_cost, contract),
        )
    except errors.InvalidInput as error:
        raise explain.bad_input(error) from error


def of_end(contract: Contract, end: End[Source]) -> Price:
    """Return what the end that counts costs, by what is charged by now: a price that never comes counts for nothing.

    The early-exit fee of a termination was fixed as it was declared. That of a switch is asked anew: its day moves.

    :raises InvalidInput: as :func:`contracts.rules.quotes.quote` does.
    """
    source, exit_on = end.source, end.ends_on - ONE_DAY
    party = NoticeParty(source.party)
    try:
        if isinstance(source, Notice):
            way = Way(exit_on, source.free_of_charge)
            return Price(_quote(contract, way, exit_on=exit_on, ground=None, party=party, pending=False), {})
        ground, why, penalty = TerminationGround(source.ground), dict(source.why), _money(source.penalty, contract)
        way = _way_out(contract, on=min(source.declared_on, exit_on), exit_on=exit_on)
        if ground is TerminationGround.SWITCHING:
            asked = _quote(contract, way, exit_on=exit_on, ground=ground, party=party)
            penalty = asked.penalty
            why = next(line.explanation.to_json() for line in asked.lines if line.kind is quotes.LineKind.PENALTY)
        blame = quotes.blame_of(ground, party)
        if blame is not TerminationGround.VENDOR_BREACH:
            # The clause of refunds decides, not the ground; who broke the contract does not leave free of charge.
            free = way.free and blame is not TerminationGround.CLIENT_BREACH
            way, ground = replace(way, free=free), TerminationGround.AGREEMENT
        found = _quote(contract, way, exit_on=exit_on, ground=ground, party=party, agreed=penalty, pending=False)
        return Price(found, why)
    except errors.InvalidInput as error:
        raise explain.bad_input(error) from error


def term_end(contract: Contract, exit_on: date) -> date:
    """Return the (exclusive) end of the term, or of the year of an indefinite one, in which an exit lies."""
    (one,) = exits.priced_terms(contract, starts_on=exit_on, ends_on=exit_on + ONE_DAY)
    return one.term.ends_on or exit_on + ONE_DAY


def _way_out(contract: Contract, *, on: date, exit_on: date) -> Way:
    """Return the end that a notice given on ``on`` or later brings, or that one which stands has brought already.

    A notice that a switch sets aside has freed the client of the days after it: it would have left with it. A contract
    that does not renew and goes on after its last term takes no notice any more: it ends with the switch.
    """
    over = exits.goes_on_from(contract)
    if over is not None and contract.ends_on is not None and over <= exit_on and not contract.auto_renews:
        return Way(contract.ends_on - ONE_DAY)
    clause, missed = stored.clause_of(contract), chatel.missed(contract, on=on)
    end = quotes.next_end(clause, on=on, exit_on=exit_on, missed=missed)
    way = Way(end, bool(missed) and end != quotes.next_end(clause, on=on, exit_on=exit_on))
    for one in standing.notices_of(contract):
        if one.ends_on is not None and one.ends_on - ONE_DAY <= way.end:
            freed = max(one.ends_on - ONE_DAY, exit_on)
            way = Way(freed, one.free_of_charge, freed)
    return way


def _quote(
    contract: Contract,
    way: Way,
    *,
    exit_on: date,
    ground: TerminationGround | None,
    party: NoticeParty,
    agreed: Money | None = None,
    switching_cost: Money | None = None,
    pending: bool = True,
) -> quotes.Quote:
    terms = exits.priced_terms(contract, starts_on=exit_on, ends_on=way.end + ONE_DAY, pending=pending)
    clause, over = exits.exit_clause(contract), exits.goes_on_from(contract)
    if over is not None and over <= exit_on:
        clause = replace(clause, rate=None)  # no term remains that the early-exit fee would be a share of
    return quotes.quote(
        clause,
        _standing(contract, terms, way),
        exit_on=exit_on,
        ground=ground,
        party=party,
        agreed=agreed,
        switching_cost=switching_cost,
    )


def _standing(contract: Contract, terms: tuple[billing.PricedTerm, ...], way: Way) -> quotes.Standing:
    found = positions.position_of(contract, exits=False)
    first = terms[0].term.starts_on
    before = sum((part.amount.amount for part in found.charges if part.starts_on < first), Decimal(0))
    paid = found.paid.amount
    if contract.paid_before_on is not None and contract.paid_before_on > first:
        # Paid before the contract was taken over here: the fees of those days in the exit's term.
        until = contract.paid_before_on
        exact = billing.fees_between(terms[:1], starts_on=first, ends_on=until)
        paid += money.from_exact(exact, contract.currency).amount
    nothing = Decimal(0)
    return quotes.Standing(
        terms=terms,
        next_end=way.end,
        paid=Money(max(paid, nothing), contract.currency),
        credits=Money(max(found.credits.amount, nothing), contract.currency),
        charged_before=Money(max(before, nothing), contract.currency),
        free_of_charge=way.free,
        freed_after=way.freed_after,
    )


def _money(amount: Decimal | None, contract: Contract) -> Money | None:
    return None if amount is None else Money(amount, contract.currency)
