"""Lines of content: what is accepted, what is rejected and why, and that nothing is read ahead."""

import json
from io import BytesIO
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.content import lines
from retention.content.lines import ContentLine, RejectedLine, parse_line, read_lines

AT = "2026-02-01T10:00:00+01:00"
TALK = {"kind": "conversation", "id": "c1", "at": AT, "author": "ann", "title": "Leave"}
TURN = {"kind": "message", "id": "m1", "at": AT, "author": "ann", "conversation": "c1", "role": "user", "text": "Hi"}
ITEM = {"kind": "context_item", "id": "x1", "at": AT, "name": "team", "text": "three people"}
SIGN = {"kind": "diagnostic", "id": "d1", "at": AT, "author": "ann", "type": "tone", "payload": {"score": 3}}


def parsed(values, number=1):
    return parse_line(values if isinstance(values, bytes) else json.dumps(values).encode(), number)


def without(values, name):
    return {key: value for key, value in values.items() if key != name}


@pytest.mark.parametrize("values", [TALK, TURN, ITEM, SIGN], ids=lambda v: v["kind"])
def test_each_kind_is_read(values):
    line = parsed({**values, "organization": str(uuid4())}, 7)
    assert isinstance(line, ContentLine)
    assert (line.number, line.external_id, line.occurred_at.isoformat()) == (
        7,
        values["id"],
        "2026-02-01T09:00:00+00:00",
    )
    for name in lines.OWN[line.kind]:
        assert getattr(line, name) == values[name]


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        pytest.param(b"", "line", "empty", id="empty"),
        pytest.param(b" \r\n", "line", "empty", id="blank"),
        pytest.param(b'{"kind": "mess', "line", "not_json", id="truncated"),
        pytest.param(b"[1]", "line", "not_an_object", id="a-list"),
        pytest.param(b"12", "line", "not_an_object", id="a-number"),
        pytest.param(b'{"kind": "caf\xe9"}', "line", "not_utf8", id="latin-1"),
        pytest.param(b'{"a": NaN}', "line", "not_json", id="nan"),
        pytest.param(b'{"kind": "\\ud800"}', "line", "not_json", id="lone-surrogate"),
        pytest.param(b'{"a": "' + b"x" * lines.LONGEST_LINE + b'"}', "line", "too_long", id="too-long"),
        pytest.param({}, "kind", "missing", id="no-kind"),
        pytest.param({"kind": "poem"}, "kind", "unknown", id="unknown-kind"),
        pytest.param({"kind": ["message"]}, "kind", "unknown", id="kind-is-a-list"),
        pytest.param({**TURN, "mood": "x"}, "mood", "unknown_field", id="unknown-field"),
        pytest.param({**TURN, "<b>": "x"}, "line", "unknown_field", id="unknown-field-not-shown"),
        pytest.param({**TALK, "text": "x"}, "text", "unknown_field", id="field-of-another-kind"),
        pytest.param(without(TURN, "id"), "id", "missing", id="no-id"),
        pytest.param({**TURN, "id": " "}, "id", "blank", id="blank-id"),
        pytest.param({**TURN, "id": 3}, "id", "not_a_text", id="number-as-id"),
        pytest.param({**TURN, "id": "x" * 201}, "id", "too_long", id="long-id"),
        pytest.param({**TURN, "id": "a\nb"}, "id", "control_character", id="newline-in-id"),
        pytest.param({**TURN, "text": "a\x00b"}, "text", "nul", id="nul-in-text"),
        pytest.param({**TURN, "text": ""}, "text", "blank", id="empty-text"),
        pytest.param(without(TURN, "author"), "author", "missing", id="user-without-author"),
        pytest.param({**TURN, "role": "system"}, "role", "unknown", id="unknown-role"),
        pytest.param(without(TURN, "conversation"), "conversation", "missing", id="no-conversation"),
        pytest.param({**TURN, "at": "yesterday"}, "at", "not_an_instant", id="not-an-instant"),
        pytest.param({**TURN, "at": "2026-02-01T10:00:00"}, "at", "no_offset", id="no-offset"),
        pytest.param({**TURN, "at": "2026-02-30T10:00:00Z"}, "at", "not_an_instant", id="30-february"),
        pytest.param({**TURN, "at": "0001-01-01T00:00:00+14:00"}, "at", "out_of_range", id="before-time"),
        pytest.param({**TURN, "at": "2999-01-01T00:00:00Z"}, "at", "out_of_range", id="far-future"),
        pytest.param({**TURN, "organization": "acme"}, "organization", "not_a_uuid", id="organization-by-name"),
        pytest.param({**SIGN, "type": "très bien"}, "type", "not_a_code", id="type-with-blank"),
        pytest.param({**SIGN, "payload": [1]}, "payload", "not_an_object", id="payload-is-a-list"),
        pytest.param(without(SIGN, "payload"), "payload", "missing", id="no-payload"),
        pytest.param(without(ITEM, "text"), "text", "missing", id="item-without-text"),
        pytest.param({**TALK, "title": "x" * 1001}, "title", "too_long", id="long-title"),
    ],
)
def test_a_wrong_line_is_rejected_with_its_field_and_reason(values, field, code):
    found = parsed(values, 12)
    assert isinstance(found, RejectedLine), found
    assert (found.number, found.field, found.code) == (12, field, code)


def test_a_reason_never_shows_the_content():
    secret = "SECRET"
    for name, value in [("at", secret), ("organization", secret), ("role", secret), ("id", f"{secret}\n")]:
        assert secret not in str(parsed({**TURN, name: value}))


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(raw):
    assert isinstance(parsed(raw), RejectedLine)


@given(st.dictionaries(st.sampled_from(sorted({*TURN, *SIGN, *ITEM, *TALK, "organization"})), st.none() | st.text()))
def test_no_object_crashes_the_reader(values):
    parsed({"kind": "message", **values})


def test_nothing_is_read_ahead():
    raw = [json.dumps({**TURN, "id": f"m{n}"}).encode() + b"\n" for n in range(3)]
    source = BytesIO(b"".join(raw))
    found = read_lines(source)
    assert next(found).external_id == "m0" and source.tell() == len(raw[0])
    source.seek(len(raw[0]) + len(raw[1]))
    assert [line.external_id for line in read_lines(source, first=3)] == ["m2"]


def test_an_overlong_line_is_passed_over_and_the_next_is_read():
    whole = json.dumps(TURN).encode()
    for long in (b"x" * (lines.LONGEST_LINE + 1), b"x" * (3 * lines.LONGEST_LINE)):
        first, second = read_lines(BytesIO(long + b"\n" + whole))
        assert (first.code, second.external_id, second.number) == ("too_long", "m1", 2)


def test_a_byte_order_mark_and_windows_line_ends_are_no_fault():
    (found,) = read_lines(BytesIO(b"\xef\xbb\xbf" + json.dumps(TURN).encode() + b"\r\n"))
    assert isinstance(found, ContentLine)
