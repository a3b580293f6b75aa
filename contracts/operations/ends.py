"""What ends a contract, and what follows from it: the earliest end that stands counts, whoever brought it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Document
from accounts.operations import licences
from contracts.enums import ContractStatus, NoticeParty, TerminationGround
from contracts.models import Contract, Termination
from contracts.operations import plans, settling, statements, stored
from contracts.operations.standing import standing_end
from contracts.rules import schedule


def declare(
    contract: Contract,
    *,
    ground: TerminationGround,
    party: NoticeParty,
    declared_on: date,
    ends_on: date,
    now: datetime,
    by: str,
    penalty: Decimal | None = None,
    prolongs: bool = False,
    source: UUID | None = None,
    why: dict[str, Any] | None = None,
    proof: Document | None = None,
) -> Termination:
    """Write a termination of the locked contract, void the terms it prevents, and store what follows.

    ``penalty`` is the early-exit fee, fixed with the declaration; ``None`` for a switch, which has its price when it
    ends. The caller has locked the contract, checked what its ground demands, and leaves the audit event.
    """
    found = Termination.objects.create(
        organization_id=contract.organization_id,
        contract=contract,
        ground=ground.value,
        party=party.value,
        declared_on=declared_on,
        ends_on=ends_on,
        penalty=penalty,
        prolongs=prolongs,
        source=source,
        why=why or {},
        proof=proof,
        recorded_by=by,
        recorded_at=now,
    )
    standing = standing_end(contract)
    void_terms_from(contract, ends_on if standing is None else standing.ends_on, now=now)
    apply(contract, now=now, by=by)
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
        penalty=earlier.penalty,
        prolongs=earlier.prolongs,
        source=source,
        why=why,
        proof=earlier.proof,
        now=now,
        by=by,
    )


def take_back(contract: Contract, terminations: QuerySet[Termination], *, now: datetime, by: str) -> None:
    """Withdraw terminations of the locked contract: it goes on as if they had not been. The caller leaves the event."""
    terminations.filter(contract=contract, withdrawn_at__isnull=True).update(withdrawn_at=now)
    apply(contract, now=now, by=by, freed_at=now)


def void_terms_from(contract: Contract, ends_on: date, *, now: datetime) -> None:
    """Void the terms that begin on or after the end; the one that covers the last day is the current one again."""
    contract.terms.filter(days__startswith__gte=ends_on, number__gt=1, voided_at__isnull=True).update(voided_at=now)
    statements.void_terms(contract, now=now)
    last = schedule.last_term_of(stored.clause_of(contract), ends_on=ends_on)
    contract.term_number = min(contract.term_number, last)


def apply(contract: Contract, *, now: datetime, by: str, freed_at: datetime | None = None) -> None:
    """Compute what follows from the ends that stand, store it on the locked contract, and move the licence's end.

    The statement says what the end that counts now brings.

    ``freed_at`` is when an end was taken away: a renewal that it held up becomes certain then, not on a day long past.
    """
    reschedule(contract)
    if contract.status == ContractStatus.SIGNED.value:
        contract.certain_at = contract.renews_at = None
    if freed_at is not None and contract.certain_at is not None:
        contract.certain_at = max(contract.certain_at, freed_at)
    contract.save(update_fields=[*stored.SCHEDULED])
    grant_licence(contract)
    settling.keep(contract, now=now, by=by)


def grant_licence(contract: Contract) -> None:
    """Write what the contract grants: from its first day to its end, or until it was suspended."""
    instants = [instant for instant in (contract.ends_at, contract.suspended_at) if instant is not None]
    licences.grant(
        contract.organization_id,
        source=contract.public_id,
        valid_from=contract.starts_at,
        valid_until=max(min(instants), contract.starts_at) if instants else None,
        seats=contract.seats,
        features=contract.features,
    )


def reschedule(contract: Contract) -> None:
    """Compute what follows for a locked contract whose term has moved; the caller saves ``stored.SCHEDULED``."""
    end = standing_end(contract)
    stored.reschedule(contract, ends_on=end.ends_on if end else None, prolongs=end is not None and end.prolongs)
    plans.keep(contract)
