"""Which ends of a contract stand, and which of them counts: read from its notices and terminations."""

from collections import defaultdict
from collections.abc import Iterable

from contracts.enums import EndReason, TerminationGround
from contracts.models import Contract, Notice, Termination
from contracts.rules import ends as rules
from contracts.rules.ends import End

type Source = Notice | Termination


def standing_ends(keys: Iterable[int]) -> dict[int, End[Source]]:
    """Return the end that counts of each contract that has one, by the contract's key, in two queries."""
    found: defaultdict[int, list[End[Source]]] = defaultdict(list)
    keys = list(keys)
    for notice in Notice.objects.filter(contract__in=keys, withdrawn_at__isnull=True).order_by("pk"):
        if notice.ends_on is not None:
            found[notice.contract_id].append(End(notice.ends_on, notice, by_notice=True))
    for one in Termination.objects.filter(contract__in=keys, withdrawn_at__isnull=True).order_by("pk"):
        found[one.contract_id].append(End(one.ends_on, one, prolongs=one.prolongs))
    return {key: end for key, many in found.items() if (end := rules.standing(many)) is not None}


def standing_end(contract: Contract) -> End[Source] | None:
    """Return the end that counts of one contract, if one stands."""
    return standing_ends([contract.pk]).get(contract.pk)


def notices_of(contract: Contract) -> list[Notice]:
    """Return the notices that end the contract and were not taken back: at most one of each side."""
    return list(contract.notices.filter(withdrawn_at__isnull=True, ends_on__isnull=False).order_by("pk"))


def reason_of(end: End[Source] | None) -> EndReason:
    """Return why a contract ends: by what brought the end that counts, or by itself."""
    if end is None:
        return EndReason.EXPIRY
    return EndReason.NOTICE if isinstance(end.source, Notice) else TerminationGround(end.source.ground).end_reason
