"""Time travel for people: the registry's own due/do pairs, driven from one due instant to the next."""

from collections.abc import Callable, Iterator
from datetime import datetime

from django.db.models import Min, Q
from django.utils import timezone

from accounts import tenancy
from accounts.operations import clock
from accounts.operations.sweeping import Swept, by_whom
from config.sweeps import SWEEPS
from contracts.enums import ContractStatus
from contracts.models import Amendment, Contract
from retention.enums import RequestStatus
from retention.models import DeletionRequest

ROUNDS = 20


def travel(*, at: datetime, until: datetime | None, tell: Callable[[datetime, str, Swept], None]) -> None:
    """Live from ``at`` to ``until``: at every instant at which something falls due, run all sweeps until none is left.

    Must not run inside a transaction: each sweep commits as it does for real.
    """
    for instant in _instants(at, until or at):
        with tenancy.vendor():
            clock.move_to(instant, by=by_whom(instant, timezone.now()))
        _live(instant, tell)


def _live(instant: datetime, tell: Callable[[datetime, str, Swept], None]) -> None:
    by = by_whom(instant, timezone.now())
    for _round in range(ROUNDS):
        done = 0
        for sweep in SWEEPS:
            swept = sweep.do(at=instant, by=by)
            done += swept.done
            if swept.done or swept.refused:
                tell(instant, sweep.name, swept)
        if not done:
            return


def _instants(first: datetime, last: datetime) -> Iterator[datetime]:
    """Yield the first instant, then each later one at which a contract or a request falls due, and the last."""
    at = first
    while True:
        yield at
        if at >= last:
            return
        following = _next_due(after=at)
        at = min(following, last) if following is not None else last


def _next_due(*, after: datetime) -> datetime | None:
    with tenancy.vendor():
        contracts = Contract.objects.aggregate(
            starts=Min("starts_at", filter=Q(status=ContractStatus.SIGNED.value, starts_at__gt=after)),
            certain=Min("certain_at", filter=Q(certain_at__gt=after)),
            resumes=Min("resumes_at", filter=Q(status=ContractStatus.ACTIVE.value, resumes_at__gt=after)),
            renews=Min("renews_at", filter=Q(renews_at__gt=after)),
            ends=Min("ends_at", filter=Q(status=ContractStatus.ACTIVE.value, ends_at__gt=after)),
        )
        requests = DeletionRequest.objects.filter(status=RequestStatus.APPROVED, erase_from__gt=after)
        erase = requests.aggregate(erase=Min("erase_from"))
        amended = Amendment.objects.pending().filter(applies_at__gt=after).aggregate(amended=Min("applies_at"))
    found = [instant for instant in (*contracts.values(), erase["erase"], amended["amended"]) if instant is not None]
    return min(found, default=None)
