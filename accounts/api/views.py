"""The base of every REST view: authentication first, then everything else inside the caller's scope."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated, PermissionDenied, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from accounts import recent
from accounts.access import scope_of
from accounts.api.permissions import has, holds
from accounts.errors import FieldError, InvalidInput, Refused
from accounts.models import ApiToken, Caller, IdempotencyKey, Program, User
from accounts.operations import clock
from accounts.rules.permissions import Permission

KEEP = timedelta(hours=24)
UNKNOWN = "Nothing reads this name here."
REPEATED = "Say this once."
_MANY = (serializers.ListField, serializers.MultipleChoiceField)


def without_body(**documented: Any) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Mark a handler that takes no body, and document it so: what is sent there all the same is refused.

    Whoever sends something means it: an act on everything must not pass for one on what was named.
    """

    def mark(handler: Callable[..., Response]) -> Callable[..., Response]:
        vars(handler)["takes_no_body"] = True
        return extend_schema(request=None, **documented)(handler)

    return mark


class KeyReused(Refused):
    """The idempotency key was used for another request."""

    code = "idempotency_key_reused"


class _Answered(Exception):
    """The request was answered before; carries the stored answer."""

    def __init__(self, stored: IdempotencyKey) -> None:
        super().__init__(stored.key)
        self.stored = stored


def _for_digest(value: object) -> str:
    """Return what tells a value of a body from another: of a file its name and its bytes."""
    if not isinstance(value, UploadedFile):
        return str(value)
    read = hashlib.sha256()
    for piece in value.chunks():
        read.update(piece)
    value.seek(0)
    return f"{value.name} {read.hexdigest()}"


class ScopedView(APIView):
    """One transaction per call, in the caller's scope; an error rolls it back.

    ``POST`` honours the header ``Idempotency-Key``: within 24 hours the same key, caller and body get the first
    answer again and change nothing twice; another body is refused.
    """

    scopes: ExitStack
    # Fields of an answer that are never kept: a repeated call gets the answer without them.
    told_once: ClassVar[frozenset[str]] = frozenset()
    # A call that only asks: its answer is never kept, so that the next one is right again.
    only_asks: ClassVar[bool] = False
    # Actions of a resource, or methods in small letters, before which a browser's session must prove who calls.
    sensitive: ClassVar[frozenset[str]] = frozenset()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with ExitStack() as self.scopes:
            return super().dispatch(request, *args, **kwargs)

    def perform_authentication(self, request: Request) -> None:
        super().perform_authentication(request)
        user = request.user
        if isinstance(user, User | Program) and user.is_staff:
            self.scopes.enter_context(scope_of(user))

    def check_permissions(self, request: Request) -> None:
        """Check the right, then, where the act is sensitive, that a session's owner has just proven who they are.

        A token is let through: whoever issued it had proven that.
        """
        super().check_permissions(request)
        asked = getattr(self, "action", None) or str(request.method).lower()
        if asked in self.sensitive and not isinstance(request.auth, ApiToken) and not recent.proven(request._request):
            raise PermissionDenied(_("Prove again who you are, then repeat the call."), "reauthentication_required")

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, _Answered):
            body, status = exc.stored.response_body, exc.stored.response_status
            return Response(body, status=status, headers={"Idempotency-Replayed": "true"})
        response = super().handle_exception(exc)
        if connection.in_atomic_block:
            transaction.set_rollback(True)
        return response

    @cached_property
    def now(self) -> datetime:
        """The instant at which this call happens, read once."""
        return clock.instant()

    @property
    def caller(self) -> Caller:
        """The signed-in user, or the program. Every view asks for a permission, so there is one."""
        user = self.request.user
        if not isinstance(user, User | Program):
            raise NotAuthenticated
        return user

    @property
    def person(self) -> User:
        """The signed-in user, where it must be somebody. :raises PermissionDenied: a program calls."""
        user = self.caller
        if not isinstance(user, User):
            raise PermissionDenied(_("A person must do this."))
        return user

    @property
    def actor(self) -> str:
        """Who acts, for the trail."""
        return self.caller.actor

    def demand(self, permission: Permission) -> None:
        """Ask for one more right than the view's own. :raises PermissionDenied: the user, or the token, lacks it."""
        if not has(permission)().has_permission(self.request, self):
            raise PermissionDenied

    @property
    def held(self) -> frozenset[Permission]:
        """What this call may do: the user's rights, and of them what the token holds where one calls."""
        return frozenset(permission for permission in Permission if holds(self.request, permission))

    def given(
        self, serializer: type[serializers.Serializer[Any]], request: Request, *, partial: bool = False
    ) -> dict[str, Any]:
        """Return the body of a call, its form checked. A name that nothing reads may be a mistyped one that matters.

        :raises InvalidInput: a name is unknown, or comes twice where one value is read.
        """
        return _read(serializer(data=request.data, partial=partial), request.data)

    def asked(self, serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
        """Return the query of a call, its form checked. :raises InvalidInput: as :meth:`given`."""
        sent = request.query_params.copy()
        sent.pop(api_settings.URL_FORMAT_OVERRIDE, None)
        return _read(serializer(data=sent.dict()), sent)

    def refusal(self, code: str, detail: str) -> Response:
        """Answer 409 and commit: for a refusal that leaves its trace. Others are raised, and roll back."""
        error = {"code": code, "detail": detail, "attr": None}
        body = {
            "type": f"urn:terme:problem:{code}",
            "title": "Refused",
            "status": 409,
            "detail": detail,
            "code": code,
            "errors": [error],
        }
        return Response(body, status=409, content_type="application/problem+json")

    def touches(self, organization_id: int) -> None:
        """Note whose data the answer holds: a stored answer is erased with that organization."""
        if self._stored is not None and self._stored.organization_id is None:
            self._stored.organization_id = organization_id

    _stored: IdempotencyKey | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        handler = getattr(self, getattr(self, "action", None) or str(request.method).lower(), None)
        if getattr(handler, "takes_no_body", False):
            _refuse_unknown(request.data)
        key = request.headers.get("Idempotency-Key")
        if request.method == "POST" and key is not None and not self.only_asks:
            self._stored = self._claim(request, key)
            if self._stored.response_status is not None:
                raise _Answered(self._stored)

    def _claim(self, request: Request, key: str) -> IdempotencyKey:
        """Take the key in this transaction: a second caller waits here until the first one's transaction ends."""
        if not 1 <= len(key) <= 255 or not key.isprintable():
            raise ValidationError({"Idempotency-Key": "Between 1 and 255 printable characters."})
        digest = self._digest(request)
        IdempotencyKey.objects.filter(actor=self.actor, key=key, expires_at__lte=self.now).update(
            organization_id=self.caller.organization_id,  # not whose answer it kept before
            request_digest=digest,
            response_status=None,
            response_body=None,
            expires_at=self.now + KEEP,
        )
        IdempotencyKey.objects.bulk_create(
            [
                IdempotencyKey(
                    actor=self.actor,
                    key=key,
                    request_digest=digest,
                    organization_id=self.caller.organization_id,
                    created_at=self.now,
                    expires_at=self.now + KEEP,
                )
            ],
            ignore_conflicts=True,
        )
        found = IdempotencyKey.objects.select_for_update().filter(actor=self.actor, key=key).first()
        if found is None or found.request_digest != digest:  # none: it was used in another organization
            raise KeyReused("This idempotency key was used for another request.")
        return found

    @staticmethod
    def _digest(request: Request) -> str:
        sent = dict(request.data.lists()) if isinstance(request.data, MultiValueDict) else request.data
        body = json.dumps(sent, sort_keys=True, default=_for_digest)
        return hashlib.sha256(f"{request.method} {request.get_full_path()}\n{body}".encode()).hexdigest()

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        stored = self._stored
        if stored is not None and stored.response_status is None and response.status_code < 400:
            stored.response_status = response.status_code
            body = json.loads(JSONRenderer().render(response.data) or b"null")
            if self.told_once:
                body = {name: value for name, value in body.items() if name not in self.told_once}
            stored.response_body = body
            stored.save(update_fields=["response_status", "response_body", "organization_id"])
        return super().finalize_response(request, response, *args, **kwargs)


def _refuse_unknown(names: Iterable[str]) -> None:
    if found := sorted(names)[:20]:
        raise InvalidInput([FieldError(name[:80], "unknown_field", UNKNOWN) for name in found])


def _read(form: serializers.Serializer[Any], sent: Any) -> dict[str, Any]:
    if isinstance(sent, Mapping):
        _refuse_unknown(set(sent) - set(form.fields))
    if isinstance(sent, MultiValueDict):
        one = (name for name, field in form.fields.items() if not isinstance(field, _MANY))
        if again := [name for name in one if len(sent.getlist(name)) > 1]:
            raise InvalidInput([FieldError(name, "repeated", REPEATED) for name in again])
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)
