"""Which passwords are guessed first: common words in disguise, names, sequences, repetitions. Pure.

What programs that guess passwords try first follows NIST SP 800-63B (5.1.1.2): words from lists, repetitions and
sequences, and words of the context, such as the service's or the person's name, with the usual decorations.
"""

import re
import unicodedata
from collections.abc import Container, Iterable

# What stands for which letter when a word is disguised; a digit may stand for one of two.
_DISGUISES = (
    str.maketrans("0134578@$!|+€", "oleastbasilte"),
    str.maketrans("0134578@$!|+€", "oieastbasiite"),
)
# What is put around a word: at both ends, or at one of them, since the other may belong to the disguise.
_ENDS = (re.compile(r"^[^a-z]+|[^a-z]+$"), re.compile(r"[^a-z]+$"), re.compile(r"^[^a-z]+"))
_SEQUENCES = (
    "0123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
)
# A shorter name stands in too many words by chance.
SHORTEST_NAME = 4
# Fewer letters than this beside a name make no password.
FEWEST_LETTERS = 6
# Longer decorations than this, or than the word, are worth something themselves.
LONGEST_DECORATION = 8


def is_common(password: str, common: Container[str]) -> bool:
    """Say whether a password is a common one, or one in capitals, in disguise, decorated at its ends, or doubled."""
    plain = _folded(password)
    return any(word in common for word in _undressed(plain))


def is_pattern(password: str) -> bool:
    """Say whether a password is one thing over and over, or runs along the alphabet, the digits or the keyboard."""
    plain = _folded(password)
    unit = _unit(plain)
    if len(set(plain)) < 5 or (len(unit) < len(plain) and len(unit) <= 3):
        return True
    return any(_runs_along(one, line) for one in (unit, plain) for line in _SEQUENCES)


def is_a_name(password: str, names: Iterable[str]) -> bool:
    """Say whether hardly anything is left of a password without the names that belong to its owner or the service."""
    words = {word for name in names for word in re.split(r"[^a-z]+", _folded(name)) if len(word) >= SHORTEST_NAME}
    plain = _folded(password)
    for text in (plain, *(plain.translate(table) for table in _DISGUISES)):
        left = text
        for word in sorted(words, key=len, reverse=True):
            left = left.replace(word, " ")
        if left != text and len(re.findall(r"[a-z]", left)) < FEWEST_LETTERS:
            return True
    return False


def _undressed(plain: str) -> set[str]:
    """Return what a password may be without its disguises."""
    found: set[str] = set()
    for text in {plain, _unit(plain)}:
        # Decorations are taken off before the disguise is: the 1 of "password1" stands for nothing.
        for core in {text, *(ends.sub("", text) for ends in _ENDS)}:
            if core and len(text) - len(core) <= max(LONGEST_DECORATION, len(core)):
                for word in (core, *(core.translate(table) for table in _DISGUISES)):
                    found |= {word, _unit(word)}
    return found


def _unit(text: str) -> str:
    """Return the shortest piece that a text repeats whole, else the text."""
    place = (text + text).find(text, 1)
    return text[:place] if text else text


def _runs_along(text: str, line: str) -> bool:
    """Say whether a text is a stretch of a line, forward or back, that begins anew at its end."""
    endless = line * (len(text) // len(line) + 2)
    return len(text) >= 4 and (text in endless or text in endless[::-1])


def _folded(text: str) -> str:
    """Return a text in small letters without accents."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in bare if not unicodedata.combining(letter))
