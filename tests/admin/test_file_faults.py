"""What is wrong with a letter, a file or the calculator's input is said in the reader's language.

Programs read English. Names of columns and words of fixed lists stay as a file writes them.
"""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation

from accounts.errors import Grouped, labelled, phrase
from accounts.wording import worded
from contracts import explain, labels
from contracts.rules.errors import InvalidInput
from tests.admin.test_import import HEAD, ROW

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
BREAK = "\u00a0"
UNKNOWN = "'contract_referense', qui n'est pas une colonne du portefeuille."


def french(sign_in, role):
    client = sign_in(role)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "fr"
    return client


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.pdf", b"no pdf", "Le fichier porte le nom d'un PDF, mais n'en est pas un."),
        ("a.txt", b"%PDF-1.4", "Le fichier est un PDF, mais son nom indique autre chose."),
        ("a.txt", b"\xff\xfe", "Le texte n'est pas en UTF-8."),
        ("a.eml", b"no headers", "Le fichier porte le nom d'un courriel, mais n'a pas d'en-têtes."),
        ("a.doc", b"word", "Un PDF, un courriel (.eml) ou un texte (.txt)."),
    ],
)
def test_a_letter_that_cannot_be_read(sign_in, name, content, said):
    answer = french(sign_in, "contract_manager").post(
        reverse("admin:contracts_intake_add"), {"file": SimpleUploadedFile(name, content), "confirmed": "yes"}
    )
    assert dict(answer.context["form"].errors) == {"file": [said]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ROW.replace("12000.00", '"12,000"'), "ligne 2, annual_fee : Indiquez le montant avec un point"),
        (ROW.replace("2026-01-01", "01/01/2026"), "ligne 2, starts_on : Indiquez la date au format ISO"),
        (ROW.replace(",123,", ",,"), "ligne 2, registration_number : Chaque ligne désigne son organisation"),
        (ROW.replace("C-1", ""), "contract_reference : Ce champ ne doit pas être vide sur la première ligne"),
        (ROW.replace(",FR,a1", ",ZZ,a1"), "ligne 2, governing_law : L'une des valeurs"),
        (ROW.replace("12000.00", "12000.005"), "ligne 2, annual_fee : Trop de décimales pour cette devise."),
        ("1,2\n", f"Cellules sur cette ligne{BREAK}: 2{BREAK}; dans l'en-tête{BREAK}: 17."),
        (ROW + ROW.replace("Ann", "Eve"), "La ligne 2 donne d'autres indications sur cet utilisateur"),
        (ROW.replace("Client", "x" * 40_000), f"Au plus 32{BREAK}767 caractères"),
    ],
)
def test_a_portfolios_rows(sign_in, text, said):
    answer = french(sign_in, "contract_manager").post(
        reverse("admin:contracts_contract_import"), {"file": SimpleUploadedFile("a.csv", (HEAD + text).encode())}
    )
    found = answer.context_data["errors"]
    assert any(said in one for one in found), found


def test_a_portfolios_header(sign_in):
    text = HEAD.replace("contract_reference", "contract_referense") + ROW
    answer = french(sign_in, "contract_manager").post(
        reverse("admin:contracts_contract_import"), {"file": SimpleUploadedFile("a.csv", text.encode())}
    )
    assert answer.context_data["errors"] == [
        f"ligne 1, file : La colonne 5 s'appelle {UNKNOWN} S'agit-il de contract_reference{BREAK}?",
        "ligne 1, file : La colonne contract_reference manque.",
    ]


def test_a_file_of_index_values(sign_in):
    rows = "series,period,value,published_on\nSYN,2025-01,1.2,2025-02-15\nSYN,x,0,\nSYN\n"
    answer = french(sign_in, "finance").post(
        reverse("admin:contracts_indexvalue_import"), {"file": SimpleUploadedFile("a.csv", rows.encode())}
    )
    assert answer.context_data["errors"] == [
        "ligne 2, series : Il n'y a pas de série de ce code.",
        f"ligne 3, period : Indiquez la date au format ISO{BREAK}: année-mois-jour, par exemple 2026-01-31.",
        "ligne 3, value : Une valeur d'indice est supérieure à zéro.",
        "ligne 3, published_on : Ce champ doit être rempli.",
        f"ligne 4, row : Nombre de cellules attendu{BREAK}: 4.",
    ]


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"anchor": "1.1.2026"}, "anchor", "indiquez un jour, par exemple 2026-01-31 (not_iso_date)"),
        ({"anchor": "2026-02-30"}, "anchor", "ce jour n'existe pas (no_such_date)"),
        ({"first": "12"}, "first", "indiquez une durée, par exemple 6m, 90d, 2w ou 1y (not_a_duration)"),
        ({"number": "one"}, "number", "indiquez un nombre entier (not_an_integer)"),
    ],
)
def test_the_calculators_inputs(sign_in, given, field, said):
    asked = {"rule": "term", "anchor": "2026-01-01", "first": "12m", "number": "1", **given}
    answer = french(sign_in, "contract_manager").get(reverse("admin:contracts_deadline_calculator"), asked)
    assert dict(answer.context["form"].errors) == {field: [said]}


def test_numbers_and_words_are_the_readers_and_stay_english_for_programs():
    told = phrase("At most %(most)s rows.", most=Grouped(200_000))
    word = labelled("month", labels.INDEX_PERIODICITY["month"])
    day = phrase("The first day of a %(periodicity)s is expected.", periodicity=word)
    rule = explain.said(
        InvalidInput("sent_on", "missing", "the contract counts from %(effect)s", {"effect": "receipt"})
    )
    english = ["At most 200,000 rows.", "The first day of a month is expected.", "the contract counts from receipt"]
    assert [told, day, rule] == english
    with translation.override("fr"):
        assert worded(told) == f"Au plus 200{BREAK}000 lignes."
        assert worded(day) == "Le premier jour d'une période (Mois) est attendu."
        assert worded(rule) == f"le contrat compte à partir de cet événement{BREAK}: «{BREAK}Réception{BREAK}»"
        assert [told, day, rule] == english
    with translation.override("pl"):
        assert worded(told) == f"Najwyżej 200{BREAK}000 wierszy."
        assert worded(rule) == "umowa liczy od zdarzenia „Doręczenie”"
