"""Buckets that say one thing and do another, and objects whose names XML has no words for."""

from datetime import UTC, datetime
from urllib.parse import quote, unquote

import pytest

from retention.connectors.bucket import BucketStore
from retention.connectors.bucket_entries import OBJECTS, Entry
from retention.connectors.bucket_places import MARK, Mark
from retention.connectors.protocol import StoreMisconfigured, StoreUnavailable, Target
from tests.accounts.receivers import Receiver
from tests.retention.connectors.databases import RUN
from tests.retention.connectors.test_bucket import ACME, says, settings

NOW = datetime(2026, 2, 1, tzinfo=UTC)
EMPTY = b"<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>"
ODD = "client/a\x01b"


class Files(Receiver):
    """A bucket of one version each. ``keeps``: how many times it says "deleted" of a key and lists it still.

    ``marker``: the key of a delete marker, which it always keeps so.
    """

    def __init__(self, *keys, keeps=0, refuses=(), leaves_out="none", marker=None):
        super().__init__(self.delete_several)
        self.marker = marker
        self.keys, self.keeps, self.refuses, self.asked = list(keys), keeps, refuses, []
        self.get, self.day, self.leaves_out = self.read, 1, leaves_out

    def read(self, handler, number):
        if handler.command == "DELETE":
            return self.delete_one(handler, number)
        if "uploads" in handler.path:
            return says(200, EMPTY)(handler, number)
        rows = "".join(
            f"<Version><Key>{quote(key)}</Key><VersionId>v</VersionId><IsLatest>true</IsLatest><Size>1</Size>"
            f"<LastModified>2026-01-0{self.day}T00:00:00.000Z</LastModified></Version>"
            for key in sorted(self.keys)
        )
        rows = rows.replace(self.leaves_out, "")
        if self.marker:
            rows += (
                f"<DeleteMarker><Key>{self.marker}</Key><VersionId>m</VersionId><IsLatest>true</IsLatest>"
                "<LastModified>2026-01-01T00:00:00.000Z</LastModified></DeleteMarker>"
            )
        page = f"<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>{rows}"
        return says(200, f"<ListVersionsResult>{page}</ListVersionsResult>".encode())(handler, number)

    def delete_several(self, handler, number):
        body = self.calls[-1][1].decode()
        if "\x01" in body:
            return says(400, b"<Error><Code>MalformedXML</Code></Error>")(handler, number)
        named = [one.split("</Key>")[0] for one in body.split("<Key>")[1:]]
        self.asked.append(named)
        if self.keeps:
            self.keeps -= 1
        else:
            self.keys = [key for key in self.keys if key not in named or key in self.refuses]
        told = "".join(
            f"<Error><Key>{key}</Key><VersionId>v</VersionId><Code>ObjectLocked</Code></Error>"
            if key in self.refuses
            else f"<Deleted><Key>{key}</Key><VersionId>{'m' if key == self.marker else 'v'}</VersionId></Deleted>"
            for key in named
        )
        return says(200, f"<DeleteResult>{told}</DeleteResult>".encode())(handler, number)

    def delete_one(self, handler, number):
        key = unquote(handler.path.split("?")[0]).removeprefix("/files/")
        if key in self.refuses:
            return says(403, b"<Error><Code>AccessDenied</Code></Error>")(handler, number)
        self.keys.remove(key)
        return says(204)(handler, number)


@pytest.fixture
def files():
    made = []

    def make(*keys, **values):
        made.append(Files(*keys, **values))
        return made[-1]

    yield make
    for one in made:
        one.close()


class Journal:
    """What a run keeps of a bucket from call to call, each from another process."""

    def __init__(self, server):
        self.server, self.checkpoint, self.erased, self.finished = server, "", 0, False

    @property
    def store(self):
        return BucketStore(settings(f"http://127.0.0.1:{self.server.port}", "files"), "secret")

    def call(self, *, limit=10):
        asked = {"run": RUN, "checkpoint": self.checkpoint, "limit": limit, "now": NOW}
        progress = self.store.erase_chunk(Target(ACME, None), **asked)
        self.checkpoint, self.finished = progress.checkpoint, progress.finished
        self.erased += progress.erased


def test_what_was_said_to_be_deleted_and_is_there_is_an_error_for_whoever_goes_on(files):
    journal = Journal(files("client/a", "client/b", keeps=3))
    journal.call()
    for _again in range(2):
        with pytest.raises(StoreUnavailable, match="not_erased"):
            journal.call()
    assert (journal.erased, len(journal.server.asked)) == (2, 3), "it is tried, and counts once"
    journal.call()
    journal.call()
    assert (journal.finished, journal.erased, journal.server.keys) == (True, 2, [])


def test_what_is_new_beside_what_went_last_and_is_there_still_counts(files):
    journal = Journal(files("client/a", "client/b", keeps=1))
    journal.call()
    journal.server.keys.append("client/c")
    journal.call(limit=3)
    journal.call()
    assert (journal.finished, journal.erased, journal.server.keys) == (True, 3, [])


def test_a_delete_marker_that_is_there_still_is_seen_behind_the_versions_of_its_page(files):
    journal = Journal(files("client/a", "client/z", refuses=["client/z"], marker="client/b"))
    journal.call()
    with pytest.raises(StoreUnavailable, match="not_erased"):
        journal.call()
    assert journal.erased == 2


def test_what_is_written_anew_under_the_same_name_is_another_one_and_counts(files):
    journal = Journal(files("client/a"))
    journal.call()
    journal.server.keys, journal.server.day = ["client/a"], 2
    journal.call()
    journal.call()
    assert (journal.finished, journal.erased) == (True, 2)


def test_the_checkpoint_names_nobody_and_is_another_under_another_secret(files):
    journal = Journal(files("client/ann@client.example/a"))
    journal.call()
    marks = {journal.checkpoint}
    for secret in ("secret", "another"):
        journal.server.keys = ["client/ann@client.example/a"]
        store = BucketStore(settings(f"http://127.0.0.1:{journal.server.port}", "files"), secret)
        marks.add(store.erase_chunk(Target(ACME, None), run=RUN, checkpoint="", limit=10, now=NOW).checkpoint)
    assert [len(mark) for mark in marks] == [MARK, MARK]


def test_each_of_many_things_has_a_mark_of_its_own():
    """Two that share one would count as one that is there still."""
    mark = Mark("secret", "files")
    assert len({mark.of(Entry(f"client/{n}", "v", OBJECTS, 1, NOW, latest=True)) for n in range(300_000)}) == 300_000


def test_a_name_that_xml_cannot_say_holds_nothing_up_and_goes(files):
    journal = Journal(files("client/a", ODD, "client/z"))
    while not journal.finished:
        journal.call()
    assert (journal.server.keys, journal.erased) == ([], 3)
    assert journal.store.verify(Target(ACME, None), run=RUN) == []


def test_one_of_them_that_is_refused_is_told_once_all_else_is_gone(files):
    journal = Journal(files("client/a", ODD, "client/z", refuses=[ODD]))
    with pytest.raises(StoreMisconfigured, match="denied: files"):
        for _call in range(5):
            journal.call(limit=1)
    assert (journal.server.keys, journal.erased) == ([ODD], 2)


def test_a_bucket_that_lists_versions_without_their_id_answers_what_was_not_expected(files):
    with pytest.raises(StoreMisconfigured, match="unexpected_answer"):
        Journal(files("client/a", leaves_out="<VersionId>v</VersionId>")).call()
