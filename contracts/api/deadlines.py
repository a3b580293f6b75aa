"""REST: the calculator. Any rule of dates and amounts, without stored data."""

import codecs
import json
from collections.abc import Mapping
from typing import IO, Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import SignedIn
from accounts.api.views import ScopedView
from accounts.errors import FieldError, InvalidInput
from contracts import calculator, explain
from contracts.rules.errors import InvalidInput as RefusedByRule


class OnceParser(JSONParser):
    """JSON in which no name comes twice: of two values nobody could say which was meant."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """:raises ParseError: it is no JSON; :raises InvalidInput: a name comes twice."""
        try:
            return json.load(codecs.getreader("utf-8")(stream), object_pairs_hook=_once, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"JSON parse error - {error}") from error


class ComputeSerializer(serializers.Serializer[Any]):
    rule = serializers.CharField(help_text=f"One of {', '.join(calculator.RULES)} (docs/deadlines.md).")
    inputs = serializers.DictField(help_text="The rule's inputs by name, as text.")


class ComputeView(ScopedView):
    """The calculator, for whoever is signed in: it reads nothing that belongs to anybody."""

    permission_classes = [SignedIn]
    parser_classes = [OnceParser]

    @extend_schema(operation_id="deadlines_compute", request=ComputeSerializer, responses={200: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        """The rule's fields, and `explanation`: the steps that lead to them."""
        body = request.data
        if not isinstance(body, dict):
            raise InvalidInput([FieldError("rule", "not_an_object", "A body is an object with rule and inputs.")])
        if unknown := body.keys() - {"rule", "inputs"}:
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


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise InvalidInput([FieldError(name, "duplicate", "this input is there twice")])
        found[name] = value
    return found


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")
