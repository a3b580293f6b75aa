"""The life of a contract in order: terms, notices, and what comes next, each on a local day of the contract."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from contracts.admin.days import last_day, said
from contracts.enums import ContractStatus
from contracts.models import Contract
from contracts.rules.periods import local_day


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline. ``past`` is over, ``void`` was taken back."""

    on: date
    text: str
    past: bool
    void: bool = False


def timeline(contract: Contract, *, now: datetime) -> list[Moment]:
    """Return what happened and what comes, by day."""
    today = local_day(now, contract.time_zone)
    found = [(contract.concluded_on, _("Concluded"), False)]
    found += _terms(contract)
    found += _notices(contract)
    found += _ahead(contract)
    found.sort(key=lambda one: one[0])
    return [Moment(on, text, on < today, void) for on, text, void in found]


def _terms(contract: Contract) -> list[tuple[date, str, bool]]:
    found = []
    for term in contract.terms.order_by("number", "pk"):
        until = last_day(term.days.upper)
        values = {"number": term.number, "fee": term.fee, "currency": term.currency, "until": said(until)}
        if until is None:
            text = _("Term %(number)s, indefinite; %(fee)s %(currency)s a year")
        else:
            text = _("Term %(number)s, last day %(until)s; %(fee)s %(currency)s a year")
        found.append((term.days.lower, text % values, term.voided_at is not None))
    return found


def _notices(contract: Contract) -> list[tuple[date, str, bool]]:
    found = []
    for notice in contract.notices.order_by("pk"):
        values = {
            "kind": notice.get_kind_display(),
            "party": notice.get_party_display(),
            "judgment": notice.get_judgment_display(),
        }
        text = _("%(kind)s (%(party)s): %(judgment)s") % values
        found.append((notice.received_on or notice.sent_on, text, notice.withdrawn_at is not None))
    return found


def _ahead(contract: Contract) -> list[tuple[date, str, bool]]:
    found = []
    if contract.last_notice_on is not None and contract.status == ContractStatus.ACTIVE.value:
        found.append((contract.last_notice_on, _("Last day to give notice"), False))
    for at, text in (
        (contract.certain_at, _("The renewal becomes certain")),
        (contract.renews_at, _("Renews")),
    ):
        if at is not None:
            found.append((local_day(at, contract.time_zone), text, False))
    if (ends := last_day(contract.ends_on)) is not None and contract.status != ContractStatus.CANCELLED.value:
        found.append((ends, _("Last day of service"), False))
    return found
