"""Terms whose length an amendment changed: what was fixed before stays, what follows counts on from the anchor."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.rules import terms
from contracts.rules.days import add_months
from contracts.rules.errors import InvalidInput
from tests.contracts.rules.clauses import notices

day = date.fromisoformat
ONE = timedelta(days=1)
TWICE_AMENDED = {"anchor": day("2024-02-29"), "first": 12, "renewal": 6, "fixed": ((3, 12), (5, 18))}

months = st.integers(1, 36)
fixed_lengths = st.lists(st.tuples(st.integers(2, 12), months), max_size=4, unique_by=lambda line: line[0]).map(
    lambda lines: tuple(sorted(lines))
)
agreements = st.fixed_dictionaries(
    {
        "anchor": st.dates(date(2000, 1, 1), date(2050, 12, 31))
        | st.sampled_from([day("2024-02-29"), day("2025-01-31")]),
        "first": months,
        "renewal": months,
        "fixed": fixed_lengths,
    }
)


def months_of(number, *, first, renewal, fixed, anchor):
    """The length of a term, read off the agreement line by line."""
    if number == 1:
        return first
    return next((length for through, length in fixed if number <= through), renewal)


@given(agreements)
def test_each_term_has_its_length_and_counts_on_from_the_anchor(agreed):
    elapsed = 0
    for number in range(1, 16):
        found = terms.term(number, **agreed)
        assert found.starts_on == add_months(agreed["anchor"], elapsed)
        elapsed += months_of(number, **agreed)
        assert found.ends_on == add_months(agreed["anchor"], elapsed)


@given(agreements)
def test_amended_terms_meet_without_gap_or_overlap_and_each_covers_its_days(agreed):
    found = [terms.term(number, **agreed) for number in range(1, 16)]
    for here, after in pairwise(found):
        assert here.starts_on < here.ends_on == after.starts_on
        assert terms.next_term(here, **agreed) == after
    for one in found:
        assert terms.term_at(one.starts_on, **agreed) == terms.term_at(one.last_day, **agreed) == one


@given(agreements, st.integers(0, 6000))
def test_a_later_day_is_never_in_an_earlier_term(agreed, later):
    on = agreed["anchor"] + timedelta(days=later)
    here, after = terms.term_at(on, **agreed), terms.term_at(on + ONE, **agreed)
    assert here.covers(on)
    assert after.number in (here.number, here.number + 1)


@pytest.mark.parametrize(
    ("on", "number"),
    [
        pytest.param("2024-02-29", 1, id="the-first-day"),
        pytest.param("2025-02-27", 1, id="the-first-term-s-last-day"),
        pytest.param("2025-02-28", 2, id="the-second-term-s-first-day"),
        pytest.param("2027-02-27", 3, id="the-last-day-of-the-old-length"),
        pytest.param("2027-02-28", 4, id="the-first-day-of-the-next-length"),
        pytest.param("2030-02-27", 5, id="the-last-day-of-the-next-length"),
        pytest.param("2030-02-28", 6, id="the-first-day-of-the-newest-length"),
        pytest.param("2030-08-28", 6, id="its-last-day"),
        pytest.param("2030-08-29", 7, id="and-so-on"),
    ],
)
def test_the_amended_term_that_covers_a_day(on, number):
    assert terms.term_at(day(on), **TWICE_AMENDED).number == number
    assert notices(**TWICE_AMENDED).term_at(day(on)) == notices(**TWICE_AMENDED).term(number)
    assert notices(**TWICE_AMENDED).term(number) == terms.term(number, **TWICE_AMENDED)


def test_fixed_lengths_before_an_indefinite_term():
    agreed = {"anchor": day("2025-01-01"), "first": 12, "renewal": None, "fixed": ((2, 6), (4, 3))}
    found = [terms.term(number, **agreed) for number in range(1, 6)]
    assert [str(one.starts_on) for one in found] == [
        "2025-01-01",
        "2026-01-01",
        "2026-07-01",
        "2026-10-01",
        "2027-01-01",
    ]
    assert [one.indefinite for one in found] == [False, False, False, False, True]
    assert terms.next_term(found[3], **agreed) == found[4]
    assert terms.next_term(found[4], **agreed) is None
    assert terms.term_at(day("2026-12-31"), **agreed).number == 4
    assert terms.term_at(day("2027-01-01"), **agreed).number == terms.term_at(day("2099-01-01"), **agreed).number == 5


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        pytest.param({"fixed": ((1, 12),)}, ("fixed", "out_of_order"), id="the-first-term-is-no-renewal"),
        pytest.param({"fixed": ((3, 0),)}, ("fixed", "out_of_order"), id="of-no-month"),
        pytest.param({"fixed": ((3, 12), (3, 6))}, ("fixed", "out_of_order"), id="twice-through-the-same"),
        pytest.param({"fixed": ((4, 12), (2, 6))}, ("fixed", "out_of_order"), id="backwards"),
        pytest.param({"fixed": ((2, 12), (3, 0))}, ("fixed", "out_of_order"), id="the-second-of-no-month"),
        pytest.param({"fixed": ((2, 6), (5, 6), (4, 6))}, ("fixed", "out_of_order"), id="the-third-backwards"),
        pytest.param(
            {"number": 4, "renewal": None, "fixed": ((2, 6),)}, ("number", "after_indefinite"), id="after-all"
        ),
    ],
)
def test_fixed_lengths_that_cannot_be_are_refused(changed, found):
    asked = {"number": 2, "anchor": day("2025-01-01"), "first": 12, "renewal": 12, **changed}
    with pytest.raises(InvalidInput) as refused:
        terms.term(asked.pop("number"), **asked)
    assert (refused.value.field, refused.value.code, refused.value.params) == (*found, {})


@pytest.mark.parametrize("fixed", [((2, 1),), ((2, 1), (3, 1))], ids=["the-least", "one-by-one"])
def test_the_least_that_can_be_fixed(fixed):
    found = terms.term(fixed[-1][0], anchor=day("2025-01-01"), first=1, renewal=12, fixed=fixed)
    assert found == terms.Term(len(fixed) + 1, *(add_months(day("2025-01-01"), len(fixed) + more) for more in (0, 1)))


def test_the_reasons_name_the_fixed_lengths_where_there_are_some():
    why = terms.explain(terms.term(4, **TWICE_AMENDED), **TWICE_AMENDED)
    assert why.inputs == {
        "number": 4,
        "anchor": "2024-02-29",
        "first": 12,
        "renewal": 6,
        "fixed": [[3, 12], [5, 18]],
    }
    assert [(step.code, dict(step.params)) for step in why.steps] == [
        ("counted_from_anchor", {"number": 4, "starts_on": "2027-02-28", "last_day": "2028-08-28"}),
        ("clamped_to_month_end", {"wanted_day": 29, "to": "2027-02-28"}),
    ]
    plain = {**TWICE_AMENDED, "fixed": ()}
    assert "fixed" not in terms.explain(terms.term(4, **plain), **plain).inputs
