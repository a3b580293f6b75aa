"""Logs say what failed and where, and quote nobody: messages of errors hold addresses."""

import io
import logging
import smtplib

import pytest
import structlog
from django.conf import settings
from django.db import connection

from config import faults
from config.celery import app

CANARY = "canary-mail-7@client.example"


@pytest.fixture
def logs():
    """What the service writes, as it writes it."""
    shape = {name: value for name, value in settings.LOGGING["formatters"]["json"].items() if name != "()"}
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(**shape))
    levels = {name: logging.getLogger(name).level for name in settings.LOGGING["loggers"]}
    for name, one in settings.LOGGING["loggers"].items():
        logging.getLogger(name).setLevel(one["level"])
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


def test_errors_that_caused_one_another_end():
    one, other = ValueError(CANARY), TypeError()
    one.__cause__, other.__cause__ = other, one
    assert faults.told(one).count("Traceback") == 2
