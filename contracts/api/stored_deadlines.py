"""REST: stored deadlines, with the days, the rule and the why of each; met by a person with a reason."""

from datetime import datetime
from typing import Any, cast

from django.db.models import Exists, OuterRef, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.resources import Resource
from accounts.api.rows import computed
from accounts.rules.permissions import Permission
from contracts import labels
from contracts.explain import reasons
from contracts.models import Deadline
from contracts.operations import deadlines
from contracts.rules.deadlines import is_late


class DeadlineSerializer(serializers.ModelSerializer[Deadline]):
    organization = serializers.UUIDField(source="organization.public_id")
    contract = serializers.UUIDField(source="contract.public_id")
    late = serializers.SerializerMethodField(help_text="Open although its last day is over.")
    reasons = serializers.SerializerMethodField(help_text="Why these days, in sentences of the asked language.")

    class Meta:
        model = Deadline
        fields = [
            "public_id",
            "organization",
            "contract",
            "kind",
            "subject_type",
            "subject_id",
            "occurrence",
            "nominal_on",
            "legal_on",
            "internal_on",
            "other_reading_on",
            "calendar_country",
            "time_zone",
            "rule",
            "version",
            "inputs",
            "why",
            "reasons",
            "due_at",
            "late",
            "lapses",
            "opened_at",
            "met_at",
            "met_by",
            "superseded_at",
            "superseded_by",
        ]
        read_only_fields = fields

    @computed("due_at", "lapses", "met_at", "superseded_at")
    def get_late(self, due_at: datetime, lapses: bool, met_at: datetime | None, superseded_at: datetime | None) -> bool:
        now = self.context["view"].now
        return is_late(due_at=due_at, lapses=lapses, met_at=met_at, superseded_at=superseded_at, at=now)

    @computed("why")
    def get_reasons(self, why: Any) -> list[str]:
        return reasons(why)


class MeetSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=1000, help_text="What was done. It can be erased later.")


class DeadlineFilter(filters.FilterSet):
    organization = filters.UUIDFilter(field_name="organization__public_id")
    contract = filters.UUIDFilter(field_name="contract__public_id")
    kind = filters.ChoiceFilter(choices=list(labels.DEADLINE_KIND.items()))
    due_before = filters.IsoDateTimeFilter(field_name="due_at", lookup_expr="lt")
    open = filters.BooleanFilter(method="in_open", label="Neither met nor superseded; false: the others.")
    late = filters.BooleanFilter(method="in_late", label="Open although its last day is over; false: the others.")

    class Meta:
        model = Deadline
        fields = ["organization", "contract", "kind", "due_before", "open", "late"]

    def in_open(self, found: QuerySet[Deadline], name: str, value: bool) -> QuerySet[Deadline]:
        return _among(found, Deadline.objects.open(), value)

    def in_late(self, found: QuerySet[Deadline], name: str, value: bool) -> QuerySet[Deadline]:
        view = cast(Request, self.request).parser_context["view"]
        return _among(found, Deadline.objects.late(at=view.now), value)


def _among(found: QuerySet[Deadline], wanted: QuerySet[Deadline], value: bool) -> QuerySet[Deadline]:
    matching = Exists(wanted.filter(pk=OuterRef("pk")))
    return found.filter(matching if value else ~matching)


class DeadlineResource(Resource):
    """What is due by which day, and why. Superseded ones stay as history."""

    queryset = Deadline.objects.select_related("organization", "contract").order_by("pk")
    serializer_class = DeadlineSerializer
    filterset_class = DeadlineFilter
    rights = {
        "list": Permission.VIEW_CONTRACT,
        "retrieve": Permission.VIEW_CONTRACT,
        "meet": Permission.RENEW_CONTRACT,
    }

    @extend_schema(request=MeetSerializer, responses={200: DeadlineSerializer})
    @action(detail=True, methods=["post"])
    def meet(self, request: Request, **kwargs: Any) -> Response:
        """Record that somebody has done what it asks for. 409 `deadline_closed` once it is met or superseded."""
        values = self.given(MeetSerializer, request)
        return self.told(deadlines.meet(self.get_object(), **values, now=self.now, by=self.actor))
