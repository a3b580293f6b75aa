"""REST: the job that wraps everything anew under the newest key-encryption key, and which versions are used."""

from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import has
from accounts.api.resources import Resource
from accounts.api.views import ScopedView, without_body
from accounts.rules.permissions import Permission
from retention.enums import RotationState
from retention.models import KeyRotation, KeyRotationStep
from retention.operations import key_checks, rewrapping


class KeyRotationStepSerializer(serializers.ModelSerializer[KeyRotationStep]):
    class Meta:
        model = KeyRotationStep
        fields = ["place", "total", "done", "failed", "finished_at"]
        read_only_fields = fields


class KeyRotationSerializer(serializers.ModelSerializer[KeyRotation]):
    steps = KeyRotationStepSerializer(many=True)

    class Meta:
        model = KeyRotation
        fields = [
            "public_id",
            "target_version",
            "state",
            "started_at",
            "started_by",
            "finished_at",
            "retry_at",
            "last_error",
            "steps",
        ]
        read_only_fields = fields


class KeyRotationFilter(filters.FilterSet):
    state = filters.ChoiceFilter(choices=RotationState.choices)

    class Meta:
        model = KeyRotation
        fields = ["state"]


class KeyRotationResource(Resource):
    """Jobs that wrap every key and secret anew. Content stays as it is."""

    queryset = KeyRotation.objects.prefetch_related("steps").order_by("pk")
    serializer_class = KeyRotationSerializer
    filterset_class = KeyRotationFilter
    rights = {
        "list": Permission.VIEW_OPERATION,
        "retrieve": Permission.VIEW_OPERATION,
        "create": Permission.MANAGE_KEYS,
        "stop": Permission.MANAGE_KEYS,
    }
    sensitive = frozenset({"create"})

    @without_body(responses={201: KeyRotationSerializer})
    def create(self, request: Request) -> Response:
        """Start the job; a worker does it. 409 `key_rotation_running`, `nothing_to_rewrap`, `keys_wrong`."""
        return self.told(rewrapping.start(now=self.now, by=self.actor), status=201)

    @without_body(responses={200: KeyRotationSerializer})
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, **kwargs: Any) -> Response:
        """Give it up; what it wrapped anew stays so. 409 `key_rotation_over`."""
        return self.told(rewrapping.stop(self.get_object(), now=self.now, by=self.actor))


class KeyVersionSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    configured = serializers.BooleanField()
    newest = serializers.BooleanField(help_text="The one that wraps what is new.")
    check_value = serializers.CharField(help_text="Tells keys apart, and says nothing about them.")
    used = serializers.DictField(child=serializers.IntegerField(), help_text="How many values are under it, by place.")
    removable = serializers.BooleanField(help_text="Nothing is under it: it may be taken out of the environment.")


class KeyVersionsView(ScopedView):
    """The versions of the key-encryption key."""

    permission_classes = [has(Permission.VIEW_OPERATION)]

    @extend_schema(operation_id="key_versions_list", responses={200: KeyVersionSerializer(many=True)})
    def get(self, request: Request) -> Response:
        """Which versions are configured, and what is under each."""
        return Response(KeyVersionSerializer(key_checks.standing(), many=True).data)
