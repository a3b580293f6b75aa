"""A price follows its index between a floor and a cap, and stays, flagged, where the index is not known."""

from datetime import date
from decimal import Decimal

import pytest

from contracts.rules import indexation
from contracts.rules.errors import InvalidInput
from contracts.rules.indexation import IndexValue
from contracts.rules.money import Money


def revise(price="10000", s0="242.60", s1="245.60", currency="EUR", **more):
    values = {name: Decimal(value) for name, value in more.items()}
    return indexation.revise(
        Money(Decimal(price), currency), s0=Decimal(s0), s1=None if s1 is None else Decimal(s1), **values
    )


@pytest.mark.parametrize(
    ("asked", "price", "factor"),
    [
        pytest.param({}, "10123.66", "1.0123660346", id="follows-the-index"),
        pytest.param({"fixed_share": "0.2"}, "10098.93", "1.0098928277", id="a-fifth-does-not-follow"),
        pytest.param({"fixed_share": "1"}, "10000.00", "1", id="nothing-follows"),
        pytest.param({"s1": "242.60"}, "10000.00", "1", id="unchanged-index"),
        pytest.param({"s1": "230"}, "9480.63", "0.9480626546", id="falling-index"),
        pytest.param({"s1": "230", "floor": "1"}, "10000.00", "1", id="never-below-the-floor"),
        pytest.param({"s1": "260", "cap": "1.03"}, "10300.00", "1.03", id="never-above-the-cap"),
        pytest.param({"floor": "1", "cap": "1.03"}, "10123.66", "1.0123660346", id="between-floor-and-cap"),
        pytest.param({"floor": "1.02", "cap": "1.02"}, "10200.00", "1.02", id="floor-and-cap-agree"),
        pytest.param({"s1": "102.4", "link": "2.4"}, "10130.26", "1.0130255565", id="new-series-linked-to-the-old"),
        pytest.param({"price": "0.50", "s0": "100", "s1": "101"}, "0.51", "1.01", id="half-a-cent-up"),
        pytest.param({"price": "1000", "currency": "JPY"}, "1012", "1.0123660346", id="yen"),
    ],
)
def test_the_price_follows_the_formula(asked, price, factor):
    found = revise(**asked)
    assert (str(found.price.amount), str(found.factor), found.flagged) == (price, factor, False)


@pytest.mark.parametrize("bounds", [{}, {"floor": "1.05"}, {"cap": "0.9"}], ids=["plain", "floor", "cap"])
def test_a_missing_index_keeps_the_price_and_says_so(bounds):
    found = revise(s1=None, **bounds)
    assert (str(found.price), str(found.factor), found.flagged) == ("10000.00 EUR", "1", True)
    assert [step.code for step in found.explanation.steps] == ["index_missing"]


@pytest.mark.parametrize(
    ("asked", "field", "code"),
    [
        pytest.param({"s0": "0"}, "s0", "not_positive", id="index-of-nothing"),
        pytest.param({"s1": "-1"}, "s1", "not_positive", id="negative-index"),
        pytest.param({"s1": "NaN"}, "s1", "not_positive", id="index-not-a-number"),
        pytest.param({"link": "0"}, "link", "not_positive", id="link-of-nothing"),
        pytest.param({"fixed_share": "1.1"}, "a", "not_a_share", id="share-over-one"),
        pytest.param({"fixed_share": "-0.1"}, "a", "not_a_share", id="share-under-nothing"),
        pytest.param({"fixed_share": "NaN"}, "a", "not_a_share", id="share-not-a-number"),
        pytest.param({"floor": "-1"}, "floor", "negative", id="negative-floor"),
        pytest.param({"cap": "Infinity"}, "cap", "negative", id="endless-cap"),
        pytest.param({"floor": "1.1", "cap": "1.0"}, "floor", "floor_above_cap", id="floor-above-cap"),
        pytest.param({"price": "-1"}, "price", "negative", id="negative-price"),
    ],
)
def test_what_has_no_answer_is_refused(asked, field, code):
    with pytest.raises(InvalidInput) as refused:
        revise(**asked)
    assert (refused.value.field, refused.value.code) == (field, code)


def test_each_step_of_the_way_is_told():
    found = revise(s1="110", link="2.4", cap="1.03")
    assert [step.code for step in found.explanation.steps] == [
        "index_linked",
        "index_factor",
        "factor_lowered_to_cap",
        "price_indexed",
    ]


def value(month, published_on, number="1"):
    return IndexValue(date.fromisoformat(month), Decimal(number), date.fromisoformat(published_on))


SERIES = [value("2026-01-01", "2026-02-15"), value("2026-02-01", "2026-03-15"), value("2026-03-01", "2026-04-15")]


@pytest.mark.parametrize(
    ("on", "month"),
    [
        pytest.param("2026-02-14", None, id="nothing-published-yet"),
        pytest.param("2026-02-15", "2026-01-01", id="on-its-day"),
        pytest.param("2026-04-14", "2026-02-01", id="the-day-before-the-next"),
        pytest.param("2030-01-01", "2026-03-01", id="the-last"),
    ],
)
def test_the_last_published_value_counts(on, month):
    found = indexation.last_published(reversed(SERIES), on=date.fromisoformat(on))
    assert (found and found.month.isoformat()) == month


def test_a_corrected_value_replaces_the_first_one_once_it_is_published():
    corrected = value("2026-03-01", "2026-05-15", "2")
    assert indexation.last_published([corrected, *SERIES], on=date(2026, 5, 14)).value == 1
    assert indexation.last_published([corrected, *SERIES], on=date(2026, 5, 15)).value == 2
