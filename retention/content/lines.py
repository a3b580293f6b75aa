"""One line of content (JSON): read strictly, so that a wrong line is named by its number, field and reason."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, BinaryIO
from uuid import UUID

import orjson

LONGEST_LINE = 1024 * 1024
LONGEST_ID = 200
LONGEST_TITLE = 1000
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_SLUG = re.compile(r"[A-Za-z0-9_-]{1,60}")
_SPACE = re.compile(rb"[ \t\r\n]*")


class Kind(StrEnum):
    """What a line holds."""

    CONVERSATION = "conversation"
    MESSAGE = "message"
    CONTEXT_ITEM = "context_item"
    DIAGNOSTIC = "diagnostic"


ROLES = ("user", "assistant")
KINDS = [kind.value for kind in Kind]
COMMON = ("kind", "id", "at", "organization", "author")
OWN: dict[Kind, tuple[str, ...]] = {
    Kind.CONVERSATION: ("title",),
    Kind.MESSAGE: ("conversation", "role", "text"),
    Kind.CONTEXT_ITEM: ("name", "text"),
    Kind.DIAGNOSTIC: ("type", "payload"),
}


@dataclass(frozen=True, slots=True)
class ContentLine:
    """A line that is right in itself. ``number`` counts from 1; ``occurred_at`` is aware; ids are the product's own.

    ``author`` is the licensed user whose key seals the content; of an assistant's answer, the one it answers.
    """

    number: int
    kind: Kind
    external_id: str
    occurred_at: datetime
    organization: UUID | None = None
    author: str | None = None
    conversation: str | None = None
    role: str | None = None
    type: str | None = None
    title: str | None = None
    name: str | None = None
    text: str | None = None
    payload: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """Why a line was not stored: its number, the field at fault, a code, a sentence. Never its content."""

    number: int
    field: str
    code: str
    message: str


class _Fault(Exception):
    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.code = code
        self.message = message


def parse_line(raw: bytes, number: int) -> ContentLine | RejectedLine:
    """Return the line, or why it is rejected. The first fault is named."""
    try:
        return _parsed(raw, number)
    except _Fault as fault:
        return RejectedLine(number, fault.field, fault.code, fault.message)


def read_lines(source: BinaryIO, *, first: int = 1) -> Iterator[ContentLine | RejectedLine]:
    """Yield the lines of a file from where it stands, numbered from ``first``.

    Nothing is read ahead: after each line ``source.tell()`` is its end, so a reader can stop and go on there. A line
    over :data:`LONGEST_LINE` bytes is passed over in pieces and rejected. A byte order mark before line 1 is ignored.
    """
    number = first
    while raw := source.readline(LONGEST_LINE + 1):
        if len(raw) > LONGEST_LINE and not raw.endswith(b"\n"):
            while (more := source.readline(LONGEST_LINE)) and not more.endswith(b"\n"):
                pass
            yield RejectedLine(number, "line", "too_long", f"A line has at most {LONGEST_LINE} bytes.")
        else:
            yield parse_line(raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw, number)
        number += 1


def _parsed(raw: bytes, number: int) -> ContentLine:
    values = _object(raw)
    kind = _kind(values)
    allowed = (*COMMON, *OWN[kind])
    for name in values:
        if name not in allowed:
            shown = name if name.isidentifier() and len(name) <= 40 else "line"
            raise _Fault(shown, "unknown_field", f"A {kind.value} has the fields {', '.join(allowed)} only.")
    role = _word(values, "role", ROLES) if kind is Kind.MESSAGE else None
    author = _id(values, "author", required=role == "user")
    return ContentLine(
        number=number,
        kind=kind,
        external_id=_required_id(values, "id"),
        occurred_at=_instant(values),
        organization=_uuid(values, "organization"),
        author=author,
        conversation=_required_id(values, "conversation") if kind is Kind.MESSAGE else None,
        role=role,
        type=_slug(values, "type") if kind is Kind.DIAGNOSTIC else None,
        title=_text(values, "title", longest=LONGEST_TITLE) if kind is Kind.CONVERSATION else None,
        name=_text(values, "name", longest=LONGEST_TITLE) if kind is Kind.CONTEXT_ITEM else None,
        text=_text(values, "text") if kind in (Kind.MESSAGE, Kind.CONTEXT_ITEM) else None,
        payload=_payload(values) if kind is Kind.DIAGNOSTIC else None,
    )


def _object(raw: bytes) -> dict[str, Any]:
    if len(raw) > LONGEST_LINE + 1:
        raise _Fault("line", "too_long", f"A line has at most {LONGEST_LINE} bytes.")
    if _SPACE.fullmatch(raw):
        raise _Fault("line", "empty", "The line is empty.")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Fault("line", "not_utf8", f"Byte {error.start + 1} is not UTF-8.") from None
    try:
        values = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise _Fault("line", "not_json", "This is not a whole JSON object; was the line cut?") from None
    if not isinstance(values, dict):
        raise _Fault("line", "not_an_object", "A line is one JSON object.")
    return {name: value for name, value in values.items() if value is not None}


def _kind(values: dict[str, Any]) -> Kind:
    if "kind" not in values:
        raise _Fault("kind", "missing", "The line does not say its kind.")
    try:
        return Kind(values["kind"])
    except ValueError:
        raise _Fault("kind", "unknown", f"One of: {', '.join(kind.value for kind in Kind)}.") from None


def _string(values: dict[str, Any], name: str) -> str:
    if name not in values:
        raise _Fault(name, "missing", "This is missing.")
    value = values[name]
    if not isinstance(value, str):
        raise _Fault(name, "not_a_text", "This is not a text.")
    if "\x00" in value:
        raise _Fault(name, "nul", "A NUL character is not accepted.")
    return value


def _id(values: dict[str, Any], name: str, *, required: bool) -> str | None:
    if name not in values and not required:
        return None
    return _required_id(values, name)


def _required_id(values: dict[str, Any], name: str) -> str:
    value = _string(values, name)
    if not value.strip():
        raise _Fault(name, "blank", "This must not be empty.")
    if len(value) > LONGEST_ID:
        raise _Fault(name, "too_long", f"At most {LONGEST_ID} characters.")
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in value):
        raise _Fault(name, "control_character", "A control character is not accepted.")
    return value


def _instant(values: dict[str, Any]) -> datetime:
    text = _string(values, "at")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise _Fault("at", "not_an_instant", "Write an instant such as 2026-01-31T09:30:00+01:00.") from None
    if found.tzinfo is None:
        raise _Fault("at", "no_offset", "The instant has no offset from UTC.")
    try:
        found = found.astimezone(UTC)
    except OverflowError:
        raise _Fault("at", "out_of_range", "Between 1970 and 2200.") from None
    if not EARLIEST <= found < LATEST:
        raise _Fault("at", "out_of_range", "Between 1970 and 2200.")
    return found


def _uuid(values: dict[str, Any], name: str) -> UUID | None:
    if name not in values:
        return None
    text = _string(values, name)
    try:
        return UUID(text)
    except ValueError:
        raise _Fault(name, "not_a_uuid", "This is not a public id (UUID).") from None


def _word(values: dict[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = _string(values, name)
    if value not in allowed:
        raise _Fault(name, "unknown", f"One of: {', '.join(allowed)}.")
    return value


def _slug(values: dict[str, Any], name: str) -> str:
    value = _string(values, name)
    if not _SLUG.fullmatch(value):
        raise _Fault(name, "not_a_code", "Up to 60 letters, digits, hyphens and underscores.")
    return value


def _text(values: dict[str, Any], name: str, *, longest: int | None = None) -> str:
    value = _string(values, name)
    if not value:
        raise _Fault(name, "blank", "This must not be empty.")
    if longest is not None and len(value) > longest:
        raise _Fault(name, "too_long", f"At most {longest} characters.")
    return value


def _payload(values: dict[str, Any]) -> dict[str, Any]:
    if "payload" not in values:
        raise _Fault("payload", "missing", "This is missing.")
    value = values["payload"]
    if not isinstance(value, dict):
        raise _Fault("payload", "not_an_object", "This is not a JSON object.")
    return value
