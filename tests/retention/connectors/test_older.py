"""What a retention rule no longer keeps, in a database, a bucket, a service: by age, nobody else's, no more."""

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from accounts.errors import InvalidInput
from retention.connectors.bucket import BucketStore
from retention.connectors.protocol import Older, Person, Progress, StoreMisconfigured
from retention.enums import ContentCategory, StoreFault
from retention.rules.stores import bucket as bucket_rules
from retention.rules.stores import postgresql as postgresql_rules
from retention.rules.stores import reader
from retention.rules.stores import service as service_rules
from tests.retention.connectors.databases import ACME, ANN, BEN, MAPPING, OTHER, RUN, a_product, everything_of
from tests.retention.connectors.test_bucket import ACME as BUCKETS_ACME
from tests.retention.connectors.test_bucket import ACME_TOO, all_of, settings
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


class TestBucket:
    KEPT = {"prefix": "{tenant}/talk/", "person_prefixes": ["{tenant}/talk/{external_id}/"]}

    @pytest.fixture
    def bucket(self, s3, request):
        name = f"old-{abs(hash(request.node.name))}"
        s3.create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-3"}, ObjectLockEnabledForBucket=True
        )
        for client in ("client", "clients"):
            for place in ("talk/ann-1", "talk/ben-2", "other"):
                for body in (b"one", b"two"):
                    s3.put_object(Bucket=name, Key=f"{client}/{place}/photo.png", Body=body)
            s3.put_object(Bucket=name, Key=f"{client}/talk/ann-1/gone.txt", Body=b"x")
            s3.delete_object(Bucket=name, Key=f"{client}/talk/ann-1/gone.txt")
            s3.create_multipart_upload(Bucket=name, Key=f"{client}/talk/ann-1/film.mp4")
        return name

    def store(self, server, bucket, **kept):
        values = settings(server, bucket, by_age={"conversations": {**self.KEPT, **kept}})
        return lambda: BucketStore(values, "secret")

    def target(self):
        return everything_of(BUCKETS_ACME)

    def now(self):
        return datetime.now(UTC) + timedelta(hours=1)

    def test_versions_markers_and_uploads_below_the_categorys_prefix_go(self, server, s3, bucket):
        stay = [one for one in all_of(s3, bucket) if not one[0].startswith("client/talk/")]
        assert erased(self.store(server, bucket), self.target(), older(before=self.now())) == 7
        assert all_of(s3, bucket) == stay
        assert erased(self.store(server, bucket), everything_of(ACME_TOO), older(before=self.now())) == 7

    def test_what_is_younger_stays(self, server, s3, bucket):
        before = [one for one in all_of(s3, bucket) if one[0] != "client/talk/ann-1/film.mp4"]
        erased(self.store(server, bucket), self.target(), older(before=BEFORE))  # this server's uploads are all of 2010
        assert all_of(s3, bucket) == before

    def test_somebody_who_is_spared_keeps_it_and_without_prefixes_nothing_goes(self, server, s3, bucket):
        asked = older("conversations", BEN, before=self.now())
        before = all_of(s3, bucket)
        with pytest.raises(StoreMisconfigured) as refused:
            erased(self.store(server, bucket, person_prefixes=[]), self.target(), asked)
        assert (refused.value.fault, all_of(s3, bucket)) == (StoreFault.CANNOT_SPARE, before)
        assert erased(self.store(server, bucket), self.target(), asked) == 5
        assert len(all_of(s3, bucket, "client/talk/")) == 2

    def test_a_marker_stays_while_what_it_hides_is_locked(self, server, s3, bucket):
        key = "client/talk/ann-1/gone.txt"
        (version,) = s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
        s3.put_object_legal_hold(Bucket=bucket, Key=key, VersionId=version["VersionId"], LegalHold={"Status": "ON"})
        with pytest.raises(StoreMisconfigured) as refused:
            store = self.store(server, bucket)()
            for _call in range(10):
                store.erase_older(self.target(), older(before=self.now()), run=RUN, checkpoint="", limit=10, now=BEFORE)
        assert refused.value.fault == StoreFault.LOCKED
        assert [one[0] for one in all_of(s3, bucket, "client/talk/")] == [key, key]

    @pytest.mark.parametrize(
        ("by_age", "field", "code"),
        [
            ({"letters": {"prefix": "{tenant}/l/"}}, "by_age.letters", "unknown"),
            ({"context": {"prefix": "elsewhere/{tenant}/"}}, "by_age.context.prefix", "outside"),
            (
                {"context": {"prefix": "{tenant}/all/", "person_prefixes": ["{tenant}/p/{public_id}/"]}},
                "by_age.context.person_prefixes[0]",
                "outside",
            ),
            (
                {"context": {"prefix": "{tenant}/all/"}, "diagnostics": {"prefix": "{tenant}/all/d/"}},
                "by_age.context.prefix",
                "overlap",
            ),
            ({"context": {"prefix": "{tenant}/{public_id}/"}}, "by_age.context.prefix", "unknown_placeholder"),
        ],
    )
    def test_what_could_take_too_much_is_refused(self, by_age, field, code):
        given = {"region": "r", "bucket": "abc", "access_key": "k", "prefixes": ["{tenant}/"], "person_prefixes": []}
        with pytest.raises(InvalidInput) as refused:
            bucket_rules.read({**given, "by_age": by_age})
        assert (field, code) in {(fault.field, fault.code) for fault in refused.value.errors}


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
