"""The end: the service stops, and with the last licence the users are suspended in the same transaction."""

from datetime import datetime

from django.db import transaction

from accounts.errors import Refused
from accounts.operations import audit, licences, outbox
from contracts.enums import ContractStatus
from contracts.models import Contract
from contracts.operations import ends, renewal, settling, standing


class EndNotDue(Refused):
    """The contract has no end that has come, or it is over."""

    code = "end_not_due"


@transaction.atomic
def end(contract: Contract, *, now: datetime, by: str) -> Contract:
    """End a contract whose last day is over (in its own zone).

    ``ended_at`` is the local midnight at which the service stopped, however late this runs. Terms that should have
    started before are caught up first: they were lived, and are owed. What the end charges and gives back is written.

    :raises EndNotDue: no end has come, or it ended already.
    """
    locked = (
        Contract.objects.due_for_end(at=now)
        .filter(pk=contract.pk)
        .select_related("organization")
        .select_for_update(of=("self",), no_key=True)
        .first()
    )
    if locked is None or locked.ends_at is None or locked.ends_on is None:
        raise EndNotDue("The end of this contract has not come.")
    ends_on, ends_at = locked.ends_on, locked.ends_at
    while locked.renews_at is not None and locked.term_ends_on is not None:
        # The service was down over the start of a term, or this sweep came before that of renewals.
        locked = renewal.renew(locked, ending=locked.term_ends_on, now=now, by=by)
    renewal.catch_up(locked, until=ends_at, now=now, by=by)
    if locked.ends_at != ends_at:
        raise EndNotDue("An amendment has moved this end.")
    counting = standing.standing_end(locked)
    locked.status = ContractStatus.ENDED.value
    locked.ended_at = ends_at
    locked.end_reason = standing.reason_of(counting).value
    locked.certain_at = locked.renews_at = None
    locked.deadlines_stale = True
    locked.save(update_fields=["status", "ended_at", "end_reason", "certain_at", "renews_at", "deadlines_stale"])
    settling.settle(locked, counting, now=now, by=by)
    ends.grant_licence(locked)
    data = {"ended_on": ends_on.isoformat(), "reason": locked.end_reason}
    audit.record("contract.ended", locked, by=by, at=now, data=data)
    outbox.publish("contract.ended", locked, at=now, payload=data)
    licences.align(locked.organization, now=now, by=by)
    return locked
