"""What the pages without sign-in share: the language, what their answers forbid, how often somebody may try."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import translation
from django.utils.crypto import salted_hmac
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.api.throttling import PerActor
from accounts.errors import InvalidInput
from accounts.signin.pages import OWN_SCOPE
from accounts.wording import worded
from retention.rules.subjects import mailbox

type View = Callable[..., HttpResponse]
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
TOO_OFTEN = _("There were too many attempts from here. Wait some minutes, then try again.")


class PerVisitor(PerActor):
    """How often one address may send something: it takes no account."""

    scope = "privacy"


class PerMailbox(PerActor):
    """How often mail is sent to one address, whoever asks for it. The cache knows a keyed digest only."""

    scope = "privacy_mailbox"

    def __init__(self, email: str) -> None:
        super().__init__()
        self.digest = salted_hmac("terme.privacy_mailbox", mailbox(email), algorithm="sha256").hexdigest()

    def get_cache_key(self, request: Request, view: APIView) -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.digest}


def may_try(request: HttpRequest, throttle: PerActor) -> bool:
    """Count one attempt, and say whether it was not one too many."""
    return bool(throttle.allow_request(Request(request), APIView()))


def public(view: View) -> View:
    """Return a view as everybody may call it. It opens its scope itself; without the cache no limit can be counted."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with translation.override(language_of(request)):
            try:
                return view(request, *args, **kwargs)
            except RedisError:
                return said(request, _("This is not possible at the moment. Try again in some minutes."), status=503)

    setattr(shown, OWN_SCOPE, True)
    return login_not_required(shown)


def language_of(request: HttpRequest) -> str:
    """Return the language that the address asks for (``?language=``), else the browser's."""
    known = [code for code, _name in settings.LANGUAGES]
    asked = request.GET.get("language", "")
    return asked if asked in known else translation.get_language() or known[0]


def page(request: HttpRequest, name: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Render a page now, while its scope is open. Nobody keeps it, nothing is loaded from elsewhere."""
    known = [code for code, _name in settings.LANGUAGES]
    more = {
        "language": translation.get_language(),
        # Each in its own words: who cannot read the page finds their own.
        "languages": [(code, translation.get_language_info(code)["name_local"]) for code in known],
        "vendor": settings.VENDOR_NAME or "Terme",
    }
    response = TemplateResponse(request, f"privacy/{name}.html", more | context, status=status)
    response.headers["Content-Security-Policy"] = POLICY
    # The address holds the link: it is told to nobody else. Our own forms are known by it.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response.render()


def said(request: HttpRequest, text: str | Promise, *, status: int = 200, good: bool = False) -> HttpResponse:
    """Answer with a page of one sentence."""
    return page(request, "said", {"said": text, "good": good}, status=status)


def faults_of(error: InvalidInput) -> dict[str, str]:
    """Return what is wrong, by field."""
    return {fault.field: worded(fault.message) for fault in error.errors}
