"""REST: API tokens issued, rotated and revoked. Their texts are told once."""

from datetime import datetime, timedelta
from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.resources import Resource, the_organization
from accounts.api.views import without_body
from accounts.models import ApiToken
from accounts.operations import tokens
from accounts.rules.permissions import Permission


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    organization = serializers.UUIDField(source="organization.public_id", allow_null=True, default=None)
    user = serializers.UUIDField(
        source="user.public_id", allow_null=True, default=None, help_text="Whom it acts for; none: a program."
    )

    class Meta:
        model = ApiToken
        fields = [
            "public_id",
            "series",
            "organization",
            "user",
            "name",
            "prefix",
            "permissions",
            "created_at",
            "expires_at",
            "rotated_at",
            "revoked_at",
            "last_used_at",
        ]
        read_only_fields = fields


class TokenWithTextSerializer(TokenSerializer):
    token = serializers.CharField(help_text="Told this once.")

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]
        read_only_fields = fields


class NewTokenSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    permissions = serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=len(Permission), help_text="Such as `provision_users`."
    )
    expires_at = serializers.DateTimeField(help_text="In two years at most.")
    personal = serializers.BooleanField(
        default=False, help_text="It acts for whoever issues it, and dies with their sign-in. Else it is a program's."
    )
    organization = serializers.UUIDField(
        allow_null=True, default=None, help_text="Whose program: a client's own by default; none: the vendor's."
    )


class RotationSerializer(serializers.Serializer[Any]):
    overlap_hours = serializers.IntegerField(
        min_value=0, max_value=tokens.LONGEST_OVERLAP_HOURS, default=24, help_text="How long the old token opens too."
    )
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="Else it lives as long as the old one was made for."
    )


class TokenFilter(filters.FilterSet):
    organization = filters.UUIDFilter(field_name="organization__public_id")
    series = filters.UUIDFilter()
    revoked = filters.BooleanFilter(field_name="revoked_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = ApiToken
        fields = ["organization", "series", "revoked"]


class TokenResource(Resource):
    """Credentials of programs. A client issues and sees those of its own organization only."""

    queryset = ApiToken.objects.select_related("organization", "user").order_by("pk")
    serializer_class = TokenSerializer
    filterset_class = TokenFilter
    told_once = frozenset({"token"})
    sensitive = frozenset({"create", "rotate"})
    rights = dict.fromkeys(("list", "retrieve", "create", "rotate", "revoke"), Permission.MANAGE_TOKENS)

    @extend_schema(request=NewTokenSerializer, responses={201: TokenWithTextSerializer})
    def create(self, request: Request) -> Response:
        """Issue a token with at most the rights of whoever asks; a program's decides nothing and opens no content.

        409 `permission_not_held`, `not_for_programs`, `not_for_clients`, `expiry_past`, and `outlives_its_issuer`: it
        would open longer than the token that calls. The text is told in this answer only; a repeated call with the same
        idempotency key gets the rest of it.
        """
        values = self.given(NewTokenSerializer, request)
        owner, personal = values.pop("organization"), values.pop("personal")
        values = {**values, "held": self.held, "until": self._until, "now": self.now, "by": self.actor}
        if personal:
            named = None if owner is None else the_organization(owner)
            made = tokens.issue(self.person, organization=named, **values)
        else:
            made = tokens.issue_to_program(self.owner(owner), **values)
        return self._with_text(*made)

    @extend_schema(request=RotationSerializer, responses={201: TokenWithTextSerializer})
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, **kwargs: Any) -> Response:
        """Make the next token of the series, told in this answer only. The one before opens beside it for a while.

        With `overlap_hours` 0 it is revoked at once. 409 `token_revoked`, `token_expired`, `token_rotated`,
        `token_of_another`, `permission_not_held`.
        """
        values = self.given(RotationSerializer, request)
        made = tokens.rotate(
            self.get_object(),
            asking=self.caller,
            held=self.held,
            until=self._until,
            overlap=timedelta(hours=values["overlap_hours"]),
            expires_at=values["expires_at"],
            now=self.now,
            by=self.actor,
        )
        return self._with_text(*made)

    @without_body(responses={200: TokenSerializer})
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, **kwargs: Any) -> Response:
        """Close a token at once. Revoking twice changes nothing."""
        return self.told(tokens.revoke(self.get_object(), now=self.now, by=self.actor))

    @property
    def _until(self) -> datetime | None:
        """The expiry of the token that calls, if one does."""
        return self.request.auth.expires_at if isinstance(self.request.auth, ApiToken) else None

    def _with_text(self, token: ApiToken, text: str) -> Response:
        if token.organization_id is not None:
            self.touches(token.organization_id)
        return Response({**TokenSerializer(token).data, "token": text}, status=201)
