"""The base of REST resources: lists and details by public id, a right for every action, what the answers may be."""

from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.shortcuts import get_object_or_404
from rest_framework import mixins, viewsets
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import Denied, has
from accounts.api.rows import rows_of
from accounts.api.views import ScopedView
from accounts.errors import FieldError, InvalidInput
from accounts.models import Organization
from accounts.rules.permissions import Permission


class Resource(ScopedView, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Any]):
    """A resource in the caller's scope. An action whose right is not named is closed to everybody."""

    lookup_field = "public_id"
    lookup_value_converter = "uuid"
    rights: ClassVar[dict[str, Permission]] = {}

    def get_permissions(self) -> list[BasePermission]:
        right = self.rights.get(self.action or "")
        return [Denied() if right is None else has(right)()]

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        serializer: Any = self.get_serializer_class()
        return self.listed(self._asked(serializer), serializer)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        serializer: Any = self.get_serializer_class()
        columns = rows_of(serializer)
        if columns is None:
            return super().retrieve(request, *args, **kwargs)
        row = get_object_or_404(columns.of(self._asked(serializer)), **{self.lookup_field: kwargs[self.lookup_field]})
        return Response(columns.told([row], serializer(context=self.get_serializer_context()))[0])

    def listed(self, rows: models.QuerySet[Any], serializer: Any) -> Response:
        """Answer with a page of rows: read as columns where the serializer asks for no more, else as models."""
        columns, context = rows_of(serializer), self.get_serializer_context()
        if columns is None:
            page = self.paginate_queryset(rows)
            return self.get_paginated_response(serializer(page, many=True, context=context).data)
        page = self.paginate_queryset(columns.of(rows))
        return self.get_paginated_response(columns.told(page or [], serializer(context=context)))

    def _asked(self, serializer: Any) -> models.QuerySet[Any]:
        """Return the rows of the resource that the query asks for, as columns already where that is prepared."""
        own = type(self).get_queryset is not viewsets.GenericViewSet.get_queryset
        prepared = None if own else _prepared(type(self), serializer)
        return self.filter_queryset(self.get_queryset() if prepared is None else prepared.all())

    def owner(self, public_id: UUID | None) -> Organization | None:
        """Return whose something new is: who is named, else the caller's own organization; none is the vendor."""
        if public_id is not None:
            return the_organization(public_id)
        own = self.caller.organization_id
        return None if own is None else Organization.objects.get(pk=own)

    def told(self, row: Any, *, status: int = 200) -> Response:
        """Answer with a row, and note whose data the answer holds."""
        organization_id = row.pk if isinstance(row, Organization) else getattr(row, "organization_id", None)
        if organization_id is not None:
            self.touches(organization_id)
        return Response(self.get_serializer(row).data, status=status)


@cache
def _prepared(view: type[Resource], serializer: Any) -> models.QuerySet[Any] | None:
    """Return a resource's rows as columns, before any filter: made once, since naming fifty columns takes its time."""
    columns = rows_of(serializer)
    return None if columns is None or view.queryset is None else columns.of(view.queryset.all())


def the_organization(public_id: UUID) -> Organization:
    """Return an organization of the caller's scope by the id in a body. :raises InvalidInput: there is none."""
    found = Organization.objects.filter(public_id=public_id).first()
    if found is None:
        raise InvalidInput([FieldError("organization", "unknown_organization", "There is no such organization.")])
    return found


def by_public_id[Row: models.Model](rows: models.QuerySet[Row], public_id: UUID) -> Row:
    """Return a row of the caller's scope, else 404."""
    return get_object_or_404(rows, public_id=public_id)
