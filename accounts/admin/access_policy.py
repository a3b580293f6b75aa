"""The admin of clients' terms of access. An organization without a row has the service's default terms."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from accounts.admin.acting import actor_of
from accounts.admin.base import ReadOnly
from accounts.admin.forms import OperationForm
from accounts.models import AccessPolicy, Organization
from accounts.operations import clock, policies
from accounts.rules.permissions import Permission


class TermsForm(OperationForm):
    """A client's terms of access."""

    keep_seconds = forms.IntegerField(
        label=_("Seconds that the product may keep an answer"), min_value=0, max_value=policies.LONGEST_KEEP, initial=60
    )
    restricted_features = forms.CharField(
        label=_("Features of restricted users"),
        max_length=6100,
        required=False,
        help_text=_("Codes with blanks between"),
    )
    deletion_grace_days = forms.IntegerField(
        label=_("Days before deletion"), min_value=0, max_value=policies.LONGEST_GRACE, initial=30
    )


class NewTermsForm(TermsForm):
    """Terms of an organization that the user sees."""

    organization = forms.ModelChoiceField(label=_("Organization"), queryset=Organization.objects.order_by("name"))
    field_order = ("organization",)


@admin.register(AccessPolicy)
class AccessPolicyAdmin(ReadOnly):
    viewing = Permission.VIEW_LICENSED_USER
    adding = Permission.CHANGE_ACCESS_POLICY
    list_display = ("organization", "keep_seconds", "restricted_features", "deletion_grace_days")
    search_fields = ("organization__name",)
    list_select_related = ("organization",)
    actions_detail = ("edit",)

    def add_page(self, request: HttpRequest) -> HttpResponse:
        def perform(data: dict[str, Any]) -> str:
            _change(request, data.pop("organization"), data)
            return self.list_url()

        return self.operation_page(
            request, title=_("Set terms of access"), form=NewTermsForm, perform=perform, back=self.list_url()
        )

    @action(description=_("Change"), url_path="edit", permissions=[Permission.CHANGE_ACCESS_POLICY.value], icon="edit")
    def edit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        policy = self.object_or_404(request, object_id)

        def perform(data: dict[str, Any]) -> str:
            _change(request, policy.organization, data)
            return self.detail_url(policy)

        initial = {name: getattr(policy, name) for name in ("keep_seconds", "deletion_grace_days")}
        return self.operation_page(
            request,
            title=_("Change terms of access"),
            form=TermsForm,
            perform=perform,
            touched=[policy],
            initial=initial | {"restricted_features": " ".join(policy.restricted_features)},
            back=self.detail_url(policy),
        )


def _change(request: HttpRequest, organization: Organization, data: dict[str, Any]) -> None:
    values = {**data, "restricted_features": data["restricted_features"].split()}
    policies.change(organization, now=clock.instant(), by=actor_of(request), **values)
    messages.success(request, _("Terms of access changed."))
