"""Signed documents: canonical JSON, an Ed25519 signature over it, and its check with the public key alone."""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ALGORITHM = "Ed25519"


class BadDocument(Exception):
    """The document does not hold: the message says in one sentence why, the ``code`` in a word.

    ``not_a_document``, ``unknown_kind``, ``other_key`` or ``changed``.
    """

    def __init__(self, message: str, code: str = "not_a_document") -> None:
        super().__init__(message)
        self.code = code


class WrongSigningKey(ValueError):
    """The configured signing key cannot be used; the message never shows it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of signed document: what it is called, its ``schema``, and what is signed before the document itself.

    That ``domain`` keeps a signature over one kind from passing for one over another.
    """

    noun: str
    schema: str
    domain: bytes

    def signed(self, document: dict[str, Any], key: Ed25519PrivateKey) -> dict[str, Any]:
        """Return the document with its signature. :raises TypeError: it holds what is not canonical."""
        value = key.sign(self.domain + canonical(document))
        signature = {
            "algorithm": ALGORITHM,
            "key_id": key_id(key.public_key()),
            "value": base64.b64encode(value).decode(),
        }
        return {**document, "signature": signature}

    def verify(self, signed: Any, key: Ed25519PublicKey) -> dict[str, Any]:
        """Return the document without its signature, if the key signed it.

        :raises BadDocument: it is of another kind, was changed, or another key signed it.
        """
        if not isinstance(signed, dict) or not isinstance(signed.get("signature"), dict):
            raise BadDocument(f"This is not a signed {self.noun}.")
        document = {name: value for name, value in signed.items() if name != "signature"}
        signature = signed["signature"]
        if document.get("schema") != self.schema:
            raise BadDocument(f"This is not a {self.noun} of a known kind.", "unknown_kind")
        # Nothing beside these three: what stands in the signature itself is not signed.
        if signature.keys() != {"algorithm", "key_id", "value"} or signature["algorithm"] != ALGORITHM:
            raise BadDocument("The signature is of an unknown kind.", "unknown_kind")
        if signature["key_id"] != key_id(key):
            raise BadDocument(f"Another key signed this {self.noun}.", "other_key")
        try:
            text = str(signature["value"])
            value = base64.b64decode(text, validate=True)
            if base64.b64encode(value).decode() != text:
                raise binascii.Error
            key.verify(value, self.domain + canonical(document))
        except (ValueError, TypeError, RecursionError, InvalidSignature):
            raise BadDocument(f"The signature does not fit: the {self.noun} was changed.", "changed") from None
        return document


def canonical(document: Any) -> bytes:
    """Return the one way of writing a document: sorted keys, no blanks, UTF-8; texts, integers, booleans, null only.

    :raises TypeError: a float or another type, which programs write differently.
    """
    _check(document)
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(signed: Any) -> str:
    """Return the SHA-256 of a signed document with its signature, in hexadecimal: how a later document names it."""
    return hashlib.sha256(canonical(signed)).hexdigest()


def signing_key(text: str) -> Ed25519PrivateKey:
    """Return the private key from the base64 of its 32 bytes. :raises WrongSigningKey: it is something else."""
    try:
        raw = base64.b64decode(text, validate=True)
        return Ed25519PrivateKey.from_private_bytes(raw)
    except (binascii.Error, ValueError):
        raise WrongSigningKey("signing key: it must be the base64 of 32 bytes") from None


def public_pem(key: Ed25519PublicKey) -> str:
    """Return the public key as PEM, as it is published."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()


def read_public_key(text: str) -> Ed25519PublicKey:
    """Return the public key from PEM. :raises BadDocument: it is not an Ed25519 public key."""
    try:
        key = serialization.load_pem_public_key(text.encode())
    except ValueError:
        raise BadDocument("The public key is not a PEM file.") from None
    except UnsupportedAlgorithm:  # of a kind that the library has no name for
        raise BadDocument("The public key is not an Ed25519 key.") from None
    if not isinstance(key, Ed25519PublicKey):
        raise BadDocument("The public key is not an Ed25519 key.")
    return key


def former_public_key(text: str) -> Ed25519PublicKey:
    """Return a public key from the line within its PEM. :raises BadDocument: it is no Ed25519 public key."""
    return read_public_key(f"-----BEGIN PUBLIC KEY-----\n{text.strip()}\n-----END PUBLIC KEY-----\n")


def signer(signed: Any) -> str | None:
    """Return which key a document says that it was signed with, if it says any."""
    signature = signed.get("signature") if isinstance(signed, dict) else None
    found = signature.get("key_id") if isinstance(signature, dict) else None
    return found if isinstance(found, str) else None


def key_id(key: Ed25519PublicKey) -> str:
    """Return 16 hexadecimal digits that name a key: the start of the SHA-256 of its 32 bytes."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def read(text: bytes) -> Any:
    """Return the JSON of a document's file. :raises BadDocument: it is not JSON, or a name stands twice in it."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise BadDocument("This is not a JSON file, or a name stands twice in it.") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _check(value: Any) -> None:
    match value:
        case None | bool() | int() | str():
            return
        case list():
            for item in value:
                _check(item)
        case dict():
            for name, item in value.items():
                if not isinstance(name, str):
                    raise TypeError("a name is a text")
                _check(item)
        case _:
            raise TypeError(f"a signed document holds no {type(value).__name__}")
