"""The base of REST resources: lists and details by public id, a right for every action, what the answers may be."""

from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.shortcuts import get_object_or_404
from rest_framework import mixins, serializers, viewsets
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.permissions import Denied, has
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

    def given(self, serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
        """Return the body of a call, its form checked."""
        body = serializer(data=request.data)
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)

    def told(self, row: Any, *, status: int = 200) -> Response:
        """Answer with a row, and note whose data the answer holds."""
        organization_id = row.pk if isinstance(row, Organization) else getattr(row, "organization_id", None)
        if organization_id is not None:
            self.touches(organization_id)
        return Response(self.get_serializer(row).data, status=status)


def the_organization(public_id: UUID) -> Organization:
    """Return an organization of the caller's scope by the id in a body. :raises InvalidInput: there is none."""
    found = Organization.objects.filter(public_id=public_id).first()
    if found is None:
        raise InvalidInput([FieldError("organization", "unknown_organization", "There is no such organization.")])
    return found


def by_public_id[Row: models.Model](rows: models.QuerySet[Row], public_id: UUID) -> Row:
    """Return a row of the caller's scope, else 404."""
    return get_object_or_404(rows, public_id=public_id)
