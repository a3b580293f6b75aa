"""The admin of renewal plans: looked at only; they are computed."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin.base import ReadOnly
from accounts.rules.permissions import Permission
from contracts.admin.days import last_day, said
from contracts.models import RenewalPlan


@admin.register(RenewalPlan)
class RenewalPlanAdmin(ReadOnly):
    viewing = Permission.VIEW_OPERATION
    hidden = ("days", "ends_on", "following_last_notice_why")
    extra_fields = ("starts_on", "last_day")
    list_display = ("contract", "organization", "number", "starts_on", "last_day", "fee", "currency")
    list_filter = ("currency",)
    search_fields = ("contract__reference", "organization__name", "public_id")
    list_select_related = ("contract", "organization")

    @display(description=_("first day"))
    def starts_on(self, plan: RenewalPlan) -> str:
        return said(plan.days.lower)

    @display(description=_("last day"))
    def last_day(self, plan: RenewalPlan) -> str:
        return said(last_day(plan.days.upper))
