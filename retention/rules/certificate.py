"""Certificates and their addenda as documents: their kinds, their signature, their check with the public key alone."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from accounts.rules.signing import (
    BadDocument,
    Kind,
    WrongSigningKey,
    canonical,
    digest,
    key_id,
    public_pem,
    read,
    read_public_key,
    signer,
    signing_key,
)

SCHEMA = "terme.certificate/2"
# What is signed begins with this, so that no signature over another kind of document can pass for one of these.
DOMAIN = b"terme certificate 2\n"
CERTIFICATE = Kind("certificate", SCHEMA, DOMAIN)
# Certificates issued before there were addenda; they stay checkable.
FIRST = Kind("certificate", "terme.certificate/1", b"terme certificate 1\n")
ADDENDUM = Kind("addendum", "terme.certificate-addendum/1", b"terme certificate addendum 1\n")
KINDS = {kind.schema: kind for kind in (CERTIFICATE, FIRST, ADDENDUM)}
# What is said of others' content in place of the state of its search, where a restore lost that and the ledger had it.
REPLAYED = "replayed"
# Larger files are no certificates.
LARGEST = 1024 * 1024
# The certificate does not hold: the message says in one sentence why.
BadCertificate = BadDocument

__all__ = [
    "ADDENDUM",
    "CERTIFICATE",
    "DOMAIN",
    "LARGEST",
    "REPLAYED",
    "SCHEMA",
    "BadCertificate",
    "WrongSigningKey",
    "canonical",
    "digest",
    "follows",
    "key_id",
    "public_pem",
    "read",
    "read_public_key",
    "signed",
    "signer",
    "signing_key",
    "verify",
]


def signed(document: dict[str, Any], key: Ed25519PrivateKey) -> dict[str, Any]:
    """Return the certificate with its signature. :raises TypeError: it holds what is not canonical."""
    return CERTIFICATE.signed(document, key)


def verify(signed: Any, key: Ed25519PublicKey, *others: Ed25519PublicKey) -> dict[str, Any]:
    """Return a certificate or an addendum without its signature, if the key signed it, or one of the others.

    :raises BadCertificate: it is neither, was changed, or another key signed it.
    """
    schema = signed.get("schema") if isinstance(signed, dict) else None
    kind = KINDS.get(schema) if isinstance(schema, str) else None
    named = next((one for one in others if key_id(one) == signer(signed)), key)
    return (kind or CERTIFICATE).verify(signed, named)


def follows(addenda: list[dict[str, Any]], certificate: dict[str, Any]) -> bool:
    """Say whether signed addenda, in their order, follow a signed certificate without a gap.

    Each names the digest of the one before it, the first that of the certificate. The last may be missing unseen.
    """
    before, numbers = digest(certificate), range(1, len(addenda) + 1)
    for number, addendum in zip(numbers, addenda, strict=True):
        if (addendum.get("number"), addendum.get("previous_sha256")) != (number, before):
            return False
        if addendum.get("certificate_sha256") != digest(certificate):
            return False
        before = digest(addendum)
    return True
