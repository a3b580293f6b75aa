"""The Celery application. Its timetable is the sweep registry."""

import os
from typing import Any

import structlog
from celery import Celery
from celery.signals import setup_logging, task_failure, task_internal_error, task_unknown, worker_init
from django.conf import settings

from accounts.errors import Refused

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

log = structlog.get_logger(__name__)
app = Celery("terme", task_cls="config.gate:GatedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _keep_our_logging(**_kwargs: Any) -> None:
    """Celery would replace the handlers of settings.LOGGING."""


@task_failure.connect
@task_internal_error.connect
def _tell_of_failure(sender: Any = None, exception: BaseException | None = None, **_more: Any) -> None:
    """Say which task failed and where; Celery's own words quote the error's message. What refuses is no failure."""
    name = getattr(sender, "name", "")
    if isinstance(exception, Refused):
        log.warning("task.refused", task=name, code=exception.code)
    else:
        log.error("task.failed", task=name, exc_info=exception)


@task_unknown.connect
def _tell_of_unknown(name: str = "", **_more: Any) -> None:
    """Say which task no program here knows; Celery's own words quote the whole message."""
    log.error("task.unknown", task=name)


@worker_init.connect
def _refuse_wrong_keys(**_kwargs: Any) -> None:
    """End before the first task is taken; a worker waits a minute for its databases."""
    from config import startup

    startup.refuse_wrong_keys(patience=startup.PATIENCE)


@app.on_after_finalize.connect
def _timetable(sender: Celery, **_kwargs: Any) -> None:
    from config.sweeps import SWEEPS

    sender.conf.beat_schedule = {
        sweep.name: {
            "task": sweep.task.name,
            "schedule": sweep.every / settings.SWEEP_PACE,
            "options": {"expires": sweep.every.total_seconds(), "queue": sweep.queue},
        }
        for sweep in SWEEPS
    }
