"""REST: the revisions of prices by an index, and the decision on each. The vendor's own."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.resources import Resource
from accounts.api.views import without_body
from accounts.rules.permissions import Permission
from contracts import labels
from contracts.models import Uplift
from contracts.operations import uplifts


class UpliftSerializer(serializers.ModelSerializer[Uplift]):
    contract = serializers.UUIDField(source="contract.public_id")

    class Meta:
        model = Uplift
        fields = [
            "public_id",
            "contract",
            "number",
            "starts_on",
            "s0",
            "s0_period",
            "s1",
            "s1_period",
            "link",
            "factor",
            "price_before",
            "price_after",
            "currency",
            "state",
            "evidence",
            "evaluated_at",
            "decided_by",
            "decided_at",
        ]
        read_only_fields = fields


class UpliftFilter(filters.FilterSet):
    contract = filters.UUIDFilter(field_name="contract__public_id")
    state = filters.ChoiceFilter(choices=list(labels.UPLIFT_STATE.items()))

    class Meta:
        model = Uplift
        fields = ["contract", "state"]


class UpliftResource(Resource):
    """What an index makes of the next term's price: proposed before each renewal, flagged where a value is missing."""

    queryset = Uplift.objects.select_related("contract").order_by("pk")
    serializer_class = UpliftSerializer
    filterset_class = UpliftFilter
    rights = {
        "list": Permission.MANAGE_INDICES,
        "retrieve": Permission.MANAGE_INDICES,
        "apply": Permission.AMEND_CONTRACT,
        "reject": Permission.AMEND_CONTRACT,
    }

    @without_body(responses={200: UpliftSerializer})
    @action(detail=True, methods=["post"])
    def apply(self, request: Request, **kwargs: Any) -> Response:
        """Make the price the contract's from the first day of that term on. 409 once that day has come."""
        return self.told(uplifts.apply(self.get_object(), now=self.now, by=self.actor))

    @without_body(responses={200: UpliftSerializer})
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, **kwargs: Any) -> Response:
        """Leave the next term's price as it is."""
        return self.told(uplifts.reject(self.get_object(), now=self.now, by=self.actor))
