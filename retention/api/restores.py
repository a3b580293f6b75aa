"""REST: restores that were noticed, each with its report."""

from django_filters import rest_framework as filters
from rest_framework import serializers

from accounts.api.resources import Resource
from accounts.rules.permissions import Permission
from retention.enums import RestoreKind
from retention.models import Restore


class RestoreSerializer(serializers.ModelSerializer[Restore]):
    """``replayed``: each entry's run and its outcome; ``report``: what is known of the time since the backup."""

    class Meta:
        model = Restore
        fields = [
            "public_id",
            "kind",
            "known_until",
            "noticed_at",
            "noticed_by",
            "finished_at",
            "replayed",
            "report",
        ]
        read_only_fields = fields


class RestoreFilter(filters.FilterSet):
    kind = filters.ChoiceFilter(choices=RestoreKind.choices)

    class Meta:
        model = Restore
        fields = ["kind"]


class RestoreResource(Resource):
    """Restores that were noticed: what was replayed, what is to be entered again."""

    queryset = Restore.objects.order_by("pk")
    serializer_class = RestoreSerializer
    filterset_class = RestoreFilter
    rights = {"list": Permission.VIEW_OPERATION, "retrieve": Permission.VIEW_OPERATION}
