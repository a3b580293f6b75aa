"""What the stored words of contracts are called on screen. The rules know only the words (contracts/enums.py)."""

from django.utils.translation import gettext_lazy as _

from contracts.enums import (
    BillingInterval,
    BillingTiming,
    CalendarFeedKind,
    ClauseCode,
    ClauseSeverity,
    ContractStatus,
    ContractSuspension,
    DeadlineKind,
    EndChoice,
    EndReason,
    GoverningLaw,
    IndexPeriodicity,
    IntakeKind,
    IntakeState,
    LineKind,
    NoticeChannel,
    NoticeEffect,
    NoticeEndOf,
    NoticeJudgment,
    NoticeKind,
    NoticeParty,
    NoticeUnit,
    OfferState,
    OutgoingStatus,
    ReminderKind,
    SwitchChoice,
    SwitchKind,
    SwitchStatus,
    SwitchStep,
    TerminationGround,
    UpliftState,
    VatTreatment,
)
from contracts.rules import quotes
from contracts.rules.checklist import ItemCode

CONTRACT_STATUS = {
    ContractStatus.DRAFT.value: _("Draft"),
    ContractStatus.SIGNED.value: _("Signed"),
    ContractStatus.ACTIVE.value: _("Active"),
    ContractStatus.ENDED.value: _("Ended"),
    ContractStatus.CANCELLED.value: _("Cancelled"),
}
GOVERNING_LAW = {
    GoverningLaw.FR.value: _("French law"),
    GoverningLaw.PL.value: _("Polish law"),
    GoverningLaw.DE.value: _("German law"),
    GoverningLaw.OTHER.value: _("Another law"),
}
NOTICE_UNIT = {
    NoticeUnit.DAYS.value: _("Days"),
    NoticeUnit.WEEKS.value: _("Weeks"),
    NoticeUnit.MONTHS.value: _("Months"),
}
NOTICE_EFFECT = {
    NoticeEffect.SENDING.value: _("Sending"),
    NoticeEffect.RECEIPT.value: _("Receipt"),
}
NOTICE_END_OF = {
    NoticeEndOf.MONTH.value: _("End of a month"),
    NoticeEndOf.QUARTER.value: _("End of a quarter"),
}
BILLING_INTERVAL = {
    BillingInterval.MONTH.value: _("Month"),
    BillingInterval.QUARTER.value: _("Quarter"),
    BillingInterval.HALF_YEAR.value: _("Half-year"),
    BillingInterval.YEAR.value: _("Year"),
}
BILLING_TIMING = {
    BillingTiming.ADVANCE.value: _("In advance"),
    BillingTiming.ARREARS.value: _("In arrears"),
}
END_CHOICE = {
    EndChoice.RETURN_THEN_DELETE.value: _("Return, then delete"),
    EndChoice.DELETE.value: _("Delete, no return"),
}
CONTRACT_SUSPENSION = {
    ContractSuspension.NON_PAYMENT.value: _("Non-payment"),
    ContractSuspension.AGREEMENT.value: _("Agreement"),
}
END_REASON = {
    EndReason.NOTICE.value: _("Notice"),
    EndReason.EXPIRY.value: _("Expiry"),
    EndReason.AGREEMENT.value: _("Agreement"),
    EndReason.BREACH.value: _("Breach"),
    EndReason.SWITCHING.value: _("Switching"),
    EndReason.CONVENIENCE.value: _("Early exit for convenience"),
    EndReason.IMMEDIATE.value: _("Immediate termination"),
}
TERMINATION_GROUND = {
    TerminationGround.CONVENIENCE.value: _("Early exit for convenience"),
    TerminationGround.VENDOR_BREACH.value: _("Breach by the vendor"),
    TerminationGround.CLIENT_BREACH.value: _("Breach by the client"),
    TerminationGround.AGREEMENT.value: _("Agreement"),
    TerminationGround.SWITCHING.value: _("Switching"),
    TerminationGround.IMMEDIATE.value: _("Immediate termination for a grave cause"),
}
TERMINATION_GROUNDS = list(TERMINATION_GROUND.items())
NOTICE_KIND = {
    NoticeKind.NON_RENEWAL.value: _("Non-renewal notice"),
    NoticeKind.TERMINATION.value: _("Notice of termination"),
}
NOTICE_KINDS = list(NOTICE_KIND.items())
NOTICE_PARTY = {
    NoticeParty.CLIENT.value: _("Client"),
    NoticeParty.VENDOR.value: _("Vendor"),
}
NOTICE_CHANNEL = {
    NoticeChannel.LETTER.value: _("Letter"),
    NoticeChannel.REGISTERED_LETTER.value: _("Registered letter"),
    NoticeChannel.EMAIL.value: _("E-mail"),
    NoticeChannel.PORTAL.value: _("Portal"),
    NoticeChannel.HAND.value: _("By hand"),
}
NOTICE_CHANNELS = list(NOTICE_CHANNEL.items())
OUTGOING_STATUS = {
    OutgoingStatus.DRAFT.value: _("Draft"),
    OutgoingStatus.APPROVED.value: _("Approved"),
    OutgoingStatus.SENT.value: _("On its way"),
    OutgoingStatus.GIVEN.value: _("Given"),
    OutgoingStatus.CANCELLED.value: _("Cancelled"),
}
INTAKE_KIND = {
    IntakeKind.NON_RENEWAL.value: _("Non-renewal notice"),
    IntakeKind.TERMINATION.value: _("Notice of termination"),
    IntakeKind.SWITCHING.value: _("Switching"),
    IntakeKind.ERASURE_ONLY.value: _("Erasure only"),
    IntakeKind.UNCLEAR.value: _("Unclear"),
}
INTAKE_STATE = {
    IntakeState.NEW.value: _("To decide"),
    IntakeState.ASKED_BACK.value: _("Asked back"),
    IntakeState.ANSWERED.value: _("Answered"),
    IntakeState.CONFIRMED.value: _("Confirmed"),
    IntakeState.HANDED_OVER.value: _("Handed over"),
    IntakeState.REJECTED.value: _("Rejected"),
}
REMINDER_KIND = {
    ReminderKind.NOTICE.value: _("Before the last day for notice"),
    ReminderKind.CHATEL.value: _("Loi Chatel (L215-1 C. consom.)"),
}
NOTICE_JUDGMENT = {
    NoticeJudgment.IN_TIME.value: _("In time"),
    NoticeJudgment.LATE.value: _("Late"),
    NoticeJudgment.PREMATURE.value: _("Premature"),
    NoticeJudgment.NOT_ENTITLED.value: _("Sender not entitled"),
}
DEADLINE_KIND = {
    DeadlineKind.LAST_NOTICE.value: _("Last day for notice"),
    DeadlineKind.RENEWAL_CERTAIN.value: _("Renewal becomes certain"),
    DeadlineKind.RENEWAL.value: _("New term starts"),
    DeadlineKind.CONTRACT_END.value: _("Last day of the contract"),
    DeadlineKind.RETRIEVAL_END.value: _("Last day of the retrieval period"),
    DeadlineKind.CHATEL_REMINDER.value: _("Reminder of the Loi Chatel"),
    DeadlineKind.SEND_BY.value: _("Last day to send our notice"),
    DeadlineKind.OFFER_EXPIRY.value: _("Last day of an offer"),
    DeadlineKind.QUOTE_EXPIRY.value: _("Last day of a quote"),
    DeadlineKind.UPLIFT_PROPOSAL.value: _("Proposal of an uplift"),
    DeadlineKind.SWITCHING_UNFEASIBLE_LIMIT.value: _("Switching: last day to declare it unfeasible"),
    DeadlineKind.SWITCHING_NOTICE_END.value: _("Switching: end of the notice period"),
    DeadlineKind.SWITCHING_TRANSITION_END.value: _("Switching: end of the transition"),
    DeadlineKind.SWITCHING_RETRIEVAL_END.value: _("Switching: last day of the retrieval period"),
    DeadlineKind.SWITCHING_CHOICE.value: _("Switching: the client's choice about its data"),
}
INDEX_PERIODICITY = {
    IndexPeriodicity.MONTH.value: _("Month"),
    IndexPeriodicity.QUARTER.value: _("Quarter"),
}
LINE_KIND = {
    LineKind.FEE.value: _("Fee"),
    LineKind.UPLIFT.value: _("Uplift"),
    LineKind.CREDIT.value: _("Credit"),
    LineKind.PENALTY.value: _("Early-exit fee"),
    LineKind.REFUND.value: _("Refund"),
    LineKind.SWITCH.value: _("Switching charge"),
}
VAT_TREATMENT = {
    VatTreatment.STANDARD.value: _("Taxed in the vendor's country"),
    VatTreatment.REVERSE_CHARGE.value: _("Reverse charge (Art. 196)"),
    VatTreatment.OUTSIDE_EU.value: _("Outside the scope of EU VAT (Art. 44)"),
}
QUOTE_LINE = {
    quotes.LineKind.FEE_REMAINING.value: _("Fee of the days that remain"),
    quotes.LineKind.ARREARS.value: _("Fees until the exit, not yet paid"),
    quotes.LineKind.FEES_TO_END.value: _("Fees that go on"),
    quotes.LineKind.PENALTY.value: _("Early-exit fee"),
    quotes.LineKind.SET_OFF.value: _("Set off against what is prepaid"),
    quotes.LineKind.REFUND.value: _("Refund"),
    quotes.LineKind.PREPAID_KEPT.value: _("Prepaid and not refunded"),
    quotes.LineKind.CREDIT.value: _("Credits"),
    quotes.LineKind.SWITCHING_CHARGE.value: _("Switching charge"),
}
CHECKLIST_ITEM = {
    ItemCode.NOTICE.value: _("Give notice, or accept this quote, until"),
    ItemCode.PENALTY.value: _("Early-exit fee to be paid"),
    ItemCode.REFUND.value: _("Refund to be received"),
    ItemCode.EXPORT_ASKED.value: _("Ask for the export of the data until"),
    ItemCode.EXPORT_CHECKED.value: _("Fetch and check the export until"),
    ItemCode.DATA_LOST.value: _("Data not fetched are lost from"),
    ItemCode.ERASURE.value: _("Data may be erased from"),
}
CLAUSE = {
    ClauseCode.EXPORTABLE_DATA.value: _("Exportable data"),
    ClauseCode.EXEMPT_DATA.value: _("Exempt internal data"),
    ClauseCode.TRANSITION_DAYS.value: _("Transition (days)"),
    ClauseCode.ERASURE_GUARANTEE.value: _("Guarantee of full erasure"),
    ClauseCode.JURISDICTION_PAGE.value: _("Page on jurisdiction"),
    ClauseCode.INTERNATIONAL_ACCESS.value: _("Page on measures against international access"),
    ClauseCode.FORMAT_REGISTER.value: _("Register of formats"),
    ClauseCode.SWITCHING_CHARGES.value: _("Switching charges"),
    ClauseCode.SERVICE_LEVELS.value: _("Service levels"),
    ClauseCode.INCIDENT_HANDLING.value: _("Handling of incidents"),
    ClauseCode.BREACH_HOURS.value: _("Notification of a data breach (hours)"),
    ClauseCode.CLIENT_SEPARATION.value: _("Separation of clients"),
    ClauseCode.TRAINING_ALLOWED.value: _("Training on the client's data"),
    ClauseCode.HOSTING.value: _("Hosting"),
}
CLAUSE_SEVERITY = {
    ClauseSeverity.VIOLATED.value: _("Violated"),
    ClauseSeverity.MISSING.value: _("Missing"),
    ClauseSeverity.OK.value: _("In order"),
    ClauseSeverity.NOT_APPLICABLE.value: _("Not applicable"),
}
SWITCH_KIND = {
    SwitchKind.PROVIDER.value: _("Switch to another provider"),
    SwitchKind.ON_PREMISES.value: _("Move to its own premises"),
    SwitchKind.ERASURE_ONLY.value: _("Erasure only"),
}
SWITCH_STATUS = {
    SwitchStatus.NOTIFIED.value: _("Notified"),
    SwitchStatus.IN_TRANSITION.value: _("In transition"),
    SwitchStatus.COMPLETED.value: _("Completed"),
    SwitchStatus.UNFINISHED.value: _("Unfinished"),
    SwitchStatus.ERASE_ONLY.value: _("Erasure asked for"),
    SwitchStatus.ENDED.value: _("Ended without a transfer"),
    SwitchStatus.WITHDRAWN.value: _("Withdrawn"),
}
SWITCH_STEP = {
    SwitchStep.OPENED.value: _("Switching notice received"),
    SwitchStep.UNFEASIBLE_TOLD.value: _("Told that 30 days are not feasible"),
    SwitchStep.EXTENDED.value: _("Transition extended by the customer"),
    SwitchStep.COMPLETED.value: _("Switching completed"),
    SwitchStep.WITHDRAWN.value: _("Switch withdrawn by agreement"),
    SwitchStep.CHOSEN.value: _("The client's choice after an unfinished switch"),
}
SWITCH_CHOICE = {
    SwitchChoice.EXTEND.value: _("Extend the transition"),
    SwitchChoice.COMPLETED.value: _("It was completed"),
    SwitchChoice.DELETE.value: _("Delete without a transfer"),
}
CALENDAR_FEED_KIND = {
    CalendarFeedKind.ORGANIZATION.value: _("One organization"),
    CalendarFeedKind.OWNER.value: _("The contracts of one owner"),
    CalendarFeedKind.PORTFOLIO.value: _("The whole portfolio"),
}
CALENDAR_FEED_KINDS = list(CALENDAR_FEED_KIND.items())
CALENDAR_LANGUAGE = {"en": _("English"), "fr": _("French"), "pl": _("Polish")}
CALENDAR_LANGUAGES = list(CALENDAR_LANGUAGE.items())
CALENDAR_EVENT_KIND = {**DEADLINE_KIND, "term_end": _("Last day of the term")}
UPLIFT_STATE = {
    UpliftState.PROPOSED.value: _("Proposed"),
    UpliftState.FLAGGED.value: _("No index value"),
    UpliftState.APPLIED.value: _("Applied"),
    UpliftState.REJECTED.value: _("Rejected"),
    UpliftState.LAPSED.value: _("Lapsed"),
    UpliftState.VOIDED.value: _("Voided"),
}
OFFER_STATE = {
    OfferState.DRAFT.value: _("Draft"),
    OfferState.SENT.value: _("Sent"),
    OfferState.ACCEPTED.value: _("Accepted"),
    OfferState.EXPIRED.value: _("Expired"),
    OfferState.WITHDRAWN.value: _("Withdrawn"),
    OfferState.VOIDED.value: _("Voided"),
}
# The same as lists of pairs, by which the description of the REST interface names them.
INTAKE_KINDS = list(INTAKE_KIND.items())
SWITCH_KINDS = list(SWITCH_KIND.items())
NOTICE_UNITS = list(NOTICE_UNIT.items())
CONTRACT_SUSPENSIONS = list(CONTRACT_SUSPENSION.items())
