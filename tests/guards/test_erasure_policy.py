"""Every field of every table has a fate, and the database agrees with what the policy says of it."""

import re

import pytest
from django.apps import apps
from django.db import connections

from accounts import tenancy
from retention import ledger
from retention.operations.stores import STORES, Rows
from retention.policy import NO_RESIDUE, POLICY, Fate

VAGUE = re.compile(r"\b(tbd|todo|later|n/?a|none|misc)\b", re.IGNORECASE)


@pytest.mark.parametrize("model", apps.get_models(include_auto_created=True), ids=lambda model: model._meta.label)
def test_every_field_has_a_fate(model):
    label = model._meta.label
    if model._meta.auto_created:
        label = model._meta.auto_created._meta.label
    assert label in POLICY, f"{label}: add it to retention/policy.py"
    if model._meta.auto_created:
        return
    fields = {field.name for field in (*model._meta.concrete_fields, *model._meta.many_to_many)}
    decided = set(POLICY[label].fields)
    assert not fields - decided, f"{label}: decide the fate of {sorted(fields - decided)} in retention/policy.py"
    assert not decided - fields, f"{label}: these no longer exist, take them out: {sorted(decided - fields)}"
    assert not POLICY[label].fates.keys() - fields, f"{label}: a fate is given to a field that does not exist"


def test_policy_names_no_model_that_is_gone():
    gone = POLICY.keys() - {model._meta.label for model in apps.get_models()}
    assert not gone, f"take out of retention/policy.py: {sorted(gone)}"


@pytest.mark.parametrize("label", sorted(POLICY))
def test_what_stays_has_a_basis_that_says_something(label):
    table = POLICY[label]
    if table.rows is Fate.ERASE:
        assert not table.basis, f"{label}: what is erased needs no basis"
    else:
        assert len(table.basis) > 20 and not VAGUE.search(table.basis), f"{label}: say why it stays, and how long"


@pytest.mark.parametrize("label", sorted(POLICY))
def test_bytes_are_declared_as_ciphertext(label):
    for field in apps.get_model(label)._meta.concrete_fields:
        if field.get_internal_type() == "BinaryField":
            fate = POLICY[label].fates.get(field.name)
            assert fate is Fate.CIPHERTEXT, f"{label}.{field.name}: bytes cannot be searched; declare what they are"


def test_every_table_that_is_erased_has_a_store_in_the_engine():
    erased = {apps.get_model(label)._meta.db_table for label, table in POLICY.items() if table.rows is Fate.ERASE}
    covered = {store.table for store in STORES if isinstance(store, Rows)} | {"retention_export", "retention_datakey"}
    assert erased == covered, "retention/policy.py and retention/operations/stores.py differ"


@pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
@pytest.mark.parametrize("column", sorted(NO_RESIDUE))
def test_an_exemption_names_a_column_that_exists_and_a_reason(column):
    table, name = column.split(".")
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM information_schema.columns WHERE table_name = %s AND column_name = %s", [table, name]
        )
        assert cursor.fetchone(), f"{column}: it is gone, take the exemption out"
    assert len(NO_RESIDUE[column]) > 20


@pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
@pytest.mark.parametrize("alias", ["default", "ledger"])
def test_every_foreign_key_has_an_index(alias):
    scope = tenancy.vendor if alias == "default" else ledger.vendor
    with scope(), connections[alias].cursor() as cursor:
        cursor.execute(
            """
            SELECT c.conrelid::regclass::text, c.conname FROM pg_constraint c
            WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND NOT EXISTS (
                SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indpred IS NULL
                AND (i.indkey::int2[])[0:array_length(c.conkey, 1) - 1] @> c.conkey
                AND c.conkey @> (i.indkey::int2[])[0:array_length(c.conkey, 1) - 1]
            ) ORDER BY 1, 2
            """
        )
        bare = [row for row in cursor.fetchall() if row not in EXEMPT_KEYS]
    assert not bare, f"add an index that begins with the columns of: {bare}"


# A foreign key to a row that is never deleted, or only with its children, needs no index of its own.
EXEMPT_KEYS: set[tuple[str, str]] = set()
