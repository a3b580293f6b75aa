"""The lines of the demo's conversations: read from files and from the corpus package, dealt out, repetition noticed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import Path
from random import Random

import yaml

from config.demo.people import SEED

LINES = Path(__file__).parent / "lines"
LANGUAGES = ("en", "fr", "pl", "de")
CONTEXT = "context"
CORPUS = "corpus"

# Left out: profile, AI, emotion, food, gossip, health, history, humor, literature, money, movies, politics,
# psychology, sports. They hold insults, innuendo, health, creeds and wars, or lines that make no sense at work.
_CATEGORIES = {
    "en": ("english", ("coding", "computers", "conversations", "greetings", "science", "tech_support", "trivia")),
    "fr": ("french", ("conversations", "greetings", "trivia")),
    "de": ("german", ("conversations", "greetings")),
}
# What the kept categories still hold of the kind: violence, war, drink, creeds.
_UNSUITABLE = re.compile(
    r"\b(alcohol|assas|axis|battle|beer|boxing|cold war|crash|dead|death|die|died|dies|god|guerre|hitler|jew|kill|"
    r"murder|naked|nazi|pope|prison|shot|suicid|terror|testicle|war|wars|weapon|world war)",
    re.IGNORECASE,
)


class Provenance(StrEnum):
    """Where a line comes from, and whether it is used for the first time."""

    CORPUS = "corpus"  # human lines of the chatterbot-corpus package
    PROJECT = "project"  # written for this project
    REPEATED = "repeated"  # either, used before


@dataclass(frozen=True, slots=True)
class Exchange:
    """Some turns that belong together, the user's first. Placeholders in braces stand in project lines only."""

    title: str
    lines: tuple[str, ...]
    source: Provenance


@cache
def written(language: str) -> dict[str, tuple[Exchange, ...]]:
    """Return the project's exchanges by topic; under :data:`CONTEXT` the context items (a title and one text)."""
    found: dict[str, list[Exchange]] = {}
    text = (LINES / f"{language}.txt").read_text(encoding="utf-8")
    for block in text.removeprefix("== ").split("\n== "):
        heading, *turns = block.strip().split("\n")
        topic, title = heading.split(" | ", 1)
        lines = tuple(turn[3:] for turn in turns)
        found.setdefault(topic, []).append(Exchange(title, lines, Provenance.PROJECT))
    return {topic: tuple(exchanges) for topic, exchanges in found.items()}


@cache
def human(language: str) -> dict[str, tuple[Exchange, ...]]:
    """Return the corpus' exchanges by category; nothing where the package (a development dependency) is missing."""
    folder, categories = _CATEGORIES.get(language, ("", ()))
    try:
        data = resources.files("chatterbot_corpus") / "data"
    except ModuleNotFoundError:
        return {}
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = {}
    for category in categories:
        text = (data / folder / f"{category}.yml").read_text(encoding="utf-8")
        # The corpus holds the same exchange many times over: each is kept once.
        conversations = dict.fromkeys(tuple(map(str, one)) for one in yaml.load(text, Loader=loader)["conversations"])
        found[category] = tuple(
            Exchange(lines[0].split("\n")[0][:80], lines, Provenance.CORPUS)
            for lines in conversations
            if len(lines) > 1 and not any(_UNSUITABLE.search(line) for line in lines)
        )
    return found


class Script:
    """What has been said so far. One script for all clients deals every line once before any comes again."""

    def __init__(self) -> None:
        self._decks: dict[tuple[str, str, str], Iterator[Exchange]] = {}
        self._said: set[str] = set()

    def deal(self, language: str, source: Provenance, topic: str) -> Exchange:
        """Return the next exchange of a topic (of a category, for the corpus)."""
        key = (language, source.value, topic)
        if key not in self._decks:
            exchanges = (human if source is Provenance.CORPUS else written)(language)[topic]
            self._decks[key] = _dealt(exchanges, Random(f"{SEED}:deck:{':'.join(key)}"))
        return next(self._decks[key])

    def say(self, line: str, source: Provenance) -> Provenance:
        """Note a line (as it was written, before its placeholders are filled), and say where it comes from."""
        known = line.casefold()
        if known in self._said:
            return Provenance.REPEATED
        self._said.add(known)
        return source


def _dealt(exchanges: tuple[Exchange, ...], random: Random) -> Iterator[Exchange]:
    while True:
        yield from random.sample(exchanges, len(exchanges))
