"""Due/do pairs of contracts: the question asked of the tables, joined to the operation that answers one item."""

from datetime import date, datetime

from accounts.operations.sweeping import Swept, walk
from contracts.models import Contract
from contracts.operations import ending, renewal, signing
from contracts.querysets import ContractQuerySet


def starts_due(*, at: datetime) -> ContractQuerySet:
    return Contract.objects.due_for_start(at=at)


def start_all(*, at: datetime, by: str) -> Swept:
    """Start every signed contract whose first day has come."""
    return walk(lambda: starts_due(at=at), lambda contract: signing.start(contract, now=at, by=by))


def certainties_due(*, at: datetime) -> ContractQuerySet:
    return Contract.objects.due_for_certainty(at=at)


def make_all_certain(*, at: datetime, by: str) -> Swept:
    """Record every renewal that no notice can prevent any more."""
    return walk(
        lambda: certainties_due(at=at),
        lambda contract: renewal.make_certain(contract, ending=_ending(contract), now=at, by=by),
    )


def renewals_due(*, at: datetime) -> ContractQuerySet:
    return Contract.objects.due_for_renewal(at=at)


def renew_all(*, at: datetime, by: str) -> Swept:
    """Renew every contract whose term is over, term after term until none is behind."""
    return walk(
        lambda: renewals_due(at=at),
        lambda contract: renewal.renew(contract, ending=_ending(contract), now=at, by=by),
    )


def ends_due(*, at: datetime) -> ContractQuerySet:
    return Contract.objects.due_for_end(at=at)


def end_all(*, at: datetime, by: str) -> Swept:
    """End every contract whose last day is over."""
    return walk(lambda: ends_due(at=at), lambda contract: ending.end(contract, now=at, by=by))


def _ending(contract: Contract) -> date:
    if contract.term_ends_on is None:  # an indefinite term neither renews nor becomes certain: a constraint says so
        raise LookupError(f"contract {contract.pk} renews, but its term has no end")
    return contract.term_ends_on
