"""What allauth asks us about second factors: their secrets are sealed with the service's key-encryption keys."""

import base64
from functools import cache

from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings

from accounts import crypto

PLACE = crypto.context("second factor")


class FactorAdapter(DefaultMFAAdapter):
    """Seals what codes are made from. A passkey's row holds a public key only."""

    def encrypt(self, text: str) -> str:
        return seal(text, place=PLACE)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text, place=PLACE)


def seal(text: str, *, place: bytes) -> str:
    """Return the text sealed for a place, as ``version:base64``."""
    wrapped = _keys(settings.KEY_ENCRYPTION_KEYS).wrap(text.encode(), context=place)
    return f"{wrapped.version}:{base64.b64encode(wrapped.ciphertext).decode()}"


def unseal(sealed: str, *, place: bytes) -> str:
    """Return the text.

    :raises crypto.UnknownKeyVersion: its key is not configured any more.
    :raises crypto.DecryptionFailed: it was changed, or sealed for another place.
    """
    version, _, body = sealed.partition(":")
    wrapped = crypto.WrappedKey(int(version), base64.b64decode(body))
    return _keys(settings.KEY_ENCRYPTION_KEYS).unwrap(wrapped, context=place).decode()


@cache
def _keys(text: str) -> crypto.KeyEncryptionKeys:
    return crypto.KeyEncryptionKeys.from_text(text)
