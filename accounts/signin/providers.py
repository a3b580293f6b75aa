"""What allauth asks us about single sign-on: which providers there are, and whom a provider's answer may let in."""

from typing import Any, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import IdentityProvider, User
from accounts.operations import providers, signing_in
from accounts.signin import pages
from accounts.signin.fetch import Session
from accounts.signin.oidc import Provider


class ProviderAdapter(DefaultSocialAccountAdapter):
    """A provider lets in members of its own side, and makes nobody a member."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> list[Any]:
        """Return the enabled providers as the library's own objects, never stored; their secrets are opened here."""
        rows = providers.enabled().order_by("pk")
        if provider is not None and provider != Provider.id:
            rows = rows.filter(slug=provider)
        return [_as_app(row) for row in rows]

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Provider:
        return Provider(request, app=self.get_app(request, provider=provider, client_id=client_id))

    def list_providers(self, request: HttpRequest) -> list[Any]:
        return [Provider(request, app=app) for app in self.list_apps(request)]

    def get_requests_session(self) -> Session:
        return Session()

    def authenticate_by_email(self, sociallogin: Any) -> None:
        """By e-mail people are found in :meth:`pre_social_login`, within the provider's own side."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Let in the member whom the provider's subject was before, or at first whose verified address it tells."""
        row = IdentityProvider.objects.get(slug=sociallogin.account.provider, enabled=True)
        if sociallogin.is_existing:
            member: User = sociallogin.user
            if not providers.at_home(row, member):
                refuse(request, "not_a_member", row, member)
            return
        address = next(iter(sociallogin.email_addresses), None)
        if address is None:
            refuse(request, "no_email", row)
        if str(address.verified).lower() != "true":
            refuse(request, "email_not_verified", row)
        found = providers.member_by_address(row, address.email)
        if found is None:
            refuse(request, "not_a_member", row)
        account = providers.link(found, provider=row, subject=sociallogin.account.uid, now=timezone.now())
        if account is None:
            refuse(request, "another_subject", row, found)
        sociallogin.account, sociallogin.user = account, found

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Answer by a page: given up, a state that is not this browser's or too old, or an answer that is wrong."""
        if error == "cancelled":
            why = "given_up"
        elif exception is None and "state_id" in (extra_context or {}):
            why = "state_unknown"
        else:
            why = "answer_wrong"
        refuse(request, why, IdentityProvider.objects.filter(slug=provider.app.provider_id).first())


def refuse(request: HttpRequest, why: str, row: IdentityProvider | None, user: User | None = None) -> NoReturn:
    """Write down that a sign-in by a provider was refused, and answer with the page that says why.

    :raises ImmediateHttpResponse: always.
    """
    data = {} if row is None else {"provider": str(row.public_id)}
    signing_in.note_refused(user, why=why, now=timezone.now(), data=data)
    context = {"reason": _reasons()[why], "provider": row}
    page = TemplateResponse(request, "account/sso_refused.html", context, status=403)
    raise ImmediateHttpResponse(pages.rendered(request, page))


def _reasons() -> dict[str, str]:
    return {
        "no_email": _("The provider did not tell your e-mail address."),
        "email_not_verified": _("The provider does not vouch for your e-mail address."),
        "not_a_member": _(
            "Nobody with this e-mail address is a member here. Ask whoever administers your organization."
        ),
        "another_subject": _("The provider knows you by another account than before. Tell your administrator."),
        "given_up": _("Signing in was given up."),
        "state_unknown": _("This sign-in was begun too long ago, or in another browser. Begin again."),
        "answer_wrong": _(
            "The provider's answer cannot be accepted. Begin again; if it stays so, tell your administrator."
        ),
        "provider_silent": _("The provider does not answer. Try again in a moment."),
    }


def _as_app(row: IdentityProvider) -> SocialApp:
    return SocialApp(
        provider=Provider.id,
        provider_id=row.slug,
        name=row.name,
        client_id=row.client_id,
        secret=providers.secret_of(row),
        settings={"issuer": row.issuer, "server_url": row.issuer},
    )
