"""One enum of permissions and one matrix: what each role may do. Guards read it; nothing else decides."""

from collections.abc import Iterable
from enum import StrEnum

from accounts.rules.roles import CLIENT, VENDOR


class Permission(StrEnum):
    """A right, named ``<verb>_<noun>``."""

    VIEW_ORGANIZATION = "view_organization"
    CHANGE_ORGANIZATION = "change_organization"
    VIEW_LICENSED_USER = "view_licensed_user"
    CHANGE_LICENSED_USER = "change_licensed_user"
    DELETE_LICENSED_USER = "delete_licensed_user"
    RESTRICT_PROCESSING = "restrict_processing"
    PROVISION_USERS = "provision_users"
    CHANGE_ACCESS_POLICY = "change_access_policy"
    MANAGE_ACCESS_RULES = "manage_access_rules"
    CHECK_ENTITLEMENT = "check_entitlement"
    REPORT_ACTIVITY = "report_activity"
    VIEW_CONTRACT = "view_contract"
    SIGN_CONTRACT = "sign_contract"
    RENEW_CONTRACT = "renew_contract"
    GIVE_NOTICE = "give_notice"
    WITHDRAW_NOTICE = "withdraw_notice"
    END_CONTRACT = "end_contract"
    AMEND_CONTRACT = "amend_contract"
    SUSPEND_CONTRACT = "suspend_contract"
    MAKE_QUOTE = "make_quote"
    ACCEPT_QUOTE = "accept_quote"
    ACCEPT_OFFER = "accept_offer"
    HANDLE_INTAKE = "handle_intake"
    APPROVE_NOTICE = "approve_notice"
    MANAGE_SWITCHING = "manage_switching"
    REQUEST_SWITCHING = "request_switching"
    MANAGE_INDICES = "manage_indices"
    VIEW_STATEMENT = "view_statement"
    MANAGE_STATEMENTS = "manage_statements"
    MANAGE_FEEDS = "manage_feeds"
    IMPORT_PORTFOLIO = "import_portfolio"
    VIEW_DOCUMENT = "view_document"
    INGEST_CONTENT = "ingest_content"
    VIEW_CONTENT = "view_content"
    VIEW_SUBJECT_REQUEST = "view_subject_request"
    HANDLE_SUBJECT_REQUEST = "handle_subject_request"
    VIEW_DELETION_REQUEST = "view_deletion_request"
    REQUEST_DELETION = "request_deletion"
    CONFIRM_END = "confirm_end"
    APPROVE_ERASURE = "approve_erasure"
    EXPORT_CONTENT = "export_content"
    AUTHORISE_ARCHIVE = "authorise_archive"
    PLACE_HOLD = "place_hold"
    VIEW_TRAIL = "view_trail"
    MANAGE_MEMBERS = "manage_members"
    MANAGE_TOKENS = "manage_tokens"
    MANAGE_IDENTITY_PROVIDERS = "manage_identity_providers"
    VIEW_OPERATION = "view_operation"
    MANAGE_WEBHOOKS = "manage_webhooks"
    MANAGE_KEYS = "manage_keys"


P = Permission
_VIEW = {P.VIEW_ORGANIZATION, P.VIEW_CONTRACT, P.VIEW_DELETION_REQUEST}

MATRIX: dict[str, frozenset[Permission]] = {
    # Content itself is seen by nobody on the vendor's side: staff see counts and make exports, the client opens them.
    # Who makes members neither confirms an end nor approves an erasure: else one person could be two. Who
    # people are that ask about their data, and whose clients they may be, privacy officers see alone.
    "administrator": frozenset(
        set(Permission) - {P.VIEW_CONTENT, P.CONFIRM_END, P.APPROVE_ERASURE, P.HANDLE_SUBJECT_REQUEST}
    ),
    "contract_manager": frozenset(
        _VIEW
        | {
            P.CHANGE_ORGANIZATION,
            P.VIEW_LICENSED_USER,
            P.SIGN_CONTRACT,
            P.RENEW_CONTRACT,
            P.GIVE_NOTICE,
            # It takes both sides: the vendor's staff record their agreement.
            P.WITHDRAW_NOTICE,
            P.END_CONTRACT,
            P.AMEND_CONTRACT,
            P.SUSPEND_CONTRACT,
            P.MAKE_QUOTE,
            P.ACCEPT_QUOTE,
            P.ACCEPT_OFFER,
            P.HANDLE_INTAKE,
            P.APPROVE_NOTICE,
            P.MANAGE_SWITCHING,
            P.REQUEST_SWITCHING,
            P.MANAGE_INDICES,
            P.VIEW_STATEMENT,
            P.MANAGE_FEEDS,
            P.IMPORT_PORTFOLIO,
            P.VIEW_DOCUMENT,
            P.CONFIRM_END,
        }
    ),
    "support": frozenset(_VIEW | {P.VIEW_LICENSED_USER, P.CHANGE_LICENSED_USER, P.CHECK_ENTITLEMENT}),
    "privacy_officer": frozenset(
        _VIEW
        | {
            P.VIEW_SUBJECT_REQUEST,
            P.HANDLE_SUBJECT_REQUEST,
            P.VIEW_LICENSED_USER,
            P.DELETE_LICENSED_USER,
            P.RESTRICT_PROCESSING,
            P.VIEW_DOCUMENT,
            P.REQUEST_DELETION,
            P.APPROVE_ERASURE,
            P.EXPORT_CONTENT,
            P.AUTHORISE_ARCHIVE,
            P.PLACE_HOLD,
            P.VIEW_TRAIL,
        }
    ),
    "finance": frozenset(
        {
            P.VIEW_ORGANIZATION,
            P.VIEW_CONTRACT,
            P.VIEW_STATEMENT,
            P.MANAGE_STATEMENTS,
            P.MANAGE_INDICES,
            P.MAKE_QUOTE,
            P.MANAGE_FEEDS,
        }
    ),
    "auditor": frozenset(
        _VIEW
        | {
            P.VIEW_LICENSED_USER,
            P.VIEW_SUBJECT_REQUEST,
            P.VIEW_DOCUMENT,
            P.VIEW_TRAIL,
            P.VIEW_OPERATION,
            P.VIEW_STATEMENT,
        }
    ),
    "client_administrator": frozenset(
        _VIEW
        | {
            P.VIEW_SUBJECT_REQUEST,
            P.VIEW_LICENSED_USER,
            P.CHANGE_LICENSED_USER,
            P.DELETE_LICENSED_USER,
            P.RESTRICT_PROCESSING,
            P.PROVISION_USERS,
            P.CHANGE_ACCESS_POLICY,
            P.MANAGE_ACCESS_RULES,
            P.CHECK_ENTITLEMENT,
            P.REPORT_ACTIVITY,
            P.GIVE_NOTICE,
            P.REQUEST_DELETION,
            P.EXPORT_CONTENT,
            P.VIEW_CONTENT,
            P.AUTHORISE_ARCHIVE,
            P.INGEST_CONTENT,
            P.VIEW_TRAIL,
            P.MAKE_QUOTE,
            P.ACCEPT_QUOTE,
            P.ACCEPT_OFFER,
            P.REQUEST_SWITCHING,
            P.VIEW_STATEMENT,
            P.MANAGE_FEEDS,
            P.MANAGE_WEBHOOKS,
            P.MANAGE_TOKENS,
        }
    ),
    "client_finance": frozenset({P.VIEW_ORGANIZATION, P.VIEW_CONTRACT, P.MAKE_QUOTE, P.VIEW_STATEMENT, P.MANAGE_FEEDS}),
    "client_privacy_officer": frozenset(
        _VIEW
        | {
            P.VIEW_SUBJECT_REQUEST,
            P.VIEW_LICENSED_USER,
            P.DELETE_LICENSED_USER,
            P.RESTRICT_PROCESSING,
            P.REQUEST_DELETION,
            P.EXPORT_CONTENT,
            P.VIEW_CONTENT,
            P.AUTHORISE_ARCHIVE,
            P.VIEW_TRAIL,
        }
    ),
    "authorised_contact": frozenset(
        _VIEW
        | {
            P.VIEW_SUBJECT_REQUEST,
            P.GIVE_NOTICE,
            P.MAKE_QUOTE,
            P.ACCEPT_QUOTE,
            P.ACCEPT_OFFER,
            P.REQUEST_SWITCHING,
            P.REQUEST_DELETION,
            P.EXPORT_CONTENT,
            P.VIEW_CONTENT,
            P.AUTHORISE_ARCHIVE,
        }
    ),
}


# All that somebody on a client's side may ever do; no credential of a client holds more.
FOR_CLIENTS = frozenset[Permission]().union(*(MATRIX[role] for role in CLIENT))
# What a program may do by itself, without a person behind it: look, report, keep people up to date, load. What declares
# somebody's will, destroys content, opens it, or hands out rights is left to persons: else one person could be two.
FOR_PROGRAMS = frozenset(
    {
        P.VIEW_ORGANIZATION,
        P.CHANGE_ORGANIZATION,
        P.VIEW_LICENSED_USER,
        P.CHANGE_LICENSED_USER,
        P.DELETE_LICENSED_USER,
        P.PROVISION_USERS,
        P.CHECK_ENTITLEMENT,
        P.REPORT_ACTIVITY,
        P.VIEW_CONTRACT,
        P.MAKE_QUOTE,
        P.VIEW_STATEMENT,
        P.VIEW_DOCUMENT,
        P.IMPORT_PORTFOLIO,
        P.INGEST_CONTENT,
        P.VIEW_DELETION_REQUEST,
        P.VIEW_TRAIL,
        P.VIEW_OPERATION,
    }
)


def allowed(roles: Iterable[str]) -> frozenset[Permission]:
    """Return what the roles together may do; an unknown role may do nothing."""
    return frozenset().union(*(MATRIX.get(role, frozenset()) for role in roles))


def is_vendor(role: str) -> bool:
    """Say whether the role belongs to the vendor's side. :raises ValueError: an unknown role."""
    if role not in VENDOR and role not in CLIENT:
        raise ValueError(f"role: {role!r} is unknown")
    return role in VENDOR
