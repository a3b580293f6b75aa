"""Breached passwords: the list is built from what is published, asked without network, and bounds what is accepted."""

import gzip
import hashlib
import random
import time
from io import StringIO

import pytest
from django.contrib.auth.password_validation import get_default_password_validators, validate_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts import tenancy
from accounts.enums import Role
from accounts.errors import InvalidInput
from accounts.models import User
from accounts.operations import members
from accounts.signin import breached
from tests.accounts.parties import NOW
from tests.accounts.signin.people import GOOD, sign_in, somebody
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
WORDS = ["tango whisky foxtrot", "une phrase assez longue", "zażółć gęślą jaźń", "trailing blank "]


def sha1(word):
    return hashlib.sha1(word.encode()).hexdigest().upper()


@pytest.fixture
def built(tmp_path, settings):
    """Build a list from lines, and let it be the one that is asked."""

    def build(*files, **options):
        target = tmp_path / "list" / "breached.bin"
        call_command("breached_passwords", *map(str, files), output=target, stdout=StringIO(), **options)
        settings.BREACHED_PASSWORDS = target
        return breached.opened(target)

    return build


def a_file(tmp_path, name, lines):
    path = tmp_path / name
    path.write_bytes(b"".join(line.encode() + b"\r\n" for line in lines))
    return path


FORMS = {
    "digests-with-counts": lambda words: [f"{sha1(word)}:{n + 1}" for n, word in enumerate(words)],
    "digests": lambda words: [sha1(word) for word in words],
    "small-letters": lambda words: [sha1(word).lower() for word in words],
    "plain-words": lambda words: list(words),
    "unsorted-and-doubled": lambda words: [sha1(word) for word in reversed(words * 3)],
    "with-empty-lines": lambda words: ["", *words, ""],
}


@pytest.mark.parametrize("form", FORMS)
def test_each_published_form_makes_the_same_list(tmp_path, built, form):
    found = built(a_file(tmp_path, "words.txt", FORMS[form](WORDS)))
    assert len(found) == len(WORDS)
    assert all(word in found for word in WORDS)
    assert not any(word in found for word in (*(word + "x" for word in WORDS), "", GOOD))


def test_files_by_prefix_and_gzipped_ones_are_read(tmp_path, built):
    digest = sha1(WORDS[0])
    by_prefix = a_file(tmp_path, f"{digest[:5]}.txt", [f"{digest[5:]}:9", "0" * 35 + ":1"])
    packed = tmp_path / "words.gz"
    packed.write_bytes(gzip.compress(sha1(WORDS[1]).encode()))
    found = built(by_prefix, packed)
    assert len(found) == 3 and WORDS[0] in found and WORDS[1] in found


def test_what_was_seen_seldom_can_be_left_out(tmp_path, built):
    lines = [f"{sha1(word)}:{n}" for n, word in enumerate(WORDS, start=1)]
    found = built(a_file(tmp_path, "words.txt", lines), at_least=3)
    assert [word in found for word in WORDS] == [False, False, True, True]


def test_many_chunks_are_merged_in_order(tmp_path, monkeypatch, built):
    monkeypatch.setattr(breached, "CHUNK", 100)
    words = [f"word number {n}" for n in range(1234)]
    random.Random(1).shuffle(words)
    found = built(a_file(tmp_path, "words.txt", words))
    assert len(found) == 1234 and all(word in found for word in words)
    raw = (tmp_path / "list" / "breached.bin").read_bytes()[len(breached.MAGIC) :]
    records = [raw[place : place + breached.RECORD] for place in range(0, len(raw), breached.RECORD)]
    assert records == sorted(set(records))


@pytest.mark.parametrize("content", [b"", b"x", breached.MAGIC + b"123", b"\x00" * 64])
def test_what_is_no_list_is_said_and_lets_no_password_be_set(tmp_path, settings, content):
    settings.BREACHED_PASSWORDS = tmp_path / "x"
    for exists in (False, True):
        if exists:
            settings.BREACHED_PASSWORDS.write_bytes(content)
        with pytest.raises(ValidationError) as refused:
            validate_password(GOOD)
        assert [error.code for error in refused.value.error_list] == ["breach_list_unreadable"]


def test_an_empty_list_has_nothing(tmp_path, built):
    assert len(built(a_file(tmp_path, "none.txt", []))) == 0
    validate_password(GOOD)


def test_a_list_that_is_put_in_its_place_is_asked_at_once(tmp_path, built):
    built(a_file(tmp_path, "one.txt", [WORDS[0]]))
    validate_password(WORDS[1])
    built(a_file(tmp_path, "two.txt", [WORDS[1]]))
    with pytest.raises(ValidationError):
        validate_password(WORDS[1])


def test_asking_a_large_list_is_quick(tmp_path):
    path = tmp_path / "large.bin"
    numbers = sorted({random.Random(n).getrandbits(64) for n in range(200_000)})
    path.write_bytes(breached.MAGIC + b"".join(number.to_bytes(8, "big") for number in numbers))
    found = breached.opened(path)
    began = time.perf_counter()
    assert not any(f"no such word {n}" in found for n in range(1000))
    assert time.perf_counter() - began < 1


def test_the_command_names_what_is_wrong(tmp_path, settings):
    settings.BREACHED_PASSWORDS = None
    words = a_file(tmp_path, "w.txt", WORDS)
    for arguments, code in (
        ([str(words)], 2),
        ([str(words), "--output", str(tmp_path / "o"), "--at-least", "0"], 2),
        ([str(tmp_path / "missing"), "--output", str(tmp_path / "o")], 1),
    ):
        with pytest.raises(CommandError) as failed:
            call_command("breached_passwords", *arguments)
        assert failed.value.returncode == code
    assert not (tmp_path / "o").exists(), "all or nothing"


def test_a_member_is_not_added_nor_a_password_changed_with_a_breached_one(tmp_path, built):
    built(a_file(tmp_path, "words.txt", WORDS))
    with tenancy.vendor(), pytest.raises(InvalidInput) as refused:
        members.add(
            email="b@x.example", name="Ben", role=Role.SUPPORT, organization=None, password=WORDS[0], now=NOW, by="x"
        )
    assert [(error.field, error.code) for error in refused.value.errors] == [("password", "weak")]
    browser, _ = sign_in(somebody())
    data = {"oldpassword": GOOD, "password1": WORDS[1], "password2": WORDS[1]}
    answer = browser.post(reverse("account_change_password"), data)
    assert answer.status_code == 200 and "found in a breach" in answer.content.decode()


@pytest.mark.parametrize(
    "password",
    [
        "Password123456",
        "P@$$w0rd2026!!",
        "passwordpassword",
        "123456789012345",
        "qwertyuiopasdf",
        "Terme2026Terme",
        "Quercus-Ann-26",
        "Mirandelle2026",
    ],
)
def test_what_is_guessable_is_refused_without_any_list(settings, password):
    settings.BREACHED_PASSWORDS = None
    organization = an_organization(name="Ateliers Mirandelle")
    with tenancy.vendor(), pytest.raises(InvalidInput):
        members.add(
            email="a@x.example",
            name="Ann Quercus",
            role=Role.CLIENT_FINANCE,
            organization=organization,
            password=password,
            now=NOW,
            by="x",
        )
    user = somebody(Role.CLIENT_FINANCE, organization)
    with tenancy.vendor(), pytest.raises(ValidationError):
        validate_password(password, User.objects.get(pk=user.pk))


def test_the_page_says_what_is_asked():
    texts = [validator.get_help_text() for validator in get_default_password_validators()]
    assert len(texts) == 4 and any("breach" in text for text in texts)
