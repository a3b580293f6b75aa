"""REST: the calculator. Any rule of dates and amounts, without stored data."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import SignedIn
from accounts.api.views import ScopedView
from accounts.errors import FieldError, InvalidInput
from contracts import calculator, explain
from contracts.rules.errors import InvalidInput as RefusedByRule


class ComputeSerializer(serializers.Serializer[Any]):
    rule = serializers.CharField(help_text=f"One of {', '.join(calculator.RULES)} (docs/deadlines.md).")
    inputs = serializers.DictField(help_text="The rule's inputs by name, as text.")


class ComputeView(ScopedView):
    """The calculator, for whoever is signed in: it reads nothing that belongs to anybody."""

    permission_classes = [SignedIn]

    @extend_schema(operation_id="deadlines_compute", request=ComputeSerializer, responses={200: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        """The rule's fields, and `explanation`: the steps that lead to them."""
        body = request.data
        if isinstance(body, dict) and (unknown := body.keys() - {"rule", "inputs"}):
            raise InvalidInput([FieldError(min(unknown), "unknown_input", "A body has rule and inputs.")])
        given = ComputeSerializer(data=body)
        given.is_valid(raise_exception=True)
        try:
            found = calculator.compute(given.validated_data["rule"], given.validated_data["inputs"])
        except RefusedByRule as error:
            raise InvalidInput([FieldError(error.field, error.code, error.detail)]) from error
        return Response(explain.told(found.to_json()))

    def handle_exception(self, exc: Exception) -> Response:
        """Name the field and its own code on top, as the command does on standard error."""
        response = super().handle_exception(exc)
        if response.status_code == 400 and response.data.get("errors"):
            first = response.data["errors"][0]
            response.data |= {"field": first["attr"], "code": first["code"]}
        return response
