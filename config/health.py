"""Health: alive, and ready to serve (databases, broker, migrations, keys). The only pages without sign-in."""

import time
from functools import cache as once
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import DatabaseError, connections
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from config import gate
from retention.operations import key_checks

log = structlog.get_logger(__name__)
KEYS_FIT_SECONDS = 60
# Of this process: the keys that fitted, and until when that is believed.
_fitted: dict[str, float] = {}


@login_not_required
def live(request: HttpRequest) -> JsonResponse:
    """Answer 200 while the process answers at all."""
    return JsonResponse({"status": "ok"})


@login_not_required
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 if both databases and the broker answer, no migration waits, the configured keys are the ones that
    stored values are under, and neither database was restored, else 503; each part says ``ok`` or ``down``. After a
    restore the ``reasons`` say why, and what to do.

    A version that is started before its migrations have run gets no traffic until they have.
    """
    parts = {alias: _answers(alias) for alias in connections}
    parts["broker"] = _broker_answers()
    parts["migrations"] = all(parts[alias] and _is_migrated(alias) for alias in connections)
    parts["keys"] = parts["migrations"] and _keys_fit()
    closed = gate.reasons() if parts["migrations"] else []
    parts["restore"] = parts["migrations"] and not closed
    fine = all(parts.values())
    body: dict[str, Any] = {
        "status": "ok" if fine else "down",
        "parts": {name: "ok" if up else "down" for name, up in parts.items()},
    }
    if closed:
        body["reasons"] = closed
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


def _keys_fit() -> bool:
    """Say whether the keys fit. That they did is believed for a while: probes come every few seconds."""
    if time.monotonic() < _fitted.get(settings.KEY_ENCRYPTION_KEYS, 0):
        return True
    try:
        wrong = key_checks.faults(now=timezone.now())
    except DatabaseError:
        return False
    if wrong:
        log.error("keys.wrong", faults=wrong)
        return False
    _fitted[settings.KEY_ENCRYPTION_KEYS] = time.monotonic() + KEYS_FIT_SECONDS
    return True


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
