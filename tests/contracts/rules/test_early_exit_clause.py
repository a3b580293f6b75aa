"""What is refused in the clause of an early-exit fee, and what is only unusual."""

from datetime import date
from decimal import Decimal

import pytest

from contracts.rules import validation

CONCLUDED = date(2026, 1, 10)


def found_in(rate=None, cap=None, disclosed_on=CONCLUDED, currency="EUR"):
    problems = validation.check_early_exit(
        rate=None if rate is None else Decimal(rate),
        cap=None if cap is None else Decimal(cap),
        currency=currency,
        concluded_on=CONCLUDED,
        disclosed_on=disclosed_on,
    )
    return [(problem.field, problem.code, problem.refuses) for problem in problems]


@pytest.mark.parametrize(
    ("clause", "found"),
    [
        pytest.param({}, [], id="no-right-to-leave-early"),
        pytest.param({"rate": "0.5", "cap": "5000.00"}, [], id="half-with-a-cap"),
        pytest.param({"rate": "0", "disclosed_on": None}, [], id="free-of-charge-needs-no-disclosure"),
        pytest.param({"rate": "1"}, [], id="all-that-remains"),
        pytest.param({"rate": "1.0001"}, [("early_exit_rate", "no_share", True)], id="over-100-per-cent"),
        pytest.param({"rate": "-0.1"}, [("early_exit_rate", "no_share", True)], id="below-zero"),
        pytest.param({"rate": "NaN"}, [("early_exit_rate", "no_share", True)], id="no-number"),
        pytest.param({"rate": "0.12345"}, [("early_exit_rate", "too_many_decimals", True)], id="five-decimals"),
        pytest.param({"cap": "100"}, [("early_exit_cap", "without_rate", True)], id="cap-without-a-fee"),
        pytest.param({"rate": "0.5", "cap": "-1"}, [("early_exit_cap", "negative", True)], id="cap-below-zero"),
        pytest.param(
            {"rate": "0.5", "cap": "1.5", "currency": "JPY"},
            [("early_exit_cap", "too_many_decimals", True)],
            id="half-a-yen",
        ),
        pytest.param(
            {"rate": "0.5", "disclosed_on": None},
            [("early_exit_disclosed_on", "not_disclosed_before", False)],
            id="not-disclosed",
        ),
        pytest.param(
            {"rate": "0.5", "disclosed_on": date(2026, 1, 11)},
            [("early_exit_disclosed_on", "not_disclosed_before", False)],
            id="disclosed-too-late",
        ),
    ],
)
def test_the_clause_of_an_early_exit_fee(clause, found):
    assert found_in(**clause) == found
