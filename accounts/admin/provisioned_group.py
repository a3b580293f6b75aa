"""The admin of groups of clients' identity providers: looked at, and mapped to departments."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.admin.acting import act
from accounts.admin.base import ReadOnly
from accounts.admin.forms import OperationForm
from accounts.models import ProvisionedGroup, ProvisionedMembership
from accounts.operations import provisioned_groups
from accounts.rules.permissions import Permission


class DepartmentForm(OperationForm):
    """The department that the members of a group have."""

    department = forms.CharField(
        label=_("Department"), max_length=120, required=False, help_text=_("Empty: as their identity provider says")
    )


@admin.register(ProvisionedGroup)
class ProvisionedGroupAdmin(ReadOnly):
    viewing = Permission.VIEW_LICENSED_USER
    list_display = ("display_name", "organization", "department", "changed_at")
    list_filter = (("department", admin.EmptyFieldListFilter),)
    search_fields = ("display_name", "department", "provisioned_id", "public_id", "organization__name")
    list_select_related = ("organization",)
    actions_detail = ("map_to_department",)

    def described(self, obj: ProvisionedGroup) -> str:
        return f"{obj.organization} · {obj.display_name}"

    @act(
        _("Map to a department"),
        Permission.CHANGE_LICENSED_USER,
        form=DepartmentForm,
        explanation=_("Members of the group have this department; the client's own rules go by it."),
        done=ngettext_lazy("Mapped %(count)d group.", "Mapped %(count)d groups.", "count"),
        icon="account_tree",
    )
    def map_to_department(self, group: ProvisionedGroup, *, data: dict[str, Any], now: datetime, by: str) -> None:
        provisioned_groups.map_to_department(group, department=data["department"], now=now, by=by)


@admin.register(ProvisionedMembership)
class ProvisionedMembershipAdmin(ReadOnly):
    viewing = Permission.VIEW_LICENSED_USER
    list_display = ("group", "licensed_user", "organization", "created_at")
    search_fields = ("group__display_name", "licensed_user__display_name", "licensed_user__external_id")
    list_select_related = ("organization", "group", "licensed_user")
    show_full_result_count = False
