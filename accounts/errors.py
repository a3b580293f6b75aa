"""How the domain says no: a refusal with a machine-readable code, and bad input with the field and row named.

A message is an English literal, or made by :func:`phrase`: both are found and translated (tests/guards/messages.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class Grouped(int):
    """A number whose thousands stand apart in a sentence: 200,000 in English, as its reader writes it on pages."""

    def __str__(self) -> str:
        return f"{int(self):,}"


class Labelled(str):
    """A word of a fixed list, as programs read it in a sentence; pages say its ``label`` in their language."""

    label: object


def labelled(word: str, label: object) -> Labelled:
    """Return a word of a fixed list with what pages call it."""
    found = Labelled(word)
    found.label = label
    return found


class Phrase(str):
    """An English sentence that keeps what it was made of, so that a face can say it in the reader's language.

    Programs are told the sentence as it stands (REST, commands, logs); accounts/wording.py says it to people.
    """

    template: str
    params: Mapping[str, object]


def phrase(template: str, **params: object) -> Phrase:
    """Return the sentence of a template with named places, such as ``At most %(most)s people.``"""
    sentence = Phrase(template % params if params else template)
    sentence.template, sentence.params = template, params
    return sentence


class Refused(Exception):
    """An operation that the rules do not allow now. ``code`` is for programs, the message for people.

    REST answers 409 with the code; commands exit 1; tasks log it. Subclasses set ``code``.
    """

    code = "refused"

    def __init__(self, message: str, *, code: str | None = None, **params: object) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.params = params


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault of the input: which field, what, and in a file on which row (as a person counts: the header is 1)."""

    field: str
    code: str
    message: str
    row: int | None = None


class InvalidInput(Exception):
    """Input that cannot be accepted. Nothing was written. REST answers 400; commands exit 2."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(_sentence(error) for error in errors))
        self.errors = tuple(errors)


def _sentence(error: FieldError) -> str:
    place = error.field if error.row is None else f"row {error.row}, {error.field}"
    return f"{place}: {error.message}"
