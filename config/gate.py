"""The restore gate where work comes in: pages and REST, tasks, beat. All ask ``retention.operations.gate``."""

from collections.abc import Callable
from typing import Any

import structlog
from celery import Task
from celery.beat import PersistentScheduler
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import translation

from retention.operations import gate
from retention.rules.restores import Standing, sentence

log = structlog.get_logger(__name__)
OPEN = "/health/"
MACHINES = ("/api/", "/scim/", "/calendar/")
POLICY = "default-src 'none'; img-src data:; frame-ancestors 'none'; base-uri 'none'"
RETRY_AFTER = 60  # seconds
CODE = "restore_gate_closed"
# What leaves the house waits, too, while it is not known what had left it before a restore.
SENDING = frozenset(
    {"accounts.tasks.sweep_outbox", "accounts.tasks.sweep_webhook_fan_out", "accounts.tasks.sweep_webhooks"}
)
# It notices a restore by which no erasure is concerned.
NOTICING = frozenset({"retention.tasks.sweep_ledger_pulse"})
BEAT_WAITS = 5.0  # seconds


class RestoreGate:
    """Answer 503 to everything but the probes while the gate is closed: a page for people, else problem details."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(OPEN):
            return self.get_response(request)
        standing = gate.standing()
        return _closed(request, standing) if standing.closed else self.get_response(request)


def _closed(request: HttpRequest, standing: Standing) -> HttpResponse:
    """Say that nothing is served, and to operators' eyes no more than the reasons' codes; the logs have the rest."""
    codes = [fault.code.value for fault in standing.faults]
    if request.path.startswith(MACHINES) or not request.accepts("text/html"):
        detail = "The service was restored from a backup and is being brought up to date. Try again later."
        body = {
            "type": f"urn:terme:problem:{CODE}",
            "title": "Restored, not served yet",
            "status": 503,
            "detail": detail,
            "code": CODE,
            "errors": [{"code": code, "detail": detail, "attr": None} for code in codes],
        }
        response: HttpResponse = JsonResponse(body, status=503, content_type="application/problem+json")
    else:
        with translation.override(translation.get_language_from_request(request)):
            page = render_to_string("restore_gate.html", {"language": translation.get_language(), "codes": codes})
        response = HttpResponse(page, status=503)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = POLICY
    return response


def reasons() -> list[str]:
    """Return why the gate is closed, a sentence each, for operators; nothing, if it is open."""
    return [sentence(fault) for fault in gate.standing().faults]


class GatedTask(Task[..., Any]):
    """A task that is not run behind the closed gate. The next sweep finds what is due."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        standing = gate.standing()
        held = standing.closed or (self.name in SENDING and not standing.in_step)
        if held and self.name not in NOTICING:
            log.warning("task.held", task=self.name, faults=[fault.code.value for fault in standing.faults])
            return None
        return super().__call__(*args, **kwargs)


class WaitingScheduler(PersistentScheduler):
    """Beat: it sends nothing while the gate is closed, and looks again."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Return how many seconds to wait for the next look."""
        if gate.standing().closed:
            return BEAT_WAITS
        return float(super().tick(*args, **kwargs))
