"""The addresses of the REST interface, version 1."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.routers import SimpleRouter

from accounts.api import schema
from accounts.api.access import AccessPolicyView, ActivityView
from accounts.api.access_rules import AccessRuleResource
from accounts.api.bulk_jobs import BulkJobResource, OrganizationBulkJobsView
from accounts.api.entitlements import EntitlementsView, EntitlementView
from accounts.api.held import HeldMessageResource
from accounts.api.licensed_users import LicensedUserResource, OrganizationLicensedUsersView
from accounts.api.organizations import OrganizationResource
from accounts.api.sign_in import FactorRequirementResource, IdentityProviderResource
from accounts.api.tokens import TokenResource
from accounts.api.trail import AuditEventResource, TrailHeadView, TrailLinksView
from accounts.api.webhooks import WebhookEndpointResource
from contracts.api.clauses import ChecklistView, ClausesView
from contracts.api.contracts import ContractResource
from contracts.api.deadlines import ComputeView
from contracts.api.feeds import FeedResource
from contracts.api.forecasts import ContractForecastView, ForecastView, RevenueForecastView
from contracts.api.indices import IndexSeriesResource, IndexValueResource
from contracts.api.intakes import IntakeResource
from contracts.api.leaving import CommitmentsSheetView, CommitmentsView, CommitmentView, LeavingView
from contracts.api.offers import ContractOffersView, ContractStayView, OfferResource
from contracts.api.outgoing import OutgoingNoticeResource
from contracts.api.quotes import (
    ContractQuotesView,
    ContractTerminationView,
    QuotePageView,
    QuoteResource,
    TerminationResource,
)
from contracts.api.reminders import ContractRemindersView
from contracts.api.statements import (
    AccountingView,
    CreditsView,
    PaymentsImportView,
    PaymentsView,
    StatementView,
)
from contracts.api.stored_deadlines import DeadlineResource
from contracts.api.switching import SwitchingCaseResource
from contracts.api.uplifts import UpliftResource
from retention.api.audit_package import AuditPackageView
from retention.api.certificates import CertificateResource
from retention.api.content import ContentView
from retention.api.exports import ExportDownloadView, ExportView, OrganizationExportsView
from retention.api.external import ExternalStoreResource, ManualErasureResource
from retention.api.holds import ArchiveAuthorizationView, LegalHoldResource
from retention.api.kept_file import KeptFileView
from retention.api.lasting import RetentionNightResource, RetentionRuleResource
from retention.api.mentions import MentionScanResource
from retention.api.requests import DeletionRequestResource
from retention.api.restores import RestoreResource
from retention.api.rotations import KeyRotationResource, KeyVersionsView
from retention.api.subjects import SubjectRequestResource
from retention.api.verify import PublicKeyView, VerifyView

SIGN_IN = (schema.TokenScheme, schema.SessionScheme)  # known to the description once they are imported

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("organizations", OrganizationResource, basename="organization")
router.register("licensed-users", LicensedUserResource, basename="licensed-user")
router.register("access-rules", AccessRuleResource, basename="access-rule")
router.register("bulk-jobs", BulkJobResource, basename="bulk-job")
router.register("contracts", ContractResource, basename="contract")
router.register("deadlines", DeadlineResource, basename="deadline")
router.register("index-series", IndexSeriesResource, basename="index-series")
router.register("index-values", IndexValueResource, basename="index-value")
router.register("quotes", QuoteResource, basename="quote")
router.register("terminations", TerminationResource, basename="termination")
router.register("switching-cases", SwitchingCaseResource, basename="switching-case")
router.register("intakes", IntakeResource, basename="intake")
router.register("outgoing-notices", OutgoingNoticeResource, basename="outgoing-notice")
router.register("calendar-feeds", FeedResource, basename="calendar-feed")
router.register("offers", OfferResource, basename="offer")
router.register("uplifts", UpliftResource, basename="uplift")
router.register("subject-requests", SubjectRequestResource)
router.register("deletion-requests", DeletionRequestResource, basename="deletion-request")
router.register("certificates", CertificateResource, basename="certificate")
router.register("legal-holds", LegalHoldResource, basename="legal-hold")
router.register("retention-rules", RetentionRuleResource, basename="retention-rule")
router.register("mention-scans", MentionScanResource, basename="mention-scan")
router.register("retention-nights", RetentionNightResource, basename="retention-night")
router.register("held-messages", HeldMessageResource, basename="held-message")
router.register("restores", RestoreResource, basename="restore")
router.register("key-rotations", KeyRotationResource, basename="key-rotation")
router.register("external-stores", ExternalStoreResource, basename="external-store")
router.register("manual-erasures", ManualErasureResource, basename="manual-erasure")
router.register("factor-requirements", FactorRequirementResource, basename="factor-requirement")
router.register("identity-providers", IdentityProviderResource, basename="identity-provider")
router.register("audit-events", AuditEventResource, basename="audit-event")
router.register("tokens", TokenResource, basename="token")
router.register("webhook-endpoints", WebhookEndpointResource, basename="webhook-endpoint")

organization = [
    path("licensed-users", OrganizationLicensedUsersView.as_view(), name="organization-licensed-users"),
    path("access-policy", AccessPolicyView.as_view(), name="organization-access-policy"),
    path("bulk-jobs", OrganizationBulkJobsView.as_view(), name="organization-bulk-jobs"),
    path("activity", ActivityView.as_view(), name="organization-activity"),
    path("content", ContentView.as_view(), name="organization-content"),
    path("kept-file", KeptFileView.as_view(), name="organization-kept-file"),
    path("exports", OrganizationExportsView.as_view(), name="organization-exports"),
    path("archive-authorization", ArchiveAuthorizationView.as_view(), name="organization-archive-authorization"),
]
urlpatterns = [
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("organizations/<uuid:public_id>/", include(organization)),
    path("entitlements", EntitlementsView.as_view(), name="entitlements"),
    path("entitlements/<path:external_id>", EntitlementView.as_view(), name="entitlement"),
    path("contracts/<uuid:public_id>/checklist", ChecklistView.as_view(), name="contract-checklist"),
    path("contracts/<uuid:public_id>/clauses", ClausesView.as_view(), name="contract-clauses"),
    path("deadlines/compute", ComputeView.as_view(), name="deadline-compute"),
    path("contracts/<uuid:public_id>/reminders", ContractRemindersView.as_view(), name="contract-reminders"),
    path("exports/<uuid:public_id>", ExportView.as_view(), name="export"),
    path("exports/<uuid:public_id>/download", ExportDownloadView.as_view(), name="export-download"),
    path("contracts/<uuid:public_id>/statement", StatementView.as_view(), name="contract-statement"),
    path("contracts/<uuid:public_id>/credits", CreditsView.as_view(), name="contract-credits"),
    path("contracts/<uuid:public_id>/payments", PaymentsView.as_view(), name="contract-payments"),
    path("contracts/<uuid:public_id>/quotes", ContractQuotesView.as_view(), name="contract-quotes"),
    path("contracts/<uuid:public_id>/terminate", ContractTerminationView.as_view(), name="contract-terminate"),
    path("quotes/<uuid:public_id>/page", QuotePageView.as_view(), name="quote-page"),
    path("payments/import", PaymentsImportView.as_view(), name="payments-import"),
    path("statement-lines/export", AccountingView.as_view(), name="statement-lines-export"),
    path("contracts/<uuid:public_id>/leaving", LeavingView.as_view(), name="contract-leaving"),
    path("contracts/<uuid:public_id>/commitment", CommitmentView.as_view(), name="contract-commitment"),
    path("commitments", CommitmentsView.as_view(), name="commitments"),
    path("commitments/xlsx", CommitmentsSheetView.as_view(), name="commitments-xlsx"),
    path("contracts/<uuid:public_id>/forecast", ContractForecastView.as_view(), name="contract-forecast"),
    path("forecast", ForecastView.as_view(), name="forecast"),
    path("revenue-forecast", RevenueForecastView.as_view(), name="revenue-forecast"),
    path("contracts/<uuid:public_id>/offers", ContractOffersView.as_view(), name="contract-offers"),
    path("contracts/<uuid:public_id>/stay", ContractStayView.as_view(), name="contract-stay"),
    path("public-key", PublicKeyView.as_view(), name="public-key"),
    path("audit-package", AuditPackageView.as_view(), name="audit-package"),
    path("certificates/verify", VerifyView.as_view(), name="certificates-verify"),
    path("key-versions", KeyVersionsView.as_view(), name="key-versions"),
    path("trail/links", TrailLinksView.as_view(), name="trail-links"),
    path("trail/head", TrailHeadView.as_view(), name="trail-head"),
    *router.urls,
]
