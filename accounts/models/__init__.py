"""The tables of accounts, one noun a file."""

from accounts.models.access_rule import AccessRule, RuleExemption, RuleFinding
from accounts.models.bulk import BulkItem, BulkJob
from accounts.models.document import Document
from accounts.models.licence import AccessPolicy, LicenceGrant, LicensedUser, LicensedUserChange
from accounts.models.organization import Organization
from accounts.models.people import ApiToken, Caller, Membership, Program, User
from accounts.models.provisioning import ProvisionedGroup, ProvisionedMembership
from accounts.models.sealing import AuditSeal, TrailHead
from accounts.models.sent import LostMessage, SentRecord
from accounts.models.sign_in import FactorRequirement, IdentityProvider
from accounts.models.trail import AuditDetail, AuditEvent, IdempotencyKey, OutboxMessage, SimulatedClock
from accounts.models.webhook import WebhookDelivery, WebhookEndpoint

__all__ = [
    "AccessPolicy",
    "AccessRule",
    "ApiToken",
    "AuditDetail",
    "AuditEvent",
    "AuditSeal",
    "BulkItem",
    "BulkJob",
    "Caller",
    "Document",
    "FactorRequirement",
    "IdempotencyKey",
    "IdentityProvider",
    "LicenceGrant",
    "LicensedUser",
    "LicensedUserChange",
    "LostMessage",
    "Membership",
    "Organization",
    "OutboxMessage",
    "Program",
    "ProvisionedGroup",
    "ProvisionedMembership",
    "RuleExemption",
    "RuleFinding",
    "SentRecord",
    "SimulatedClock",
    "TrailHead",
    "User",
    "WebhookDelivery",
    "WebhookEndpoint",
]
