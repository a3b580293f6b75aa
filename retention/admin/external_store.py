"""The admin of stores beyond the vault: added, changed, tested, switched on and off."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, ngettext_lazy
from unfold.decorators import action, display

from accounts.admin.acting import act, actor_of
from accounts.admin.forms import OperationForm
from accounts.errors import InvalidInput
from accounts.operations import clock
from accounts.rules.permissions import Permission
from accounts.wording import worded
from retention.admin.json import pretty
from retention.admin.readable import Readable
from retention.enums import StoreKind
from retention.models import ExternalStore
from retention.operations import external

# Who says where else the vendor's data are, and with which credentials, is who says so of sign-ins.
CONFIGURE = Permission.MANAGE_IDENTITY_PROVIDERS


class ReadableJSONField(forms.JSONField):
    """JSON that is given back indented, so that somebody can go on with it."""

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else pretty(value)


class StoreChangeForm(OperationForm):
    """What can be changed of a store. An empty secret stays as it is."""

    secrets = ("secret",)
    texts = ("settings", "holds")
    name = forms.CharField(label=_("Name"), max_length=200)
    position = forms.IntegerField(
        label=_("Position"), min_value=0, max_value=external.MOST_POSITION, initial=0, help_text=_("The lowest first")
    )
    settings = ReadableJSONField(
        label=_("Settings"), help_text=_("JSON, as the documentation describes it for each kind of store")
    )
    secret = forms.CharField(
        label=_("Secret"),
        max_length=1000,
        required=False,
        strip=False,
        help_text=_("Password, secret access key, or whsec_… that signs. Empty: stays as it is"),
    )
    holds = forms.CharField(label=_("Holds"), max_length=1000, help_text=_("Which data of whom"))
    location = forms.CharField(label=_("Location"), max_length=200, help_text=_("Country, region"))
    processor = forms.CharField(
        label=_("Subprocessor"), max_length=200, required=False, help_text=_("Who keeps it for the vendor, if anybody")
    )

    def prepare(self) -> None:
        if isinstance(self.subject, ExternalStore) and not self.is_bound:
            shown = ("name", "position", "holds", "location", "processor")
            self.initial = {field: getattr(self.subject, field) for field in shown}
            self.initial["settings"] = self.subject.settings

    def take(self, error: InvalidInput) -> None:
        """Show what is wrong within the settings beside them, each with its place."""
        for fault in error.errors:
            inside = fault.field.startswith("settings.")
            field = "settings" if inside else fault.field
            message = worded(fault.message)
            message = f"{fault.field.removeprefix('settings.')}: {message}" if inside else message
            self.add_error(field if field in self.fields else None, message)


class StoreForm(StoreChangeForm):
    """A new store."""

    field_order = ("code", "kind")
    code = forms.CharField(
        label=_("Code"), max_length=50, help_text=_("Small letters, digits and hyphens: what certificates call it")
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=StoreKind.choices)

    def prepare(self) -> None:
        self.fields["secret"].help_text = _(
            "Password, secret access key, or whsec_… that signs. It is not shown again."
        )


@admin.register(ExternalStore)
class ExternalStoreAdmin(Readable):
    viewing = Permission.VIEW_OPERATION
    adding = CONFIGURE
    adding_is_sensitive = True
    hidden = ("secret_version", "settings", "check_faults")
    list_display = ("name", "code", "kind", "position", "enabled", "disabled_at", "checked_at", "standing")
    list_filter = ("kind", "enabled", ("checked_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "code", "public_id", "processor")
    ordering = ("position", "pk")
    actions_detail = ("alter", "test_connection", "enable", "disable")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_fields(request, obj), "faults", "shown_settings"]

    @display(description=_("last test"))
    def standing(self, store: ExternalStore) -> str:
        if store.checked_at is None:
            return str(_("Not tested"))
        count = len(store.check_faults)
        return (
            str(_("In order"))
            if not count
            else ngettext("%(count)d fault", "%(count)d faults", count) % {"count": count}
        )

    @display(description=_("faults of the last test"))
    def faults(self, store: ExternalStore) -> SafeString | str:
        rows = [(fault["field"], fault["message"]) for fault in store.check_faults]
        return format_html_join("", "<p><code>{}</code> {}</p>", rows) if rows else self.standing(store)

    @display(description=_("settings"))
    def shown_settings(self, store: ExternalStore) -> SafeString:
        return format_html("<pre>{}</pre>", pretty(store.settings))

    def described(self, obj: ExternalStore) -> str:
        return obj.get_kind_display()

    def add_page(self, request: HttpRequest) -> HttpResponse:
        def perform(data: dict[str, Any]) -> str:
            made = external.create(**data, now=clock.instant(), by=actor_of(request))
            messages.success(request, _("External store added. Test its connection."))
            return self.detail_url(made)

        return self.operation_page(
            request,
            title=_("Add external store"),
            explanation=_("From now on every erasure empties it too, and no certificate is issued while it cannot."),
            form=StoreForm,
            perform=perform,
            back=self.list_url(),
        )

    @act(
        _("Change"),
        CONFIGURE,
        form=StoreChangeForm,
        done=ngettext_lazy("Changed %(count)d store.", "Changed %(count)d stores.", "count"),
        explanation=_("Another address needs the secret again. The connection must be tested anew."),
        sensitive=True,
        icon="edit",
    )
    def alter(self, store: ExternalStore, *, data: dict[str, Any], now: datetime, by: str) -> None:
        external.change(store, **data, now=now, by=by)

    @action(
        description=_("Test the connection"), url_path="test-connection", permissions=[CONFIGURE.value], icon="cable"
    )
    def test_connection(self, request: HttpRequest, object_id: str) -> HttpResponse:
        store: ExternalStore = self.object_or_404(request, object_id)

        def perform(_data: dict[str, Any]) -> str:
            seen = external.test(store, now=clock.instant(), by=actor_of(request))
            if seen.check_faults:
                messages.error(request, self.standing(seen))
            else:
                messages.success(request, _("The store answers, and its settings fit."))
            return self.detail_url(seen)

        return self.operation_page(
            request,
            title=_("Test the connection"),
            explanation=_("The store is asked what it has. Nothing in it is changed."),
            form=OperationForm,
            perform=perform,
            touched=[store],
            back=self.detail_url(store),
        )

    @act(
        _("Switch on"),
        CONFIGURE,
        when=lambda store: not store.enabled,
        done=ngettext_lazy("Switched %(count)d store on.", "Switched %(count)d stores on.", "count"),
        sensitive=True,
        icon="toggle_on",
    )
    def enable(self, store: ExternalStore, *, data: dict[str, Any], now: datetime, by: str) -> None:
        external.switch(store, on=True, now=now, by=by)

    @act(
        _("Switch off"),
        CONFIGURE,
        when=lambda store: store.enabled,
        done=ngettext_lazy("Switched %(count)d store off.", "Switched %(count)d stores off.", "count"),
        explanation=_("No erasure empties it any more. Do so only when it holds nothing of any client."),
        sensitive=True,
        icon="toggle_off",
    )
    def disable(self, store: ExternalStore, *, data: dict[str, Any], now: datetime, by: str) -> None:
        external.switch(store, on=False, now=now, by=by)
