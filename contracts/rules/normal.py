"""Texts made comparable: no accents, no capitals, one blank between words."""

import re
import unicodedata

# Letters that have no accent to take off, and what people write instead.
_LETTERS = str.maketrans(
    {"ł": "l", "Ł": "l", "ø": "o", "Ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "\N{RIGHT SINGLE QUOTATION MARK}": "'"}
)
_BLANKS = re.compile(r"\s+")
_WORDLESS = re.compile(r"[^a-z0-9]+")


def plain(text: str) -> str:
    """Return the text in small letters without accents, with one blank for any white space."""
    bare = unicodedata.normalize("NFKD", text.translate(_LETTERS).casefold())
    return _BLANKS.sub(" ", "".join(c for c in bare if not unicodedata.combining(c))).strip()


def words(text: str) -> str:
    """Return the words of a text between single blanks, one before and one after: a phrase is then found by ``in``."""
    return f" {_WORDLESS.sub(' ', plain(text)).strip()} "
