"""The words that retention stores: states of requests, runs and steps, kinds of content."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class VaultState(TextChoices):
    """Whether content may be written. *Destroying* is the fence that the saga commits before keys are destroyed."""

    OPEN = "open", _("Open")
    DESTROYING = "destroying", _("Being destroyed")
    DESTROYED = "destroyed", _("Destroyed")


class MessageRole(TextChoices):
    USER = "user", _("User")
    ASSISTANT = "assistant", _("Assistant")


class RequestOrigin(TextChoices):
    CONTRACT_END = "contract_end", _("End of the contract")
    CLIENT = "client", _("Instruction of the client")
    CLIENT_RULE = "client_rule", _("Rule of the client")
    RESTORE = "restore", _("Replayed after a restore")
    SUBJECT = "subject", _("Request of the person concerned")
    SWITCHING = "switching", _("Switching case")


class RequestKind(TextChoices):
    """What is asked for: Art. 17, 15 and 20, 18, 16 GDPR. All but the erasure are about people, and destroy nothing."""

    ERASE = "erase", _("Erasure")
    EXPORT = "export", _("Export")
    RESTRICT = "restrict", _("Restriction of processing")
    CORRECT = "correct", _("Correction")


class RequestScope(TextChoices):
    """Whose data a request is about. Several people: those whom a rule of the client deleted on one day."""

    PERSON = "person", _("One person")
    PEOPLE = "people", _("Several people")
    DEPARTMENT = "department", _("Department")
    ORGANIZATION = "organization", _("Organization")


class RequestStatus(TextChoices):
    """A request's way. Beside them stands ``blocked_by``, computed from holds and open contracts.

    *Done* is the end of a request that is no erasure: it goes there from *confirmed*, as soon as it is carried out.
    """

    RECEIVED = "received", _("Received")
    CONFIRMED = "confirmed", _("End confirmed")
    APPROVED = "approved", _("Approved")
    DESTROYING = "destroying", _("Keys being destroyed")
    ERASING = "erasing", _("Being erased")
    ERASED = "erased", _("Erased")
    VERIFIED = "verified", _("Verified empty")
    CERTIFIED = "certified", _("Certified")
    COMPLETE = "complete", pgettext_lazy("state", "Complete")
    DONE = "done", _("Carried out")
    CANCELLED = "cancelled", _("Cancelled")
    REFUSED = "refused", _("Refused")
    PARTIALLY_DONE = "partially_done", _("Partially done")
    FAILED = "failed", _("Failed")


class RefusalGround(TextChoices):
    """Why a request is refused: Art. 12(2), 12(5) and 17(3) GDPR, and who has no say."""

    NOT_IDENTIFIED = "not_identified", _("The person could not be identified")
    NOT_AUTHORISED = "not_authorised", _("Who asked is no authorised contact")
    CLIENT_REFUSED = "client_refused", _("The client decided against it")
    LEGAL_OBLIGATION = "legal_obligation", _("A legal obligation to keep the data")
    LEGAL_CLAIMS = "legal_claims", _("Establishment, exercise or defence of legal claims")
    MANIFESTLY_UNFOUNDED = "manifestly_unfounded", _("Manifestly unfounded or excessive")


class Decision(TextChoices):
    """What was decided about the export, or about the archive, before anything is destroyed."""

    PENDING = "pending", _("Undecided")
    DONE = "done", _("Done")
    DECLINED = "declined", _("Declined")


class RunPhase(TextChoices):
    PLANNED = "planned", _("Planned")
    DESTROYING = "destroying", _("Keys being destroyed")
    KEYS_DESTROYED = "keys_destroyed", _("Keys destroyed")
    ERASED = "erased", _("Erased")
    VERIFIED = "verified", _("Verified empty")
    RESIDUE_FOUND = "residue_found", _("Residue found")
    CERTIFIED = "certified", _("Certified")
    COMPLETE = "complete", pgettext_lazy("state", "Complete")
    CANCELLED = "cancelled", _("Cancelled")


class StepStatus(TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Given up")


class HoldScope(TextChoices):
    """What a hold covers."""

    ORGANIZATION = "organization", _("Organization")
    DEPARTMENT = "department", _("Department")
    PERSON = "person", _("One person")


class HoldGround(TextChoices):
    CLIENT_INSTRUCTION = "client_instruction", _("Instruction of the client")
    LAW = "law", _("Cited law")
    DISPUTE = "dispute", _("Open dispute")


class RotationState(TextChoices):
    """A job that wraps keys anew. What it did so far stays when it is stopped."""

    RUNNING = "running", _("Running")
    FINISHED = "finished", _("Finished")
    STOPPED = "stopped", _("Stopped")


class StoreKind(TextChoices):
    """What a store beyond the vault is, and so how it is emptied."""

    POSTGRESQL = "postgresql", _("PostgreSQL database")
    S3 = "s3", _("S3 bucket")
    HTTP = "http", _("HTTP service")
    MANUAL = "manual", _("Emptied by hand")


class ScanState(TextChoices):
    """How far a search of others' content is."""

    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    STOPPED = "stopped", _("Stopped")


class StoreFault(TextChoices):
    """Why a store beyond the vault could not be worked on."""

    CONNECTION = "connection", _("No connection")
    TIMEOUT = "timeout", _("No answer in time")
    BUSY = "busy", _("The store is busy, or asked to be left alone")
    FAILED = "failed", _("The store reported a failure of its own")
    TLS = "tls", _("The certificate or the encryption is wrong")
    FORBIDDEN_ADDRESS = "forbidden_address", _("The host is not at a public address")
    REDIRECT = "redirect", _("The answer leads elsewhere: redirects are not followed")
    CREDENTIALS = "credentials", _("The credentials are refused, or cannot be opened")
    DENIED = "denied", _("The credentials do not allow it")
    SETTINGS = "settings", _("The settings are incomplete or wrong")
    MISSING = "missing", _("What the settings name is not there")
    SWITCHED_OFF = "switched_off", _("The store is switched off")
    WRONG_TYPE = "wrong_type", _("A column has another type than the settings say")
    UNMAPPED = "unmapped", _("Rows that the settings do not name refer to rows that they name")
    ORDER = "order", _("Rows would be erased before what refers to them")
    ROW_SECURITY = "row_security", _("Row security hides rows from these credentials")
    REFERENCED = "referenced", _("Other rows still refer to what is to be erased")
    NOT_ERASED = "not_erased", _("The store says that it erased, and still has it")
    LOCKED = "locked", _("Objects are locked, or kept by a retention rule")
    UNNAMED_TENANT = "unnamed_tenant", _("It is not said how the store names this organization")
    UNNAMED_PERSON = "unnamed_person", _("Somebody has no identifier by which the store knows people")
    UNSAFE_NAME = "unsafe_name", _("An identifier could be taken for another one's place")
    UNEXPECTED_ANSWER = "unexpected_answer", _("The answer is not what was agreed")
    REFUSED = "refused", _("The service refused the call")
    UNSIGNED_ACCEPTED = "unsigned_accepted", _("The service obeys calls with a wrong signature")
    LIBRARY = "library", _("The library for this kind of store is not installed")
    CANNOT_SPARE = "cannot_spare", _("Single people of whom nothing may go cannot be told apart there")
    HELD = "legal_hold", _("A legal hold covers everything of the organization")
    NOT_BY_AGE = "not_by_age", _("The settings do not say what is old there")


class BeyondState(TextChoices):
    """A night of a retention rule in one store beyond the vault. Skipped: something keeps all of it there, tonight."""

    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    SKIPPED = "skipped", _("Passed over")
    INTERRUPTED = "interrupted", _("Interrupted")


class RestoreKind(TextChoices):
    """Which database was found to be older than the other one remembers."""

    DEFAULT = "default", _("The main database is older")
    LEDGER = "ledger", _("The ledger is older")
    BOTH = "both", _("Both databases are older")


class RestoreOutcome(TextChoices):
    """What a replay came to for one entry of the ledger."""

    ERASED = "erased", _("Erased again")
    RESIDUE = "residue", _("Residue was found")
    UNFINISHED = "unfinished", _("Not finished yet")
    BEYOND = "beyond", _("External stores wait for people")
    NOBODY = "nobody", _("Nothing of it was restored")
    KEYS = "keys", _("Keys destroyed again")


class AddendumKind(TextChoices):
    """What a signed addendum says of a certificate. From the last one on it is provisional only if residue is found."""

    RESIDUE_FOUND = "residue_found", _("Residue was found: the certificate does not stand")
    CLEAN_AGAIN = "clean_again", _("Erased and verified again")
    CHECKED_AGAIN = "checked_again", _("Looked at again on demand: nothing was found")
    REWRITTEN = "rewritten", _("Tables were written anew")
    KEYS_GONE_AGAIN = "keys_gone_again", _("Keys that a restore had brought back were destroyed again")
    COMPLETE = "complete", _("Every window has closed")


class AcceptanceGround(TextChoices):
    """Why what the verifier found stays."""

    QUOTED = "quoted", _("A text of somebody else, kept on its own basis, quotes it")
    LEGAL_OBLIGATION = "legal_obligation", _("A legal obligation to keep the data")
    LEGAL_CLAIMS = "legal_claims", _("Establishment, exercise or defence of legal claims")


class Vacuumed(TextChoices):
    """Who took the dead rows out of the tables' pages, and so how it is known that none is left."""

    ENGINE = "engine", _("Vacuum of the engine")
    AUTOVACUUM = "autovacuum", _("Autovacuum, by the database's statistics")
    NO_TABLE = "no_table", _("The store has no table")


class RowsHeldBy(TextChoices):
    """What keeps dead rows in the tables' pages."""

    SNAPSHOT = "snapshot", _("An older snapshot")
    REPLICATION_SLOT = "replication_slot", _("A replication slot")
    PREPARED = "prepared", _("A prepared transaction")
    AUTOVACUUM = "autovacuum", _("Left to autovacuum")


class ContentCategory(TextChoices):
    """What a client's retention rule is about: the categories of the vault. A conversation goes with its messages."""

    CONVERSATIONS = "conversations", _("Conversations and messages")
    CONTEXT = "context", _("AI context")
    DIAGNOSTICS = "diagnostics", _("Diagnostics")


class LengthUnit(TextChoices):
    DAYS = "days", _("Days")
    MONTHS = "months", _("Months")


class RuleState(TextChoices):
    """A retention rule's way. Only one that is enforced erases anything."""

    DRAFTED = "drafted", _("Drafted")
    PREVIEWED = "previewed", _("Previewed")
    ENFORCED = "enforced", _("Enforced")
    ENDED = "ended", _("Ended")


class RuleEnd(TextChoices):
    """Why a retention rule ended."""

    WITHDRAWN = "withdrawn", _("Withdrawn before it was enforced")
    REPLACED = "replaced", _("Replaced by another rule")
    ENDED = "ended", _("Ended")
    ERASED = "erased", _("Everything of the organization was erased")


class RuleRest(TextChoices):
    """Why nothing goes by a retention rule that is enforced."""

    HELD = "legal_hold", _("A legal hold covers the organization: the nights take nothing until it is released")
    ERASURE_OPEN = (
        "erasure_open",
        _("The erasure of everything is asked for: no night begins until that is given up, or ends the rule"),
    )
    ERASING = "erasing", _("Everything is being erased: no night begins, and the rule ends with it")


class ExportKept(TextChoices):
    """What keeps an export, however old it is."""

    HELD = "legal_hold", _("A legal hold covers somebody in it")
    REQUEST_OPEN = "request_open", _("The request that it was made for is open")
    PERSON_UNANSWERED = "person_unanswered", _("The person who asked for it is not answered yet")
    RETRIEVAL = "retrieval_period", _("The client's time to retrieve its data runs")
    SWITCH = "switch_unfinished", _("The client is changing its provider")
    ERASING = "erasing", _("Everything of the client is being erased, and it goes with that")


class NightState(TextChoices):
    """One night of a retention rule. Interrupted: another night came, or the rule ended, before it was done."""

    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    INTERRUPTED = "interrupted", _("Interrupted")


class KeptLongestBy(TextChoices):
    """What kept content longest in a night, and so said what goes."""

    CLIENT_RULE = "client_rule", _("Rule of the client")
    VENDOR_MINIMUM = "vendor_minimum", _("Minimum of the vendor")
    LEGAL_MINIMUM = "legal_minimum", _("Minimum of a law")
    LEGAL_HOLD = "legal_hold", _("Legal hold")


class SubjectState(TextChoices):
    """Where the request of a person stands. *Granted*: the client decided for it, and it is being carried out."""

    UNCONFIRMED = "unconfirmed", _("Address not confirmed")
    RECEIVED = "received", _("Received")
    FORWARDED = "forwarded", _("With the client")
    GRANTED = "granted", _("Granted, being carried out")
    ANSWERED = "answered", pgettext_lazy("a person's request", "Answered")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LAPSED = "lapsed", _("Lapsed, the address was never confirmed")


class SubjectChannel(TextChoices):
    """How the request of a person came."""

    PAGE = "page", _("Page")
    MAIL = "mail", _("Mail")
    LETTER = "letter", _("Letter")
    PHONE = "phone", _("Telephone")


class SubjectOutcome(TextChoices):
    """What a person was answered."""

    GRANTED = "granted", _("Granted and carried out")
    REFUSED = "refused", _("Refused")
    NOT_HELD = "not_held", _("No data for which a client decides")
    OWN = "own", _("Decided by the vendor, whose data they are")


class IdentityProof(TextChoices):
    """What is known of who asks."""

    UNCHECKED = "unchecked", _("Unchecked")
    MAILBOX = "mailbox", _("Reads the mail of the address")
    CLIENT = "client", _("Checked by the client")


class DoubtReason(TextChoices):
    """Why it is doubted who asks (Art. 12(6) GDPR)."""

    ADDRESS_UNKNOWN = "address_unknown", _("The address is not the one on record")
    SEVERAL_PEOPLE = "several_people", _("Several people may be meant")
    DATA_DIFFER = "data_differ", _("What is said does not agree with the record")
    SIGNS_OF_FRAUD = "signs_of_fraud", _("There are signs that somebody else asks")


class ExtensionReason(TextChoices):
    """Why an answer takes longer (Art. 12(3) GDPR)."""

    COMPLEX = "complex", _("The request is complex")
    NUMBER = "number", _("The number of requests")


class LinkPurpose(TextChoices):
    """What a one-time link opens."""

    PERSON = "person", _("The person's own page")
    DECIDE = "decide", _("The client's decision")


class Told(TextChoices):
    """How a person was told the answer."""

    MAIL = "mail", _("By mail")
    POST = "post", _("By post")
