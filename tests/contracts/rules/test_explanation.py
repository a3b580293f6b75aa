"""An explanation survives JSON both ways, and holds nothing that would not."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from contracts.enums import NoticeUnit
from contracts.rules.explanation import Explanation, Step


def explanation(value):
    return Explanation("rule", 3, {"value": value}, (Step("step", {"value": value}), Step("plain")), "BGB § 188")


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        pytest.param(date(2026, 2, 28), "2026-02-28", id="day"),
        pytest.param(datetime(2026, 2, 28, 23, tzinfo=UTC), "2026-02-28T23:00:00+00:00", id="instant"),
        pytest.param(Decimal("12.50"), "12.50", id="amount"),
        pytest.param(NoticeUnit.WEEKS, "weeks", id="word"),
        pytest.param(None, None, id="nothing"),
        pytest.param(True, True, id="truth"),
        pytest.param(7, 7, id="number"),
        pytest.param((date(2026, 1, 1), {"on": date(2026, 1, 2)}), ["2026-01-01", {"on": "2026-01-02"}], id="nested"),
    ],
)
def test_an_explanation_survives_json(value, kept):
    why = explanation(value)
    assert why.inputs == {"value": kept}
    text = json.dumps(why.to_json())
    assert Explanation.from_json(json.loads(text)) == why
    assert type(why.inputs["value"]) is type(kept)


def test_the_shape_that_is_stored():
    assert explanation(1).to_json() == {
        "rule": "rule",
        "version": 3,
        "inputs": {"value": 1},
        "steps": [{"code": "step", "params": {"value": 1}}, {"code": "plain", "params": {}}],
        "source": "BGB § 188",
        "other_reading": None,
    }


def test_another_reading_is_kept_and_one_stored_before_there_was_any_has_none():
    why = replace(explanation(1), other_reading=date(2026, 2, 28))
    assert why.to_json()["other_reading"] == "2026-02-28"
    assert Explanation.from_json(json.loads(json.dumps(why.to_json()))) == why
    stored = explanation(1).to_json()
    del stored["other_reading"]
    assert Explanation.from_json(stored) == explanation(1)


@pytest.mark.parametrize(
    "value",
    [1.5, {1, 2}, datetime.fromisoformat("2026-01-01T12:00")],
    ids=["float", "set", "naive-instant"],
)
def test_what_json_would_not_give_back_is_refused(value):
    with pytest.raises(TypeError):
        explanation(value)


@pytest.mark.parametrize("part", ["rule", "version", "inputs", "steps", "source"])
def test_a_part_that_is_missing_is_noticed(part):
    stored = explanation(1).to_json()
    del stored[part]
    with pytest.raises(KeyError):
        Explanation.from_json(stored)
