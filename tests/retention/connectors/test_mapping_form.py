"""The form of a mapping, before any database is asked: each fault by its place; the documents' example is sound."""

import json
import re
from pathlib import Path

import pytest

from accounts.errors import InvalidInput
from retention.rules.stores import postgresql as rules
from tests.retention.connectors.databases import ACME, MAPPING

ROOT = Path(__file__).resolve().parent.parent.parent.parent
WHOLE = {**MAPPING, "database": "product", "user": "terme"}
TENANT = {"column": "company", "names": "public_id"}
TABLE = {"table": "notes", "key": "id", "tenant": TENANT, "subject": None}
PARENT = {"column": "note", "parent": "public.notes", "parent_column": "id"}
CHILD = {"table": "lines", "key": "id", "via": PARENT}


def test_the_example_of_the_documents_is_read():
    found = re.search(r"A plausible product:\n\n```json\n(.*?)```", (ROOT / "docs" / "interfaces.md").read_text(), re.S)
    settings = rules.read(json.loads(found[1]))
    assert [table.place for table in settings.tables] == [
        "app.message",
        "app.conversation",
        "app.login",
        "app.workspace_setting",
        "app.member",
    ]
    assert (settings.port, settings.tls, settings.tables[0].via.parent) == (5432, "verify-full", "app.conversation")


def test_what_is_not_said_is_the_usual():
    settings = rules.read({**WHOLE, "tables": [{**CHILD, "via": {**PARENT, "parent": "notes"}}, TABLE]})
    first, second = settings.tables
    assert (first.place, first.via.parent, first.of_nobody) == ("public.lines", "public.notes", False)
    assert (second.of_nobody, second.subject, second.columns) == (True, None, ["id", "company"])


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        pytest.param({"host": ""}, "host", "blank", id="no-host"),
        pytest.param({"host": "/var/run/postgresql"}, "host", "no_host", id="a-socket"),
        pytest.param({"host": "a.example,b.example"}, "host", "no_host", id="two-hosts"),
        pytest.param({"host": "db\x00"}, "host", "control_character", id="nul"),
        pytest.param({"host": 7}, "host", "text", id="a-number"),
        pytest.param({"port": 0}, "port", "out_of_range", id="port"),
        pytest.param({"port": True}, "port", "out_of_range", id="yes-is-no-port"),
        pytest.param({"port": "5432"}, "port", "out_of_range", id="port-as-text"),
        pytest.param({"tls": "prefer"}, "tls", "unknown", id="encryption-by-chance"),
        pytest.param({"statement_seconds": 10**6}, "statement_seconds", "out_of_range", id="endless"),
        pytest.param({"passwort": "x"}, "passwort", "unknown", id="unknown-setting"),
        pytest.param({"tables": []}, "tables", "out_of_range", id="no-tables"),
        pytest.param({"tables": None}, "tables", "required", id="tables-not-said"),
        pytest.param({"tables": ["notes"]}, "tables[0]", "not_an_object", id="a-table-is-an-object"),
        pytest.param({"tables": [{**TABLE, "key": ""}]}, "tables[0].key", "blank", id="no-key"),
        pytest.param({"tables": [{**TABLE, "tenant": None}]}, "tables[0].tenant", "required", id="whose"),
        pytest.param(
            {"tables": [{**TABLE, "tenant": {**TENANT, "names": "name"}}]},
            "tables[0].tenant.names",
            "unknown",
            id="how",
        ),
        pytest.param(
            {"tables": [{"table": "notes", "key": "id", "tenant": TENANT}]}, "tables[0].subject", "required", id="about"
        ),
        pytest.param(
            {"tables": [{**TABLE, "subject": {"column": "author", "holds": "name"}}]},
            "tables[0].subject.holds",
            "unknown",
            id="a-bare-name-is-no-identifier",
        ),
        pytest.param({"tables": [{**TABLE, "where": "1=1"}]}, "tables[0].where", "unknown", id="no-conditions"),
        pytest.param({"tables": [TABLE, TABLE]}, "tables[1].table", "twice", id="twice"),
        pytest.param({"tables": [CHILD]}, "tables[0].via.parent", "unmapped", id="parent-not-mapped"),
        pytest.param({"tables": [TABLE, CHILD]}, "tables[1].via.parent", "order", id="parent-erased-first"),
        pytest.param(
            {"tables": [{**CHILD, "via": {**PARENT, "parent": "lines"}}]}, "tables[0].via.parent", "order", id="itself"
        ),
        pytest.param({"tenants": {"acme": "1"}}, "tenants", "no_public_id", id="not-by-public-id"),
        pytest.param({"tenants": {str(ACME): ""}}, "tenants", "text", id="no-name-there"),
        pytest.param({"tenants": {str(ACME): "a", str(ACME).upper(): "b"}}, "tenants", "no_public_id", id="two-names"),
        pytest.param({"tenants": []}, "tenants", "not_an_object", id="a-list"),
    ],
)
def test_a_fault_is_told_by_its_place(values, field, code):
    with pytest.raises(InvalidInput) as caught:
        rules.read({**WHOLE, **values})
    assert (field, code) in [(fault.field, fault.code) for fault in caught.value.errors]


@pytest.mark.parametrize("given", [None, [], "x", 7, {}])
def test_what_is_no_mapping_at_all(given):
    with pytest.raises(InvalidInput):
        rules.read(given)
