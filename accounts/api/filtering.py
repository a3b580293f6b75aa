"""Filters of lists."""

from typing import Any

from django.db import models
from django_filters.filters import BooleanFilter
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.settings import api_settings

from accounts.api.pagination import ByCreation
from accounts.api.views import REPEATED, UNKNOWN
from accounts.errors import FieldError, InvalidInput

PAGING = {ByCreation.cursor_query_param, ByCreation.page_size_query_param}
_BOOLEANS = {"true", "false", "1", "0"}


class Filters(DjangoFilterBackend):
    """The library's. A call that asks for nothing but a page is spared the form: no filter has a default.

    What would narrow a list and does not is refused: the library leaves it out, and answers with more than was meant.
    """

    def filter_queryset(self, request: Any, queryset: models.QuerySet[Any], view: Any) -> models.QuerySet[Any]:
        """:raises InvalidInput: a list is asked for by a name that nothing reads, without a value, or twice."""
        if request.query_params.keys() <= PAGING:
            return queryset
        if getattr(view, "action", None) == "list":
            self._check(request, queryset, view)
        found: models.QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return found

    def _check(self, request: Any, queryset: models.QuerySet[Any], view: Any) -> None:
        filterset = self.get_filterset_class(view, queryset)
        known: dict[str, Any] = {} if filterset is None else filterset.base_filters
        faults = []
        for name in sorted(request.query_params.keys() - PAGING - {api_settings.URL_FORMAT_OVERRIDE}):
            values = request.query_params.getlist(name)
            if name not in known:
                faults.append(FieldError(name[:80], "unknown_field", UNKNOWN))
            elif len(values) > 1:
                faults.append(FieldError(name, "repeated", REPEATED))
            elif not values[0].strip():
                faults.append(FieldError(name, "blank", "Say a value, or leave this out."))
            elif isinstance(known[name], BooleanFilter) and values[0].lower() not in _BOOLEANS:
                faults.append(FieldError(name, "invalid", "Must be a valid boolean."))
        if faults:
            raise InvalidInput(faults[:20])
