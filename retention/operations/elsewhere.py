"""Searching what is not a table: the files of the data directory, and the broker with the cache."""

import base64
import email
import email.policy
import gzip
import os
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from email.utils import parseaddr
from pathlib import Path
from typing import IO, Any

import redis
from django.conf import settings

from accounts.operations import delivery
from retention.operations.sought import Sought, Terms
from retention.policy import Kind
from retention.rules.terms import as_sought

# The engine's own cluster is searched through the engine; secrets and static files hold nothing of clients.
NOT_SEARCHED = frozenset({"postgresql/data", "secrets", "static"})
# Ciphertext: only the names of these files can be searched.
SEALED = frozenset({"documents", "exports"})
MAIL = "mail"
PIECE = 4 * 1024 * 1024
OVERLAP = 512
# A run of this is what nobody writes by hand.
BASE64 = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
# Between two mails of one file, as the file backend writes them.
BETWEEN_MAILS = b"-" * 79


def search_files(sought: Sequence[Sought], contacts: frozenset[str]) -> None:
    """Search names and contents of the data directory's files, each once, for addresses and opaque ids.

    External ids are left out here: outside a tenant's row they may be another client's. A mail to a contact of the
    client, to the vendor's staff, or to somebody who came back, bears their address though an erased person had it. So
    does a mail to the person about a request of their own, which is the evidence of its answer. Both are counted.
    """
    everything = Terms((one, term) for one in sought for term in {*one.terms.emails, *one.terms.uuid_texts()})
    names = Terms(
        (one, term)
        for one in sought
        for term in {*one.terms.emails, *one.terms.uuid_texts(), *(str(id_) for id_ in one.terms.files)}
    )
    theirs = {as_sought(email) for email in contacts}
    in_mail = Terms(
        (one, term)
        for one in sought
        for term in {*(one.terms.emails - one.returned_terms()), *one.terms.uuid_texts()}
        if as_sought(term) not in theirs
    )
    passed_over = Terms(
        (one, term)
        for one in sought
        for term in one.terms.emails
        if as_sought(term) in theirs or term in one.returned_terms()
    )
    folder = Path(settings.DATA_DIR)
    for one in sought:
        one.found.names_only = sorted(name for name in SEALED if (folder / name).exists())
        one.found.unread = sorted(name for name in NOT_SEARCHED if (folder / name).exists())
        one.found.as_files = [kind.value for kind in _kept_as_files(folder)]
    counts: Counter[tuple[Sought, str, str]] = Counter()
    for path in _files(folder):
        store = _store_of(path, folder)
        for one in sought:
            one.found.files += 1
        counts.update((one, store, "file_name") for one in names.found_in(path.name))
        if store not in SEALED:
            terms = in_mail if store == MAIL else everything
            if terms:
                counts.update((one, store, "file_content") for one in _whose(path, store, terms))
            if store == MAIL and passed_over:
                _count_passed_over(path, passed_over)
    for (one, store, kind), count in sorted(counts.items(), key=lambda item: item[0][1:]):
        one.found.note(f"files.{store}", kind, count)


def search_broker(sought: Sequence[Sought]) -> None:
    """Search every key of the broker and cache once, names and values."""
    terms = Terms((one, term) for one in sought for term in {*one.terms.emails, *one.terms.uuid_texts()})
    counts: Counter[Sought] = Counter()
    number = 0
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        for key in client.scan_iter(count=1000):
            number += 1
            parts = (key, *_values(client, key))
            counts.update({one for part in parts for text in _said(_text(part)) for one in terms.found_in(text)})
    for one in sought:
        one.found.broker_keys = number
        one.found.note("valkey", "key", counts[one])


def _kept_as_files(folder: Path) -> Iterator[Kind]:
    """Yield the stores that are files below the folder only if the operator wants it so: elsewhere nobody looks."""
    kept_at = settings.MAILERS["default"].get("OPTIONS", {}).get("file_path")
    if kept_at is not None and Path(kept_at).resolve() == (folder / MAIL).resolve():
        yield Kind.MAIL
    if (folder / "logs").exists():
        yield Kind.LOGS


def _files(folder: Path) -> Iterator[Path]:
    """Yield every file below a folder, behind links too; a folder that several lead to once for each way to read it.

    :raises OSError: a folder cannot be listed, so nothing may be said of what is in it.
    """
    if not folder.exists():  # nothing was written yet
        return
    left_out = {_identity(folder / name) for name in NOT_SEARCHED if (folder / name).exists()}
    seen = {(_identity(folder), False, False)}
    for place, folders, names in os.walk(folder, onerror=_raise, followlinks=True):
        here = Path(place)
        folders[:] = sorted(name for name in folders if _is_new(here / name, folder, left_out, seen))
        yield from (here / name for name in sorted(names))


def _is_new(
    path: Path,
    folder: Path,
    left_out: set[tuple[int, int]],
    seen: set[tuple[tuple[int, int], bool, bool]],
) -> bool:
    """Say whether a folder is to be walked: it is not left out, and was not walked yet as its store is read."""
    try:
        identity = _identity(path)
    except FileNotFoundError:
        return False
    store = _store_of(path / "any", folder)
    key = (identity, store in SEALED, store == MAIL)
    if identity in left_out or key in seen:
        return False
    seen.add(key)
    return True


def _identity(path: Path) -> tuple[int, int]:
    """Return what a folder is, by whatever name: its device, and its number there."""
    found = path.stat()
    return found.st_dev, found.st_ino


def _raise(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):  # one that is gone meanwhile holds nothing
        raise error


def _store_of(path: Path, folder: Path) -> str:
    parts = path.relative_to(folder).parts
    return parts[0] if len(parts) > 1 else "data_directory"


def _whose(path: Path, store: str, terms: Terms) -> set[Sought]:
    """Return whose terms a file holds. Mails that hold nothing but their reader's own address are counted apart."""
    if not path.is_file():  # a link that leads nowhere, a socket: it has no content of its own
        return set()
    if store != MAIL:
        return {one for text in _texts(path) for one in terms.found_in(text)}
    whose = {one for text in _unpacked(path) for one in terms.found_in(text)}
    for reader, texts in _mails(path):
        named: dict[Sought, set[str]] = {}
        for text in texts:
            for one, found in terms.found_in(text).items():
                named.setdefault(one, set()).update(found)
        for one, found in named.items():
            one.found.mails_to_who_asked += reader in found
        whose |= {one for one, found in named.items() if found - {reader}}
    return whose


def _count_passed_over(path: Path, terms: Terms) -> None:
    """Count the mails that bear an address which is by now, or also, somebody else's: a contact's, say."""
    if path.is_file():
        for _reader, texts in _mails(path):
            for one in {one for text in texts for one in terms.found_in(text)}:
                one.found.mails_to_others_of_address += 1


def _texts(path: Path) -> Iterator[str]:
    """Yield what a file says, piece by piece with an overlap; a packed file unpacked, too."""
    with suppress(FileNotFoundError), path.open("rb") as source:  # rotated meanwhile
        yield from _pieces(source)
    yield from _unpacked(path)


def _unpacked(path: Path) -> Iterator[str]:
    if path.suffix != ".gz":
        return
    try:
        with gzip.open(path) as packed:
            yield from _pieces(packed)
    except (FileNotFoundError, gzip.BadGzipFile, EOFError, zlib.error):
        return  # rotated meanwhile, or no archive after all: its bytes are searched


def _pieces(source: IO[bytes] | gzip.GzipFile) -> Iterator[str]:
    rest = b""
    while piece := source.read(PIECE):
        raw = rest + piece
        yield from _read_as(raw)
        rest = raw[-OVERLAP:]


def _read_as(raw: bytes) -> Iterator[str]:
    yield raw.decode("utf-8", errors="replace")
    if b"\x00" in raw:
        yield raw.decode("utf-16-le", errors="replace")


def _mails(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each mail of a file as texts: as it stands, and with its parts decoded.

    Before it the address of whom it tells about a request of their own, as :func:`as_sought` writes it; else nothing.
    """
    try:
        mails = path.read_bytes().split(BETWEEN_MAILS)
    except FileNotFoundError:
        return  # sent meanwhile
    for raw in mails:
        message = email.message_from_bytes(raw.strip(), policy=email.policy.default)
        texts = [*_read_as(raw), "\n".join(f"{name}: {value}" for name, value in message.items())]
        for part in message.walk():
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                texts.append(payload.decode(part.get_content_charset() or "utf-8", errors="replace"))
        to_who_asked = message[delivery.TOPIC_HEADER] in delivery.TO_PEOPLE
        yield (as_sought(parseaddr(str(message["To"]))[1]) if to_who_asked else "", texts)


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


def _said(text: str) -> Iterator[str]:
    """Yield a text, and what stands in it as base64: so the broker keeps the bodies of its messages."""
    yield text
    for run in BASE64.findall(text):
        with suppress(ValueError):
            yield base64.b64decode(run[: len(run) // 4 * 4]).decode("utf-8", errors="replace")


def _text(value: Any) -> str:
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
