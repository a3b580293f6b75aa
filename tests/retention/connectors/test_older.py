"""What a retention rule no longer keeps, in a database, a bucket, a service: by age, nobody else's, no more."""

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from accounts.errors import InvalidInput
from retention.connectors.protocol import Older, Person, Progress, StoreMisconfigured
from retention.enums import ContentCategory, StoreFault
from retention.rules.stores import postgresql as postgresql_rules
from retention.rules.stores import reader
from retention.rules.stores import service as service_rules
from tests.retention.connectors.databases import ACME, ANN, BEN, MAPPING, OTHER, RUN, a_product, everything_of
from tests.retention.connectors.test_bucket import s3 as s3
from tests.retention.connectors.test_bucket import server as server
from tests.retention.connectors.test_mapping import a_login
from tests.retention.connectors.test_service import answers, the_store
from tests.retention.connectors.test_service import service as service

BEFORE = datetime(2026, 2, 1, tzinfo=UTC)
OLD, YOUNG = "2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z"
NAMELESS = Person(UUID(int=0xC), "", (), "")
# Ages of the mapped tables: what is said where, and what is of the category; the users are of none.
AGES = {"conversations": "begun", "messages": "sent", "logins": "at"}


def test_the_categories_are_those_of_the_rules():
    assert set(reader.CATEGORIES) == set(ContentCategory.values)


def older(category="conversations", *spared, before=BEFORE):
    return Older(category, before, spared)


def erased(store, target=None, asked=None, *, limit=1000):
    """Erase to the end, each call by a connector that knows no more than the journal; return how much went."""
    total, checkpoint = 0, ""
    for _call in range(100):
        made = store()
        progress = made.erase_older(
            target or everything_of(), asked or older(), run=RUN, checkpoint=checkpoint, limit=limit, now=BEFORE
        )
        made.close()
        total, checkpoint = total + progress.erased, progress.checkpoint
        if progress.finished:
            return total
    raise AssertionError("it does not end")


class TestDatabase:
    @pytest.fixture
    def product(self):
        with a_product() as made:
            for table, column in AGES.items():
                made.run(f"ALTER TABLE app.{table} ADD {column} timestamptz")
            made.fill()
            for table, column in AGES.items():
                made.run(f"UPDATE app.{table} SET {column} = '{OLD}'")
            yield made

    def tables(self, **categories):
        named = {"conversations": "conversations", "messages": "conversations", "logins": "context", **categories}
        return [
            {**one, "category": named[one["table"]], "time": AGES[one["table"]]} if one["table"] in AGES else one
            for one in MAPPING["tables"]
        ]

    def store(self, product, **values):
        return lambda: product.store(tables=self.tables(), **values)

    def count(self, product, table, where="true"):
        return product.run(f"SELECT count(*) FROM app.{table} AS t WHERE {where}")[0][0]

    @pytest.mark.parametrize("limit", [1, 1000])
    def test_what_is_older_goes_and_the_neighbour_and_other_categories_stay(self, product, limit):
        others = f"conversation IN (SELECT id FROM app.conversations WHERE company = '{OTHER}')"
        before = {table: product.rows(f"app.{table}") for table in ("users", "logins", "invoices")}
        assert self.store(product)().check() == []
        assert erased(self.store(product), limit=limit) == 8
        assert (self.count(product, "messages"), self.count(product, "messages", others)) == (6, 6)
        assert self.count(product, "conversations", f"company = '{ACME}'") == 0
        assert {table: product.rows(f"app.{table}") for table in before} == before
        assert erased(self.store(product)) == 0

    def test_what_is_young_or_has_no_instant_stays_and_so_does_what_it_refers_to(self, product):
        product.run(f"UPDATE app.messages SET sent = '{YOUNG}' WHERE id = 1")
        product.run("UPDATE app.messages SET sent = NULL WHERE id = 4")
        assert erased(self.store(product)) == 4
        ours = f"conversation IN (SELECT id FROM app.conversations WHERE company = '{ACME}')"
        assert self.count(product, "messages", ours) == 2
        assert self.count(product, "conversations", f"company = '{ACME}'") == 2

    def test_the_instant_itself_is_not_older(self, product):
        product.run("UPDATE app.logins SET at = %s", BEFORE)
        assert erased(self.store(product), asked=older("context")) == 0
        assert erased(self.store(product), asked=older("context", before=BEFORE + timedelta(microseconds=1))) == 2

    def test_nothing_younger_goes_by_a_cascade_though_the_mapping_does_not_name_it(self, product):
        product.run("ALTER TABLE app.invoices ADD talk bigint REFERENCES app.conversations ON DELETE CASCADE")
        product.run(f"UPDATE app.invoices SET talk = (SELECT min(id) FROM app.conversations WHERE company = '{ACME}')")
        tables = self.tables()
        tables = [tables[4], *tables[:4]]
        assert erased(lambda: product.store(tables=tables)) == 7
        assert self.count(product, "invoices") == 2

    @pytest.mark.parametrize(("mapped", "referred"), [("talks", "talks_1"), ("talks_1", "talks")])
    def test_nothing_younger_goes_by_a_cascade_from_a_part_of_a_table(self, product, mapped, referred):
        columns = "company uuid NOT NULL, who text, at timestamptz"
        product.run(f"CREATE TABLE app.talks (id int PRIMARY KEY, {columns}) PARTITION BY RANGE (id)")
        product.run("CREATE TABLE app.talks_1 PARTITION OF app.talks FOR VALUES FROM (0) TO (100)")
        refers = f"talk int REFERENCES app.{referred} ON DELETE CASCADE"
        product.run(f"CREATE TABLE app.says (id int PRIMARY KEY, {columns}, {refers})")
        product.run(f"INSERT INTO app.talks SELECT n, '{ACME}', 'ann-1', '{OLD}' FROM generate_series(1, 3) AS n")
        product.run(
            f"INSERT INTO app.says VALUES (1, '{ACME}', 'ann-1', '{YOUNG}', 1), (2, '{ACME}', 'ben-2', '{OLD}', 2)"
        )
        tables = [
            {
                "schema": "app",
                "table": name,
                "key": "id",
                "tenant": {"column": "company", "names": "public_id"},
                "subject": {"column": "who", "holds": "external_id"},
                "category": "conversations",
                "time": "at",
            }
            for name in ("says", mapped)
        ]
        assert product.store(tables=[*tables]).check() == []
        assert product.store(tables=tables[1:]).check()[0].code == "unmapped"
        assert erased(lambda: product.store(tables=tables), asked=older("conversations", BEN)) == 1
        assert (self.count(product, "says"), product.run("SELECT id FROM app.talks ORDER BY id")) == (2, [(1,), (2,)])

    def test_somebody_who_is_spared_keeps_everything_under_any_name(self, product):
        as_before = Person(BEN.public_id, "ben-2", ("ben@client.example", "old@client.example"), "")
        assert erased(self.store(product), asked=older("conversations", BEN)) == 4
        author = "(SELECT ref FROM app.users u WHERE u.id = t.author)"
        assert product.run(f"SELECT {author} FROM app.conversations t WHERE company = '{ACME}'") == [("ben-2",)]
        product.run("UPDATE app.logins SET email = 'OLD@client.example' WHERE id = 'V1-ben-2'")
        assert erased(self.store(product), asked=older("context", as_before)) == 1
        assert self.count(product, "logins", "id = 'V1-ben-2'") == 1
        product.run("UPDATE app.logins SET email = NULL WHERE id = 'V1-ben-2'")
        assert erased(self.store(product), asked=older("context", as_before)) == 1, "it is about nobody"

    @pytest.mark.parametrize("spelling", ["BEN-2", " Ben-2 ", "ben-2\t"])
    def test_somebody_is_spared_however_the_store_spells_the_name(self, product, spelling):
        product.run("UPDATE app.users SET ref = %s WHERE ref = 'ben-2'", spelling)
        assert erased(self.store(product), asked=older("conversations", BEN)) == 4
        assert self.count(product, "conversations", f"company = '{ACME}'") == 1

    def test_what_nobody_wrote_in_the_conversation_of_somebody_who_is_spared_stays(self, product):
        product.run("ALTER TABLE app.messages ADD author text")
        product.run("UPDATE app.messages SET author = 'ann-1' WHERE id = 4")
        product.run("UPDATE app.messages SET author = ' ' WHERE id = 5")
        tables = self.tables()
        tables[0] = {**tables[0], "subject": {"column": "author", "holds": "external_id"}}
        asked = older("conversations", BEN)
        assert erased(lambda: product.store(tables=tables), asked=asked) == 5, "ann's conversation, and what she wrote"
        assert self.count(product, "messages", "id IN (5, 6)") == 2

    def test_where_somebody_has_no_name_there_nothing_goes(self, product):
        before = product.rows("app.logins")
        with pytest.raises(StoreMisconfigured) as refused:
            erased(self.store(product), asked=older("context", NAMELESS))
        assert refused.value.fault == StoreFault.UNNAMED_PERSON
        assert product.rows("app.logins") == before

    def test_who_may_not_lock_what_others_refer_to_is_told(self, product):
        name = a_login(product, "GRANT SELECT, DELETE ON ALL TABLES IN SCHEMA app TO {0}")
        try:
            store = product.store(user=name, password="p", tables=self.tables())
            assert [(one.field, one.code) for one in store.check()] == [("tables[1].category", "denied")]
            product.run(f"GRANT UPDATE (id) ON app.conversations TO {name}")
            assert store.check() == []
            assert erased(lambda: product.store(user=name, password="p", tables=self.tables())) == 8
        finally:
            product.run(f"DROP OWNED BY {name}; DROP ROLE {name}")

    def test_a_reference_that_comes_in_between_is_waited_for_and_seen(self, product):
        """A younger row whose insert is not committed yet when the walk looks: a cascade would take it."""
        product.run("ALTER TABLE app.invoices ADD talk bigint REFERENCES app.conversations ON DELETE CASCADE")
        product.run("DELETE FROM app.messages")
        tables = [self.tables()[4], *self.tables()[:4]]
        ((talk,),) = product.run(f"SELECT min(id) FROM app.conversations WHERE company = '{ACME}'")
        with psycopg.connect(product.dsn) as writer:
            writer.execute("INSERT INTO app.invoices VALUES (99, 17, 'new', %s)", [talk])
            walk = threading.Thread(target=lambda: erased(lambda: product.store(tables=tables)))
            walk.start()
            waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
            while not product.run(waits, product.name)[0][0]:
                time.sleep(0.01)
            writer.commit()
            walk.join()
        assert product.run("SELECT talk FROM app.invoices WHERE id = 99") == [(talk,)]
        assert self.count(product, "conversations", f"company = '{ACME}'") == 1

    def test_a_category_that_is_not_mapped_is_refused(self, product):
        with pytest.raises(StoreMisconfigured) as refused:
            erased(self.store(product), asked=older("diagnostics"))
        assert refused.value.fault == StoreFault.NOT_BY_AGE

    @pytest.mark.parametrize(
        ("change", "field", "code"),
        [
            ("RENAME begun TO started", "tables[1].time", "missing"),
            ("ALTER begun TYPE timestamp", "tables[1].time", "wrong_type"),
            ("ALTER begun TYPE date", "tables[1].time", "wrong_type"),
        ],
    )
    def test_a_column_that_is_not_there_or_is_no_instant_is_an_error(self, product, change, field, code):
        product.run(f"ALTER TABLE app.conversations {change}")
        assert [(one.field, one.code) for one in self.store(product)().check()] == [(field, code)]
        with pytest.raises(StoreMisconfigured):
            erased(self.store(product))

    @pytest.mark.parametrize(
        ("age", "fields"),
        [
            ({"category": "conversations"}, {"tables[0].time"}),
            ({"time": "sent"}, {"tables[0].category"}),
            ({"category": "letters", "time": "sent"}, {"tables[0].category"}),
        ],
    )
    def test_a_category_and_an_instant_belong_together(self, age, fields):
        tables = [{**MAPPING["tables"][0], **age}, *MAPPING["tables"][1:]]
        with pytest.raises(InvalidInput) as refused:
            postgresql_rules.read({**MAPPING, "database": "d", "user": "u", "tables": tables})
        assert {fault.field for fault in refused.value.errors} == fields


class TestService:
    def asked(self, service, kind="store.erase_older"):
        return [one for one in (json.loads(body) for _headers, body in service.calls) if one["type"] == kind]

    def erase(self, store, *spared, checkpoint="", category="conversations", before=BEFORE):
        now = datetime.now(UTC)
        return store.erase_older(
            everything_of(), Older(category, before, spared), run=RUN, checkpoint=checkpoint, limit=10, now=now
        )

    def test_it_is_told_what_is_old_and_who_is_spared(self, service):
        service.hook = lambda handler, asked, number: answers(handler, 200, {"erased": {"talks": 4}})
        store = the_store(service, by_age=["conversations"], spares=True)
        assert self.erase(store, BEN) == Progress(4, "", finished=True)
        (told,) = self.asked(service)
        assert (told["organization"], told["people"], told["category"], told["before"]) == (
            str(ACME),
            None,
            "conversations",
            BEFORE.isoformat(),
        )
        assert [one["external_id"] for one in told["spared"]] == ["ben-2"]

    def test_one_request_as_long_as_the_same_are_spared(self, service):
        service.hook = lambda handler, asked, number: answers(handler, 200, {"erased": {}})
        store = the_store(service, by_age=["conversations"], spares=True)
        for spared in ((), (), (BEN,)):
            self.erase(store, *spared)
        first, again, other = (one["run"] for one in self.asked(service))
        assert first == again != other

    def test_it_may_work_on_and_is_asked_again_until_it_is_done(self, service):
        store = the_store(service, by_age=["conversations"])

        def hook(handler, asked, number):
            if asked["type"] == "store.erase_older":
                return answers(handler, 202, {"status_url": "/status/1"})
            return answers(handler, 202 if number < 3 else 200, {"erased": {"talks": 2}})

        service.hook = hook
        begun = self.erase(store)
        assert not begun.finished and begun.ask_again_at is not None
        waiting = self.erase(store, checkpoint=begun.checkpoint)
        assert (waiting.erased, waiting.finished) == (0, False)
        assert self.erase(store, checkpoint=begun.checkpoint).erased == 2

    def test_where_it_cannot_spare_or_does_not_know_the_category_it_is_not_asked(self, service):
        store = the_store(service, by_age=["conversations"])
        for call, fault in (
            (lambda: self.erase(store, ANN), StoreFault.CANNOT_SPARE),
            (lambda: self.erase(store, category="context"), StoreFault.NOT_BY_AGE),
        ):
            with pytest.raises(StoreMisconfigured) as refused:
                call()
            assert refused.value.fault == fault
        assert self.asked(service) == []

    def test_an_address_that_names_a_spared_person_is_not_kept(self, service):
        service.hook = lambda handler, asked, number: answers(
            handler, 202, {"status_url": "/status/ben@client.example"}
        )
        with pytest.raises(StoreMisconfigured) as refused:
            self.erase(the_store(service, by_age=["conversations"], spares=True), BEN)
        assert refused.value.fault == StoreFault.UNSAFE_NAME

    def test_an_unknown_category_is_no_setting(self):
        with pytest.raises(InvalidInput) as refused:
            service_rules.read({"url": "https://product.example/", "by_age": ["letters"]}, allow_private=True)
        assert [fault.field for fault in refused.value.errors] == ["by_age[0]"]
