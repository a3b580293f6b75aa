"""Whose letter is it? Clients by the references, the number and the name that a text holds, each with its reason."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from contracts.rules.explanation import Explanation, Step
from contracts.rules.normal import plain, words

VERSION = 1
SOURCE = "text_of_the_letter"
REFERENCE, NUMBER, NAME = 60, 50, 25
# A reference or a name so short stands in many texts by chance.
SHORT, SHORT_SCORE = 4, 5
LONGEST_TEXT = 200_000
_FORMS = frozenset(
    words(
        "sas sasu sarl sa eurl snc scop gmbh ag kg ug ohg mbh co ltd llc inc plc bv nv srl spa sp z o zoo oo spolka "
        "akcyjna societe association"
    ).split()
)
_WITHIN_NUMBERS = re.compile(r"(?<=[a-z0-9])[ ./-](?=[0-9])")
_NOT_ALNUM = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Client:
    """A client as the matcher sees it. ``references`` are (key of the contract, its reference)."""

    key: str
    name: str
    registration_number: str
    references: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A client that a text may come from: how well it fits, the contracts that it names, and what was found."""

    key: str
    score: int
    contracts: tuple[str, ...]
    explanation: Explanation


def match(text: str, clients: Iterable[Client]) -> tuple[Candidate, ...]:
    """Return the clients that a text names, the best first: exact references before anything else.

    A contract's reference and a registration number are found however they are spaced and in any case; a name without
    its legal form.
    """
    spaced = words(text[:LONGEST_TEXT])
    joined = _joined(text[:LONGEST_TEXT])
    found = [candidate for client in clients if (candidate := _candidate(client, spaced, joined)) is not None]
    return tuple(sorted(found, key=lambda one: (not one.contracts, -one.score, one.key)))


def _candidate(client: Client, spaced: str, joined: str) -> Candidate | None:
    score, steps, contracts = 0, [], []
    for key, reference in client.references:
        phrase = words(reference)
        if phrase.strip() and phrase in spaced:
            contracts.append(key)
            worth = REFERENCE if len(phrase.strip()) >= SHORT else SHORT_SCORE
            score = max(score, worth)
            steps.append(Step("matched_reference", {"reference": reference, "score": worth}))
    number = _NOT_ALNUM.sub("", plain(client.registration_number))
    if len(number) >= SHORT and _stands_alone(number, joined):
        score += NUMBER
        steps.append(Step("matched_number", {"number": client.registration_number, "score": NUMBER}))
    name = _bare_name(client.name)
    if name.strip() and name in spaced:
        worth = NAME if len(name.strip()) >= SHORT else SHORT_SCORE
        score += worth
        steps.append(Step("matched_name", {"name": client.name, "score": worth}))
    if not steps:
        return None
    inputs = {"client": client.key, "references": len(client.references)}
    return Candidate(
        client.key, score, tuple(contracts), Explanation("matching", VERSION, inputs, tuple(steps), SOURCE)
    )


def _bare_name(name: str) -> str:
    """Return the name as words, without its legal form; with it, if nothing else is left."""
    parts = words(name).split()
    bare = [part for part in parts if part not in _FORMS] or parts
    return f" {' '.join(bare)} "


def _joined(text: str) -> str:
    """Return the text with numbers written together: ``552 081 317`` and ``552.081.317`` become one word."""
    return f" {_WITHIN_NUMBERS.sub('', plain(text))} "


def _stands_alone(number: str, joined: str) -> bool:
    """Say whether the number stands in the text, neither the end nor the beginning of another one."""
    if number not in joined:
        return False
    return re.search(rf"(?<![0-9]){re.escape(number)}(?![0-9])", joined) is not None
