"""The admin of certificates: looked at, and fetched with the key that checks them."""

import json
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.dataclasses import UnfoldAction
from unfold.decorators import action, display

from accounts.admin.acting import actor_of, works_for_vendor
from accounts.admin.forms import OperationForm
from accounts.errors import InvalidInput
from accounts.models import Organization
from accounts.operations import clock
from accounts.rules import checks
from accounts.rules.permissions import Permission
from retention import papers
from retention.admin.json import pretty
from retention.admin.readable import Readable
from retention.models import Certificate, CertificateAddendum
from retention.operations import certificates
from retention.operations.audit_package import package
from retention.rules.audit_package import Span


class AuditPeriodForm(OperationForm):
    """The days of a package, and whose."""

    begins_on = forms.DateField(label=_("First day (UTC)"))
    ends_on = forms.DateField(label=_("First day no longer in it (UTC)"))
    organization = forms.ModelChoiceField(
        label=_("Organization"), queryset=Organization.objects.order_by("name"), required=False
    )

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if "begins_on" in found and "ends_on" in found and found["ends_on"] <= found["begins_on"]:
            self.add_error("ends_on", _("The period must end after its first day."))
        return found


@admin.register(Certificate)
class CertificateAdmin(Readable):
    viewing = Permission.VIEW_DELETION_REQUEST
    hidden = ("document",)
    list_display = ("__str__", "organization", "run", "issued_at", "signing_key")
    list_filter = ("signing_key",)
    search_fields = ("public_id", "organization__name")
    list_select_related = ("organization", "run")
    actions_detail = ("download", "paper")
    actions_list = ("public_key", "audit_package")

    def get_fields(self, request: HttpRequest, obj: object = None) -> list[str]:
        return [*super().get_fields(request, None), "statement"]

    def get_actions_list(self, request: HttpRequest) -> list[UnfoldAction]:
        """Return the buttons of the list; the package for auditors is the vendor's only."""
        found = super().get_actions_list(request)
        return [one for one in found if works_for_vendor(request) or one.method.__name__ != "audit_package"]

    @display(description=_("document"))
    def statement(self, certificate: Certificate) -> SafeString:
        return format_html("<pre>{}</pre>", pretty(certificate.document))

    @action(
        description=_("Download"),
        url_path="download",
        permissions=[Permission.VIEW_DELETION_REQUEST.value],
        icon="download",
    )
    def download(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send the signed document as it is."""
        certificate = self.object_or_404(request, object_id)
        name = f"certificate-{certificate.public_id}.json"
        return _file(json.dumps(certificate.document, indent=2, ensure_ascii=False), "application/json", name)

    @action(
        description=_("Paper"),
        url_path="paper",
        permissions=[Permission.VIEW_DELETION_REQUEST.value],
        icon="picture_as_pdf",
    )
    def paper(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Answer with the certificate for people, as its addenda say it last, in the reader's language."""
        certificate = self.object_or_404(request, object_id)
        addenda = [one.document for one in certificate.addenda.order_by("number")]
        asked = str(request.GET.get("language", translation.get_language()))
        if faults := checks.one_of("language", asked, papers.languages()):
            return HttpResponseBadRequest(str(InvalidInput(faults)), content_type="text/plain; charset=utf-8")
        headers = {"Content-Disposition": f'inline; filename="certificate-{certificate.public_id}.pdf"'}
        content = papers.certificate(certificate.document, addenda, language=asked)
        return HttpResponse(content, content_type="application/pdf", headers=headers)

    @action(
        description=_("Public key"),
        url_path="public-key",
        permissions=[Permission.VIEW_DELETION_REQUEST.value],
        icon="key",
    )
    def public_key(self, request: HttpRequest) -> HttpResponse:
        """Send the public key with which anybody checks a certificate."""
        return _file(certificates.public_pem(), "application/x-pem-file", "terme-public-key.pem")

    @action(
        description=_("Package for auditors"),
        url_path="audit-package",
        permissions=[Permission.VIEW_TRAIL.value],
        icon="folder_zip",
    )
    def audit_package(self, request: HttpRequest) -> HttpResponseBase:
        """Ask for the period, and answer with the ZIP. The vendor's only."""
        if not works_for_vendor(request):
            raise Http404
        if request.method == "POST" and "confirmed" in request.POST:
            form = AuditPeriodForm(request.POST, request=request)
            if form.is_valid():
                return _package(form.cleaned_data, now=clock.instant(), by=actor_of(request))

        def perform(data: dict[str, Any]) -> str:
            return self.list_url()  # a valid form was answered with the file

        return self.operation_page(
            request,
            title=_("Package for auditors"),
            explanation=_(
                "Requests, instructions, records of processing, notifications, certificates and the head of the trail, "
                "signed. Licensed users are not named in it. That it was made is in the trail."
            ),
            form=AuditPeriodForm,
            perform=perform,
            back=self.list_url(),
        )


def _package(data: dict[str, Any], *, now: datetime, by: str) -> StreamingHttpResponse:
    span = Span(data["begins_on"], data["ends_on"])
    made = package.make(span, organization=data["organization"], now=now, by=by)
    headers = {
        "Content-Disposition": f'attachment; filename="{made.filename}"',
        "Content-Length": str(made.size),
    }
    return StreamingHttpResponse(made.pieces(), content_type="application/zip", headers=headers)


@admin.register(CertificateAddendum)
class CertificateAddendumAdmin(Readable):
    viewing = Permission.VIEW_DELETION_REQUEST
    hidden = ("document",)
    list_display = ("__str__", "organization", "certificate", "number", "kind", "issued_at")
    list_filter = ("kind", "signing_key")
    search_fields = ("public_id", "certificate__public_id", "organization__name")
    list_select_related = ("organization", "certificate")
    actions_detail = ("download",)

    def get_fields(self, request: HttpRequest, obj: object = None) -> list[str]:
        return [*super().get_fields(request, None), "statement"]

    @display(description=_("document"))
    def statement(self, addendum: CertificateAddendum) -> SafeString:
        return format_html("<pre>{}</pre>", pretty(addendum.document))

    @action(
        description=_("Download"),
        url_path="download",
        permissions=[Permission.VIEW_DELETION_REQUEST.value],
        icon="download",
    )
    def download(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send the signed document as it is."""
        addendum = self.object_or_404(request, object_id)
        name = f"certificate-{addendum.certificate.public_id}-addendum-{addendum.number}.json"
        return _file(json.dumps(addendum.document, indent=2, ensure_ascii=False), "application/json", name)


def _file(text: str, content_type: str, name: str) -> HttpResponse:
    return HttpResponse(
        text, content_type=content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
