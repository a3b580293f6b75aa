"""Choices that several faces offer, by name: parts of what is stored."""

from django.utils.translation import gettext_lazy as _

from accounts.enums import LicenceAct, LicenceStatus, SuspensionReason
from accounts.rules.permissions import Permission

# What is asked for many people at once, or for one: not what only the system does.
BULK_ACTS = [
    (act.value, act.label)
    for act in (
        LicenceAct.SUSPEND,
        LicenceAct.REINSTATE,
        LicenceAct.RESTRICT,
        LicenceAct.LIFT,
        LicenceAct.SCHEDULE,
        LicenceAct.CANCEL,
    )
]
# The other reason is the system's own: no licence is in force.
SUSPENSIONS_BY_HAND = [
    (reason.value, reason.label) for reason in SuspensionReason if reason is not SuspensionReason.LICENCE_ENDED
]
# Whom a client's rule may touch.
RULE_STATUSES = [
    (status.value, status.label) for status in (LicenceStatus.ACTIVE, LicenceStatus.RESTRICTED, LicenceStatus.SUSPENDED)
]
# Why a bulk job did not change somebody, by the code that programs read. A test holds that none is missing.
WHY_NOT = {
    "licensed_user_not_in_that_state": _("The person's state does not allow it"),
    "no_licence": _("No licence of the organization is in force"),
    "no_free_seat": _("All seats of the licence are taken"),
    "name_taken": _("Somebody else has this external id or user name now"),
    "suspension_end_past": _("The suspension would have ended by now"),
    "changed_since": _("Somebody has changed the person since"),
}
# Each right in words. A guard holds that none is missing.
PERMISSIONS = {
    Permission.VIEW_ORGANIZATION: _("See organizations"),
    Permission.CHANGE_ORGANIZATION: _("Change organizations"),
    Permission.VIEW_LICENSED_USER: _("See licensed users"),
    Permission.CHANGE_LICENSED_USER: _("Change licensed users"),
    Permission.DELETE_LICENSED_USER: _("Delete licensed users"),
    Permission.RESTRICT_PROCESSING: _("Restrict processing"),
    Permission.PROVISION_USERS: _("Provision users by SCIM"),
    Permission.CHANGE_ACCESS_POLICY: _("Change the access policy"),
    Permission.MANAGE_ACCESS_RULES: _("Manage access rules"),
    Permission.CHECK_ENTITLEMENT: _("Check who may use the product"),
    Permission.REPORT_ACTIVITY: _("Report activity"),
    Permission.VIEW_CONTRACT: _("See contracts"),
    Permission.SIGN_CONTRACT: _("Sign contracts"),
    Permission.RENEW_CONTRACT: _("Renew contracts"),
    Permission.GIVE_NOTICE: _("Give notice"),
    Permission.WITHDRAW_NOTICE: _("Withdraw notice"),
    Permission.END_CONTRACT: _("End contracts"),
    Permission.AMEND_CONTRACT: _("Amend contracts"),
    Permission.SUSPEND_CONTRACT: _("Suspend contracts"),
    Permission.MAKE_QUOTE: _("Make quotes"),
    Permission.ACCEPT_QUOTE: _("Accept quotes"),
    Permission.ACCEPT_OFFER: _("Accept offers"),
    Permission.HANDLE_INTAKE: _("Handle incoming letters"),
    Permission.APPROVE_NOTICE: _("Approve outgoing notices"),
    Permission.MANAGE_SWITCHING: _("Manage switching"),
    Permission.REQUEST_SWITCHING: _("Request switching"),
    Permission.MANAGE_INDICES: _("Manage price indices"),
    Permission.VIEW_STATEMENT: _("See statements"),
    Permission.MANAGE_STATEMENTS: _("Manage statements"),
    Permission.MANAGE_FEEDS: _("Manage calendar feeds"),
    Permission.IMPORT_PORTFOLIO: _("Import contracts"),
    Permission.VIEW_DOCUMENT: _("See documents"),
    Permission.INGEST_CONTENT: _("Load content"),
    Permission.VIEW_CONTENT: _("Open content"),
    Permission.VIEW_SUBJECT_REQUEST: _("See requests of people"),
    Permission.HANDLE_SUBJECT_REQUEST: _("Handle requests of people"),
    Permission.VIEW_DELETION_REQUEST: _("See deletion requests"),
    Permission.REQUEST_DELETION: _("Request deletion"),
    Permission.CONFIRM_END: _("Confirm the end of contracts"),
    Permission.APPROVE_ERASURE: _("Approve erasures"),
    Permission.EXPORT_CONTENT: _("Export content"),
    Permission.AUTHORISE_ARCHIVE: _("Authorise aggregated archives"),
    Permission.PLACE_HOLD: _("Place legal holds"),
    Permission.VIEW_TRAIL: _("See the trail"),
    Permission.MANAGE_MEMBERS: _("Manage members"),
    Permission.MANAGE_TOKENS: _("Manage API tokens"),
    Permission.MANAGE_IDENTITY_PROVIDERS: _("Manage identity providers"),
    Permission.VIEW_OPERATION: _("See operations"),
    Permission.MANAGE_WEBHOOKS: _("Manage webhooks"),
    Permission.MANAGE_KEYS: _("Manage encryption keys"),
}
