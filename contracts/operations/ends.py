"""What ends a contract, and what follows from it: the earliest end that stands counts, whoever brought it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from accounts.models import Document
from accounts.operations import licences
from contracts.enums import ContractStatus, EndReason, NoticeParty, TerminationGround
from contracts.models import Contract, Notice, Termination
from contracts.operations import plans, statements, stored
from contracts.rules import schedule


@dataclass(frozen=True, slots=True)
class StandingEnd:
    """An end that stands: ``ends_on`` is exclusive; ``prolongs`` says that no new term begins before it."""

    ends_on: date
    reason: EndReason
    source: Notice | Termination
    prolongs: bool = False


def standing_end(contract: Contract) -> StandingEnd | None:
    """Return the end that counts: the earliest of both sides' notices and of the terminations, if one stands.

    A notice ends nothing while a termination that prolongs stands: the contract goes on to that end. While one stands
    no new term begins, whichever end counts.
    """
    terminations = list(contract.terminations.filter(withdrawn_at__isnull=True).order_by("ends_on", "pk"))
    prolongs = any(one.prolongs for one in terminations)
    found = [
        StandingEnd(one.ends_on, TerminationGround(one.ground).end_reason, one, prolongs=prolongs)
        for one in terminations
    ]
    notice = None if prolongs else stored.standing_notice(contract)
    if notice is not None and notice.ends_on is not None:
        found.insert(0, StandingEnd(notice.ends_on, EndReason.NOTICE, notice))
    return min(found, key=lambda end: end.ends_on, default=None)


def declare(
    contract: Contract,
    *,
    ground: TerminationGround,
    party: NoticeParty,
    declared_on: date,
    ends_on: date,
    now: datetime,
    by: str,
    prolongs: bool = False,
    source: UUID | None = None,
    why: dict[str, Any] | None = None,
    proof: Document | None = None,
) -> Termination:
    """Write a termination of the locked contract, void the terms it prevents, and store what follows.

    The caller has locked the contract, checked what its ground demands, and leaves the audit event.
    """
    found = Termination.objects.create(
        organization_id=contract.organization_id,
        contract=contract,
        ground=ground.value,
        party=party.value,
        declared_on=declared_on,
        ends_on=ends_on,
        prolongs=prolongs,
        source=source,
        why=why or {},
        proof=proof,
        recorded_by=by,
        recorded_at=now,
    )
    standing = standing_end(contract)
    void_terms_from(contract, ends_on if standing is None else standing.ends_on, now=now)
    apply(contract)
    return found


def move(
    contract: Contract, *, source: UUID, ends_on: date, now: datetime, by: str, why: dict[str, Any]
) -> Termination | None:
    """Let the termination that ``source`` brought end the locked contract on another day; ``None`` if none stands.

    The earlier one stays as evidence, withdrawn. The caller leaves the audit event.
    """
    earlier = contract.terminations.filter(source=source, withdrawn_at__isnull=True).first()
    if earlier is None or earlier.ends_on == ends_on:
        return earlier
    earlier.withdrawn_at = now
    earlier.save(update_fields=["withdrawn_at"])
    return declare(
        contract,
        ground=TerminationGround(earlier.ground),
        party=NoticeParty(earlier.party),
        declared_on=earlier.declared_on,
        ends_on=ends_on,
        prolongs=earlier.prolongs,
        source=source,
        why=why,
        proof=earlier.proof,
        now=now,
        by=by,
    )


def take_back(contract: Contract, *, source: UUID, now: datetime) -> None:
    """Withdraw what ``source`` brought: the locked contract goes on as if it had not been. The caller leaves the event.

    A renewal that it held up becomes certain now, not on the day long past.
    """
    contract.terminations.filter(source=source, withdrawn_at__isnull=True).update(withdrawn_at=now)
    apply(contract)
    if contract.certain_at is not None and contract.certain_at < now:
        contract.certain_at = now
        contract.save(update_fields=["certain_at"])


def void_terms_from(contract: Contract, ends_on: date, *, now: datetime) -> None:
    """Void the terms that begin on or after the end; the one that covers the last day is the current one again."""
    contract.terms.filter(days__startswith__gte=ends_on, number__gt=1, voided_at__isnull=True).update(voided_at=now)
    statements.void_terms(contract, now=now)
    last = schedule.last_term_of(stored.clause_of(contract), ends_on=ends_on)
    contract.term_number = min(contract.term_number, last)


def apply(contract: Contract) -> None:
    """Compute what follows from the ends that stand, store it on the locked contract, and move the licence's end."""
    end = standing_end(contract)
    stored.reschedule(contract, ends_on=end.ends_on if end else None, prolongs=end is not None and end.prolongs)
    plans.keep(contract)
    if contract.status == ContractStatus.SIGNED.value:
        contract.certain_at = contract.renews_at = None
    contract.save(update_fields=[*stored.SCHEDULED])
    grant_licence(contract)


def grant_licence(contract: Contract) -> None:
    """Write what the contract grants: from its first day to its end, or until it was suspended."""
    instants = [instant for instant in (contract.ends_at, contract.suspended_at) if instant is not None]
    licences.grant(
        contract.organization_id,
        source=contract.public_id,
        valid_from=contract.starts_at,
        valid_until=max(min(instants), contract.starts_at) if instants else None,
        seats=contract.seats,
    )


def reschedule(contract: Contract) -> None:
    """Compute what follows for a locked contract whose term has moved; the caller saves ``stored.SCHEDULED``."""
    end = standing_end(contract)
    stored.reschedule(contract, ends_on=end.ends_on if end else None, prolongs=end is not None and end.prolongs)
    plans.keep(contract)
