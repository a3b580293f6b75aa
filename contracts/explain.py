"""What the rules answer in codes, said in sentences of the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.errors import FieldError
from contracts.rules.validation import Problem

PROBLEMS: Mapping[str, Promise] = {
    "unknown_time_zone": _("Unknown time zone; write a name such as Europe/Paris."),
    "unknown_currency": _("Unknown currency; write three letters such as EUR."),
    "not_a_number": _("This is not an amount."),
    "too_many_decimals": _("More decimals than the currency has."),
    "negative": _("This must not be negative."),
    "too_short": _("At least %(least)s; this is %(found)s."),
    "too_long": _("At most %(allowed)s; this is %(found)s."),
    "too_early": _("Not before %(earliest)s."),
    "ends_before_it_starts": _("The end is before the start, %(starts_on)s."),
    "longer_than_term": _("The notice period is longer than the term of %(months)s months."),
    "unusually_short": _("Unusually short: %(found)s months; %(usual)s is the practical minimum."),
    "outlasts_first_term": _("The minimum commitment outlasts the first term."),
}


def problem(found: Problem) -> FieldError:
    """Say what is wrong with a contract's field."""
    text = PROBLEMS.get(found.code)
    message = str(text) % _texts(found.params) if text is not None else found.code.replace("_", " ")
    return FieldError(found.field, found.code, message)


def _texts(params: Mapping[str, object]) -> dict[str, Any]:
    return {name: str(value) for name, value in params.items()}
