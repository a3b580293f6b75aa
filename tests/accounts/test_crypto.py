"""Sealing: what is changed, cut, moved or opened with another key does not open; keys are read strictly."""

import base64
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import crypto

KEY = bytes(range(32))
HERE = crypto.context("message", "a", "b")


def text_of(*entries):
    return ",".join(f"{version}:{base64.b64encode(key).decode()}" for version, key in entries)


def sealed_file(data):
    target = BytesIO()
    crypto.encrypt_stream(BytesIO(data), target, KEY, context=HERE)
    return target.getvalue()


def opened_file(data, context=HERE):
    return b"".join(crypto.decrypt_stream(BytesIO(data), KEY, context=context))


@given(st.binary(max_size=300))
def test_a_value_opens_to_what_it_was(data):
    assert crypto.decrypt(KEY, crypto.encrypt(KEY, data, context=HERE), context=HERE) == data


@given(st.binary(max_size=40), st.data())
def test_a_changed_value_does_not_open(data, draw):
    sealed = bytearray(crypto.encrypt(KEY, data, context=HERE))
    place = draw.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= draw.draw(st.integers(1, 255))
    with pytest.raises(crypto.DecryptionFailed):
        crypto.decrypt(KEY, bytes(sealed), context=HERE)


@pytest.mark.parametrize("place", [("message", "ab", ""), ("message", "a", "c"), ("message", "a", "b", "")])
def test_a_value_does_not_open_in_another_place(place):
    with pytest.raises(crypto.DecryptionFailed):
        crypto.decrypt(KEY, crypto.encrypt(KEY, b"x", context=HERE), context=crypto.context(*place))


@pytest.mark.parametrize("size", [0, 1, crypto.PIECE - 1, crypto.PIECE, crypto.PIECE + 1, 3 * crypto.PIECE])
def test_a_file_opens_to_what_it_was(size):
    data = bytes(size)
    assert opened_file(sealed_file(data)) == data


PIECE = crypto.PIECE + crypto.TAG_BYTES
HEAD = len(crypto.FILE_HEAD) + crypto.SALT_BYTES


@pytest.mark.parametrize(
    "tamper",
    [
        pytest.param(lambda f: f[:-1], id="last-byte-cut"),
        pytest.param(lambda f: f[: HEAD + PIECE], id="cut-after-a-whole-piece"),
        pytest.param(lambda f: f[:HEAD], id="no-piece-left"),
        pytest.param(lambda f: f[: HEAD - 1], id="head-cut"),
        pytest.param(lambda f: b"", id="empty"),
        pytest.param(lambda f: f + b"x", id="continued"),
        pytest.param(lambda f: f[:HEAD] + f[HEAD + PIECE : HEAD + 2 * PIECE] + f[HEAD + PIECE :], id="piece-doubled"),
        pytest.param(
            lambda f: f[:HEAD] + f[HEAD + PIECE : HEAD + 2 * PIECE] + f[HEAD : HEAD + PIECE] + f[HEAD + 2 * PIECE :],
            id="pieces-swapped",
        ),
        pytest.param(lambda f: f[:9] + b"\xff" + f[10:], id="salt-changed"),
    ],
)
def test_a_tampered_file_does_not_open(tamper):
    whole = sealed_file(bytes(2 * crypto.PIECE + 10))
    with pytest.raises(crypto.DecryptionFailed):
        opened_file(tamper(whole))


def test_a_file_does_not_open_in_another_place():
    with pytest.raises(crypto.DecryptionFailed):
        opened_file(sealed_file(b"x"), context=crypto.context("other"))


def test_the_newest_key_wraps_and_older_ones_unwrap():
    old = crypto.KeyEncryptionKeys.from_text(text_of((1, KEY)))
    both = crypto.KeyEncryptionKeys.from_text(text_of((1, KEY), (2, KEY[::-1])))
    wrapped = old.wrap(b"data key", context=HERE)
    assert both.unwrap(wrapped, context=HERE) == b"data key"
    assert both.wrap(b"data key", context=HERE).version == 2


def test_a_missing_version_is_said_by_its_number():
    wrapped = crypto.KeyEncryptionKeys.from_text(text_of((7, KEY))).wrap(b"k", context=HERE)
    with pytest.raises(crypto.UnknownKeyVersion, match="version 7"):
        crypto.KeyEncryptionKeys.from_text(text_of((1, KEY))).unwrap(wrapped, context=HERE)


def test_a_version_is_part_of_what_is_sealed():
    keys = crypto.KeyEncryptionKeys.from_text(text_of((1, KEY), (2, KEY)))
    wrapped = keys.wrap(b"k", context=HERE)
    with pytest.raises(crypto.DecryptionFailed):
        keys.unwrap(crypto.WrappedKey(1, wrapped.ciphertext), context=HERE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "entry 1", id="nothing"),
        pytest.param("abc", "entry 1", id="no-version"),
        pytest.param("0:" + base64.b64encode(KEY).decode(), "entry 1", id="version-zero"),
        pytest.param(text_of((1, KEY)) + ",x", "entry 2", id="second-malformed"),
        pytest.param(text_of((1, KEY), (1, KEY)), "twice", id="version-twice"),
        pytest.param(text_of((1, KEY[:16])), "16 bytes", id="too-short"),
        pytest.param("1:abc", "not base64", id="not-base64"),
    ],
)
def test_wrong_keys_are_refused_in_one_sentence(text, said):
    with pytest.raises(crypto.WrongKeys, match=said):
        crypto.KeyEncryptionKeys.from_text(text)


def test_no_key_is_printed():
    assert base64.b64encode(KEY).decode() not in repr(crypto.KeyEncryptionKeys.from_text(text_of((1, KEY))))
    assert str(KEY) not in repr(crypto.KeyEncryptionKeys.from_text(text_of((1, KEY))))
