"""Discovery (RFC 7644 §4): what the service supports, its schemas and types of resources; and what it does not do."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from scim2_models import ForbiddenException, NotFoundException, NotImplementedException

from accounts.api.scim.base import ScimView, respond
from accounts.api.scim.resources import CONFIG, LIST, PROVIDER


class _Discovery(ScimView):
    def refuse_filter(self, request: HttpRequest) -> None:
        """:raises ForbiddenException: discovery is not filtered (RFC 7644 §4)."""
        if "filter" in request.GET:
            raise ForbiddenException(detail="What the service supports is not filtered.")

    def described(self, resource: Any, kind: str, place: str) -> dict[str, Any]:
        """Return a description, with where it stands."""
        found: dict[str, Any] = resource.model_dump()
        found["meta"] = {"resourceType": kind, "location": f"{self.base}/{place}"}
        return found

    def all_of(self, found: Sequence[dict[str, Any]]) -> HttpResponse:
        """Answer with a list that is never paged."""
        total = len(found)
        counts = {"totalResults": total, "startIndex": 1, "itemsPerPage": total}
        return respond({"schemas": [LIST], **counts, "Resources": list(found)})

    def one_of(self, found: Sequence[dict[str, Any]], wanted: str) -> HttpResponse:
        """Answer with the one of this id. :raises NotFoundException: there is none."""
        for one in found:
            if one["id"].lower() == wanted.lower():
                return respond(one)
        raise NotFoundException(detail="There is no such description.")


class ConfigView(_Discovery):
    public = True

    def get(self, request: HttpRequest) -> HttpResponse:
        self.refuse_filter(request)
        return respond(self.described(CONFIG, "ServiceProviderConfig", "ServiceProviderConfig"))


class SchemasView(_Discovery):
    def get(self, request: HttpRequest, schema: str = "") -> HttpResponse:
        self.refuse_filter(request)
        found = [self.described(one, "Schema", f"Schemas/{one.id}") for one in PROVIDER.schemas]
        return self.one_of(found, schema) if schema else self.all_of(found)


class ResourceTypesView(_Discovery):
    def get(self, request: HttpRequest, name: str = "") -> HttpResponse:
        self.refuse_filter(request)
        found = [self.described(one, "ResourceType", f"ResourceTypes/{one.id}") for one in PROVIDER.resource_types]
        return self.one_of(found, name) if name else self.all_of(found)


class _Unsupported(ScimView):
    what = ""

    def get(self, request: HttpRequest) -> HttpResponse:
        raise NotImplementedException(detail=f"{self.what} is not supported.")

    post = put = patch = delete = get


class MeView(_Unsupported):
    what = "/Me: whom a token acts for is no user of the product, it"


class BulkView(_Unsupported):
    what = "/Bulk"


class RootSearchView(_Unsupported):
    what = "A search over all types of resources: search /Users or /Groups; it"


class UnknownView(ScimView):
    """Whatever else is asked for."""

    def get(self, request: HttpRequest, path: str) -> HttpResponse:
        raise NotFoundException(detail="There is no such endpoint.")

    post = put = patch = delete = get
