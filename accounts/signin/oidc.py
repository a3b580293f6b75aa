"""OpenID Connect as we take it: PKCE, a nonce, every signature checked, the issuer the one that was configured.

The library's own provider sends no nonce and trusts a token that came over TLS without its signature.
"""

import time
from typing import Any

import jwt
import requests
from allauth.core.internal.httpkit import add_query_params
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.signin.fetch import Session

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
CACHE_SECONDS = 5 * 60
# Clocks of two machines differ.
LEEWAY_SECONDS = 30
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Client(OAuth2Client):
    """Keeps the query that an address for authorization may have."""

    def get_redirect_url(self, authorization_url: str, scope: Any, extra_params: dict[str, str]) -> str:
        found = {
            "client_id": self.consumer_key,
            "redirect_uri": self.callback_url,
            "scope": " ".join(scope),
            "response_type": "code",
            "state": self.state,
            **extra_params,
        }
        return str(add_query_params(authorization_url, found))


class Adapter(OpenIDConnectOAuth2Adapter):
    """Talks to one provider. Whatever is wrong with its answers is an :class:`OAuth2Error`, which becomes a page."""

    client_class = Client
    _verifier = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        """The provider's own description (OpenID Connect Discovery 1.0, 4), for the configured issuer and no other."""
        app = self.get_provider().app
        issuer = app.settings["issuer"]
        found = _asked(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            raise OAuth2Error("issuer: the provider speaks for another one")
        if not all(isinstance(found.get(name), str) and _allowed(found[name]) for name in ENDPOINTS):
            raise OAuth2Error("discovery: an address is missing, or is not https")
        return found

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """The address that is registered, whatever host name the request came by."""
        return f"{settings.PUBLIC_URL}{reverse('openid_connect_callback', args=[self.provider_id])}"

    def get_access_token_data(
        self, request: HttpRequest, app: SocialApp, client: Any, pkce_code_verifier: str | None = None
    ) -> dict[str, Any]:
        self._verifier = pkce_code_verifier or ""
        try:
            found = super().get_access_token_data(request, app, client, pkce_code_verifier=pkce_code_verifier)
        except (LookupError, TypeError, ValueError) as error:
            raise OAuth2Error("token: the answer cannot be read") from error
        if not isinstance(found, dict):
            raise OAuth2Error("token: the answer cannot be read")
        return found

    def parse_token(self, data: dict[str, Any]) -> None:
        """Keep none: who somebody is, is all that is asked."""

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> Any:
        answer = kwargs["response"]
        claims = self._verified(app, answer.get("id_token"))
        if "email" not in claims and self.openid_config.get("userinfo_endpoint"):
            claims |= self._userinfo(claims["sub"], str(answer["access_token"]))
        return self.get_provider().sociallogin_from_response(request, {"id_token": claims})

    def _verified(self, app: SocialApp, token: Any) -> dict[str, Any]:
        """Return the claims of an ID token (OpenID Connect Core 1.0, 3.1.3.7). :raises OAuth2Error: a check failed."""
        if not isinstance(token, str):
            raise OAuth2Error("id_token: there is none")
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in ALGORITHMS:
                raise OAuth2Error("id_token: its algorithm is not accepted")
            claims: dict[str, Any] = jwt.decode(
                token,
                key=self._key(header),
                algorithms=[header["alg"]],
                audience=app.client_id,
                issuer=app.settings["issuer"],
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, LookupError, TypeError, ValueError) as error:
            raise OAuth2Error(f"id_token: {type(error).__name__}") from error
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else app.client_id) != app.client_id:
            raise OAuth2Error("id_token: it is another client's")
        if not constant_time_compare(str(claims.get("nonce")), nonce_of(self._verifier)):
            raise OAuth2Error("id_token: its nonce is not ours")
        if not isinstance(claims["sub"], str) or not 1 <= len(claims["sub"]) <= 191 or not claims["sub"].isprintable():
            raise OAuth2Error("id_token: its subject is no name")
        at = claims.get("auth_time")
        if self.request.user.is_authenticated and isinstance(at, int | float) and time.time() - at > _proof_seconds():
            raise OAuth2Error("id_token: its owner was asked too long ago")
        return claims

    def _key(self, header: dict[str, Any]) -> jwt.PyJWK:
        """Return the key that signed; asked anew once if it is not among those that are known."""
        for fresh in (False, True):
            known = jwt.PyJWKSet.from_dict(_asked(self.openid_config["jwks_uri"], fresh=fresh)).keys
            found = [key for key in known if header.get("kid") in (key.key_id, None) and key.public_key_use != "enc"]
            if found and (len(found) == 1 or header.get("kid") is not None):
                return found[0]
        raise OAuth2Error("id_token: its key is not the provider's")

    def _userinfo(self, subject: str, access_token: str) -> dict[str, Any]:
        """Return the address that the provider tells of the same subject (OpenID Connect Core 1.0, 5.3.2)."""
        address = self.openid_config["userinfo_endpoint"]
        if not isinstance(address, str) or not _allowed(address):
            raise OAuth2Error("userinfo: its address is not https")
        with Session() as session:
            answer = session.get(address, headers={"Authorization": f"Bearer {access_token}"})
        found = _object(answer)
        if found.get("sub") != subject:
            raise OAuth2Error("userinfo: it is somebody else's")
        return {name: found[name] for name in ("email", "email_verified") if name in found}


class Provider(OpenIDConnectProvider):
    """A configured provider. Nothing of the request but its state and where to go next changes what is asked for."""

    oauth2_adapter_class = Adapter

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        return ["openid", "email"]

    def get_auth_params_from_request(self, request: HttpRequest, action: Any) -> dict[str, str]:
        # Who is signed in already proves it again, whatever the provider remembers.
        return {"prompt": "login", "max_age": "0"} if request.user.is_authenticated else {}

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().get_redirect_from_request_kwargs(request), "process": "login"}

    def get_pkce_params(self) -> dict[str, str]:
        """Add the nonce: it follows from the verifier, which stays in the state of this one sign-in."""
        self.app.settings["oauth_pkce_enabled"] = True
        found: dict[str, str] = super().get_pkce_params()
        return {**found, "nonce": nonce_of(found["code_verifier"])}

    def extract_extra_data(self, data: Any) -> dict[str, Any]:
        return {}  # who somebody is, and nothing else, is kept


def nonce_of(verifier: str) -> str:
    """Return the nonce that belongs to a sign-in's verifier; the verifier does not follow from it."""
    return salted_hmac("accounts.signin.oidc.nonce", verifier, algorithm="sha256").hexdigest()


def _asked(address: str, *, fresh: bool = False) -> dict[str, Any]:
    """Return what a provider says at an address, some minutes old at most. :raises OAuth2Error: it says nothing."""
    key = f"signin:oidc:{salted_hmac('accounts.signin.oidc', address, algorithm='sha256').hexdigest()}"
    found = None if fresh else cache.get(key)
    if found is None:
        with Session() as session:
            found = _object(session.get(address, headers={"Accept": "application/json"}))
        cache.set(key, found, CACHE_SECONDS)
    return dict(found)


def _object(answer: requests.Response) -> dict[str, Any]:
    answer.raise_for_status()
    found = answer.json()
    if not isinstance(found, dict):
        raise OAuth2Error("the answer is no object")
    return found


def _allowed(address: str) -> bool:
    return address.startswith("https://") or (settings.SSO_ALLOW_INSECURE and address.startswith("http://"))


def _proof_seconds() -> int:
    return int(settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
