"""REST: price indices. Clients read series and values; the vendor names series, links them and imports values."""

from typing import IO, Any

from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.parsers import JSONParser
from accounts.api.resources import Resource
from accounts.errors import FieldError, InvalidInput
from accounts.rules.permissions import Permission
from contracts import labels
from contracts.models import IndexLink, IndexSeries, IndexValue
from contracts.operations import indices
from contracts.portfolio import index_values


class CsvParser(BaseParser):
    """A body of ``text/csv`` is the file itself."""

    media_type = "text/csv"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        try:
            return {"csv": stream.read().decode()}
        except UnicodeDecodeError as error:
            message = f"This is not UTF-8 (byte {error.start + 1}); save the file as CSV UTF-8."
            raise InvalidInput([FieldError("csv", "not_utf8", message)]) from error


class LinkSerializer(serializers.ModelSerializer[IndexLink]):
    new_series = serializers.CharField(source="new_series.code")

    class Meta:
        model = IndexLink
        fields = ["new_series", "coefficient", "from_period"]
        read_only_fields = fields


class SeriesSerializer(serializers.ModelSerializer[IndexSeries]):
    link = LinkSerializer(read_only=True, allow_null=True, help_text="What replaces the series, if anything does.")

    class Meta:
        model = IndexSeries
        fields = [
            "public_id",
            "code",
            "name",
            "publisher",
            "country",
            "unit",
            "periodicity",
            "longest_delay_months",
            "closed",
            "link",
        ]
        read_only_fields = fields


class NewSeriesSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=200)
    publisher = serializers.CharField(max_length=200)
    country = serializers.CharField(max_length=2)
    unit = serializers.CharField(max_length=80, allow_blank=True, default="", help_text="Such as 2015 = 100.")
    periodicity = serializers.ChoiceField(choices=list(labels.INDEX_PERIODICITY.items()))
    longest_delay_months = serializers.IntegerField(
        min_value=1,
        max_value=indices.LONGEST_DELAY,
        allow_null=True,
        default=None,
        help_text="A latest value whose period began longer ago counts as missing.",
    )


class NewLinkSerializer(serializers.Serializer[Any]):
    new_series = serializers.CharField(max_length=40, help_text="The code of the series that replaces this one.")
    coefficient = serializers.DecimalField(
        max_digits=None, decimal_places=None, help_text="A value of the new series × this is one of the old series."
    )
    from_period = serializers.DateField(help_text="First day of the first month or quarter it is for.")


class ValueSerializer(serializers.ModelSerializer[IndexValue]):
    series = serializers.CharField(source="series.code")

    class Meta:
        model = IndexValue
        fields = ["public_id", "series", "period", "value", "published_on", "recorded_at", "superseded_at"]
        read_only_fields = fields


class ImportSerializer(serializers.Serializer[Any]):
    csv = serializers.CharField(
        trim_whitespace=False, max_length=index_values.MAX_BYTES, help_text="Columns: docs/interfaces.md."
    )
    dry_run = serializers.BooleanField(default=False, help_text="Say what would be done, and write nothing.")


class PlannedValueSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField(help_text="As a spreadsheet counts: the header is row 1.")
    series = serializers.CharField()
    period = serializers.DateField()
    value = serializers.DecimalField(max_digits=18, decimal_places=8)
    published_on = serializers.DateField()
    outcome = serializers.ChoiceField(
        choices=["created", "corrected", "same"], help_text="`corrected`: the value differs from the one stored."
    )
    replaces = serializers.DecimalField(max_digits=18, decimal_places=8, allow_null=True)


class ImportAnswerSerializer(serializers.Serializer[Any]):
    imported = serializers.BooleanField()
    created = serializers.IntegerField()
    corrected = serializers.IntegerField()
    same = serializers.IntegerField()
    values = PlannedValueSerializer(many=True, help_text="What was created or corrected.")


class ValueFilter(filters.FilterSet):
    series = filters.CharFilter(field_name="series__code")
    period = filters.DateFilter()
    current = filters.BooleanFilter(field_name="superseded_at", lookup_expr="isnull", label="not corrected since")

    class Meta:
        model = IndexValue
        fields = ["series", "period", "current"]


class IndexSeriesResource(Resource):
    """Price indices that contracts name."""

    queryset = IndexSeries.objects.select_related("link__new_series").order_by("pk")
    serializer_class = SeriesSerializer
    filterset_fields = ["code", "country", "closed"]
    rights = {
        "list": Permission.VIEW_CONTRACT,
        "retrieve": Permission.VIEW_CONTRACT,
        "create": Permission.MANAGE_INDICES,
        "link": Permission.MANAGE_INDICES,
    }

    @extend_schema(request=NewSeriesSerializer, responses={201: SeriesSerializer})
    def create(self, request: Request) -> Response:
        """Name a series. 409 `index_series_exists` if its code is taken."""
        values = self.given(NewSeriesSerializer, request)
        return self.told(indices.create(now=self.now, by=self.actor, **values), status=201)

    @extend_schema(request=NewLinkSerializer, responses={200: SeriesSerializer})
    @action(detail=True, methods=["post"])
    def link(self, request: Request, **kwargs: Any) -> Response:
        """Say which series replaces this one, and close it."""
        values = self.given(NewLinkSerializer, request)
        code = values.pop("new_series")
        successor = IndexSeries.objects.filter(code=code).first()
        if successor is None:
            raise InvalidInput([FieldError("new_series", "unknown_series", "There is no series with this code.")])
        series = self.get_object()
        indices.link(series, to=successor, now=self.now, by=self.actor, **values)
        return self.told(self.get_object())


class IndexValueResource(Resource):
    """Values of price indices, corrected ones too."""

    queryset = IndexValue.objects.select_related("series").order_by("pk")
    serializer_class = ValueSerializer
    filterset_class = ValueFilter
    parser_classes = [JSONParser, CsvParser]
    rights = {
        "list": Permission.VIEW_CONTRACT,
        "retrieve": Permission.VIEW_CONTRACT,
        "import_values": Permission.MANAGE_INDICES,
    }

    @extend_schema(
        request={"application/json": ImportSerializer, "text/csv": OpenApiTypes.STR},
        responses={200: ImportAnswerSerializer},
        filters=False,
    )
    @action(detail=False, methods=["post"], url_path="import", pagination_class=None, filterset_class=None)
    def import_values(self, request: Request, **kwargs: Any) -> Response:
        """Import a CSV file of values: all of it or nothing, faults by row and column.

        The same file again writes nothing. A value that differs from the one stored is a correction: it is shown
        beside the figure that it replaces, which is kept.
        """
        values = self.given(ImportSerializer, request)
        content = values["csv"].encode()
        if values["dry_run"]:
            plan = indices.preview(index_values.read(content), now=self.now)
            if plan.errors:
                raise InvalidInput(plan.errors)
        else:
            plan = indices.run(content, now=self.now, by=self.actor)
        changed = [value for value in plan.values if value.outcome is not indices.Outcome.SAME]
        counts = {name: count for name, count in plan.counts().items() if name != "refused"}
        rows = [indices.told(value) for value in changed]
        return Response(ImportAnswerSerializer({"imported": not values["dry_run"], **counts, "values": rows}).data)
