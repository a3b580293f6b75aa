"""Whatever an operation refuses with, a page says it in its reader's language; programs read English."""

import pytest
from django.utils.translation import override

from accounts.errors import FieldError, InvalidInput, phrase
from accounts.rules import checks
from accounts.wording import faults, worded
from tests.guards import refusals


def test_every_message_is_found_for_the_translators():
    assert list(refusals.lost()) == [], (
        "write a literal or phrase(), or name it in tests/guards/refusals.py with a reason"
    )
    assert refusals.unread() == [], "these are gone: take them out of tests/guards/refusals.py"


def test_programs_read_the_sentence_whole_and_pages_in_their_readers_words():
    (fault,) = checks.text("name", "x" * 201)
    assert fault.message == "At most 200 characters; this has 201."
    with override("fr"):
        assert worded(fault.message) == "Au plus 200 caractères ; ici : 201."
        assert fault.message == "At most 200 characters; this has 201.", "it stays English"
        assert faults(InvalidInput([fault, FieldError("x", "past", "The expiry is past.")])) == (
            "Au plus 200 caractères ; ici : 201.; L'expiration est passée."
        )


@pytest.mark.parametrize("message", ["", "of another version", phrase("100 % sure")])
def test_what_has_no_translation_stands_as_it_is(message):
    with override("pl"):
        assert worded(message) == message
