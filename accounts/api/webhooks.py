"""REST: endpoints of webhooks and what became of the calls to them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.resources import Resource, by_public_id
from accounts.api.views import without_body
from accounts.enums import DeliveryState, DisabledReason
from accounts.models import WebhookDelivery, WebhookEndpoint
from accounts.operations import endpoints
from accounts.rules.addresses import LONGEST_URL
from accounts.rules.permissions import Permission

LONGEST_OVERLAP_HOURS = 168


class WebhookEndpointSerializer(serializers.ModelSerializer[WebhookEndpoint]):
    organization = serializers.UUIDField(source="organization.public_id", allow_null=True, default=None)

    class Meta:
        model = WebhookEndpoint
        fields = [
            "public_id",
            "organization",
            "url",
            "description",
            "topics",
            "enabled",
            "old_secret_until",
            "failing_since",
            "failures",
            "rests_until",
            "last_success_at",
            "disabled_at",
            "disabled_reason",
            "created_by",
            "created_at",
        ]
        read_only_fields = fields


class WebhookEndpointWithSecretSerializer(WebhookEndpointSerializer):
    secret = serializers.CharField(help_text="Told this once: `whsec_` and base64 of 32 bytes.")

    class Meta(WebhookEndpointSerializer.Meta):
        fields = [*WebhookEndpointSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class TopicsField(serializers.ListField):
    """Names of announcements, such as ``contract.signed``."""

    child = serializers.CharField(max_length=80)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{"max_length": endpoints.MOST_TOPICS, "help_text": "Empty: all that may be heard.", **kwargs}
        )


class NewWebhookEndpointSerializer(serializers.Serializer[Any]):
    url = serializers.CharField(max_length=LONGEST_URL, help_text="https, to a public address.")
    description = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    topics = TopicsField(required=False, default=list)
    organization = serializers.UUIDField(
        allow_null=True, default=None, help_text="Whose endpoint: a client's own by default; none: the vendor's."
    )


class WebhookEndpointChangeSerializer(serializers.Serializer[Any]):
    url = serializers.CharField(max_length=LONGEST_URL, required=False)
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    topics = TopicsField(required=False)


class SecretRotationSerializer(serializers.Serializer[Any]):
    overlap_hours = serializers.IntegerField(
        min_value=0, max_value=LONGEST_OVERLAP_HOURS, default=24, help_text="How long the old secret signs too."
    )


class RedeliverySerializer(serializers.Serializer[Any]):
    since = serializers.DateTimeField(help_text="What was given up since this instant is sent again.")


class CountSerializer(serializers.Serializer[Any]):
    messages = serializers.IntegerField()


class TestSentSerializer(serializers.Serializer[Any]):
    message = serializers.UUIDField(help_text="The `webhook-id` of the call to come.")


class WebhookDeliverySerializer(serializers.ModelSerializer[WebhookDelivery]):
    message = serializers.UUIDField(source="message.public_id", help_text="The `webhook-id` of the call.")
    topic = serializers.CharField(source="message.topic")
    occurred_at = serializers.DateTimeField(source="message.occurred_at")

    class Meta:
        model = WebhookDelivery
        fields = [
            "public_id",
            "message",
            "topic",
            "occurred_at",
            "state",
            "attempts",
            "next_attempt_at",
            "last_attempt_at",
            "last_status",
            "last_error",
            "delivered_at",
            "given_up_at",
        ]
        read_only_fields = fields


class WebhookEndpointFilter(filters.FilterSet):
    organization = filters.UUIDFilter(field_name="organization__public_id")
    enabled = filters.BooleanFilter()

    class Meta:
        model = WebhookEndpoint
        fields = ["organization", "enabled"]


class WebhookEndpointResource(Resource):
    """Where announcements are sent. A client makes and sees those of its own organization only."""

    queryset = WebhookEndpoint.objects.select_related("organization").order_by("pk")
    serializer_class = WebhookEndpointSerializer
    filterset_class = WebhookEndpointFilter
    told_once = frozenset({"secret"})
    sensitive = frozenset({"rotate_secret"})
    rights = dict.fromkeys(
        (
            "list",
            "retrieve",
            "create",
            "partial_update",
            "rotate_secret",
            "disable",
            "enable",
            "test",
            "deliveries",
            "redeliver",
            "redeliver_failed",
        ),
        Permission.MANAGE_WEBHOOKS,
    )

    @extend_schema(request=NewWebhookEndpointSerializer, responses={201: WebhookEndpointWithSecretSerializer})
    def create(self, request: Request) -> Response:
        """Make an endpoint. It hears what happens from now on.

        The secret is told in this answer only; a repeated call with the same idempotency key gets the rest of it.
        """
        values = self.given(NewWebhookEndpointSerializer, request)
        organization = self.owner(values.pop("organization"))
        made, secret = endpoints.make(organization=organization, now=self.now, by=self.actor, **values)
        return self._with_secret(made, secret, status=201)

    @extend_schema(request=WebhookEndpointChangeSerializer, responses={200: WebhookEndpointSerializer})
    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change URL, description or topics. The same values again change nothing."""
        values = self.given(WebhookEndpointChangeSerializer, request)
        return self.told(endpoints.change(self.get_object(), now=self.now, by=self.actor, **values))

    @extend_schema(request=SecretRotationSerializer, responses={200: WebhookEndpointWithSecretSerializer})
    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate_secret(self, request: Request, **kwargs: Any) -> Response:
        """Give the endpoint another secret, told in this answer only. The old one signs beside it for a while."""
        overlap = timedelta(hours=self.given(SecretRotationSerializer, request)["overlap_hours"])
        changed, secret = endpoints.rotate_secret(self.get_object(), overlap=overlap, now=self.now, by=self.actor)
        return self._with_secret(changed, secret)

    @without_body(responses={200: WebhookEndpointSerializer})
    @action(detail=True, methods=["post"])
    def disable(self, request: Request, **kwargs: Any) -> Response:
        """Call the endpoint no more; what waits is given up. 409 `endpoint_disabled` if it is disabled already."""
        found = endpoints.disable(self.get_object(), reason=DisabledReason.BY_HAND, now=self.now, by=self.actor)
        return self.told(found)

    @without_body(responses={200: WebhookEndpointSerializer})
    @action(detail=True, methods=["post"])
    def enable(self, request: Request, **kwargs: Any) -> Response:
        """Call the endpoint again. 409 `endpoint_enabled` if it is enabled."""
        return self.told(endpoints.enable(self.get_object(), now=self.now, by=self.actor))

    @without_body(responses={200: TestSentSerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, **kwargs: Any) -> Response:
        """Send `webhook.test` to this endpoint, whatever its topics. 409 `endpoint_disabled`."""
        endpoint = self.get_object()
        self._touches(endpoint)
        message = endpoints.send_test(endpoint, now=self.now, by=self.actor)
        return Response(TestSentSerializer({"message": message.public_id}).data)

    @extend_schema(
        parameters=[OpenApiParameter("state", enum=DeliveryState.values)],
        responses={200: WebhookDeliverySerializer(many=True)},
        filters=False,
    )
    @action(detail=True, methods=["get"], filterset_class=None)
    def deliveries(self, request: Request, **kwargs: Any) -> Response:
        """List the calls to this endpoint, the latest announcement last; `state` narrows them."""
        rows = self._deliveries().order_by("pk")
        if state := request.query_params.get("state"):
            allowed = serializers.ChoiceField(choices=DeliveryState.choices)
            try:
                rows = rows.filter(state=allowed.run_validation(state))
            except serializers.ValidationError as error:
                raise serializers.ValidationError({"state": error.detail}) from error
        return self.listed(rows, WebhookDeliverySerializer)

    @without_body(responses={200: WebhookDeliverySerializer})
    @action(detail=True, methods=["post"], url_path="deliveries/<uuid:delivery>/redeliver")
    def redeliver(self, request: Request, delivery: UUID, **kwargs: Any) -> Response:
        """Send one message again, or at once if it waits. 409 `endpoint_disabled`, `delivery_claimed`."""
        found = by_public_id(self._deliveries(), delivery)
        self._touches(found.endpoint)
        again = endpoints.redeliver(found, now=self.now, by=self.actor)
        return Response(WebhookDeliverySerializer(again).data)

    @extend_schema(request=RedeliverySerializer, responses={200: CountSerializer})
    @action(detail=True, methods=["post"], url_path="redeliver")
    def redeliver_failed(self, request: Request, **kwargs: Any) -> Response:
        """Send again what was given up since an instant. 409 `endpoint_disabled`."""
        since = self.given(RedeliverySerializer, request)["since"]
        endpoint = self.get_object()
        self._touches(endpoint)
        count = endpoints.redeliver_failed(endpoint, since=since, now=self.now, by=self.actor)
        return Response(CountSerializer({"messages": count}).data)

    def _deliveries(self) -> QuerySet[WebhookDelivery]:
        found: WebhookEndpoint = self.get_object()
        return found.deliveries.select_related("message", "endpoint")

    def _with_secret(self, endpoint: WebhookEndpoint, secret: str, *, status: int = 200) -> Response:
        self._touches(endpoint)
        return Response({**WebhookEndpointSerializer(endpoint).data, "secret": secret}, status=status)

    def _touches(self, endpoint: WebhookEndpoint) -> None:
        if endpoint.organization_id is not None:
            self.touches(endpoint.organization_id)
