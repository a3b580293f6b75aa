"""What all tests share: databases made by tests/engines.py, emptied by their owner, time limits for nobody."""

import contextlib
import functools
import gc

import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import connections, transaction
from django.test import TransactionTestCase
from django.utils import translation
from hypothesis import settings as hypothesis_settings
from psycopg import sql

from retention.operations import gate
from retention.rules.restores import Standing
from tests.engines import admin_dsn

# Nothing of what is imported is garbage: the collector need not walk it again and again.
gc.freeze()
gc.set_threshold(50_000, 20, 50)
# Machines are slow and shared: an example that takes long is no failure.
hypothesis_settings.register_profile("terme", deadline=None)
hypothesis_settings.load_profile("terme")

KEPT = {"django_migrations", "django_content_type", "auth_permission"}


@pytest.fixture(scope="session")
def django_db_setup():
    """The databases are there already."""


@pytest.fixture(autouse=True)
def own_data_directories(settings, tmp_path):
    """No test writes beside another one's files."""
    settings.DATA_DIR = tmp_path / "var"
    settings.DOCUMENTS_DIR = settings.DATA_DIR / "documents"
    settings.EXPORTS_DIR = settings.DATA_DIR / "exports"


@pytest.fixture(autouse=True)
def passwords_that_cost_nothing(settings):
    """A real hash takes a tenth of a second of both cores."""
    settings.PASSWORD_HASHERS = ["tests.hashers.QuickArgon2"]


@pytest.fixture(autouse=True)
def static_files_as_they_lie(settings):
    """Pages link to files that nobody collected here."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(autouse=True)
def gate_that_nobody_looks_at():
    """The restore gate is open, unlooked at: what it asks the databases counts in no test but its own."""
    gate.believe(Standing(), seconds=24 * 3600)


@pytest.fixture(autouse=True)
def language_of_its_own():
    """A page asked for in French leaves French behind in its thread: the next test begins in the service's language."""
    translation.activate(django_settings.LANGUAGE_CODE)


@pytest.fixture(scope="module")
def shared_rows(django_db_setup, django_db_blocker):
    """Let the tests of a module share committed rows, gone with its last one. Each undoes what it does to them."""
    with django_db_blocker.unblock():
        yield
        empty_all_tables()
        cache.clear()


@pytest.fixture
def undone(shared_rows):
    """What a test does to the rows that its module shares is not there for the next."""
    with contextlib.ExitStack() as stack:
        for alias in connections:
            around = transaction.atomic(using=alias)
            around._from_testcase = True  # as Django's own test case does: what is durable may run within
            stack.enter_context(around)
        yield
        for alias in connections:
            transaction.set_rollback(True, using=alias)


def empty_all_tables():
    """Empty every table that has rows, as the server's administrator: the service's own role may not.

    Deletion without triggers and keys costs what the rows cost. Truncation makes every table's files anew.
    """
    for alias in connections:
        if _lost(_administrator(alias)[0]):  # a test lets the server restart
            _administrator.cache_clear()
        connection, filled = _administrator(alias)
        for (name,) in connection.execute(filled).fetchall():
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))


def _lost(connection):
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return True
    return False


@functools.cache
def _administrator(alias):
    """Return a connection that no trigger and no key holds back, and the question which tables have rows."""
    connection = psycopg.connect(admin_dsn(alias), autocommit=True, options="-c session_replication_role=replica")
    names = [row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    each = [
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(name, sql.Identifier(name))
        for name in names
        if name not in KEPT
    ]
    return connection, sql.SQL(" UNION ALL ").join(each)


def _empty_afterwards(self):
    empty_all_tables()
    cache.clear()


TransactionTestCase._fixture_teardown = _empty_afterwards
