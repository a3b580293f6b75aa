"""The leaving checklist: what is to be done or known, by when, for how much, when a contract ends."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from contracts.enums import NoticeUnit
from contracts.rules.days import ONE_DAY
from contracts.rules.explanation import Explanation
from contracts.rules.money import Money
from contracts.rules.periods import PeriodKind, Purpose, Regime, count_forward
from contracts.rules.switching import AfterSwitch


class ItemCode(StrEnum):
    """What an item of the checklist is about, in the order in which it comes."""

    NOTICE = "notice"
    PENALTY = "penalty"
    REFUND = "refund"
    EXPORT_ASKED = "export_asked"
    EXPORT_CHECKED = "export_checked"
    DATA_LOST = "data_lost"
    ERASURE = "erasure"


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the checklist: ``on`` is the day by which, or on which; ``amount`` is before VAT."""

    code: ItemCode
    on: date | None = None
    amount: Money | None = None
    explanation: Explanation | None = None


def leaving_checklist(
    *,
    exit_on: date,
    act_by: date | None,
    penalty: Money,
    refund: Money,
    retrieval_days: int,
    country: str,
    switch: AfterSwitch | None = None,
) -> tuple[Item, ...]:
    """Return the checklist of a contract whose last day of service is ``exit_on``.

    ``act_by`` is the last day on which the notice, or the acceptance of the quote, is in time. The retrieval period is
    a minimum granted to the client, so its last day moves forward to a working day of ``country``; what was not fetched
    by then is lost from the next day on, which is also the first on which it may be erased. A ``switch`` has its own
    days; where it asks for erasure only there is nothing to fetch.

    :raises InvalidInput: the days are negative, the country has no calendar, or a day lies outside the calendar.
    """
    after = switch or _by_contract(exit_on, retrieval_days, country)
    why, last_day = after.explanation, after.retrieval_end
    found = [
        Item(ItemCode.NOTICE, act_by),
        Item(ItemCode.PENALTY, amount=penalty),
        Item(ItemCode.REFUND, amount=refund),
    ]
    if last_day is not None:
        found.append(Item(ItemCode.EXPORT_ASKED, exit_on))
        found.append(Item(ItemCode.EXPORT_CHECKED, last_day, explanation=why))
    lost_from = after.erase_from if last_day is None else last_day + ONE_DAY
    found.append(Item(ItemCode.DATA_LOST, lost_from, explanation=why))
    found.append(Item(ItemCode.ERASURE, after.erase_from, explanation=why))
    return tuple(found)


def _by_contract(exit_on: date, retrieval_days: int, country: str) -> AfterSwitch:
    """Return the same window that a switch gives, by contract: every exit behaves alike."""
    window = count_forward(
        exit_on,
        length=retrieval_days,
        unit=NoticeUnit.DAYS,
        regime=Regime.EU,
        calendar_country=country,
        kind=PeriodKind.PERFORMANCE,
        purpose=Purpose.GRANT,
    )
    return AfterSwitch(window.legal, window.legal + ONE_DAY, window.explanation)
