"""The admin of licensed users: added and changed by the operation of the API, suspended, reinstated."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.decorators import action

from accounts.admin.acting import act, actor_of
from accounts.admin.base import ReadOnly
from accounts.admin.forms import OperationForm
from accounts.enums import LicenceStatus, SuspensionReason
from accounts.models import LicensedUser, Organization
from accounts.operations import clock, users
from accounts.rules.permissions import Permission

# The third reason is the system's own: no licence is in force.
REASONS = [(reason.value, reason.label) for reason in (SuspensionReason.CLIENT_DECISION, SuspensionReason.CLIENT_RULE)]


class PersonForm(OperationForm):
    """What the client says about a person."""

    email = forms.EmailField(label=_("E-mail"), max_length=254)
    display_name = forms.CharField(label=_("Display name"), max_length=200)
    department = forms.CharField(label=_("Department"), max_length=120, required=False)


class NewPersonForm(PersonForm):
    """A person, in an organization that the user sees: row security leaves no other to choose."""

    organization = forms.ModelChoiceField(label=_("Organization"), queryset=Organization.objects.order_by("name"))
    external_id = forms.CharField(
        label=_("External id"), max_length=200, help_text=_("The product's own id of this person")
    )
    field_order = ("organization", "external_id")


class SuspensionForm(OperationForm):
    """Why a user is suspended."""

    reason = forms.ChoiceField(label=_("Reason"), choices=REASONS)


@admin.register(LicensedUser)
class LicensedUserAdmin(ReadOnly):
    viewing = Permission.VIEW_LICENSED_USER
    adding = Permission.CHANGE_LICENSED_USER
    list_display = ("display_name", "organization", "email", "department", "status", "suspension_reason")
    list_filter = ("status", "suspension_reason", ("processing_restricted_at", admin.EmptyFieldListFilter))
    search_fields = ("display_name", "email", "external_id", "public_id", "organization__name")
    list_select_related = ("organization",)
    actions_detail = ("edit", "suspend", "reinstate")

    def described(self, obj: LicensedUser) -> str:
        return f"{obj.organization} · {obj.email} · {obj.get_status_display()}"

    def add_page(self, request: HttpRequest) -> HttpResponse:
        def perform(data: dict[str, Any]) -> str:
            organization = data.pop("organization")
            added = users.put(organization, [users.Person(**data)], now=clock.instant(), by=actor_of(request))
            messages.success(request, _added(added))
            return self.list_url()

        return self.operation_page(
            request, title=_("Add licensed user"), form=NewPersonForm, perform=perform, back=self.list_url()
        )

    @action(description=_("Change"), url_path="edit", permissions=[Permission.CHANGE_LICENSED_USER.value], icon="edit")
    def edit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = self.object_or_404(request, object_id)

        def perform(data: dict[str, Any]) -> str:
            person = users.Person(external_id=user.external_id, **data)
            added = users.put(user.organization, [person], now=clock.instant(), by=actor_of(request))
            messages.success(request, _added(added))
            return self.detail_url(user)

        return self.operation_page(
            request,
            title=_("Change licensed user"),
            form=PersonForm,
            perform=perform,
            touched=[user],
            initial={name: getattr(user, name) for name in users.CHANGEABLE},
            back=self.detail_url(user),
        )

    @act(
        _("Suspend"),
        Permission.CHANGE_LICENSED_USER,
        when=lambda user: user.status == LicenceStatus.ACTIVE,
        form=SuspensionForm,
        many=True,
        done=ngettext_lazy("Suspended %(count)d user.", "Suspended %(count)d users.", "count"),
        icon="person_off",
    )
    def suspend(self, user: LicensedUser, *, data: dict[str, Any], now: datetime, by: str) -> None:
        users.suspend(user, reason=SuspensionReason(data["reason"]), now=now, by=by)

    @act(
        _("Reinstate"),
        Permission.CHANGE_LICENSED_USER,
        when=lambda user: user.status == LicenceStatus.SUSPENDED,
        many=True,
        done=ngettext_lazy("Reinstated %(count)d user.", "Reinstated %(count)d users.", "count"),
        icon="person_check",
    )
    def reinstate(self, user: LicensedUser, *, data: dict[str, Any], now: datetime, by: str) -> None:
        users.reinstate(user, now=now, by=by)


def _added(added: users.Added) -> Any:
    return _("Added %(created)d, changed %(changed)d, unchanged %(same)d.") % {
        "created": added.created,
        "changed": added.changed,
        "same": added.same,
    }
