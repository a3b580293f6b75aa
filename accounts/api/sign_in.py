"""REST: how people sign in."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.resources import Resource, the_organization
from accounts.api.views import without_body
from accounts.models import FactorRequirement, IdentityProvider
from accounts.operations import factors, providers
from accounts.rules.permissions import Permission


class FactorRequirementSerializer(serializers.ModelSerializer[FactorRequirement]):
    class Meta:
        model = FactorRequirement
        fields = ["public_id", "role", "required_at", "required_by", "lifted_at", "lifted_by"]
        read_only_fields = fields


class NewFactorRequirementSerializer(serializers.Serializer[Any]):
    role = serializers.CharField(max_length=32)


class FactorRequirementResource(Resource):
    """Roles that need a second factor."""

    queryset = FactorRequirement.objects.order_by("pk")
    serializer_class = FactorRequirementSerializer
    rights = {
        "list": Permission.MANAGE_MEMBERS,
        "retrieve": Permission.MANAGE_MEMBERS,
        "create": Permission.MANAGE_MEMBERS,
        "lift": Permission.MANAGE_MEMBERS,
    }
    sensitive = frozenset({"create", "lift"})

    @extend_schema(request=NewFactorRequirementSerializer, responses={201: FactorRequirementSerializer})
    def create(self, request: Request) -> Response:
        """Ask everybody who holds a role for a second factor. 409 `factor_required_already`."""
        values = self.given(NewFactorRequirementSerializer, request)
        return self.told(factors.require(values["role"], now=self.now, by=self.actor), status=201)

    @without_body(responses={200: FactorRequirementSerializer})
    @action(detail=True, methods=["post"])
    def lift(self, request: Request, **kwargs: Any) -> Response:
        """Ask for it no more. 409 `factor_requirement_lifted`."""
        return self.told(factors.lift(self.get_object(), now=self.now, by=self.actor))


class IdentityProviderSerializer(serializers.ModelSerializer[IdentityProvider]):
    organization = serializers.UUIDField(source="organization.public_id", allow_null=True, default=None, read_only=True)
    redirect_address = serializers.SerializerMethodField(help_text="What is registered at the provider.")

    class Meta:
        model = IdentityProvider
        fields = [
            "public_id",
            "organization",
            "slug",
            "name",
            "issuer",
            "client_id",
            "enabled",
            "enforced",
            "checks_second_factor",
            "redirect_address",
            "created_at",
        ]
        read_only_fields = fields

    def get_redirect_address(self, row: IdentityProvider) -> str:
        return providers.redirect_address(row)


class IdentityProviderChangeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200, required=False)
    issuer = serializers.CharField(max_length=400, required=False, help_text="As it stands in its tokens.")
    client_id = serializers.CharField(max_length=255, required=False)
    client_secret = serializers.CharField(max_length=1000, required=False, write_only=True, trim_whitespace=False)
    enforced = serializers.BooleanField(required=False)
    checks_second_factor = serializers.BooleanField(required=False)


class NewIdentityProviderSerializer(serializers.Serializer[Any]):
    organization = serializers.UUIDField(allow_null=True, default=None, help_text="Null: the vendor's staff.")
    slug = serializers.CharField(max_length=50)
    name = serializers.CharField(max_length=200)
    issuer = serializers.CharField(max_length=400, help_text="As it stands in its tokens.")
    client_id = serializers.CharField(max_length=255)
    client_secret = serializers.CharField(max_length=1000, write_only=True, trim_whitespace=False)
    enforced = serializers.BooleanField(default=False)
    checks_second_factor = serializers.BooleanField(default=False)


class IdentityProviderResource(Resource):
    """Where members sign in: a client's provider, or the vendor's own. Secrets are taken and never told."""

    queryset = IdentityProvider.objects.select_related("organization").order_by("pk")
    serializer_class = IdentityProviderSerializer
    rights = {
        "list": Permission.MANAGE_IDENTITY_PROVIDERS,
        "retrieve": Permission.MANAGE_IDENTITY_PROVIDERS,
        "create": Permission.MANAGE_IDENTITY_PROVIDERS,
        "partial_update": Permission.MANAGE_IDENTITY_PROVIDERS,
        "enable": Permission.MANAGE_IDENTITY_PROVIDERS,
        "disable": Permission.MANAGE_IDENTITY_PROVIDERS,
    }
    sensitive = frozenset({"create", "partial_update", "enable", "disable"})

    @extend_schema(request=NewIdentityProviderSerializer, responses={201: IdentityProviderSerializer})
    def create(self, request: Request) -> Response:
        """Add a provider. 409 `slug_taken`."""
        values = self.given(NewIdentityProviderSerializer, request)
        asked = values.pop("organization")
        organization = None if asked is None else the_organization(asked)
        return self.told(providers.create(organization=organization, **values, now=self.now, by=self.actor), status=201)

    @extend_schema(request=IdentityProviderChangeSerializer, responses={200: IdentityProviderSerializer})
    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change what is named. Another issuer or client id matches people by e-mail again."""
        values = self.given(IdentityProviderChangeSerializer, request)
        return self.told(providers.change(self.get_object(), **values, now=self.now, by=self.actor))

    @without_body(responses={200: IdentityProviderSerializer})
    @action(detail=True, methods=["post"])
    def enable(self, request: Request, **kwargs: Any) -> Response:
        """Switch it on. 409 `provider_unchanged`."""
        return self.told(providers.switch(self.get_object(), on=True, now=self.now, by=self.actor))

    @without_body(responses={200: IdentityProviderSerializer})
    @action(detail=True, methods=["post"])
    def disable(self, request: Request, **kwargs: Any) -> Response:
        """Switch it off; where it was the only way in, passwords open again. 409 `provider_unchanged`."""
        return self.told(providers.switch(self.get_object(), on=False, now=self.now, by=self.actor))
