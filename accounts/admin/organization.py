"""The admin of client organizations: listed, registered, changed."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from accounts.admin.acting import actor_of
from accounts.admin.base import ReadOnly
from accounts.admin.forms import OperationForm
from accounts.enums import Language, LegalCategory
from accounts.models import Organization
from accounts.operations import clock, organizations
from accounts.rules.permissions import Permission


class OrganizationChangeForm(OperationForm):
    """What may change of a client."""

    name = forms.CharField(label=_("Name"), max_length=200)
    time_zone = forms.CharField(label=_("Time zone"), max_length=64, initial="Europe/Paris")
    language = forms.ChoiceField(label=_("Language"), choices=Language.choices)
    legal_category = forms.ChoiceField(label=_("Legal category"), choices=LegalCategory.choices)


class OrganizationForm(OrganizationChangeForm):
    """A new client: its identity too, which is asked once."""

    country = forms.CharField(label=_("Country"), max_length=2, help_text=_("ISO 3166, two letters"))
    registration_number = forms.CharField(label=_("Registration number"), max_length=40)
    field_order = ("name", "country", "registration_number")


@admin.register(Organization)
class OrganizationAdmin(ReadOnly):
    viewing = Permission.VIEW_ORGANIZATION
    adding = Permission.CHANGE_ORGANIZATION
    list_display = ("name", "country", "registration_number", "legal_category", "closed_at")
    list_filter = ("legal_category", "language", ("closed_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "registration_number", "public_id")
    ordering = ("name", "pk")
    extra_fields = ("scim_address",)
    actions_detail = ("edit",)

    @admin.display(description=_("SCIM address"))
    def scim_address(self, obj: Organization) -> str:
        """Return what an identity provider is given, with a token that may provision users."""
        return f"{settings.PUBLIC_URL}/scim/v2"

    def add_page(self, request: HttpRequest) -> HttpResponse:
        def perform(data: dict[str, Any]) -> str:
            made = organizations.create(now=clock.instant(), by=actor_of(request), **data)
            messages.success(request, _("Organization registered."))
            return self.detail_url(made)

        return self.operation_page(
            request, title=_("Register organization"), form=OrganizationForm, perform=perform, back=self.list_url()
        )

    @action(
        description=_("Change"),
        url_path="edit",
        permissions=[Permission.CHANGE_ORGANIZATION.value],
        icon="edit",
    )
    def edit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        organization = self.object_or_404(request, object_id)
        fields = OrganizationChangeForm.base_fields

        def perform(data: dict[str, Any]) -> str:
            organizations.change(organization, now=clock.instant(), by=actor_of(request), **data)
            messages.success(request, _("Organization changed."))
            return self.detail_url(organization)

        initial: Mapping[str, Any] = {name: getattr(organization, name) for name in fields}
        return self.operation_page(
            request,
            title=_("Change organization"),
            form=OrganizationChangeForm,
            perform=perform,
            touched=[organization],
            initial=initial,
            back=self.detail_url(organization),
        )
