"""Why nothing goes by retention rules now, though they are enforced: what keeps all content of their clients."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from accounts.models import Organization
from retention.enums import HoldScope, RequestScope, RuleRest, VaultState
from retention.models import DeletionRequest, LegalHold, Vault

type Resting = dict[str, Any]


def of(organizations: Iterable[int] | QuerySet[Any, Any]) -> dict[int, Resting]:
    """Return, by the organization's key, why the rules of some clients rest, as JSON; a client that is not in it: no.

    ``why``: under a legal hold on the whole client (``legal_hold``) nights come and take nothing until it is
    released. While a request for the erasure of everything is open, with its retrieval period (``erasure_open``), no
    night begins until it is given up; while it is carried out (``erasing``), none begins, and the rules end with it.
    Beside a request holds are not named: those stand at the request. ``since`` is an instant, ``request`` and
    ``hold`` are public ids, ``erase_from`` is the instant from which the request may be carried out, ``review_on``
    the day on which the hold is reviewed. It asks four times, for however many.
    """
    whole = DeletionRequest.objects.open().filter(organization__in=organizations, scope=RequestScope.ORGANIZATION)
    requests = {request.organization_id: request for request in whole}
    closed = Organization.objects.filter(pk__in=organizations, closed_at__isnull=False)
    vaults = Vault.objects.exclude(state=VaultState.OPEN).filter(organization__in=organizations)
    erased = {**dict(closed.values_list("pk", "closed_at")), **dict(vaults.values_list("organization", "changed_at"))}
    holds = LegalHold.objects.filter(organization__in=organizations, scope=HoldScope.ORGANIZATION).in_force()
    found = {
        hold.organization_id: _rest(RuleRest.HELD, hold.placed_at, hold=hold.public_id, review_on=hold.review_on)
        for hold in holds.order_by("-pk")  # the earliest counts
    }
    for organization, request in requests.items():
        found[organization] = _rest(
            RuleRest.ERASURE_OPEN, request.received_at, request=request.public_id, erase_from=request.erase_from
        )
    for organization, since in erased.items():
        asked = requests.get(organization)
        found[organization] = _rest(RuleRest.ERASING, since, request=None if asked is None else asked.public_id)
    return found


def _rest(
    why: RuleRest, since: Any, *, request: Any = None, hold: Any = None, erase_from: Any = None, review_on: Any = None
) -> Resting:
    return {
        "why": why.value,
        "since": since.isoformat(),
        "request": None if request is None else str(request),
        "hold": None if hold is None else str(hold),
        "erase_from": None if erase_from is None else erase_from.isoformat(),
        "review_on": None if review_on is None else review_on.isoformat(),
    }
