"""Whose letter it is and what it wants: rules over its words."""

import pytest

from contracts.enums import IntakeKind
from contracts.rules import classification, matching
from contracts.rules.matching import Client

ACME = Client("acme", "Société Acmé SAS", "552 081 317", (("a1", "ACME-2024/17"), ("a2", "ACME-2025/03")))
ZAZ = Client("zaz", "Żółta Łódź Sp. z o.o.", "PL5260001246", (("z1", "C-1"),))
TINY = Client("tiny", "AB", "12", (("t1", "7"),))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("Contrat ACME-2024/17 : nous résilions", [("acme", ("a1",))], id="a-reference"),
        pytest.param("contrats acme 2024 17 et ACME-2025-03", [("acme", ("a1", "a2"))], id="both-however-written"),
        pytest.param("RCS Paris 552.081.317", [("acme", ())], id="the-number-with-points"),
        pytest.param("SIRET 55208131700012", [], id="the-number-within-another"),
        pytest.param("société acme", [("acme", ())], id="the-name-without-its-form-or-accents"),
        pytest.param("zolta lodz wypowiada", [("zaz", ())], id="polish-letters"),
        pytest.param("ACME-2024/171", [("acme", ())], id="another-reference-but-the-name"),
        pytest.param("macmel", [], id="within-a-word"),
        pytest.param("nothing of the kind", [], id="nobody"),
        pytest.param("Acmé, contract C-1", [("zaz", ("z1",)), ("acme", ())], id="a-reference-comes-before-a-name"),
        pytest.param("", [], id="empty"),
    ],
)
def test_the_client_that_a_text_names(text, found):
    assert [(one.key, one.contracts) for one in matching.match(text, [ACME, ZAZ, TINY])] == found


def test_a_find_explains_itself_and_adds_up():
    (found,) = matching.match("Acmé, 552 081 317, contract ACME-2024/17", [ACME])
    assert found.score == 60 + 50 + 25
    assert [step.code for step in found.explanation.steps] == ["matched_reference", "matched_number", "matched_name"]


def test_what_is_so_short_that_it_stands_anywhere_weighs_little():
    (found,) = matching.match("7 AB", [TINY])
    assert found.score == 10


K = IntakeKind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        pytest.param("Nous ne souhaitons pas renouveler le contrat.", K.NON_RENEWAL, id="fr-non-renewal"),
        pytest.param("Dénonciation de la tacite reconduction", K.NON_RENEWAL, id="fr-denonciation"),
        pytest.param("Par la présente, nous résilions le contrat.", K.TERMINATION, id="fr-termination"),
        pytest.param("Changement de fournisseur : merci de préparer la réversibilité", K.SWITCHING, id="fr-switching"),
        pytest.param("Merci d'effacer nos données, sans récupération.", K.ERASURE_ONLY, id="fr-erasure"),
        pytest.param("We hereby give notice that we will not renew.", K.NON_RENEWAL, id="en-non-renewal"),
        pytest.param("We terminate the agreement", K.TERMINATION, id="en-termination"),
        pytest.param("We are switching to another provider under the Data Act", K.SWITCHING, id="en-switching"),
        pytest.param("Please delete our data without retrieval", K.ERASURE_ONLY, id="en-erasure"),
        pytest.param("Oświadczamy, że nie przedłużamy umowy", K.NON_RENEWAL, id="pl-non-renewal"),
        pytest.param("Wypowiedzenie umowy", K.TERMINATION, id="pl-termination"),
        pytest.param("Zmiana dostawcy usług", K.SWITCHING, id="pl-switching"),
        pytest.param("Prosimy o usunięcie naszych danych", K.ERASURE_ONLY, id="pl-erasure"),
        pytest.param("Hiermit kündigen wir den Vertrag", K.TERMINATION, id="de-termination"),
        pytest.param("Wir möchten den Vertrag nicht verlängern", K.NON_RENEWAL, id="de-non-renewal"),
        pytest.param("Anbieterwechsel zum 1. März", K.SWITCHING, id="de-switching"),
        pytest.param("Löschung unserer Daten", K.ERASURE_ONLY, id="de-erasure"),
        pytest.param("How are you?", K.UNCLEAR, id="nothing"),
        pytest.param("We do not terminate the contract", K.UNCLEAR, id="negated"),
        pytest.param("We terminate. We will not be renewing.", K.UNCLEAR, id="two-declarations-about-as-heavy"),
        pytest.param("", K.UNCLEAR, id="empty"),
    ],
)
def test_what_a_letter_wants(text, kind):
    found = classification.classify(text)
    assert found.kind is kind, found
    assert found.explanation.steps[-1].code == "classified"


def test_a_phrase_counts_once_and_not_again_within_a_longer_one():
    once = classification.classify("terminate").weights
    assert classification.classify("terminate terminate termination").weights == once
    assert classification.classify("ne pas renouveler").weights == {K.NON_RENEWAL: 5}
