"""The retrieval window that the end of a client's contracts brings: each contract granted, and promised, its own."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Max

from accounts.models import Organization
from contracts.enums import ContractStatus, EndChoice, EndReason, SwitchKind
from contracts.models import Contract, SwitchingCase
from contracts.rules.days import ONE_DAY
from contracts.rules.explanation import Explanation
from contracts.rules.periods import local_day
from retention.enums import RequestScope, RequestStatus
from retention.models import DeletionRequest
from retention.rules import requests as rules


def ended(organization: Organization, *, before: DeletionRequest | None = None) -> list[Contract]:
    """Return the contracts that ended since the last request for everything, the one at hand left out."""
    whole = DeletionRequest.objects.filter(organization=organization, scope=RequestScope.ORGANIZATION)
    earlier = whole.exclude(status=RequestStatus.CANCELLED)
    if before is not None:
        earlier = earlier.exclude(pk=before.pk)
    since = earlier.aggregate(last=Max("service_ended_on"))["last"]
    over = Contract.objects.filter(organization=organization, status=ContractStatus.ENDED.value, ends_on__isnull=False)
    return [one for one in over.order_by("pk") if since is None or one.ends_on > since]


def granted(organization: Organization, over: Sequence[Contract], *, today: date) -> dict[int | None, rules.Window]:
    """Return the window of each contract that ended, by its key: what it grants, and what it promises.

    The last one's begins today at the earliest, since the service ran until its end was carried out. Where none ended
    the vendor's own figures hold. A switch whose end was carried out later than agreed grants the longer of the two.
    """
    last = _last(over)
    if last is None:
        return {
            None: rules.retrieval_window(
                today,
                days=settings.RETRIEVAL_DAYS,
                country=organization.country,
                zone=organization.time_zone,
                erase_within=settings.ERASE_BY,
            )
        }
    found: dict[int | None, rules.Window] = {}
    for one in over:
        service_ended = max(one.ends_on or today, today) if one is last else one.ends_on or today
        case = _switch_of(one)
        if case is not None:
            put(found, of_switch(case, contract=one), contract=one)
        if case is None or (case.transition_end is not None and service_ended > case.transition_end + ONE_DAY):
            window = rules.retrieval_window(
                service_ended,
                days=one.retrieval_days,
                country=organization.country,
                zone=one.time_zone,
                erase_within=_within(one),
                agreed=one.erasure_days is not None,
            )
            put(found, window, contract=one)
    return found


def of_request(request: DeletionRequest) -> dict[int | None, rules.Window]:
    """Return the windows of the contracts whose end a request is about, as they stand now."""
    over = ended(request.organization, before=request)
    last = _last(over)
    zone = request.organization.time_zone if last is None else last.time_zone
    return granted(request.organization, over, today=local_day(request.received_at, zone))


def put(found: dict[int | None, rules.Window], window: rules.Window, *, contract: Contract) -> None:
    """Put a window of a contract among the others, unless it has a longer one there: it promises nothing by both."""
    other = found.get(contract.pk)
    if other is None or other.erase_from < window.erase_from:
        found[contract.pk] = window


def of_switch(case: SwitchingCase, *, contract: Contract) -> rules.Window:
    """Return the window of a settled switch of a contract."""
    return rules.switch_window(
        case.erase_from,
        zone=contract.time_zone,
        erase_within=_within(contract),
        explanation=Explanation.from_json(case.why),
        agreed=contract.erasure_days is not None,
    )


def wants_return(contract: Contract) -> bool:
    """Say whether the client gets its data back: by the contract, unless it waived them by asking for erasure only."""
    case = _switch_of(contract)
    if case is not None and case.kind == SwitchKind.ERASURE_ONLY.value:
        return False
    return contract.end_choice == EndChoice.RETURN_THEN_DELETE.value


def _last(over: Sequence[Contract]) -> Contract | None:
    return max(over, key=lambda one: (one.ended_at or one.created_at, one.pk), default=None)


def _switch_of(contract: Contract) -> SwitchingCase | None:
    """Return the switch that ended a contract; its retrieval counts from the agreed transition, not from that end."""
    if contract.end_reason != EndReason.SWITCHING.value:
        return None
    return contract.switching_cases.settled().order_by("pk").last()


def _within(contract: Contract) -> timedelta:
    return settings.ERASE_BY if contract.erasure_days is None else timedelta(days=contract.erasure_days)
