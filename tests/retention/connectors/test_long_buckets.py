"""A bucket whose kept versions take longer to list than one call has: each goes on where the last one stood."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from retention.connectors import bucket as bucket_store
from retention.connectors.bucket import BucketStore
from retention.connectors.bucket_places import Listed, Place, Seal
from retention.connectors.protocol import StoreMisconfigured
from retention.enums import StoreFault
from tests.retention.connectors.databases import BEN, RUN, everything_of
from tests.retention.connectors.test_bucket import ACME, all_of, settings
from tests.retention.connectors.test_bucket import s3 as s3
from tests.retention.connectors.test_bucket import server as server
from tests.retention.connectors.test_older import BEFORE, older

KEPT = {"prefix": "{tenant}/talk/", "person_prefixes": ["{tenant}/talk/{external_id}/"]}
LONG = 12


@pytest.fixture
def bucket(s3, request):
    """Of who is spared, a dozen objects, one with a dozen versions, and a marker that hides one; then one to erase."""
    name = f"long-{abs(hash(request.node.name))}"
    s3.create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-3"}, ObjectLockEnabledForBucket=True
    )
    for number in range(LONG):
        s3.put_object(Bucket=name, Key=f"client/talk/ben-2/{number:02}.txt", Body=b"x")
        s3.put_object(Bucket=name, Key="client/talk/ben-2/much.txt", Body=b"x")
    for key in ("client/talk/zoe-3/hidden.txt", "client/talk/zoe-3/last.txt"):
        s3.put_object(Bucket=name, Key=key, Body=b"x")
    s3.delete_object(Bucket=name, Key="client/talk/zoe-3/hidden.txt")
    return name


@pytest.fixture
def short(monkeypatch):
    """Let one call list two pages of two."""
    monkeypatch.setattr(bucket_store, "PAGE", 2)
    monkeypatch.setattr(bucket_store, "PAGES_LISTED", 2)


def calls(server, bucket, *, checkpoint="", most=100, secret="secret"):
    """Yield the answer of each call, made by a connector that knows nothing but the checkpoint."""
    for _call in range(most):
        store = BucketStore(settings(server, bucket, by_age={"conversations": KEPT}), secret)
        asked = older("conversations", BEN, before=datetime.now(UTC) + timedelta(hours=1))
        progress = store.erase_older(everything_of(ACME), asked, run=RUN, checkpoint=checkpoint, limit=10, now=BEFORE)
        store.close()
        yield progress
        if progress.finished:
            return
        checkpoint = progress.checkpoint
    raise AssertionError("it does not end")


def test_what_lies_behind_all_that_is_kept_goes_and_no_call_lists_more_than_its_share(server, s3, bucket, short):
    answers = list(calls(server, bucket))
    assert sum(one.erased for one in answers) == 3
    assert len(answers) > LONG / 2
    assert {one[0].split("/")[2] for one in all_of(s3, bucket)} == {"ben-2"}
    assert len(all_of(s3, bucket)) == 2 * LONG


def test_a_call_lists_so_many_pages(server, bucket, short, monkeypatch):
    asked, real = [], BucketStore._pages

    def counted(self, kind, prefix, place=None):
        for page in real(self, kind, prefix, place):
            asked.append(kind)
            yield page

    monkeypatch.setattr(BucketStore, "_pages", counted)
    for _answer in calls(server, bucket):
        assert 1 <= len(asked) <= 2 + 1  # one more asks what a marker hides
        asked.clear()


def test_a_checkpoint_says_nothing_and_a_foreign_one_is_the_front(server, bucket, short):
    first = next(calls(server, bucket))
    assert first.checkpoint and not first.erased
    assert b"ben-2" not in base64.b64decode(first.checkpoint) and "ben-2" not in repr(Place("objects", "ben-2"))
    assert sum(one.erased for one in calls(server, bucket, checkpoint=first.checkpoint[:-8])) == 3


def test_with_another_secret_a_walk_begins_anew():
    place, about = Place("objects", "client/talk/ben-2/05.txt", "", "locked"), ("bucket", "client/talk/", "context")
    sealed = Seal("secret", *about).closed(place)
    assert Seal("secret", *about).opened(sealed, front=Place("uploads")) == place
    for other in (Seal("another", *about), Seal("secret", "bucket", "clients/talk/", "context")):
        assert other.opened(sealed, front=Place("uploads")) == Place("uploads")


@pytest.mark.parametrize("broken", ["", "Y2xpZW50", "not base64", "é", "A" * 200])
def test_what_is_no_checkpoint_is_the_front(broken):
    assert Seal("secret").opened(broken, front=Place("uploads")) == Place("uploads")


def test_a_marker_stays_whose_version_stands_on_the_next_page(server, s3, bucket, short, monkeypatch):
    key = "client/talk/zoe-3/hidden.txt"
    (version,) = s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
    s3.put_object_legal_hold(Bucket=bucket, Key=key, VersionId=version["VersionId"], LegalHold={"Status": "ON"})
    for page in (1, 2, 3):
        monkeypatch.setattr(bucket_store, "PAGE", page)
        with pytest.raises(StoreMisconfigured) as refused:
            list(calls(server, bucket))
        assert (refused.value.fault, refused.value.from_the_front) == (StoreFault.LOCKED, True)
        assert [one[0] for one in all_of(s3, bucket, "client/talk/zoe-3/")] == [key, key], page


class TestPages:
    """Where a listing goes on: after the last object of which all was seen, in the pages of a store that may lie."""

    def listed(self, place, *pages):
        found = Listed(place)
        for keys, marker, part in pages:
            page = {"IsTruncated": bool(marker), "NextKeyMarker": marker, "NextVersionIdMarker": part}
            found.note(page, keys)
        return found

    @pytest.mark.parametrize(
        ("place", "pages", "reached"),
        [
            (Place("objects"), [(["a", "b"], "b", "1")], ("a", "")),
            (Place("objects"), [(["a", "a"], "a", "1")], ("a", "1")),
            (Place("objects"), [(["a"], "a", "1"), (["a"], "a", "2")], ("a", "2")),
            (Place("objects"), [(["a"], "a", "1"), (["b"], "b", "2")], ("a", "")),
            (Place("objects", "a", "1"), [(["a", "b", "c"], "c", "3")], ("b", "")),
            (Place("objects", "a"), [(["b", "\U0001f600"], "\U0001f600", "3")], ("b", "")),
        ],
    )
    def test_it_goes_on_after_what_was_seen_whole(self, place, pages, reached):
        found = self.listed(place, *pages)
        assert found.more and (found.reached().key, found.reached().part) == reached

    @pytest.mark.parametrize(
        ("place", "pages"),
        [
            pytest.param(Place("objects", "b"), [(["a"], "a", "1")], id="goes-back"),
            pytest.param(Place("objects", "b"), [(["b"], "b", "1")], id="what-was-passed"),
            pytest.param(Place("objects", "b", "1"), [(["b"], "b", "1")], id="nowhere"),
            pytest.param(Place("objects"), [([], "", "")], id="no-marker"),
        ],
    )
    def test_a_listing_that_goes_back_or_nowhere_is_an_error(self, place, pages):
        with pytest.raises(StoreMisconfigured) as refused:
            found = self.listed(place, *pages)
            found.more = True
            found.reached()
        assert refused.value.fault == StoreFault.UNEXPECTED_ANSWER
