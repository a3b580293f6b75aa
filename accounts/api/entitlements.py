"""REST: may this person use the product now, with which features, until when, and why not?"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import has
from accounts.api.views import ScopedView
from accounts.errors import FieldError, InvalidInput
from accounts.models import Organization
from accounts.operations import entitlements
from accounts.rules import checks
from accounts.rules.entitlements import Entitlement, unknown
from accounts.rules.permissions import Permission

_WHERE = "The organization's public id. Needed where the vendor asks; a client asks about its own people."


class EntitlementSerializer(serializers.Serializer[Any]):
    external_id = serializers.CharField()
    allowed = serializers.BooleanField()
    features = serializers.ListField(
        child=serializers.CharField(), help_text='Codes of the product\'s features; ["*"]: everything.'
    )
    until = serializers.DateTimeField(
        allow_null=True, help_text="The answer holds until this instant, by what is known; null: no end is known."
    )
    reasons = serializers.ListField(child=serializers.CharField(), help_text="Why not, as codes; empty if allowed.")
    keep_seconds = serializers.IntegerField(help_text="How long the caller may keep this answer.")
    checked_at = serializers.DateTimeField()


class EntitlementQuestionSerializer(serializers.Serializer[Any]):
    external_ids = serializers.ListField(
        child=serializers.CharField(max_length=200, trim_whitespace=False),
        allow_empty=False,
        max_length=entitlements.LARGEST_BATCH,
    )
    organization = serializers.UUIDField(required=False, help_text=_WHERE)


class EntitlementAnswersSerializer(serializers.Serializer[Any]):
    results = EntitlementSerializer(many=True)


class _EntitlementView(ScopedView):
    """On the product's hot path: no throttle, which would need the cache server; the answer is one indexed read."""

    permission_classes = [has(Permission.CHECK_ENTITLEMENT)]
    throttle_classes = []
    only_asks = True

    def answers(self, external_ids: list[str], organization: UUID | None) -> entitlements.Checked:
        """Ask about people of the caller's organization, or of the named one. A neighbour's is not there."""
        own, now = self.caller.organization_id, timezone.now()
        if own is None and organization is None:
            raise InvalidInput([FieldError("organization", "required", "Name the organization.")])
        try:
            if organization is None:
                return entitlements.check(external_ids, now=now, organization_id=own)
            return entitlements.check(external_ids, now=now, public_id=organization)
        except entitlements.UnknownOrganization as error:
            raise Http404 from error


class EntitlementView(_EntitlementView):
    """One person, by the product's own id of them."""

    @extend_schema(
        parameters=[
            OpenApiParameter("organization", UUID, description=_WHERE),
            OpenApiParameter("at", datetime, description="An instant that has passed: the answer that was right then."),
        ],
        responses={200: EntitlementSerializer},
    )
    def get(self, request: Request, external_id: str) -> Response:
        """Answer for a person. 404 if nobody licensed them. Ask again after ``keep_seconds``."""
        if faults := checks.text("external_id", external_id):
            raise InvalidInput(faults)
        named = request.query_params.get("organization")
        organization = None if named is None else _valid("organization", serializers.UUIDField(), named)
        if "at" in request.query_params:
            at = _valid("at", serializers.DateTimeField(), request.query_params["at"])
            answer = self._earlier(organization, external_id, at)
        else:
            checked = self.answers([external_id], organization)
            at, answer = checked.at, checked.answers[external_id]
        if answer is None:
            raise Http404
        told = _told(external_id, answer, at)
        return Response(told, headers={"Cache-Control": f"private, max-age={told['keep_seconds']}"})

    def _earlier(self, organization: UUID | None, external_id: str, at: datetime) -> Entitlement | None:
        if at > self.now:
            raise InvalidInput([FieldError("at", "in_the_future", "This instant is still to come.")])
        if organization is not None:
            where = Organization.objects.filter(public_id=organization).first()
        elif self.caller.organization_id is not None:
            where = Organization.objects.get(pk=self.caller.organization_id)
        else:
            raise InvalidInput([FieldError("organization", "required", "Name the organization.")])
        return None if where is None else entitlements.at_instant(where, external_id, at=at)


class EntitlementsView(_EntitlementView):
    """Many people at once."""

    @extend_schema(request=EntitlementQuestionSerializer, responses={200: EntitlementAnswersSerializer})
    def post(self, request: Request) -> Response:
        """Answer for up to 1000 people, in the order of the question. Whom nobody licensed gets ``unknown_person``."""
        body = EntitlementQuestionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = list(dict.fromkeys(body.validated_data["external_ids"]))
        checked = self.answers(asked, body.validated_data.get("organization"))
        wanted = body.validated_data["external_ids"]
        return Response({"results": [_told(one, checked.answers[one] or unknown(), checked.at) for one in wanted]})


def _told(external_id: str, answer: Entitlement, at: datetime) -> dict[str, Any]:
    return {
        "external_id": external_id,
        "allowed": answer.allowed,
        "features": answer.features,
        "until": answer.until,
        "reasons": answer.reasons,
        "keep_seconds": int(answer.keep.total_seconds()),
        "checked_at": at,
    }


def _valid(name: str, field: serializers.Field[Any, Any, Any, Any], text: str) -> Any:
    """Return what a parameter says. :raises ValidationError: it says nothing that the field takes, named by it."""
    try:
        return field.run_validation(text)
    except serializers.ValidationError as error:
        raise serializers.ValidationError({name: error.detail}) from error
