"""Every page of the admin and every role: who is let in is written here once more, apart from the code."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, URLResolver, get_resolver, reverse

from accounts.enums import CLIENT_ROLES, VENDOR_ROLES, Role
from accounts.rules.permissions import MATRIX
from tests.admin.test_pages import a_row, url
from tests.admin.world import a_whole_world

pytestmark = pytest.mark.usefixtures("world", "undone")
OURS = [model for app in ("accounts", "contracts", "retention") for model in apps.get_app_config(app).get_models()]
BY_NAME = {model.__name__: model for model in OURS}

# Table → the right that opens its list, its rows and their histories, and the one whose page adds (none: nobody adds).
TABLES = {
    "AccessPolicy": ("view_licensed_user", "change_access_policy"),
    "AccessRule": ("view_licensed_user", "manage_access_rules"),
    "ApiToken": ("manage_tokens", "manage_tokens"),
    "AuditDetail": ("view_trail", None),
    "AuditEvent": ("view_trail", None),
    "AuditSeal": ("view_trail", None),
    "BulkItem": ("view_licensed_user", None),
    "BulkJob": ("view_licensed_user", "change_licensed_user"),
    "Document": ("view_document", None),
    "FactorRequirement": ("manage_members", "manage_members"),
    "IdempotencyKey": ("view_operation", None),
    "IdentityProvider": ("manage_identity_providers", "manage_identity_providers"),
    "LicenceGrant": ("view_contract", None),
    "LicensedUser": ("view_licensed_user", "change_licensed_user"),
    "LicensedUserChange": ("view_licensed_user", None),
    "Membership": ("manage_members", "manage_members"),
    "Organization": ("view_organization", "change_organization"),
    "OutboxMessage": ("view_operation", None),
    "ProvisionedGroup": ("view_licensed_user", None),
    "ProvisionedMembership": ("view_licensed_user", None),
    "RuleExemption": ("view_licensed_user", None),
    "RuleFinding": ("view_licensed_user", None),
    "SimulatedClock": ("view_operation", None),
    "TrailHead": ("view_operation", None),
    "User": ("manage_members", "manage_members"),
    "WebhookDelivery": ("manage_webhooks", None),
    "WebhookEndpoint": ("manage_webhooks", "manage_webhooks"),
    "Amendment": ("view_contract", None),
    "CalendarEvent": ("view_contract", None),
    "CalendarFeed": ("manage_feeds", "manage_feeds"),
    "Contract": ("view_contract", "sign_contract"),
    "ContractClause": ("view_contract", "amend_contract"),
    "Deadline": ("view_contract", None),
    "IndexLink": ("view_contract", None),
    "IndexSeries": ("view_contract", "manage_indices"),
    "IndexValue": ("view_contract", None),
    "Intake": ("handle_intake", "handle_intake"),
    "Notice": ("view_contract", None),
    "OutgoingNotice": ("approve_notice", "approve_notice"),
    "Payment": ("view_statement", "manage_statements"),
    "Quote": ("view_contract", None),
    "Reminder": ("view_contract", None),
    "RenewalOffer": ("view_contract", None),
    "RenewalPlan": ("view_operation", None),
    "StatementLine": ("view_statement", None),
    "SwitchingAct": ("view_contract", None),
    "SwitchingCase": ("view_contract", "request_switching"),
    "Term": ("view_contract", None),
    "Termination": ("view_contract", None),
    "Uplift": ("manage_indices", None),
    "AggregateArchive": ("view_deletion_request", None),
    "ArchiveAuthorization": ("view_deletion_request", None),
    "Certificate": ("view_deletion_request", None),
    "CertificateAddendum": ("view_deletion_request", None),
    "ContextItem": ("view_operation", None),
    "Conversation": ("view_operation", None),
    "DataKey": ("view_operation", None),
    "DeletionRequest": ("view_deletion_request", "request_deletion"),
    "Diagnostic": ("view_operation", None),
    "ErasureEntry": ("view_operation", None),
    "ErasureRun": ("view_deletion_request", None),
    "ErasureStep": ("view_deletion_request", None),
    "Export": ("view_deletion_request", None),
    "KeyEncryptionKey": ("view_operation", None),
    "KeyRotation": ("view_operation", "manage_keys"),
    "KeyRotationStep": ("view_operation", None),
    "SentRecord": ("view_operation", None),
    "LostMessage": ("view_operation", None),
    "LedgerHead": ("view_operation", None),
    "LedgerPulse": ("view_operation", None),
    "Restore": ("view_operation", None),
    "MentionScan": ("view_deletion_request", None),
    "NightBeyond": ("view_deletion_request", None),
    "RetentionNight": ("view_deletion_request", None),
    "RetentionRule": ("view_deletion_request", "request_deletion"),
    "RequestSubject": ("view_deletion_request", None),
    "ExternalStore": ("view_operation", "manage_identity_providers"),
    "LegalHold": ("view_deletion_request", "place_hold"),
    "SubjectRequest": ("view_subject_request", "handle_subject_request"),
    "SubjectDoubt": ("view_subject_request", None),
    "SubjectLink": ("view_subject_request", None),
    "ManualErasure": ("view_deletion_request", None),
    "Message": ("view_operation", None),
    "Vault": ("view_deletion_request", None),
    "Verification": ("view_deletion_request", None),
}
# Page of a table or of a row → the right that it asks for.
PAGES = {
    "AccessPolicy.edit": "change_access_policy",
    "AccessRule.edit": "manage_access_rules",
    "AccessRule.enforce": "manage_access_rules",
    "AccessRule.confirm": "manage_access_rules",
    "AccessRule.observe": "manage_access_rules",
    "AccessRule.switch_off": "manage_access_rules",
    "AccessRule.exempt": "manage_access_rules",
    "ApiToken.rotate": "manage_tokens",
    "ApiToken.revoke": "manage_tokens",
    "BulkJob.undo": "change_licensed_user",
    "Document.download": "view_document",
    "FactorRequirement.lift": "manage_members",
    "IdentityProvider.alter": "manage_identity_providers",
    "IdentityProvider.enable": "manage_identity_providers",
    "IdentityProvider.disable": "manage_identity_providers",
    "LicensedUser.edit": "change_licensed_user",
    "LicensedUser.suspend": "change_licensed_user",
    "LicensedUser.reinstate": "change_licensed_user",
    "LicensedUser.restrict": "change_licensed_user",
    "LicensedUser.lift": "change_licensed_user",
    "LicensedUser.schedule_deletion": "delete_licensed_user",
    "LicensedUser.cancel_deletion": "delete_licensed_user",
    "LicensedUser.restrict_processing": "restrict_processing",
    "LicensedUser.tell_of_lifting": "restrict_processing",
    "LicensedUser.lift_processing": "restrict_processing",
    "Membership.remove": "manage_members",
    "Organization.edit": "change_organization",
    "ProvisionedGroup.map_to_department": "change_licensed_user",
    "RuleExemption.lift": "manage_access_rules",
    "User.end_sessions": "manage_members",
    "User.drop_factors": "manage_members",
    "User.unlink": "manage_identity_providers",
    "WebhookDelivery.send_again": "manage_webhooks",
    "WebhookEndpoint.edit": "manage_webhooks",
    "WebhookEndpoint.rotate_secret": "manage_webhooks",
    "WebhookEndpoint.send_test": "manage_webhooks",
    "WebhookEndpoint.send_again": "manage_webhooks",
    "WebhookEndpoint.disable": "manage_webhooks",
    "WebhookEndpoint.enable": "manage_webhooks",
    "Amendment.void": "amend_contract",
    "CalendarFeed.revoke": "manage_feeds",
    "Contract.sign": "sign_contract",
    "Contract.what_leaving_costs": "view_contract",
    "Contract.give_notice": "give_notice",
    "Contract.withdraw_notice": "withdraw_notice",
    "Contract.quote": "make_quote",
    "Contract.terminate": "end_contract",
    "Contract.amend": "amend_contract",
    "Contract.make_offer": "amend_contract",
    "Contract.suspend": "suspend_contract",
    "Contract.resume": "suspend_contract",
    "Contract.stay_renewal": "amend_contract",
    "Contract.set_reminders": "amend_contract",
    "Contract.record_reminder": "amend_contract",
    "Contract.cancel": "sign_contract",
    "Contract.import_portfolio": "import_portfolio",
    "Deadline.meet": "renew_contract",
    "IndexSeries.link_series": "manage_indices",
    "IndexValue.import_values": "manage_indices",
    "Intake.confirm": "handle_intake",
    "Intake.ask_back": "handle_intake",
    "Intake.reject": "handle_intake",
    "OutgoingNotice.approve": "approve_notice",
    "OutgoingNotice.send": "approve_notice",
    "OutgoingNotice.receive": "approve_notice",
    "OutgoingNotice.cancel": "approve_notice",
    "Quote.accept": "accept_quote",
    "Quote.page": "view_contract",
    "RenewalOffer.send": "amend_contract",
    "RenewalOffer.accept": "accept_offer",
    "RenewalOffer.withdraw": "amend_contract",
    "StatementLine.export_for_accounting": "view_statement",
    "SwitchingCase.complete": "request_switching",
    "SwitchingCase.extend": "request_switching",
    "SwitchingCase.choose": "request_deletion",
    "SwitchingCase.tell_unfeasible": "manage_switching",
    "SwitchingCase.withdraw": "manage_switching",
    "SwitchingCase.record_charge": "manage_switching",
    "Termination.revert": "end_contract",
    "Uplift.apply": "amend_contract",
    "Uplift.reject": "amend_contract",
    "Certificate.download": "view_deletion_request",
    "Certificate.paper": "view_deletion_request",
    "Certificate.public_key": "view_deletion_request",
    "Certificate.audit_package": "view_trail",
    "CertificateAddendum.download": "view_deletion_request",
    "DeletionRequest.confirm_end": "confirm_end",
    "DeletionRequest.approve": "approve_erasure",
    "DeletionRequest.make_export": "export_content",
    "DeletionRequest.waive_export": "export_content",
    "DeletionRequest.waive_retrieval": "view_content",
    "DeletionRequest.authorise_archive": "authorise_archive",
    "DeletionRequest.refuse_archive": "authorise_archive",
    "DeletionRequest.make_archive": "authorise_archive",
    "DeletionRequest.decline_archive": "authorise_archive",
    "DeletionRequest.hold": "place_hold",
    "DeletionRequest.decide": "request_deletion",
    "DeletionRequest.search_others": "request_deletion",
    "DeletionRequest.take_back": "request_deletion",
    "DeletionRequest.refuse": "request_deletion",
    "DeletionRequest.cancel": "request_deletion",
    "ErasureRun.pause": "approve_erasure",
    "ErasureRun.resume": "approve_erasure",
    "ErasureRun.slow_down": "approve_erasure",
    "ErasureRun.retry_stores": "approve_erasure",
    "ErasureRun.accept_hit": "approve_erasure",
    "ErasureRun.check_again": "approve_erasure",
    "ErasureRun.erase_again": "approve_erasure",
    "Export.download": "view_content",
    "KeyRotation.stop": "manage_keys",
    "OutboxMessage.release": "manage_keys",
    "OutboxMessage.drop": "manage_keys",
    "ExternalStore.alter": "manage_identity_providers",
    "ExternalStore.test_connection": "manage_identity_providers",
    "ExternalStore.enable": "manage_identity_providers",
    "ExternalStore.disable": "manage_identity_providers",
    "LegalHold.keep": "place_hold",
    "LegalHold.release": "place_hold",
    "MentionScan.erase_too": "request_deletion",
    "RetentionRule.preview_it": "request_deletion",
    "RetentionRule.enforce": "approve_erasure",
    "RetentionRule.end": "request_deletion",
    "SubjectRequest.letter": "view_subject_request",
    "DeletionRequest.confirm_correction": "change_licensed_user",
    "SubjectRequest.forward": "handle_subject_request",
    "SubjectRequest.close": "handle_subject_request",
    "SubjectRequest.take_back": "handle_subject_request",
    "SubjectRequest.withdraw": "handle_subject_request",
    "SubjectRequest.mark_posted": "handle_subject_request",
    "SubjectRequest.grant": "request_deletion",
    "SubjectRequest.refuse": "request_deletion",
    "SubjectRequest.not_held": "request_deletion",
    "SubjectRequest.doubt": "request_deletion",
    "SubjectRequest.settle_doubt": "request_deletion",
    "SubjectRequest.extend": "request_deletion",
    "ManualErasure.attest": "approve_erasure",
    "Vault.look_at_file": "view_deletion_request",
}
# Pages for staff only, though a role of a client holds the right.
VENDORS = {
    "Amendment.void",
    "Contract.suspend",
    "Contract.resume",
    "Contract.stay_renewal",
    "Contract.record_reminder",
    "Deadline.meet",
    "IndexSeries.link_series",
    "Intake.confirm",
    "Intake.ask_back",
    "Intake.reject",
    "SubjectRequest.forward",
    "SubjectRequest.close",
    "SubjectRequest.take_back",
    "SubjectRequest.withdraw",
    "SubjectRequest.mark_posted",
    "OutgoingNotice.approve",
    "OutgoingNotice.send",
    "OutgoingNotice.receive",
    "OutgoingNotice.cancel",
    "RenewalOffer.send",
    "RenewalOffer.withdraw",
    "SwitchingCase.tell_unfeasible",
    "SwitchingCase.withdraw",
    "SwitchingCase.record_charge",
    "Termination.revert",
    "Uplift.apply",
    "Uplift.reject",
    "DeletionRequest.make_archive",
}
# Pages of no table: whoever is signed in opens them, and sees there what their rights and their scope show.
ANYBODYS = {
    "admin/",
    "admin/search/",
    "admin/jsi18n/",
    "admin/contracts/contract/deadline-calculator/",
    "admin/password_change/",
    "admin/password_change/done/",
    "admin/logout/",
    "admin/login/",
    "admin/autocomplete/",
    "admin/r/<path:content_type_id>/<path:object_id>/",
    "admin/^(?P<app_label>accounts|retention|contracts)/$",
    "admin/(?P<url>.*)$",
}
# Pages beside the tables that are tried by name, with their right.
OTHERS = {
    "admin:contracts_contract_import": "import_portfolio",
    "admin:contracts_indexvalue_import": "manage_indices",
}
TABLES_OWN = ("changelist", "add", "history", "delete", "change")


@pytest.fixture(scope="module")
def world(shared_rows):
    """One world for all pages: the client that left, and the one that stays."""
    return a_whole_world()


def routes(resolver=None, before=""):
    for pattern in (resolver or get_resolver()).url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        elif route.startswith("admin/"):
            yield route, pattern.name


def test_every_page_has_its_line():
    """A page that is not written here is a page that nobody has thought about."""
    named = {f"{model._meta.app_label}_{model._meta.model_name}_{page}" for model in OURS for page in TABLES_OWN}
    for line in PAGES:
        model, page = line.split(".")
        named.add(f"{BY_NAME[model]._meta.app_label}_{BY_NAME[model]._meta.model_name}_{page}")
    named |= {other.removeprefix("admin:") for other in OTHERS}
    leads_to_change = {f"admin/{m._meta.app_label}/{m._meta.model_name}/<path:object_id>/" for m in OURS}
    found = {name or route for route, name in routes() if route not in ANYBODYS | leads_to_change}
    assert found - named == set(), "write it into PAGES or OTHERS, with its right"
    assert named - found == set(), "no such page: take its line away"
    assert {model.__name__ for model in OURS} == TABLES.keys()


def test_what_the_code_asks_for_is_what_is_written_here():
    for name, (sees, adds) in TABLES.items():
        page = admin.site.get_model_admin(BY_NAME[name])
        assert (page.viewing, page.adding) == (sees, adds), name
    for line in PAGES:
        model, name = line.split(".")
        method = getattr(type(admin.site.get_model_admin(BY_NAME[model])), name)
        assert list(method.allowed_permissions) == [PAGES[line]], line
        spec = getattr(method, "spec", None)
        assert (spec is not None and spec.vendor_only) == (line in VENDORS), line


def asked_of(role, organization):
    """Return each page: its line here, its address, whether the role is let in."""
    held = MATRIX[role]
    for name, (sees, adds) in TABLES.items():
        model = BY_NAME[name]
        pk = a_row(model, organization)
        yield f"{name} list", url(model, "changelist"), sees in held
        yield f"{name} add", url(model, "add"), adds in held
        if pk is not None or sees not in held:
            yield f"{name} row", url(model, "change", pk or 1), sees in held
            yield f"{name} history", url(model, "history", pk or 1), sees in held
            yield f"{name} delete", url(model, "delete", pk or 1), False
    for line, right in PAGES.items():
        name, page = line.split(".")
        allowed = right in held and (organization is None or line not in VENDORS)
        try:
            yield line, url(BY_NAME[name], page), allowed
        except NoReverseMatch:
            pk = a_row(BY_NAME[name], organization)
            if pk is not None or not allowed:
                yield line, url(BY_NAME[name], page, pk or 1), allowed
    for name, right in OTHERS.items():
        yield name, reverse(name), right in held


@pytest.mark.parametrize("role", [str(role) for role in Role])
def test_a_role_is_let_in_where_it_is_written_and_nowhere_else(role, sign_in, world):
    _left, stays = world
    organization = stays if role in CLIENT_ROLES else None
    client = sign_in(role, organization)
    wrong, let_in = [], 0
    for line, address, allowed in asked_of(role, organization):
        found = [client.get(address).status_code]
        if not allowed or line in PAGES:  # not confirmed: it changes nothing
            found.append(client.post(address).status_code)
        let_in += allowed
        opens = {200} if line.endswith((" list", " row", " add")) else {200, 302, 404}
        if not set(found) <= (opens if allowed else {403}):
            wrong.append((line, found, allowed))
    assert wrong == []
    assert let_in >= (40 if role in VENDOR_ROLES else 20), "the world has rows, or nothing is shown"


def test_without_a_sign_in_every_page_leads_there(world):
    anonymous = Client()
    for line, address, _allowed in asked_of("administrator", None):
        for answer in (anonymous.get(address), anonymous.post(address)):
            assert answer.status_code == 302 and answer["Location"].startswith("/account/login/"), line
