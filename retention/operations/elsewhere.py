"""Searching what is not a table: the files of the data directory, and the broker with the cache."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import redis
from django.conf import settings

from retention.rules.terms import Identifiers, found_in

# The engines' own files are searched through the engines; secrets and static files hold nothing of clients.
NOT_SEARCHED = frozenset({"postgresql", "valkey", "secrets", "static"})
# Ciphertext: only the names of these files can be searched.
SEALED = frozenset({"documents", "exports"})
PIECE = 4 * 1024 * 1024
OVERLAP = 512


def search_files[Found](terms: Identifiers, hits: list[Found], hit: Callable[[str, str, int], Found]) -> int:
    """Search names and contents of the data directory's files for addresses and opaque ids; return how many files.

    External ids are left out here: outside a tenant's row they may be another client's.
    """
    wanted = _wanted(terms)
    names = wanted | {text for id_ in terms.files for text in (str(id_), id_.hex)}
    counts: dict[tuple[str, str], int] = {}
    number = 0
    for path in _files(Path(settings.DATA_DIR)):
        number += 1
        place = _store_of(path)
        if any(term in path.name.lower() for term in names):
            counts[place, "file_name"] = counts.get((place, "file_name"), 0) + 1
        if place not in SEALED and _content_has(path, wanted):
            counts[place, "file_content"] = counts.get((place, "file_content"), 0) + 1
    hits.extend(hit(f"files.{place}", kind, count) for (place, kind), count in sorted(counts.items()))
    return number


def search_broker[Found](terms: Identifiers, hits: list[Found], hit: Callable[[str, str, int], Found]) -> int:
    """Search every key of the broker and cache, names and values; return how many keys there were."""
    wanted = _wanted(terms)
    number = residue = 0
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        for key in client.scan_iter(count=1000):
            number += 1
            text = " ".join([_text(key), *map(_text, _values(client, key))])
            residue += bool(found_in(text, wanted))
    if residue:
        hits.append(hit("valkey", "key", residue))
    return number


def _wanted(terms: Identifiers) -> frozenset[str]:
    return frozenset({*terms.emails, *terms.uuid_texts()})


def _files(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()) if folder.exists() else ():
        if entry.name in NOT_SEARCHED or entry.is_symlink():
            continue
        if entry.is_file():
            yield entry
            continue
        for place, _folders, names in os.walk(entry):
            yield from (Path(place) / name for name in sorted(names))


def _store_of(path: Path) -> str:
    first = path.relative_to(settings.DATA_DIR).parts
    return first[0] if len(first) > 1 else "data_directory"


def _content_has(path: Path, wanted: frozenset[str]) -> bool:
    """Search a file piece by piece, with an overlap so that nothing is missed at a seam."""
    try:
        with path.open("rb") as source:
            rest = ""
            while piece := source.read(PIECE):
                text = rest + piece.decode("utf-8", errors="replace")
                if found_in(text, wanted):
                    return True
                rest = text[-OVERLAP:]
    except FileNotFoundError:  # a log that was rotated, a mail that was sent
        return False
    return False


def _values(client: Any, key: bytes) -> list[Any]:
    kind = client.type(key)
    match kind:
        case b"string":
            return [client.get(key)]
        case b"list":
            return list(client.lrange(key, 0, -1))
        case b"hash":
            return [part for pair in client.hgetall(key).items() for part in pair]
        case b"set":
            return list(client.smembers(key))
        case b"zset":
            return list(client.zrange(key, 0, -1))
        case b"stream":
            return [part for _id, fields in client.xrange(key) for pair in fields.items() for part in pair]
    return []


def _text(value: Any) -> str:
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
