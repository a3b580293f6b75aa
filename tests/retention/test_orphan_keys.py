"""Keys of nobody are destroyed after a day; nobody's key that anything can still need is touched."""

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from accounts import tenancy
from accounts.models import AuditEvent
from accounts.operations.sweeping import SYSTEM
from retention import ledger, sweeps
from retention.enums import RestoreKind
from retention.models import DataKey, LedgerHead, Restore
from retention.operations import exports, orphan_keys
from tests.contracts.agreements import at
from tests.engines import admin_dsn
from tests.retention.under_contract import a_client, person
from tests.retention.vaults import people_of
from tests.workflows.forked import Process

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
NOW = at("2025-06-10")
OLD, YOUNG = NOW - timedelta(days=1), NOW - timedelta(hours=23)


@pytest.fixture(autouse=True)
def head():
    with tenancy.vendor():
        LedgerHead.objects.get_or_create(pk=1)


def a_key(organization_ref, subject_ref=None, *, made=OLD):
    with ledger.vendor():
        return DataKey.objects.create(
            organization_ref=organization_ref,
            subject_ref=subject_ref,
            wrapped=b"x" * 61,
            key_version=1,
            created_at=made,
        ).pk


def left():
    with ledger.vendor():
        return set(DataKey.objects.values_list("pk", flat=True))


def sought(*, now=NOW):
    with tenancy.vendor():
        due = orphan_keys.due(at=now).exists()
    return sweeps.destroy_orphans(at=now, by=SYSTEM).done if due else None


def events():
    with tenancy.vendor():
        found = AuditEvent.objects.filter(name="ledger.orphan_keys_destroyed").order_by("pk")
        return list(found.values_list("organization_id", "data"))


def nobody(organization):
    return a_key(organization.public_id, uuid4())


def of_a_client_that_was_never_here(_organization):
    return a_key(uuid4(), uuid4())


def of_a_client_without_people_that_was_never_here(_organization):
    return a_key(uuid4())


def young(organization):
    return a_key(organization.public_id, uuid4(), made=YOUNG)


def of_a_person_without_content(organization):
    people_of(organization, "dora-1", department="Stock")
    return a_key(organization.public_id, person(organization, "dora-1").public_id)


def of_content_whose_person_has_another_id(organization):
    """As after a restore of the people alone: the content needs its key, whoever it names."""
    with ledger.vendor():
        found = DataKey.objects.filter(subject_ref=person(organization, "ann-1").public_id)
        found.update(subject_ref=uuid4(), created_at=OLD)
        return (
            DataKey.objects.filter(organization_ref=organization.public_id)
            .exclude(subject_ref__in=[person(organization, "ben-1").public_id])
            .values_list("pk", flat=True)[0]
        )


def of_the_client_itself(organization):
    with ledger.vendor():
        found = DataKey.objects.filter(organization_ref=organization.public_id, subject_ref=None).first()
    return found.pk if found else a_key(organization.public_id)


@pytest.mark.parametrize(
    ("which", "goes"),
    [
        (nobody, True),
        (of_a_client_that_was_never_here, True),
        (of_a_client_without_people_that_was_never_here, True),
        (young, False),
        (of_a_person_without_content, False),
        (of_content_whose_person_has_another_id, False),
        (of_the_client_itself, False),
    ],
)
def test_only_old_keys_of_nobody_go(which, goes):
    organization = a_client()
    key = which(organization)
    before = left()
    assert sought() == int(goes)
    assert left() == before - ({key} if goes else set())
    own = which in (nobody,)
    assert events() == ([(organization.pk, {"keys": 1})] if own else [])
    with tenancy.tenant(organization.pk):
        exports.make(organization, request=None, now=NOW, by=SYSTEM)  # whatever is here still opens


def test_it_looks_once_a_day_and_takes_many_in_batches(monkeypatch):
    monkeypatch.setattr(orphan_keys, "BATCH", 2)
    organization = a_client()
    before = left()
    for _each in range(5):
        nobody(organization)
    assert sought() == 5
    assert left() == before
    again = nobody(organization)
    assert sought(now=NOW + timedelta(hours=23)) is None
    assert again in left()
    assert sought(now=NOW + timedelta(days=1)) == 1


def test_after_a_restore_none_is_destroyed_for_a_horizon(settings):
    organization = a_client()
    key = nobody(organization)
    with tenancy.vendor():
        Restore.objects.create(kind=RestoreKind.DEFAULT, noticed_at=NOW, noticed_by=SYSTEM, finished_at=NOW)
    for now in (NOW, NOW + settings.BACKUP_HORIZON - timedelta(seconds=1)):
        assert sought(now=now) is None
        # A task that was sent before the restore was noticed comes too late to do harm.
        assert sweeps.destroy_orphans(at=now, by=SYSTEM).done == 0
    assert key in left()
    assert sought(now=NOW + settings.BACKUP_HORIZON) == 1


def test_where_somebody_writes_it_waits_for_another_day():
    organization = a_client()
    key = nobody(organization)
    with psycopg.connect(admin_dsn("default")) as writer:
        query = "SELECT 1 FROM retention_vault WHERE organization_id = %s FOR SHARE"
        writer.execute(query, [organization.pk])
        assert sought() == 0
    assert key in left()
    assert sought(now=NOW + timedelta(days=1)) == 1


def test_two_workers_at_once_destroy_each_key_once():
    organization = a_client()
    before = left()
    for _each in range(20):
        nobody(organization)
    both = [Process(lambda: orphan_keys.sweep(now=NOW, by=SYSTEM)) for _one in range(2)]
    assert [one.wait() for one in both] == [True, True]
    orphan_keys.sweep(now=NOW, by=SYSTEM)  # whom one had locked, the other left
    assert left() == before
    assert sum(data["keys"] for _organization, data in events()) == 20
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def test_who_was_added_between_two_looks_keeps_the_key(monkeypatch):
    organization = a_client()
    key = of_a_person_without_content(organization)
    monkeypatch.setattr(orphan_keys, "_suspects", lambda _batch: {organization.public_id: {key}})
    assert sought() == 0
    assert key in left()
