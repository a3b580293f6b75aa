"""Pages of sign-in that allauth does not have: its first page with our providers, and single sign-on step by step."""

from typing import Any

from allauth.account import views as account
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from requests import RequestException

from accounts.models import IdentityProvider
from accounts.operations import providers
from accounts.rules import provider_checks
from accounts.signin.oidc import Adapter
from accounts.signin.providers import refuse


class LoginView(account.LoginView):
    """The first page, with a button for each provider of the vendor's staff; clients' are nobody's to read."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().get_context_data(**kwargs)
        found["staff_providers"] = list(providers.enabled().filter(organization__isnull=True).order_by("name", "pk"))
        found["next_query"] = _next_query(self.request)
        return found


class NameForm(forms.Form):
    """The short name of a provider, which an organization tells its members."""

    name = forms.CharField(label=_("Short name of your organization's sign-in"), max_length=50)

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip().lower()
        if provider_checks.slug(name) or not providers.enabled().filter(slug=name).exists():
            raise forms.ValidationError(_("There is no sign-in of this name."))
        return name


@login_not_required
def find(request: HttpRequest) -> HttpResponse:
    """Ask which organization's provider somebody signs in by."""
    form = NameForm(request.GET if "name" in request.GET else None)
    if form.is_bound and form.is_valid():
        address = reverse("openid_connect_login", args=[form.cleaned_data["name"]])
        return HttpResponseRedirect(address + _next_query(request))
    return TemplateResponse(request, "account/sso_find.html", {"form": form, "next": request.GET.get("next", "")})


@login_not_required
def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Show whose provider it is; on a click lead there. A link alone begins nothing.

    The way leads over a page of ours: a form that is answered by a redirect elsewhere is stopped by browsers, under the
    policy that forms go nowhere else.
    """
    row = _enabled(provider_id)
    if request.method != "POST":
        return TemplateResponse(
            request, "account/sso_begin.html", {"provider": row, "next": request.GET.get("next", "")}
        )
    try:
        answer = OAuth2LoginView.adapter_view(Adapter(request, provider_id))(request)
    except (OAuth2Error, RequestException, LookupError, ValueError):
        refuse(request, "provider_silent", row)
    if answer.status_code != 302:
        found: HttpResponse = answer
        return found
    return TemplateResponse(request, "account/sso_leave.html", {"provider": row, "address": answer["Location"]})


@login_not_required
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Take a provider's answer."""
    row = _enabled(provider_id)
    try:
        found: HttpResponse = OAuth2CallbackView.adapter_view(Adapter(request, provider_id))(request)
    except (SocialApp.DoesNotExist, LookupError, ValueError):
        refuse(request, "answer_wrong", row)
    return found


def _enabled(slug: str) -> IdentityProvider:
    row = providers.enabled().filter(slug=slug).first()
    if row is None:
        raise Http404
    return row


def _next_query(request: HttpRequest) -> str:
    back = request.GET.get("next", "")
    return f"?{urlencode({'next': back})}" if back else ""
