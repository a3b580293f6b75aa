"""Bodies read strictly as JSON; what providers are known to send otherwise than the RFC is put into its form."""

import json
from typing import Any

from django.http import HttpRequest
from scim2_models import InvalidSyntaxException

from accounts.api.scim.errors import UnsupportedMediaType
from accounts.rules import profiles

MEDIA = ("application/scim+json", "application/json")


def read(request: HttpRequest, schema: str) -> dict[str, Any]:
    """Return the object in a body.

    :raises UnsupportedMediaType: it is said to be something else. :raises InvalidSyntaxException: it is no JSON, names
        a member twice, holds what cannot be stored, or says that it is something other than ``schema``.
    """
    if request.body and request.content_type not in MEDIA:
        raise UnsupportedMediaType()
    try:
        found = json.loads(request.body.decode(), object_pairs_hook=_members, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        detail = str(error) if isinstance(error, _Twice) else "The body is no JSON"
        raise InvalidSyntaxException(detail=detail) from None
    if not isinstance(found, dict):
        raise InvalidSyntaxException(detail="The body is no object")
    if profiles.unstorable(found):
        raise InvalidSyntaxException(detail="A text holds a character that cannot be stored")
    given = next((value for name, value in found.items() if name.lower() == "schemas"), None)
    named = [one.lower() for one in given if isinstance(one, str)] if isinstance(given, list) else []
    if given and schema.lower() not in named:
        raise InvalidSyntaxException(detail=f"The schemas do not name {schema}")
    return found


class _Twice(ValueError):
    """A member is named twice; names have no case (RFC 7643 §2.1)."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: set[str] = set()
    for name, _value in pairs:
        if name.lower() in seen:
            raise _Twice(f"The member {name[:60]!a} comes twice")
        seen.add(name.lower())
    return dict(pairs)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
