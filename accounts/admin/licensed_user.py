"""The admin of licensed users: added and changed by the operation of the API, and every change of their state."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.decorators import action

from accounts.admin.acting import act, actor_of, the_user, works_for_vendor
from accounts.admin.base import ReadOnly
from accounts.admin.forms import OperationForm
from accounts.admin.in_words import name_actors
from accounts.enums import SuspensionReason
from accounts.labels import SUSPENSIONS_BY_HAND
from accounts.models import LicensedUser, LicensedUserChange, Organization
from accounts.operations import access, clock, processing, states, users
from accounts.rules.licence_states import Act, may
from accounts.rules.permissions import Permission


class PersonForm(OperationForm):
    """What the client says about a person. The end of an assignment is asked and shown as its last day."""

    email = forms.EmailField(label=_("E-mail"), max_length=254)
    display_name = forms.CharField(label=_("Display name"), max_length=200)
    department = forms.CharField(label=_("Department"), max_length=120, required=False)
    last_day = forms.DateField(label=_("Last day of the assignment"), required=False)


class NewPersonForm(PersonForm):
    """A person, in an organization that the user sees: row security leaves no other to choose."""

    organization = forms.ModelChoiceField(label=_("Organization"), queryset=Organization.objects.order_by("name"))
    external_id = forms.CharField(
        label=_("External id"), max_length=200, help_text=_("The product's own id of this person")
    )
    field_order = ("organization", "external_id")


class NoteForm(OperationForm):
    """A free text, kept in the erasable part of the trail."""

    texts = ("note",)
    note = forms.CharField(label=_("Note"), max_length=1000, required=False)


class SuspensionForm(NoteForm):
    """Why a user is suspended, and until when."""

    reason = forms.ChoiceField(label=_("Reason"), choices=SUSPENSIONS_BY_HAND)
    until = forms.DateTimeField(
        label=_("Until"), required=False, help_text=_("UTC, as 2026-12-31 08:00; empty: until somebody reinstates")
    )
    field_order = ("reason", "until")


class RestrictionForm(NoteForm):
    """What a restriction leaves."""

    features = forms.CharField(
        label=_("Features that stay"),
        max_length=6100,
        required=False,
        help_text=_("Codes with blanks between; empty: those of the client's policy"),
    )
    field_order = ("features",)


def allows(wanted: Act) -> Any:
    """Return the question whether an act starts from a person's state."""
    reason = SuspensionReason.CLIENT_DECISION.value
    return lambda user: may(wanted, states.standing_of(user), reason=reason)


@admin.register(LicensedUser)
class LicensedUserAdmin(ReadOnly):
    viewing = Permission.VIEW_LICENSED_USER
    adding = Permission.CHANGE_LICENSED_USER
    list_display = ("display_name", "organization", "email", "department", "status", "suspension_reason")
    list_filter = ("status", "suspension_reason", ("processing_restricted_at", admin.EmptyFieldListFilter))
    search_fields = ("display_name", "email", "external_id", "user_name", "public_id", "organization__name")
    list_select_related = ("organization",)
    change_form_outer_after_template = "admin/licensed_user_changes.html"
    actions_detail = (
        "edit",
        "suspend",
        "reinstate",
        "restrict",
        "lift",
        "schedule_deletion",
        "cancel_deletion",
        "restrict_processing",
        "tell_of_lifting",
        "lift_processing",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found = super().get_queryset(request)
        return found if _sees_restricted(request) else found.filter(processing_restricted_at__isnull=True)

    def described(self, obj: LicensedUser) -> str:
        return f"{obj.organization} · {obj.email} · {obj.get_status_display()}"

    def explained(self, request: HttpRequest, obj: LicensedUser) -> dict[str, Any]:
        changes = list(obj.changes.order_by("-occurred_at", "-pk")[:50])
        names = name_actors(request, changes)
        return {"changes": [(change, names.get(change.by, change.by)) for change in changes]}

    def add_page(self, request: HttpRequest) -> HttpResponse:
        def perform(data: dict[str, Any]) -> str:
            person = _person(data, data["external_id"])
            added = users.put(data["organization"], [person], now=clock.instant(), by=actor_of(request))
            messages.success(request, _added(added))
            return self.list_url()

        return self.operation_page(
            request, title=_("Add licensed user"), form=NewPersonForm, perform=perform, back=self.list_url()
        )

    @action(description=_("Change"), url_path="edit", permissions=[Permission.CHANGE_LICENSED_USER.value], icon="edit")
    def edit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = self.object_or_404(request, object_id)

        def perform(data: dict[str, Any]) -> str:
            person = _person(data, user.external_id)
            added = users.put(user.organization, [person], now=clock.instant(), by=actor_of(request))
            messages.success(request, _added(added))
            return self.detail_url(user)

        ends_on = user.assignment_ends_on
        initial = {name: getattr(user, name) for name in ("email", "display_name", "department")}
        return self.operation_page(
            request,
            title=_("Change licensed user"),
            form=PersonForm,
            perform=perform,
            touched=[user],
            initial=initial | {"last_day": None if ends_on is None else ends_on - timedelta(days=1)},
            back=self.detail_url(user),
        )

    @act(
        _("Suspend"),
        Permission.CHANGE_LICENSED_USER,
        when=allows(Act.SUSPEND),
        form=SuspensionForm,
        many=True,
        done=ngettext_lazy("Suspended %(count)d user.", "Suspended %(count)d users.", "count"),
        icon="person_off",
    )
    def suspend(self, user: LicensedUser, *, data: dict[str, Any], now: datetime, by: str) -> None:
        access.suspend(user, **{**data, "reason": SuspensionReason(data["reason"])}, now=now, by=by)

    @act(
        _("Reinstate"),
        Permission.CHANGE_LICENSED_USER,
        when=allows(Act.REINSTATE),
        form=NoteForm,
        many=True,
        done=ngettext_lazy("Reinstated %(count)d user.", "Reinstated %(count)d users.", "count"),
        icon="person_check",
    )
    def reinstate(self, user: LicensedUser, *, data: dict[str, Any], now: datetime, by: str) -> None:
        access.reinstate(user, **data, now=now, by=by)

    @act(
        _("Restrict"),
        Permission.CHANGE_LICENSED_USER,
        when=allows(Act.RESTRICT),
        form=RestrictionForm,
        explanation=_("The person keeps only some features. This is a licence matter, not Art. 18 GDPR."),
        many=True,
        done=ngettext_lazy("Restricted %(count)d user.", "Restricted %(count)d users.", "count"),
        icon="lock_person",
    )
    def restrict(self, user: LicensedUser, *, data: dict[str, Any], now: datetime, by: str) -> None:
        access.restrict(user, features=data["features"].split() or None, note=data["note"], now=now, by=by)

    @act(
        _("Lift the restriction"),
        Permission.CHANGE_LICENSED_USER,
        when=allows(Act.LIFT),
        form=NoteForm,
        many=True,
        done=ngettext_lazy("Lifted %(count)d restriction.", "Lifted %(count)d restrictions.", "count"),
        icon="lock_open",
    )
    def lift(self, user: LicensedUser, *, data: dict[str, Any], now: datetime, by: str) -> None:
        access.lift(user, **data, now=now, by=by)

    @act(
        _("Schedule deletion"),
        Permission.DELETE_LICENSED_USER,
        when=allows(Act.SCHEDULE),
        form=NoteForm,
        explanation=_("The person is kept out at once, and deleted when the client's grace is over."),
        many=True,
        done=ngettext_lazy("Scheduled %(count)d deletion.", "Scheduled %(count)d deletions.", "count"),
        icon="auto_delete",
    )
    def schedule_deletion(self, user: LicensedUser, *, data: dict[str, Any], now: datetime, by: str) -> None:
        access.schedule_deletion(user, **data, now=now, by=by)

    @act(
        _("Cancel the deletion"),
        Permission.DELETE_LICENSED_USER,
        when=allows(Act.CANCEL),
        form=NoteForm,
        many=True,
        done=ngettext_lazy("Cancelled %(count)d deletion.", "Cancelled %(count)d deletions.", "count"),
        icon="restore_from_trash",
    )
    def cancel_deletion(self, user: LicensedUser, *, data: dict[str, Any], now: datetime, by: str) -> None:
        access.cancel_deletion(user, **data, now=now, by=by)

    @act(
        _("Restrict processing"),
        Permission.RESTRICT_PROCESSING,
        when=lambda user: user.processing_restricted_at is None,
        form=NoteForm,
        explanation=_(
            "Art. 18 GDPR: the data are kept and not used. Whether the person may sign in is another matter."
        ),
        done=ngettext_lazy(
            "Restricted processing of %(count)d user.", "Restricted processing of %(count)d users.", "count"
        ),
        icon="shield_lock",
    )
    def restrict_processing(self, user: LicensedUser, *, data: dict[str, Any], now: datetime, by: str) -> None:
        processing.restrict(user, **data, now=now, by=by)

    @act(
        _("Record that the person was told"),
        Permission.RESTRICT_PROCESSING,
        when=lambda user: user.processing_restricted_at is not None and user.processing_lift_told_at is None,
        form=NoteForm,
        explanation=_("Whoever obtained the restriction is told before it is lifted (Art. 18(3) GDPR)."),
        done=ngettext_lazy("Recorded for %(count)d user.", "Recorded for %(count)d users.", "count"),
        icon="record_voice_over",
    )
    def tell_of_lifting(self, user: LicensedUser, *, data: dict[str, Any], now: datetime, by: str) -> None:
        processing.tell_of_lifting(user, **data, now=now, by=by)

    @act(
        _("Lift the restriction of processing"),
        Permission.RESTRICT_PROCESSING,
        when=lambda user: user.processing_lift_told_at is not None,
        form=NoteForm,
        done=ngettext_lazy(
            "Lifted %(count)d restriction of processing.", "Lifted %(count)d restrictions of processing.", "count"
        ),
        icon="verified_user",
    )
    def lift_processing(self, user: LicensedUser, *, data: dict[str, Any], now: datetime, by: str) -> None:
        processing.lift(user, **data, now=now, by=by)


def _person(data: dict[str, Any], external_id: str) -> users.Person:
    last_day = data["last_day"]
    return users.Person(
        external_id=external_id,
        email=data["email"],
        display_name=data["display_name"],
        department=data["department"],
        assignment_ends_on=last_day + timedelta(days=1) if last_day else None,
    )


def _sees_restricted(request: HttpRequest) -> bool:
    """Art. 18 GDPR: support views pass over whose processing is restricted, but for those who see to that."""
    return not works_for_vendor(request) or the_user(request).has_perm(Permission.RESTRICT_PROCESSING)


def _added(added: users.Added) -> Any:
    return _("Added %(created)d, changed %(changed)d, unchanged %(same)d.") % {
        "created": added.created,
        "changed": added.changed,
        "same": added.same,
    }


@admin.register(LicensedUserChange)
class LicensedUserChangeAdmin(ReadOnly):
    viewing = Permission.VIEW_LICENSED_USER
    list_display = ("licensed_user", "organization", "act", "before", "status", "by", "occurred_at")
    list_filter = ("act", "status")
    search_fields = ("licensed_user__display_name", "licensed_user__external_id", "by", "organization__name")
    list_select_related = ("organization", "licensed_user")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found = super().get_queryset(request)
        return (
            found if _sees_restricted(request) else found.filter(licensed_user__processing_restricted_at__isnull=True)
        )
