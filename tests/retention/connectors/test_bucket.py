"""A bucket on a real S3 server over sockets: versions, markers, uploads; a prefix is nobody else's; locks are told."""

import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

import boto3
import pytest
from moto.server import ThreadedMotoServer

from accounts.errors import InvalidInput
from retention.connectors import bucket as bucket_store
from retention.connectors.bucket import BucketStore
from retention.connectors.bucket_places import MARK
from retention.connectors.protocol import Person, StoreMisconfigured, StoreUnavailable, Target
from retention.rules.stores import bucket as rules
from tests.accounts.receivers import Receiver
from tests.retention.connectors.databases import RUN, erase

NOW = datetime(2026, 2, 1, tzinfo=UTC)
ACME, ACME_TOO = UUID(int=0xABC), UUID(int=0xABCD)
ANN = Person(UUID(int=0xA), "abc", ("abc@client.example",))
ANNA = Person(UUID(int=0xAA), "abcd", ("abcd@client.example",))


@pytest.fixture(scope="module")
def server():
    found = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    found.start()
    yield "http://{}:{}".format(*found.get_host_and_port())
    found.stop()


@pytest.fixture
def s3(server):
    client = boto3.client(
        "s3",
        endpoint_url=server,
        region_name="eu-west-3",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    )
    yield client
    client._endpoint.http_session.close()


@pytest.fixture
def bucket(s3, request):
    """A bucket with versions: two versions of a file, a file that was deleted, and an unfinished upload, for each."""
    name = f"files-{abs(hash(request.node.name))}"
    s3.create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-3"}, ObjectLockEnabledForBucket=True
    )
    for client in ("client", "clients"):
        for person in ("abc", "abcd"):
            place = f"{client}/people/{person}"
            for body in (b"one", b"two"):
                s3.put_object(Bucket=name, Key=f"{place}/photo.png", Body=body)
            s3.put_object(Bucket=name, Key=f"{place}/deleted.txt", Body=b"x")
            s3.delete_object(Bucket=name, Key=f"{place}/deleted.txt")
            s3.create_multipart_upload(Bucket=name, Key=f"{place}/film.mp4")
    return name


def settings(server, name, **values):
    return rules.read(
        {
            "endpoint": server,
            "region": "eu-west-3",
            "bucket": name,
            "access_key": "key",
            "path_style": True,
            "prefixes": ["{tenant}/"],
            "person_prefixes": ["{tenant}/people/{external_id}/"],
            "tenants": {str(ACME): "client", str(ACME_TOO): "clients"},
            **values,
        }
    )


@pytest.fixture
def store(server, bucket):
    return BucketStore(settings(server, bucket), "secret")


def all_of(s3, bucket, prefix=""):
    found = s3.list_object_versions(Bucket=bucket, Prefix=prefix)
    uploads = s3.list_multipart_uploads(Bucket=bucket, Prefix=prefix).get("Uploads", [])
    return sorted(
        [(one["Key"], one["VersionId"]) for kind in ("Versions", "DeleteMarkers") for one in found.get(kind, [])]
        + [(one["Key"], one["UploadId"]) for one in uploads]
    )


def test_the_bucket_of_the_example_is_in_order(store):
    assert store.check() == []


def test_one_person_goes_with_every_version_marker_and_upload_and_abcd_stays(store, s3, bucket):
    before = [one for one in all_of(s3, bucket) if not one[0].startswith("client/people/abc/")]
    target = Target(ACME, (ANN,))
    assert store.inventory(target) == {"objects": 1, "old_versions": 2, "delete_markers": 1, "uploads": 1}
    assert len(list(store.export(target))) == 4
    assert sum(one.erased for one in erase(store, target, now=NOW)) == 5
    assert (store.inventory(target), store.verify(target, run=RUN)) == ({}, [])
    assert all_of(s3, bucket) == before


@pytest.mark.parametrize("limit", [1, 2, 1000])
def test_a_client_goes_and_the_client_whose_name_begins_alike_stays(server, store, s3, bucket, limit):
    """Each call comes from another process, which knows no more than the journal; the checkpoint names nobody."""
    before, erased, calls, checkpoint = all_of(s3, bucket, "clients/"), 0, 0, ""
    while calls < 40:
        fresh = BucketStore(settings(server, bucket), "secret")
        progress = fresh.erase_chunk(Target(ACME, None), run=RUN, checkpoint=checkpoint, limit=limit, now=NOW)
        erased, calls, checkpoint = erased + progress.erased, calls + 1, progress.checkpoint
        assert (progress.erased <= limit, len(checkpoint)) == (True, MARK * progress.erased)
        if progress.finished:
            break
    assert progress.finished and erased == 10
    assert (all_of(s3, bucket, "client/"), all_of(s3, bucket)) == ([], before)


def test_more_than_a_page_of_objects_goes(store, s3, bucket):
    for number in range(1050):
        s3.put_object(Bucket=bucket, Key=f"client/many/{number}", Body=b"x")
    assert sum(one.erased for one in erase(store, Target(ACME, None), limit=5000, now=NOW)) == 1060
    assert store.verify(Target(ACME, None), run=RUN) == []


def test_what_takes_long_to_count_is_not_counted_and_goes_all_the_same(store, bucket, monkeypatch):
    monkeypatch.setattr(bucket_store, "PAGE", 2)
    pages = iter(range(1000))
    monkeypatch.setattr(bucket_store, "time", SimpleNamespace(monotonic=lambda: next(pages)))
    monkeypatch.setattr(bucket_store, "COUNT_SECONDS", 3)  # the beginning, and two pages
    with pytest.raises(StoreUnavailable, match="timeout"):
        store.inventory(Target(ACME, None))
    assert sum(one.count for one in store.verify(Target(ACME, None), run=RUN)) == 4
    assert sum(one.erased for one in erase(store, Target(ACME, None), now=NOW)) == 10
    assert store.verify(Target(ACME, None), run=RUN) == []
    monkeypatch.setattr(bucket_store, "COUNT_SECONDS", 0)
    with pytest.raises(StoreUnavailable, match="timeout"):  # nothing was seen, so nothing is said
        store.verify(Target(ACME, None), run=RUN)


def test_two_workers_at_once_leave_nothing_and_fail_neither(server, store, s3, bucket):
    for number in range(60):
        s3.put_object(Bucket=bucket, Key=f"client/many/{number}", Body=b"x")
    errors = []

    def work():
        try:
            erase(BucketStore(settings(server, bucket), "secret"), Target(ACME, None), limit=7, now=NOW)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _worker in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (errors, store.verify(Target(ACME, None), run=RUN)) == ([], [])


@pytest.mark.parametrize("lock", ["retention", "legal-hold"])
def test_what_is_locked_is_told_and_all_else_goes(store, s3, bucket, lock):
    locked = s3.put_object(Bucket=bucket, Key="client/aaa.pdf", Body=b"x")
    at = {"Bucket": bucket, "Key": "client/aaa.pdf", "VersionId": locked["VersionId"]}
    if lock == "retention":
        until = datetime.now(UTC) + timedelta(days=1)
        s3.put_object_retention(**at, Retention={"Mode": "COMPLIANCE", "RetainUntilDate": until})
    else:
        s3.put_object_legal_hold(**at, LegalHold={"Status": "ON"})
    with pytest.raises(StoreMisconfigured, match="locked: files"):
        erase(store, Target(ACME, None), limit=2, now=NOW)
    assert [one[0] for one in all_of(s3, bucket, "client/")] == ["client/aaa.pdf"]
    assert [(one.kind, one.count) for one in store.verify(Target(ACME, None), run=RUN)] == [("objects", 1)]


@pytest.mark.parametrize(
    ("person", "fault"),
    [
        pytest.param(Person(ANN.public_id, "../clients/people/abc", ()), "unsafe_name", id="path"),
        pytest.param(Person(ANN.public_id, "abc/..", ()), "unsafe_name", id="slash"),
        pytest.param(Person(ANN.public_id, "..", ()), "unsafe_name", id="dots"),
        pytest.param(Person(ANN.public_id, "a\\b", ()), "unsafe_name", id="other-slash"),
        pytest.param(Person(ANN.public_id, "a\x00", ()), "unsafe_name", id="nul"),
        pytest.param(Person(ANN.public_id, "", ()), "unnamed_person", id="empty-is-everybody"),
        pytest.param(Person(ANN.public_id, "avatars", ()), "unsafe_name", id="a-word-of-another-prefix"),
    ],
)
def test_no_identifier_leads_out_of_its_place(server, s3, bucket, person, fault):
    places = ["{tenant}/people/{external_id}/", "{tenant}/people/avatars/{external_id}/"]
    store = BucketStore(settings(server, bucket, person_prefixes=places), "secret")
    s3.put_object(Bucket=bucket, Key="client/people/avatars/ben.png", Body=b"x")
    before = all_of(s3, bucket)
    with pytest.raises(StoreMisconfigured, match=fault) as caught:
        erase(store, Target(ACME, (person,)), now=NOW)
    assert "abc" not in str(caught.value)
    assert all_of(s3, bucket) == before


def test_a_client_without_a_name_there_is_an_error(store):
    with pytest.raises(StoreMisconfigured, match="unnamed_tenant"):
        store.inventory(Target(UUID(int=9), None))


def test_every_address_of_a_person_is_theirs(server, bucket, s3):
    both = Person(ANN.public_id, "abc", ("a@x.example", "b@x.example"))
    for email in both.emails:
        s3.put_object(Bucket=bucket, Key=f"client/mail/{email}/1", Body=b"x")
    store = BucketStore(settings(server, bucket, person_prefixes=["{tenant}/mail/{email}/"]), "secret")
    assert sum(one.erased for one in erase(store, Target(ACME, (both,)), now=NOW)) == 2


@pytest.mark.parametrize(
    ("values", "field", "code", "error"),
    [
        pytest.param({"bucket": "nowhere-at-all"}, "bucket", "missing", StoreMisconfigured, id="no-such-bucket"),
        pytest.param({"endpoint": "http://127.0.0.1:1"}, "endpoint", "connection", StoreUnavailable, id="nobody"),
        pytest.param({"endpoint": "http://nowhere.invalid"}, "endpoint", "connection", StoreUnavailable, id="no-host"),
    ],
)
def test_what_is_wrong_is_told_by_field(server, bucket, values, field, code, error):
    store = BucketStore(settings(server, bucket, **values), "secret")
    assert [(fault.field, fault.code) for fault in store.check()] == [(field, code)]
    with pytest.raises(error, match=code):
        store.inventory(Target(ACME, None))


def says(status, body=b"", kind="application/xml"):
    def answer(handler, number):
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    return answer


def refusal(code):
    return f"<Error><Code>{code}</Code><Message>ann@client.example</Message></Error>".encode()


LISTED = (
    b"<ListVersionsResult><IsTruncated>false</IsTruncated><Version><Key>%s</Key><VersionId>v1</VersionId>"
    b"<IsLatest>true</IsLatest><Size>1</Size></Version></ListVersionsResult>"
)


@pytest.mark.parametrize(
    ("answer", "error", "fault"),
    [
        pytest.param(says(500, refusal("InternalError")), StoreUnavailable, "busy", id="failure"),
        pytest.param(says(503, refusal("SlowDown")), StoreUnavailable, "busy", id="slow-down"),
        pytest.param(says(502, b"<html>", "text/html"), StoreUnavailable, "failed|busy", id="gateway"),
        pytest.param(says(403, refusal("AccessDenied")), StoreMisconfigured, "denied", id="denied"),
        pytest.param(says(403, refusal("SignatureDoesNotMatch")), StoreMisconfigured, "credentials", id="secret"),
        pytest.param(says(301, refusal("PermanentRedirect")), StoreMisconfigured, "redirect", id="elsewhere"),
        pytest.param(says(200, b"no xml"), StoreUnavailable, "busy", id="nonsense-counts-as-a-failure"),
    ],
)
def test_what_a_bad_answer_means(answer, error, fault):
    server = Receiver()
    server.get = answer
    try:
        store = BucketStore(settings(f"http://127.0.0.1:{server.port}", "files"), "secret")
        with pytest.raises(error, match=rf"^({fault})") as caught:
            store.inventory(Target(ACME, None))
        assert "client.example" not in str(caught.value) and caught.value.__suppress_context__
    finally:
        server.close()


@pytest.mark.parametrize(
    ("listed", "deleted", "error", "fault"),
    [
        pytest.param(b"other/file", b"", StoreMisconfigured, "unexpected_answer", id="lists-what-was-not-asked"),
        pytest.param(b"client/file", b"<DeleteResult/>", StoreMisconfigured, "unexpected_answer", id="answers-nothing"),
        pytest.param(
            b"client/file",
            b"<DeleteResult><Deleted><Key>client/file</Key><VersionId>v1</VersionId></Deleted></DeleteResult>",
            StoreUnavailable,
            "not_erased",
            id="says-deleted-and-is-still-there",
        ),
        pytest.param(
            b"client/file",
            b"<DeleteResult><Error><Key>client/file</Key><VersionId>v1</VersionId><Code>AccessDenied</Code></Error>"
            b"</DeleteResult>",
            StoreMisconfigured,
            "denied",
            id="refuses-one-key",
        ),
        pytest.param(
            b"client/file",
            b"<DeleteResult><Error><Key>client/file</Key><VersionId>v1</VersionId><Code>SlowDown</Code></Error>"
            b"</DeleteResult>",
            StoreUnavailable,
            "busy",
            id="is-too-busy-for-one-key",
        ),
    ],
)
def test_a_store_that_lies_is_not_believed(listed, deleted, error, fault):
    server = Receiver(says(200, deleted))

    def listing(handler, number):
        empty = b"<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>"
        says(200, empty if "uploads" in handler.path else LISTED % listed)(handler, number)

    server.get = listing
    try:
        store = BucketStore(settings(f"http://127.0.0.1:{server.port}", "files"), "secret")
        with pytest.raises(error, match=fault):
            erase(store, Target(ACME, None), now=NOW)
    finally:
        server.close()


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        pytest.param({"prefixes": ["files/"]}, "prefixes[0]", "of_any_client", id="everybody's"),
        pytest.param({"prefixes": []}, "prefixes", "out_of_range", id="none"),
        pytest.param({"prefixes": ["c/{registration_number}"]}, "prefixes[0]", "open_end", id="abc-is-part-of-abcd"),
        pytest.param({"prefixes": ["c/{tenant}x{registration_number}/"]}, "prefixes[0]", "ambiguous", id="two-in-one"),
        pytest.param({"prefixes": ["c/../{tenant}/"]}, "prefixes[0]", "path", id="dots"),
        pytest.param({"prefixes": ["/{tenant}/"]}, "prefixes[0]", "path", id="slash-first"),
        pytest.param({"prefixes": ["c/{email}/"]}, "prefixes[0]", "unknown_placeholder", id="a-person-for-a-client"),
        pytest.param({"prefixes": ["c/{tenant}/{"]}, "prefixes[0]", "braces", id="half-a-brace"),
        pytest.param({"person_prefixes": ["p/{external_id}/"]}, "person_prefixes[0]", "of_any_client", id="any-client"),
        pytest.param({"person_prefixes": ["{tenant}/"]}, "person_prefixes[0]", "of_nobody", id="everybody-of-a-client"),
        pytest.param({"person_prefixes": None}, "person_prefixes", "required", id="not-said"),
        pytest.param({"endpoint": "ftp://x"}, "endpoint", "no_address", id="address"),
        pytest.param({"tenants": {str(ACME): "a", str(ACME_TOO): "a"}}, "tenants", "not_unique", id="one-name-for-two"),
        pytest.param(
            {"prefixes": ["{tenant}/", "clients/{tenant}/"]}, "tenants", "unsafe_name", id="a-word-of-another-prefix"
        ),
        pytest.param(
            {"prefixes": ["{tenant}/", "x-{tenant}/"], "tenants": {str(ACME): "a", str(ACME_TOO): "x-a"}},
            "tenants",
            "unsafe_name",
            id="a-name-with-words-of-another-prefix",
        ),
        pytest.param({"colour": "red"}, "colour", "unknown", id="unknown-setting"),
        pytest.param({"bucket": "A\x00"}, "bucket", "control_character", id="nul"),
    ],
)
def test_settings_that_could_reach_anybody_else_are_refused(values, field, code):
    with pytest.raises(InvalidInput) as caught:
        settings("http://127.0.0.1", "files", **values)
    assert (field, code) in [(fault.field, fault.code) for fault in caught.value.errors]


@pytest.mark.parametrize("template", ["c/{organization}", "c/{organization}.zip", "c/{organization}/{tenant}-x/"])
def test_a_prefix_may_end_with_an_id_of_one_length(template):
    assert settings("", "files", prefixes=[template]).prefixes == (template,)
