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
    """Return the end that counts: the earliest of both sides' notices and of the terminations, if one stands."""
    found = []
    if (notice := stored.standing_notice(contract)) is not None and notice.ends_on is not None:
        found.append(StandingEnd(notice.ends_on, EndReason.NOTICE, notice))
    termination = contract.terminations.filter(withdrawn_at__isnull=True).order_by("ends_on", "pk").first()
    if termination is not None:
        reason = TerminationGround(termination.ground).end_reason
        found.append(StandingEnd(termination.ends_on, reason, termination, prolongs=termination.prolongs))
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
    until = None if contract.ends_at is None else max(contract.ends_at, contract.starts_at)
    licences.grant(
        contract.organization_id, source=contract.public_id, valid_from=contract.starts_at, valid_until=until
    )


def reschedule(contract: Contract) -> None:
    """Compute what follows for a locked contract whose term has moved; the caller saves ``stored.SCHEDULED``."""
    end = standing_end(contract)
    stored.reschedule(contract, ends_on=end.ends_on if end else None, prolongs=end is not None and end.prolongs)
    plans.keep(contract)
