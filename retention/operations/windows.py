"""The retrieval window that the end of a client's contracts brings: each contract granted, and promised, its own."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.conf import settings

from accounts.models import Organization
from contracts.enums import EndChoice, EndReason, SwitchKind
from contracts.models import Contract, SwitchingCase
from contracts.rules.days import ONE_DAY
from contracts.rules.explanation import Explanation
from retention.rules import requests as rules


def of(organization: Organization, over: Sequence[Contract], *, today: date) -> rules.Window:
    """Return the window that leaves the client longest, over all contracts that ended, and the day that they promise.

    The last one's begins today at the earliest, since the service ran until its end was carried out. Where none ended
    the vendor's own figures hold.
    """
    last = max(over, key=lambda one: (one.ended_at or one.created_at, one.pk), default=None)
    if last is None:
        return rules.retrieval_window(
            today,
            days=settings.RETRIEVAL_DAYS,
            country=organization.country,
            zone=organization.time_zone,
            erase_within=settings.ERASE_BY,
        )
    windows = []
    for one in over:
        service_ended = max(one.ends_on or today, today) if one is last else one.ends_on or today
        case = _switch_of(one)
        if case is not None:
            windows.append(of_switch(case, contract=one))
        if case is None or (case.transition_end is not None and service_ended > case.transition_end + ONE_DAY):
            windows.append(
                rules.retrieval_window(
                    service_ended,
                    days=one.retrieval_days,
                    country=organization.country,
                    zone=one.time_zone,
                    erase_within=_within(one),
                    agreed=one.erasure_days is not None,
                )
            )
    return rules.longest(windows)


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


def _switch_of(contract: Contract) -> SwitchingCase | None:
    """Return the switch that ended a contract; its retrieval counts from the agreed transition, not from that end."""
    if contract.end_reason != EndReason.SWITCHING.value:
        return None
    return contract.switching_cases.settled().order_by("pk").last()


def _within(contract: Contract) -> timedelta:
    return settings.ERASE_BY if contract.erasure_days is None else timedelta(days=contract.erasure_days)
