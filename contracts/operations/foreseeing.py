"""What the forecast looks at, read from stored contracts; nothing is written."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from itertools import batched

from django.db.models import QuerySet

from contracts.enums import ContractStatus
from contracts.models import Amendment, Contract, Term
from contracts.operations import chatel, stored
from contracts.operations.standing import Source, standing_ends
from contracts.operations.switching_parts import after_switches
from contracts.rules import forecast, revenue
from contracts.rules.ends import End
from contracts.rules.forecast import Event, PendingAmendment, State
from contracts.rules.periods import local_day
from contracts.rules.status import BINDING

BATCH = 500


def open_ones(contracts: QuerySet[Contract]) -> QuerySet[Contract]:
    """Return those that have something ahead: signed or active."""
    return contracts.filter(status__in=BINDING).select_related("organization").order_by("pk")


def states_of(contracts: Iterable[Contract], *, now: datetime) -> Iterator[tuple[Contract, State]]:
    """Yield signed and active contracts with their state, some at a time: at most eight queries for each batch."""
    for some in batched(contracts, BATCH):
        keys = [one.pk for one in some]
        standing = standing_ends(keys)
        terms = {
            (term.contract_id, term.number): term
            for term in Term.objects.filter(contract__in=keys, voided_at__isnull=True).order_by("-number")
        }
        pending: dict[int, list[PendingAmendment]] = {}
        for one in Amendment.objects.pending().filter(contract__in=keys):
            pending.setdefault(one.contract_id, []).append(_pending(one))
        missed = chatel.missed_of(some, on=lambda one: local_day(now, one.time_zone))
        switches = after_switches(keys)
        for contract in some:
            state = _state(contract, standing.get(contract.pk), terms, tuple(pending.get(contract.pk, ())))
            yield contract, replace(state, missed=missed[contract.pk], switch=switches.get(contract.pk))


def state_of(contract: Contract, *, now: datetime) -> State:
    """Return the state of one signed or active contract."""
    ((_contract, state),) = states_of([contract], now=now)
    return state


def events_of(contract: Contract, *, now: datetime, until: date) -> list[Event]:
    """Return what lies ahead of a contract until the end of a day; nothing of a draft or of one that is over."""
    if contract.status not in BINDING:
        return []
    return list(forecast.events(state_of(contract, now=now), now=now, until=until))


def events_by_contract(
    contracts: Iterable[Contract], *, now: datetime, until: date
) -> Iterator[tuple[Contract, Iterator[Event]]]:
    """Yield signed and active contracts with what lies ahead of each, one after the other."""
    for contract, state in states_of(contracts, now=now):
        yield contract, forecast.events(state, now=now, until=until)


def revenue_of_all(contracts: QuerySet[Contract], *, now: datetime, until: date) -> list[revenue.Revenue]:
    """Return the revenue ahead of many contracts by month, currency and class."""
    rows = open_ones(contracts).iterator(chunk_size=BATCH)
    return revenue.total(revenue.exact(state, now=now, until=until) for _contract, state in states_of(rows, now=now))


def _state(
    contract: Contract,
    end: End[Source] | None,
    terms: dict[tuple[int, int], Term],
    amendments: tuple[PendingAmendment, ...],
) -> State:
    following = terms.get((contract.pk, contract.term_number + 1))
    return State(
        clause=stored.clause_of(contract),
        zone=contract.time_zone,
        number=contract.term_number,
        fee=contract.annual_fee,
        currency=contract.currency,
        started=contract.status == ContractStatus.ACTIVE.value,
        certain=following is not None,
        certain_at=contract.certain_at,
        ends_on=None if end is None else end.ends_on,
        prolongs=end is not None and end.prolongs,
        resumes_at=contract.resumes_at,
        amendments=amendments,
        next_fee=following.fee if following else None,
        retrieval_days=contract.retrieval_days,
        leads=tuple(contract.reminder_leads),
    )


def _pending(amendment: Amendment) -> PendingAmendment:
    fee = amendment.values.get("annual_fee")
    return PendingAmendment(amendment.valid_from, amendment.values, None if fee is None else Decimal(fee))
