"""Errors in SCIM's own shape (RFC 7644 §3.12), whatever went wrong."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse, JsonResponse
from pydantic import ValidationError
from rest_framework.exceptions import AuthenticationFailed
from scim2_models import (
    Error,
    ForbiddenException,
    InvalidValueException,
    PayloadTooLargeException,
    SCIMException,
    UnauthorizedException,
    UniquenessException,
)

from accounts.errors import InvalidInput, Refused

CONTENT_TYPE = "application/scim+json"
EXPECTED = (SCIMException, ValidationError, Refused, InvalidInput, AuthenticationFailed, RequestDataTooBig)


class UnsupportedMediaType(SCIMException):
    """The body is not JSON."""

    status = 415
    _default_detail = "Send application/scim+json or application/json"


class MethodNotAllowed(SCIMException):
    """The endpoint does not know the method."""

    status = 405
    _default_detail = "This endpoint does not know this method"


def answer_of(error: Exception) -> HttpResponse:
    """Return the answer that tells of one of the ``EXPECTED`` errors."""
    told = _told(error)
    status = told.status or 400
    response = JsonResponse(told.model_dump(), status=status, content_type=CONTENT_TYPE)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="scim"'
    return response


def _told(error: Exception) -> Error:
    if isinstance(error, ValidationError):
        return Error.from_validation_errors(_without_urls(error))[0]
    return _as_scim(error).to_error()


def _without_urls(error: ValidationError) -> list[Any]:
    return list(error.errors(include_url=False, include_input=False))


def _as_scim(error: Exception) -> SCIMException:
    if isinstance(error, SCIMException):
        return error
    if isinstance(error, AuthenticationFailed):
        return UnauthorizedException(detail=str(error.detail))
    if isinstance(error, InvalidInput):
        first = error.errors[0]
        return InvalidValueException(detail=f"{first.field}: {first.message}")
    if isinstance(error, Refused):
        return _refusal(error)
    return PayloadTooLargeException(detail="The body is too large")


def _refusal(error: Refused) -> SCIMException:
    if error.code == "user_name_taken":
        return UniquenessException(detail=error.message)
    if error.code == "organization_closed":
        return ForbiddenException(detail=error.message)
    conflict = SCIMException(detail=error.message)
    conflict.status = 409
    return conflict
