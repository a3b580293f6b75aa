"""The list of breached passwords: a file of sorted digests, built once, asked without any network.

After 16 bytes that say what it is come records of 8 bytes: the beginnings of SHA-1 digests, ascending, each once.
In a list of a thousand million, an unlisted password is taken for a listed one once in 18 thousand million times.
"""

import gzip
import hashlib
import heapq
import mmap
import re
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

MAGIC = b"TERME-BREACHED\x00\x01"
RECORD = 8
CHUNK = 1_000_000
_DIGEST = re.compile(rb"([0-9A-Fa-f]{40})(?::(\d+))?")
_SUFFIX = re.compile(rb"([0-9A-Fa-f]{35}):(\d+)")


class Unreadable(Exception):
    """The file is not there, or is no such list."""


class BreachList:
    """An open list. It is mapped, not read: asking touches some thirty places of it."""

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise Unreadable(f"{path}: {error}") from error
        if self._map[: len(MAGIC)] != MAGIC or (len(self._map) - len(MAGIC)) % RECORD:
            raise Unreadable(f"{path}: this is no list of breached passwords")
        self._count = (len(self._map) - len(MAGIC)) // RECORD

    def __len__(self) -> int:
        return self._count

    def __contains__(self, password: object) -> bool:
        """Say whether the list has the password: a bisection over the digests."""
        wanted = digest_of(str(password))
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            if self._record(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low < self._count and self._record(low) == wanted

    def _record(self, number: int) -> bytes:
        start = len(MAGIC) + number * RECORD
        return bytes(self._map[start : start + RECORD])


def opened(path: Path) -> BreachList:
    """Return the list at a path; one that was put in its place is opened anew.

    :raises Unreadable: there is none.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise Unreadable(f"{path}: {error}") from error
    return _opened(path, found.st_mtime_ns, found.st_ino)


@lru_cache(maxsize=1)
def _opened(path: Path, _changed: int, _node: int) -> BreachList:
    return BreachList(path)


def digest_of(password: str) -> bytes:
    """Return the record of a password."""
    return hashlib.sha1(password.encode(), usedforsecurity=False).digest()[:RECORD]


def build(sources: Iterable[Path], target: Path, *, at_least: int = 1) -> int:
    """Write the list of all that the sources name, in bounded memory and all or nothing; return how many it has.

    A line is ``SHA1:count`` or ``SHA1`` (Pwned Passwords), ``suffix:count`` in a file that is called by the first five
    digits, or a plain word. Digests seen fewer than ``at_least`` times are left out. Files may be gzipped.

    :raises OSError: a source cannot be read, or the target not written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".breached-") as folder:
        parts: list[Path] = []
        chunk = array("Q")
        for number in _numbers(sources, at_least):
            chunk.append(number)
            if len(chunk) >= CHUNK:
                parts.append(_sorted_part(chunk, Path(folder) / str(len(parts))))
                chunk = array("Q")
        parts.append(_sorted_part(chunk, Path(folder) / str(len(parts))))
        made, count, last = Path(folder) / "made", 0, -1
        with made.open("wb") as file:
            file.write(MAGIC)
            for number in heapq.merge(*(_numbers_of(part) for part in parts)):
                if number != last:
                    file.write(number.to_bytes(RECORD, "big"))
                    count, last = count + 1, number
        made.replace(target)
    return count


def _numbers(sources: Iterable[Path], at_least: int) -> Iterator[int]:
    for source in sources:
        stem = source.name.split(".")[0]
        prefix = stem.encode() if re.fullmatch(r"[0-9A-Fa-f]{5}", stem) else b""
        with gzip.open(source) if source.suffix == ".gz" else source.open("rb") as file:
            for line in file:
                text = line.rstrip(b"\r\n")
                found = _DIGEST.fullmatch(text)
                if found is None and prefix and (suffix := _SUFFIX.fullmatch(text)):
                    digits, times = prefix + suffix[1], suffix[2]
                elif found is not None:
                    digits, times = found[1], found[2]
                elif text:
                    yield int.from_bytes(hashlib.sha1(text, usedforsecurity=False).digest()[:RECORD], "big")
                    continue
                else:
                    continue
                if times is None or int(times) >= at_least:
                    yield int(digits[: 2 * RECORD], 16)


def _sorted_part(chunk: "array[int]", path: Path) -> Path:
    with path.open("wb") as file:
        array("Q", sorted(set(chunk))).tofile(file)
    return path


def _numbers_of(part: Path) -> Iterator[int]:
    size = array("Q").itemsize
    with part.open("rb") as file:
        while piece := file.read(size * 65536):
            yield from array("Q", piece)
