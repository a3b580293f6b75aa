"""What a new password must not be, as Django asks it: guessed first, or known from a breach."""

from functools import cache
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import Organization, User
from accounts.rules import passwords
from accounts.signin import breached

log = structlog.get_logger(__name__)
PRODUCT = "Terme"


class GuessableValidator:
    """Refuses common passwords in disguise, sequences, and names of the person, the organization and the product."""

    def validate(self, password: str, user: Any = None) -> None:
        """:raises ValidationError: the password is among the first that are tried."""
        if passwords.is_common(password, _common()):
            raise ValidationError(_("This is a common password, or one in disguise."), "password_too_common")
        if passwords.is_pattern(password):
            raise ValidationError(_("This repeats itself, or runs along the keyboard."), "password_pattern")
        if passwords.is_a_name(password, names_of(user)):
            raise ValidationError(_("This is little more than a name."), "password_name")

    def get_help_text(self) -> str:
        return _("Your password must not be a common one, a name, or a row of keys, whatever is put around it.")


class BreachedValidator:
    """Refuses what the list of breached passwords has (``BREACHED_PASSWORDS``); without a list it refuses nothing."""

    def validate(self, password: str, user: Any = None) -> None:
        """:raises ValidationError: the list has it, or is named and cannot be read."""
        if settings.BREACHED_PASSWORDS is None:
            return
        try:
            known = password in breached.opened(settings.BREACHED_PASSWORDS)
        except breached.Unreadable as error:
            log.error("breached_passwords.unreadable", error=str(error))
            text = _("The list of breached passwords cannot be read, so no password is set. Tell the operator.")
            raise ValidationError(text, "breach_list_unreadable") from None
        if known:
            text = _("This password was found in a breach of another service: it is tried first everywhere.")
            raise ValidationError(text, "password_breached")

    def get_help_text(self) -> str:
        return _("Your password must not be known from a breach of another service.")


def names_of(user: Any) -> list[str]:
    """Return the names that make no password: the product's, the person's and their organization's."""
    if not isinstance(user, User):
        return [PRODUCT]
    found = [PRODUCT, user.name, *user.email.rpartition("@")[::2]]
    organization = getattr(user, "joining", None)
    if organization is None and user.pk is not None and user.organization_id is not None:
        organization = Organization.objects.filter(pk=user.organization_id).first()
    return found if organization is None else [*found, organization.name]


@cache
def _common() -> set[str]:
    return set(CommonPasswordValidator().passwords)
