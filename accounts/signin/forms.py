"""Forms of sign-in that differ from allauth's: one address a person, a code works once, garbage is no key."""

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter as account_adapter
from allauth.account.forms import ResetPasswordForm as LibraryResetPasswordForm
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as codes
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as apps
from allauth.mfa.webauthn import forms as keys
from cryptography.exceptions import InvalidSignature
from django import forms
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.operations import providers, signing_in


class ResetPasswordForm(LibraryResetPasswordForm):
    """Asks for a link. The answer, and nearly the time it takes, are the same for an address that is nobody's."""

    def clean_email(self) -> str:
        email = str(account_adapter().clean_email(self.cleaned_data["email"]))
        user = User.objects.by_address(email)
        self.users = [user] if user is not None and _resettable(user) else []
        return email

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        for user in self.users:
            signing_in.ask_for_reset(user, now=timezone.now())
        return str(self.cleaned_data["email"])


def _resettable(user: User) -> bool:
    """Say whether a new password would open anything."""
    return user.is_staff and providers.binding(user) is None


class AuthenticateForm(codes.AuthenticateForm):
    """The code that completes a sign-in."""

    def clean_code(self) -> str:
        return _once(self, super().clean_code())


class ReauthenticateForm(codes.ReauthenticateForm):
    """The code that proves again who somebody is."""

    def clean_code(self) -> str:
        return _once(self, super().clean_code())


class AddKeyForm(keys.AddWebAuthnForm):
    """A new passkey. Of what the browser sends, only what is needed is kept."""

    name = forms.CharField(label=_("Name"), max_length=60, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = _understood(super().clean)
        given = cleaned.get("credential")
        if given:
            cleaned["credential"] = {
                **{name: given[name] for name in ("id", "rawId", "type") if name in given},
                "response": {name: given["response"][name] for name in ("clientDataJSON", "attestationObject")},
                "clientExtensionResults": {"credProps": {"rk": _resident(given)}},
            }
        return cleaned


class ActivateAppForm(apps.ActivateTOTPForm):
    """A new authenticator app. The code that shows that it works opens nothing afterwards."""

    def clean_code(self) -> str:
        code: str = super().clean_code()
        _spend(self.user.pk, code)
        return code


class EditKeyForm(keys.EditWebAuthnForm):
    """Another name for a passkey."""

    name = forms.CharField(label=_("Name"), max_length=60)


class AuthenticateKeyForm(keys.AuthenticateWebAuthnForm):
    """The passkey that completes a sign-in."""

    def clean_credential(self) -> Any:
        return _understood(super().clean_credential)


class LoginKeyForm(keys.LoginWebAuthnForm):
    """The passkey that is the whole sign-in."""

    def clean_credential(self) -> Any:
        return _understood(super().clean_credential)


class ReauthenticateKeyForm(keys.ReauthenticateWebAuthnForm):
    """The passkey that proves again who somebody is."""

    def clean_credential(self) -> Any:
        return _understood(super().clean_credential)


def _once(form: Any, code: str) -> str:
    if form.authenticator.type == Authenticator.Type.TOTP:
        _spend(form.authenticator.user_id, code)
    return code


def _spend(user_id: int, code: str) -> None:
    """Let a code of an authenticator app open once, for as long as it would be valid (RFC 6238, 5.2)."""
    seconds = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
    if not cache.add(f"signin:totp:{user_id}:{normalize_user_code(code)}", 1, timeout=seconds):
        raise get_adapter().validation_error("incorrect_code")


def _understood[Found](check: Callable[[], Found]) -> Found:
    """Return what a check of a passkey's answer finds; one that cannot be read is a wrong one, no failure.

    :raises ValidationError: the answer is wrong, or nothing that a browser sends.
    """
    try:
        return check()
    except (ArithmeticError, AttributeError, InvalidSignature, LookupError, RecursionError, TypeError, ValueError):
        raise get_adapter().validation_error("incorrect_code") from None


def _resident(credential: dict[str, Any]) -> bool | None:
    """Say whether the key keeps its owner's name, and so can be the whole sign-in; nothing if it does not say."""
    results = credential.get("clientExtensionResults")
    properties = results.get("credProps") if isinstance(results, dict) else None
    found = properties.get("rk") if isinstance(properties, dict) else None
    return found if isinstance(found, bool) else None
