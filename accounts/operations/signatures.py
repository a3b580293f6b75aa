"""The key that signs what leaves this service, and how its public half is published."""

from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from accounts.rules import signing


def private_key() -> Ed25519PrivateKey:
    """Return the key that signs, from the settings. :raises WrongSigningKey: it is unusable."""
    return _parsed(settings.SIGNING_KEY)


def public_pem() -> str:
    """Return the public key with which anybody checks what was signed."""
    return signing.public_pem(private_key().public_key())


def former_pems() -> dict[str, str]:
    """Return the public keys of before by ``key_id``, as PEM. :raises BadDocument: one is no public key."""
    keys = map(signing.former_public_key, settings.FORMER_PUBLIC_KEYS)
    return {signing.key_id(key): signing.public_pem(key) for key in keys}


def public_keys() -> list[Ed25519PublicKey]:
    """Return the key with which is signed now, and those of before. :raises BadDocument: one is no public key."""
    return [private_key().public_key(), *map(signing.former_public_key, settings.FORMER_PUBLIC_KEYS)]


@lru_cache(maxsize=2)
def _parsed(text: str) -> Ed25519PrivateKey:
    return signing.signing_key(text)
