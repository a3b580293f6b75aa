"""REST: announcements that are held since a restore, until somebody sends or drops them."""

from typing import Any

from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.resources import Resource
from accounts.api.views import without_body
from accounts.models import OutboxMessage
from accounts.operations import sent
from accounts.rules.permissions import Permission


class HeldMessageSerializer(serializers.ModelSerializer[OutboxMessage]):
    organization = serializers.UUIDField(source="organization.public_id", allow_null=True, default=None)

    class Meta:
        model = OutboxMessage
        fields = [
            "public_id",
            "organization",
            "topic",
            "subject_type",
            "subject_id",
            "payload",
            "occurred_at",
            "held_at",
            "released_at",
            "last_error",
        ]
        read_only_fields = fields


class HeldMessageResource(Resource):
    """Announcements like ones that were sent before a restore and are lost: nobody is to be told twice."""

    queryset = OutboxMessage.objects.held().select_related("organization")
    serializer_class = HeldMessageSerializer
    rights = {
        "list": Permission.VIEW_OPERATION,
        "retrieve": Permission.VIEW_OPERATION,
        "release": Permission.MANAGE_KEYS,
        "drop": Permission.MANAGE_KEYS,
    }

    @without_body(responses={200: HeldMessageSerializer})
    @action(detail=True, methods=["post"])
    def release(self, request: Request, **kwargs: Any) -> Response:
        """Send it to everybody whom it concerns. 409 `message_not_held`."""
        return self.told(sent.release(self.get_object(), now=self.now, by=self.actor))

    @without_body(responses={200: HeldMessageSerializer})
    @action(detail=True, methods=["post"])
    def drop(self, request: Request, **kwargs: Any) -> Response:
        """Tell nobody. 409 `message_not_held`."""
        return self.told(sent.drop(self.get_object(), now=self.now, by=self.actor))
