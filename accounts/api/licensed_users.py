"""REST: licensed users, what is done to them, and their history."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import has, holds
from accounts.api.resources import Resource, by_public_id
from accounts.api.views import ScopedView
from accounts.enums import LicenceStatus, SuspensionReason
from accounts.labels import SUSPENSIONS_BY_HAND
from accounts.models import LicensedUser, LicensedUserChange, Organization
from accounts.operations import access, processing, users
from accounts.rules.permissions import Permission

LARGEST_SET = 1000
NOTE = "A free text; it goes to the erasable part of the trail."


class LicensedUserSerializer(serializers.ModelSerializer[LicensedUser]):
    organization = serializers.UUIDField(source="organization.public_id")

    class Meta:
        model = LicensedUser
        fields = [
            "public_id",
            "organization",
            "external_id",
            "user_name",
            "email",
            "display_name",
            "department",
            "assignment_ends_on",
            "last_active_at",
            "status",
            "status_at",
            "status_by",
            "suspension_reason",
            "suspended_at",
            "suspended_until",
            "features",
            "delete_at",
            "deleted_at",
            "processing_restricted_at",
            "processing_lift_told_at",
            "processing_request",
            "created_at",
            "changed_at",
        ]
        read_only_fields = fields


class ChangeSerializer(serializers.ModelSerializer[LicensedUserChange]):
    class Meta:
        model = LicensedUserChange
        fields = [
            "public_id",
            "act",
            "before",
            "status",
            "suspension_reason",
            "features",
            "until",
            "source",
            "by",
            "occurred_at",
        ]
        read_only_fields = fields


class PersonSerializer(serializers.Serializer[Any]):
    external_id = serializers.CharField(max_length=200, help_text="The client's own id of the person.")
    email = serializers.CharField(max_length=254)
    display_name = serializers.CharField(max_length=200)
    department = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    user_name = serializers.CharField(
        max_length=254,
        required=False,
        help_text="What the identity provider calls the person; else the e-mail address.",
    )
    assignment_ends_on = serializers.DateField(
        required=False, allow_null=True, help_text="The first day after the person's assignment."
    )


class AddedSerializer(serializers.Serializer[users.Added]):
    created = serializers.IntegerField()
    changed = serializers.IntegerField()
    same = serializers.IntegerField()


class NoteSerializer(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="", help_text=NOTE)


class SuspensionSerializer(NoteSerializer):
    reason = serializers.ChoiceField(choices=SUSPENSIONS_BY_HAND)
    until = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="From then on the person is let in again."
    )


class RestrictionSerializer(NoteSerializer):
    features = serializers.ListField(
        child=serializers.CharField(max_length=60),
        required=False,
        max_length=100,
        help_text="Codes of the features that stay; else those of the client's policy.",
    )


class LicensedUserFilter(filters.FilterSet):
    organization = filters.UUIDFilter(field_name="organization__public_id")
    status = filters.ChoiceFilter(choices=LicenceStatus.choices)
    external_id = filters.CharFilter()
    department = filters.CharFilter()

    class Meta:
        model = LicensedUser
        fields = ["organization", "status", "external_id", "department"]


_CHANGE = Permission.CHANGE_LICENSED_USER
_PROCESSING = Permission.RESTRICT_PROCESSING


class LicensedUserResource(Resource):
    """The people whom clients let use the product."""

    queryset = LicensedUser.objects.select_related("organization").order_by("pk")
    serializer_class = LicensedUserSerializer
    filterset_class = LicensedUserFilter
    rights = {
        "list": Permission.VIEW_LICENSED_USER,
        "retrieve": Permission.VIEW_LICENSED_USER,
        "changes": Permission.VIEW_LICENSED_USER,
        "suspend": _CHANGE,
        "reinstate": _CHANGE,
        "restrict": _CHANGE,
        "lift_restriction": _CHANGE,
        "schedule_deletion": Permission.DELETE_LICENSED_USER,
        "cancel_deletion": Permission.DELETE_LICENSED_USER,
        "restrict_processing": _PROCESSING,
        "tell_of_lifting": _PROCESSING,
        "lift_processing": _PROCESSING,
    }

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Hide from the vendor's staff whose processing is restricted, but from those who see to the restriction."""
        found: QuerySet[Any] = super().filter_queryset(queryset)
        if self.caller.works_for_vendor and not holds(self.request, _PROCESSING):
            return found.filter(processing_restricted_at__isnull=True)
        return found

    @extend_schema(responses={200: ChangeSerializer(many=True)})
    @action(detail=True, methods=["get"], filterset_class=None)
    def changes(self, request: Request, **kwargs: Any) -> Response:
        """Tell the person's history, the latest first: what was done, by whom, where it led, until when."""
        rows = self.get_object().changes.order_by("-occurred_at", "-pk")[:500]
        return Response(ChangeSerializer(rows, many=True).data)

    @extend_schema(request=SuspensionSerializer, responses={200: LicensedUserSerializer})
    @action(detail=True, methods=["post"])
    def suspend(self, request: Request, **kwargs: Any) -> Response:
        """Keep a person out, for good or until an instant. 409 if they are kept out already."""
        given = self.given(SuspensionSerializer, request)
        reason = SuspensionReason(given.pop("reason"))
        return self.told(access.suspend(self.get_object(), reason=reason, now=self.now, by=self.actor, **given))

    @extend_schema(request=NoteSerializer, responses={200: LicensedUserSerializer})
    @action(detail=True, methods=["post"])
    def reinstate(self, request: Request, **kwargs: Any) -> Response:
        """Let a suspended person in again. 409 without a licence in force or a free seat."""
        given = self.given(NoteSerializer, request)
        return self.told(access.reinstate(self.get_object(), now=self.now, by=self.actor, **given))

    @extend_schema(request=RestrictionSerializer, responses={200: LicensedUserSerializer})
    @action(detail=True, methods=["post"])
    def restrict(self, request: Request, **kwargs: Any) -> Response:
        """Leave an active person only some features. Not Art. 18 GDPR: that is `restrict-processing`."""
        given = self.given(RestrictionSerializer, request)
        return self.told(access.restrict(self.get_object(), now=self.now, by=self.actor, **given))

    @extend_schema(request=NoteSerializer, responses={200: LicensedUserSerializer})
    @action(detail=True, methods=["post"], url_path="lift-restriction")
    def lift_restriction(self, request: Request, **kwargs: Any) -> Response:
        """Give a restricted person everything again."""
        given = self.given(NoteSerializer, request)
        return self.told(access.lift(self.get_object(), now=self.now, by=self.actor, **given))

    @extend_schema(request=NoteSerializer, responses={200: LicensedUserSerializer})
    @action(detail=True, methods=["post"], url_path="schedule-deletion")
    def schedule_deletion(self, request: Request, **kwargs: Any) -> Response:
        """Keep a person out at once, and delete them when the client's grace is over."""
        given = self.given(NoteSerializer, request)
        return self.told(access.schedule_deletion(self.get_object(), now=self.now, by=self.actor, **given))

    @extend_schema(request=NoteSerializer, responses={200: LicensedUserSerializer})
    @action(detail=True, methods=["post"], url_path="cancel-deletion")
    def cancel_deletion(self, request: Request, **kwargs: Any) -> Response:
        """Take a scheduled deletion back. 409 if somebody new has the person's name or external id."""
        given = self.given(NoteSerializer, request)
        return self.told(access.cancel_deletion(self.get_object(), now=self.now, by=self.actor, **given))

    @extend_schema(request=NoteSerializer, responses={200: LicensedUserSerializer})
    @action(detail=True, methods=["post"], url_path="restrict-processing")
    def restrict_processing(self, request: Request, **kwargs: Any) -> Response:
        """Restrict the processing of a person's data (Art. 18 GDPR): kept, and not used."""
        given = self.given(NoteSerializer, request)
        return self.told(processing.restrict(self.get_object(), now=self.now, by=self.actor, **given))

    @extend_schema(request=NoteSerializer, responses={200: LicensedUserSerializer})
    @action(detail=True, methods=["post"], url_path="tell-of-lifting")
    def tell_of_lifting(self, request: Request, **kwargs: Any) -> Response:
        """Record that the person was told that the restriction will be lifted (Art. 18(3))."""
        given = self.given(NoteSerializer, request)
        return self.told(processing.tell_of_lifting(self.get_object(), now=self.now, by=self.actor, **given))

    @extend_schema(request=NoteSerializer, responses={200: LicensedUserSerializer})
    @action(detail=True, methods=["post"], url_path="lift-processing")
    def lift_processing(self, request: Request, **kwargs: Any) -> Response:
        """Let the data be used again. 409 if the person was not told before."""
        given = self.given(NoteSerializer, request)
        return self.told(processing.lift(self.get_object(), now=self.now, by=self.actor, **given))


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
