"""The words that contracts store and exchange: plain enums, so rules use them without Django (labels: labels.py)."""

from enum import StrEnum


class ContractStatus(StrEnum):
    """Where a contract stands in its life; the transitions stand in ``contracts/rules/status.py``."""

    DRAFT = "draft"
    SIGNED = "signed"
    ACTIVE = "active"
    ENDED = "ended"
    CANCELLED = "cancelled"


class NoticeUnit(StrEnum):
    """What the length of a notice, or of any other period in local days, is counted in."""

    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"


class NoticeEffect(StrEnum):
    """Which day counts as the day of the notice: the contract says."""

    SENDING = "sending"
    RECEIPT = "receipt"


class NoticeEndOf(StrEnum):
    """At the end of what a notice takes effect, where the contract lets it do so at such an end only."""

    MONTH = "month"
    QUARTER = "quarter"


class BillingInterval(StrEnum):
    """How much time one invoice covers."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"


class BillingTiming(StrEnum):
    """Whether an invoice precedes the time it covers or follows it."""

    ADVANCE = "advance"
    ARREARS = "arrears"


class GoverningLaw(StrEnum):
    """The law of the contract, by country (ISO 3166 alpha-2) where its way of counting is known."""

    FR = "FR"
    PL = "PL"
    DE = "DE"
    OTHER = "OTHER"


class NoticeKind(StrEnum):
    """What the sender declares: not to renew at the term's end, or to leave as soon as the contract allows."""

    NON_RENEWAL = "non_renewal"
    TERMINATION = "termination"


class NoticeParty(StrEnum):
    """Who gives the notice."""

    CLIENT = "client"
    VENDOR = "vendor"


class NoticeChannel(StrEnum):
    """The way in which the notice came."""

    LETTER = "letter"
    REGISTERED_LETTER = "registered_letter"
    EMAIL = "email"
    PORTAL = "portal"
    HAND = "hand"


class NoticeJudgment(StrEnum):
    """What a notice is worth; late and premature ones take effect too, on a later day."""

    IN_TIME = "in_time"
    LATE = "late"
    PREMATURE = "premature"
    NOT_ENTITLED = "not_entitled"


class ReminderKind(StrEnum):
    """What a reminder is: one of the ladder before the last day for notice, or the one that the Loi Chatel asks for."""

    NOTICE = "notice"
    CHATEL = "chatel"


class OutgoingStatus(StrEnum):
    """Where a notice of the vendor's own stands: *sent* is on its way, *given* is recorded and judged."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENT = "sent"
    GIVEN = "given"
    CANCELLED = "cancelled"


class ContractSuspension(StrEnum):
    """Why a contract's service stops for a while."""

    NON_PAYMENT = "non_payment"
    AGREEMENT = "agreement"


class IntakeKind(StrEnum):
    """What a letter wants. Nobody acts on an unclear one: it is asked back."""

    NON_RENEWAL = "non_renewal"
    TERMINATION = "termination"
    SWITCHING = "switching"
    ERASURE_ONLY = "erasure_only"
    UNCLEAR = "unclear"


class IntakeState(StrEnum):
    """Where a letter in the inbox stands. *Handed over*: it is no notice, and its case is opened elsewhere."""

    NEW = "new"
    ASKED_BACK = "asked_back"
    ANSWERED = "answered"
    CONFIRMED = "confirmed"
    HANDED_OVER = "handed_over"
    REJECTED = "rejected"


class EndChoice(StrEnum):
    """What the client wants done with its data at the end (GDPR Art. 28(3)(g))."""

    RETURN_THEN_DELETE = "return_then_delete"
    DELETE = "delete"


class EndReason(StrEnum):
    """Why a contract ended."""

    NOTICE = "notice"
    EXPIRY = "expiry"
    AGREEMENT = "agreement"
    BREACH = "breach"
    SWITCHING = "switching"
    CONVENIENCE = "convenience"
    IMMEDIATE = "immediate"


class TerminationGround(StrEnum):
    """On what a contract is ended otherwise than by notice at its term.

    ``convenience`` is the early exit that the contract grants for a fee; ``immediate`` one without notice for a grave
    cause; ``switching`` that of the Data Act (Regulation 2023/2854, Article 25).
    """

    CONVENIENCE = "convenience"
    VENDOR_BREACH = "vendor_breach"
    CLIENT_BREACH = "client_breach"
    AGREEMENT = "agreement"
    SWITCHING = "switching"
    IMMEDIATE = "immediate"

    @property
    def end_reason(self) -> EndReason:
        """What a contract that ended on this ground says."""
        if self in (TerminationGround.VENDOR_BREACH, TerminationGround.CLIENT_BREACH):
            return EndReason.BREACH
        return EndReason(self.value)


class DeadlineKind(StrEnum):
    """What is due, or comes to pass, on the day of a stored deadline."""

    LAST_NOTICE = "last_notice"
    RENEWAL_CERTAIN = "renewal_certain"
    RENEWAL = "renewal"
    CONTRACT_END = "contract_end"
    RETRIEVAL_END = "retrieval_end"
    CHATEL_REMINDER = "chatel_reminder"
    SEND_BY = "send_by"
    OFFER_EXPIRY = "offer_expiry"
    QUOTE_EXPIRY = "quote_expiry"
    UPLIFT_PROPOSAL = "uplift_proposal"
    SWITCHING_UNFEASIBLE_LIMIT = "switching_unfeasible_limit"
    SWITCHING_NOTICE_END = "switching_notice_end"
    SWITCHING_TRANSITION_END = "switching_transition_end"
    SWITCHING_RETRIEVAL_END = "switching_retrieval_end"
    SWITCHING_CHOICE = "switching_choice"


class IndexPeriodicity(StrEnum):
    """How often a price index has a value."""

    MONTH = "month"
    QUARTER = "quarter"


class LineKind(StrEnum):
    """What a statement line is: a term's fee, a change of price within it, what is taken off, asked, or paid back.

    ``switch`` is what is asked for a switch itself.
    """

    FEE = "fee"
    UPLIFT = "uplift"
    CREDIT = "credit"
    PENALTY = "penalty"
    REFUND = "refund"
    SWITCH = "switch"


class VatTreatment(StrEnum):
    """Who owes VAT on an amount that is stated without it (Directive 2006/112/EC, Articles 44 and 196)."""

    STANDARD = "standard"
    REVERSE_CHARGE = "reverse_charge"
    OUTSIDE_EU = "outside_eu"


class ClauseCode(StrEnum):
    """What a contract must say beside its columns; the form of each value stands in ``contracts/rules/clauses.py``."""

    EXPORTABLE_DATA = "exportable_data"
    EXEMPT_DATA = "exempt_data"
    TRANSITION_DAYS = "transition_days"
    ERASURE_GUARANTEE = "erasure_guarantee"
    JURISDICTION_PAGE = "jurisdiction_page"
    INTERNATIONAL_ACCESS = "international_access"
    FORMAT_REGISTER = "format_register"
    SWITCHING_CHARGES = "switching_charges"
    SERVICE_LEVELS = "service_levels"
    INCIDENT_HANDLING = "incident_handling"
    BREACH_HOURS = "breach_hours"
    CLIENT_SEPARATION = "client_separation"
    TRAINING_ALLOWED = "training_allowed"
    HOSTING = "hosting"


class ClauseSeverity(StrEnum):
    """How a line of the clause checklist stands."""

    VIOLATED = "violated"
    MISSING = "missing"
    OK = "ok"
    NOT_APPLICABLE = "not_applicable"


class SwitchKind(StrEnum):
    """What the customer asks for when it leaves under the Data Act (Article 25(3))."""

    PROVIDER = "provider"
    ON_PREMISES = "on_premises"
    ERASURE_ONLY = "erasure_only"


class SwitchStatus(StrEnum):
    """Where a switch stands; the transitions stand in ``contracts/rules/switching_states.py``.

    ``ended`` is over without a transfer, on the customer's instruction: erasure only, or its choice to delete.
    """

    NOTIFIED = "notified"
    IN_TRANSITION = "in_transition"
    COMPLETED = "completed"
    UNFINISHED = "unfinished"
    ERASE_ONLY = "erase_only"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


class SwitchStep(StrEnum):
    """What was declared, agreed or decided in the course of a switch."""

    OPENED = "opened"
    UNFEASIBLE_TOLD = "unfeasible_told"
    EXTENDED = "extended"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"
    CHOSEN = "chosen"


class SwitchChoice(StrEnum):
    """What the client wants of a switch whose transition ran out: more time, it was completed after all, or delete."""

    EXTEND = "extend"
    COMPLETED = "completed"
    DELETE = "delete"


class CalendarFeedKind(StrEnum):
    """Whose events a calendar feed holds."""

    ORGANIZATION = "organization"
    OWNER = "owner"
    PORTFOLIO = "portfolio"


class UpliftState(StrEnum):
    """Where the revision of a price for the next term stands; the transitions stand in ``contracts/rules/uplifts.py``.

    ``flagged``: there is no index value to revise by. ``lapsed``: nobody decided before the term began. ``voided``: the
    amendment that it became was taken back.
    """

    PROPOSED = "proposed"
    FLAGGED = "flagged"
    APPLIED = "applied"
    REJECTED = "rejected"
    LAPSED = "lapsed"
    VOIDED = "voided"


class OfferState(StrEnum):
    """Where a renewal offer stands; the transitions stand in ``contracts/rules/offers.py``.

    ``voided``: it was accepted, and the amendment that it became was taken back.
    """

    DRAFT = "draft"
    SENT = "sent"
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    VOIDED = "voided"
