"""What all tests share: databases made by tests/engines.py, emptied by their owner, time limits for nobody."""

import psycopg
import pytest
from django.core.cache import cache
from django.db import connections
from django.test import TransactionTestCase
from hypothesis import settings as hypothesis_settings

from tests.engines import owner_dsn

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
def static_files_as_they_lie(settings):
    """Pages link to files that nobody collected here."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


def empty_all_tables():
    """Empty every table, as the owner: the service's own role may not."""
    for alias in connections:
        with psycopg.connect(owner_dsn(alias), autocommit=True) as connection:
            rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            names = ", ".join(f'"{name}"' for (name,) in rows if name not in KEPT)
            connection.execute(f"TRUNCATE {names} RESTART IDENTITY")


def _empty_afterwards(self):
    empty_all_tables()
    cache.clear()


TransactionTestCase._fixture_teardown = _empty_afterwards
