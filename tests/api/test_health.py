"""The probes: alive, and ready to serve."""

import pytest
from django.db import DatabaseError, connections

from config import health

pytestmark = pytest.mark.django_db(databases=["default", "ledger"])


def test_it_is_ready_with_both_databases_migrated_and_the_broker(client):
    answer = client.get("/health/ready")
    parts = dict.fromkeys(("default", "ledger", "broker", "migrations", "keys", "restore"), "ok")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "parts": parts})


@pytest.mark.parametrize("behind", ["default", "ledger"])
@pytest.mark.parametrize("missing", [("contracts", "0003_contract_engine"), ("sessions", "0001_initial")], ids=str)
def test_it_is_not_ready_while_a_database_lacks_a_migration(client, monkeypatch, behind, missing):
    applied = health.applied
    monkeypatch.setattr(health, "applied", lambda alias: applied(alias) - ({missing} if alias == behind else set()))
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (503, "down")
    assert [name for name, state in answer.json()["parts"].items() if state == "down"] == [
        "migrations",
        "keys",
        "restore",
    ]


def test_a_database_without_any_migration_is_not_ready(client, monkeypatch):
    def none(alias):
        raise DatabaseError('relation "django_migrations" does not exist')

    monkeypatch.setattr(health, "applied", none)
    assert client.get("/health/ready").json()["parts"]["migrations"] == "down"


def test_a_probe_costs_two_questions_a_database_and_alive_none(client, django_assert_num_queries):
    client.get("/health/ready")
    for alias in connections:
        with django_assert_num_queries(2, using=alias):
            client.get("/health/ready")
        with django_assert_num_queries(0, using=alias):
            assert client.get("/health/live").json() == {"status": "ok"}
