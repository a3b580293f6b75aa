"""How allauth's pages are called: in the vendor's scope, in the admin's look, with every refusal answered by a page."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows import reauthentication
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.template.response import TemplateResponse
from django.urls import reverse
from redis.exceptions import RedisError
from unfold.widgets import CHECKBOX_CLASSES, INPUT_CLASSES

from accounts import recent, tenancy

type View = Callable[..., Any]
# The mark of a view that opens its scope itself.
OWN_SCOPE = "own_scope"


def page(view: View) -> View:
    """Return the view as this service shows it.

    Who signs in is nobody's tenant yet, so the scope is the vendor's. The library's views touch the person who signs
    in, or is signed in, and nobody else. What a view raises to answer is answered inside the scope, so that what was
    written down stays. Without the cache no limit can be counted: then nobody signs in (503).
    """

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            with tenancy.vendor():
                return rendered(request, _answer(request, view, args, kwargs))
        except RedisError:
            return unavailable(request)

    setattr(shown, OWN_SCOPE, True)
    return shown


def proven_page(view: View) -> View:
    """Return the view of what weakens or strengthens a sign-in: shown to whom has just proven who they are."""
    inner = page(view)

    @wraps(inner)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated and not recent.proven(request):
            return HttpResponseRedirect(recent.page(request.path))
        answer: HttpResponse = inner(request, *args, **kwargs)
        return answer

    return shown


def _answer(request: HttpRequest, view: View, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    try:
        return view(request, *args, **kwargs)
    except ImmediateHttpResponse as answer:
        return answer.response
    except ReauthenticationRequired:
        methods = get_adapter().get_reauthentication_methods(request.user)
        return reauthentication.suspend_request(request, methods[0]["url"] if methods else reverse("account_login"))


def rendered(request: HttpRequest, response: Any) -> HttpResponse:
    """Return the answer, its page rendered now, while the scope is open, with what the admin's layout asks for."""
    if isinstance(response, TemplateResponse) and not response.is_rendered:
        context = response.context_data or {}
        for form in (value for value in context.values() if isinstance(value, forms.BaseForm)):
            dress(form)
        response.context_data = {**admin.site.each_context(request), **context}
        return response.render()
    found: HttpResponse = response
    return found


def dress(form: forms.BaseForm) -> None:
    """Give the fields of a form the admin's look."""
    for field in form.fields.values():
        box = isinstance(field.widget, forms.CheckboxInput)
        field.widget.attrs["class"] = " ".join(CHECKBOX_CLASSES if box else INPUT_CLASSES)
        field.widget.attrs.pop("placeholder", None)  # the label says it, and stays


def too_many(request: HttpRequest) -> HttpResponse:
    """Answer 429: allauth shows this where a limit on a whole page is reached."""
    return rendered(request, TemplateResponse(request, "account/too_many.html", {}, status=429))


def unavailable(request: HttpRequest) -> HttpResponse:
    """Answer 503: attempts cannot be counted, so none is made."""
    return rendered(request, TemplateResponse(request, "account/unavailable.html", {}, status=503))


def set_password(request: HttpRequest) -> HttpResponse:
    """Lead somebody who has no password to where a link is mailed: a session alone sets none."""
    return HttpResponseRedirect(resolve_url("account_reset_password"))
