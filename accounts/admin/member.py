"""The admin of those who sign in: users, and their memberships."""

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
from accounts.enums import Language, Role
from accounts.models import Membership, Organization, User
from accounts.operations import clock, members, providers, signing_in
from accounts.rules.permissions import Permission


class MemberForm(OperationForm):
    """A person and a role; an organization where the role is on the client's side."""

    secrets = ("password",)
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    name = forms.CharField(label=_("Name"), max_length=200)
    language = forms.ChoiceField(label=_("Language"), choices=Language.choices)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    organization = forms.ModelChoiceField(
        label=_("Organization"),
        queryset=Organization.objects.order_by("name"),
        required=False,
        help_text=_("Empty: works for the vendor"),
    )
    password = forms.CharField(
        label=_("Password"), max_length=200, required=False, strip=False, help_text=_("Empty: cannot sign in with one")
    )


@admin.register(Membership)
class MembershipAdmin(ReadOnly):
    viewing = Permission.MANAGE_MEMBERS
    adding = Permission.MANAGE_MEMBERS
    adding_is_sensitive = True
    list_display = ("user", "role", "organization", "created_at")
    list_display_links = ("user",)
    list_filter = ("role",)
    search_fields = ("user__email", "user__name", "organization__name")
    list_select_related = ("user", "organization")
    actions_detail = ("remove",)

    def described(self, obj: Membership) -> str:
        return " · ".join(str(part) for part in (obj.user, obj.organization) if part is not None)

    def add_page(self, request: HttpRequest) -> HttpResponse:
        return member_page(self, request)

    @act(
        _("Take the role away"),
        Permission.MANAGE_MEMBERS,
        done=ngettext_lazy("Took %(count)d role away.", "Took %(count)d roles away.", "count"),
        explanation=_("The person's sessions end at once, in every browser."),
        sensitive=True,
        icon="person_remove",
    )
    def remove(self, membership: Membership, *, data: dict[str, Any], now: datetime, by: str) -> None:
        members.remove(membership, now=now, by=by)

    def after(self, obj: Any) -> str:
        return self.list_url()


@admin.register(User)
class UserAdmin(ReadOnly):
    viewing = Permission.MANAGE_MEMBERS
    adding = Permission.MANAGE_MEMBERS
    adding_is_sensitive = True
    hidden = ("password", "session_epoch")
    list_display = ("email", "name", "language", "is_active", "created_at")
    list_filter = ("is_active", "language", "memberships__role")
    search_fields = ("email", "name", "public_id")
    ordering = ("email", "pk")
    actions_detail = ("end_sessions", "drop_factors", "unlink")

    @act(
        _("End all sessions"),
        Permission.MANAGE_MEMBERS,
        done=ngettext_lazy(
            "Ended the sessions of %(count)d person.", "Ended the sessions of %(count)d people.", "count"
        ),
        explanation=_("Whoever is signed in as this person, in any browser, is signed out at once."),
        many=True,
        icon="logout",
    )
    def end_sessions(self, user: User, *, data: dict[str, Any], now: datetime, by: str) -> None:
        signing_in.end_sessions(user, now=now, by=by)

    @act(
        _("Take the second factors away"),
        Permission.MANAGE_MEMBERS,
        done=ngettext_lazy(
            "Took the second factors of %(count)d person away.",
            "Took the second factors of %(count)d people away.",
            "count",
        ),
        explanation=_("For somebody who lost them. Their sessions end, and they sign in by password alone."),
        sensitive=True,
        icon="phonelink_erase",
    )
    def drop_factors(self, user: User, *, data: dict[str, Any], now: datetime, by: str) -> None:
        signing_in.drop_factors(user, now=now, by=by)

    @act(
        _("Forget the provider's account"),
        Permission.MANAGE_IDENTITY_PROVIDERS,
        done=ngettext_lazy(
            "Forgot the account of %(count)d person.", "Forgot the accounts of %(count)d people.", "count"
        ),
        explanation=_("For somebody whose account there was made anew: they are matched by their e-mail again."),
        sensitive=True,
        icon="link_off",
    )
    def unlink(self, user: User, *, data: dict[str, Any], now: datetime, by: str) -> None:
        providers.unlink(user, now=now, by=by)

    def add_page(self, request: HttpRequest) -> HttpResponse:
        return member_page(self, request)


def member_page(page: ReadOnly, request: HttpRequest) -> HttpResponse:
    """Ask for a person and a role, and give the role."""

    def perform(data: dict[str, Any]) -> str:
        values = {**data, "role": Role(data["role"]), "password": data["password"] or None}
        members.add(**values, now=clock.instant(), by=actor_of(request))
        messages.success(request, _("Added %(count)d member.") % {"count": 1})
        return page.list_url()

    return page.operation_page(request, title=_("Add member"), form=MemberForm, perform=perform, back=page.list_url())
