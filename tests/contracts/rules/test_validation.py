"""What is refused in a contract's terms and in a name, and what is only unusual."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from contracts.enums import NoticeUnit
from contracts.rules import validation
from contracts.rules.validation import Severity

day = date.fromisoformat
SOUND = {
    "starts_on": day("2026-01-01"),
    "time_zone": "Europe/Paris",
    "first_term_months": 12,
    "renewal_term_months": 12,
    "minimum_commitment_months": 0,
    "notice_length": 3,
    "notice_unit": NoticeUnit.MONTHS,
    "annual_fee": Decimal("12000.00"),
    "currency": "EUR",
}


def found_in(**changed):
    return [(problem.field, problem.code) for problem in validation.check_terms(**(SOUND | changed))]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({}, id="yearly"),
        pytest.param({"renewal_term_months": None}, id="indefinite-after-the-first-term"),
        pytest.param(
            {"first_term_months": 36, "minimum_commitment_months": 6}, id="36-months-then-yearly-no-exit-before-month-6"
        ),
        pytest.param({"notice_length": 12}, id="notice-as-long-as-the-term"),
        pytest.param({"notice_length": 365, "notice_unit": NoticeUnit.DAYS}, id="365-days-in-a-year"),
        pytest.param({"notice_length": 0}, id="no-notice-period"),
        pytest.param(
            {"renewal_term_months": 1, "notice_length": 30, "notice_unit": NoticeUnit.DAYS},
            id="thirty-days-and-then-monthly",
        ),
        pytest.param(
            {"renewal_term_months": 1, "notice_length": 4, "notice_unit": NoticeUnit.WEEKS},
            id="four-weeks-and-then-monthly",
        ),
        pytest.param({"annual_fee": "0"}, id="free-of-charge"),
        pytest.param({"currency": "JPY", "annual_fee": "1500000"}, id="yen"),
        pytest.param({"ends_on": day("2026-01-02")}, id="one-day"),
        pytest.param({"first_term_months": 6, "minimum_commitment_months": 6}, id="six-months-is-usual"),
        pytest.param({"time_zone": "Pacific/Kiritimati"}, id="far-zone"),
    ],
)
def test_sound_terms_have_no_problem(changed):
    assert found_in(**changed) == []


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        pytest.param({"time_zone": "Europe/Pariz"}, "time_zone", "unknown_time_zone", id="unknown-zone"),
        pytest.param({"ends_on": day("2025-12-31")}, "ends_on", "ends_before_it_starts", id="end-before-start"),
        pytest.param({"ends_on": day("2026-01-01")}, "ends_on", "ends_before_it_starts", id="no-day-at-all"),
        pytest.param({"starts_on": day("0026-01-01")}, "starts_on", "too_early", id="year-26"),
        pytest.param({"starts_on": day("9999-12-31")}, "starts_on", "out_of_calendar", id="year-9999"),
        pytest.param({"first_term_months": 0}, "first_term_months", "too_short", id="first-term-of-no-month"),
        pytest.param({"first_term_months": 1201}, "first_term_months", "too_long", id="first-term-over-a-century"),
        pytest.param({"renewal_term_months": 0}, "renewal_term_months", "too_short", id="renewal-of-no-month"),
        pytest.param(
            {"minimum_commitment_months": -1}, "minimum_commitment_months", "too_short", id="negative-commitment"
        ),
        pytest.param({"notice_length": -1}, "notice_length", "negative", id="negative-notice"),
        pytest.param({"notice_length": 13}, "notice_length", "longer_than_term", id="notice-longer-than-the-term"),
        pytest.param(
            {"notice_length": 366, "notice_unit": NoticeUnit.DAYS},
            "notice_length",
            "longer_than_term",
            id="366-days-in-a-year-of-365",
        ),
        pytest.param(
            {"notice_length": 53, "notice_unit": NoticeUnit.WEEKS},
            "notice_length",
            "longer_than_term",
            id="53-weeks",
        ),
        pytest.param(
            {"renewal_term_months": 1},
            "notice_length",
            "longer_than_term",
            id="notice-longer-than-the-renewal-term",
        ),
        pytest.param(
            {"renewal_term_months": 1, "notice_length": 32, "notice_unit": NoticeUnit.DAYS},
            "notice_length",
            "longer_than_term",
            id="32-days-and-then-monthly",
        ),
        pytest.param({"annual_fee": "10.005"}, "annual_fee", "too_many_decimals", id="three-decimals"),
        pytest.param({"annual_fee": "-1"}, "annual_fee", "negative", id="negative-fee"),
        pytest.param({"annual_fee": "a lot"}, "annual_fee", "not_a_number", id="no-number"),
        pytest.param({"currency": "EURO"}, "currency", "unknown_currency", id="unknown-currency"),
    ],
)
def test_bad_terms_are_refused_by_field(changed, field, code):
    problems = validation.check_terms(**(SOUND | changed))
    assert [(problem.field, problem.code) for problem in problems if problem.refuses] == [(field, code)]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param(
            {"first_term_months": 5, "notice_length": 1},
            [("first_term_months", "unusually_short")],
            id="first-term-under-six-months",
        ),
        pytest.param(
            {"minimum_commitment_months": 5},
            [("minimum_commitment_months", "unusually_short")],
            id="commitment-under-six-months",
        ),
        pytest.param(
            {"minimum_commitment_months": 13},
            [("minimum_commitment_months", "outlasts_first_term")],
            id="commitment-longer-than-the-first-term",
        ),
    ],
)
def test_the_unusual_is_a_warning_and_never_a_refusal(changed, expected):
    problems = validation.check_terms(**(SOUND | changed))
    assert [(problem.field, problem.code) for problem in problems] == expected
    assert {problem.severity for problem in problems} == {Severity.WARNING}
    assert not any(problem.refuses for problem in problems)


def test_every_problem_is_told_at_once():
    found = found_in(time_zone="", first_term_months=0, annual_fee="1.234", notice_length=-1)
    assert found == [
        ("time_zone", "unknown_time_zone"),
        ("first_term_months", "too_short"),
        ("annual_fee", "too_many_decimals"),
        ("notice_length", "negative"),
    ]


def test_an_end_before_the_start_names_the_last_day_as_it_was_written():
    (problem,) = validation.check_terms(**(SOUND | {"ends_on": day("2025-12-01") + timedelta(days=1)}))
    assert problem.params == {"starts_on": day("2026-01-01"), "last_day": day("2025-12-01")}
