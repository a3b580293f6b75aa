"""The hash chain of the trail: how a link follows from the one before, and what a head of it says."""

from collections.abc import Iterable, Iterator
from hashlib import sha256

# What stands for the digest before the first link.
START = "0" * 64


def linked(previous: str, canonical: str) -> str:
    """Return the digest of a link: SHA-256, in hexadecimal digits, of the digits of the one before and its own text.

    ``printf %s%s PREVIOUS CANONICAL | sha256sum`` gives the same.
    """
    return sha256((previous + canonical).encode()).hexdigest()


def links(previous: str, canonicals: Iterable[str]) -> Iterator[str]:
    """Yield the digest of each link of a chain, in order, from the digest before the first of them."""
    for canonical in canonicals:
        previous = sha256((previous + canonical).encode()).hexdigest()
        yield previous
