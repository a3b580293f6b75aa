"""What the verifier searches for: identifiers of people as exact terms, never bare names; and how it reads a text."""

import contextlib
import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote
from uuid import UUID

# Shorter ids, and words without a digit ("7", "system"), stand in any table for something else. How many were left out
# is said in the report.
SHORTEST = 4
SHORTEST_NUMBER = 7
_RUN = re.compile(r"[^\W_]+")
_WHOLE_UUID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
# A character of JSON by its number, or by a letter or itself (RFC 8259, section 7).
_ESCAPED = re.compile(r'(?<!\\)\\+u([0-9a-fA-F]{4})|\\(["\\/bfnrt])')
_BY_A_LETTER = dict(zip("bfnrt", "\b\f\n\r\t", strict=True))
# Zeros before a number, and a number that no character has: Python reads none of thousands of digits.
_ZEROS = re.compile(r"&#0+(?=[0-9])")
_ENDLESS = re.compile(r"&#[0-9]{100,};?")
_ASCII_LABEL = re.compile(r"xn--([a-z0-9-]{1,59})", re.IGNORECASE)
# More marks than these stand on no letter, and to put them in order takes quadratic time (UAX 15, section 13).
MOST_MARKS = 30
_MARKS = "".join(
    c for c in map(chr, range(0x300, 0x20000)) if unicodedata.combining(unicodedata.normalize("NFD", c)[0])
)
_STACKED = re.compile(f"([{_MARKS}]{{{MOST_MARKS}}})[{_MARKS}]+")
# Where they may be; it is read much faster.
_BEYOND_LATIN = re.compile(f"[\u0300-\U0001ffff]{{{MOST_MARKS + 1},}}")
# How deep one way of writing is packed into another: an address in a link, in a page, in JSON.
LAYERS = 4


@dataclass(frozen=True, slots=True)
class Identifiers:
    """The identifiers of people of one organization; and the ids of its files, which are searched as file names.

    ``people`` are the people's internal keys: what columns that point to a person hold. ``known_as`` is what each of
    them is called elsewhere: opaque id, external id, address, user name. Both are empty for a whole organization.
    """

    emails: frozenset[str] = field(default=frozenset(), repr=False)
    external_ids: frozenset[str] = field(default=frozenset(), repr=False)
    uuids: frozenset[UUID] = field(default=frozenset(), repr=False)
    files: frozenset[UUID] = frozenset()
    people: frozenset[int] = frozenset()
    known_as: tuple[tuple[str, str, str, str], ...] = field(default=(), repr=False)

    def to_json(self) -> dict[str, Any]:
        """Return what is sealed in the run."""
        return {
            "emails": sorted(self.emails),
            "external_ids": sorted(self.external_ids),
            "uuids": sorted(map(str, self.uuids)),
            "files": sorted(map(str, self.files)),
            "people": sorted(self.people),
            "known_as": [list(one) for one in self.known_as],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Identifiers":
        """Return the identifiers that :meth:`to_json` wrote."""
        return cls(
            frozenset(data["emails"]),
            frozenset(data["external_ids"]),
            frozenset(UUID(text) for text in data["uuids"]),
            frozenset(UUID(text) for text in data["files"]),
            frozenset(data.get("people", ())),
            tuple((one[0], one[1], one[2], one[3]) for one in data.get("known_as", ())),
        )

    @property
    def empty(self) -> bool:
        """Say whether there is nothing to search for."""
        return not (self.emails or self.external_ids or self.uuids or self.files or self.people)

    @property
    def searchable_ids(self) -> frozenset[str]:
        """The external ids that mean somebody wherever they stand."""
        return frozenset(text for text in self.external_ids if distinctive(text))

    @property
    def not_distinctive(self) -> int:
        """How many external ids could stand for something else, and are not searched for."""
        return len(self.external_ids) - len(self.searchable_ids)

    def uuid_texts(self) -> frozenset[str]:
        """Return each UUID as it is written: with and without hyphens."""
        return frozenset(text for uuid in self.uuids for text in (str(uuid), uuid.hex))


def distinctive(text: str) -> bool:
    """Say whether an external id means somebody wherever it stands: long enough, and more than a word or a number."""
    digits = sum(character.isdigit() for character in text)
    if digits == len(text):
        return len(text) >= SHORTEST_NUMBER
    return len(text) >= SHORTEST and (digits > 0 or "@" in text)


def as_uuid(text: str) -> UUID | None:
    """Return the opaque id that a text is, with or without hyphens; ``None``: it is something else."""
    return UUID(text) if _WHOLE_UUID.fullmatch(text) else None


def plain(text: str) -> str:
    """Return a text in the one form in which texts and terms are compared: composed, without case."""
    few = _BEYOND_LATIN.sub(lambda run: _STACKED.sub(r"\1", run[0]), text)
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", few).casefold())


def as_sought(term: str) -> str:
    """Return a term in the form in which it is searched for: :func:`plain`, a host in its own letters."""
    return plain(_hosts(term))


def spelled(term: str) -> set[str]:
    """Return a term in small letters, and an address also with its host in ASCII and in its own letters (RFC 3492)."""
    found = {term.lower(), _hosts(term).lower()}
    local, at, host = term.rpartition("@")
    if at:
        with contextlib.suppress(UnicodeError):  # no host's name
            found.add(f"{local}@{host.encode('idna').decode('ascii')}".lower())
    return found


class Searcher:
    """Finds terms in texts, in one pass over each text, however many terms there are.

    A term is found where nothing alphanumeric touches it. Besides the text itself its other :func:`spellings` are read.
    """

    def __init__(self, terms: Iterable[str]) -> None:
        self._by_first: dict[str, list[tuple[int, str]]] = {}
        self.count = 0
        for term in {as_sought(one) for one in terms if one.strip()}:
            first = _RUN.search(term)
            if first is not None:
                self.count += 1
                self._by_first.setdefault(first[0], []).append((first.start(), term))

    def found_in(self, text: str) -> bool:
        """Say whether any term stands in the text, in any spelling."""
        return any(True for spelling in spellings(text) for _term in self._standing(spelling))

    def terms_in(self, text: str) -> set[str]:
        """Return the terms that stand in the text, in any spelling, each in its :func:`as_sought` form."""
        return {term for spelling in spellings(text) for term in self._standing(spelling)}

    def _standing(self, text: str) -> Iterator[str]:
        by_first = self._by_first
        for run in _RUN.finditer(text):
            for before, term in by_first.get(run[0], ()):
                start = run.start() - before
                end = start + len(term)
                if start >= 0 and text.startswith(term, start) and _apart(text, start, end):
                    yield term


def spellings(text: str) -> Iterator[str]:
    """Yield the text as it is compared, and with its escapes resolved where it has any.

    Those of JSON, per cent signs (RFC 3986), HTML's references, hosts in ASCII (RFC 3492): each alone, and all of them
    as often as they are packed into one another. So are all but JSON's: a backslash may be one of no JSON at all.
    """
    yield plain(text)
    ways = [resolve for mark, resolve in _ESCAPES if mark in text]
    if len(ways) > 1:
        for resolve in ways:
            yield plain(resolve(text))
    met = False
    for layer in _layers(text, _ESCAPES) if ways else ():
        met = met or "\\" in layer
        yield plain(layer)
    if met or "\\" in text:
        for layer in _layers(text, _ESCAPES[1:]):
            yield plain(layer)


def _layers(text: str, escapes: tuple[tuple[str, Callable[[str], str]], ...]) -> Iterator[str]:
    for _layer in range(LAYERS):
        before = text
        for mark, resolve in escapes:
            if mark in text:
                text = resolve(text)
        if text == before:
            return
        yield text


def _json(text: str) -> str:
    return _ESCAPED.sub(
        lambda match: chr(int(match[1], 16)) if match[1] else _BY_A_LETTER.get(match[2], match[2]), text
    )


def _html(text: str) -> str:
    return html.unescape(_ENDLESS.sub("\N{REPLACEMENT CHARACTER}", _ZEROS.sub("&#", text)))


def _hosts(text: str) -> str:
    return _ASCII_LABEL.sub(_label, text)


def _label(match: re.Match[str]) -> str:
    try:
        return match[1].lower().encode().decode("punycode")
    except ValueError:  # no such label
        return match[0]


# By what shows that a text is written in such a way. Hosts are written in capitals by hand only: both are looked for.
_ESCAPES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("\\", _json),
    ("%", unquote),
    ("&", _html),
    ("xn--", _hosts),
    ("XN--", _hosts),
)


def texts_of(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value, names too. Numbers are counts, not ids."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield str(name)
            yield from texts_of(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_of(item)


def texts_in_json(text: str) -> Iterator[str]:
    """Yield the texts of a JSON document; the text itself where it is none."""
    try:
        yield from texts_of(json.loads(text))
    except (ValueError, RecursionError):
        yield text


def _apart(text: str, start: int, end: int) -> bool:
    """Say whether nothing alphanumeric touches the place, so that ``ann-7`` is not found in ``joann-77``."""
    before = start > 0 and text[start - 1].isalnum() and text[start].isalnum()
    after = end < len(text) and text[end].isalnum() and text[end - 1].isalnum()
    return not before and not after
