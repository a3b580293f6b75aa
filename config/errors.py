"""What people read when a page is refused, missing or broken. Machines read problem details (accounts/api/errors.py).

The pages stand alone: they ask for no file, so their policy lets the style in them stand, and nothing else.
"""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import translation

from config.gate import MACHINES

POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'"
)
CODES = {403: "permission_denied", 404: "not_found", 500: "error"}


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    return _answer(request, 403)


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404; whatever was raised, the address is not said again."""
    return _answer(request, 404)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer 500: the page is the same for everybody, in all languages, and reads nothing."""
    return _answer(request, 500)


def untrusted(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form without its token: it was open for too long, or is not ours."""
    return _answer(request, 403, template="403_csrf.html")


def _answer(request: HttpRequest, status: int, *, template: str = "") -> HttpResponse:
    if request.path.startswith(MACHINES):
        code, title = CODES[status], HTTPStatus(status).phrase
        body: dict[str, Any] = {"type": f"urn:terme:problem:{code}", "title": title, "status": status, "code": code}
        response: HttpResponse = JsonResponse(
            {**body, "detail": f"{title}.", "errors": []}, status=status, content_type="application/problem+json"
        )
    else:
        page = render_to_string(template or f"{status}.html", {"language": translation.get_language()})
        response = HttpResponse(page, status=status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = POLICY
    return response
