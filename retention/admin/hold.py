"""The admin of legal holds: placed and released."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as translated
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.admin.acting import act, actor_of
from accounts.errors import FieldError, InvalidInput
from accounts.models import LicensedUser, Organization
from accounts.operations import clock
from accounts.rules.permissions import Permission
from retention.admin.forms import NewHoldForm, ReviewForm
from retention.admin.readable import Readable
from retention.enums import HoldGround
from retention.models import LegalHold
from retention.operations import holds


def place(organization: Organization, *, data: dict[str, Any], now: datetime, by: str) -> LegalHold | None:
    """Place a hold; ``None`` where it came too late: the operation has recorded that it was asked for.

    :raises InvalidInput: nobody of the organization has that external id.
    """
    person = None
    if data["person"]:
        people = LicensedUser.objects.filter(organization=organization, external_id=data["person"]).order_by("-pk")
        person = people.values_list("public_id", flat=True).first()
        if person is None:
            raise InvalidInput([FieldError("person", "unknown", "No licensed user has this external id.")])
    return holds.place(
        organization,
        ground=HoldGround(data["ground"]),
        citation=data["citation"],
        review_on=data["review_on"],
        person=person,
        department=data["department"],
        now=now,
        by=by,
    )


@admin.register(LegalHold)
class LegalHoldAdmin(Readable):
    viewing = Permission.VIEW_DELETION_REQUEST
    adding = Permission.PLACE_HOLD
    list_display = ("citation", "organization", "scope", "ground", "review_on", "placed_at", "released_at")
    list_filter = ("scope", "ground", ("released_at", admin.EmptyFieldListFilter))
    search_fields = ("citation", "public_id", "organization__name")
    list_select_related = ("organization",)
    hidden = ("listed",)
    actions_detail = ("keep", "release")

    def described(self, obj: LegalHold) -> str:
        return f"{obj.organization} · {obj.get_ground_display()}"

    def add_page(self, request: HttpRequest) -> HttpResponse:
        def perform(data: dict[str, Any]) -> str:
            hold = place(data["organization"], data=data, now=clock.instant(), by=actor_of(request))
            if hold is None:
                messages.error(request, too_late())
                return self.list_url()
            messages.success(request, _("Legal hold placed."))
            return self.detail_url(hold)

        return self.operation_page(
            request, title=_("Place a legal hold"), form=NewHoldForm, perform=perform, back=self.list_url()
        )

    @act(
        _("Keep after a review"),
        Permission.PLACE_HOLD,
        when=lambda hold: hold.released_at is None,
        form=ReviewForm,
        done=ngettext_lazy("Kept %(count)d hold.", "Kept %(count)d holds.", "count"),
        explanation=_("It is needed still. You are reminded when it is to be looked at again."),
        icon="event_repeat",
    )
    def keep(self, hold: LegalHold, *, data: dict[str, Any], now: datetime, by: str) -> None:
        holds.keep(hold, review_on=data["review_on"], now=now, by=by)

    @act(
        _("Release"),
        Permission.PLACE_HOLD,
        when=lambda hold: hold.released_at is None,
        many=True,
        done=ngettext_lazy("Released %(count)d hold.", "Released %(count)d holds.", "count"),
        explanation=_("The data may be erased at once, if nothing else blocks it."),
        sensitive=True,
        icon="lock_open",
    )
    def release(self, hold: LegalHold, *, data: dict[str, Any], now: datetime, by: str) -> None:
        holds.release(hold, now=now, by=by)


def too_late() -> str:
    """Say that a hold cannot stop what has begun."""
    return translated(
        "The hold comes too late: keys are being destroyed, or are destroyed. That it was asked for is recorded."
    )
