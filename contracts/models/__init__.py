"""The tables of contracts, one noun a file."""

from contracts.models.amendment import Amendment
from contracts.models.calendar import CalendarEvent, CalendarFeed
from contracts.models.clause import ContractClause
from contracts.models.contract import Contract
from contracts.models.deadline import Deadline
from contracts.models.index import IndexLink, IndexSeries, IndexValue
from contracts.models.intake import Intake
from contracts.models.notice import Notice
from contracts.models.offer import RenewalOffer
from contracts.models.outgoing import OutgoingNotice
from contracts.models.plan import RenewalPlan
from contracts.models.quote import Quote
from contracts.models.reminder import Reminder
from contracts.models.statement import Payment, StatementLine
from contracts.models.switching import SwitchingAct, SwitchingCase
from contracts.models.term import Term
from contracts.models.termination import Termination
from contracts.models.uplift import Uplift

__all__ = [
    "Amendment",
    "CalendarEvent",
    "CalendarFeed",
    "Contract",
    "ContractClause",
    "Deadline",
    "IndexLink",
    "IndexSeries",
    "IndexValue",
    "Intake",
    "Notice",
    "OutgoingNotice",
    "Payment",
    "Quote",
    "Reminder",
    "RenewalOffer",
    "RenewalPlan",
    "StatementLine",
    "SwitchingAct",
    "SwitchingCase",
    "Term",
    "Termination",
    "Uplift",
]
