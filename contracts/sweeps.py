"""Due/do pairs of contracts: the question asked of the tables, joined to the operation that does one item, or a set."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import partial
from typing import Protocol

import structlog
from django.conf import settings
from django.db import DataError, IntegrityError

from accounts import tenancy
from accounts.operations.sweeping import Swept, walk
from contracts.enums import SwitchStatus
from contracts.models import Amendment, Contract, RenewalOffer, SwitchingCase, Uplift
from contracts.operations import (
    amendments,
    calendar,
    charging,
    deadlines,
    ending,
    offers,
    plans,
    reminders,
    renewal,
    signing,
    suspension,
    switching,
    uplifts,
)
from contracts.operations.renewal_sets import CERTAINTY, RENEWAL, START, Chunk, Mark, SetWise
from contracts.querysets import (
    AmendmentQuerySet,
    ContractQuerySet,
    OfferQuerySet,
    SwitchingCaseQuerySet,
    UpliftQuerySet,
)
from contracts.rules.periods import days_on_earth

log = structlog.get_logger(__name__)
CHUNK = 200


class Due(Protocol):
    """Which contracts are due at the instant."""

    def __call__(self, *, at: datetime) -> ContractQuerySet: ...


class Refresh(Protocol):
    """Computes something again for contracts; returns those that nobody else held."""

    def __call__(self, keys: Iterable[int], *, now: datetime, by: str) -> set[int]: ...


def starts_due(*, at: datetime) -> ContractQuerySet:
    return Contract.objects.due_for_start(at=at)


def start_all(*, at: datetime, by: str) -> Swept:
    """Start every signed contract whose first day has come."""
    return walk(lambda: starts_due(at=at), lambda contract: signing.start(contract, now=at, by=by))


def amendments_due(*, at: datetime) -> AmendmentQuerySet:
    return Amendment.objects.due(at=at)


def amend_all(*, at: datetime, by: str) -> Swept:
    """Apply every amendment whose day has come."""
    return walk(
        lambda: amendments_due(at=at).select_related("contract"),
        lambda amendment: amendments.apply(amendment, now=at, by=by),
    )


def resumptions_due(*, at: datetime) -> ContractQuerySet:
    return Contract.objects.due_for_resumption(at=at)


def resume_all(*, at: datetime, by: str) -> Swept:
    """Resume every suspended contract whose agreed day has come."""
    return walk(lambda: resumptions_due(at=at), lambda contract: suspension.resume_when_due(contract, now=at, by=by))


def certainties_due(*, at: datetime) -> ContractQuerySet:
    return Contract.objects.due_for_certainty(at=at)


def make_all_certain(*, at: datetime, by: str) -> Swept:
    """Record every renewal that no notice can prevent any more."""
    return _in_sets(
        CERTAINTY,
        lambda: certainties_due(at=at),
        lambda contract: renewal.make_certain(contract, ending=_ending(contract), now=at, by=by),
        at=at,
        by=by,
    )


def renewals_due(*, at: datetime) -> ContractQuerySet:
    return Contract.objects.due_for_renewal(at=at)


def renew_all(*, at: datetime, by: str) -> Swept:
    """Renew every contract whose term is over, term after term until none is behind."""
    return _in_sets(
        RENEWAL,
        lambda: renewals_due(at=at),
        lambda contract: renewal.renew(contract, ending=_ending(contract), now=at, by=by),
        at=at,
        by=by,
    )


def plans_due(*, at: datetime) -> ContractQuerySet:
    return Contract.objects.due_for_planning()


def plan_all(*, at: datetime, by: str) -> Swept:
    """Plan the next renewal of every contract that has none planned, in batches, before it is due."""
    swept = Swept()
    while planned := _plan(lambda: plans_due(at=at)):
        swept.done += planned
    return swept


def switches_due(*, at: datetime) -> SwitchingCaseQuerySet:
    return SwitchingCase.objects.due_for_step(at=at)


def step_all_switches(*, at: datetime, by: str) -> Swept:
    """Take every switch on whose notice or transition is over, or about which the client is to be asked."""
    return walk(
        lambda: switches_due(at=at),
        lambda case: switching.step(case, status=SwitchStatus(case.status), now=at, by=by),
    )


def reminders_due(*, at: datetime) -> ContractQuerySet:
    return Contract.objects.due_for_reminder(at=at)


def remind_all(*, at: datetime, by: str) -> Swept:
    """Send every reminder that is due before a last day for notice."""
    return walk(lambda: reminders_due(at=at), lambda contract: reminders.remind(contract, now=at, by=by))


def charges_due(*, at: datetime) -> ContractQuerySet:
    return Contract.objects.due_for_charging(at=at)


def charge_all(*, at: datetime, by: str) -> Swept:
    """Charge the next year of every term of indefinite duration whose last charged year is over."""
    return walk(lambda: charges_due(at=at), lambda contract: charging.charge_next_year(contract, now=at, by=by))


def ends_due(*, at: datetime) -> ContractQuerySet:
    return Contract.objects.due_for_end(at=at)


def end_all(*, at: datetime, by: str) -> Swept:
    """End every contract whose last day is over."""
    return walk(lambda: ends_due(at=at), lambda contract: ending.end(contract, now=at, by=by))


def calendars_due(*, at: datetime) -> ContractQuerySet:
    return Contract.objects.due_for_calendar(at=at)


def refresh_all_calendars(*, at: datetime, by: str) -> Swept:
    """Bring the events of the calendars up to what the rules foresee, in sets as for the deadlines."""
    return _refresh_in_sets(calendars_due, calendar.refresh, at=at, by=by)


def deadlines_due(*, at: datetime) -> ContractQuerySet:
    return Contract.objects.due_for_deadlines(at=at)


def refresh_all_deadlines(*, at: datetime, by: str) -> Swept:
    """Bring the stored deadlines up to what the rules say, in sets; where one contract fails, each by itself."""
    return _refresh_in_sets(deadlines_due, deadlines.refresh, at=at, by=by)


def _refresh_in_sets(due: Due, refresh: Refresh, *, at: datetime, by: str) -> Swept:
    swept, last = Swept(), 0
    while True:
        # Each once a sweep: what fails, or is being changed meanwhile, is left to the next one.
        with tenancy.vendor():
            keys = list(due(at=at).filter(pk__gt=last).values_list("pk", flat=True)[:CHUNK])
        if not keys:
            return swept
        last = keys[-1]
        done = _refreshed(refresh, keys, at=at, by=by)
        if done is None:
            for key in keys:
                if (one := _refreshed(refresh, [key], at=at, by=by)) is None:
                    swept.refuse("error")
                swept.done += len(one or ())
        else:
            swept.done += len(done)


def _refreshed(refresh: Refresh, keys: list[int], *, at: datetime, by: str) -> set[int] | None:
    """Return the contracts that were done, ``None`` if the rules or the database refused one of them."""
    try:
        with tenancy.vendor():
            return refresh(keys, now=at, by=by)
    except Exception as error:  # a contract that the rules cannot count must not stop the others
        if type(error).__name__ == "SoftTimeLimitExceeded":
            raise
        log.exception("sweep.failed", error=type(error).__name__, contracts=len(keys))
        return None


def uplifts_due(*, at: datetime) -> ContractQuerySet:
    return Contract.objects.due_for_uplift(days=days_on_earth(at), lead=settings.UPLIFT_LEAD)


def propose_all(*, at: datetime, by: str) -> Swept:
    """Propose the indexed price of every next term before its last day for notice, or flag what is missing."""
    return walk(lambda: uplifts_due(at=at), lambda contract: uplifts.propose(contract, now=at, by=by))


def evaluations_due(*, at: datetime) -> UpliftQuerySet:
    return Uplift.objects.due_for_evaluation()


def evaluate_all(*, at: datetime, by: str) -> Swept:
    """Compute anew what nobody decided yet and whose inputs changed; let lapse what its term overtook."""
    return walk(lambda: evaluations_due(at=at), lambda uplift: uplifts.evaluate(uplift, now=at, by=by))


def expiries_due(*, at: datetime) -> OfferQuerySet:
    return RenewalOffer.objects.due_for_expiry(at=at)


def expire_all(*, at: datetime, by: str) -> Swept:
    """Close the offers whose validity is over."""
    return walk(lambda: expiries_due(at=at), lambda offer: offers.expire(offer, now=at, by=by))


def _ending(contract: Contract) -> date:
    if contract.term_ends_on is None:  # an indefinite term neither renews nor becomes certain: a constraint says so
        raise LookupError(f"contract {contract.pk} renews, but its term has no end")
    return contract.term_ends_on


def _in_sets(
    kind: SetWise,
    due: Callable[[], ContractQuerySet],
    act: Callable[[Contract], object],
    *,
    at: datetime,
    by: str,
) -> Swept:
    """Do what is due in chunks; then one by one what has no plan that can be used, and what a chunk was refused for.

    A contract that is several terms behind is planned again and done again, term by term.
    """
    swept, refused = Swept(), list[int]()
    while True:
        after: Mark | None = START
        while after is not None:
            chunk = _chunk(kind, at=at, by=by, refused=refused, after=after)
            swept.done, after = swept.done + chunk.done, chunk.last
        if not _plan(lambda: due().due_for_planning()):
            break
    left: set[int] = set()
    while True:
        with tenancy.vendor():
            found = {*refused, *kind.left_over(at=at, without=[*left])} - left
        if not found:
            return swept
        left |= found
        swept.add(walk(partial(_among, due, found), act))


def _chunk(kind: SetWise, *, at: datetime, by: str, refused: list[int], after: Mark) -> Chunk:
    """Do one chunk in a transaction of its own; whoever spoils it is put on the list of those ``refused``."""
    try:
        with tenancy.vendor():
            return kind.write(at=at, by=by, without=refused, after=after)
    except (IntegrityError, DataError):
        with tenancy.vendor():
            among, last = kind.ready(at=at, without=refused, after=after)
        return Chunk(_halves(kind, among, at=at, by=by, refused=refused), last)


def _halves(kind: SetWise, among: list[int], *, at: datetime, by: str, refused: list[int]) -> int:
    """Do the two halves of a chunk that was refused, each alone, down to the one that spoils it."""
    if len(among) == 1:
        refused += among
        return 0
    middle, done = len(among) // 2, 0
    for half in (among[:middle], among[middle:]):
        try:
            with tenancy.vendor():
                done += kind.write(at=at, by=by, among=half).done if half else 0
        except (IntegrityError, DataError):
            done += _halves(kind, half, at=at, by=by, refused=refused)
    return done


def _among(due: Callable[[], ContractQuerySet], keys: set[int]) -> ContractQuerySet:
    return due().filter(pk__in=keys)


def _plan(due: Callable[[], ContractQuerySet]) -> int:
    with tenancy.vendor():
        locked = due().select_related("organization").select_for_update(of=("self",), no_key=True, skip_locked=True)
        return plans.plan_batch(locked[: plans.BATCH])
