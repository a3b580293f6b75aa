"""The service with bare views beside its own: the same server, the same authentication, and no more than one SELECT."""

from typing import Any

import orjson
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework.request import Request

from accounts.access import scope_of
from accounts.api.authentication import TokenAuthentication
from accounts.models import User

PAGES: dict[str, bytes] = {}


def _caller(request: HttpRequest) -> User | None:
    found = TokenAuthentication().authenticate(Request(request))
    return None if found is None else found[0]


def entitlement(request: HttpRequest, external_id: str) -> HttpResponse:
    """Authenticate, read one row by its index, answer."""
    user = _caller(request)
    if user is None:
        return HttpResponse(status=401)
    with scope_of(user), connection.cursor() as cursor:
        cursor.execute(
            "SELECT status FROM accounts_licenseduser WHERE organization_id = %s AND external_id = %s "
            "AND status IN ('invited', 'active', 'restricted', 'suspended')",
            [user.organization_id, external_id],
        )
        row: Any = cursor.fetchone()
    return HttpResponse(orjson.dumps({"status": row[0]}), content_type="application/json")


def page(request: HttpRequest, name: str) -> HttpResponse:
    """Authenticate, and send the bytes that were put here: the answer of the view that is measured."""
    if request.method == "PUT":
        PAGES[name] = request.body
        return HttpResponse(status=204)
    user = _caller(request)
    if user is None:
        return HttpResponse(status=401)
    with scope_of(user):
        return HttpResponse(PAGES[name], content_type="application/json")


for _view in (entitlement, page):
    _view.login_required = False
    _view.csrf_exempt = True

urlpatterns = [
    path("bare/entitlements/<path:external_id>", entitlement),
    path("bare/pages/<str:name>", page),
    path("", include("config.urls")),
]
