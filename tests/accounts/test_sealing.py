"""Sealing: gapless chains in the order of transactions, nothing that may still be preceded, nobody made to wait."""

import hashlib
import json

import psycopg
import pytest
from django.db import connection, transaction

from accounts import tenancy
from accounts.models import AuditEvent, AuditSeal
from accounts.operations import audit, sealing
from accounts.operations.sweeping import SYSTEM
from accounts.sweeps import seal_all, seals_due
from tests.accounts.parties import NOW, at_once
from tests.accounts.trails import administrator, an_event, sealed, verified
from tests.engines import owner_dsn
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def seals(**where):
    with tenancy.vendor():
        return list(AuditSeal.objects.filter(**where).order_by("position"))


def sweep():
    return seal_all(at=NOW, by=SYSTEM).done


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(sealing, "CHUNK", 3)
    seal = sealing.seal
    monkeypatch.setattr(sealing, "seal", lambda: seal(limit=3))


def test_each_event_gets_the_next_place_in_both_its_chains():
    one, two = an_organization(), an_organization()
    for subject, own in ((one, False), (two, False), (one, True), (one, False), (two, False)):
        an_event(subject, vendor_only=own)
    with tenancy.vendor():
        events = list(AuditEvent.objects.order_by("pk"))
    assert sealed() == len(events)
    found = seals()
    assert [seal.position for seal in found] == list(range(1, len(events) + 1))
    assert [seal.event_id for seal in found] == [event.pk for event in events]
    mine = [seal for seal in found if seal.organization_id == one.pk]
    assert [(seal.vendor_only, seal.organization_position) for seal in mine[-3:]] == [
        (False, mine[-1].organization_position - 1),
        (True, 1),
        (False, mine[-1].organization_position),
    ]


def test_a_link_is_the_sha_256_of_the_one_before_and_what_it_seals():
    organization = an_organization()
    an_event(organization)
    an_event(organization, detail={"reason": "zażółć"})
    sealed()
    previous, theirs = "0" * 64, {}
    for seal in seals():
        assert seal.digest == hashlib.sha256((previous + seal.canonical).encode()).hexdigest()
        readers = (seal.organization_id, seal.vendor_only)
        before = theirs.get(readers, "0" * 64)
        assert seal.organization_digest == hashlib.sha256((before + seal.canonical).encode()).hexdigest()
        previous, theirs[readers] = seal.digest, seal.organization_digest


def test_what_is_hashed_names_every_column_of_the_event_and_of_its_seal():
    event = an_event(an_organization(), data={"b": 1, "a": ["é", None]})
    sealed()
    (seal,) = seals(event_id=event.pk)
    with tenancy.vendor():
        event.refresh_from_db()
    said = json.loads(seal.canonical)
    assert said[0] == sealing.FORM
    by_name = dict(zip(("form", *sealing.COLUMNS, *sealing.OF_THE_SEAL), said, strict=True))
    assert by_name["public_id"] == str(event.public_id)
    assert by_name["data"] == {"a": ["é", None], "b": 1}
    assert by_name["occurred_at"] == event.occurred_at.timestamp()
    assert int(by_name["written_in"]) == event.written_in < int(by_name["before"])


def test_a_new_column_of_an_event_is_not_forgotten():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'accounts_auditevent'::regclass AND attnum > 0 "
            "AND NOT attisdropped"
        )
        assert {name for (name,) in cursor.fetchall()} == set(sealing.COLUMNS), "hash it too: another form of seals"


def test_a_second_sweep_finds_nothing():
    an_event(an_organization())
    sealed()
    with tenancy.vendor():
        assert not seals_due(at=NOW).exists()
    assert sweep() == 0


def test_chunks_continue_each_other(small_chunks):
    organization = an_organization()
    with tenancy.vendor():
        for _number in range(8):
            audit.record("thing.done", organization, by="user:x", at=NOW)
    sealed()
    assert [seal.position for seal in seals()] == list(range(1, len(seals()) + 1))
    with tenancy.vendor():
        assert AuditEvent.objects.count() == len(seals())


INSERT = (
    "INSERT INTO accounts_auditevent (public_id, name, subject_type, subject_id, actor, data, detail_digest, "
    "occurred_at) VALUES (gen_random_uuid(), %s, 'T', gen_random_uuid(), 'user:x', '{}', '', now()) RETURNING id"
)


def insert(writer, name):
    return writer.execute(INSERT, [name]).fetchone()[0]


def names():
    with tenancy.vendor():
        events = dict(AuditEvent.objects.values_list("pk", "name"))
    return [events[seal.event_id] for seal in seals()]


def test_a_late_commit_of_a_lower_id_is_never_missed():
    """One transaction draws ids around another's, and ends first; a third begins later and ends before the second."""
    sealed()
    with (
        psycopg.connect(owner_dsn("default")) as first,
        psycopg.connect(owner_dsn("default")) as second,
        psycopg.connect(owner_dsn("default")) as third,
    ):
        for writer in (first, second, third):
            writer.execute("SET ROLE terme_vendor")
        insert(first, "first.low")
        low = insert(second, "second.low")
        high = insert(first, "first.high")
        insert(third, "third")
        first.commit()
        third.commit()
        assert low < high
        sealed(besides=1)
        assert names() == ["first.low", "first.high"], "the third began after the second, which may still write before"
        insert(second, "second.high")
        sealed(besides=1)
        sweep()
        assert names() == ["first.low", "first.high"]
        second.commit()
    sealed()
    assert names() == ["first.low", "first.high", "second.low", "second.high", "third"]
    assert sweep() == 0
    assert verified()["whole"], "an event that was committed late is not taken for one that was put in"


def test_what_was_rolled_back_leaves_no_gap():
    organization = an_organization()
    with pytest.raises(KeyboardInterrupt), tenancy.vendor():
        audit.record("thing.done", organization, by="user:x", at=NOW)
        raise KeyboardInterrupt
    an_event(organization)
    sealed()
    assert [seal.position for seal in seals()] == [1]


def test_nobody_seals_what_they_are_just_writing():
    organization = an_organization()
    with tenancy.vendor():
        audit.record("thing.done", organization, by="user:x", at=NOW)
        assert sealing.seal() == 0, "others may still write before it"
    sealed()
    assert [seal.position for seal in seals()] == [1]


def test_two_sealers_at_once_make_one_chain(small_chunks):
    organization = an_organization()
    for _number in range(10):
        an_event(organization)
    done = at_once(sweep, sweep, sweep)
    assert all(isinstance(one, int) for one in done)
    sealed()
    assert [seal.position for seal in seals()] == list(range(1, 11))


def test_writing_waits_for_no_sealer():
    organization = an_organization()
    an_event(organization)
    with psycopg.connect(owner_dsn("default")) as sealer:
        sealer.execute("SELECT pg_advisory_xact_lock(%s)", [sealing.LOCK])
        with tenancy.vendor(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            audit.record("thing.done", organization, by="user:x", at=NOW)


def test_a_restore_into_another_cluster_seals_what_was_left_and_goes_on():
    """There, numbers of transactions begin anew: those of old events lie ahead, or among those that are given out."""
    organization = an_organization()
    for _number in range(3):
        an_event(organization)
    sealed()
    left = an_event(organization, "left.unsealed")
    with administrator() as other:
        other.execute("UPDATE accounts_auditseal SET cluster = 1")
        other.execute("UPDATE accounts_auditevent SET written_in = 1000000000000 + id")
    new = an_event(organization, "new.one")
    assert sealed() == 2
    assert [seal.event_id for seal in seals()[-2:]] == [left.pk, new.pk]
    later = an_event(organization, "new.two")
    assert sealed() == 1
    assert seals()[-1].event_id == later.pk


def test_what_only_was_restored_is_sealed_and_what_comes_after_it_too():
    organization = an_organization()
    an_event(organization)
    with administrator() as other:
        other.execute("UPDATE accounts_auditevent SET written_in = 1000000000000 + id")
    assert sealed() == 1
    an_event(organization)
    assert sealed() == 1
    assert sweep() == 0


def test_a_client_sees_the_seals_of_what_it_reads():
    one, two = an_organization(), an_organization()
    for subject, own in ((one, False), (two, False), (one, True)):
        an_event(subject, vendor_only=own)
    an_event(one)
    sealed()
    with tenancy.tenant(one.pk):
        found = list(AuditSeal.objects.order_by("position"))
        readable = set(AuditEvent.objects.values_list("pk", flat=True))
    assert {seal.event_id for seal in found} == readable
    assert [seal.organization_position for seal in found] == list(range(1, len(found) + 1)), "it can be checked alone"


@pytest.mark.parametrize("scope", [tenancy.vendor, lambda: tenancy.tenant(1), lambda: tenancy.eraser(1)])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_auditseal SET digest = digest",
        "DELETE FROM accounts_auditseal",
        "TRUNCATE accounts_auditseal",
        "UPDATE accounts_trailhead SET digest = digest",
        "DELETE FROM accounts_trailhead",
        "UPDATE accounts_auditevent SET written_in = written_in",
    ],
)
def test_nobody_changes_or_removes_a_seal_or_a_head(scope, statement):
    with scope(), pytest.raises(Exception, match="permission denied"), transaction.atomic():
        connection.cursor().execute(statement)


def test_a_client_seals_nothing():
    an_event(an_organization())
    with pytest.raises(Exception, match="permission denied"), tenancy.tenant(1), transaction.atomic():
        connection.cursor().execute(
            "INSERT INTO accounts_auditseal (position, event_id, organization_id) VALUES (1, 1, 1)"
        )
