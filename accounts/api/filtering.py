"""Filters of lists."""

from typing import Any

from django.db import models
from django_filters.rest_framework import DjangoFilterBackend

from accounts.api.pagination import ByCreation

PAGING = {ByCreation.cursor_query_param, ByCreation.page_size_query_param}


class Filters(DjangoFilterBackend):
    """The library's. A call that asks for nothing but a page is spared the form: no filter has a default."""

    def filter_queryset(self, request: Any, queryset: models.QuerySet[Any], view: Any) -> models.QuerySet[Any]:
        if request.query_params.keys() <= PAGING:
            return queryset
        found: models.QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return found
