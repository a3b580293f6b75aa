"""What people read in place of the codes of stores, and of instants as text."""

import pytest
from django.utils.translation import override

from retention import naming
from retention.operations.stores import BY_NAME
from retention.policy import STORES


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
