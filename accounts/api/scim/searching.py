"""Lists and searches (RFC 7644 §3.4.2, §3.4.3): filtered, ordered, a page at a time."""

from typing import Any

from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import OrderBy, RawSQL
from django.http import HttpRequest
from scim2_models import Context, InvalidFilterException, InvalidPathException, SearchRequest

from accounts.api.scim import bodies
from accounts.api.scim.filters import LONGEST, Source, condition, order
from accounts.api.scim.resources import LARGEST_PAGE, LIST, PAGE

SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
_NAMES = ("filter", "sortBy", "sortOrder", "startIndex", "count", "attributes", "excludedAttributes")
FURTHEST = 2**31


def asked(request: HttpRequest, model: Any) -> SearchRequest[Any]:
    """Return what a query or a search asks for, checked against the schema.

    :raises ValidationError: an attribute is unknown, a filter or a number malformed.
    """
    if request.method == "POST":
        given = bodies.read(request, SEARCH)
    else:
        given = {name: request.GET[name] for name in _NAMES if name in request.GET}
    text = next((value for name, value in given.items() if name.lower() == "filter"), None)
    if isinstance(text, str) and len(text) > LONGEST:
        raise InvalidFilterException(detail=f"A filter has at most {LONGEST} characters")
    for name in ("sortOrder", "sortBy"):
        if given.get(name) == "":
            given.pop(name)
    bound: Any = SearchRequest.__class_getitem__(model)
    found: SearchRequest[Any] = bound.model_validate(given, scim_ctx=Context.SEARCH_REQUEST)
    return found


def page_of[Row: Any](
    rows: QuerySet[Row], wanted: SearchRequest[Any], model: Any, source: Source
) -> tuple[list[Row], int]:
    """Return a page of rows, and how many there are in all. Rows that compare equal come as they were added."""
    if wanted.filter is not None:
        where = condition(wanted.filter, source)
        rows = rows.filter(RawSQL(where.text, where.params, output_field=BooleanField()))
    total = rows.count()
    size = PAGE if wanted.count is None else min(wanted.count, LARGEST_PAGE)
    start = min(wanted.start_index_0 or 0, FURTHEST)
    if size == 0 or start >= total:
        return [], total
    ordered = rows.order_by(*_order(wanted, model, source), "pk")
    return list(ordered[start : start + size]), total


def listed(resources: list[dict[str, Any]], total: int, wanted: SearchRequest[Any]) -> dict[str, Any]:
    """Return the answer of a list."""
    return {
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": wanted.start_index or 1,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }


def _order(wanted: SearchRequest[Any], model: Any, source: Source) -> list[OrderBy]:
    if wanted.sort_by is None:
        return []
    binding = wanted.sort_binding(model)
    if binding is None:
        raise InvalidPathException(path=str(wanted.sort_by), detail=f"Nothing is sorted by {wanted.sort_by}")
    what = order(binding, source)
    descending = wanted.sort_order == SearchRequest.SortOrder.descending
    by = RawSQL(what.text, what.params)
    return [by.desc(nulls_first=True) if descending else by.asc(nulls_last=True)]
