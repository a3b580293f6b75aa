"""Logs say what failed and where, and quote nobody: messages of errors hold addresses."""

import io
import json
import logging
import os
import smtplib
import subprocess
import sys
from datetime import timedelta

import pytest
import structlog
from celery.app import trace
from celery.exceptions import Retry
from celery.signals import task_unknown
from celery.worker import request
from celery.worker.consumer import consumer
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import tenancy
from accounts.operations import clock
from accounts.operations.sweeping import SYSTEM
from accounts.tasks import sweep_seals
from config import faults
from config.celery import app

CANARY = "canary-mail-7@client.example"


@pytest.fixture
def logs():
    """What the service writes, as it writes it."""
    shape = dict(settings.LOGGING["formatters"]["json"])
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(shape.pop("()")(**shape))
    levels = {name: logging.getLogger(name).level for name in settings.LOGGING["loggers"]}
    for name, one in settings.LOGGING["loggers"].items():
        logging.getLogger(name).setLevel(one.get("level", logging.NOTSET))
    logging.getLogger().addHandler(handler)
    yield handler.stream
    logging.getLogger().removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def an_address_where_an_id_belongs():
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::uuid", [CANARY])


def a_text_that_is_no_number():
    try:
        int(CANARY)
    except ValueError as error:
        raise smtplib.SMTPRecipientsRefused({CANARY: (550, b"no such user")}) from error


def several():
    error = ExceptionGroup(CANARY, [ValueError(CANARY)])
    error.add_note(CANARY)
    raise error


@pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
@pytest.mark.parametrize(
    ("fails", "says"),
    [
        pytest.param(an_address_where_an_id_belongs, ["DataError", "(22P02)", "direct cause"], id="sql"),
        pytest.param(a_text_that_is_no_number, ["ValueError", "SMTPRecipientsRefused", "direct cause"], id="mail"),
        pytest.param(several, ["ExceptionGroup", "ValueError"], id="several"),
    ],
)
@pytest.mark.parametrize("name", ["accounts.operations.sweeping", "gunicorn.error"])
def test_an_error_is_logged_with_its_place_and_without_its_words(fails, says, name, logs):
    log = structlog.get_logger(name) if name.startswith("accounts") else logging.getLogger(name)
    with pytest.raises(Exception) as caught:
        fails()
    assert CANARY in str(caught.value) + str(caught.value.__cause__)
    try:
        raise caught.value
    except Exception:
        log.exception("it.failed")
    log.error("it.failed", exc_info=caught.value)
    said = logs.getvalue()
    assert said.count("it.failed") == 2 and said.count(fails.__name__) >= 2
    assert [one for one in says if one not in said] == []
    assert "canary" not in said


def test_a_task_that_fails_is_logged_so_too(logs):
    @app.task(name="tests.fails")
    def fails():
        int(CANARY)

    try:
        assert fails.apply().failed()
    finally:
        app.tasks.unregister("tests.fails")
    said = logs.getvalue()
    assert "task.failed" in said and '"tests.fails"' in said and "ValueError" in said
    assert "canary" not in said


@pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
def test_a_job_that_rests_while_simulated_time_is_ahead_says_so_in_one_line(logs):
    with tenancy.vendor():
        clock.move_to(timezone.now() + timedelta(days=400), by=SYSTEM)
    assert sweep_seals.apply().failed()
    (line,) = [line for line in logs.getvalue().splitlines() if "accounts.tasks.sweep_seals" in line]
    assert "task.refused" in line and '"clock_ahead"' in line and "Traceback" not in line


def test_errors_that_caused_one_another_end():
    one, other = ValueError(CANARY), TypeError()
    one.__cause__, other.__cause__ = other, one
    assert faults.told(one).count("Traceback") == 2


def test_an_error_raised_from_the_group_it_is_in_ends():
    group = ExceptionGroup(CANARY, [ValueError(CANARY), TypeError()])
    group.exceptions[0].__context__ = group  # as the interpreter does when a member is raised while it is handled
    said = faults.told(group.exceptions[0])
    assert [said.count(one) for one in ("\nExceptionGroup", "\nValueError", "\nTypeError")] == [1, 1, 1]


@pytest.mark.parametrize(
    ("name", "words", "arguments", "says"),
    [
        pytest.param(
            request.logger.name, "Task handler raised error: %r", (ValueError(CANARY),), "ValueError", id="raised"
        ),
        pytest.param(
            request.logger.name,
            "Task %s[%s] retry: %s",
            ("a", "1", Retry(CANARY)),
            "Task a[1] retry: celery.",
            id="retried",
        ),
        pytest.param(
            "any.library", "%(name)s: %(error)s", ({"name": "a", "error": OSError(CANARY)},), "a: OSError", id="names"
        ),
        pytest.param("any.library", ValueError(CANARY), (), '"ValueError"', id="nothing-else"),
        pytest.param("any.library", "%s of %s", ("one", ["two"]), "one of ['two']", id="others-stay"),
    ],
)
def test_an_error_within_a_librarys_words_is_told_without_its_own(name, words, arguments, says, logs):
    logging.getLogger(name).error(words, *arguments)
    assert says in logs.getvalue() and "canary" not in logs.getvalue()


def test_an_error_in_a_field_of_ours_is_told_without_its_own(logs):
    structlog.get_logger("accounts").error("it.failed", error=ValueError(CANARY))
    said = logs.getvalue()
    assert '"error": "ValueError"' in said and "canary" not in said


@pytest.mark.parametrize(
    ("words", "arguments", "says"),
    [
        (consumer.UNKNOWN_FORMAT, (CANARY,), "Received and deleted unknown message."),
        (
            consumer.UNKNOWN_TASK_ERROR,
            (KeyError(CANARY), CANARY, {"argsrepr": CANARY}, {}),
            "Received unregistered task",
        ),
        (consumer.INVALID_TASK_ERROR, (ValueError(CANARY), CANARY), "Received invalid task message"),
        (
            consumer.MESSAGE_DECODE_ERROR,
            (ValueError(CANARY), "json", "utf-8", CANARY, CANARY),
            "Can't decode message body",
        ),
        (
            "Couldn't convert ETA %r: %r. Task: %r",
            ("x", ValueError(CANARY), {"args": CANARY}),
            "'x': 'ValueError'. Task",
        ),
        (consumer.CONNECTION_ERROR, ("redis://", OSError(CANARY), "Trying again"), "redis://: OSError.\\nTrying again"),
    ],
)
def test_the_worker_writes_no_message_that_it_got(words, arguments, says, logs):
    consumer.logger.critical(words, *arguments)
    assert says in logs.getvalue() and "canary" not in logs.getvalue()


def test_what_no_program_knows_is_told_by_its_name(logs):
    task_unknown.send(sender=None, message=CANARY, exc=KeyError(CANARY), name="tests.gone", id="1")
    assert '"task.unknown"' in logs.getvalue() and '"tests.gone"' in logs.getvalue()
    assert "canary" not in logs.getvalue()


def test_celerys_words_about_its_own_errors_are_not_written(logs):
    trace.logger.critical("Task %(name)s INTERNAL ERROR: %(exc)s", {"name": "a", "exc": repr(ValueError(CANARY))})
    assert logs.getvalue() == ""


AS_THE_SERVER = """
import logging, django
from gunicorn.config import Config
from gunicorn.glogging import Logger
server = Logger(Config())
django.setup()
CANARY = "canary-mail-7@client.example"
server.warning(f"Invalid request from ip=192.0.2.7: Invalid HTTP header name: '{CANARY}'")
try:
    int(CANARY)
except ValueError as error:
    server.exception("Error handling request %s %s", "GET", f"/api/v1/entitlements/{CANARY}")
    logging.getLogger("django.db").error("it.failed", exc_info=True)
server.info("Booting worker with pid: %s", 7)
logging.getLogger("django.security.DisallowedHost").error(f"Invalid HTTP_HOST header: {CANARY!r}.")
logging.getLogger("django.security.csrf").warning("Forbidden (%s): %s", "CSRF cookie not set.", f"/privacy/{CANARY}/")
"""


@pytest.mark.parametrize("debug", ["0", "1"])
def test_the_server_and_the_framework_write_no_request_and_no_errors_words(debug):
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_DEBUG": debug,
        "DJANGO_ALLOWED_HOSTS": "x",
    }
    done = subprocess.run([sys.executable, "-c", AS_THE_SERVER], env=env, capture_output=True, text=True, check=True)
    said = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in said] == [
        "Invalid request",
        "Error handling request",
        "it.failed",
        "Booting worker with pid: 7",
        "DisallowedHost",
        "csrf",
    ]
    assert "ValueError" in said[1]["exception"] and "ValueError" in said[2]["exception"]
    assert "canary" not in done.stdout + done.stderr and "192.0.2.7" not in done.stderr


@pytest.mark.django_db(databases=["default", "ledger"])
@pytest.mark.parametrize("headers", [{"User-Agent": CANARY}, {"Host": CANARY}, {"Origin": f"http://{CANARY}"}])
def test_a_request_is_logged_by_its_route_without_its_headers(headers, logs):
    for path in ("/privacy/", f"/privacy/decide/{CANARY}/", f"/{CANARY}"):
        Client(enforce_csrf_checks=True).post(path, {}, headers=headers, REMOTE_ADDR="192.0.2.7")
    said = logs.getvalue()
    assert said.count("DisallowedHost" if "Host" in headers else "request_finished") >= 3
    assert "canary" not in said and "192.0.2.7" not in said
