"""A product's database for the tests of stores: another database on the tests' server, its tables, its people."""

import contextlib
import itertools
import os
import uuid
from urllib.parse import urlsplit

import psycopg

from retention.connectors.postgresql import PostgresStore
from retention.connectors.protocol import Person, Target
from retention.rules.stores import postgresql as rules

ACME, OTHER = uuid.UUID(int=0xACE), uuid.UUID(int=0x07E)
ANN = Person(uuid.UUID(int=0xA), "ann-1", ("ann@client.example", "Ann@old.example"), "ann@client.example")
BEN = Person(uuid.UUID(int=0xB), "ben-2", ("ben@client.example",), "ben@client.example")
RUN = uuid.UUID(int=7)
_numbers = itertools.count(1)

# A child found by its parent, a parent with an author, people by their external id, rows of nobody, a neighbour's rows.
SCHEMA = """
    CREATE SCHEMA app;
    CREATE TABLE app.users (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), company uuid NOT NULL, ref text NOT NULL,
                            email text);
    CREATE TABLE app.conversations (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, company uuid NOT NULL,
                                    author uuid NOT NULL REFERENCES app.users, title text);
    CREATE TABLE app.messages (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                               conversation bigint NOT NULL REFERENCES app.conversations, body jsonb NOT NULL);
    CREATE TABLE app.logins (id text PRIMARY KEY, tenant text NOT NULL, email varchar(200));
    CREATE TABLE app.invoices (id int PRIMARY KEY, customer int NOT NULL, note text);
"""
MAPPING = {
    "host": "127.0.0.1",
    "database": "",
    "user": "",
    "tls": "disable",
    "tenants": {str(ACME): "17", str(OTHER): "18"},
    "tables": [
        {
            "schema": "app",
            "table": "messages",
            "key": "id",
            "via": {"column": "conversation", "parent": "app.conversations", "parent_column": "id"},
        },
        {
            "schema": "app",
            "table": "conversations",
            "key": "id",
            "tenant": {"column": "company", "names": "public_id"},
            "via": {"column": "author", "parent": "app.users", "parent_column": "id"},
        },
        {
            "schema": "app",
            "table": "users",
            "key": "id",
            "tenant": {"column": "company", "names": "public_id"},
            "subject": {"column": "ref", "holds": "external_id"},
        },
        {
            "schema": "app",
            "table": "logins",
            "key": "id",
            "tenant": {"column": "tenant", "names": "registration_number"},
            "subject": {"column": "email", "holds": "email"},
        },
        {
            "schema": "app",
            "table": "invoices",
            "key": "id",
            "tenant": {"column": "customer", "names": "mapped"},
            "subject": None,
        },
    ],
}
TABLES = [f"app.{entry['table']}" for entry in MAPPING["tables"]]


def everything_of(organization=ACME, number="V1", **values):
    return Target(organization, None, number, **values)


def people(*persons, organization=ACME, number="V1"):
    return Target(organization, persons, number)


class Product:
    """A database of its own, and the mapping of it."""

    def __init__(self, dsn, name, port):
        self.dsn, self.name, self.port = dsn, name, port

    def run(self, statement, *params):
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            cursor = connection.execute(statement, params or None)
            return cursor.fetchall() if cursor.description else cursor.rowcount

    def mapping(self, **values):
        user = urlsplit(self.dsn).username
        return {**MAPPING, "port": self.port, "database": self.name, "user": user, **values}

    def store(self, *, password=None, **values):
        password = urlsplit(self.dsn).password if password is None else password
        return PostgresStore(rules.read(self.mapping(**values)), password)

    def rows(self, table):
        return self.run(f"SELECT t::text, t.ctid::text, t.xmin::text FROM {table} AS t ORDER BY 1")

    def fill(self, messages=3):
        """Give both clients the same people: the same external ids, and the neighbour's Ann the same e-mail address."""
        for company, number, customer in ((ACME, "V1", 17), (OTHER, "V2", 18)):
            for person in (ANN, BEN):
                ((user,),) = self.run(
                    "INSERT INTO app.users (company, ref, email) VALUES (%s, %s, %s) RETURNING id",
                    company,
                    person.external_id,
                    person.emails[0],
                )
                ((talk,),) = self.run(
                    "INSERT INTO app.conversations (company, author, title) VALUES (%s, %s, 'x') RETURNING id",
                    company,
                    user,
                )
                self.run(
                    'INSERT INTO app.messages (conversation, body) SELECT %s, \'{"text": "hello"}\' '
                    "FROM generate_series(1, %s)",
                    talk,
                    messages,
                )
                self.run(
                    "INSERT INTO app.logins VALUES (%s, %s, %s)",
                    f"{number}-{person.external_id}",
                    number,
                    person.emails[0].upper(),
                )
            self.run("INSERT INTO app.invoices VALUES (%s, %s, 'paid')", customer, customer)


@contextlib.contextmanager
def a_product():
    """Make a database with the product's tables; drop it afterwards."""
    name = f"product_{os.getpid()}_{next(_numbers)}"
    admin = os.environ["TERME_TEST_ADMIN"]
    server = urlsplit(admin)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    product = Product(server._replace(path=f"/{name}").geturl(), name, server.port)
    try:
        product.run(SCHEMA)
        yield product
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def erase(store, target, *, limit=1000, checkpoint="", run=RUN, now, most=200):
    """Erase to the end; return what each call did."""
    done = []
    for _call in range(most):
        progress = store.erase_chunk(target, run=run, checkpoint=checkpoint, limit=limit, now=now)
        done.append(progress)
        checkpoint = progress.checkpoint
        if progress.finished:
            return done
    raise AssertionError("it does not end")
