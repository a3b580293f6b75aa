"""What a log says of an error: its kind, where it happened, the database's codes; never its message.

Messages quote values: the server's "Key (email)=(…) already exists", a mail server's refused address, a text that is no
number. A log that holds them holds people, and nobody erases there. What Celery's worker gets to do may name them too.
"""

import logging
import sys
import traceback
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from structlog.stdlib import ProcessorFormatter

WORKER = "celery.worker"
# What gunicorn says of a request that it cannot take: behind these words come its line, a header, or the whole path.
SERVER, OF_REQUESTS = "gunicorn.error", ("Invalid request", "Error handling request")
# What Django refuses quotes headers, and whole paths, one-time links among them. The name's last part says the reason.
REFUSED = "django.security."
# What its worker says of anything else is how that looks: a task with its arguments, the headers of a message.
PLAIN = (str, int, float, type(None))

LOGGERS: dict[str, dict[str, Any]] = {
    # Their own handlers write what the formatter below leaves out: messages of errors, and requests.
    "django": {"handlers": [], "level": "INFO", "propagate": True},
    "gunicorn.error": {"handlers": [], "propagate": True},
    "celery.beat": {"level": "WARNING"},  # of every task that begins; the sweeps tell what they did
    # It writes whole paths, which hold people's ids; the log of requests has the route and the traceback.
    "django.request": {"level": "CRITICAL"},
    "celery.worker.strategy": {"level": "WARNING"},
    "celery.app.trace": {"level": 60},  # it quotes errors, as critical too: config/celery.py tells of failed tasks
}

BETWEEN = {
    True: "The above was the direct cause of:",
    False: "While it was handled, another happened:",
}


def without_messages(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace ``exc_info`` by ``exception``, a traceback whose errors have no messages, and errors by what they are."""
    found = event.pop("exc_info", None)
    error = found if isinstance(found, BaseException) else found[1] if isinstance(found, tuple) else None
    if found is True:
        error = sys.exc_info()[1]
    if error is not None:
        event["exception"] = told(error)
    for name, value in event.items():
        event[name] = _without(value)
    return event


class Formatter(ProcessorFormatter):
    """Formats records of any library: an error in one, as its text or put into it, is told without its message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record, which stays as it is for others."""
        return super().format(without_values(record))


def without_values(record: logging.LogRecord) -> logging.LogRecord:
    """Return a record with each error in it replaced by what it is; no message's body, and no request."""
    copy = logging.makeLogRecord(record.__dict__)
    copy.msg = _without(record.msg)
    words = (one for one in OF_REQUESTS if record.name == SERVER and str(record.msg).startswith(one))
    in_worker = f"{record.name}.".startswith(f"{WORKER}.")
    if record.name.startswith(REFUSED):
        copy.msg, copy.args = record.name.removeprefix(REFUSED), ()
    elif said := next(words, None):
        copy.msg, copy.args = said, ()
    elif in_worker and isinstance(record.msg, str) and "body" in record.msg:
        copy.msg, copy.args = record.msg.partition("%")[0].strip(), ()
    elif isinstance(record.args, Mapping):
        copy.args = {name: _without(value, in_worker) for name, value in record.args.items()}
    else:
        copy.args = tuple(_without(value, in_worker) for value in record.args or ())
    return copy


def told(error: BaseException) -> str:
    """Return the traceback of an error and of those that it came from, the first of all first."""
    return "\n".join(_lines(error, set()))


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    chain: list[tuple[BaseException, bool]] = [(error, False)]
    seen.add(id(error))
    while (before := _before(chain[-1][0])) is not None and id(before[0]) not in seen:
        seen.add(id(before[0]))
        chain.append(before)
    for one, is_cause in reversed(chain):
        yield "Traceback (most recent call last):"
        yield "".join(traceback.format_tb(one.__traceback__)).rstrip("\n")
        yield named(one)
        if one is not error:
            yield BETWEEN[is_cause]
        for inner in one.exceptions if isinstance(one, BaseExceptionGroup) else ():
            if id(inner) not in seen:
                yield from _lines(inner, seen)


def _before(error: BaseException) -> tuple[BaseException, bool] | None:
    if error.__cause__ is not None:
        return error.__cause__, True
    if error.__context__ is not None and not error.__suppress_context__:
        return error.__context__, False
    return None


def named(error: BaseException) -> str:
    """Return an error's kind, and what the database says of it in codes and names of its own."""
    diag = getattr(error, "diag", None)
    codes = [getattr(diag, name, None) for name in ("sqlstate", "table_name", "column_name", "constraint_name")]
    said = " ".join(code for code in codes if code)
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    return f"{kind} ({said})" if said else kind


def _without(value: Any, plain_only: bool = False) -> Any:
    if isinstance(value, BaseException):
        return named(value)
    return type(value).__name__ if plain_only and not isinstance(value, PLAIN) else value
