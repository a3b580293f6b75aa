"""The admin of webhooks: endpoints made, changed, disabled, tested; their deliveries looked at and sent again."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, ngettext_lazy
from unfold.decorators import action

from accounts.admin.acting import act, actor_of, own_organization, works_for_vendor
from accounts.admin.base import ReadOnly
from accounts.admin.forms import OperationForm
from accounts.admin.telling import Telling
from accounts.enums import DisabledReason
from accounts.models import Organization, WebhookDelivery, WebhookEndpoint
from accounts.operations import clock, endpoints
from accounts.operations.fanning import CLIENTS_TOPICS
from accounts.rules.addresses import LONGEST_URL
from accounts.rules.permissions import Permission

MANAGE = Permission.MANAGE_WEBHOOKS.value


class EndpointChangeForm(OperationForm):
    """What may change of an endpoint."""

    url = forms.CharField(label=_("URL"), max_length=LONGEST_URL, help_text=_("https://, to a public address"))
    description = forms.CharField(label=_("Description"), max_length=200, required=False)
    topics = forms.CharField(
        label=_("Topics"),
        max_length=8100,
        required=False,
        help_text=_("Such as contract.signed, separated by blanks. Empty: all"),
    )

    def clean_topics(self) -> list[str]:
        return str(self.cleaned_data["topics"]).replace(",", " ").split()


class EndpointForm(EndpointChangeForm):
    """A new endpoint. A client's is its own."""

    organization = forms.ModelChoiceField(
        label=_("Organization"),
        queryset=Organization.objects.order_by("name"),
        required=False,
        help_text=_("Empty: the vendor's own, told of everything"),
    )

    def prepare(self) -> None:
        if self.request is not None and not works_for_vendor(self.request):
            del self.fields["organization"]


class RotationForm(OperationForm):
    """How long the old secret signs beside the new one."""

    overlap_hours = forms.IntegerField(
        label=_("Hours in which the old secret signs too"), min_value=0, max_value=168, initial=24
    )


class SinceForm(OperationForm):
    """From when on what was given up is sent again."""

    since = forms.DateTimeField(
        label=_("Given up since"), initial=lambda: clock.instant() - timedelta(days=1), help_text=_("Time in UTC")
    )


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(Telling[WebhookEndpoint]):
    viewing = Permission.MANAGE_WEBHOOKS
    adding = Permission.MANAGE_WEBHOOKS
    telling_title = _("Secret of the webhook endpoint")
    telling_explanation = _("This secret is shown once. The receiver checks with it that a call comes from here.")
    hidden = ("secret_version", "old_secret_version")
    list_display = ("url", "organization", "enabled", "failing_since", "last_success_at", "disabled_reason")
    list_filter = ("enabled", "disabled_reason", ("failing_since", admin.EmptyFieldListFilter))
    search_fields = ("url", "description", "public_id", "organization__name")
    list_select_related = ("organization",)
    actions_detail = ("edit", "rotate_secret", "send_test", "send_again", "disable", "enable")
    change_form_outer_after_template = "admin/webhook_topics.html"

    def described(self, obj: WebhookEndpoint) -> str:
        return str(obj.organization or "")

    def explained(self, request: HttpRequest, obj: WebhookEndpoint) -> dict[str, Any]:
        return {"heard": sorted(CLIENTS_TOPICS) if obj.organization_id is not None else []}

    def add_page(self, request: HttpRequest) -> HttpResponse:
        """Make an endpoint, and show its secret on the page that follows: nowhere else, and not again."""

        def make(data: dict[str, Any]) -> tuple[WebhookEndpoint, str]:
            if (own := own_organization(request)) is not None:
                data = {**data, "organization": own}
            return endpoints.make(now=clock.instant(), by=actor_of(request), **data)

        return self.telling(request, title=_("Make a webhook endpoint"), form=EndpointForm, do=make)

    @action(description=_("Change"), url_path="edit", permissions=[MANAGE], icon="edit")
    def edit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        endpoint: WebhookEndpoint = self.object_or_404(request, object_id)

        def perform(data: dict[str, Any]) -> str:
            endpoints.change(endpoint, now=clock.instant(), by=actor_of(request), **data)
            messages.success(request, _("Webhook endpoint changed."))
            return self.detail_url(endpoint)

        initial = {"url": endpoint.url, "description": endpoint.description, "topics": " ".join(endpoint.topics)}
        return self.operation_page(
            request,
            title=_("Change webhook endpoint"),
            form=EndpointChangeForm,
            perform=perform,
            touched=[endpoint],
            initial=initial,
            back=self.detail_url(endpoint),
        )

    @action(description=_("Rotate the secret"), url_path="rotate-secret", permissions=[MANAGE], icon="key")
    def rotate_secret(self, request: HttpRequest, object_id: str) -> HttpResponse:
        endpoint: WebhookEndpoint = self.object_or_404(request, object_id)

        def rotate(data: dict[str, Any]) -> tuple[WebhookEndpoint, str]:
            overlap = timedelta(hours=data["overlap_hours"])
            return endpoints.rotate_secret(endpoint, overlap=overlap, now=clock.instant(), by=actor_of(request))

        return self.telling(
            request, title=_("Rotate the secret"), form=RotationForm, do=rotate, touched=endpoint, sensitive=True
        )

    @act(
        _("Send a test"),
        Permission.MANAGE_WEBHOOKS,
        when=lambda endpoint: endpoint.enabled,
        done=ngettext_lazy("%(count)d test is on its way.", "%(count)d tests are on their way.", "count"),
        explanation=_("It is told of webhook.test, whatever its topics."),
        icon="send",
    )
    def send_test(self, endpoint: WebhookEndpoint, *, data: dict[str, Any], now: datetime, by: str) -> None:
        endpoints.send_test(endpoint, now=now, by=by)

    @action(description=_("Send again"), url_path="send-again", permissions=[MANAGE], icon="replay")
    def send_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        endpoint: WebhookEndpoint = self.object_or_404(request, object_id)

        def perform(data: dict[str, Any]) -> str:
            count = endpoints.redeliver_failed(endpoint, now=clock.instant(), by=actor_of(request), **data)
            told = ngettext("%(count)d message is sent again.", "%(count)d messages are sent again.", count)
            messages.success(request, told % {"count": count})
            return self.detail_url(endpoint)

        return self.operation_page(
            request,
            title=_("Send again what was given up"),
            form=SinceForm,
            perform=perform,
            touched=[endpoint],
            back=self.detail_url(endpoint),
        )

    @act(
        _("Disable"),
        Permission.MANAGE_WEBHOOKS,
        when=lambda endpoint: endpoint.enabled,
        many=True,
        done=ngettext_lazy("Disabled %(count)d endpoint.", "Disabled %(count)d endpoints.", "count"),
        explanation=_("It is called no more. What waits is given up, and can be sent again."),
        icon="link_off",
    )
    def disable(self, endpoint: WebhookEndpoint, *, data: dict[str, Any], now: datetime, by: str) -> None:
        endpoints.disable(endpoint, reason=DisabledReason.BY_HAND, now=now, by=by)

    @act(
        _("Enable"),
        Permission.MANAGE_WEBHOOKS,
        when=lambda endpoint: not endpoint.enabled,
        many=True,
        done=ngettext_lazy("Enabled %(count)d endpoint.", "Enabled %(count)d endpoints.", "count"),
        icon="link",
    )
    def enable(self, endpoint: WebhookEndpoint, *, data: dict[str, Any], now: datetime, by: str) -> None:
        endpoints.enable(endpoint, now=now, by=by)

    def makes_sense(self, request: HttpRequest, obj: WebhookEndpoint, method: Any) -> bool:
        if getattr(method, "__name__", "") == "send_again":
            return obj.enabled
        return super().makes_sense(request, obj, method)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnly):
    viewing = Permission.MANAGE_WEBHOOKS
    hidden = ("lane", "claim")
    extra_fields = ("topic",)
    list_display = (
        "topic",
        "endpoint",
        "organization",
        "state",
        "attempts",
        "next_attempt_at",
        "last_status",
        "last_error",
    )
    list_filter = ("state", "last_error")
    search_fields = ("message__public_id", "message__topic", "endpoint__url", "public_id")
    list_select_related = ("endpoint", "message", "organization")
    actions_detail = ("send_again",)
    show_full_result_count = False

    @admin.display(description=_("topic"), ordering="message__topic")
    def topic(self, delivery: WebhookDelivery) -> str:
        return str(delivery.message.topic)

    def described(self, obj: WebhookDelivery) -> str:
        return f"{obj.message.topic} → {obj.endpoint.url}"

    @act(
        _("Send again"),
        Permission.MANAGE_WEBHOOKS,
        when=lambda delivery: delivery.endpoint.enabled,
        many=True,
        done=ngettext_lazy("%(count)d message is sent again.", "%(count)d messages are sent again.", "count"),
        explanation=_("It keeps its id, so the receiver can tell that it had it. One that waits is sent now."),
        icon="replay",
    )
    def send_again(self, delivery: WebhookDelivery, *, data: dict[str, Any], now: datetime, by: str) -> None:
        endpoints.redeliver(delivery, now=now, by=by)
