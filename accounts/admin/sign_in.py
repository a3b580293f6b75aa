"""The admin of how people sign in: which roles need a second factor, and whose identity provider is asked."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.admin.acting import act, actor_of
from accounts.admin.base import ReadOnly
from accounts.admin.forms import OperationForm
from accounts.enums import Role
from accounts.models import FactorRequirement, IdentityProvider, Organization
from accounts.operations import clock, factors, providers
from accounts.rules.permissions import Permission


class RequirementForm(OperationForm):
    """A role."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


@admin.register(FactorRequirement)
class FactorRequirementAdmin(ReadOnly):
    viewing = Permission.MANAGE_MEMBERS
    adding = Permission.MANAGE_MEMBERS
    adding_is_sensitive = True
    list_display = ("role", "required_at", "required_by", "lifted_at")
    list_filter = (("lifted_at", admin.EmptyFieldListFilter), "role")
    actions_detail = ("lift",)

    def add_page(self, request: HttpRequest) -> HttpResponse:
        def perform(data: dict[str, Any]) -> str:
            factors.require(data["role"], now=clock.instant(), by=actor_of(request))
            messages.success(request, _("From their next page on, who holds this role needs a second factor."))
            return self.list_url()

        return self.operation_page(
            request,
            title=_("Require a second factor"),
            explanation=_("Who holds the role and has none reaches only the page that sets one up. Tokens go on."),
            form=RequirementForm,
            perform=perform,
            back=self.list_url(),
        )

    @act(
        _("Require it no more"),
        Permission.MANAGE_MEMBERS,
        when=lambda requirement: requirement.lifted_at is None,
        done=ngettext_lazy("Lifted %(count)d requirement.", "Lifted %(count)d requirements.", "count"),
        sensitive=True,
        icon="lock_open_right",
    )
    def lift(self, requirement: FactorRequirement, *, data: dict[str, Any], now: datetime, by: str) -> None:
        factors.lift(requirement, now=now, by=by)


class ProviderChangeForm(OperationForm):
    """What can be changed of a provider. An empty secret stays as it is."""

    secrets = ("client_secret",)
    name = forms.CharField(label=_("Name"), max_length=200)
    issuer = forms.CharField(label=_("Issuer"), max_length=400, help_text=_("As the provider writes it in its tokens"))
    client_id = forms.CharField(label=_("Client id"), max_length=255)
    client_secret = forms.CharField(
        label=_("Client secret"), max_length=1000, required=False, help_text=_("Empty: stays as it is")
    )
    enforced = forms.BooleanField(label=_("The only way in"), required=False)
    checks_second_factor = forms.BooleanField(label=_("Asks for a second factor itself"), required=False)

    def prepare(self) -> None:
        if isinstance(self.subject, IdentityProvider) and not self.is_bound:
            shown = ("name", "issuer", "client_id", "enforced", "checks_second_factor")
            self.initial = {field: getattr(self.subject, field) for field in shown}


class ProviderForm(ProviderChangeForm):
    """A new provider."""

    field_order = ("organization", "slug")
    organization = forms.ModelChoiceField(
        label=_("Organization"),
        queryset=Organization.objects.order_by("name"),
        required=False,
        help_text=_("Empty: the vendor's staff"),
    )
    slug = forms.CharField(label=_("Short name"), max_length=50, help_text=_("Its members type it when they sign in"))

    def prepare(self) -> None:
        self.fields["client_secret"].required = True
        self.fields["client_secret"].help_text = ""


@admin.register(IdentityProvider)
class IdentityProviderAdmin(ReadOnly):
    viewing = Permission.MANAGE_IDENTITY_PROVIDERS
    adding = Permission.MANAGE_IDENTITY_PROVIDERS
    adding_is_sensitive = True
    list_display = ("name", "slug", "organization", "enabled", "enforced", "checks_second_factor", "created_at")
    list_display_links = ("name",)
    list_filter = ("enabled", "enforced")
    search_fields = ("name", "slug", "issuer", "organization__name")
    list_select_related = ("organization",)
    extra_fields = ("redirect_address",)
    actions_detail = ("alter", "enable", "disable")

    @admin.display(description=_("Address to register at the provider"))
    def redirect_address(self, obj: IdentityProvider) -> str:
        return providers.redirect_address(obj)

    def described(self, obj: IdentityProvider) -> str:
        return str(obj.organization or _("The vendor's staff"))

    def add_page(self, request: HttpRequest) -> HttpResponse:
        def perform(data: dict[str, Any]) -> str:
            made = providers.create(**data, now=clock.instant(), by=actor_of(request))
            messages.success(request, _("Added %(count)d identity provider.") % {"count": 1})
            return self.detail_url(made)

        title = _("Add identity provider")
        return self.operation_page(request, title=title, form=ProviderForm, perform=perform, back=self.list_url())

    @act(
        _("Change"),
        Permission.MANAGE_IDENTITY_PROVIDERS,
        form=ProviderChangeForm,
        done=ngettext_lazy("Changed %(count)d provider.", "Changed %(count)d providers.", "count"),
        explanation=_("Another issuer or client id knows people by other names: they are matched by e-mail again."),
        sensitive=True,
        icon="edit",
    )
    def alter(self, provider: IdentityProvider, *, data: dict[str, Any], now: datetime, by: str) -> None:
        providers.change(provider, **{**data, "client_secret": data["client_secret"] or None}, now=now, by=by)

    @act(
        _("Switch on"),
        Permission.MANAGE_IDENTITY_PROVIDERS,
        when=lambda provider: not provider.enabled,
        done=ngettext_lazy("Switched %(count)d provider on.", "Switched %(count)d providers on.", "count"),
        sensitive=True,
        icon="toggle_on",
    )
    def enable(self, provider: IdentityProvider, *, data: dict[str, Any], now: datetime, by: str) -> None:
        providers.switch(provider, on=True, now=now, by=by)

    @act(
        _("Switch off"),
        Permission.MANAGE_IDENTITY_PROVIDERS,
        when=lambda provider: provider.enabled,
        done=ngettext_lazy("Switched %(count)d provider off.", "Switched %(count)d providers off.", "count"),
        explanation=_("Nobody signs in by it any more. Where it was the only way in, passwords open again."),
        sensitive=True,
        icon="toggle_off",
    )
    def disable(self, provider: IdentityProvider, *, data: dict[str, Any], now: datetime, by: str) -> None:
        providers.switch(provider, on=False, now=now, by=by)
