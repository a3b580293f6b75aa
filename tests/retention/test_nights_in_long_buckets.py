"""Nights of retention rules in a bucket that takes longer to list than a night has."""

from datetime import timedelta

import pytest

from accounts import tenancy
from accounts.operations.sweeping import SYSTEM
from retention.connectors import bucket as bucket_store
from retention.connectors import bucket_entries
from retention.enums import BeyondState
from retention.models import NightBeyond
from retention.operations import lasting, nights_beyond
from tests.retention.connectors.configured import a_store
from tests.retention.connectors.test_bucket import all_of
from tests.retention.connectors.test_bucket import s3 as s3
from tests.retention.connectors.test_bucket import server as server
from tests.retention.lasting import OFFICER
from tests.retention.test_nights_beyond import Nights
from tests.retention.test_nights_beyond import on_this_machine as on_this_machine

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


@pytest.fixture
def bucket(server, s3, request, monkeypatch):
    """Four objects below the names from a to d, all of which count as sixty days old; a call lists one of them."""
    name = f"night-{abs(hash(request.node.name))}"
    s3.create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-3"}, ObjectLockEnabledForBucket=True
    )
    for letter in "abcd":
        s3.put_object(Bucket=name, Key=f"client/talk/{letter}.txt", Body=b"x")
    monkeypatch.setattr(bucket_store, "PAGE", 1)
    monkeypatch.setattr(bucket_store, "PAGES_LISTED", 1)
    monkeypatch.setattr(bucket_store, "instant", lambda at: bucket_entries.instant(at) - timedelta(days=60))
    return name


def in_bucket(server, bucket, organization):
    told = {
        "endpoint": server,
        "region": "eu-west-3",
        "bucket": bucket,
        "access_key": "key",
        "path_style": True,
        "prefixes": ["{tenant}/"],
        "person_prefixes": [],
        "tenants": {str(organization.public_id): "client"},
        "by_age": {"conversations": {"prefix": "{tenant}/talk/"}},
    }
    return a_store(kind="s3", settings=told, secret="secret")


def a_call(every):
    with tenancy.vendor():
        (row,) = nights_beyond.due(at=every.now)
    return nights_beyond.work(row, now=every.now, by=SYSTEM, budget=timedelta())


def test_the_next_night_goes_on_where_the_last_one_stood_and_then_nothing_is_kept_of_the_place(
    server, s3, bucket, monkeypatch
):
    every = Nights()
    in_bucket(server, bucket, every.organization)
    every.begin()
    monkeypatch.setattr(bucket_store, "instant", bucket_entries.instant)  # of now: all is kept
    while "b.txt" not in (place := opened(bucket, every.row().cursor)):
        assert not a_call(every)
        assert "talk" not in every.row().cursor
    stood, last = every.row().cursor, every.row().pk
    monkeypatch.setattr(bucket_store, "instant", lambda at: bucket_entries.instant(at) - timedelta(days=60))
    every.begin(after=timedelta(days=1))
    with tenancy.vendor():
        earlier = NightBeyond.objects.get(pk=last)
    assert (earlier.state, earlier.cursor) == (BeyondState.INTERRUPTED, "")
    assert (every.row().state, every.row().cursor, place) == (BeyondState.RUNNING, stood, "client/talk/b.txt")
    with tenancy.vendor():  # a store is asked in real time only
        NightBeyond.objects.filter(pk=every.row().pk).update(started_at=earlier.started_at)
    every.now -= timedelta(days=1)
    settle(every)
    assert (every.row().state, every.row().erased, every.row().cursor) == (BeyondState.DONE, 2, "")
    assert [key for key, _version in all_of(s3, bucket)] == ["client/talk/a.txt", "client/talk/b.txt"]


def test_what_people_must_mend_is_walked_from_the_front_again(server, s3, bucket):
    every = Nights()
    in_bucket(server, bucket, every.organization)
    (version,) = s3.list_object_versions(Bucket=bucket, Prefix="client/talk/a.txt")["Versions"]
    locked = {"Bucket": bucket, "Key": "client/talk/a.txt", "VersionId": version["VersionId"]}
    s3.put_object_legal_hold(**locked, LegalHold={"Status": "ON"})
    every.begin()
    settle(every)
    row = every.row()
    assert (row.state, row.why, row.failures, row.cursor, row.erased) == (BeyondState.RUNNING, "locked", 1, "", 3)
    s3.put_object_legal_hold(**locked, LegalHold={"Status": "OFF"})
    every.now = row.again_at
    settle(every)
    assert (every.row().state, every.row().erased, all_of(s3, bucket)) == (BeyondState.DONE, 4, [])


def test_a_rule_that_ends_keeps_nothing_of_the_place(server, bucket):
    every = Nights()
    in_bucket(server, bucket, every.organization)
    every.begin()
    assert not a_call(every) and every.row().cursor
    with tenancy.vendor():
        lasting.end(every.rule, now=every.now, by=OFFICER, for_client=False)
    assert (every.row().state, every.row().cursor) == (BeyondState.INTERRUPTED, "")


def opened(bucket, cursor):
    seal = bucket_store.Seal("secret", bucket, "client/talk/", "conversations")
    return seal.opened(cursor, front=bucket_store.Place("")).key


def settle(every):
    """Let calls go on until the night is over there or waits."""
    for _call in range(50):
        with tenancy.vendor():
            if not nights_beyond.due(at=every.now):
                return
        a_call(every)
    raise AssertionError("it does not end")
