"""Health: alive, and ready to serve (databases, broker, migrations). The only pages without sign-in."""

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import DatabaseError, connections
from django.http import HttpRequest, JsonResponse


@login_not_required
def live(request: HttpRequest) -> JsonResponse:
    """Answer 200 while the process answers at all."""
    return JsonResponse({"status": "ok"})


@login_not_required
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 if both databases and the broker answer, else 503; each part says ``ok`` or ``down``."""
    parts = {alias: _answers(alias) for alias in connections}
    parts["broker"] = _broker_answers()
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
