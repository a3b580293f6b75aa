"""What a package for auditors tells of an event, how it writes a cell, and which periods there are."""

import uuid
from datetime import UTC, date, datetime

import pytest

from retention.rules import audit_package as rules
from retention.rules import processing

SOMEBODY = str(uuid.UUID(int=7))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        pytest.param({"rows": {"messages": 12}, "days": 3}, {"rows": {"messages": 12}, "days": 3}, id="counts"),
        pytest.param({"ground": "client_instruction", "on": "2026-01-01"}, None, id="codes-and-dates"),
        pytest.param({"request": SOMEBODY, "export": None}, None, id="ids-of-affairs"),
        pytest.param({"user": SOMEBODY}, {"user": ""}, id="the-id-of-a-person"),
        pytest.param({"request": f"see {SOMEBODY}"}, {"request": ""}, id="an-id-within-a-text"),
        pytest.param({"subject": SOMEBODY.replace("-", "")}, {"subject": ""}, id="an-id-without-hyphens"),
        pytest.param({"subject": SOMEBODY.upper()}, {"subject": ""}, id="an-id-in-capitals"),
        pytest.param({"users": [SOMEBODY, SOMEBODY]}, {"users": 2}, id="people-are-counted"),
        pytest.param({"codes": ["a", "b"]}, None, id="a-list-of-codes"),
        pytest.param({"what": "ann@client.example"}, {"what": ""}, id="an-address"),
        pytest.param({"what": "Łucja"}, {"what": ""}, id="a-name-in-letters-of-its-own"),
        pytest.param({"what": "x" * 201}, {"what": ""}, id="a-long-text"),
        pytest.param({SOMEBODY: 1}, {}, id="an-id-as-a-name"),
        pytest.param({"a": [{"user": SOMEBODY, "n": 1}]}, {"a": [{"user": "", "n": 1}]}, id="deep"),
        pytest.param({"rate": 0.5}, {"rate": "0.5"}, id="a-fraction"),
    ],
)
def test_what_is_told_of_an_events_data(data, told):
    assert rules.told(data) == (data if told is None else told)


@pytest.mark.parametrize(
    ("by", "told"),
    [
        ("user:0b1d", "user:0b1d"),
        ("token:0b1d", "token:0b1d"),
        ("system", "system"),
        ("system:simulated", "system:simulated"),
        ("licensed_user:0b1d", "licensed_user"),
        ("subject:ann@client.example", "subject"),
        ("", ""),
    ],
)
def test_who_acted_is_told_by_an_opaque_id_or_by_the_kind(by, told):
    assert rules.actor(by) == told


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (True, "true"),
        (12, "12"),
        ("plain", "plain"),
        ("=1+1", "'=1+1"),
        ("+33 1", "'+33 1"),
        ("-", "'-"),
        ("@sum", "'@sum"),
        ("\t=1", "'\t=1"),
        ("a=1", "a=1"),
    ],
)
def test_no_cell_is_a_formula(value, cell):
    assert rules.cell(value) == cell


@pytest.mark.parametrize(
    ("begins_on", "ends_on", "faults"),
    [
        pytest.param(date(2026, 1, 1), date(2026, 1, 2), 0, id="a-day"),
        pytest.param(date(2026, 1, 1), date(2026, 1, 1), 1, id="no-day"),
        pytest.param(date(2026, 1, 2), date(2026, 1, 1), 1, id="backwards"),
        pytest.param(date.min, date.max, 0, id="all-days"),
    ],
)
def test_a_period_has_a_day_at_least(begins_on, ends_on, faults):
    span = rules.Span(begins_on, ends_on)
    assert len(span.faults()) == faults
    assert span.begins_at == datetime(begins_on.year, begins_on.month, begins_on.day, tzinfo=UTC)


@pytest.mark.parametrize(
    ("location", "outside"),
    [
        ("FR", False),
        ("Paris, FR", False),
        ("US", True),
        ("FR and US", True),
        ("us-east-1", None),
        ("AWS eu-west", None),
        ("", None),
        ("Zürich (CH)", True),
    ],
)
def test_whether_a_place_lies_outside_is_told_by_the_countries_that_it_names(location, outside):
    assert processing.outside(location, {"FR", "DE"}) is outside
