"""Encryption: key-encryption keys, data keys, sealed values and sealed files. AES-256-GCM throughout.

Everything sealed is bound to its place by *associated data* (:func:`context`): a value moved to another row, or a file
swapped for another, does not open.
"""

import base64
import binascii
import re
import secrets
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
FORMAT = 1
# A sealed file: this head, a salt, then pieces; each piece has 64 KiB of plain bytes, the last one fewer or as many.
FILE_HEAD = b"TERME\x00\x01\x00"
SALT_BYTES = 16
PIECE = 64 * 1024
_PIECE_NONCE = struct.Struct(">3xQB")
_ENTRY = re.compile(r"([1-9][0-9]{0,8}):([A-Za-z0-9+/=_-]+)")


class DecryptionFailed(Exception):
    """What was sealed was changed, cut, moved to another place, or is opened with another key."""


class UnknownKeyVersion(Exception):
    """No key-encryption key of this version is configured: an old one must stay until nothing uses it."""


class WrongKeys(ValueError):
    """The configured key-encryption keys cannot be used; the message says why, and never shows a key."""


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key under the key-encryption key of ``version``."""

    version: int
    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class KeyEncryptionKeys:
    """The keys that wrap data keys, by version. The highest version wraps; all of them unwrap."""

    by_version: Mapping[int, bytes] = field(repr=False)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read ``version:base64`` entries, separated by commas or blanks; each key has 32 bytes.

        :raises WrongKeys: an entry is malformed, a version comes twice, a key has another length, or none is there.
        """
        found: dict[int, bytes] = {}
        for place, entry in enumerate(re.split(r"[\s,]+", text.strip()), start=1):
            match = _ENTRY.fullmatch(entry)
            if match is None:
                raise WrongKeys(f"key-encryption keys: entry {place} is not of the form version:base64")
            version = int(match[1])
            if version in found:
                raise WrongKeys(f"key-encryption keys: version {version} comes twice")
            found[version] = _decoded(match[2], version)
        return cls(found)

    @property
    def newest(self) -> int:
        """The version that wraps new keys."""
        return max(self.by_version)

    def wrap(self, key: bytes, *, context: bytes) -> WrappedKey:
        """Wrap a data key for the place that ``context`` names."""
        version = self.newest
        return WrappedKey(version, encrypt(self.by_version[version], key, context=_wrapping(version, context)))

    def unwrap(self, wrapped: WrappedKey, *, context: bytes) -> bytes:
        """Return the data key.

        :raises UnknownKeyVersion: the key-encryption key of that version is not configured.
        :raises DecryptionFailed: it was wrapped under another key, or for another place.
        """
        key = self.by_version.get(wrapped.version)
        if key is None:
            raise UnknownKeyVersion(f"No key-encryption key of version {wrapped.version} is configured.")
        return decrypt(key, wrapped.ciphertext, context=_wrapping(wrapped.version, context))

    def check_value(self, version: int) -> str:
        """Return 16 hexadecimal digits that tell keys apart and say nothing about the key: shown and compared."""
        return HKDFExpand(SHA256(), 8, b"terme:check-value").derive(self.by_version[version]).hex()


def new_data_key() -> bytes:
    """Return a new random data key."""
    return secrets.token_bytes(KEY_BYTES)


def context(*parts: str) -> bytes:
    """Return associated data that names a place. No two lists of parts give the same bytes."""
    encoded = [part.encode() for part in parts]
    return b"".join(struct.pack(">I", len(part)) + part for part in encoded)


def encrypt(key: bytes, data: bytes, *, context: bytes) -> bytes:
    """Seal a value for the place that ``context`` names: format byte, random nonce, ciphertext with tag."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return bytes([FORMAT]) + nonce + AESGCM(key).encrypt(nonce, data, context)


def decrypt(key: bytes, data: bytes, *, context: bytes) -> bytes:
    """Open a sealed value. :raises DecryptionFailed: it was changed, or sealed for another place or key."""
    if len(data) < 1 + NONCE_BYTES + TAG_BYTES or data[0] != FORMAT:
        raise DecryptionFailed("This is not a sealed value.")
    nonce, body = data[1 : 1 + NONCE_BYTES], data[1 + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, body, context)
    except InvalidTag:
        raise DecryptionFailed("A sealed value was changed, or belongs to another place.") from None


def encrypt_stream(source: BinaryIO, target: BinaryIO, key: bytes, *, context: bytes) -> None:
    """Seal a file piece by piece, in constant memory.

    Each piece carries its number, and the last one says that it is the last: pieces cannot be cut, dropped, doubled
    or reordered unseen. The key of the pieces is derived from ``key`` and a random salt, so nonces never repeat.
    """
    salt = secrets.token_bytes(SALT_BYTES)
    cipher = AESGCM(_file_key(key, salt))
    target.write(FILE_HEAD + salt)
    number, piece = 0, _full_read(source)
    while True:
        following = _full_read(source) if len(piece) == PIECE else b""
        last = not following
        target.write(cipher.encrypt(_PIECE_NONCE.pack(number, last), piece, context))
        if last:
            return
        number, piece = number + 1, following


def decrypt_stream(source: BinaryIO, key: bytes, *, context: bytes) -> Iterator[bytes]:
    """Open a sealed file piece by piece; each piece is checked before it is handed out.

    :raises DecryptionFailed: from the iterator: the file was changed, cut, continued, or swapped.
    """
    head = source.read(len(FILE_HEAD) + SALT_BYTES)
    if len(head) != len(FILE_HEAD) + SALT_BYTES or not head.startswith(FILE_HEAD):
        raise DecryptionFailed("This is not a sealed file.")
    cipher = AESGCM(_file_key(key, head[len(FILE_HEAD) :]))
    number, piece = 0, _full_read(source, PIECE + TAG_BYTES)
    while True:
        following = _full_read(source, PIECE + TAG_BYTES) if len(piece) == PIECE + TAG_BYTES else b""
        last = not following
        try:
            plain = cipher.decrypt(_PIECE_NONCE.pack(number, last), piece, context)
        except InvalidTag:
            raise DecryptionFailed("A sealed file was changed or cut, or belongs to another place.") from None
        yield plain
        if last:
            return
        number, piece = number + 1, following


def _full_read(source: BinaryIO, size: int = PIECE) -> bytes:
    """Read ``size`` bytes, fewer only at the end: a pipe or a ZIP in the making gives them in smaller parts."""
    parts, missing = [], size
    while missing and (part := source.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _file_key(key: bytes, salt: bytes) -> bytes:
    return HKDFExpand(SHA256(), KEY_BYTES, b"terme:file:" + salt).derive(key)


def _wrapping(version: int, place: bytes) -> bytes:
    return context("wrapped key", str(version)) + place


def _decoded(text: str, version: int) -> bytes:
    try:
        key = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error:
        raise WrongKeys(f"key-encryption keys: version {version} is not base64") from None
    if len(key) != KEY_BYTES:
        raise WrongKeys(f"key-encryption keys: version {version} has {len(key)} bytes instead of {KEY_BYTES}")
    return key
