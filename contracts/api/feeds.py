"""REST: calendar feeds, made, listed and revoked. The calendar itself is read at an address that is its credential."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.resources import Resource, the_organization
from accounts.api.views import without_body
from accounts.errors import FieldError, InvalidInput
from accounts.models import Organization, User
from accounts.rules.permissions import Permission
from contracts import labels
from contracts.enums import CalendarFeedKind
from contracts.models import CalendarFeed
from contracts.operations import feeds


class FeedSerializer(serializers.ModelSerializer[CalendarFeed]):
    organization = serializers.UUIDField(source="organization.public_id", allow_null=True, default=None)
    owner = serializers.UUIDField(source="owner.public_id", allow_null=True, default=None)

    class Meta:
        model = CalendarFeed
        fields = [
            "public_id",
            "kind",
            "organization",
            "owner",
            "language",
            "prefix",
            "created_by",
            "created_at",
            "revoked_at",
            "last_fetched_at",
        ]
        read_only_fields = fields


class MadeFeedSerializer(FeedSerializer):
    token = serializers.CharField(help_text="Told this once: only its digest is kept.")
    url = serializers.CharField(help_text="The address of the calendar. Whoever knows it may read it.")

    class Meta(FeedSerializer.Meta):
        fields = [*FeedSerializer.Meta.fields, "token", "url"]
        read_only_fields = fields


class NewFeedSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=labels.CALENDAR_FEED_KINDS, default="organization")
    organization = serializers.UUIDField(
        allow_null=True, default=None, help_text="For a calendar of one organization; a client's own by default."
    )
    owner = serializers.UUIDField(
        allow_null=True, default=None, help_text="For a calendar of an owner's contracts; the caller by default."
    )
    language = serializers.ChoiceField(choices=labels.CALENDAR_LANGUAGES, allow_null=True, default=None)


class FeedResource(Resource):
    """Subscriptions to the calendar of contracts."""

    queryset = CalendarFeed.objects.select_related("organization", "owner").order_by("pk")
    serializer_class = FeedSerializer
    told_once = frozenset({"token", "url"})
    rights = {
        "list": Permission.MANAGE_FEEDS,
        "retrieve": Permission.MANAGE_FEEDS,
        "create": Permission.MANAGE_FEEDS,
        "revoke": Permission.MANAGE_FEEDS,
    }

    @extend_schema(request=NewFeedSerializer, responses={201: MadeFeedSerializer})
    def create(self, request: Request) -> Response:
        """Make a calendar feed. Clients make those of their own organization.

        The token is told in this answer only; a repeated call with the same idempotency key gets the rest of it.
        """
        values = self.given(NewFeedSerializer, request)
        kind = CalendarFeedKind(values["kind"])
        feed, token = feeds.make(
            kind=kind,
            maker=self.person,
            organization=self._organization(kind, values["organization"]),
            owner=self._owner(kind, values["owner"]),
            language=values["language"],
            now=self.now,
        )
        if feed.organization_id is not None:
            self.touches(feed.organization_id)
        return Response({**FeedSerializer(feed).data, "token": token, "url": feeds.address_of(token)}, status=201)

    @without_body(responses={200: FeedSerializer})
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, **kwargs: Any) -> Response:
        """Close a feed at once. 409 `feed_revoked` if it is closed already."""
        return self.told(feeds.revoke(self.get_object(), now=self.now, by=self.actor))

    def _organization(self, kind: CalendarFeedKind, public_id: UUID | None) -> Organization | None:
        if public_id is not None:
            return the_organization(public_id)
        if kind is CalendarFeedKind.ORGANIZATION and self.caller.organization_id is not None:
            return Organization.objects.get(pk=self.caller.organization_id)
        return None

    def _owner(self, kind: CalendarFeedKind, public_id: UUID | None) -> User | None:
        if public_id is None:
            return self.person if kind is CalendarFeedKind.OWNER else None
        found = User.objects.filter(public_id=public_id).first()
        if found is None:
            raise InvalidInput([FieldError("owner", "unknown_owner", "There is no such person.")])
        return found
