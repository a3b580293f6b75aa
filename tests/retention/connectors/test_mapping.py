"""A mapping held against a real catalogue: what is missing, of another kind, or unmapped is a fault at every door."""

from datetime import UTC, datetime

import pytest

from retention.connectors.protocol import StoreMisconfigured, StoreUnavailable
from tests.retention.connectors.databases import ACME, MAPPING, OTHER, RUN, a_product, erase, everything_of

NOW = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def product():
    with a_product() as made:
        made.fill()
        yield made


def without(number, part):
    return [
        {k: v for k, v in entry.items() if k != part} if n == number else entry
        for n, entry in enumerate(MAPPING["tables"])
    ]


def changed(number, **values):
    return [{**entry, **values} if n == number else entry for n, entry in enumerate(MAPPING["tables"])]


EXTRA = {
    "schema": "app",
    "table": "extra",
    "key": "id",
    "tenant": {"column": "tenant", "names": "registration_number"},
    "subject": None,
}


@pytest.mark.parametrize(
    ("before", "values", "fault", "field"),
    [
        pytest.param("DROP TABLE app.logins", {}, "missing", "tables[3].table", id="table-missing"),
        pytest.param(
            "ALTER TABLE app.logins DROP COLUMN email", {}, "missing", "tables[3].subject.column", id="column-missing"
        ),
        pytest.param("SELECT 1", {"tables": changed(0, key="nr")}, "missing", "tables[0].key", id="key-missing"),
        pytest.param(
            "SELECT 1",
            {"tables": changed(0, via={"column": "conversation", "parent": "app.conversations", "parent_column": "x"})},
            "missing",
            "tables[0].via.parent_column",
            id="column-of-the-parent-missing",
        ),
        pytest.param(
            "SELECT 1",
            {"tables": changed(0, via={"column": "body", "parent": "app.conversations", "parent_column": "id"})},
            "wrong_type",
            "tables[0].via.parent_column",
            id="joined-by-columns-of-two-kinds",
        ),
        pytest.param(
            "ALTER TABLE app.logins ALTER tenant TYPE date USING now()",
            {},
            "wrong_type",
            "tables[3].tenant.column",
            id="type-of-the-client's-column",
        ),
        pytest.param(
            "ALTER TABLE app.users ALTER ref TYPE int USING 1", {}, "wrong_type", "tables[2].subject.column", id="type"
        ),
        pytest.param(
            "SELECT 1", {"tenants": {str(ACME): "seventeen"}}, "wrong_type", "tenants", id="name-is-no-integer"
        ),
        pytest.param(
            "SELECT 1",
            {"tenants": {str(ACME): "17", str(OTHER): "017"}},
            "settings",
            "tenants",
            id="two-names-that-are-one-integer",
        ),
        pytest.param(
            "ALTER TABLE app.logins DROP CONSTRAINT logins_pkey", {}, "settings", "tables[3].key", id="key-unindexed"
        ),
        pytest.param(
            "ALTER TABLE app.logins DROP CONSTRAINT logins_pkey, ALTER id DROP NOT NULL",
            {},
            "wrong_type",
            "tables[3].key",
            id="key-may-be-null",
        ),
        pytest.param(
            "CREATE TABLE app.likes (message bigint REFERENCES app.messages)",
            {},
            "unmapped",
            "tables[0].table",
            id="a-child-that-blocks",
        ),
        pytest.param(
            "CREATE TABLE app.likes (message bigint REFERENCES app.messages ON DELETE CASCADE)",
            {},
            "unmapped",
            "tables[0].table",
            id="a-child-that-would-go-unseen",
        ),
        pytest.param(
            "CREATE TABLE app.parts (id int, n int REFERENCES app.invoices) PARTITION BY LIST (id); "
            "CREATE TABLE app.part PARTITION OF app.parts DEFAULT",
            {},
            "unmapped",
            "tables[4].table",
            id="a-partitioned-child",
        ),
        pytest.param(
            "SELECT 1",
            {"tables": [MAPPING["tables"][n] for n in (2, 3, 4)] + [without(1, "via")[1] | {"subject": None}]},
            "unmapped",
            "tables[3].table",
            id="a-child-left-out-of-the-mapping",
        ),
        pytest.param(
            "CREATE TABLE app.extra (id int PRIMARY KEY REFERENCES app.invoices, tenant text)",
            {"tables": [*MAPPING["tables"], EXTRA]},
            "order",
            "tables[4].table",
            id="a-child-that-comes-too-late",
        ),
        pytest.param(
            "CREATE TABLE app.extra (tenant text) INHERITS (app.logins); ALTER TABLE app.extra ADD PRIMARY KEY (id)",
            {"tables": [*MAPPING["tables"], EXTRA]},
            "settings",
            "tables[5].table",
            id="a-part-beside-its-whole",
        ),
    ],
)
def test_a_mapping_that_does_not_fit_is_an_error_at_every_door(product, before, values, fault, field):
    product.run(before)
    store = product.store(**values)
    assert (fault, field) in [(found.code, found.field) for found in store.check()]
    rows = {table: product.rows(table) for table in ("app.users", "app.messages", "app.invoices")}
    for call in (
        lambda: store.inventory(everything_of()),
        lambda: list(store.export(everything_of())),
        lambda: erase(store, everything_of(), now=NOW),
        lambda: store.verify(everything_of(), run=RUN),
    ):
        with pytest.raises(StoreMisconfigured):
            call()
    assert {table: product.rows(table) for table in rows} == rows


def a_login(product, rights):
    name = f"weak_{product.name}"
    product.run(f"CREATE ROLE {name} LOGIN PASSWORD 'p'; GRANT USAGE ON SCHEMA app TO {name}; {rights.format(name)}")
    return name


def test_credentials_that_see_or_may_too_little_are_a_fault(product):
    name = a_login(product, "GRANT SELECT ON ALL TABLES IN SCHEMA app TO {0}")
    try:
        store = product.store(user=name, password="p")
        assert {fault.code for fault in store.check()} == {"denied"}
        product.run(f"GRANT DELETE ON ALL TABLES IN SCHEMA app TO {name}")
        assert store.check() == []
        known = product.store(user=name, password="p")
        assert known.inventory(everything_of())["app.logins"] == 2
        product.run(
            "ALTER TABLE app.logins ENABLE ROW LEVEL SECURITY; CREATE POLICY one ON app.logins USING (tenant = 'V2')"
        )
        assert [(fault.code, fault.field) for fault in store.check()] == [("row_security", "tables[3].table")]
        with pytest.raises(StoreMisconfigured, match="row_security"):
            store.verify(everything_of(), run=RUN)
        with pytest.raises(StoreMisconfigured, match="denied"):
            known.inventory(everything_of())
    finally:
        product.run(f"DROP OWNED BY {name}; DROP ROLE {name}")


@pytest.mark.parametrize(
    ("values", "password", "field", "code", "error"),
    [
        pytest.param({"port": 1}, None, "host", "connection", StoreUnavailable, id="nobody-listens"),
        pytest.param({"host": "nowhere.invalid"}, None, "host", "connection", StoreUnavailable, id="no-such-host"),
        pytest.param({}, "wrong", "secret", "credentials", StoreMisconfigured, id="password"),
        pytest.param({"user": "nobody_here"}, None, "secret", "credentials", StoreMisconfigured, id="user"),
        pytest.param({"database": "nowhere"}, None, "database", "missing", StoreMisconfigured, id="database"),
        pytest.param({"tls": "verify-full"}, None, "tls", "tls", StoreMisconfigured, id="no-encryption-there"),
    ],
)
def test_what_is_wrong_with_the_connection_is_told_by_field(product, values, password, field, code, error):
    store = product.store(password=password, **values)
    assert [(fault.field, fault.code) for fault in store.check()] == [(field, code)]
    with pytest.raises(error):
        store.inventory(everything_of())
