"""Which passwords are guessed first: each kind with its disguises, and what is none of them."""

import pytest

from accounts.rules import passwords

COMMON = {"password", "welcome", "dragon", "iloveyou", "sunshine", "letmein", "football", "123456789", "trustno1"}


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "PASSWORD",
        "PassWord2026!",
        "P@ssw0rd",
        "p4$$w0rd!!!!",
        "2026password",
        "!!!Password1234",
        "passwordpassword",
        "PasswordPASSWORD",
        "p@ssw0rdP@SSW0RD",
        "password1password1",
        "Sunsh1ne-2026",
        "$un5h1ne!",
        "...iloveyou...",
        "1l0vey0u2026!",
        "trustno1trustno1",
        "L3tm31n12345",
        "dragondragondragon",
        "Pässword2026",
    ],
)
def test_a_common_word_is_known_in_disguise(password):
    assert passwords.is_common(password, COMMON)


@pytest.mark.parametrize(
    "password",
    [
        "a correct horse and its battery",
        "mypasswordisnotthis",
        "dragons eat sunshine",
        "7391820465-dragon-5647382910",
        "xK9#vL2$qT7!",
        "",
        "1234",
        "łódź nad wisłą zimą",
    ],
)
def test_what_is_no_common_word_is_let_through(password):
    assert not passwords.is_common(password, COMMON)


@pytest.mark.parametrize(
    ("password", "pattern"),
    [
        ("aaaaaaaaaaaa", True),
        ("abababababab", True),
        ("abcabcabcabc", True),
        ("123456789012345", True),
        ("98765432109876", True),
        ("abcdefghijkl", True),
        ("ZYXWVUTSRQPO", True),
        ("qwertyuiopasdf", True),
        ("poiuytrewq", True),
        ("azertyuiopqsdf", True),
        ("1qaz2wsx3edc", True),
        ("qwertyqwerty", True),
        ("correct horse", False),
        ("abcdefghijkm", False),
        ("tango-1234-whisky", False),
    ],
)
def test_sequences_and_repetitions(password, pattern):
    assert passwords.is_pattern(password) == pattern


@pytest.mark.parametrize(
    ("password", "name"),
    [
        ("Terme-2026-Terme", True),
        ("T3rm3!T3rm3!2026", True),
        ("annquercus2026", True),
        ("Quercus.Ann.1234", True),
        ("Mirandelle2026!!", True),
        ("ateliers mirandelle", True),
        ("MIRANDELLE terme 1", True),
        ("mirandelleABCDE", True),
        ("mirandelle sells staples", False),
        ("ann likes long walks", False),
        ("thermometer-inside", False),
        ("2026-2027-2028!", False),
    ],
)
def test_a_name_with_little_beside_it_is_none(password, name):
    names = ["Terme", "Ann Quercus", "Ateliers Mirandelle", "ann.quercus", "x.example"]
    assert passwords.is_a_name(password, names) == name
