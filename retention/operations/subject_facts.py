"""What stays sealed of a person's request: who asks, where they are reached, their words. Each row has its own key."""

import json
import uuid
from dataclasses import asdict, dataclass, replace

from django.conf import settings

from accounts import crypto
from accounts.errors import FieldError, InvalidInput, phrase
from accounts.rules import checks
from retention.models import SubjectRequest

LONGEST_WORDS = 5000


@dataclass(frozen=True, slots=True)
class Facts:
    """Who asks. ``service`` is what the person calls the company or the product; ``address`` is for a letter by post.

    ``reasons`` are what the person is told of the decision, in the words of whoever decided.
    """

    name: str
    email: str
    words: str = ""
    service: str = ""
    address: str = ""
    reasons: str = ""

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Sealed:
    """Facts under a key of their own, as a row stores them."""

    sealed_facts: bytes
    wrapped_key: bytes
    key_version: int


def check(facts: Facts, *, needs_address: bool = True) -> None:
    """:raises InvalidInput: by field: no name, no address of any kind, or a text that is too long or no plain text."""
    faults = [*checks.text("name", facts.name), *checks.text("service", facts.service, may_be_empty=True)]
    if facts.email or needs_address:
        faults += checks.email("email", facts.email)
    faults += _lines("words", facts.words, longest=LONGEST_WORDS) + _lines("address", facts.address, longest=500)
    if not facts.email and not facts.address and not needs_address:
        faults.append(FieldError("address", "blank", "Without an e-mail address the answer goes by post: to where?"))
    if faults:
        raise InvalidInput(faults)


def _lines(field: str, value: str, *, longest: int) -> list[FieldError]:
    """Return what is wrong with a person's own words. They may hold tags, as mails name links."""
    if len(value) > longest:
        return [
            FieldError(
                field,
                "too_long",
                phrase("At most %(most)s characters; this has %(has)s.", most=longest, has=len(value)),
            )
        ]
    if any(ord(one) < 32 and one not in "\r\n\t" for one in value):
        return [FieldError(field, "control_character", "A control character is in it.")]
    return []


def seal(public_id: uuid.UUID, facts: Facts) -> Sealed:
    """Seal facts for the row with this id."""
    key = crypto.new_data_key()
    wrapped = _keys().wrap(key, context=sealed_context(public_id, "key"))
    packed = json.dumps(asdict(facts)).encode()
    sealed = crypto.encrypt(key, packed, context=sealed_context(public_id, "facts"))
    return Sealed(sealed, wrapped.ciphertext, wrapped.version)


def add_reasons(request: SubjectRequest, reasons: str) -> None:
    """Add to a locked request what the person is told of the decision; its fields are not saved."""
    sealed = seal(request.public_id, replace(opened(request), reasons=reasons))
    request.sealed_facts, request.wrapped_key = sealed.sealed_facts, sealed.wrapped_key
    request.key_version = sealed.key_version


def opened(request: SubjectRequest) -> Facts:
    """Return the facts of a request; nothing, once they are gone."""
    if request.sealed_facts is None or request.wrapped_key is None or request.key_version is None:
        return Facts("", "")
    wrapped = crypto.WrappedKey(request.key_version, bytes(request.wrapped_key))
    key = _keys().unwrap(wrapped, context=sealed_context(request.public_id, "key"))
    data = crypto.decrypt(key, bytes(request.sealed_facts), context=sealed_context(request.public_id, "facts"))
    return Facts(**json.loads(data))


def sealed_context(public_id: uuid.UUID, part: str) -> bytes:
    """Return what a part of a request, its key too, is bound to."""
    return crypto.context("subject_request", str(public_id), part)


def _keys() -> crypto.KeyEncryptionKeys:
    return crypto.KeyEncryptionKeys.from_text(settings.KEY_ENCRYPTION_KEYS)
