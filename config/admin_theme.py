"""How the admin looks: title, colours, and the sidebar in the order of a contract's life."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _


def theme() -> dict[str, Any]:
    """Return unfold's settings."""
    return {
        "SITE_TITLE": "Terme",
        "SITE_HEADER": "Terme",
        "SITE_SUBHEADER": _("Contracts that end well"),
        "SITE_SYMBOL": "event_repeat",
        "SITE_FAVICONS": [
            {"rel": "icon", "sizes": "any", "type": "image/svg+xml", "href": lambda request: static("favicon.svg")}
        ],
        "STYLES": [lambda request: static("admin.css")],
        "SHOW_HISTORY": False,
        "SHOW_VIEW_ON_SITE": False,
        "SHOW_LANGUAGES": True,
        "ACCOUNT": {
            "navigation": [
                {"title": _("Second factors"), "link": reverse_lazy("mfa_index")},
                {"title": _("Change password"), "link": reverse_lazy("account_change_password")},
            ]
        },
        "DASHBOARD_CALLBACK": "config.dashboard.context",
        "COLORS": {
            "primary": {
                "50": "oklch(97.1% .014 195)",
                "100": "oklch(93.6% .032 195)",
                "200": "oklch(88.5% .055 195)",
                "300": "oklch(80.8% .08 195)",
                "400": "oklch(70.4% .1 195)",
                "500": "oklch(59% .1 195)",
                "600": "oklch(50% .09 195)",
                "700": "oklch(43% .08 195)",
                "800": "oklch(37% .07 195)",
                "900": "oklch(32% .06 195)",
                "950": "oklch(22% .04 195)",
            }
        },
        "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": _navigation()},
    }


def _item(title: Any, icon: str, model: str) -> dict[str, Any]:
    """Return a link to a list; the site shows it to those who may open it (config/admin_site.py)."""
    link = reverse_lazy(f"admin:{model.replace('.', '_').lower()}_changelist")
    return {"title": title, "icon": icon, "link": link, "model": model}


def _navigation() -> list[dict[str, Any]]:
    return [
        {"items": [{"title": _("Due and late"), "icon": "dashboard", "link": reverse_lazy("admin:index")}]},
        {
            "title": _("Clients"),
            "separator": True,
            "items": [
                _item(_("Organizations"), "apartment", "accounts.Organization"),
                _item(_("Licensed users"), "group", "accounts.LicensedUser"),
                _item(_("Changes of licensed users"), "manage_history", "accounts.LicensedUserChange"),
                _item(_("Licence grants"), "badge", "accounts.LicenceGrant"),
                _item(_("Access rules"), "rule", "accounts.AccessRule"),
                _item(_("Findings of rules"), "person_search", "accounts.RuleFinding"),
                _item(_("Exemptions from rules"), "person_cancel", "accounts.RuleExemption"),
                _item(_("Bulk jobs"), "group_work", "accounts.BulkJob"),
                _item(_("Items of bulk jobs"), "list_alt", "accounts.BulkItem"),
                _item(_("Access policies"), "rule_settings", "accounts.AccessPolicy"),
                _item(_("Provisioned groups"), "groups", "accounts.ProvisionedGroup"),
                _item(_("Members of groups"), "group_add", "accounts.ProvisionedMembership"),
                _item(_("Documents"), "description", "accounts.Document"),
            ],
        },
        {
            "title": _("Contracts"),
            "separator": True,
            "items": [
                _item(_("Contracts"), "contract", "contracts.Contract"),
                _item(_("Terms"), "date_range", "contracts.Term"),
                _item(_("Amendments"), "edit_document", "contracts.Amendment"),
                _item(_("Letters received"), "inbox", "contracts.Intake"),
                _item(_("Notices"), "outgoing_mail", "contracts.Notice"),
                _item(_("Vendor's notices"), "forward_to_inbox", "contracts.OutgoingNotice"),
                _item(_("Reminders"), "notifications", "contracts.Reminder"),
                _item(_("Terminations"), "event_busy", "contracts.Termination"),
                {
                    "title": _("Deadline calculator"),
                    "icon": "calculate",
                    "link": reverse_lazy("admin:contracts_deadline_calculator"),
                },
                _item(_("Deadlines"), "event_upcoming", "contracts.Deadline"),
                _item(_("Renewal offers"), "local_offer", "contracts.RenewalOffer"),
                _item(_("Uplifts"), "trending_up", "contracts.Uplift"),
                _item(_("Index series"), "show_chart", "contracts.IndexSeries"),
                _item(_("Index values"), "query_stats", "contracts.IndexValue"),
                _item(_("Index links"), "link", "contracts.IndexLink"),
                _item(_("Quotes"), "request_quote", "contracts.Quote"),
                _item(_("Statement lines"), "receipt_long", "contracts.StatementLine"),
                _item(_("Payments"), "payments", "contracts.Payment"),
                _item(_("Clauses"), "fact_check", "contracts.ContractClause"),
                _item(_("Switching cases"), "move_up", "contracts.SwitchingCase"),
                _item(_("Acts of switches"), "history_edu", "contracts.SwitchingAct"),
                _item(_("Calendar events"), "calendar_month", "contracts.CalendarEvent"),
                _item(_("Calendar feeds"), "rss_feed", "contracts.CalendarFeed"),
            ],
        },
        {
            "title": _("Leaving"),
            "separator": True,
            "items": [
                _item(_("Deletion requests"), "delete_history", "retention.DeletionRequest"),
                _item(_("Requests of people"), "contact_page", "retention.SubjectRequest"),
                _item(_("Doubts about identity"), "badge", "retention.SubjectDoubt"),
                _item(_("One-time links"), "key", "retention.SubjectLink"),
                _item(_("Exports"), "archive", "retention.Export"),
                _item(_("Archive decisions"), "how_to_reg", "retention.ArchiveAuthorization"),
                _item(_("Aggregate archives"), "inventory_2", "retention.AggregateArchive"),
                _item(_("Legal holds"), "gavel", "retention.LegalHold"),
                _item(_("Retention rules"), "auto_delete", "retention.RetentionRule"),
                _item(_("Nights of retention rules"), "bedtime", "retention.RetentionNight"),
                _item(_("Nights in other stores"), "nights_stay", "retention.NightBeyond"),
                _item(_("Searches of others' content"), "manage_search", "retention.MentionScan"),
            ],
        },
        {
            "title": _("Erasure"),
            "separator": True,
            "items": [
                _item(_("Vaults"), "lock", "retention.Vault"),
                _item(_("People in requests"), "group_remove", "retention.RequestSubject"),
                _item(_("Erasure runs"), "cleaning_services", "retention.ErasureRun"),
                _item(_("Erasure steps"), "checklist", "retention.ErasureStep"),
                _item(_("External stores"), "dns", "retention.ExternalStore"),
                _item(_("Erasures by hand"), "front_hand", "retention.ManualErasure"),
                _item(_("Verifications"), "troubleshoot", "retention.Verification"),
                _item(_("Certificates"), "verified", "retention.Certificate"),
                _item(_("Addenda to certificates"), "note_add", "retention.CertificateAddendum"),
            ],
        },
        {
            "title": _("Trail"),
            "separator": True,
            "collapsible": True,
            "items": [
                _item(_("Events"), "history", "accounts.AuditEvent"),
                _item(_("Details of events"), "notes", "accounts.AuditDetail"),
                _item(_("Seals"), "link", "accounts.AuditSeal"),
                _item(_("Heads of the trail"), "flag", "accounts.TrailHead"),
                _item(_("Outbox"), "outbox", "accounts.OutboxMessage"),
            ],
        },
        {
            "title": _("People and programs"),
            "separator": True,
            "collapsible": True,
            "items": [
                _item(_("Users"), "person", "accounts.User"),
                _item(_("Memberships"), "card_membership", "accounts.Membership"),
                _item(_("Required factors"), "phonelink_lock", "accounts.FactorRequirement"),
                _item(_("Identity providers"), "passkey", "accounts.IdentityProvider"),
                _item(capfirst(_("API tokens")), "key", "accounts.ApiToken"),
                _item(_("Webhook endpoints"), "webhook", "accounts.WebhookEndpoint"),
                _item(_("Webhook deliveries"), "send", "accounts.WebhookDelivery"),
            ],
        },
        {
            "title": _("Operation"),
            "separator": True,
            "collapsible": True,
            "items": [
                _item(_("Renewal plans"), "event_upcoming", "contracts.RenewalPlan"),
                _item(_("Key rotations"), "cycle", "retention.KeyRotation"),
                _item(_("Steps of key rotations"), "checklist", "retention.KeyRotationStep"),
                _item(_("Key-encryption keys"), "vpn_key", "retention.KeyEncryptionKey"),
                _item(_("Data keys"), "encrypted", "retention.DataKey"),
                _item(_("Erasure ledger"), "link", "retention.ErasureEntry"),
                _item(_("Restores"), "settings_backup_restore", "retention.Restore"),
                _item(_("Lost messages"), "unsubscribe", "accounts.LostMessage"),
                _item(_("Sent records"), "outbox", "accounts.SentRecord"),
                _item(_("Head of the ledger"), "anchor", "retention.LedgerHead"),
                _item(_("Pulse of the ledger"), "vital_signs", "retention.LedgerPulse"),
                _item(_("Conversations"), "forum", "retention.Conversation"),
                _item(_("Messages"), "chat", "retention.Message"),
                _item(_("Context items"), "psychology", "retention.ContextItem"),
                _item(_("Diagnostics"), "monitoring", "retention.Diagnostic"),
                _item(_("Answered calls"), "repeat_one", "accounts.IdempotencyKey"),
                _item(_("Simulated clock"), "schedule", "accounts.SimulatedClock"),
            ],
        },
    ]
