"""The scenes of the proofs leave no store empty, and no column of free text in it unmarked."""

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db.models import CharField, JSONField, TextField
from django.db.models.functions import Cast

from accounts import tenancy
from retention.operations.stores import STORES
from tests.workflows import fills
from tests.workflows.erasure_case import Case, a_whole_client_to_erase

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
# What cannot say a name: the database or the code lets nothing else in.
NO_FREE_TEXT = {
    "exports": {"sha256"},
    "diagnostics": {"type"},
    "intakes": {"media", "sha256"},
    "outbox_of_people": {"topic", "subject_type"},
    "licensed_users": {"features"},
}


def free_texts(model):
    """Return the names of a model's columns of text and JSON, but those that hold one of some codes."""
    return [
        field.name
        for field in model._meta.fields
        if isinstance(field, CharField | TextField | JSONField | ArrayField) and not field.choices
    ]


def test_every_text_of_every_store_has_a_canary_in_it():
    case = Case(a_whole_client_to_erase)
    bare = []
    with tenancy.vendor():
        for name, one in fills.COUNTED.items():
            rows = one.model.objects.filter(organization_id=case.organization.pk)
            for column in set(free_texts(one.model)) - NO_FREE_TEXT.get(name, set()):
                said = rows.annotate(said=Cast(column, TextField())).filter(said__icontains=fills.MARK)
                if not said.exists():
                    bare.append(f"{name}.{column}")
    assert not bare, "mark them in tests/workflows/fills.py, or say in NO_FREE_TEXT that they hold no free text"


@pytest.mark.parametrize(("whole", "held"), [(True, 19), (False, 15)], ids=["whole", "people"])
def test_a_store_that_nobody_fills_is_named(whole, held, monkeypatch):
    there = {name: 1 for name, one in fills.COUNTED.items() if whole or not one.whole_only}
    assert (len(there), fills.unfilled(there, whole=whole)) == (held, [])
    assert fills.unfilled({**there, "rule_findings": 0}, whole=whole) == ["rule_findings"]
    counted = {name: one for name, one in fills.COUNTED.items() if name != "bulk_jobs"}
    monkeypatch.setattr(fills, "COUNTED", counted)
    there.pop("bulk_jobs", None)
    assert fills.unfilled(there, whole=whole) == ["bulk_jobs"], "a store that is new is in no list yet"


def test_only_stores_that_there_are_are_counted_or_excused():
    assert {store.name for store in STORES} == fills.COUNTED.keys() | fills.NEVER.keys()
