"""The REST endpoint that takes content in."""

import json
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import tenancy
from accounts.api.permissions import has
from accounts.api.views import ScopedView
from accounts.models import Organization
from accounts.rules.permissions import Permission
from retention.content.lines import KINDS, ContentLine, RejectedLine, parse_line
from retention.enums import MessageRole
from retention.operations import vault


class ContentLineSerializer(serializers.Serializer[object]):
    """One line of content, the same as in a file for ``load_content``; which fields are needed goes by its kind."""

    kind = serializers.ChoiceField(choices=KINDS)
    id = serializers.CharField(max_length=200, help_text="The product's own id; the same id again is stored once.")
    at = serializers.DateTimeField(help_text="When it happened, with an offset from UTC.")
    organization = serializers.UUIDField(required=False, help_text="If given, the organization of the address.")
    author = serializers.CharField(required=False, max_length=200, help_text="External id of a licensed user.")
    conversation = serializers.CharField(required=False, max_length=200, help_text="Messages: its conversation's id.")
    role = serializers.ChoiceField(required=False, choices=MessageRole.choices, help_text="Messages: who speaks.")
    title = serializers.CharField(required=False, help_text="Conversations.")
    name = serializers.CharField(required=False, help_text="Context items.")
    text = serializers.CharField(required=False, help_text="Messages and context items.")
    type = serializers.SlugField(required=False, max_length=60, help_text="Diagnostics.")
    payload = serializers.DictField(required=False, help_text="Diagnostics.")


class RejectedLineSerializer(serializers.Serializer[RejectedLine]):
    number = serializers.IntegerField(help_text="Place in the list; the first is 1.")
    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class WriteResultSerializer(serializers.Serializer[vault.WriteResult]):
    created = serializers.IntegerField()
    existing = serializers.IntegerField(help_text="Stored before, by the same id: nothing was changed.")
    rejected = RejectedLineSerializer(many=True)


class ContentView(ScopedView):
    """Content of one organization."""

    permission_classes = [has(Permission.INGEST_CONTENT)]

    @extend_schema(
        operation_id="organization_content_create",
        request=ContentLineSerializer(many=True),
        responses={200: WriteResultSerializer},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Store up to 1000 lines. Each line stands for itself: wrong ones are listed with field and reason, the
        others are stored; so the answer is 200 even if every line was rejected. 409 `vault_closed` once the
        organization's content is being destroyed.
        """
        organization = get_object_or_404(Organization, public_id=public_id)
        body = serializers.ListField(
            child=serializers.JSONField(allow_null=True), allow_empty=False, max_length=vault.LARGEST_BATCH
        ).run_validation(request.data)
        lines: list[ContentLine] = []
        rejected: list[RejectedLine] = []
        for number, item in enumerate(body, start=1):
            line = parse_line(json.dumps(item).encode(), number)
            if isinstance(line, RejectedLine):
                rejected.append(line)
            elif line.organization not in (None, organization.public_id):
                rejected.append(
                    RejectedLine(number, "organization", "other_organization", "The line names another organization.")
                )
            else:
                lines.append(line)
        # The vendor's scope reads everything and writes no content: only a tenant's scope does.
        with tenancy.tenant(organization.pk):
            stored = vault.write(organization, lines, now=self.now, by=self.actor)
        self.touches(organization.pk)
        rejected = sorted([*rejected, *stored.rejected], key=lambda line: line.number)
        return Response(WriteResultSerializer(vault.WriteResult(stored.created, stored.existing, rejected)).data)
