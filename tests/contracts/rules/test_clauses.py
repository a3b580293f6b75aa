"""The form of each clause's value: what is taken, and what is not."""

import pytest

from contracts.enums import ClauseCode
from contracts.rules import clauses
from contracts.rules.errors import InvalidInput

LEVELS = {"target": "99.9", "credits": True, "zone": "Europe/Paris"}
RIGHT = [
    ("exportable_data", ["messages", "conversations"]),
    ("exempt_data", []),
    ("transition_days", 0),
    ("breach_hours", 24),
    ("jurisdiction_page", "https://vendor.example/law"),
    ("format_register", "http://vendor.example/formats?x=1"),
    ("switching_charges", "at_cost"),
    ("erasure_guarantee", True),
    ("training_allowed", False),
    ("service_levels", LEVELS),
    ("hosting", {"location": "FR", "provider": "OVH & Cie"}),
]
WRONG = [
    ("exportable_data", "messages"),
    ("exportable_data", ["messages", "messages"]),
    ("exportable_data", ["Messages"]),
    ("exportable_data", [3]),
    ("exempt_data", {"messages": True}),
    ("exempt_data", [f"c{n}" for n in range(201)]),
    ("transition_days", True),
    ("transition_days", 30.0),
    ("transition_days", -1),
    ("breach_hours", 0),
    ("breach_hours", "24"),
    ("jurisdiction_page", "vendor.example"),
    ("jurisdiction_page", "javascript:alert(1)"),
    ("format_register", "https://vendor.example/<b>"),
    ("international_access", None),
    ("switching_charges", "a lot"),
    ("switching_charges", ["none"]),
    ("erasure_guarantee", "yes"),
    ("incident_handling", 1),
    ("client_separation", None),
    ("service_levels", {**LEVELS, "target": 99.9}),
    ("service_levels", {**LEVELS, "target": "100.1"}),
    ("service_levels", {**LEVELS, "target": "NaN"}),
    ("service_levels", {**LEVELS, "target": "all"}),
    ("service_levels", {**LEVELS, "zone": "Mars/Olympus"}),
    ("service_levels", {**LEVELS, "zone": 1}),
    ("service_levels", {**LEVELS, "credits": "yes"}),
    ("service_levels", {**LEVELS, "more": 1}),
    ("service_levels", []),
    ("hosting", "FR"),
    ("hosting", {"location": "France", "provider": "x"}),
    ("hosting", {"location": "FR", "provider": ""}),
    ("hosting", {"location": "FR", "provider": "<b>"}),
    ("hosting", {"location": 33, "provider": "x"}),
    ("hosting", {"location": "FR"}),
]


@pytest.mark.parametrize(("code", "value"), RIGHT)
def test_a_value_in_the_clauses_form_is_taken(code, value):
    clauses.check(ClauseCode(code), value, evidenced=False)


@pytest.mark.parametrize(("code", "value"), WRONG)
def test_another_form_is_refused(code, value):
    with pytest.raises(InvalidInput) as raised:
        clauses.check(ClauseCode(code), value, evidenced=True)
    assert (raised.value.field, raised.value.code) == ("value", "wrong_form")


def test_every_clause_has_a_form():
    assert set(clauses._FORMS) == set(ClauseCode)


def test_training_needs_a_signed_authorisation():
    with pytest.raises(InvalidInput) as raised:
        clauses.check(ClauseCode.TRAINING_ALLOWED, True, evidenced=False)
    assert raised.value.field == "evidence"
    clauses.check(ClauseCode.TRAINING_ALLOWED, True, evidenced=True)
