"""The base of SCIM's views: a token of one organization, its scope, one transaction a request, errors as SCIM's."""

from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import View
from rest_framework.request import Request
from scim2_models import (
    ForbiddenException,
    NotFoundException,
    PreconditionFailedException,
    ResponseParameters,
    UnauthorizedException,
)

from accounts import tenancy
from accounts.api.authentication import TokenAuthentication
from accounts.api.scim import errors
from accounts.models import Organization
from accounts.operations import clock
from accounts.rules.permissions import Permission

ROOT = "/scim/v2"


class ScimView(View):
    """An endpoint. What a handler raises is told in SCIM's shape, and nothing of it is kept.

    No session: a browser's cookie is not looked at, so there is nothing to forge.
    """

    # Read without a token: how to sign in stands there (RFC 7643 §5).
    public: ClassVar[bool] = False
    http_method_names = ["get", "post", "put", "patch", "delete"]
    organization: Organization
    actor: str

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        view: Any = super().as_view(**initkwargs)
        view.csrf_exempt = True
        view.login_required = False
        view.cls = cls  # it opens its scope itself, as REST's views do
        return view

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            if self.public:
                return self._handled(request, *args, **kwargs)
            organization_id = self._sign_in(request)
            with tenancy.tenant(organization_id):
                self.organization = Organization.objects.get(pk=organization_id)
                return self._handled(request, *args, **kwargs)
        except errors.EXPECTED as error:
            return errors.answer_of(error)

    def _handled(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        handler = getattr(self, (request.method or "").lower(), None)
        if (request.method or "").lower() not in self.http_method_names or handler is None:
            raise errors.MethodNotAllowed()
        found: HttpResponse = handler(request, *args, **kwargs)
        return found

    def _sign_in(self, request: HttpRequest) -> int:
        """Return whose token calls. The only place that knows who may provision.

        :raises UnauthorizedException: no token, or none that is usable. :raises ForbiddenException: a token of the
            vendor, or one without the permission.
        """
        found = TokenAuthentication().authenticate(Request(request))
        if found is None:
            raise UnauthorizedException(detail="Write: Authorization: Bearer <token>.")
        caller, token = found
        if token.organization_id is None:
            raise ForbiddenException(detail="SCIM takes a token of one organization; this one is the vendor's.")
        if Permission.PROVISION_USERS not in token.permissions or not caller.has_perm(Permission.PROVISION_USERS):
            raise ForbiddenException(detail=f"The token lacks the permission {Permission.PROVISION_USERS.value}.")
        self.actor = caller.actor
        return token.organization_id

    @cached_property
    def now(self) -> datetime:
        """The instant at which this call happens, read once."""
        return clock.instant()

    @cached_property
    def base(self) -> str:
        """The address that all locations begin with."""
        return self.request.build_absolute_uri(ROOT)

    def parameters(self, model: Any) -> ResponseParameters[Any]:
        """Return which attributes are asked for. :raises ValidationError: no names of attributes, or both kinds."""
        names = ("attributes", "excludedAttributes")
        given = {name: self.request.GET[name] for name in names if name in self.request.GET}
        bound: Any = ResponseParameters.__class_getitem__(model)
        found: ResponseParameters[Any] = bound.model_validate(given)
        return found


def respond(body: dict[str, Any], *, status: int = 200, version: str = "", location: str = "") -> HttpResponse:
    """Return an answer with a body, with its version and its place where it has them."""
    response = JsonResponse(body, status=status, content_type=errors.CONTENT_TYPE)
    if version:
        response.headers["ETag"] = version
    if location:
        response.headers["Location" if status == 201 else "Content-Location"] = location
    return response


def tag(version: int) -> str:
    """Return the entity tag of a version. It is weak: what is asked for decides the bytes."""
    return f'W/"{version}"'


def not_modified(request: HttpRequest, version: int) -> bool:
    """Say whether the caller has this version already (RFC 7644 §3.14)."""
    return _names(request.headers.get("If-None-Match", ""), version)


def refuse_if_changed(request: HttpRequest, version: int) -> None:
    """:raises PreconditionFailedException: the caller means another version than the one that is there."""
    wanted = request.headers.get("If-Match")
    if wanted is not None and not _names(wanted, version):
        raise PreconditionFailedException(detail="The resource has changed on the server.")
    if _names(request.headers.get("If-None-Match", ""), version):
        raise PreconditionFailedException(detail="The resource has the version that must not be there.")


def missing(kind: str, public_id: Any) -> NotFoundException:
    """Return the error that says that nothing has this id; a neighbour's is nothing too."""
    return NotFoundException(detail=f"{kind} {str(public_id)[:60]!a} not found.")


def _names(header: str, version: int) -> bool:
    """Compare weakly: SCIM's own examples send weak tags (RFC 7644 §3.14)."""
    tags = [one.strip().removeprefix("W/").strip('"') for one in header.split(",") if one.strip()]
    return "*" in tags or str(version) in tags
