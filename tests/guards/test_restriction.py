"""Under Art. 18 GDPR data are kept and not used: whoever touches content says how it stands to that."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTENT = re.compile(
    r"retention_(?:conversation|message|contextitem|diagnostic)\b"
    r"|^from retention\.models(?:\.vault)? import [^\n]*\b(?:Conversation|Message|ContextItem|Diagnostic|Content)\b"
    r"|\bvault\.MODELS\b",
    re.MULTILINE,
)
OPENS = re.compile(r"\bvault\.read\(|\bkeys\.for_reading\(")
# Modules that name content, and why it is right that they do.
TOUCHING = {
    "retention/admin/vault.py": "support views: only rows that are usable",
    "retention/models/__init__.py": "the models",
    "retention/models/vault.py": "the models",
    "retention/operations/archive.py": "analytics: leaves out who is restricted, in its query",
    "retention/operations/exports.py": "hands the controller, or the person, their own data",
    "retention/operations/impact.py": "counts what an erasure takes",
    "retention/operations/mentions.py": "protects the rights of another person (Art. 18(2) GDPR)",
    "retention/operations/ledger_older.py": "names rows whose key is gone; opens none",
    "retention/operations/restore_report.py": "counts rows whose key is gone; opens none",
    "retention/operations/stores/__init__.py": "erases",
    "retention/operations/stores/aged.py": "erases what is old",
    "retention/operations/stores/mentioned.py": "erases",
    "retention/operations/stores/rows.py": "erases",
    "retention/operations/vault.py": "lets content in, and opens it: refuses what is restricted",
}
# Modules that open content. One that opens it for any use must not be here: it reads `vault.usable` rows.
OPENING = {
    "retention/operations/corrections.py": "opens what a person has corrected, for the client and its product",
    "retention/operations/exports.py": "hands the controller, or the person, their own data",
    "retention/operations/mentions.py": "protects the rights of another person (Art. 18(2) GDPR)",
    "retention/operations/vault.py": "the gate itself",
}


def modules():
    for app in ("accounts", "config", "contracts", "retention"):
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.relative_to(ROOT).parts:
                yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("pattern", "known"), [(CONTENT, TOUCHING), (OPENS, OPENING)], ids=["touches-content", "opens-content"]
)
def test_whoever_uses_content_passes_over_people_under_restriction(pattern, known):
    found = {name for name, text in modules() if pattern.search(_joined(text))}
    assert not found - known.keys(), "read only vault.usable() rows, then name it here, with the reason"
    assert not known.keys() - found, "these touch no content any more"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("retention/operations/archive.py", "u.processing_restricted_at IS NULL"),
        ("retention/admin/vault.py", "vault.usable("),
        ("accounts/admin/licensed_user.py", "processing_restricted_at__isnull=True"),
        ("accounts/api/licensed_users.py", "processing_restricted_at__isnull=True"),
    ],
)
def test_who_passes_over_them_says_so(name, words):
    assert words in (ROOT / name).read_text(encoding="utf-8")


def _joined(text):
    """Bring an import in brackets onto one line."""
    return re.sub(r"\(\n([^)]*)\)", lambda match: " ".join(match[1].split()), text)
