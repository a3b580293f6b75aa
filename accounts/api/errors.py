"""Errors as problem details (RFC 9457): a refusal is 409, bad input 400, each with machine-readable codes."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import exception_handler
from drf_standardized_errors.types import ErrorResponse
from rest_framework import exceptions, status
from rest_framework.response import Response

from accounts.errors import InvalidInput, Refused

CONTENT_TYPE = "application/problem+json"


class Conflict(exceptions.APIException):
    """A refusal of an operation, as an API error."""

    status_code = status.HTTP_409_CONFLICT


class TooLarge(exceptions.APIException):
    """A body of more bytes than are read into memory."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE


class ProblemDetails(ExceptionFormatter):
    """``type``, ``title``, ``status``, ``detail``, ``code``, and ``errors`` with ``code``, ``detail``, ``attr``."""

    def format_error_response(self, error_response: ErrorResponse) -> dict[str, Any]:
        errors = [{"code": e.code, "detail": e.detail, "attr": e.attr} for e in error_response.errors]
        first = errors[0] if errors else {"code": "error", "detail": ""}
        code = "invalid_input" if error_response.type == "validation_error" else first["code"]
        return {
            "type": f"urn:terme:problem:{code}",
            "title": _TITLES.get(self.exc.status_code, "Error"),
            "status": self.exc.status_code,
            "detail": first["detail"],
            "code": code,
            "errors": errors,
        }


_TITLES = {
    400: "Bad input",
    401: "Sign-in required",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Refused",
    413: "Too large",
    415: "Unsupported media type",
    429: "Too many requests",
    500: "Error of the server",
}


def handle(exc: Exception, context: Any) -> Response | None:
    """Translate the domain's errors, then let the library shape them."""
    if isinstance(exc, Refused):
        exc = Conflict(detail=exc.message, code=exc.code)
    elif isinstance(exc, InvalidInput):
        exc = exceptions.ValidationError(_by_field(exc))
    elif isinstance(exc, RequestDataTooBig):
        exc = TooLarge(f"At most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024 // 1024} MiB.", code="too_large")
    elif isinstance(exc, SuspiciousOperation):  # a form of too many fields or files
        exc = exceptions.ParseError(str(exc))
    response = exception_handler(exc, context)
    if response is not None:
        response.content_type = CONTENT_TYPE
    return response


def _by_field(exc: InvalidInput) -> dict[str, list[exceptions.ErrorDetail]]:
    found: dict[str, list[exceptions.ErrorDetail]] = {}
    for error in exc.errors:
        where = error.field if error.row is None else f"row {error.row}.{error.field}"
        found.setdefault(where, []).append(exceptions.ErrorDetail(error.message, code=error.code))
    return found
