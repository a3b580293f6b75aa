"""Health: alive, and ready to serve (databases, broker, migrations). The only pages without sign-in."""

from functools import cache as once

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import DatabaseError, connections
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, JsonResponse


@login_not_required
def live(request: HttpRequest) -> JsonResponse:
    """Answer 200 while the process answers at all."""
    return JsonResponse({"status": "ok"})


@login_not_required
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 if both databases and the broker answer and no migration waits, else 503; each part says ``ok`` or
    ``down``.

    A version that is started before its migrations have run gets no traffic until they have.
    """
    parts = {alias: _answers(alias) for alias in connections}
    parts["broker"] = _broker_answers()
    parts["migrations"] = all(parts[alias] and _is_migrated(alias) for alias in connections)
    fine = all(parts.values())
    body = {"status": "ok" if fine else "down", "parts": {name: "ok" if up else "down" for name, up in parts.items()}}
    return JsonResponse(body, status=200 if fine else 503)


def _answers(alias: str) -> bool:
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        connections[alias].close()
        return False
    return True


def _is_migrated(alias: str) -> bool:
    try:
        return known() <= applied(alias)
    except DatabaseError:  # nothing was ever migrated there
        connections[alias].close()
        return False


@once
def known() -> frozenset[tuple[str, str]]:
    """Return the migrations that this version has, by app and name: read from the files once a process."""
    return frozenset(MigrationLoader(None).graph.nodes)


def applied(alias: str) -> frozenset[tuple[str, str]]:
    """Return the migrations that a database has. :raises DatabaseError: it has none at all."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        return frozenset((app, name) for app, name in cursor.fetchall())


def _broker_answers() -> bool:
    try:
        cache.get("health")
    except (OSError, ConnectionError):
        return False
    except Exception as error:  # the client has its own hierarchy: redis.exceptions
        if type(error).__module__.startswith("redis"):
            return False
        raise
    return True
