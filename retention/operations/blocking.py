"""What keeps a request from erasure, as codes: contracts, switches, decisions not made yet, holds."""

from datetime import datetime

from django.conf import settings
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet

from accounts.errors import Refused
from accounts.models import Organization
from contracts.enums import ContractStatus
from contracts.models import Contract, SwitchingCase
from retention.enums import Decision, HoldScope, RequestKind, RequestScope, RequestStatus, VaultState
from retention.models import DeletionRequest, LegalHold, RequestSubject
from retention.operations.stores.target import Target
from retention.querysets import DeletionRequestQuerySet, LegalHoldQuerySet
from retention.rules import requests as rules


class ContractOpen(Refused):
    """A contract of the organization is signed or active: its data are still needed."""

    code = "contract_open"


class ContractDrafted(Refused):
    """A contract of the organization is under negotiation: it is signed, which keeps the data, or cancelled first."""

    code = "contract_drafted"


class SwitchUnfinished(Refused):
    """A switch is pending or unfinished: the client's data are on their way, or its choice is awaited."""

    code = "switch_unfinished"


class HoldInForce(Refused):
    """A legal hold covers what the request is about: nothing is destroyed."""

    code = "legal_hold"


class ClientCameBack(Refused):
    """The organization is a client again: erasing everything of it would take what came to be since."""

    code = "client_came_back"


def blocks(request: DeletionRequest, *, now: datetime) -> tuple[str, ...]:
    """Return what keeps the request from erasure now, as codes."""
    contracts = Contract.objects.filter(organization=request.organization_id)
    switches = SwitchingCase.objects.filter(organization=request.organization_id)
    return rules.blocks(
        kind=request.kind,
        whole=request.whole,
        status=request.status,
        now=now,
        erase_from=erasable_from(request),
        grace_until=request.grace_until,
        contracts_binding=contracts.binding().exists(),
        contracts_drafted=contracts.drafted().exists(),
        switch_unfinished=switches.holding().exists(),
        holds=holds_on(Target.of(request)).count(),
        export_decided=request.export_decision != Decision.PENDING,
        archive_decided=request.archive_decision != Decision.PENDING,
        unconfirmed=rules.unconfirmed(request.carried_out_at, now=now, within=settings.CORRECTION_CONFIRMED_WITHIN),
    )


def held_up(*, at: datetime) -> Q:
    """Return the condition of requests that are due but for a hold, an open contract, an unfinished switch.

    And of corrections that the product has not confirmed in time. It says what the rule says of one request
    (:func:`retention.rules.requests.held_up_by`), in the database; the sweep asks the rule again.
    """
    own = {"organization": OuterRef("organization")}
    holds = LegalHold.objects.filter(**own).in_force()
    whole = DeletionRequest.objects.filter(pk=OuterRef(OuterRef("pk")), scope=RequestScope.ORGANIZATION)
    of_people = covering(OuterRef(OuterRef("organization")), OuterRef(OuterRef("pk")))
    contracts = Contract.objects.filter(**own).open()
    switches = SwitchingCase.objects.filter(**own).holding()
    in_the_way = Exists(holds.filter(Q(Exists(whole)) | of_people)) | (
        Q(scope=RequestScope.ORGANIZATION) & (Exists(contracts) | Exists(switches))
    )
    return Q(
        in_the_way,
        Q(grace_until__isnull=True) | Q(grace_until__lte=at),
        kind=RequestKind.ERASE,
        status__in=[RequestStatus.CONFIRMED, RequestStatus.APPROVED],
        erase_from__lte=at,
    ) | Q(status=RequestStatus.CONFIRMED, carried_out_at__lte=at - settings.CORRECTION_CONFIRMED_WITHIN)


def erasable_from(request: DeletionRequest) -> datetime:
    """Return from when the request may be erased, as the organization's switches stand now."""
    if not request.whole:
        return request.erase_from
    switches = SwitchingCase.objects.filter(organization=request.organization_id).settled()
    return rules.erasable_from(
        request.erase_from,
        waived=request.retrieval_waived_at is not None,
        switch_erase_at=switches.aggregate(last=Max("erase_at"))["last"],
    )


def holds_on(target: Target) -> QuerySet[LegalHold]:
    """Return the holds in force that cover any of it: an organization goes only when nothing of it is held."""
    return _covering(target).in_force()


def holds_met(target: Target, *, since: datetime) -> QuerySet[LegalHold]:
    """Return the holds that cover any of it and were in force at some time since the instant, the earliest first."""
    return _covering(target).filter(Q(released_at__isnull=True) | Q(released_at__gte=since)).order_by("pk")


def _covering(target: Target) -> LegalHoldQuerySet:
    found = LegalHold.objects.filter(organization=target.organization_id)
    return found if target.whole else found.filter(covering(target.organization_id, target.request_id))


def covering(organization: int | OuterRef, request: int | OuterRef | None) -> Q:
    """Return the condition of holds that cover people whom a request lists: their own, their department's, the whole's.

    A department's covers whoever was in it when the hold was placed, too.
    It is computed in the database, for one request or for a list of them.
    """
    listed = RequestSubject.objects.filter(organization=organization, request=request)
    departments = listed.annotate(of=F("licensed_user__department")).values("of")
    return (
        Q(scope=HoldScope.ORGANIZATION)
        | Q(scope=HoldScope.PERSON, subject__in=listed.values("licensed_user"))
        | Q(
            Q(department__in=departments) | Q(listed__overlap=listed.values("licensed_user")),
            scope=HoldScope.DEPARTMENT,
        )
    )


def refuse_under_hold(target: Target) -> None:
    """Look again, as every chunk does; people who are fenced are beyond holding.

    :raises HoldInForce: a hold covers the organization.
    """
    if target.whole and holds_on(target).exists():
        raise HoldInForce("A legal hold covers this organization.")


def refuse_in_open_vault(target: Target, vault: str | None) -> None:
    """Look again, as every chunk does, where everything of an organization goes: ``vault`` is its fence's state.

    :raises ClientCameBack: content was let in again since the keys were destroyed.
    """
    if target.whole and vault == VaultState.OPEN:
        raise ClientCameBack(
            "This organization is a client again: erasing all of it would take what was written since. Mend what was "
            "found by hand and search again, or accept it."
        )


def others_of_the_whole(request: DeletionRequest) -> DeletionRequestQuerySet:
    """Return the open requests for the whole organization beside this one; the database lets one be open at a time."""
    same = DeletionRequest.objects.open().filter(organization=request.organization_id, scope=RequestScope.ORGANIZATION)
    return same.exclude(pk=request.pk) if request.whole else same.none()


def serves_an_end(request: DeletionRequest) -> bool:
    """Say whether the end of a contract needs the request: if not, nothing but the client's own word asks for it."""
    whole = DeletionRequest.objects.filter(organization=request.organization_id, scope=RequestScope.ORGANIZATION)
    others = whole.exclude(pk=request.pk).exclude(status=RequestStatus.CANCELLED)
    since = others.aggregate(last=Max("service_ended_on"))["last"]
    ended = Contract.objects.filter(
        organization=request.organization_id, status=ContractStatus.ENDED.value, ends_on__isnull=False
    )
    return ended.exists() if since is None else ended.filter(ends_on__gt=since).exists()


def refuse_beside_another(request: DeletionRequest) -> None:
    """:raises Refused: it would be opened again, and a later request for the whole organization is open."""
    if others_of_the_whole(request).exists():
        raise Refused("A later request for the whole organization is open: it comes first.", code="request_exists")


def refuse_while_contracts_are_open(organization: Organization) -> None:
    """Look before the end is confirmed.

    :raises ContractOpen: a contract is signed or active.
    :raises ContractDrafted: none is, but one is under negotiation.
    """
    contracts = Contract.objects.filter(organization=organization)
    if contracts.binding().exists():
        raise ContractOpen("A contract of this organization is signed or active.")
    if contracts.drafted().exists():
        raise ContractDrafted(
            "A contract of this organization is under negotiation. Cancel the draft; or sign it, which keeps the data."
        )


def refuse_while_switching(organization: Organization) -> None:
    """:raises SwitchUnfinished: a switch is pending or unfinished."""
    if SwitchingCase.objects.filter(organization=organization).holding().exists():
        raise SwitchUnfinished("A switch is pending or unfinished: the client's written choice is needed.")
