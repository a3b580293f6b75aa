"""What a retention rule no longer keeps, in a bucket: by the versions' own instants, nobody else's, no more."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.errors import InvalidInput
from retention.connectors import bucket as bucket_store
from retention.connectors.bucket import BucketStore
from retention.connectors.protocol import StoreMisconfigured
from retention.enums import StoreFault
from retention.rules.stores import bucket as bucket_rules
from tests.retention.connectors.databases import BEN, RUN, everything_of
from tests.retention.connectors.test_bucket import ACME as BUCKETS_ACME
from tests.retention.connectors.test_bucket import ACME_TOO, all_of, settings
from tests.retention.connectors.test_bucket import s3 as s3
from tests.retention.connectors.test_bucket import server as server
from tests.retention.connectors.test_older import BEFORE, erased, older


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

    def test_somebody_is_spared_however_the_bucket_spells_the_name(self, server, s3, bucket):
        for name in ("Ben-2", "BEN-2 "):
            s3.put_object(Bucket=bucket, Key=f"client/talk/{name}/photo.png", Body=b"x")
        s3.create_multipart_upload(Bucket=bucket, Key="client/talk/Ben-2/film.mp4")
        asked = older("conversations", BEN, before=self.now())
        assert erased(self.store(server, bucket), self.target(), asked) == 5
        assert len(all_of(s3, bucket, "client/talk/")) == 5

    def test_what_is_locked_hides_nothing_behind_it(self, server, s3, bucket, monkeypatch):
        monkeypatch.setattr(bucket_store, "PAGE", 1)
        monkeypatch.setattr(bucket_store, "PAGES_OF_OLD", 2)
        for version in s3.list_object_versions(Bucket=bucket, Prefix="client/talk/ann-1/")["Versions"]:
            where = {"Key": version["Key"], "VersionId": version["VersionId"]}
            s3.put_object_legal_hold(Bucket=bucket, **where, LegalHold={"Status": "ON"})
        gone = 0
        for _turn in range(4):  # each by a connector that remembers nothing
            with pytest.raises(StoreMisconfigured) as refused:
                gone += erased(self.store(server, bucket), self.target(), older(before=self.now()))
            assert refused.value.fault == StoreFault.LOCKED
        assert all_of(s3, bucket, "client/talk/ben-2/") == []

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
