"""A product's PostgreSQL database: what is meant is erased, whatever interrupts it; gaps in the mapping are faults."""

import threading
import uuid
from datetime import UTC, datetime

import psycopg
import pytest

from retention.connectors.protocol import Person, Residue, StoreMisconfigured, StoreUnavailable, Target
from tests.retention.connectors.databases import (
    ACME,
    ANN,
    BEN,
    OTHER,
    RUN,
    TABLES,
    a_product,
    erase,
    everything_of,
    people,
)

NOW = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def product():
    with a_product() as made:
        made.fill()
        yield made


def neighbours(product):
    """Return the rows that are not Acme's, where each lies and who wrote it."""
    return {
        table: product.run(f"SELECT t::text, t.ctid::text, t.xmin::text FROM {table} AS t WHERE {condition} ORDER BY 1")
        for table, condition in {
            "app.users": f"company = '{OTHER}'",
            "app.conversations": f"company = '{OTHER}'",
            "app.messages": f"conversation IN (SELECT id FROM app.conversations WHERE company = '{OTHER}')",
            "app.logins": "tenant = 'V2'",
            "app.invoices": "customer = 18",
        }.items()
    }


def test_the_mapping_of_the_example_is_in_order(product):
    assert product.store().check() == []


def test_everything_of_a_client_goes_and_the_neighbour_is_byte_equal(product):
    store, before = product.store(), neighbours(product)
    assert store.inventory(everything_of()) == dict(zip(TABLES, (6, 2, 2, 2, 1), strict=True))
    done = erase(store, everything_of(), now=NOW)
    assert sum(progress.erased for progress in done) == 13
    assert store.inventory(everything_of()) == dict.fromkeys(TABLES, 0)
    assert store.verify(everything_of(), run=RUN) == []
    assert neighbours(product) == before


def test_one_person_goes_by_each_identifier_and_nobody_else(product):
    store, before = product.store(), neighbours(product)
    assert store.inventory(people(ANN)) == dict(zip(TABLES, (3, 1, 1, 1, 0), strict=True))
    assert sum(progress.erased for progress in erase(store, people(ANN), now=NOW, limit=2)) == 6
    assert store.inventory(people(ANN, BEN)) == dict(zip(TABLES, (3, 1, 1, 1, 0), strict=True))
    assert neighbours(product) == before
    assert product.run("SELECT ref FROM app.users WHERE company = %s", ACME) == [("ben-2",)]


def test_somebody_of_another_client_with_the_same_external_id_is_somebody_else(product):
    """A guest of the neighbour's began a conversation in the client's rooms: it is not the client's Ann's."""
    product.run(
        "INSERT INTO app.conversations (company, author, title) SELECT %s, id, 'guest' FROM app.users "
        "WHERE company = %s AND ref = 'ann-1'",
        ACME,
        OTHER,
    )
    erase(product.store(), people(ANN), now=NOW)
    assert product.run("SELECT count(*) FROM app.conversations WHERE title = 'guest'") == [(1,)]
    erase(product.store(), everything_of(), now=NOW)
    assert product.run("SELECT count(*) FROM app.conversations WHERE title = 'guest'") == [(0,)]


def test_nobody_is_nobody_and_not_the_whole_client(product):
    before = {table: product.rows(table) for table in TABLES}
    assert [p.erased for p in erase(product.store(), people(), now=NOW)] == [0]
    assert {table: product.rows(table) for table in TABLES} == before


def test_a_person_without_the_identifier_of_a_table_is_an_error_and_no_skip(product):
    nameless = Person(uuid.uuid4(), "dan-3", (), "dan")
    with pytest.raises(StoreMisconfigured, match=r"unnamed_person: app\.logins"):
        erase(product.store(), people(nameless), now=NOW)


@pytest.mark.parametrize(
    ("values", "target", "place"),
    [
        pytest.param({}, Target(ACME, None), "app.logins", id="registration-number"),
        pytest.param({"tenants": {}}, everything_of(), "app.invoices", id="name-there"),
    ],
)
def test_a_client_that_the_store_does_not_know_by_any_name_is_an_error(product, values, target, place):
    with pytest.raises(StoreMisconfigured, match=f"unnamed_tenant: {place}"):
        product.store(**values).inventory(target)


@pytest.mark.parametrize("limit", [1, 2, 5, 1000])
def test_killed_after_any_commit_it_goes_on_from_the_last_checkpoint_or_the_one_before(product, limit):
    """Each call comes from another process, which knows what the journal kept; now and then not even that."""
    before, checkpoint, earlier, calls, erased = neighbours(product), "", "", 0, 0
    while calls < 100:
        progress = product.store().erase_chunk(
            everything_of(), run=ACME, checkpoint=earlier if calls % 3 == 2 else checkpoint, limit=limit, now=NOW
        )
        erased += progress.erased
        earlier, checkpoint, calls = checkpoint, progress.checkpoint, calls + 1
        if progress.finished:
            break
    assert progress.finished and erased == 13
    assert product.store().verify(everything_of(), run=RUN) == []
    assert neighbours(product) == before


def test_a_checkpoint_names_nobody(product):
    product.run("UPDATE app.logins SET id = email WHERE tenant = 'V1'")
    ids = [str(row[0]) for row in product.run("SELECT id FROM app.users")]
    done = erase(product.store(), everything_of(), limit=1, now=NOW)
    said = " ".join(progress.checkpoint for progress in done).lower()
    assert "client.example" not in said
    assert not [one for one in ids if one in said or one.replace("-", "") in said]


def test_a_walk_over_many_keys_is_bounded_and_ends(product):
    product.run("INSERT INTO app.invoices SELECT n, 18 + n % 2, 'x' FROM generate_series(100, 30000) AS n")
    product.run("INSERT INTO app.invoices SELECT n, 17, 'x' FROM generate_series(40000, 40010) AS n")
    done = erase(product.store(), everything_of(), limit=10, now=NOW)
    assert sum(progress.erased for progress in done) == 13 + 11
    assert product.run("SELECT count(*) FROM app.invoices WHERE customer = 17") == [(0,)]
    assert all(progress.erased <= 10 for progress in done)


@pytest.mark.parametrize("kind", ["uuid", "text"])
def test_keys_of_any_kind_are_walked_and_rows_that_share_one_too(product, kind):
    product.run(f"CREATE TABLE app.notes (id {kind} NOT NULL, tenant text); CREATE INDEX ON app.notes (id)")
    product.run(
        f"INSERT INTO app.notes SELECT md5((n / 3)::text)::uuid::{kind}, CASE n % 2 WHEN 0 THEN 'V1' ELSE 'V2' END "
        "FROM generate_series(1, 200) AS n"
    )
    entry = {
        "schema": "app",
        "table": "notes",
        "key": "id",
        "tenant": {"column": "tenant", "names": "registration_number"},
        "subject": None,
    }
    for fresh in (False, True):
        store = product.store(tables=[entry])
        checkpoint, erased = "", 0
        for _call in range(400):
            store = product.store(tables=[entry]) if fresh and _call % 5 == 0 else store
            progress = store.erase_chunk(everything_of(), run=ACME, checkpoint=checkpoint, limit=7, now=NOW)
            checkpoint, erased = progress.checkpoint, erased + progress.erased
            if progress.finished:
                break
        assert progress.finished
        assert product.run("SELECT tenant, count(*) FROM app.notes GROUP BY 1") == [("V2", 100)]
        assert erased == (0 if fresh else 100)


@pytest.mark.parametrize("kind", ["uuid", "text", "bigint"])
def test_a_few_rows_behind_many_of_others_are_reached_by_whoever_goes_on(product, kind):
    """Each call comes from a new process: one that always begins anew would never get there."""
    product.run(f"CREATE TABLE app.many (id {kind} PRIMARY KEY, tenant text)")
    made = {"uuid": "lpad(to_hex(n), 32, '0')::uuid", "text": "lpad(n::text, 8, '0')", "bigint": "n"}[kind]
    product.run(
        f"INSERT INTO app.many SELECT {made}, CASE WHEN n > 25000 THEN 'V1' ELSE 'V2' END "
        "FROM generate_series(1, 25010) AS n"
    )
    entry = {
        "schema": "app",
        "table": "many",
        "key": "id",
        "tenant": {"column": "tenant", "names": "registration_number"},
        "subject": None,
    }
    checkpoint, erased, calls = "", 0, 0
    while calls < 30:
        progress = product.store(tables=[entry]).erase_chunk(
            everything_of(), run=ACME, checkpoint=checkpoint, limit=4, now=NOW
        )
        checkpoint, erased, calls = progress.checkpoint, erased + progress.erased, calls + 1
        if progress.finished:
            break
    assert progress.finished and product.run("SELECT tenant, count(*) FROM app.many GROUP BY 1") == [("V2", 25000)]
    assert erased == 10


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("last", [9, 10, 60, 99, 100, 12_345])
def test_a_range_ends_at_the_last_number_and_not_at_the_last_in_the_order_of_letters(product, last, backwards):
    product.run("CREATE TABLE app.tickets (id bigint PRIMARY KEY, tenant text)")
    product.run(f"INSERT INTO app.tickets SELECT n, 'V' || 1 + n % 2 FROM generate_series(1, {last}) AS n")
    entry = {
        "schema": "app",
        "table": "tickets",
        "key": "id",
        "tenant": {"column": "tenant", "names": "registration_number"},
        "subject": None,
        "backwards": backwards,
    }
    erase(product.store(tables=[entry]), everything_of(), limit=1000, now=NOW)
    assert product.run("SELECT DISTINCT tenant FROM app.tickets") == [("V2",)]


def test_rows_that_refer_to_earlier_ones_of_their_table_go_backwards(product):
    product.run(
        "CREATE TABLE app.replies (id int PRIMARY KEY, tenant text, earlier int REFERENCES app.replies); "
        "INSERT INTO app.replies SELECT n, 'V1', nullif(n - 1, 0) FROM generate_series(1, 20) AS n"
    )
    entry = {
        "schema": "app",
        "table": "replies",
        "key": "id",
        "tenant": {"column": "tenant", "names": "registration_number"},
        "subject": None,
    }
    with pytest.raises(StoreMisconfigured, match="referenced"):
        erase(product.store(tables=[entry]), everything_of(), limit=3, now=NOW)
    done = erase(product.store(tables=[{**entry, "backwards": True}]), everything_of(), limit=3, now=NOW)
    assert sum(progress.erased for progress in done) == 20


def test_what_is_written_meanwhile_is_found_by_the_next_walk(product):
    store = product.store()
    first = store.erase_chunk(everything_of(), run=ACME, checkpoint="", limit=1000, now=NOW)
    product.run("INSERT INTO app.invoices VALUES (1, 17, 'late')")
    rest = erase(store, everything_of(), checkpoint=first.checkpoint, now=NOW)
    assert (first.finished, first.erased, sum(one.erased for one in rest)) == (False, 13, 1)


def test_a_product_that_writes_faster_than_it_is_emptied_is_told_and_goes_once_it_has_stopped(product):
    """Each call comes from another process, which begins anew where the failure says so."""
    checkpoint, failures = "", 0
    for number in range(200):
        try:
            progress = product.store().erase_chunk(everything_of(), run=RUN, checkpoint=checkpoint, limit=3, now=NOW)
        except StoreUnavailable as busy:
            assert (busy.fault, busy.from_the_front) == ("busy", True)
            checkpoint, failures = "", failures + 1
            continue
        checkpoint = progress.checkpoint
        if progress.finished:
            break
        if not failures and checkpoint.split(":")[2:] == ["0", "0", ""]:  # a walk begins, and it writes on
            rows = [("INSERT INTO app.logins VALUES (%s, 'V1', 'late')", f"{number}-{one}") for one in range(4)]
            for statement, key in rows:
                product.run(statement, key)
    assert (failures, progress.finished) == (1, True)
    assert product.store().verify(everything_of(), run=RUN) == []


def test_two_workers_on_the_same_chunk_erase_it_once(product):
    product.run("INSERT INTO app.invoices SELECT n, 17, 'x' FROM generate_series(100, 3000) AS n")
    erased, errors, barrier = [], [], threading.Barrier(2)

    def work():
        store = product.store()
        barrier.wait()
        try:
            erased.append(sum(p.erased for p in erase(store, everything_of(), limit=200, now=NOW)))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _worker in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (errors, sum(erased)) == ([], 13 + 2901)
    assert product.store().verify(everything_of(), run=RUN) == []


def test_the_server_is_killed_in_the_middle_of_a_chunk(product):
    product.run(
        "CREATE FUNCTION app.slow() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_sleep(5); RETURN OLD; END $$; "
        "CREATE TRIGGER slow BEFORE DELETE ON app.invoices FOR EACH ROW EXECUTE FUNCTION app.slow()"
    )
    store, before = product.store(), {table: product.rows(table) for table in TABLES}
    killer = threading.Timer(
        1.0,
        lambda: product.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'terme' "
            "AND datname = current_database()"
        ),
    )
    killer.start()
    with pytest.raises(StoreUnavailable, match="connection"):
        store.erase_chunk(everything_of(), run=ACME, checkpoint="", limit=1000, now=NOW)
    killer.join()
    assert {table: product.rows(table) for table in TABLES} == before, "a chunk is done, or not done"
    product.run("DROP TRIGGER slow ON app.invoices")
    assert sum(p.erased for p in erase(store, everything_of(), now=NOW)) == 13, "the same connector connects again"


def test_a_lock_that_somebody_holds_is_waited_for_in_bounded_time(product):
    with psycopg.connect(product.dsn) as holder:
        holder.execute("SELECT * FROM app.invoices FOR UPDATE")
        with pytest.raises(StoreUnavailable, match=r"busy|timeout"):
            erase(product.store(statement_seconds=1), everything_of(), now=NOW)
    assert sum(p.erased for p in erase(product.store(), everything_of(), now=NOW)) == 13


def test_a_trigger_that_keeps_rows_is_not_believed(product):
    product.run(
        "CREATE FUNCTION app.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; "
        "CREATE TRIGGER keep BEFORE DELETE ON app.invoices FOR EACH ROW EXECUTE FUNCTION app.keep()"
    )
    with pytest.raises(StoreMisconfigured, match=r"not_erased: app\.invoices"):
        erase(product.store(), everything_of(), now=NOW)


def test_what_was_missed_is_found_by_the_verification(product):
    """Somebody is named in a row of another person, in JSON, and in a row of a neighbour."""
    store = product.store()
    product.run(
        'UPDATE app.messages SET body = \'{"to": "Ann@Client.example"}\' WHERE id = (SELECT max(m.id) '
        "FROM app.messages m JOIN app.conversations c ON c.id = conversation WHERE company = %s)",
        ACME,
    )
    product.run("UPDATE app.invoices SET note = 'for ann-1 and dan-9' WHERE customer = 17")
    product.run("UPDATE app.invoices SET note = 'paid by ann@client.example, ben-2' WHERE customer = 18")
    erase(store, people(ANN), now=NOW)
    assert store.verify(people(ANN), run=RUN) == [
        Residue("app.messages", "mentions", 1),
        Residue("app.invoices", "mentions", 1),
        Residue("app.invoices", "elsewhere", 1),
    ]
    product.run("INSERT INTO app.users (company, ref) VALUES (%s, 'ann-1')", ACME)
    assert Residue("app.users", "rows", 1) in store.verify(people(ANN), run=RUN)
    terms = frozenset({"ann@client.example"})
    assert Residue("app.invoices", "elsewhere", 1) in store.verify(everything_of(terms=terms), run=RUN)


def test_an_export_gives_back_what_will_go(product):
    found = list(product.store().export(people(ANN)))
    assert [record["place"] for record in found].count("app.messages") == 3
    assert {record["row"]["ref"] for record in found if record["place"] == "app.users"} == {"ann-1"}
    assert len(list(product.store().export(everything_of()))) == 13


def test_a_partition_is_erased_with_its_table(product):
    product.run(
        "CREATE TABLE app.events (id bigint NOT NULL, tenant text, PRIMARY KEY (id)) PARTITION BY RANGE (id); "
        "CREATE TABLE app.events_1 PARTITION OF app.events FOR VALUES FROM (0) TO (50); "
        "CREATE TABLE app.events_2 PARTITION OF app.events DEFAULT; "
        "INSERT INTO app.events SELECT n, 'V1' FROM generate_series(1, 100) AS n"
    )
    entry = {
        "schema": "app",
        "table": "events",
        "key": "id",
        "tenant": {"column": "tenant", "names": "registration_number"},
        "subject": None,
    }
    store = product.store(tables=[entry])
    assert store.check() == []
    assert sum(p.erased for p in erase(store, everything_of(), limit=30, now=NOW)) == 100


def test_an_error_quotes_no_row_and_no_password(product):
    product.run(
        "CREATE FUNCTION app.tell() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no: %', OLD.email; END $$; "
        "CREATE TRIGGER tell BEFORE DELETE ON app.logins FOR EACH ROW EXECUTE FUNCTION app.tell()"
    )
    with pytest.raises(StoreMisconfigured) as caught:
        erase(product.store(), everything_of(), now=NOW)
    assert str(caught.value) == "failed"
    assert caught.value.__suppress_context__ and "client.example" not in repr(caught.value)
