"""Nights of retention rules under trouble: several workers, killed workers, writers, and what they read."""

from datetime import timedelta

import pytest
from django.db import connection, connections

from accounts import tenancy
from accounts.models import AuditEvent
from retention.enums import NightState
from retention.models import Message, RetentionNight
from retention.operations import nights, vault
from tests.retention.lasting import (
    AFTER,
    NOW,
    OLD,
    TONIGHT,
    YOUNG,
    a_client,
    a_night,
    bytes_of,
    enforced,
    left,
    swept,
    talk,
)
from tests.retention.vaults import parsed
from tests.workflows.forked import Process

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def many(organization, count=600):
    lines = [{"kind": "conversation", "id": "big", "at": OLD, "author": "ann", "title": "t"}]
    lines += talk("x", "ann", OLD, *[(OLD, "ann" if turn % 2 else "ben") for turn in range(count)])
    with tenancy.tenant(organization.pk):
        for start in range(0, len(lines), 500):
            vault.write(organization, parsed(lines[start : start + 500]), now=NOW, by="user:product")


def test_two_workers_at_once_take_every_row_once(settings):
    settings.ERASURE_CHUNK_ROWS = 20
    settings.ERASURE_PAUSE = timedelta(milliseconds=2)
    organization = a_client()
    many(organization)
    rule = enforced(organization)
    others = [Process(lambda: nights.work(rule, now=TONIGHT, by="system")) for _each in range(2)]
    for one in others:
        one.wait()  # the slower one may find that there is nothing to do
    with tenancy.vendor():
        night = RetentionNight.objects.get()
    assert (night.state, night.erased["messages"]) == (NightState.DONE, 605)
    assert left(organization)["messages"] == AFTER["messages"]
    with tenancy.vendor():
        assert AuditEvent.objects.filter(name="retention_night.done").count() == 1


def test_a_worker_that_is_killed_loses_nothing_and_the_next_goes_on(settings):
    settings.ERASURE_CHUNK_ROWS = 10
    settings.ERASURE_ROWS_PER_SECOND = 800
    organization, neighbour = a_client(), a_client()
    before = bytes_of(neighbour)
    many(organization)
    rule = enforced(organization)
    for seconds in (0.2, 0.25):
        Process(lambda: nights.work(rule, now=TONIGHT, by="system")).kill_after(seconds)
    with tenancy.vendor():
        night = RetentionNight.objects.get()
        here = Message.objects.filter(organization=organization).count()
    assert night.state == NightState.RUNNING and 607 - here == night.erased.get("messages", 0) < 605
    settings.ERASURE_ROWS_PER_SECOND = 0
    night = a_night(rule)
    assert night.erased == {"messages": 605, "conversations": 4}
    assert left(organization) == AFTER
    assert bytes_of(neighbour) == before


def test_a_writer_in_an_old_conversation_finds_it_whole_or_gone():
    organization = a_client()
    enforced(organization)
    line = {"kind": "message", "id": "late", "at": YOUNG, "conversation": "old", "role": "user", "author": "ann"}
    with tenancy.tenant(organization.pk):
        vault.write(organization, parsed([{**line, "text": "x"}]), now=NOW, by="user:product")
    swept()
    assert "old" in left(organization)["conversations"], "somebody went on with it"
    with tenancy.tenant(organization.pk):
        line |= {"id": "later", "conversation": "of-cyd", "text": "x"}
        result = vault.write(organization, parsed([line]), now=TONIGHT, by="user:product")
    assert [one.code for one in result.rejected] == ["unknown_conversation"]


def test_a_night_reads_by_the_index_of_age():
    organization = a_client()
    connections.close_all()
    with tenancy.vendor(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(
            "EXPLAIN SELECT occurred_at, id FROM retention_message WHERE organization_id = %s AND occurred_at < %s "
            "AND (occurred_at, id) > (%s, %s) ORDER BY occurred_at, id LIMIT 1 OFFSET 999",
            [organization.pk, NOW, OLD, 1],
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "message_by_age" in plan and "Sort" not in plan
