"""What the framework and allauth tell of: signed out, a new password, a factor that came or went."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from allauth.account import signals as account_signals
from allauth.core import context
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts import recent, tenancy
from accounts.models import User
from accounts.operations import signing_in


@receiver(user_logged_in)
def signed_in(request: HttpRequest, **_more: Any) -> None:
    """Note in the session when it began: its whole life is counted from there."""
    recent.begin(request)


@receiver(account_signals.authentication_step_completed)
def proven(request: HttpRequest, reauthenticated: bool = False, **_more: Any) -> None:
    """Note in the session that its owner has just proven again who they are."""
    if reauthenticated:
        recent.note(request)


@receiver(user_logged_out)
def signed_out(user: Any, **_more: Any) -> None:
    if isinstance(user, User):
        with _scope():
            signing_in.note_signed_out(user, now=timezone.now())


@receiver([account_signals.password_changed, account_signals.password_set])
def password_changed(user: User, **_more: Any) -> None:
    signing_in.note_password_changed(user, by_link=False, now=timezone.now())


@receiver(account_signals.password_reset)
def password_reset(user: User, **_more: Any) -> None:
    signing_in.note_password_changed(user, by_link=True, now=timezone.now())


@receiver(post_save, sender=Authenticator)
def factor_added(instance: Authenticator, created: bool, **_more: Any) -> None:
    """In the transaction that adds it; allauth's own signal comes after the commit."""
    if created:
        _factor(instance, added=True)


@receiver(post_delete, sender=Authenticator)
def factor_removed(instance: Authenticator, **_more: Any) -> None:
    _factor(instance, added=False)


def _factor(factor: Authenticator, *, added: bool) -> None:
    asking = getattr(context.request, "user", None)
    by = asking.actor if isinstance(asking, User) else "system"
    signing_in.note_factor(factor.user, added=added, kind=str(factor.type), by=by, now=timezone.now())


def _scope() -> AbstractContextManager[None]:
    """Return the scope in force, or the vendor's: signing out happens on pages of any scope."""
    return tenancy.vendor() if tenancy.current() is None else nullcontext()
