"""What the domain says no with, in the reader's language. Its own messages are English: programs read those."""

from django.utils.translation import gettext

from accounts.errors import InvalidInput, Phrase


def worded(message: str) -> str:
    """Return a message of the domain in the reader's language; one that has no translation as it stands."""
    if isinstance(message, Phrase):
        return gettext(message.template) % message.params if message.params else gettext(message.template)
    return gettext(message) if message else ""


def faults(error: InvalidInput) -> str:
    """Return what is wrong with an input, in one line."""
    return "; ".join(worded(fault.message) for fault in error.errors)
