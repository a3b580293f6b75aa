"""The settings of an HTTP service, the questions it is asked, and what counts as an answer."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from accounts.errors import FieldError, InvalidInput, phrase
from accounts.rules import addresses, checks
from retention.rules.stores.reader import CATEGORIES, Reader

PROTOCOL = 1
PREFIX = "whsec_"
SHORTEST_SECRET, LONGEST_SECRET = 24, 64  # bytes, as Standard Webhooks has them
LONGEST_STATUS_URL = 500
MOST_PLACES = 1000
LARGEST_COUNT = 10**15


class NoAnswer(ValueError):
    """An answer is not what was agreed."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the service listens. ``seconds`` is how long one call may take.

    ``by_age``: the categories that it erases by age, when asked. ``spares``: it can leave out single people then.
    """

    url: str
    seconds: int
    by_age: tuple[str, ...] = ()
    spares: bool = False

    @property
    def categories(self) -> frozenset[str]:
        """Which categories a retention rule may erase by age here."""
        return frozenset(self.by_age)


def read(settings: Any, *, allow_private: bool) -> Settings:
    """Return the settings, their form checked. :raises InvalidInput: with all their faults."""
    faults: list[FieldError] = []
    reader = Reader(settings, "", faults)
    found = Settings(
        url=reader.text("url", longest=addresses.LONGEST_URL),
        seconds=reader.number("seconds", default=15, least=1, most=60),
        by_age=_categories(reader),
        spares=reader.flag("spares", default=False),
    )
    if not faults:
        faults += addresses.check("url", found.url, allow_private=allow_private)
    reader.end()
    if faults:
        raise InvalidInput(faults)
    return found


def _categories(reader: Reader) -> tuple[str, ...]:
    found = reader.items("by_age", most=len(CATEGORIES))
    for number, name in enumerate(found):
        if name not in CATEGORIES:
            reader.fault(f"by_age[{number}]", "unknown", phrase("One of: %(words)s.", words=", ".join(CATEGORIES)))
    return tuple(name for name in found if name in CATEGORIES)


def key(secret: str) -> bytes:
    """Return the key that signs. :raises ValueError: it is not ``whsec_`` and base64 of 24 to 64 bytes."""
    try:
        found = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("no base64") from None
    if not secret.startswith(PREFIX) or not SHORTEST_SECRET <= len(found) <= LONGEST_SECRET:
        raise ValueError("another length")
    return found


def said(body: bytes) -> Mapping[str, Any]:
    """Return the object that a body is. :raises NoAnswer: it is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise NoAnswer from None
    if not isinstance(found, dict):
        raise NoAnswer
    return found


def counts(body: bytes, name: str) -> dict[str, int]:
    """Return the counts by place that a body has under a name. :raises NoAnswer: they are none."""
    found = said(body).get(name)
    if not isinstance(found, dict) or len(found) > MOST_PLACES:
        raise NoAnswer
    for place, count in found.items():
        if checks.text("place", place, longest=80) or "@" in place:  # a place is a name of the service's, nobody's
            raise NoAnswer
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= LARGEST_COUNT:
            raise NoAnswer
    return {str(place): int(count) for place, count in found.items()}


def page(body: bytes) -> tuple[list[dict[str, Any]], str]:
    """Return the records of a page of an export, and where the next one begins: empty, there is none.

    :raises NoAnswer: it is no such page.
    """
    found = said(body)
    records, following = found.get("records"), found.get("next")
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise NoAnswer
    if following is not None and not (isinstance(following, str) and 1 <= len(following) <= 1000):
        raise NoAnswer
    return records, following or ""


def status_url(url: str, body: bytes) -> str:
    """Return where a service that is still working is asked again. :raises NoAnswer: nowhere, or at another origin."""
    given = said(body).get("status_url")
    if not isinstance(given, str):
        raise NoAnswer
    try:
        found = urljoin(url, given)
        same = origin(found) == origin(url)
    except ValueError:
        raise NoAnswer from None
    if not same or len(found) > LONGEST_STATUS_URL or addresses.check("url", found, allow_private=True):
        raise NoAnswer
    return found


def origin(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of a URL. :raises ValueError: it is none."""
    parts, target = urlsplit(url), addresses.target(url)
    return parts.scheme.lower(), target.host, target.port
