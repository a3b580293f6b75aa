"""Searching what is not a table: the files of the data directory, and the broker with the cache."""

import email
import email.policy
import gzip
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import redis
from django.conf import settings

from retention.rules.terms import Identifiers, Searcher

type Note = Callable[[str, str, int], None]

# The engine's own cluster is searched through the engine; secrets and static files hold nothing of clients.
NOT_SEARCHED = frozenset({"postgresql/data", "secrets", "static"})
# Ciphertext: only the names of these files can be searched.
SEALED = frozenset({"documents", "exports"})
MAIL = "mail"
PIECE = 4 * 1024 * 1024
OVERLAP = 512
# Between two mails of one file, as the file backend writes them.
BETWEEN_MAILS = b"-" * 79


def search_files(terms: Identifiers, contacts: frozenset[str], note: Note) -> int:
    """Search names and contents of the data directory's files for addresses and opaque ids; return how many files.

    External ids are left out here: outside a tenant's row they may be another client's. A mail to a contact of the
    client, or to the vendor's staff, bears their address though a departed user had the same.
    """
    everything = Searcher({*terms.emails, *terms.uuid_texts()})
    in_mail = Searcher({*(terms.emails - contacts), *terms.uuid_texts()})
    names = Searcher({*terms.emails, *terms.uuid_texts(), *(str(id_) for id_ in terms.files)})
    folder = Path(settings.DATA_DIR)
    counts: dict[tuple[str, str], int] = {}
    number = 0
    for path in _files(folder):
        number += 1
        store = _store_of(path, folder)
        if names.found_in(path.name):
            counts[store, "file_name"] = counts.get((store, "file_name"), 0) + 1
        searcher = in_mail if store == MAIL else everything
        if store not in SEALED and any(searcher.found_in(text) for text in _texts(path, store)):
            counts[store, "file_content"] = counts.get((store, "file_content"), 0) + 1
    for (store, kind), count in sorted(counts.items()):
        note(f"files.{store}", kind, count)
    return number


def search_broker(terms: Identifiers, note: Note) -> int:
    """Search every key of the broker and cache, names and values; return how many keys there were."""
    searcher = Searcher({*terms.emails, *terms.uuid_texts()})
    number = residue = 0
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        for key in client.scan_iter(count=1000):
            number += 1
            residue += any(searcher.found_in(_text(part)) for part in (key, *_values(client, key)))
    note("valkey", "key", residue)
    return number


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        inside = Path(place).relative_to(folder)
        folders[:] = sorted(name for name in folders if (inside / name).as_posix() not in NOT_SEARCHED)
        yield from (Path(place) / name for name in sorted(names))


def _store_of(path: Path, folder: Path) -> str:
    parts = path.relative_to(folder).parts
    return parts[0] if len(parts) > 1 else "data_directory"


def _texts(path: Path, store: str) -> Iterator[str]:
    """Yield what a file says, piece by piece with an overlap; a packed file unpacked, a mail with its parts decoded."""
    try:
        yield from _pieces(path)
        if path.suffix == ".gz":
            with gzip.open(path) as packed:
                while piece := packed.read(PIECE):
                    yield piece.decode("utf-8", errors="replace")
        if store == MAIL:
            yield from _mails(path)
    except (FileNotFoundError, gzip.BadGzipFile, EOFError, zlib.error):
        return  # rotated or sent meanwhile, or no archive after all: its bytes were searched


def _pieces(path: Path) -> Iterator[str]:
    with path.open("rb") as source:
        rest = b""
        while piece := source.read(PIECE):
            raw = rest + piece
            yield raw.decode("utf-8", errors="replace")
            if b"\x00" in raw:
                yield raw.decode("utf-16-le", errors="replace")
            rest = raw[-OVERLAP:]


def _mails(path: Path) -> Iterator[str]:
    for raw in path.read_bytes().split(BETWEEN_MAILS):
        message = email.message_from_bytes(raw.strip(), policy=email.policy.default)
        yield "\n".join(f"{name}: {value}" for name, value in message.items())
        for part in message.walk():
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                yield payload.decode(part.get_content_charset() or "utf-8", errors="replace")


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
