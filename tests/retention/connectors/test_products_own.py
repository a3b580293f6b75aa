"""What a product's database does by itself when rows go, and what its encoding cannot write, stop no erasure."""

import os
from datetime import UTC, datetime

import psycopg
import pytest

from retention.connectors.protocol import Older, Person
from tests.retention.connectors.databases import ANN, BEN, RUN, SCHEMA, a_product, erase, everything_of, people

NOW = datetime(2026, 2, 1, tzinfo=UTC)
# As products write them: no path of their own, names without their schema.
LOGGED = """
    CREATE TABLE app.gone (id bigint, at timestamptz DEFAULT now());
    CREATE FUNCTION app.log_gone() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN INSERT INTO gone (id) VALUES (OLD.id); RETURN OLD; END';
"""


@pytest.fixture
def product():
    with a_product() as made:
        made.fill()
        made.run(f"ALTER DATABASE {made.name} SET search_path = app, public")
        yield made


def in_latin_letters(product):
    """Make the product anew, in an encoding of Western European letters."""
    admin = os.environ["TERME_TEST_ADMIN"]
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {product.name} WITH (FORCE)")
        connection.execute(
            f"CREATE DATABASE {product.name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'"
        )
    product.run(SCHEMA)
    product.fill()


@pytest.mark.parametrize(
    "trigger",
    [
        "TRIGGER logged BEFORE DELETE ON app.messages FOR EACH ROW",
        "TRIGGER logged AFTER DELETE ON app.messages FOR EACH ROW",
        "CONSTRAINT TRIGGER logged AFTER DELETE ON app.messages DEFERRABLE INITIALLY DEFERRED FOR EACH ROW",
    ],
)
@pytest.mark.parametrize("limit", [2, 1000])
def test_a_trigger_of_the_product_finds_its_tables_by_their_bare_names(product, trigger, limit):
    product.run(LOGGED)
    product.run(f"CREATE {trigger} EXECUTE FUNCTION app.log_gone()")
    store = product.store()
    assert sum(progress.erased for progress in erase(store, everything_of(), now=NOW, limit=limit)) == 13
    assert store.verify(everything_of(), run=RUN) == []
    assert product.run("SELECT count(*) FROM app.gone") == [(6,)]


def test_a_row_with_a_json_that_jsonb_cannot_hold_is_exported(product):
    product.run("ALTER TABLE app.logins ADD COLUMN raw json")
    product.run("""UPDATE app.logins SET raw = '{"a": "x\\u0000y"}'""")
    rows = [one["row"] for one in product.store().export(people(ANN)) if one["place"] == "app.logins"]
    assert [row["raw"] for row in rows] == [{"a": "x\0y"}]


def test_somebody_whose_names_the_database_cannot_write_has_nothing_there(product):
    in_latin_letters(product)
    pole = Person(ANN.public_id, "michał-1", ("michał@client.example",), "michał@client.example")
    store = product.store()
    assert sum(progress.erased for progress in erase(store, people(pole, BEN), now=NOW)) == 6
    assert store.verify(people(pole, BEN), run=RUN) == []


def test_somebody_who_is_spared_and_cannot_be_written_stops_nothing_that_goes_by_age(product):
    in_latin_letters(product)
    product.run("ALTER TABLE app.logins ADD COLUMN at timestamptz NOT NULL DEFAULT '2020-01-01'")
    tables = [dict(table) for table in product.mapping()["tables"]]
    tables[3] |= {"category": "diagnostics", "time": "at"}
    pole = Person(ANN.public_id, "michał-1", ("michał@client.example", *BEN.emails), "michał@client.example")
    done = product.store(tables=tables).erase_older(
        everything_of(), Older("diagnostics", NOW, (pole,)), run=RUN, checkpoint="", limit=100, now=NOW
    )
    assert done.erased == 1
    assert product.run("SELECT id FROM app.logins WHERE tenant = 'V1'") == [("V1-ben-2",)]
