"""What people read in place of the codes of stores, and of instants as text."""

import pytest
from django.apps import apps
from django.utils.translation import gettext, override

from retention import naming
from retention.operations.stores import BY_NAME
from retention.policy import POLICY, STORES


def test_every_store_has_a_name_in_each_language():
    assert naming.OF_THE_POLICY.keys() == {store.name for store in STORES}, "name it in retention/naming.py"
    with override("en"):
        english = {name: naming.store(name) for name in BY_NAME}
    assert [name for name, said in english.items() if "_" in said] == []
    for language in ("fr", "pl"):
        with override(language):
            same = {name for name in english if naming.store(name) == english[name]}
        assert same <= {"conversations", "diagnostics", "messages", "exports"}, f"{language}: {same}"


@pytest.mark.parametrize(
    ("name", "language", "said"),
    [
        ("conversations", "pl", "rozmowy"),
        ("context_items", "fr", "éléments de contexte"),
        ("model vendor", "fr", "fournisseur du modèle d'IA"),
        ("external:product", "pl", "product"),
        ("of another version", "fr", "of another version"),
    ],
)
def test_configured_stores_and_those_of_nobody_keep_their_own_name(name, language, said):
    with override(language):
        assert naming.store(name) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-03-01T23:30:12.123456+00:00", "1 Mar 2026 23:30 UTC"),
        ("2026-03-02T00:30:00+01:00", "1 Mar 2026 23:30 UTC"),
        ("2026-03-01", "1 Mar 2026"),
    ],
)
def test_instants_are_read_with_their_zone(text, said):
    with override("en"):
        assert naming.instant(text) == said


def test_all_rows_that_a_certificate_may_name_as_kept_have_a_name_in_each_language():
    models = [apps.get_model(label) for label, one in POLICY.items() if one.basis]
    with override("en"):
        english = {model: naming.rows_of(model) for model in models}
    for language in ("fr", "pl"):
        with override(language):
            same = {said for model, said in english.items() if naming.rows_of(model) == said}
        assert same <= {"clauses", "documents", "permissions", "sessions"}, f"{language}: translate it: {same}"


def test_every_basis_and_period_of_the_policy_is_read_in_each_language():
    kept = [one for one in POLICY.values() if one.basis]
    said = {one.basis for one in kept} | {str(one.period) for one in kept if one.period}
    for language in ("fr", "pl"):
        with override(language):
            same = [text for text in said if gettext(text) == naming.period(text) == text]
        assert same == [], f"{language}: mark it with gettext_noop, or name it in COUNTED_FROM, and translate it"


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("5 years from the contract's end", "fr", "5 ans à compter de la fin du contrat"),
        ("1 years from the answer", "pl", "1 rok od odpowiedzi"),
        ("22 days from the sending (BACKUP_HORIZON_DAYS)", "pl", "22 dni od wysłania"),
        ("12 hours from sign-in (SESSION_HOURS)", "en", "12 hours from the sign-in"),
        (
            "10 years, DE 8, FR 10 from the close of the financial year",
            "fr",
            "10 ans à compter de la clôture de l'exercice ; DE 8, FR 10",
        ),
        ("as long as it takes", "fr", "as long as it takes"),
        ("7 years from the beginning", "fr", "7 years from the beginning"),
    ],
)
def test_a_period_is_read_in_words_and_one_of_another_version_as_it_stands(text, language, said):
    with override(language):
        assert naming.period(text) == said
