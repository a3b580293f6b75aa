"""What does a letter want? Phrases with weights, in French, English, Polish and German: a suggestion, no decision."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from contracts.enums import IntakeKind
from contracts.rules.explanation import Explanation, Step
from contracts.rules.normal import words

VERSION = 1
SOURCE = "text_of_the_letter"
LONGEST_TEXT = 200_000
# A kind is suggested where it weighs this much, and outweighs the next one by the margin.
ENOUGH, MARGIN = 3, 2

# Beginnings of words and phrases, as :func:`contracts.rules.normal.words` writes them: no accents, no punctuation.
PHRASES: Mapping[IntakeKind, tuple[tuple[str, int], ...]] = {
    IntakeKind.NON_RENEWAL: (
        ("non renouvellement", 5), ("non reconduction", 5), ("ne pas renouveler", 5), ("ne pas reconduire", 5),
        ("pas renouveler", 4), ("pas reconduire", 4), ("denonciation", 4), ("denoncer", 4), ("denoncons", 4),
        ("tacite reconduction", 1), ("a l echeance", 1),
        ("non renewal", 5), ("not renew", 5), ("not to renew", 5), ("not be renewed", 5), ("not be renewing", 5),
        ("not extend", 4), ("at the end of the term", 1),
        ("nieprzedluz", 5), ("nie przedluz", 5), ("rezygnacj", 2), ("nie odnawia", 5),
        ("nichtverlangerung", 5), ("nicht verlanger", 5), ("nicht zu verlanger", 5), ("nicht erneuer", 4),
    ),
    IntakeKind.TERMINATION: (
        ("resiliation", 4), ("resilier", 4), ("resilions", 4), ("mettre fin", 3), ("mettons fin", 3), ("rupture", 2),
        ("terminat", 4), ("cancel our contract", 4), ("cancel the contract", 4), ("cancellation", 3),
        ("end our contract", 3), ("end the contract", 3), ("notice to quit", 2),
        ("wypowiedzeni", 4), ("wypowiada", 4), ("rozwiazani", 3), ("rozwiazac", 3),
        ("kundig", 4), ("kuendig", 4), ("beendig", 3), ("aufheb", 2),
    ),
    IntakeKind.SWITCHING: (
        ("changement de fournisseur", 7), ("changer de fournisseur", 7), ("nouveau fournisseur", 5),
        ("autre fournisseur", 5), ("nouveau prestataire", 5), ("autre prestataire", 5), ("reversibilite", 5),
        ("portabilite", 4), ("data act", 6), ("2023 2854", 6), ("reglement sur les donnees", 5), 
        ("transfert de nos", 3),
        ("switching", 6), ("switch to", 6), ("switch provider", 7), ("another provider", 5), ("new provider", 5),
        ("port our data", 5), ("migrate to", 4), ("exit plan", 3),
        ("zmian dostawcy", 7), ("zmiana dostawcy", 7), ("zmiane dostawcy", 7), ("zmianie dostawcy", 7),
        ("nowego dostawcy", 5), ("innego dostawcy", 5), ("przeniesieni", 4), ("akt w sprawie danych", 5),
        ("anbieterwechsel", 7), ("wechsel des anbieters", 7), ("anderen anbieter", 5), ("neuen anbieter", 5),
        ("datenverordnung", 5), ("datenubertragung", 3),
    ),
    IntakeKind.ERASURE_ONLY: (
        ("effacement", 4), ("effacer nos donnees", 5), ("suppression de nos donnees", 5), ("supprimer nos donnees", 5),
        ("suppression des donnees", 4), ("sans recuperation", 3), ("droit a l effacement", 2),
        ("erase our data", 5), ("erasure", 4), ("delete our data", 5), ("deletion of our data", 5), 
        ("delete all data", 5),
        ("without retrieval", 3), ("usuniecie danych", 5), ("usuniecia danych", 5), ("usuniecie naszych danych", 5),
        ("usunac dane", 5), ("usunac nasze dane", 5), ("loschung", 4), ("daten loschen", 5), ("daten zu loschen", 5),
        ("loeschung", 4),
    ),
}  # fmt: skip
# Words that turn a declaration into its opposite, shortly before it: "we do not terminate".
_NEGATION = re.compile(r" (?:not|never|no longer wish to|ne|n|sans|nie|bez|nicht|kein|keine|keinen) (?:\w+ ){0,2}$")
_BEFORE = 60


@dataclass(frozen=True, slots=True)
class Classification:
    """What a text seems to want. ``weights`` holds the weight of each kind that was found."""

    kind: IntakeKind
    weights: Mapping[IntakeKind, int]
    explanation: Explanation


def classify(text: str) -> Classification:
    """Suggest what a letter wants; ``unclear`` where nothing weighs enough, or two kinds weigh about the same.

    Each phrase counts once, however often it stands there. A declaration right after a negation counts for nothing.
    """
    spaced = words(text[:LONGEST_TEXT])
    weights: dict[IntakeKind, int] = {}
    steps = []
    for kind, phrases in PHRASES.items():
        for phrase, weight in phrases:
            if phrase in _covered(phrase, phrases, spaced) or f" {phrase}" not in spaced:
                continue
            if kind is not IntakeKind.NON_RENEWAL and _negated(phrase, spaced):
                steps.append(Step("phrase_negated", {"phrase": phrase}))
                continue
            weights[kind] = weights.get(kind, 0) + weight
            steps.append(Step("phrase_found", {"phrase": phrase, "kind": kind, "weight": weight}))
    ranked = sorted(weights.items(), key=lambda one: -one[1])
    kind = IntakeKind.UNCLEAR
    if ranked and ranked[0][1] >= ENOUGH and (len(ranked) == 1 or ranked[0][1] - ranked[1][1] >= MARGIN):
        kind = ranked[0][0]
    steps.append(Step("classified", {"kind": kind}))
    inputs = {"characters": min(len(text), LONGEST_TEXT)}
    return Classification(kind, weights, Explanation("classification", VERSION, inputs, tuple(steps), SOURCE))


def _covered(phrase: str, phrases: tuple[tuple[str, int], ...], spaced: str) -> set[str]:
    """Return the phrase itself if a longer one that contains it is found: it is counted there already."""
    longer = (other for other, _weight in phrases if other != phrase and phrase in other)
    return {phrase} if any(f" {other}" in spaced for other in longer) else set()


def _negated(phrase: str, spaced: str) -> bool:
    """Say whether the phrase is negated wherever it stands."""
    places = [found.start() for found in re.finditer(re.escape(f" {phrase}"), spaced)]
    return all(_NEGATION.search(spaced[max(0, place - _BEFORE) : place + 1]) for place in places)
