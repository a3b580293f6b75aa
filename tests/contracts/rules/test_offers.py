"""Renewal offers: which state may follow which, the old and the new side by side, and the last day to accept."""

from datetime import date
from decimal import Decimal

import pytest

from contracts.enums import OfferState
from contracts.rules import offers
from contracts.rules.errors import InvalidInput

day = date.fromisoformat
D, S, A, E, W, V = OfferState
MAY = {(D, S), (D, W), (D, E), (S, A), (S, W), (S, E), (A, V)}


@pytest.mark.parametrize("state", OfferState)
@pytest.mark.parametrize("following", OfferState)
def test_every_transition(state, following):
    assert offers.may_become(state, following) == ((state, following) in MAY)


NOW = {"annual_fee": Decimal("12000.00"), "seats": None, "renewal_term_months": 12, "mid_term_exit": False}


@pytest.mark.parametrize(
    ("proposed", "changed", "difference", "percent"),
    [
        pytest.param({}, [], "0.00", "0.00", id="nothing"),
        pytest.param({"annual_fee": Decimal("12600.00")}, ["annual_fee"], "600.00", "5.00", id="dearer"),
        pytest.param({"annual_fee": Decimal("11000.00")}, ["annual_fee"], "-1000.00", "-8.33", id="cheaper"),
        pytest.param({"annual_fee": "12000"}, [], "0", "0.00", id="the-same-fee-written-otherwise"),
        pytest.param({"seats": 40, "mid_term_exit": True}, ["seats", "mid_term_exit"], "0.00", "0.00", id="no-fee"),
        pytest.param({"seats": None}, [], "0.00", "0.00", id="offered-as-it-is"),
    ],
)
def test_the_old_and_the_new_stand_side_by_side(proposed, changed, difference, percent):
    found = offers.compare(NOW, proposed)
    assert [row.field for row in found.rows] == list(NOW)
    assert [row.field for row in found.changes] == changed
    assert (found.fee_difference, found.percent) == (Decimal(difference), Decimal(percent))
    assert (found.rows[0].old, found.rows[2].old) == ("12000.00", 12)


def test_half_a_hundredth_of_a_per_cent_is_rounded_up():
    found = offers.compare({"annual_fee": Decimal("20000.00")}, {"annual_fee": Decimal("20001.00")})
    assert found.percent == Decimal("0.01")


def test_from_nothing_there_is_no_per_cent():
    assert offers.compare({"annual_fee": Decimal(0)}, {"annual_fee": Decimal(5)}).percent is None


@pytest.mark.parametrize(("current", "proposed"), [(NOW, {"colour": "red"}), ({"seats": 1}, {})])
def test_what_is_no_clause_is_refused(current, proposed):
    with pytest.raises(InvalidInput):
        offers.compare(current, proposed)


@pytest.mark.parametrize(
    ("until", "stayed", "code"),
    [
        pytest.param("2026-12-31", None, None, id="the-day-before-the-term"),
        pytest.param("2027-01-01", None, "after_the_start", id="the-terms-first-day"),
        pytest.param("2026-06-15", None, None, id="today"),
        pytest.param("2026-06-14", None, "in_the_past", id="yesterday"),
        pytest.param("2027-01-20", "2027-01-20", None, id="within-a-stay"),
        pytest.param("2027-01-21", "2027-01-20", "after_the_start", id="a-day-after-the-stay"),
        pytest.param("2026-12-31", "2026-11-01", None, id="a-stay-that-ends-before-the-term"),
    ],
)
def test_an_offer_is_valid_before_its_term_begins(until, stayed, code):
    values = {"today": day("2026-06-15"), "starts_on": day("2027-01-01"), "stayed_until": stayed and day(stayed)}
    if code is None:
        offers.check_validity(day(until), **values)
        return
    with pytest.raises(InvalidInput) as raised:
        offers.check_validity(day(until), **values)
    assert raised.value.code == code
