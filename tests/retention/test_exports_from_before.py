"""Exports that were made before exports ended: their age counts from the upgrade."""

from datetime import datetime, timedelta
from importlib import import_module

import psycopg
import pytest
from django.test import Client

from accounts import tenancy
from accounts.models import AuditEvent
from retention.models import Export, RetentionRule
from retention.operations import old_exports
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.engines import admin_dsn
from tests.retention.lasting import NOW, a_client, enforced
from tests.retention.test_old_exports import CATEGORIES, OLD_ENOUGH, a_night, due, ended, made, there

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
UPGRADE = NOW + timedelta(days=200)


def there_at_the_upgrade(organization):
    """Return an export as the migration leaves one that it finds."""
    export = made(organization)
    with tenancy.vendor():
        Export.objects.update(counts_from=UPGRADE)
        export.refresh_from_db()
    return export


def test_the_migration_lets_the_age_of_what_it_finds_count_from_then():
    organization = a_client()
    old, ahead = made(organization), made(organization)
    with psycopg.connect(admin_dsn("default"), autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("UPDATE retention_export SET made_at = '2020-01-01 00:00Z' WHERE id = %s", [old.pk])
        admin.execute("UPDATE retention_export SET made_at = '2999-01-01 00:00Z' WHERE id = %s", [ahead.pk])
        migration = import_module("retention.migrations.0018_exports_end")
        for statement in migration.THERE_ALREADY:
            admin.execute(statement)
        counted = admin.execute(
            "SELECT counts_from BETWEEN now() - interval '1 minute' AND now() FROM retention_export"
        )
        assert sorted(counted.fetchall()) == [(False,), (True,)]
        forced = admin.execute("SELECT relforcerowsecurity FROM pg_class WHERE relname = 'retention_export'")
        assert forced.fetchone() == (True,)
    with tenancy.vendor():
        ahead.refresh_from_db()
        assert ahead.counts_from == ahead.made_at


def test_an_export_from_before_goes_a_whole_period_after_the_upgrade_and_the_page_and_rest_say_so(settings):
    organization = a_client()
    export = there_at_the_upgrade(organization)
    last = UPGRADE + timedelta(days=90)
    assert ended(UPGRADE) == ended(last - timedelta(seconds=1)) == 0
    contact = caller("client_privacy_officer", str(organization.public_id))
    assert datetime.fromisoformat(contact("GET", f"exports/{export.public_id}")["ends_at"]) == last
    browser = Client()
    browser.force_login(a_member("privacy_officer"))
    assert "25 Dec 2026" in browser.get(f"/admin/retention/export/{export.pk}/change/").content.decode()
    with tenancy.vendor():
        assert old_exports.following(after=OLD_ENOUGH) == last
    assert ended(last) == 1 and not there(export, settings)
    with tenancy.vendor():
        assert AuditEvent.objects.get(name="export.ended").data["why"] == "age"


def test_nights_from_before_the_upgrade_end_no_export_that_was_there():
    organization = a_client()
    export = there_at_the_upgrade(organization)
    for category in CATEGORIES:
        enforced(organization, category)
    a_night(UPGRADE)
    assert due(UPGRADE) == []
    with tenancy.vendor():
        last = old_exports.ends_at(export)
        RetentionRule.objects.update(next_at=last)
    assert UPGRADE + timedelta(days=30) < last < UPGRADE + timedelta(days=32)
    a_night(last)
    assert due(last) == [export]
