"""The admin of uplifts: the evidence beside each, and the decision."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.admin.acting import act
from accounts.admin.base import ReadOnly
from accounts.rules.permissions import Permission
from contracts.enums import UpliftState
from contracts.explain import reasons
from contracts.models import Uplift
from contracts.operations import uplifts

PROPOSED, FLAGGED = UpliftState.PROPOSED.value, UpliftState.FLAGGED.value


@admin.register(Uplift)
class UpliftAdmin(ReadOnly):
    viewing = Permission.MANAGE_INDICES
    hidden = ("evidence", "seen_value", "seen_link", "seen_amendment")
    list_display = ("contract", "organization", "starts_on", "price_before", "price_after", "currency", "state")
    list_filter = ("state", "currency")
    search_fields = ("contract__reference", "organization__name", "public_id")
    list_select_related = ("contract", "organization")
    actions_detail = ("apply", "reject")
    change_form_outer_after_template = "admin/why.html"

    def described(self, obj: Uplift) -> str:
        return f"{obj.price_before} → {obj.price_after} {obj.currency}"

    def explained(self, request: HttpRequest, obj: Uplift) -> dict[str, Any]:
        return {"why_title": _("Why this price"), "reasons": reasons(obj.evidence)}

    @act(
        _("Apply"),
        Permission.AMEND_CONTRACT,
        when=lambda uplift: uplift.state == PROPOSED,
        many=True,
        vendor_only=True,
        done=ngettext_lazy("Applied %(count)d uplift.", "Applied %(count)d uplifts.", "count"),
        explanation=_("The price holds from the first day of the next term on. The running term keeps its own."),
        icon="trending_up",
    )
    def apply(self, uplift: Uplift, *, data: dict[str, Any], now: datetime, by: str) -> None:
        uplifts.apply(uplift, now=now, by=by)

    @act(
        _("Reject"),
        Permission.AMEND_CONTRACT,
        when=lambda uplift: uplift.state in (PROPOSED, FLAGGED),
        many=True,
        vendor_only=True,
        done=ngettext_lazy("Rejected %(count)d uplift.", "Rejected %(count)d uplifts.", "count"),
        explanation=_("The next term's price stays as it is."),
        icon="block",
    )
    def reject(self, uplift: Uplift, *, data: dict[str, Any], now: datetime, by: str) -> None:
        uplifts.reject(uplift, now=now, by=by)
