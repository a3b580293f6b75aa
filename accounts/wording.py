"""What the domain says no with, in the reader's language. Its own messages are English: programs read those."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext

from accounts.errors import Grouped, InvalidInput, Labelled, Phrase


def worded(message: str) -> str:
    """Return a message of the domain in the reader's language; one that has no translation as it stands."""
    if isinstance(message, Phrase):
        return gettext(message.template) % _shown(message.params) if message.params else gettext(message.template)
    return gettext(message) if message else ""


def faults(error: InvalidInput) -> str:
    """Return what is wrong with an input, in one line."""
    return "; ".join(worded(fault.message) for fault in error.errors)


def colon(label: object) -> str:
    """Return a label with the colon that follows it, as the reader's language spaces it."""
    return gettext("%(label)s:") % {"label": label}


def _shown(params: Mapping[str, object]) -> dict[str, object]:
    """Return what stands in a sentence: days and large numbers as the reader writes them, words in its language."""
    return {name: _one(one) for name, one in params.items()}


def _one(value: Any) -> object:
    if type(value) is date:
        return str(date_format(value, "DATE_FORMAT"))
    if isinstance(value, Grouped):
        return str(number_format(int(value), use_l10n=True, force_grouping=True))
    if isinstance(value, Labelled):
        return str(value.label)
    return worded(value) if isinstance(value, Phrase) else value
