"""Whatever is wrapped under a key-encryption key is known to the rotation, or it would be lost with the old key."""

import ast
from pathlib import Path

import pytest
from django.apps import apps

from retention.operations.sealed_places import PLACES, Columns
from retention.policy import POLICY, Fate

ROOT = Path(__file__).resolve().parent.parent.parent
COLUMNS = {(p.model._meta.label, p.value): p.version for p in PLACES if isinstance(p, Columns)}
# Bytes that no key-encryption key is over, and why.
OTHER_BYTES = {
    "accounts.AuditDetail.salt": "a salt is random, not sealed",
    "contracts.Intake.sealed_file": "under the letter's own key, which is wrapped beside it",
    "contracts.Intake.sealed_facts": "under the letter's own key, which is wrapped beside it",
    "retention.Conversation.sealed": "under the data key of its person, in the ledger",
    "retention.Message.sealed": "under the data key of its person, in the ledger",
    "retention.ContextItem.sealed": "under the data key of its person, in the ledger",
    "retention.Diagnostic.sealed": "under the data key of its person, in the ledger",
    "retention.SubjectRequest.sealed_facts": "under the request's own key, which is wrapped beside it",
    "retention.RequestSubject.correction": "under the data key of its person, in the ledger",
    "retention.ErasureRun.identifiers": "under the run's own key, which is wrapped beside it",
}
# Modules that wrap, and the place that their values go to.
WRAP = {
    "accounts/operations/documents.py": "documents",
    "accounts/operations/endpoints.py": "webhook_secrets",
    "accounts/operations/providers.py": "identity_providers",
    "accounts/signin/factors.py": "second_factors",
    "contracts/operations/intakes.py": "intakes",
    "retention/operations/exports.py": "exports",
    "retention/operations/external.py": "external_stores",
    "retention/operations/keys.py": "data_keys",
    "retention/operations/runs.py": "erasure_identifiers",
    "retention/operations/subject_facts.py": "subject_requests",
}
OURS = [model for model in apps.get_models() if model._meta.app_label in ("accounts", "contracts", "retention")]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_ciphertext_is_wrapped_anew_or_is_under_another_key(model):
    label = model._meta.label
    for field in model._meta.concrete_fields:
        if POLICY[label].fates.get(field.name) is Fate.CIPHERTEXT:
            known = (label, field.name) in COLUMNS or f"{label}.{field.name}" in OTHER_BYTES
            assert known, f"{label}.{field.name}: add it to PLACES in retention/operations/sealed_places.py"


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_column_of_a_keys_version_belongs_to_a_place(model):
    label = model._meta.label
    versions = {version for (of, _value), version in COLUMNS.items() if of == label}
    binary = any(field.get_internal_type() == "BinaryField" for field in model._meta.concrete_fields)
    for field in model._meta.concrete_fields:
        is_version = field.name.endswith("key_version") or (binary and field.name.endswith("_version"))
        assert not is_version or field.name in versions, (
            f"{label}.{field.name}: add the value that it belongs to to PLACES in retention/operations/sealed_places.py"
        )


def wraps():
    """Yield the modules that call ``wrap`` on keys."""
    for app in ("accounts", "contracts", "retention", "config"):
        for path in sorted((ROOT / app).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr == "wrap"
                    and any(keyword.arg == "context" for keyword in node.keywords)
                ):
                    yield str(path.relative_to(ROOT))


def test_every_module_that_wraps_names_its_place():
    found = set(wraps()) - {"retention/operations/sealed_places.py"}
    assert found == WRAP.keys(), "what it wraps must be a place of retention/operations/sealed_places.py, named here"
    assert set(WRAP.values()) <= {place.name for place in PLACES}


def test_places_and_exemptions_are_not_stale():
    for label, value in COLUMNS:
        names = {field.name for field in apps.get_model(label)._meta.concrete_fields}
        assert {value, COLUMNS[label, value]} <= names
    for name, reason in OTHER_BYTES.items():
        label, _, field = name.rpartition(".")
        assert field in {one.name for one in apps.get_model(label)._meta.concrete_fields} and len(reason) > 10
    assert len({place.name for place in PLACES}) == len(PLACES)
