"""What the deadlines of switches depend on, read for many contracts at once."""

from collections import defaultdict
from collections.abc import Sequence

from contracts.enums import SwitchStatus
from contracts.models import Contract, SwitchingCase
from contracts.rules.deadlines import Met, Wanted
from contracts.rules.switching_deadlines import Switch, of_switch


def deadlines_of_switches(contracts: Sequence[Contract]) -> dict[int, list[Wanted | Met]]:
    """Return the deadlines of each contract's switches, by the contract's key, in one query."""
    by_key = {one.pk: one for one in contracts}
    found: defaultdict[int, list[Wanted | Met]] = defaultdict(list)
    for case in SwitchingCase.objects.filter(contract_id__in=by_key).order_by("pk"):
        contract = by_key[case.contract_id]
        found[contract.pk] += of_switch(
            Switch(
                case=case.public_id,
                status=SwitchStatus(case.status),
                country=contract.organization.country,
                zone=contract.time_zone,
                notice_end=case.notice_end,
                unfeasible_limit=case.unfeasible_limit,
                unfeasible_told=case.unfeasible_told_on is not None,
                transition_end=case.transition_end,
                retrieval_end=case.retrieval_end,
                noted_at=case.closed_at or case.recorded_at,
                why=case.why,
            )
        )
    return found
