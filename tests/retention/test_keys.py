"""Data keys: one per person and one for what has no owner, made once, read in a batch, gone when destroyed."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event

import pytest
from django.db import connections
from django.test import override_settings

from accounts import crypto, tenancy
from accounts.models import LicensedUser
from retention import ledger
from retention.models import DataKey
from retention.operations import keys
from tests.retention.vaults import an_organization, people_of

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
BOTH = ["default", "ledger"]


def destroy(organization, **which):
    with ledger.eraser(organization.public_id):
        DataKey.objects.filter(organization_ref=organization.public_id, **which).delete()


@pytest.mark.django_db(databases=BOTH)
def test_each_person_and_the_organization_have_a_key_of_their_own():
    organization = an_organization()
    ann, ben = people_of(organization, "ann", "ben")
    made = keys.for_writing(organization, [ann, ben, None, ann], now=NOW)
    assert made.keys() == {ann.pk, ben.pk, None}
    assert len({key.id for key in made.values()}) == len({key.secret for key in made.values()}) == 3
    assert all(len(key.secret) == 32 for key in made.values())


@pytest.mark.django_db(databases=BOTH)
def test_the_second_writer_gets_the_same_keys():
    organization = an_organization()
    (ann,) = people_of(organization, "ann")
    first = keys.for_writing(organization, [ann, None], now=NOW)
    keys.forget(organization)
    assert keys.for_writing(organization, [None, ann], now=NOW) == first


@pytest.mark.django_db(databases=BOTH)
def test_what_is_stored_is_wrapped_and_names_no_one():
    organization = an_organization()
    (ann,) = people_of(organization, "ann")
    key = keys.for_writing(organization, [ann], now=NOW)[ann.pk]
    with ledger.vendor():
        row = DataKey.objects.get(pk=key.id)
    assert key.secret not in bytes(row.wrapped)
    assert (row.organization_ref, row.subject_ref) == (organization.public_id, ann.public_id)
    assert key.secret.hex() not in repr(key) and repr(key.secret) not in repr(key)


@pytest.mark.django_db(databases=BOTH)
@pytest.mark.parametrize("people", [1, 20], ids=["one-person", "twenty-people"])
def test_a_batch_costs_one_read_of_the_ledger(people, django_assert_num_queries):
    organization = an_organization()
    everybody = [*people_of(organization, *(f"p{n}" for n in range(people))), None]
    made = keys.for_writing(organization, everybody, now=NOW)
    scope_and_savepoint = 3
    with django_assert_num_queries(scope_and_savepoint + 1, connection=connections["ledger"]):
        keys.for_writing(organization, everybody, now=NOW)
    keys.forget(organization)
    with django_assert_num_queries(scope_and_savepoint + 1, connection=connections["ledger"]):
        keys.for_reading(organization, [key.id for key in made.values()])
    with django_assert_num_queries(0, connection=connections["ledger"]):
        keys.for_reading(organization, [key.id for key in made.values()])


@pytest.mark.django_db(databases=BOTH)
def test_a_destroyed_key_opens_nothing_once_the_cache_is_forgotten():
    organization = an_organization()
    (ann,) = people_of(organization, "ann")
    made = keys.for_writing(organization, [ann, None], now=NOW)
    destroy(organization, subject_ref=ann.public_id)
    keys.forget(organization)
    assert keys.for_reading(organization, [made[None].id]) == {made[None].id: made[None].secret}
    with pytest.raises(keys.ContentDestroyed) as refused:
        keys.for_reading(organization, [key.id for key in made.values()])
    assert refused.value.code == "content_destroyed"


@pytest.mark.django_db(databases=BOTH)
@pytest.mark.parametrize(("seconds", "readable"), [(60, True), (0, False)], ids=["within-the-minute", "after-it"])
def test_a_cached_key_outlives_its_destruction_by_the_cache_time_at_most(seconds, readable):
    organization = an_organization()
    with override_settings(DATA_KEY_CACHE=timedelta(seconds=seconds)):
        made = keys.for_writing(organization, [None], now=NOW)[None]
        destroy(organization)
        if readable:
            assert keys.for_reading(organization, [made.id]) == {made.id: made.secret}
        else:
            with pytest.raises(keys.ContentDestroyed):
                keys.for_reading(organization, [made.id])


@pytest.mark.django_db(databases=BOTH)
def test_a_writer_never_trusts_a_cached_key_that_the_ledger_no_longer_holds():
    organization = an_organization()
    before = keys.for_writing(organization, [None], now=NOW)[None]
    destroy(organization)
    assert keys.for_writing(organization, [None], now=NOW)[None].id != before.id


@pytest.mark.django_db(databases=BOTH)
def test_a_key_of_another_organization_is_as_good_as_destroyed():
    ours, theirs = an_organization(), an_organization()
    made = keys.for_writing(theirs, [None], now=NOW)[None]
    with pytest.raises(keys.ContentDestroyed):
        keys.for_reading(ours, [made.id])


@pytest.mark.django_db(databases=BOTH)
@pytest.mark.parametrize("column", ["id", "subject_ref"])
def test_a_wrapped_key_moved_to_another_row_does_not_open(column):
    organization = an_organization()
    key = keys.for_writing(organization, [None], now=NOW)[None]
    keys.forget(organization)
    with ledger.vendor():
        DataKey.objects.filter(pk=key.id).update(**{column: uuid.uuid4()})
        moved = DataKey.objects.get(organization_ref=organization.public_id)
    with pytest.raises(crypto.DecryptionFailed):
        keys.for_reading(organization, [moved.id])


@pytest.mark.django_db(databases=BOTH, transaction=True)
def test_many_writers_at_once_agree_on_one_key_each():
    organization = an_organization()
    people = people_of(organization, *(f"p{n}" for n in range(12)))
    start = Barrier(4)

    def write(turn):
        start.wait()
        try:
            order = people if turn % 2 else people[::-1]
            return keys.for_writing(organization, [*order, None], now=NOW)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(write, range(4)))
    assert all(result == results[0] for result in results)
    with ledger.vendor():
        assert DataKey.objects.count() == 13


@pytest.mark.django_db(databases=BOTH, transaction=True)
def test_writers_make_keys_in_one_order_and_so_never_deadlock():
    organization = an_organization()
    people = sorted(people_of(organization, *(f"p{n}" for n in range(6))), key=lambda person: str(person.public_id))
    begun = Event()

    def key_of(person):
        return keys._new(organization.public_id, person.public_id, now=NOW)

    def in_order():
        with ledger.tenant(organization.public_id):
            key_of(people[0]).save(force_insert=True)
            begun.set()
            time.sleep(0.3)  # the other writer waits for the first key by now
            key_of(people[-1]).save(force_insert=True)
        connections.close_all()

    def given_in_reverse():
        assert begun.wait(10)
        try:
            return keys.for_writing(organization, people[::-1], now=NOW)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(in_order), pool.submit(given_in_reverse)
        first.result(timeout=20)
        assert len(second.result(timeout=20)) == 6


@pytest.mark.django_db(databases=BOTH, transaction=True)
def test_a_key_is_committed_before_the_content_that_uses_it():
    organization = an_organization()
    with pytest.raises(RuntimeError, match="made anyway"), tenancy.tenant(organization.pk):
        key = keys.for_writing(organization, [None], now=NOW)[None]
        raise RuntimeError("made anyway")
    with ledger.vendor():
        assert DataKey.objects.filter(pk=key.id).exists()


@pytest.mark.django_db(databases=BOTH, transaction=True)
def test_scopes_of_the_ledger_do_not_nest():
    with ledger.vendor(), pytest.raises(RuntimeError, match="durable"), ledger.tenant(uuid.uuid4()):
        raise AssertionError("entered")


@pytest.mark.django_db(databases=BOTH)
@pytest.mark.parametrize("scope", ["tenant", "eraser"])
def test_a_scope_shows_the_keys_of_its_organization_only(scope):
    ours, theirs = an_organization(), an_organization()
    for organization in (ours, theirs):
        keys.for_writing(organization, [None], now=NOW)
    with getattr(ledger, scope)(ours.public_id):
        assert [row.organization_ref for row in DataKey.objects.all()] == [ours.public_id]
    with ledger.vendor():
        assert DataKey.objects.count() == 2


@pytest.mark.django_db(databases=BOTH)
def test_no_key_without_subjects():
    organization = an_organization()
    assert keys.for_writing(organization, [], now=NOW) == {}
    assert keys.for_reading(organization, []) == {}
    with tenancy.tenant(organization.pk):
        assert not LicensedUser.objects.exists()
