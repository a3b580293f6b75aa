"""Dated configuration: which line holds on a day, and on which days a value holds."""

from datetime import date

import pytest

from contracts.rules import dated
from contracts.rules.dated import Dated

SINCE, UNTIL = date(2025, 9, 12), date(2028, 1, 1)
FOR_GOOD = (Dated(date.min, False, ""), Dated(SINCE, True, "Article 29(4)"))
REPEALED = (*FOR_GOOD, Dated(UNTIL, False, "Omnibus"))


@pytest.mark.parametrize(
    ("lines", "days"),
    [
        pytest.param(FOR_GOOD, [(SINCE, date.max)], id="for-good"),
        pytest.param(REPEALED, [(SINCE, UNTIL)], id="repealed"),
        pytest.param(tuple(reversed(REPEALED)), [(SINCE, UNTIL)], id="in-any-order"),
        pytest.param((Dated(date.min, True, ""),), [(date.min, date.max)], id="since-ever"),
        pytest.param(FOR_GOOD[:1], [], id="never"),
    ],
)
def test_the_days_on_which_a_value_holds(lines, days):
    assert dated.days_of(lines, True) == days
    for first, over in days:
        assert dated.in_force(lines, on=first).value
        assert over == date.max or not dated.in_force(lines, on=over).value
