"""The words that accounts stores: roles, states, kinds. Labels are translated where they are shown."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Language(TextChoices):
    ENGLISH = "en", _("English")
    FRENCH = "fr", _("French")
    POLISH = "pl", _("Polish")
    GERMAN = "de", _("German")


class LegalCategory(TextChoices):
    """What the client is: the Loi Chatel protects non-professional legal persons (L215-1 and L215-3 C. consom.)."""

    COMPANY = "company", _("Company")
    PUBLIC_BODY = "public_body", _("Public body")
    ASSOCIATION = "association", _("Association")
    WORKS_COUNCIL = "works_council", _("Works council")
    OTHER_NON_PROFESSIONAL = "other_non_professional", _("Other non-professional legal person")


class Role(TextChoices):
    """What a member does: the first six on the vendor's side, the others on the client's."""

    ADMINISTRATOR = "administrator", _("Administrator")
    CONTRACT_MANAGER = "contract_manager", _("Contract manager")
    SUPPORT = "support", _("Support")
    PRIVACY_OFFICER = "privacy_officer", _("Privacy officer")
    FINANCE = "finance", _("Finance")
    AUDITOR = "auditor", _("Auditor")
    CLIENT_ADMINISTRATOR = "client_administrator", _("Client administrator")
    CLIENT_FINANCE = "client_finance", _("Client finance")
    CLIENT_PRIVACY_OFFICER = "client_privacy_officer", _("Client privacy officer")
    AUTHORISED_CONTACT = "authorised_contact", _("Authorised contact")


VENDOR_ROLES = (
    Role.ADMINISTRATOR,
    Role.CONTRACT_MANAGER,
    Role.SUPPORT,
    Role.PRIVACY_OFFICER,
    Role.FINANCE,
    Role.AUDITOR,
)
CLIENT_ROLES = tuple(role for role in Role if role not in VENDOR_ROLES)


class LicenceStatus(TextChoices):
    """Whether a licensed user may use the product. Restriction of processing (Art. 18) is another field."""

    INVITED = "invited", _("Invited")
    ACTIVE = "active", _("Active")
    RESTRICTED = "restricted", _("Restricted")
    SUSPENDED = "suspended", _("Suspended")
    SCHEDULED = "scheduled", _("Scheduled for deletion")
    DELETED = "deleted", _("Deleted")


class SuspensionReason(TextChoices):
    LICENCE_ENDED = "licence_ended", _("The organization's last licence ended")
    CLIENT_RULE = "client_rule", _("The client's own rule")
    CLIENT_DECISION = "client_decision", _("The client's decision")
    PROVISIONING = "provisioning", _("The client's identity provider")


class LicenceAct(TextChoices):
    """What changed a licensed user's state."""

    ADD = "add", _("Add")
    ACTIVATE = "activate", _("Activate")
    RESTRICT = "restrict", _("Restrict")
    LIFT = "lift", _("Lift the restriction")
    SUSPEND = "suspend", _("Suspend")
    REINSTATE = "reinstate", _("Reinstate")
    SCHEDULE = "schedule_deletion", _("Schedule deletion")
    CANCEL = "cancel_deletion", _("Cancel the deletion")
    DELETE = "delete", _("Delete")


class RuleMode(TextChoices):
    """What a client's rule does: a new one observes, an enforced one acts, one that would touch too many stops."""

    OBSERVE = "observe", _("Observes")
    ENFORCED = "enforced", _("Enforced")
    STOPPED = "stopped", _("Stopped: asks")
    OFF = "off", _("Off")


class RuleAction(TextChoices):
    RESTRICT = "restrict", _("Restrict")
    SUSPEND = "suspend", _("Suspend")
    SCHEDULE = "schedule_deletion", _("Schedule deletion")


class FindingState(TextChoices):
    """What came of a finding: ``would_act`` is what an observing rule notes instead of acting."""

    OPEN = "open", _("Warned")
    ACTED = "acted", _("Acted")
    WOULD_ACT = "would_act", _("Would have acted")
    CLEARED = "cleared", _("No longer concerned")
    REFUSED = "refused", _("Not possible")


class BulkState(TextChoices):
    WAITING = "waiting", _("Waiting")
    WORKING = "working", _("Working")
    FINISHED = "finished", _("Finished")


class ItemState(TextChoices):
    WAITING = "waiting", _("Waiting")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Not done")


class DocumentKind(TextChoices):
    NOTICE_PROOF = "notice_proof", _("Proof of a notice")
    AUTHORISATION = "authorisation", _("Authorisation")
    CONTRACT = "contract", _("Contract")
    OTHER = "other", _("Other")


class DisabledReason(TextChoices):
    """Why an endpoint of webhooks is called no more."""

    BY_HAND = "by_hand", _("Somebody disabled it")
    GONE = "gone", _("It answered that it is gone (410)")
    FAILING = "failing", _("It failed for five days")


class DeliveryState(TextChoices):
    WAITING = "waiting", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    GIVEN_UP = "given_up", _("Given up")


class CallFault(TextChoices):
    """Why a call of a webhook did not arrive."""

    STATUS = "status", _("The answer is no success")
    REDIRECT = "redirect", _("The answer leads elsewhere: redirects are not followed")
    TIMEOUT = "timeout", _("No answer in time")
    NAME = "name", _("The host name is unknown")
    FORBIDDEN_ADDRESS = "forbidden_address", _("The host is not at a public address")
    CONNECTION = "connection", _("No connection")
    TLS = "tls", _("The certificate or the encryption is wrong")
    PROTOCOL = "protocol", _("The answer is not HTTP")
    UNSIGNED = "unsigned", _("It could not be signed: the key that opens its secret is missing")
    ENDPOINT_DISABLED = "endpoint_disabled", _("The endpoint was disabled")


class SentKind(TextChoices):
    """How something left the house."""

    MAIL = "mail", _("Mail")
    WEBHOOK = "webhook", _("Webhook")
