"""The rules as the calculator answers them: the fields of the table, from inputs as people write them."""

import pytest

from contracts import explain
from contracts.calculator import RULES, compute
from contracts.rules.errors import InvalidInput
from tests.contracts.calculator_faces import asked

LEAVING = "early-termination term_start=2026-01-01 term_end=2026-12-31"
REQUEST = "gdpr-response received_on=2026-11-24 country=FR"
AVAILABILITY = "availability month=2026-06 zone=Europe/Paris target=99.9 planned_in_denominator=true"


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        pytest.param(
            "last-notice-day term_end=2003-06-30 notice=6m law=FR",
            {"nominal": "2002-12-30", "legal": "2002-12-31", "internal": "2002-12-30"},
            id="notice-greatest-day",
        ),
        pytest.param(
            "last-notice-day term_end=2026-12-31 notice=30d law=DE",
            {"nominal": "2026-12-01", "legal": "2026-12-01", "internal": "2026-12-01"},
            id="notice-in-days",
        ),
        pytest.param(
            "last-notice-day term_end=2027-01-31 notice=3m law=PL",
            {"nominal": "2026-10-31", "legal": "2026-10-31", "internal": "2026-10-30"},
            id="notice-under-polish-law-does-not-move",
        ),
        pytest.param(
            "last-notice-day term_end=2027-12-31 notice=1y law=FR country=PL",
            {"nominal": "2026-12-31", "legal": "2026-12-31", "internal": "2026-12-31"},
            id="notice-of-a-year",
        ),
        pytest.param(
            "last-notice-day term_end=2026-11-15 notice=6w law=DE end_of=month",
            {"nominal": "2026-09-19", "legal": "2026-09-19", "internal": "2026-09-18"},
            id="notice-to-the-end-of-a-month",
        ),
        pytest.param(
            "term anchor=2024-02-29 first=1y renewal=12m number=2",
            {"starts_on": "2025-02-28", "last_day": "2026-02-27", "indefinite": False},
            id="term-clamped",
        ),
        pytest.param(
            "term anchor=2026-01-01 first=36m number=2",
            {"starts_on": "2029-01-01", "last_day": None, "indefinite": True},
            id="term-indefinite",
        ),
        pytest.param(
            "switching notice_on=2026-12-01 notice=2m country=FR completed_on=2027-02-10 term_end=2026-12-31",
            {
                "notice_end": "2027-02-01",
                "transition_end": "2027-03-03",
                "retrieval_end": "2027-04-02",
                "erase_from": "2027-04-03",
                "contract_ends": "2027-02-10",
                "unfeasible_limit": "2026-12-21",
            },
            id="switching-completed-early",
        ),
        pytest.param(
            "switching notice_on=2026-12-01 notice=2m country=FR erase_only=true",
            {
                "notice_end": "2027-02-01",
                "transition_end": None,
                "retrieval_end": None,
                "erase_from": "2027-02-02",
                "contract_ends": "2027-02-01",
                "unfeasible_limit": None,
            },
            id="switching-only-erasure",
        ),
        pytest.param(
            "switching notice_on=2026-12-01 notice=2m country=FR unfeasible_told_on=2026-12-04 transition=7m "
            "extend_to=2027-12-31 erase_only=false",
            {
                "notice_end": "2027-02-01",
                "transition_end": "2027-12-31",
                "retrieval_end": "2028-01-31",
                "erase_from": "2028-02-01",
                "contract_ends": "2027-12-31",
                "unfeasible_limit": "2026-12-21",
            },
            id="switching-unfeasible-and-extended",
        ),
        pytest.param(
            "gdpr-response received_on=2026-11-24 country=PL",
            {"nominal": "2026-12-24", "legal": "2026-12-28", "internal": "2026-12-23"},
            id="gdpr-poland",
        ),
        pytest.param(
            "gdpr-response received_on=2026-11-24 country=FR paused=2026-12-03..2026-12-10,2026-12-28..2026-12-29 "
            "extension_told_on=2026-12-01",
            {"nominal": "2027-03-04", "legal": "2027-03-04", "internal": "2027-03-04"},
            id="gdpr-extended-and-paused-twice",
        ),
        pytest.param(
            "breach aware_at=2026-10-23T18:00 zone=Europe/Paris hours=72",
            {"due": "2026-10-26T17:00:00+01:00"},
            id="breach-over-a-clock-change",
        ),
        pytest.param(
            "early-termination term_start=2026-01-01 term_end=2026-12-31 fee=12000 exit_on=2026-06-30 rate=0.5",
            {"remaining_days": 184, "remaining": "6049.32", "penalty": "3024.66"},
            id="early-termination",
        ),
        pytest.param(
            "early-termination term_start=2026-01-01 term_end=2026-12-31 fee=12000 exit_on=2026-06-30 rate=50% "
            "cap=3000",
            {"remaining_days": 184, "remaining": "6049.32", "penalty": "3000.00"},
            id="early-termination-capped",
        ),
        pytest.param(
            "early-termination term_start=2026-01-01 term_end=2026-12-31 fee=1200000 exit_on=2026-06-30 rate=1 "
            "currency=JPY",
            {"remaining_days": 184, "remaining": "604932", "penalty": "604932"},
            id="early-termination-without-decimals",
        ),
        pytest.param(
            "indexation price=10000 s0=242.60 s1=245.60",
            {"price": "10123.66", "factor": "1.0123660346", "flagged": False},
            id="indexation",
        ),
        pytest.param(
            "indexation price=10000 s0=242.60 s1=245.60 a=0.2 floor=1 cap=1.005 link=1.001",
            {"price": "10050.00", "factor": "1.005", "flagged": False},
            id="indexation-capped",
        ),
        pytest.param(
            "indexation price=10000.5 s0=242.60",
            {"price": "10000.50", "factor": "1", "flagged": True},
            id="indexation-flagged",
        ),
        pytest.param(
            f"{AVAILABILITY} incidents=2026-06-01T10:00/2026-06-01T10:44 tiers=99.9:0,99.0:10,0:25",
            {
                "total_minutes": 43200,
                "down_minutes": 44,
                "availability": "99.898",
                "met": False,
                "credit_percent": "10",
            },
            id="availability-44-minutes-fail",
        ),
        pytest.param(
            f"{AVAILABILITY} incidents=2026-06-01T10:00/2026-06-01T10:43:30,2026-06-01T10:30/2026-06-01T10:40",
            {
                "total_minutes": 43200,
                "down_minutes": "43.5",
                "availability": "99.899",
                "met": False,
                "credit_percent": "0",
            },
            id="availability-with-seconds",
        ),
        pytest.param(
            f"{AVAILABILITY.replace('true', 'false')} incidents= planned=2026-06-02T00:00/2026-06-02T02:00",
            {"total_minutes": 43080, "down_minutes": 0, "availability": "100.000", "met": True, "credit_percent": "0"},
            id="availability-without-incidents",
        ),
        pytest.param(
            "chatel term_end=2026-12-31 notice=3m",
            {"window_opens": "2026-06-30", "window_closes": "2026-08-30"},
            id="chatel",
        ),
    ],
)
def test_a_rule_answers(line, fields):
    rule, inputs = asked(line)
    found = explain.told(compute(rule, inputs).to_json())
    explanation = found.pop("explanation")
    assert found == fields
    assert tuple(found) == RULES[rule].outputs
    assert explanation[0]["code"] == "rule_applied" and explanation[-1]["code"] == "source"
    assert all(step["code"] in explain.STEPS and "%(" not in step["text"] for step in explanation)


def test_every_rule_is_answered_above():
    above = test_a_rule_answers.pytestmark[0].args[1]
    assert {case.values[0].split()[0] for case in above} == RULES.keys()


@pytest.mark.parametrize(
    ("line", "field", "code"),
    [
        ("switching notice_on=2026-12-01 notice=3m country=FR", "notice", "over_two_months"),
        ("switching notice_on=2026-12-01 notice=2m country=FR transition=3m", "unfeasible_told_on", "missing"),
        ("switching notice_on=2026-12-01 notice=2m country=FR unfeasible_told_on=2026-12-02", "transition", "missing"),
        (
            "switching notice_on=2026-12-01 notice=2m country=FR unfeasible_told_on=2026-12-02 transition=8m",
            "transition",
            "over_seven_months",
        ),
        ("term anchor=2026-01-01 first=0m number=1", "first", "under_one"),
        ("term anchor=2026-01-01 first=1y renewal=0y number=1", "renewal", "under_one"),
        ("term anchor=2026-01-01 first=1y number=0", "number", "under_one"),
        ("term anchor=2026-01-01 first=1y number=3", "number", "after_indefinite"),
        ("term anchor=9998-06-01 first=1y renewal=1y number=2", "number", "out_of_calendar"),
        ("last-notice-day term_end=2026-12-31 notice=999999m law=FR", "notice", "out_of_calendar"),
        ("chatel term_end=0002-02-01 notice=1m", "notice", "out_of_calendar"),
        (
            f"{REQUEST} paused=2026-12-10..2026-12-03",
            "paused",
            "ends_before_it_starts",
        ),
        (
            f"{REQUEST} extension_told_on=2026-11-01",
            "extension_told_on",
            "before_receipt",
        ),
        ("breach aware_at=2026-03-29T02:30 zone=Europe/Paris hours=1", "aware_at", "nonexistent_local_time"),
        ("breach aware_at=2026-03-28T02:30 zone=Europe/Paris hours=-1", "hours", "negative"),
        (
            f"{LEAVING} fee=1.234 exit_on=2026-06-30 rate=0",
            "fee",
            "too_many_decimals",
        ),
        (
            f"{LEAVING} fee=1 exit_on=2026-06-30 rate=0 cap=1.234",
            "cap",
            "too_many_decimals",
        ),
        (
            f"{LEAVING} fee=1 exit_on=2027-01-01 rate=0",
            "exit_on",
            "outside_term",
        ),
        (
            "early-termination term_start=2026-01-01 term_end=2025-12-30 fee=1 exit_on=2026-01-01 rate=0",
            "term_end",
            "ends_before_it_starts",
        ),
        (
            f"{LEAVING} fee=1 exit_on=2026-06-30 rate=1.01",
            "rate",
            "over_100_percent",
        ),
        ("indexation price=1 s0=0 s1=1", "s0", "not_positive"),
        ("indexation price=1 s0=1 s1=1 a=2", "a", "not_a_share"),
        (f"{AVAILABILITY} incidents=2026-06-01T10:00/2026-06-01T10:00", "incidents", "ends_before_it_starts"),
        (f"{AVAILABILITY} incidents= planned=2026-06-01T10:00/2026-06-01T09:00", "planned", "ends_before_it_starts"),
        (f"{AVAILABILITY} incidents= tiers=99.9:0,0:25,0:30", "tiers", "tiers_overlap"),
        (f"{AVAILABILITY} incidents= planned=2026-03-29T02:30/2026-03-29T04:00", "planned", "nonexistent_local_time"),
    ],
    ids=lambda value: None if " " in value else value,
)
def test_what_a_rule_refuses_names_the_input(line, field, code):
    rule, inputs = asked(line)
    with pytest.raises(InvalidInput) as refused:
        compute(rule, inputs)
    assert (refused.value.field, refused.value.code) == (field, code)
