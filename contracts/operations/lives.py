"""What the deadlines of contracts depend on, read for many contracts at once."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import Q

from contracts.enums import ContractStatus, DeadlineKind
from contracts.models import Contract, Deadline, Term
from contracts.operations import stored
from contracts.operations.standing import Source, standing_ends
from contracts.operations.switching_parts import after_switches
from contracts.rules.deadlines import Life, LivedTerm, Met, Wanted, of_life
from contracts.rules.ends import End


def deadlines_of_lives(contracts: Sequence[Contract]) -> dict[int, list[Wanted | Met]]:
    """Return the deadlines of each contract's own life, by the contract's key. The cost is constant in queries."""
    return {key: of_life(life) for key, life in lives_of(contracts).items()}


def lives_of(contracts: Sequence[Contract]) -> dict[int, Life]:
    """Return each contract as the rules of deadlines see it, by its key; in a constant number of queries."""
    standing, lived = standing_ends(one.pk for one in contracts), _lived(contracts)
    switched = after_switches(one.pk for one in contracts)
    return {one.pk: _life(one, standing.get(one.pk), lived[one.pk], one.pk in switched) for one in contracts}


def _life(contract: Contract, end: End[Source] | None, lived: dict[int, LivedTerm], switched: bool) -> Life:
    counts = end is not None and end.ends_on == contract.ends_on
    why: dict[str, Any] = end.source.why if end is not None and counts else {}
    return Life(
        contract=contract.public_id,
        clause=stored.clause_of(contract),
        zone=contract.time_zone,
        status=ContractStatus(contract.status),
        term_number=contract.term_number,
        ends_on=contract.ends_on,
        retrieval_days=contract.retrieval_days,
        prolongs=end is not None and end.prolongs,
        ended_at=contract.ended_at,
        end_why=why,
        lived=lived,
        switched=switched,
    )


def _lived(contracts: Sequence[Contract]) -> defaultdict[int, dict[int, LivedTerm]]:
    """Return the terms that answer what is open: those from the earliest one that an open deadline names."""
    keys = [contract.pk for contract in contracts]
    open_rows = Deadline.objects.open().filter(
        contract_id__in=keys,
        kind__in=[DeadlineKind.LAST_NOTICE.value, DeadlineKind.RENEWAL_CERTAIN.value, DeadlineKind.RENEWAL.value],
    )
    earliest = {one.pk: max(one.term_number, 1) + 1 for one in contracts}
    for key, number in open_rows.values_list("contract_id", "occurrence"):
        earliest[key] = min(earliest[key], number)
    wanted = Q()
    for number in sorted(set(earliest.values())):
        wanted |= Q(contract_id__in=[key for key in keys if earliest[key] == number], number__gte=max(number, 2))
    found: defaultdict[int, dict[int, LivedTerm]] = defaultdict(dict)
    for term in Term.objects.filter(wanted, voided_at__isnull=True).values_list(
        "contract_id", "number", "certain_at", "started_at"
    ):
        found[term[0]][term[1]] = LivedTerm(certain_at=term[2], started_at=term[3])
    return found
