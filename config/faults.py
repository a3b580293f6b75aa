"""What a log says of an error: its kind, where it happened, the database's codes; never its message.

Messages quote values: the server's "Key (email)=(…) already exists", a mail server's refused address, a text that is no
number. A log that holds them holds people, and nobody erases there.
"""

import sys
import traceback
from collections.abc import Iterator, MutableMapping
from typing import Any

BETWEEN = {
    True: "The above was the direct cause of:",
    False: "While it was handled, another happened:",
}


def without_messages(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the ``exc_info`` of an event by ``exception``: a traceback whose errors have no messages."""
    found = event.pop("exc_info", None)
    error = found if isinstance(found, BaseException) else found[1] if isinstance(found, tuple) else None
    if found is True:
        error = sys.exc_info()[1]
    if error is not None:
        event["exception"] = told(error)
    return event


def told(error: BaseException) -> str:
    """Return the traceback of an error and of those that it came from, the first of all first."""
    return "\n".join(_lines(error))


def _lines(error: BaseException) -> Iterator[str]:
    chain: list[tuple[BaseException, bool]] = [(error, False)]
    seen = {id(error)}
    while (before := _before(chain[-1][0])) is not None and id(before[0]) not in seen:
        seen.add(id(before[0]))
        chain.append(before)
    for one, is_cause in reversed(chain):
        yield "Traceback (most recent call last):"
        yield "".join(traceback.format_tb(one.__traceback__)).rstrip("\n")
        yield _named(one)
        if one is not error:
            yield BETWEEN[is_cause]
        for inner in one.exceptions if isinstance(one, BaseExceptionGroup) else ():
            yield from _lines(inner)


def _before(error: BaseException) -> tuple[BaseException, bool] | None:
    if error.__cause__ is not None:
        return error.__cause__, True
    if error.__context__ is not None and not error.__suppress_context__:
        return error.__context__, False
    return None


def _named(error: BaseException) -> str:
    """Return an error's kind, and what the database says of it in codes and names of its own."""
    diag = getattr(error, "diag", None)
    codes = [getattr(diag, name, None) for name in ("sqlstate", "table_name", "column_name", "constraint_name")]
    said = " ".join(code for code in codes if code)
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    return f"{kind} ({said})" if said else kind
