"""REST: licensed users."""

from typing import Any
from uuid import UUID

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import has
from accounts.api.resources import Resource, by_public_id
from accounts.api.views import ScopedView
from accounts.enums import LicenceStatus, SuspensionReason
from accounts.models import LicensedUser, Organization
from accounts.operations import users
from accounts.rules.permissions import Permission

LARGEST_SET = 1000


class LicensedUserSerializer(serializers.ModelSerializer[LicensedUser]):
    organization = serializers.UUIDField(source="organization.public_id")

    class Meta:
        model = LicensedUser
        fields = [
            "public_id",
            "organization",
            "external_id",
            "email",
            "display_name",
            "department",
            "status",
            "suspension_reason",
            "suspended_at",
            "processing_restricted_at",
            "created_at",
        ]
        read_only_fields = fields


class PersonSerializer(serializers.Serializer[Any]):
    external_id = serializers.CharField(max_length=200, help_text="The client's own id of the person.")
    email = serializers.CharField(max_length=254)
    display_name = serializers.CharField(max_length=200)
    department = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)


class AddedSerializer(serializers.Serializer[users.Added]):
    created = serializers.IntegerField()
    changed = serializers.IntegerField()
    same = serializers.IntegerField()


class SuspensionSerializer(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(
        choices=[(reason.value, reason.label) for reason in SuspensionReason if reason != "licence_ended"]
    )


class LicensedUserFilter(filters.FilterSet):
    organization = filters.UUIDFilter(field_name="organization__public_id")
    status = filters.ChoiceFilter(choices=LicenceStatus.choices)

    class Meta:
        model = LicensedUser
        fields = ["organization", "status"]


class LicensedUserResource(Resource):
    """The people whom clients let use the product."""

    queryset = LicensedUser.objects.select_related("organization").order_by("pk")
    serializer_class = LicensedUserSerializer
    filterset_class = LicensedUserFilter
    rights = {
        "list": Permission.VIEW_LICENSED_USER,
        "retrieve": Permission.VIEW_LICENSED_USER,
        "suspend": Permission.CHANGE_LICENSED_USER,
        "reinstate": Permission.CHANGE_LICENSED_USER,
    }

    @extend_schema(request=SuspensionSerializer, responses={200: LicensedUserSerializer})
    @action(detail=True, methods=["post"])
    def suspend(self, request: Request, **kwargs: Any) -> Response:
        """Suspend an active user. 409 if the user is not active."""
        reason = SuspensionReason(self.given(SuspensionSerializer, request)["reason"])
        return self.told(users.suspend(self.get_object(), reason=reason, now=self.now, by=self.actor))

    @extend_schema(request=None, responses={200: LicensedUserSerializer})
    @action(detail=True, methods=["post"])
    def reinstate(self, request: Request, **kwargs: Any) -> Response:
        """Let a suspended user in again. 409 without a licence in force."""
        return self.told(users.reinstate(self.get_object(), now=self.now, by=self.actor))


class OrganizationLicensedUsersView(ScopedView):
    """Licensed users of one organization, written in sets."""

    permission_classes = [has(Permission.CHANGE_LICENSED_USER)]

    @extend_schema(
        operation_id="organization_licensed_users_put",
        request=PersonSerializer(many=True),
        responses={200: AddedSerializer},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Add up to 1000 people, or change those whose external id is known. All or nothing; again changes nothing."""
        organization = by_public_id(Organization.objects.all(), public_id)
        body = serializers.ListField(
            child=PersonSerializer(), allow_empty=False, max_length=LARGEST_SET
        ).run_validation(request.data)
        people = [users.Person(**one, row=number) for number, one in enumerate(body, start=1)]
        self.touches(organization.pk)
        return Response(AddedSerializer(users.put(organization, people, now=self.now, by=self.actor)).data)
