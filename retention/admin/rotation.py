"""The admin of keys: which versions are used for what, and the job that wraps everything anew under the newest."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.decorators import display

from accounts.admin.acting import act, actor_of
from accounts.admin.forms import OperationForm
from accounts.operations import clock
from accounts.rules.permissions import Permission
from retention.admin.readable import Readable
from retention.enums import RotationState
from retention.models import KeyEncryptionKey, KeyRotation, KeyRotationStep
from retention.operations import key_checks, rewrapping
from retention.operations.sealed_places import BY_NAME


@admin.register(KeyRotation)
class KeyRotationAdmin(Readable):
    viewing = Permission.VIEW_OPERATION
    adding = Permission.MANAGE_KEYS
    adding_is_sensitive = True
    list_display = ("__str__", "state", "started_at", "started_by", "finished_at", "last_error")
    list_filter = ("state",)
    search_fields = ("public_id", "started_by")
    list_before_template = "admin/key_versions.html"
    change_form_outer_before_template = "admin/key_rotation.html"
    actions_detail = ("stop",)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        found = {"versions": [(one, _in_words(one.used)) for one in key_checks.standing()]}
        return super().changelist_view(request, {**found, **(extra_context or {})})

    def explained(self, request: HttpRequest, obj: KeyRotation) -> dict[str, Any]:
        over = obj.state == RotationState.FINISHED
        kept_until = obj.finished_at + settings.BACKUP_HORIZON if over and obj.finished_at else None
        return {
            "steps": [(BY_NAME[s.place].title if s.place in BY_NAME else s.place, s) for s in obj.steps.order_by("pk")],
            "working": obj.state == RotationState.RUNNING,
            "removable": [one.version for one in key_checks.standing() if one.removable] if over else [],
            "kept_until": kept_until,
        }

    def add_page(self, request: HttpRequest) -> HttpResponse:
        def perform(data: dict[str, Any]) -> str:
            rotation = rewrapping.start(now=clock.instant(), by=actor_of(request))
            messages.success(request, _("A worker wraps everything anew; this page follows it."))
            return self.detail_url(rotation)

        return self.operation_page(
            request,
            title=_("Wrap everything anew"),
            explanation=_(
                "Every key and secret under an older key-encryption key is wrapped under the newest. Content stays as "
                "it is. Start it once all processes run with the new key."
            ),
            form=OperationForm,
            perform=perform,
            back=self.list_url(),
        )

    @act(
        _("Stop"),
        Permission.MANAGE_KEYS,
        when=lambda rotation: rotation.state == RotationState.RUNNING,
        explanation=_("What is under the newest key stays so. The older keys must stay, too."),
        done=ngettext_lazy("Stopped %(count)d key rotation.", "Stopped %(count)d key rotations.", "count"),
        icon="stop_circle",
    )
    def stop(self, rotation: KeyRotation, *, data: dict[str, Any], now: datetime, by: str) -> None:
        rewrapping.stop(rotation, now=now, by=by)


@admin.register(KeyRotationStep)
class KeyRotationStepAdmin(Readable):
    viewing = Permission.VIEW_OPERATION
    list_display = ("place", "rotation", "total", "done", "failed", "finished_at")
    list_filter = (("finished_at", admin.EmptyFieldListFilter),)
    search_fields = ("place", "rotation__public_id")
    list_select_related = ("rotation",)

    @display(description=_("place"), ordering="place")
    def place_in_words(self, step: KeyRotationStep) -> Any:
        """Name the place as the page of its rotation does; one of another version, as it is written."""
        place = BY_NAME.get(step.place)
        return place.title if place else step.place


@admin.register(KeyEncryptionKey)
class KeyEncryptionKeyAdmin(Readable):
    """The check values of keys that were used here. They tell keys apart and say nothing about them."""

    viewing = Permission.VIEW_OPERATION
    list_display = ("version", "check_value", "first_seen_at")
    search_fields = ("version__exact", "check_value")
    ordering = ("-version",)


def _in_words(used: dict[str, int]) -> list[tuple[Any, int]]:
    return [(BY_NAME[name].title, count) for name, count in used.items()]
