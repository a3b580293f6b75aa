"""What a name, an address or a country must look like before it is stored."""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from html.entities import html5
from zoneinfo import available_timezones

from accounts.errors import FieldError, phrase

_TAG = re.compile(r"<[A-Za-z/!?]")
_ENTITY = re.compile(r"&(#[0-9]+|#[xX][0-9A-Fa-f]+|(?P<name>[A-Za-z][A-Za-z0-9]*));")
LONGEST_NOTE = 1000
MOST_FEATURES = 100
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,60}", re.ASCII)
_EMAIL = re.compile(r"[^@\s<>\"(),:;\[\]\\]+@[^@\s<>\"(),:;\[\]\\]+\.[^@\s.<>\"(),:;\[\]\\]+")
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_REFUSED = frozenset({"Cc", "Cs", "Zl", "Zp"})


def text(field: str, value: str, *, longest: int = 200, may_be_empty: bool = False) -> list[FieldError]:
    """Return what is wrong with a line of text: empty, too long, control characters (NUL too), HTML.

    HTML is refused rather than escaped: a tag or an entity in a name says that the import went wrong. ``R&D; Sales``,
    ``a < b`` and ``O'Neil`` are names.
    """
    if not value.strip():
        return [] if may_be_empty else [FieldError(field, "blank", "This must not be empty.")]
    if len(value) > longest:
        return [
            FieldError(
                field,
                "too_long",
                phrase("At most %(most)s characters; this has %(has)s.", most=longest, has=len(value)),
            )
        ]
    for place, character in enumerate(value, start=1):
        if character in _DIRECTION or unicodedata.category(character) in _REFUSED:
            return [
                FieldError(
                    field,
                    "control_character",
                    phrase(
                        "Character %(place)s is a control character (%(code)s).",
                        place=place,
                        code=f"U+{ord(character):04X}",
                    ),
                )
            ]
    if _TAG.search(value) or any(_is_entity(match) for match in _ENTITY.finditer(value)):
        return [FieldError(field, "html", "HTML is not accepted.")]
    return []


def email(field: str, value: str) -> list[FieldError]:
    """Return what is wrong with an e-mail address (its form; whether it exists shows when mail is sent)."""
    if len(value) > 254 or not _EMAIL.fullmatch(value):
        return [FieldError(field, "invalid_email", "This is not an e-mail address.")]
    return text(field, value, longest=254)


def country(field: str, value: str) -> list[FieldError]:
    """Return what is wrong with a country: two capital letters (ISO 3166-1 alpha-2)."""
    if re.fullmatch(r"[A-Z]{2}", value):
        return []
    return [FieldError(field, "unknown_country", "Two capital letters (ISO 3166), such as FR.")]


def time_zone(field: str, value: str) -> list[FieldError]:
    """Return what is wrong with a time zone: it is a name of the IANA database, such as ``Europe/Paris``."""
    if value in _zones() and value not in {"localtime", "Factory", "posixrules"}:
        return []
    return [FieldError(field, "unknown_time_zone", "Unknown time zone; write a name such as Europe/Paris.")]


def code(field: str, value: str) -> list[FieldError]:
    """Return what is wrong with a code, such as a feature's: 1 to 60 letters, digits, ``-``, ``_``, ``.``, ``:``."""
    if _CODE.fullmatch(value):
        return []
    return [FieldError(field, "no_code", "1 to 60 letters, digits, and - _ . : only.")]


def features(field: str, values: Sequence[str]) -> list[FieldError]:
    """Return what is wrong with a list of codes of features."""
    if len(values) > MOST_FEATURES:
        return [FieldError(field, "too_many", phrase("At most %(most)s features.", most=MOST_FEATURES))]
    return [fault for one in values for fault in code(field, one)]


def note(field: str, value: str) -> list[FieldError]:
    """Return what is wrong with a free text of some lines, which may be empty."""
    if len(value) > LONGEST_NOTE:
        return [
            FieldError(
                field,
                "too_long",
                phrase("At most %(most)s characters; this has %(has)s.", most=LONGEST_NOTE, has=len(value)),
            )
        ]
    lines = value.replace("\r\n", "\n").split("\n")
    return [fault for line in lines for fault in text(field, line, longest=LONGEST_NOTE, may_be_empty=True)][:1]


def one_of(field: str, value: str, allowed: list[str]) -> list[FieldError]:
    """Return what is wrong with a word of a fixed list."""
    return (
        []
        if value in allowed
        else [FieldError(field, "unknown", phrase("One of: %(known)s.", known=", ".join(allowed)))]
    )


def _is_entity(match: re.Match[str]) -> bool:
    name = match["name"]
    return name is None or f"{name};" in html5


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
