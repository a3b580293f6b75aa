"""The life of a contract in order: terms, notices, and what comes next, each on a local day of the contract."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.admin.days import last_day, said
from contracts.enums import ContractStatus
from contracts.models import Contract
from contracts.operations import foreseeing
from contracts.rules.days import add_months
from contracts.rules.forecast import Event, EventKind
from contracts.rules.periods import local_day

AHEAD_MONTHS = 24
_SENTENCES = {
    EventKind.STARTS: gettext_lazy("Starts"),
    EventKind.REMINDER: gettext_lazy("Reminder, %(lead)s days before the last day to give notice"),
    EventKind.LAST_NOTICE: gettext_lazy("Last day to give notice"),
    EventKind.PRICE_CHANGES: gettext_lazy("The fee becomes %(fee)s %(currency)s a year"),
    EventKind.AMENDED: gettext_lazy("An amendment applies"),
    EventKind.RENEWAL_CERTAIN: gettext_lazy("The renewal becomes certain"),
    EventKind.RENEWS: gettext_lazy("Renews: term %(number)s, %(fee)s %(currency)s a year"),
    EventKind.RESUMES: gettext_lazy("The service resumes"),
    EventKind.ENDS: gettext_lazy("Last day of service"),
    EventKind.RETRIEVAL_ENDS: gettext_lazy("Last day to fetch the data"),
    EventKind.ERASURE_POSSIBLE: gettext_lazy("Earliest day of erasure"),
}


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
    found += _amendments(contract)
    found += _ahead(contract, now)
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


def _amendments(contract: Contract) -> list[tuple[date, str, bool]]:
    return [
        (
            one.agreed_on,
            _("Amendment agreed, valid from %(on)s") % {"on": said(one.valid_from)},
            one.voided_at is not None,
        )
        for one in contract.amendments.order_by("pk")
    ]


def _ahead(contract: Contract, now: datetime) -> list[tuple[date, str, bool]]:
    """What the forecast says of the next years, and what is over of the stored schedule."""
    found = []
    today = local_day(now, contract.time_zone)
    if contract.last_notice_on is not None and contract.last_notice_on < today and contract.renews_at is not None:
        found.append((contract.last_notice_on, _("Last day to give notice"), False))
    for event in foreseeing.events_of(contract, now=now, until=add_months(today, AHEAD_MONTHS)):
        found.append((event.on, _said(event), False))
    if contract.status == ContractStatus.ENDED.value and (ends := last_day(contract.ends_on)) is not None:
        found.append((ends, _("Last day of service"), False))
    return found


def _said(event: Event) -> str:
    values = {**event.params, "fee": event.amount, "currency": event.currency}
    return str(_SENTENCES[event.kind]) % values
