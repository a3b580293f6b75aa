"""The certificate as a document: its kind, how it is signed, and its check with the public key alone."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from accounts.rules.signing import (
    BadDocument,
    Kind,
    WrongSigningKey,
    canonical,
    key_id,
    public_pem,
    read,
    read_public_key,
    signing_key,
)

SCHEMA = "terme.certificate/1"
# What is signed begins with this, so that no signature over another kind of document can pass for one of these.
DOMAIN = b"terme certificate 1\n"
CERTIFICATE = Kind("certificate", SCHEMA, DOMAIN)
# The certificate does not hold: the message says in one sentence why.
BadCertificate = BadDocument

__all__ = [
    "CERTIFICATE",
    "DOMAIN",
    "SCHEMA",
    "BadCertificate",
    "WrongSigningKey",
    "canonical",
    "key_id",
    "public_pem",
    "read",
    "read_public_key",
    "signed",
    "signing_key",
    "verify",
]


def signed(document: dict[str, Any], key: Ed25519PrivateKey) -> dict[str, Any]:
    """Return the document with its signature. :raises TypeError: it holds what is not canonical."""
    return CERTIFICATE.signed(document, key)


def verify(certificate: Any, key: Ed25519PublicKey) -> dict[str, Any]:
    """Return the document without its signature, if the key signed it.

    :raises BadCertificate: it is not a certificate, was changed, or another key signed it.
    """
    return CERTIFICATE.verify(certificate, key)
