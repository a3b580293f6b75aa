"""What wraps every page: the scope of its database transaction, and the content security policy."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve, reverse
from django_structlog.middlewares import RequestMiddleware
from django_structlog.signals import bind_extra_request_metadata

from accounts import recent
from accounts.access import scope_of
from accounts.models import User
from accounts.signin.pages import OWN_SCOPE

View = Callable[..., HttpResponse]


class RequestLog(RequestMiddleware):
    """The log of requests, with the route instead of the path: the ids of people never enter a log."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        try:
            route = resolve(request.path_info).route
        except Resolver404:
            route = "(unknown)"
        return f"{request.method} /{route}"


@receiver(bind_extra_request_metadata, sender=RequestLog)
def _without_user_agent(log_kwargs: dict[str, Any], **_other: Any) -> None:
    """Leave out what a program calls itself: anybody may write an address there, and many do."""
    log_kwargs.pop("user_agent", None)


class SessionLife:
    """End a session that is too old, or was left alone for too long (``SESSION_LIFE``, ``SESSION_IDLE``)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and recent.expired(request):
            request.session.flush()
            request.user = AnonymousUser()
        return self.get_response(request)


class RequestScope:
    """Call each page inside its user's scope, and render it there: lists are read while the template runs.

    REST views open their scope themselves, after their own authentication (accounts/api/views.py), the pages of sign-in
    theirs (accounts/signin/pages.py). Who must have a second factor and has none reaches the latter only.
    """

    OPEN = frozenset({"admin:logout", "admin:jsi18n", "set_language"})

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        user = request.user
        if hasattr(view, "cls") or hasattr(view, OWN_SCOPE) or not isinstance(user, User) or not user.is_staff:
            return None
        if recent.lacks_factor(request) and resolve(request.path_info).view_name not in self.OPEN:
            return HttpResponseRedirect(reverse("mfa_index"))
        with scope_of(user):
            response = view(request, *args, **kwargs)
            render = getattr(response, "render", None)
            return render() if callable(render) else response


class ContentSecurity:
    """A strict policy everywhere; on the admin, the pages of sign-in and the API's, what their scripts need."""

    STRICT = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    PAGES = (
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'; frame-ancestors 'none'; base-uri 'none'; "
        "form-action 'self'; object-src 'none'"
    )

    # Sign-in runs scripts of its own files only, none that stand in the page.
    SIGN_IN = PAGES.replace("script-src 'self' 'unsafe-inline'", "script-src 'self'")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy(request.path))
        if not request.path.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    def policy(self, path: str) -> str:
        """Return the policy of the page at a path."""
        if path.startswith(("/admin/", "/api/v1/docs")):
            return self.PAGES
        return self.SIGN_IN if path.startswith("/account/") else self.STRICT
